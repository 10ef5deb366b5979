//! Messages for clones and for stores elsewhere name what works.

use std::fs;

use super::{SPEC, clone, commit, git, repository};
use crate::support::{Sandbox, tool};

/// A spec with a new name takes its store along wherever the store is, with keys or without.
#[test]
fn a_clone_gives_its_store_another_name() {
    let by_key = SPEC.replace("[cas.clients]", "secrets.nameSuffixHash = true\n[cas.clients]");
    for (spec, arguments) in [
        (SPEC, &["render", "--rename-store"][..]),
        (SPEC, &["render", "--rename-store", "-o", "deploy"]),
        (&by_key, &["render", "--rename-store"]),
        (&by_key, &["render", "--rename-store", "-o", "deploy"]),
    ] {
        let Some(origin) = repository() else { return };
        let clone = clone(&origin);
        clone.write("mtls.toml", spec.replace("\"shop\"", "\"other\""));
        let refused = clone.run(&["status"]);
        assert!(
            refused.stderr.contains("`mtlsgen render --rename-store` once"),
            "{}",
            refused.stderr
        );
        let run = clone.run(arguments);
        let words = "the store `pki` belongs to the spec `other` from now on";
        assert!(run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
        assert_eq!(clone.read("pki/name"), "other\n");
        clone.ok(&["status"]);
    }
}

/// Names that are made of keys: what is proposed works, and so does what is said to need no key.
#[test]
fn names_made_of_keys_say_where_the_keys_belong() {
    if tool("git").is_none() {
        return;
    }
    let spec = SPEC.replace("[cas.clients]", "secrets.nameSuffixHash = true\n[cas.clients]");
    let origin = Sandbox::with_toml(&spec);
    origin.ok(&["render", "-q", "-o", "deploy"]);
    commit(&origin);
    let clone = clone(&origin);
    let without = "without these keys, `mtlsgen status` and `mtlsgen render --dry-run` work";
    for arguments in [
        &["render", "-o", "deploy"][..],
        &["render", "-o", "deploy", "--check"],
        &["diff", "deploy"],
    ] {
        let run = clone.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        for words in [
            "error[keys-needed]",
            "copy them from there, and run it again: `pki/hosts/web.example.com/tls.key`",
            "`store.encryption.age.recipients`, and run `mtlsgen render --reencrypt` where they are",
            without,
        ] {
            assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        }
    }
    for arguments in [&["render"][..], &["render", "--kind", "Ingress"]] {
        let run = clone.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(without), "{}", run.stderr);
        assert!(!run.stderr.contains("--kind Ingress"), "{}", run.stderr);
    }
    clone.ok(&["status"]);
    clone.ok(&["render", "--dry-run"]);
    let key = "pki/hosts/web.example.com/tls.key";
    fs::copy(origin.path(key), clone.path(key)).unwrap();
    clone.ok(&["render", "-o", "deploy", "--check", "--locked"]);
}

/// What lies in no work tree is not to be committed, and what lies in another one not together.
#[test]
fn only_what_git_takes_is_to_be_committed() {
    if tool("git").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let outside = sandbox.path("outside");
    let spec = |store: &str| format!("{SPEC}[store]\npath = \"{store}\"\n");
    fs::create_dir(sandbox.path("project")).unwrap();
    fs::create_dir(&outside).unwrap();
    sandbox.may_hold_keys("outside");
    let render = |store: &str, folder: &str| {
        sandbox.write("project/mtls.toml", spec(store));
        let mut command = sandbox.command(&["render", "-o", folder]);
        let run = crate::support::finish(command.current_dir(sandbox.path("project")));
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stderr
    };
    let both =
        "commit `one` and `../outside/pki`: Git ignores `one/secrets`, and the keys of the store";
    // Without Git there may be a repository around both later.
    let reported = render("../outside/pki", "one");
    assert!(reported.contains(both), "{reported}");
    git(&sandbox.path("project"), &["init", "-q"]);
    let reported = render("../outside/pki", "two");
    assert!(reported.contains("commit `two`: Git ignores `two/secrets`\n"), "{reported}");
    assert!(reported.contains("`kubectl apply -k two` from here or any clone"), "{reported}");
    let reported = render("pki", "../outside/three");
    assert!(reported.contains("commit `pki`: Git ignores the keys of the store\n"), "{reported}");
    assert!(reported.contains("`kubectl apply -k ../outside/three` from here\n"), "{reported}");
    let reported = render("../outside/pki", "../outside/four");
    assert!(reported.contains("commit `../outside/four` and"), "{reported}");
    git(&outside, &["init", "-q"]);
    let reported = render("../outside/pki", "five");
    assert!(
        reported.contains("commit `five`, and `../outside/pki` in its own repository: Git ignores"),
        "{reported}"
    );
    sandbox.write("project/.gitignore", "six\n");
    let reported = render("pki", "six");
    assert!(reported.contains("commit `pki`: Git"), "{reported}");
}

/// Two files that include a third: it comes once, before the first of them, and those behind it win.
#[test]
fn what_two_files_include_counts_once() {
    let labels =
        |file: &str, more: &str| format!("{more}labels = {{ a = \"{file}\", {file} = \"x\" }}\n");
    for (includes, left, right, wins) in [
        // `left` and `right` include `base`.
        ("[\"left.toml\", \"right.toml\"]", true, true, "right"),
        ("[\"right.toml\", \"left.toml\"]", true, true, "left"),
        // It comes first where the first of them includes it, also if it is named last.
        ("[\"left.toml\", \"base.toml\"]", true, false, "left"),
        ("[\"base.toml\", \"left.toml\"]", true, false, "left"),
        ("[\"left.toml\", \"base.toml\"]", false, false, "base"),
        ("[\"left.toml\", \"left.toml\", \"right.toml\", \"left.toml\"]", false, false, "right"),
    ] {
        let sandbox = Sandbox::with_toml(&format!("include = {includes}\n{SPEC}"));
        let include = |has: bool| if has { "include = [\"base.toml\"]\n" } else { "" };
        sandbox.write("base.toml", labels("base", ""));
        sandbox.write("left.toml", labels("left", include(left)));
        sandbox.write("right.toml", labels("right", include(right)));
        let text = sandbox.ok(&["render", "--kind", "Ingress"]).stdout;
        assert!(text.contains(&format!("    a: {wins}\n")), "{includes}: {text}");
    }
}
