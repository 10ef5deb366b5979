//! A clone without private keys: what Git ignores on purpose is not here, and that is not a difference.

use super::{SPEC, clone, commit, repository};

/// For good, these had differences that no clone could mend.
#[test]
fn a_clone_is_up_to_date() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    assert!(!clone.path("deploy/secrets").exists());
    let before = clone.files();
    for arguments in [
        &["render", "-o", "deploy", "--check"][..],
        &["render", "-o", "deploy", "--check", "--locked"],
        &["diff", "deploy"],
        &["render", "-o", "deploy"],
        &["render", "-o", "deploy", "--locked"],
    ] {
        let run = clone.ok(arguments);
        assert_eq!(run.stdout, "", "{arguments:?}");
        let words = "`deploy/secrets` is not here: 1 Secret with private keys, which Git ignores";
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    assert_eq!(clone.files(), before);
    for arguments in [&["status"][..], &["render", "--locked", "--kind", "Ingress"]] {
        clone.ok(arguments);
    }
}

/// What a colleague changes is written, as far as it needs no key, and the owner of the keys sees no difference.
#[test]
fn a_change_that_needs_no_key_is_written_in_a_clone() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    clone.write("mtls.toml", SPEC.replace("\"httpd\"", "\"httpd:2.4\""));
    let check = clone.run(&["render", "-o", "deploy", "--check", "--locked"]);
    assert_eq!(check.status, 1, "{}", check.stderr);
    let run = clone.ok(&["render", "-o", "deploy"]);
    for words in [
        "modified `default/deployment-web.yaml`",
        "commit `deploy` and `pki`: Git ignores `deploy/secrets`, and the keys of the store",
        "`kubectl apply -k deploy/secrets` from where it is, and `kubectl apply -k deploy` from here",
    ] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(!clone.path("deploy/secrets").exists());
    commit(&clone);
    super::git(origin.folder(), &["pull", "-q", clone.folder().to_str().unwrap(), "HEAD"]);
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(run.stderr.contains(", 0 changed"), "{}", run.stderr);
}

/// A new Secret, or one that has to change, needs its key; what works without one is said.
#[test]
fn what_needs_a_key_says_so_and_what_works_without() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let run = clone.run(&["render", "--locked"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    for words in [
        "`pki/hosts/web.example.com/tls.key` is missing",
        "without these keys, `mtlsgen render -o DIR`",
        "`mtlsgen render -o DIR --check` need none",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let renamed = format!("{SPEC}tls.secretName = \"another\"\n");
    clone.write("mtls.toml", renamed);
    let before = clone.files();
    let run = clone.run(&["render", "-o", "deploy", "--locked"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("tls.key` is missing"), "{}", run.stderr);
    assert_eq!(clone.files(), before);
    let run = clone.run(&["render", "-o", "deploy", "--check"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stderr.contains("added `secrets/default/secret-another.yaml`"), "{}", run.stderr);
    // Issuing needs an authority's key, and looking none.
    clone.write("mtls.toml", format!("{SPEC}[clients.bob]\nissuer = \"clients\"\n"));
    let run = clone.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("`mtlsgen render --locked` issues nothing"), "{}", run.stderr);
}

/// A host of its own key was issued before the error, and its key was in the clone alone.
#[test]
fn a_new_host_in_a_clone_is_not_issued() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let host = "[hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";
    clone.write("mtls.toml", format!("{SPEC}{host}"));
    let before = super::git(clone.folder(), &["status", "--short"]);
    let run = clone.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains("`pki/hosts/web.example.com/tls.key` is missing"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("issued host"), "{}", run.stderr);
    assert_eq!(super::git(clone.folder(), &["status", "--short"]), before);
}

/// What is written is recorded as it is, also by a run that changes Secrets alone.
#[test]
fn the_record_stays_as_it_is_committed() {
    let Some(origin) = repository() else { return };
    let record = origin.read("deploy/.mtlsgen");
    std::fs::remove_dir_all(origin.path("deploy/secrets")).unwrap();
    origin.ok(&["render", "-q", "-o", "deploy"]);
    assert_eq!(origin.read("deploy/.mtlsgen"), record);
    origin.ok(&["render", "-q", "-o", "deploy", "--check"]);
    origin.write("deploy/.mtlsgen", record.replace("  kustomization.yaml", "  other.yaml"));
    let run = origin.run(&["render", "-o", "deploy", "--check"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("the record of these files, `.mtlsgen`"), "{}", run.stderr);
}

/// One of several Secrets that is missing where the others are is a difference, as ever.
#[test]
fn a_secret_that_is_missing_where_the_others_are_is_a_difference() {
    let Some(origin) = repository() else { return };
    std::fs::remove_file(origin.path("deploy/secrets/default/secret-web-example-com-tls.yaml"))
        .unwrap();
    assert_eq!(origin.run(&["render", "-o", "deploy", "--check"]).status, 1);
    assert_eq!(origin.run(&["diff", "deploy"]).status, 1);
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(run.stderr.contains("added `secrets/default/secret-web"), "{}", run.stderr);
    assert!(
        run.stderr.contains("apply with `kubectl apply -k deploy/secrets` from here"),
        "{}",
        run.stderr
    );
    // All of it may be gone where the keys are: rendering restores it.
    std::fs::remove_dir_all(origin.path("deploy/secrets")).unwrap();
    origin.ok(&["render", "-o", "deploy"]);
    assert!(origin.path("deploy/secrets/default/secret-web-example-com-tls.yaml").exists());
}

/// With keys in Git in plain text, a clone has all.
#[test]
fn with_keys_in_git_a_clone_has_everything() {
    let Some(origin) = repository() else { return };
    origin.write("mtls.toml", format!("{SPEC}[secrets]\nallowPlainInGit = true\n"));
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(
        run.stderr.contains("commit `deploy` and `pki`, with 1 private key in plain text"),
        "{}",
        run.stderr
    );
    commit(&origin);
    let clone = clone(&origin);
    clone.ok(&["render", "-o", "deploy", "--check", "--locked"]);
    // Git goes on with what it has, regardless of what is ignored from now on.
    origin.write("mtls.toml", SPEC);
    let run = origin.ok(&["render", "-o", "deploy"]);
    for words in
        ["warning[in-git]", "Git has it already", "run `git rm -r --cached deploy/secrets`"]
    {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    super::git(origin.folder(), &["rm", "-r", "-q", "--cached", "deploy/secrets"]);
    origin.write("mtls.toml", SPEC.replace("httpd", "httpd:2"));
    let run = origin.ok(&["render", "-o", "deploy"]);
    assert!(!run.stderr.contains("Git has it already"), "{}", run.stderr);
    std::fs::remove_file(clone.path("deploy/secrets/default/secret-web-example-com-tls.yaml"))
        .unwrap();
    assert_eq!(clone.run(&["render", "-o", "deploy", "--check"]).status, 1);
}
