//! Ways around a lost part: other commands, what is left over, and keys that are in one clone alone.

use super::lost_part::{BUNDLE, remove};
use super::{SPEC, clone, repository};
use crate::support::Sandbox;

/// A command without the folder issues the new authority: it still takes no place of one that is lost.
#[test]
fn an_authority_that_was_issued_elsewhere_replaces_none_that_is_lost() {
    let subject = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=Clients 2\"");
    let name = SPEC.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    for (spec, between) in [
        (&*subject, &["cert", "renew", "alice"][..]),
        (&name, &["cert", "renew", "alice"]),
        (SPEC, &["cert", "renew", "alice"]),
        (&subject, &["render", "-q"]),
        (&name, &["render", "-q", "-o", "other"]),
        (&subject, &["render", "-q", "--kind", "Ingress"]),
    ] {
        let Some(origin) = repository() else { return };
        remove(&origin, &["pki"]);
        origin.write("mtls.toml", spec);
        let refused = origin.run(&["render", "-o", "deploy"]);
        assert!(refused.stderr.contains("error[unknown-authority]"), "{}", refused.stderr);
        origin.ok(between);
        let bundle = origin.read(BUNDLE);
        // Objects without a bundle replace none, and leave it in the record.
        origin.ok(&["render", "-q", "-o", "deploy", "--kind", "Ingress"]);
        for arguments in [
            &["render", "-o", "deploy"][..],
            &["render", "-o", "deploy", "--kind", "Secret"],
            &["render", "-o", "deploy", "--check"],
            &["render", "-o", "deploy", "--locked"],
            &["diff", "deploy"],
        ] {
            let run = origin.run(arguments);
            assert_eq!(run.status, 2, "{arguments:?} {between:?} {spec}: {}", run.stderr);
            for words in [
                &*format!("error[unknown-authority]: `{BUNDLE}` trusts the authority `CN=clients`"),
                "`mtlsgen render -o deploy --new-authorities`",
            ] {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
        }
        assert_eq!(origin.read(BUNDLE), bundle);
        origin.ok(&["render", "-q", "-o", "deploy", "--new-authorities"]);
        origin.ok(&["render", "-q", "-o", "deploy"]);
    }
}

/// Changes of which the store knows both ends replace nothing that is lost, regardless of what was issued between.
#[test]
fn authorities_that_the_store_knows_are_replaced_as_ever() {
    let other = SPEC.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    let Some(origin) = repository() else { return };
    origin.write("mtls.toml", &other);
    origin.ok(&["render", "-q"]);
    // The folder of an authority that left the spec is enough.
    remove(&origin, &["pki/cas/clients/ledger"]);
    origin.ok(&["render", "-q", "-o", "deploy"]);
    // A rollover that `deploy` has seen nothing of until its end.
    for step in [&[][..], &["--activate"], &["--retire", "--force"]] {
        origin.ok(&[&["ca", "rotate", "-q", "others"], step].concat());
    }
    origin.ok(&["render", "-q", "-o", "deploy"]);
    // An authority of others in the place of another one of others.
    let partner = |subject: &str| {
        let partner = Sandbox::with_toml(&format!("[cas.clients]\nsubject = \"CN={subject}\"\n"));
        partner.ok(&["render", "-q"]);
        partner.read("pki/cas/clients/tls.crt")
    };
    let with = other.replace("cas = [\"others\"]", "cas = [\"others\", \"partner\"]");
    origin.write("mtls.toml", format!("{with}[cas.partner]\ncertificate = \"partner.pem\"\n"));
    for subject in ["One", "Two"] {
        origin.write("partner.pem", partner(subject));
        origin.ok(&["render", "-q", "-o", "deploy"]);
    }
    origin.write("mtls.toml", &other);
    origin.ok(&["render", "-q", "-o", "deploy"]);
}

/// What has ended shows nothing; what is left over can be removed; servers have callers, no clients.
#[test]
fn only_certificates_that_matter_show_a_lost_part() {
    let left = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    let left = left.replace("[clients.alice]\nissuer = \"clients\"\n", "");
    for removes in [false, true] {
        let Some(origin) = repository() else { return };
        remove(&origin, &["pki/cas/clients"]);
        origin.write("mtls.toml", &left);
        assert_eq!(origin.run(&["render"]).status, 2);
        if removes {
            remove(&origin, &["pki/clients/alice"]);
            origin.ok(&["render", "-q"]);
        } else {
            // A client's certificate is valid for years at most.
            origin.ok(&["render", "-q", "--at", "2060-01-01"]);
        }
    }
    let servers = format!("{}[cas.servers]\n", SPEC.replace("self-signed", "servers"));
    let sandbox = Sandbox::with_toml(&servers);
    sandbox.ok(&["render", "-q"]);
    remove(&sandbox, &["pki/cas/servers"]);
    sandbox.write(
        "mtls.toml",
        servers.replace("[cas.servers]", "[cas.servers]\nsubject = \"CN=New\""),
    );
    let run = sandbox.run(&["render"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    for words in [
        "error[lost-authority]: the store has the certificate of host `web.example.com`",
        "`mtlsgen render --new-authorities`: then all who call its servers need its certificate",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    assert!(!run.stderr.contains("all its clients"), "{}", run.stderr);
}

/// A key that a clone makes is in no other store: that is said, and a rollover begins where the key of before is.
#[test]
fn keys_that_a_clone_makes_are_there_alone() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let before = clone.files();
    for arguments in [&["ca", "rotate", "clients"][..], &["ca", "rotate", "clients", "--dry-run"]] {
        let run = clone.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        for words in [
            "error[rotation-without-key]: authority `clients` cannot be rolled over here",
            "run `mtlsgen ca rotate clients` where the keys are",
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    let is_lock = |path: &std::path::Path| path.ends_with("pki/.lock");
    assert!(clone.files().iter().all(|file| before.contains(file) || is_lock(&file.0)));
    let reported = |path: &str| {
        format!("`{path}` is in this store alone, and Git ignores it: copy it to the same place")
    };
    let more = format!("{SPEC}[cas.partner]\n");
    for (sandbox, is_clone) in [(&origin, false), (&clone, true)] {
        sandbox.write("mtls.toml", &more);
        let run = sandbox.ok(&["cert", "renew", "cas/partner"]);
        let words = reported("pki/cas/partner/tls.key");
        assert_eq!(run.stderr.contains(&words), is_clone, "{}", run.stderr);
        let run = sandbox.ok(&["ca", "rotate", "partner"]);
        let words = reported("pki/cas/partner/next/tls.key");
        assert_eq!(run.stderr.contains(&words), is_clone, "{}", run.stderr);
    }
}
