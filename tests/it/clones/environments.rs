//! Several environments of one project: each has a store of its own, and what they have in common is written once.

use super::{clone, commit, repository};
use crate::support::{Sandbox, finish};

const BASE: &str = "[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.web]\nhost = \"web.example.com\"\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

fn environments() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("base.toml", BASE);
    for name in ["staging", "prod"] {
        sandbox.write(
            &format!("{name}.toml"),
            format!("name = \"{name}\"\n[hosts.web]\nhost = \"web.{name}.example.com\"\n"),
        );
    }
    sandbox
}

/// Two environments in one folder shared `pki`: each issued the other's certificates anew, and let in its clients.
#[test]
fn a_store_belongs_to_the_first_name_that_it_meets() {
    let sandbox = environments();
    let staging = ["render", "-q", "-f", "base.toml", "-f", "staging.toml"];
    sandbox.ok(&staging);
    assert_eq!(sandbox.read("pki/name"), "staging\n");
    let before = sandbox.files();
    for command in [
        &["render"][..],
        &["render", "-o", "out"],
        &["render", "--locked"],
        &["status"],
        &["diff", "out"],
        &["cert", "renew", "--all"],
        &["cert", "revoke", "alice"],
        &["cert", "show", "alice"],
        &["cert", "export", "alice", "--as", "pem-chain"],
        &["ca", "rotate", "clients"],
    ] {
        let prod = [command, &["-f", "base.toml", "-f", "prod.toml"]].concat();
        let run = sandbox.run(&prod);
        assert_eq!(run.status, 2, "{command:?}: {}", run.stderr);
        for words in [
            "the store `pki` belongs to `staging`, and this spec is `prod`",
            "prod.toml:1:8",
            "write `store.path = \"pki-prod\"`",
            "`mtlsgen render --rename-store",
            " -f base.toml -f prod.toml` once",
        ] {
            assert!(run.stderr.contains(words), "{command:?} {words}: {}", run.stderr);
        }
        let nameless = sandbox.run(&[command, &["-f", "base.toml"]].concat());
        assert_eq!(nameless.status, 2, "{command:?}: {}", nameless.stderr);
        for words in [
            "belongs to `staging`, and this spec has no `name`",
            "write `name = \"staging\"` if it is the same environment",
        ] {
            assert!(nameless.stderr.contains(words), "{}", nameless.stderr);
        }
        assert_eq!(sandbox.files(), before, "{command:?}");
    }
    // What is proposed works, and both go on side by side.
    let own = sandbox.read("prod.toml").replace("[hosts", "store.path = \"pki-prod\"\n[hosts");
    sandbox.write("prod.toml", own);
    sandbox.ok(&["render", "-q", "-f", "base.toml", "-f", "prod.toml"]);
    assert_eq!(sandbox.read("pki-prod/name"), "prod\n");
    sandbox.ok(&[&staging[..], &["--locked"]].concat());
}

#[test]
fn a_spec_with_a_new_name_takes_its_store_along() {
    let sandbox = environments();
    let render = |name: &str| {
        let file = format!("{name}.toml");
        sandbox.run(&["render", "-o", "out", "-f", "base.toml", "-f", &file, "--rename-store"])
    };
    render("staging");
    let authority = sandbox.read("pki/cas/clients/tls.crt");
    let run = render("prod");
    assert_eq!(run.status, 0, "{}", run.stderr);
    let words = "the store `pki` belongs to the spec `prod` from now on, no longer to `staging`";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    assert_eq!(sandbox.read("pki/name"), "prod\n");
    assert_eq!(sandbox.read("pki/cas/clients/tls.crt"), authority);
    let run = sandbox.ok(&["render", "-o", "out", "-f", "base.toml", "--rename-store"]);
    assert!(run.stderr.contains("the spec with no `name`"), "{}", run.stderr);
    assert!(!sandbox.path("pki/name").exists());
    for looking in ["--locked", "--dry-run"] {
        assert_eq!(
            sandbox.run(&["render", looking, "--rename-store", "-f", "base.toml"]).status,
            2
        );
    }
}

/// Stores of before have no name: the first spec with one that changes something gives it, as in a clone of it.
#[test]
fn a_store_without_a_name_gets_one_and_git_brings_it_along() {
    let Some(origin) = repository() else { return };
    std::fs::remove_file(origin.path("pki/name")).unwrap();
    for looking in [&["status"][..], &["render", "--locked"], &["diff", "deploy"]] {
        origin.ok(looking);
        assert!(!origin.path("pki/name").exists());
    }
    origin.ok(&["render", "-q"]);
    assert_eq!(origin.read("pki/name"), "shop\n");
    commit(&origin);
    let clone = clone(&origin);
    clone.ok(&["status"]);
    clone.write("mtls.toml", clone.read("mtls.toml").replace("\"shop\"", "\"other\""));
    assert_eq!(clone.run(&["status"]).status, 2);
}

#[test]
fn a_damaged_name_is_named() {
    for text in ["", "\n", "a\u{1b}[2J\n"] {
        let sandbox = environments();
        sandbox.ok(&["render", "-q", "-f", "base.toml", "-f", "staging.toml"]);
        sandbox.write("pki/name", text);
        let run = sandbox.run(&["status", "-f", "base.toml", "-f", "staging.toml"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("`pki/name` holds no name"), "{}", run.stderr);
    }
}

/// One file for each environment, which names what it is merged over; in TOML and in YAML.
#[test]
fn an_environment_includes_what_is_common() {
    let sandbox = environments();
    sandbox.write("common/limits.yaml", "labels: {team: shop}\n");
    sandbox.write("common/base.toml", format!("include = [\"limits.yaml\"]\n{BASE}"));
    sandbox.write(
        "prod/mtls.yaml",
        "include: [../common/base.toml]\nname: prod\nhosts: {web: {host: web.prod.example.com}}\n",
    );
    sandbox.write(
        "staging/mtls.toml",
        "include = [\"../common/base.toml\"]\nname = \"staging\"\nhosts.web.host = \"web.staging.example.com\"\n",
    );
    for (name, file) in [("prod", "prod/mtls.yaml"), ("staging", "staging/mtls.toml")] {
        let text = sandbox.ok(&["render", "-f", file]).stdout;
        for words in [&*format!("web.{name}.example.com"), "team: shop", "image: httpd"] {
            assert!(text.contains(words), "{name} {words}: {text}");
        }
        // The store lies beside the file that was named, not beside what that includes.
        assert_eq!(sandbox.read(&format!("{name}/pki/name")), format!("{name}\n"));
    }
    assert!(!sandbox.path("common/pki").exists());
    // What was read already is not read again: the order of the command line stays.
    let twice = ["render", "-f", "common/base.toml", "-f", "staging/mtls.toml", "--set"];
    let text = sandbox.run(&[&twice[..], &["store.path=new"]].concat()).stdout;
    assert!(text.contains("web.staging.example.com"), "{text}");
    // What the command line names twice counts twice, and each `--set` counts, for any names of files.
    sandbox.write("--set", "");
    let again =
        ["render", "-f", "staging/mtls.toml", "-f", "prod/mtls.yaml", "-f", "staging/mtls.toml"];
    let values = ["--set", "labels.a=b", "--set", "labels.c=d"];
    let text = sandbox.ok(&[&again[..], &values[..]].concat()).stdout;
    for words in ["web.staging.example.com", "    a: b\n", "    c: d\n"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn flags_about_the_folder_of_a_store_need_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::with_toml("store.kind = \"derived\"\nname = \"x\"\n[cas.a]\n");
    sandbox.write("seed", "4356a06453177eff7672c281477bdaef997141d136476cde746104fd68ae32b5");
    std::fs::set_permissions(sandbox.path("seed"), std::fs::Permissions::from_mode(0o600)).unwrap();
    for arguments in [&["-o", "out", "--rename-store"][..], &["--new-authorities"]] {
        let run = sandbox.run(&[&["render", "--seed-file", "seed"], arguments].concat());
        assert_eq!(run.status, 2, "{}", run.stderr);
        let flag = arguments[arguments.len() - 1];
        assert!(run.stderr.contains(&format!("`{flag}` has no effect")), "{}", run.stderr);
        assert!(!sandbox.path("out").exists());
    }
}

#[test]
fn mistakes_of_include_are_reported_at_their_place() {
    for (text, words) in [
        ("include = [\"none.toml\"]\n", "`none.toml`"),
        ("include = [\".\"]\n", "is a folder"),
        ("include = \"base.toml\"\n", "expected a list"),
        ("include = [\"mtls.toml\"]\n", "`mtls.toml` includes itself"),
        ("include = [\"loop.toml\"]\n", "`mtls.toml` includes itself"),
        ("include = [\"base.toml\", 7]\n", "expected a string"),
    ] {
        let sandbox = environments();
        sandbox.write("loop.toml", "include = [\"mtls.toml\"]\n");
        sandbox.write("mtls.toml", format!("name = \"x\"\n{text}"));
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{text}: {}", run.stderr);
        let place = if text.contains("loop") { "loop.toml:1:" } else { "mtls.toml:2:" };
        assert!(run.stderr.contains(words), "{text}: {}", run.stderr);
        assert!(run.stderr.contains(place), "{text}: {}", run.stderr);
    }
}

/// What a kustomization or Application includes lies in its folder, or where its operator allows.
#[test]
fn plugins_include_nothing_from_elsewhere() {
    let sandbox = environments();
    sandbox.write("secret", "password: a-very-secret-word\n");
    sandbox.write("app/mtls.toml", "include = [\"../secret\"]\n");
    sandbox.write(
        "app/config.yaml",
        "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata: {name: x}\nplugin: {specFiles: [mtls.toml]}\n",
    );
    let mut command = sandbox.command(&["kustomize", "config.yaml"]);
    let run = finish(command.current_dir(sandbox.path("app")));
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("lies outside of"), "{}", run.stderr);
    assert!(!run.stderr.contains("a-very-secret-word"), "{}", run.stderr);
}

/// As `KUBECONFIG` does for kubectl.
#[test]
fn the_environment_names_the_files() {
    let sandbox = environments();
    let mut command = sandbox.command(&["render", "--kind", "Ingress"]);
    let run = finish(command.env("MTLSGEN_FILE", "base.toml:staging.toml"));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("web.staging.example.com"), "{}", run.stdout);
    let mut command = sandbox.command(&["status", "-f", "base.toml", "-f", "prod.toml"]);
    let run = finish(command.env("MTLSGEN_FILE", "base.toml:staging.toml"));
    assert!(run.stderr.contains("and this spec is `prod`"), "{}", run.stderr);
}
