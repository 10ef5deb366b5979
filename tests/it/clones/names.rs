//! `pki/name` that is missing: who writes it, and what else shows whose a store is.

use std::fs;

use super::{SPEC, repository};
use crate::encryption::Person;
use crate::support::Sandbox;

/// Commands that look at a store, and such that change it.
const COMMANDS: [&[&str]; 8] = [
    &["render"],
    &["render", "-o", "deploy"],
    &["render", "--locked"],
    &["status"],
    &["diff", "deploy"],
    &["cert", "renew", "--all"],
    &["cert", "revoke", "alice"],
    &["ca", "rotate", "clients"],
];

#[test]
fn an_import_gives_spec_and_store_a_name() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    for (arguments, file, name) in [
        (&["--output", "Shop 2/"][..], "Shop 2/mtls.toml", "shop-2"),
        (&["--output", "elsewhere", "--name", "prod"], "elsewhere/mtls.toml", "prod"),
    ] {
        sandbox.ok(&[&["import", "pki", "--service", "web:80"], arguments].concat());
        let store = file.replace("mtls.toml", "pki");
        sandbox.may_hold_keys(&store);
        let spec = sandbox.read(file);
        assert!(spec.contains(&format!("\nname = \"{name}\"\n")), "{spec}");
        assert_eq!(sandbox.read(&format!("{store}/name")), format!("{name}\n"));
        sandbox.ok(&["render", "-q", "--locked", "-f", file]);
        sandbox.write(file, spec.replace(&format!("\"{name}\""), "\"another\""));
        let run = sandbox.run(&["status", "-f", file]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains(&format!("belongs to `{name}`")), "{}", run.stderr);
    }
    // The working directory has a name as well.
    fs::create_dir(sandbox.path("here")).unwrap();
    let mut command = sandbox.command(&["import", "../pki", "--service", "web:80"]);
    let run = crate::support::finish(command.current_dir(sandbox.path("here")));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(sandbox.read("here/pki/name"), "here\n");
    sandbox.may_hold_keys("here/pki");
}

/// Not only what issues: each change of a store that has no name yet gives it the one of the spec, and says so.
#[test]
fn each_change_gives_a_store_a_name() {
    for command in [
        &["render"][..],
        &["render", "-o", "deploy"],
        &["cert", "renew", "alice"],
        &["cert", "revoke", "alice"],
        &["ca", "rotate", "clients"],
    ] {
        let Some(origin) = repository() else { return };
        fs::remove_file(origin.path("pki/name")).unwrap();
        let run = origin.ok(command);
        assert_eq!(origin.read("pki/name"), "shop\n", "{command:?}");
        let words = "the store `pki` belongs to the spec `shop` from now on";
        assert_eq!(run.stderr.matches(words).count(), 1, "{command:?}: {}", run.stderr);
        let again = origin.ok(&["render", "-o", "deploy"]);
        assert!(!again.stderr.contains("from now on"), "{}", again.stderr);
    }
    let first = Sandbox::with_toml(SPEC);
    assert!(!first.ok(&["render"]).stderr.contains("from now on"));
}

/// The file is gone; the hosts of the store are those of another environment, or the authorities where it has no host.
#[test]
fn a_store_without_a_name_serves_no_other_environment() {
    let bare = "name = \"shop\"\n[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n";
    let host = |spec: &str| spec.replace("web.example.com", "web.prod.example.com");
    let authority = |spec: &str| spec.replace("clients\"", "x\"").replace("cas.clients", "cas.x");
    let other = |spec: String| spec.replace("\"shop\"", "\"prod\"");
    for (spec, another, words) in [
        (SPEC, other(host(SPEC)), "none of its host names (`web.example.com`)"),
        (bare, other(authority(bare)), "none of its authority names (`clients`)"),
    ] {
        let sandbox = Sandbox::with_toml(spec);
        sandbox.ok(&["render", "-q"]);
        fs::remove_file(sandbox.path("pki/name")).unwrap();
        sandbox.write("mtls.toml", &another);
        let before = sandbox.files();
        for command in COMMANDS {
            let run = sandbox.run(command);
            assert_eq!(run.status, 2, "{command:?}: {}", run.stderr);
            for words in [
                "error[store-of-another-spec]: the store `pki` does not look like that of `prod`: it has no `pki/name`",
                words,
                "mtls.toml:1:8",
                "write `store.path = \"pki-prod\"`",
                "`mtlsgen render --rename-store",
            ] {
                assert!(run.stderr.contains(words), "{command:?} {words}: {}", run.stderr);
            }
        }
        assert!(sandbox.files() == before);
        sandbox.write("mtls.toml", format!("{another}[store]\npath = \"pki-prod\"\n"));
        sandbox.ok(&["render", "-q"]);
        sandbox.write("mtls.toml", &another);
        let run = sandbox.ok(&["render", "--rename-store"]);
        assert!(
            run.stderr.contains("the store `pki` belongs to the spec `prod` from now on"),
            "{}",
            run.stderr
        );
        sandbox.ok(&["status"]);
    }
}

/// A store of before, whose spec changes as specs do.
#[test]
fn a_store_of_before_goes_on() {
    let second = "[hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n\
                  clientAuth.cas = [\"clients\"]\n";
    let two = format!("{SPEC}{second}");
    let nameless = SPEC.replace("name = \"shop\"\n", "");
    for (before, after) in [
        (SPEC, two.clone()),
        (&*two, two.replace("\"b.example.com\"", "\"c.example.com\"")),
        (&two, SPEC.to_owned()),
        (
            SPEC,
            SPEC.replace("[hosts.\"web.example.com\"]", "[hosts.web]\nhost = \"web.example.com\""),
        ),
        (SPEC, SPEC.replace("tls.issuer = \"self-signed\"", "tls.certManager.issuer = \"x\"")),
        // Without a name, the spec says of no environment that it is its own.
        (&nameless, nameless.replace("web.example.com", "new.example.com")),
        ("name = \"shop\"\n[cas.a]\n", "name = \"shop\"\n[cas.a]\n[cas.b]\n".to_owned()),
    ] {
        let sandbox = Sandbox::with_toml(before);
        sandbox.ok(&["render", "-q"]);
        let _ = fs::remove_file(sandbox.path("pki/name"));
        sandbox.write("mtls.toml", &after);
        for command in [&["status"][..], &["render", "-q", "--dry-run"], &["render", "-q"]] {
            let run = sandbox.run(command);
            assert_eq!(run.status, 0, "{after}: {}", run.stderr);
        }
        assert_eq!(sandbox.path("pki/name").exists(), after.contains("name = \"shop\""));
    }
}

/// An empty name would be one that no store can hold.
#[test]
fn a_name_is_never_empty() {
    let sandbox = Sandbox::with_toml(&SPEC.replace("\"shop\"", "\"\""));
    for arguments in [&["render"][..], &["status"], &["render", "--set", "name=\"\""]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        for words in ["cannot be a name of a spec: it is empty", ":1:"] {
            assert!(run.stderr.contains(words), "{arguments:?} {words}: {}", run.stderr);
        }
    }
    assert!(!sandbox.path("pki").exists());
    sandbox.write("mtls.toml", SPEC);
    sandbox.ok(&["render", "-q"]);
    let import = ["import", "pki", "--service", "web:80"];
    let run = sandbox.run(&[&import[..], &["--output", "new", "--name", ""]].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("it is empty"), "{}", run.stderr);
    // A folder whose name gives none leaves it out.
    sandbox.ok(&[&import[..], &["--output=./---"]].concat());
    sandbox.may_hold_keys("---/pki");
    assert!(!sandbox.path("---/pki/name").exists());
    assert!(!sandbox.read("---/mtls.toml").contains("\nname = "));
    sandbox.ok(&["render", "-q", "--locked", "-f", "./---/mtls.toml"]);
}

/// A merge that went wrong, or an editor: the message says what the file is to hold.
#[test]
fn a_store_has_one_name_alone() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q"]);
    for text in [
        "<<<<<<< HEAD\nshop\n=======\nprod\n>>>>>>> other\n",
        "shop\nprod\n",
        "\u{feff}shop\n",
        "\n",
        "",
        "a shop\n",
    ] {
        sandbox.write("pki/name", text);
        for command in [&["status"][..], &["render"], &["cert", "renew", "alice"]] {
            let run = sandbox.run(command);
            assert_eq!(run.status, 2, "{text:?}: {}", run.stderr);
            for words in [
                "`pki/name` holds no name that one spec could have",
                "write there the `name` of the spec that this store belongs to, on one line",
            ] {
                assert!(run.stderr.contains(words), "{text:?} {words}: {}", run.stderr);
            }
        }
    }
    for text in ["shop", "shop\r\n"] {
        sandbox.write("pki/name", text);
        sandbox.ok(&["status"]);
    }
}

/// What is proposed works unchanged, and a run that is refused changes no name.
#[test]
fn a_refused_run_gives_no_name() {
    let Some(origin) = repository() else { return };
    let other = SPEC.replace("\"shop\"", "\"prod\"");
    origin.write("mtls.toml", &other);
    for (arguments, words) in [
        (&["render", "-o", "deploy"][..], "run `mtlsgen render --rename-store -o deploy` once"),
        (&["status"], "run `mtlsgen render --rename-store` once"),
    ] {
        let run = origin.run(arguments);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    let bundle = "deploy/default/secret-web-example-com-tls-cacert.yaml";
    let text = origin.read(bundle);
    let partner = Sandbox::with_toml(SPEC);
    partner.ok(&["render", "-q", "-o", "deploy"]);
    for (path, words) in [
        (bundle, "error[unknown-authority]"),
        ("deploy/default/service-web.yaml", "mtlsgen did not write it"),
    ] {
        let before = origin.read(path);
        let changed = if path == bundle { partner.read(bundle) } else { "mine: true\n".to_owned() };
        origin.write(path, changed);
        let run = origin.run(&["render", "--rename-store", "-o", "deploy"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains(words), "{}", run.stderr);
        assert_eq!(origin.read("pki/name"), "shop\n");
        origin.write(path, before);
    }
    assert_eq!(origin.read(bundle), text);
    let run = origin.ok(&["render", "--rename-store", "-o", "deploy"]);
    assert!(run.stderr.contains("belongs to the spec `prod` from now on"), "{}", run.stderr);
    assert_eq!(origin.read("pki/name"), "prod\n");
}

/// Each remedy names the other's flag where both are needed.
#[test]
fn a_new_name_and_a_new_recipient_come_together() {
    let Some(origin) = repository() else { return };
    let people = ["first", "second"].map(|name| Person::new(&origin, name));
    let [Some(first), Some(second)] = people else { return };
    let spec = |name: &str, all: &[&str]| {
        let spec = SPEC.replace("\"shop\"", &format!("\"{name}\""));
        format!("{spec}[store.encryption.age]\nrecipients = {all:?}\n")
    };
    let mine = ["--identity", first.file()];
    origin.write("mtls.toml", spec("shop", &[&*first.recipient]));
    origin.ok(&[&["render", "-q", "--reencrypt"][..], &mine].concat());
    let both = spec("prod", &[&*first.recipient, &*second.recipient]);
    origin.write("mtls.toml", both);
    let proposed = "`mtlsgen render --rename-store --reencrypt";
    for arguments in [
        &["render"][..],
        &["render", "-o", "deploy"],
        &["render", "--rename-store"],
        &["render", "--reencrypt"],
        &["status"],
    ] {
        let run = origin.run(&[arguments, &mine].concat());
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        for words in [proposed, &*second.recipient] {
            assert!(run.stderr.contains(words), "{arguments:?} {words}: {}", run.stderr);
        }
    }
    assert_eq!(origin.read("pki/name"), "shop\n");
    origin.ok(&[&["render", "-q", "--rename-store", "--reencrypt"][..], &mine].concat());
    assert_eq!(origin.read("pki/name"), "prod\n");
}
