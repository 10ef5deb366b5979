//! A store that is gone or elsewhere: `render` made all authorities anew and locked every client out.

use std::fs;

use super::{SPEC, clone, repository};

#[test]
fn authorities_are_not_made_anew_where_the_manifests_trust_others() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let bundle = clone.read("deploy/default/secret-web-example-com-tls-cacert.yaml");
    fs::remove_dir_all(clone.path("pki")).unwrap();
    for arguments in [
        &["render", "-o", "deploy"][..],
        &["render", "-o", "deploy", "--kind", "Ingress"],
        &["render", "-o", "deploy", "--check"],
        &["render", "-o", "deploy", "--locked"],
        &["render", "-o", "deploy", "--dry-run"],
        &["diff", "deploy"],
    ] {
        let run = clone.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        for words in [
            "error[unknown-authority]: `deploy/default/secret-web-example-com-tls-cacert.yaml` trusts the authority `CN=clients`",
            "with the authority `clients` of this store, all who have a certificate of that one are locked out",
            "from Git (keys are not in it), from a backup",
            "`mtlsgen render -o deploy --new-authorities`",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
        assert!(!clone.path("pki/cas").exists(), "{arguments:?}");
    }
    clone.ok(&["render", "-q", "-o", "deploy", "--new-authorities"]);
    assert_ne!(clone.read("deploy/default/secret-web-example-com-tls-cacert.yaml"), bundle);
    // From then on, the store knows what the folder trusts.
    clone.ok(&["render", "-q", "-o", "deploy"]);
}

/// The subject changed together with the store: where the store is empty, any authority says that it is the wrong one.
#[test]
fn a_new_subject_hides_no_lost_store() {
    let Some(origin) = repository() else { return };
    fs::remove_dir_all(origin.path("pki")).unwrap();
    let subject = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=Clients 2\"");
    origin.write("mtls.toml", subject);
    let run = origin.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[unknown-authority]"), "{}", run.stderr);
}

/// A merge that went wrong, or a file that was moved: what was trusted cannot be read, and the store is empty.
#[test]
fn what_cannot_be_read_hides_no_lost_store() {
    let bundle = "deploy/default/secret-web-example-com-tls-cacert.yaml";
    for how in ["conflict", "empty", "gone"] {
        let Some(origin) = repository() else { return };
        fs::remove_dir_all(origin.path("pki")).unwrap();
        let text = origin.read(bundle);
        match how {
            "conflict" => drop(origin.write(bundle, text.replace("data:", "<<<<<<< HEAD\ndata:"))),
            "empty" => drop(origin.write(bundle, "")),
            _ => fs::remove_file(origin.path(bundle)).unwrap(),
        }
        let run = origin.run(&["render", "-o", "deploy"]);
        assert_eq!(run.status, 2, "{how}: {}", run.stderr);
        assert!(run.stderr.contains("error[unknown-authority]"), "{how}: {}", run.stderr);
        assert!(!origin.path("pki/cas").exists(), "{how}");
    }
}

/// The store of another environment, or an older copy, has authorities of the same names and other keys.
#[test]
fn another_store_takes_no_trust_away() {
    let Some(origin) = repository() else { return };
    let other = crate::support::Sandbox::with_toml(SPEC);
    other.ok(&["render", "-q"]);
    let bundle = origin.read("deploy/default/secret-web-example-com-tls-cacert.yaml");
    fs::rename(origin.path("pki"), origin.path("own")).unwrap();
    origin.may_hold_keys("own");
    origin.may_hold_keys("pki");
    for (path, content) in other.files() {
        let below = path.strip_prefix(other.folder()).unwrap();
        if below.starts_with("pki") {
            origin.write(below.to_str().unwrap(), content);
        }
    }
    for arguments in [&["render", "-o", "deploy"][..], &["diff", "deploy"]] {
        let run = origin.run(arguments);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("error[unknown-authority]"), "{}", run.stderr);
    }
    assert_eq!(origin.read("deploy/default/secret-web-example-com-tls-cacert.yaml"), bundle);
    origin.ok(&["render", "-q", "-o", "deploy", "--new-authorities"]);
}

/// What has nothing to do with a lost store goes on as ever.
#[test]
fn new_authorities_beside_known_ones_are_issued() {
    let Some(origin) = repository() else { return };
    let more = format!("{SPEC}[cas.partner]\n[clients.bob]\nissuer = \"partner\"\n");
    origin.write("mtls.toml", more.replace("[\"clients\"]", "[\"clients\", \"partner\"]"));
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(run.stderr.contains("issued authority `partner`"), "{}", run.stderr);
    // An authority that left the spec is known to the store for good.
    origin.write(
        "mtls.toml",
        SPEC.replace("clients\"", "others\"").replace("cas.clients", "cas.others"),
    );
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(run.stderr.contains("issued authority `others`"), "{}", run.stderr);
    // Certificates that were renewed since are known as well.
    origin.ok(&["cert", "renew", "-q", "cas/others"]);
    origin.write("mtls.toml", more.replace("[\"clients\"]", "[\"clients\", \"partner\"]"));
    origin.ok(&["render", "-q", "-o", "deploy"]);
}

/// A folder that others wrote, or none, says nothing.
#[test]
fn a_first_render_is_not_held_up() {
    let Some(origin) = repository() else { return };
    fs::remove_dir_all(origin.path("pki")).unwrap();
    origin.ok(&["render", "-q", "-o", "elsewhere"]);
    refuse_files_of_others(&origin);
}

/// Without its record, the folder still has the bundle: it counts, and moving it away is not what is proposed first.
#[test]
fn a_bundle_counts_without_a_record() {
    let bundle = "deploy/default/secret-web-example-com-tls-cacert.yaml";
    let Some(origin) = repository() else { return };
    let lose = |what: &[&str]| {
        for path in what {
            let path = origin.path(path);
            let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            gone.unwrap();
        }
    };
    let refused = || {
        for arguments in [
            &["render", "-o", "deploy"][..],
            &["render", "-o", "deploy", "--check"],
            &["render", "-o", "deploy", "--locked"],
            &["diff", "deploy"],
        ] {
            let run = origin.run(arguments);
            assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
            let words = format!("error[unknown-authority]: `{bundle}` trusts the authority");
            assert!(run.stderr.contains(&words), "{arguments:?}: {}", run.stderr);
        }
    };
    lose(&["pki", "deploy/.mtlsgen"]);
    refused();
    let subject = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=Clients 2\"");
    origin.write("mtls.toml", subject);
    refused();
    origin.ok(&["cert", "renew", "-q", "alice"]);
    let run = origin.run(&["render", "-o", "deploy"]);
    assert!(run.stderr.contains("error[unknown-authority]"), "{}", run.stderr);
    origin.ok(&["cert", "renew", "-q", "--all"]);
    refused();
    let run = origin.run(&["render", "-o", "deploy", "--new-authorities"]);
    assert!(run.stderr.contains("exist already and mtlsgen did not write them"), "{}", run.stderr);
}

/// Files of others at other places, or such as hold no bundle, say nothing of a store.
fn refuse_files_of_others(origin: &crate::support::Sandbox) {
    let other = crate::support::Sandbox::with_toml(SPEC);
    other.ok(&["render", "-q", "-o", "deploy"]);
    let bundle = other.read("deploy/default/secret-web-example-com-tls-cacert.yaml");
    fs::remove_dir_all(origin.path("pki")).unwrap();
    origin.write("third/default/secret-of-others.yaml", bundle);
    origin.ok(&["render", "-q", "-o", "third"]);
    fs::remove_dir_all(origin.path("pki")).unwrap();
    origin.write("fourth/default/secret-web-example-com-tls-cacert.yaml", "mine: true\n");
    let run = origin.run(&["render", "-q", "-o", "fourth"]);
    assert!(run.stderr.contains("exists already and mtlsgen did not write it"), "{}", run.stderr);
}
