//! Keys that the spec names as files, and that stay out of Git.

use std::process::Command;

use super::{SPEC, clone, commit};
use crate::support::{Sandbox, output_of, tool};

/// An authority and a server certificate of others, whose keys lie in a folder that Git ignores.
const NAMED: &str = "[cas.corp]\ncertificate = \"corp.pem\"\nkey = \"keys/corp.key\"\n\
    [clients.carol]\nissuer = \"corp\"\n[hosts.\"api.example.com\"]\nservice = \"web\"\n\
    tls.certificate = \"api.pem\"\ntls.key = \"keys/api.key\"\nclientAuth.cas = [\"corp\"]\n";

fn self_signed(sandbox: &Sandbox, name: &str, extensions: &[&str]) {
    let key = format!("keys/{name}.key");
    let mut openssl = Command::new(tool("openssl").unwrap());
    openssl.current_dir(sandbox.folder());
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    openssl.args(["-days", "300", "-subj", &format!("/CN={name}"), "-keyout", &key]);
    openssl.args(["-out", &format!("{name}.pem")]);
    output_of(openssl.args(extensions.iter().flat_map(|one| ["-addext", one])));
}

/// The repository of the person who has these keys.
fn repository() -> Option<Sandbox> {
    tool("git")?;
    tool("openssl")?;
    let sandbox = Sandbox::with_toml(&format!("{SPEC}{NAMED}"));
    sandbox.write(".gitignore", "keys/\n");
    std::fs::create_dir(sandbox.path("keys")).unwrap();
    self_signed(&sandbox, "corp", &["keyUsage=critical,keyCertSign,cRLSign"]);
    self_signed(
        &sandbox,
        "api",
        &["subjectAltName=DNS:api.example.com", "basicConstraints=CA:FALSE"],
    );
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    commit(&sandbox);
    Some(sandbox)
}

#[test]
fn a_clone_without_named_keys_is_up_to_date() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let before = clone.files();
    for arguments in [
        &["render", "-o", "deploy", "--check"][..],
        &["render", "-o", "deploy", "--check", "--locked"],
        &["diff", "deploy"],
        &["render", "-o", "deploy"],
        &["render", "--locked", "--kind", "Ingress"],
        &["render", "--dry-run"],
        &["cert", "show", "hosts/api.example.com"],
        &["cert", "export", "hosts/api.example.com", "--as", "pem-chain"],
        &["cert", "revoke", "carol", "--dry-run"],
    ] {
        let run = clone.ok(arguments);
        assert!(!run.stderr.contains("unreadable-file"), "{arguments:?}: {}", run.stderr);
    }
    assert!(clone.files() == before);
    // Whether they are at hand is a fact that `status` shows.
    let run = clone.ok(&["status"]);
    for words in [
        "warning[unreadable-file]: cannot read `keys/corp.key`: it does not exist",
        "warning[unreadable-file]: cannot read `keys/api.key`",
        "what needs no key works without it",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

/// What takes one of these keys is refused with the place of its name, before anything is written.
#[test]
fn what_takes_a_named_key_names_its_file() {
    let Some(origin) = repository() else { return };
    let clone = clone(&origin);
    let refused = |arguments: &[&str], file: &str| {
        let changes = || super::git(clone.folder(), &["status", "--short"]);
        let before = changes();
        let run = clone.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
        let words = format!("error[unreadable-file]: cannot read `keys/{file}.key`");
        assert!(run.stderr.contains(&words), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("--> mtls.toml:"), "{arguments:?}: {}", run.stderr);
        assert_eq!(changes(), before, "{arguments:?}");
    };
    refused(&["cert", "export", "hosts/api.example.com", "--as", "pem-key"], "api");
    refused(&["cert", "renew", "carol"], "corp");
    let spec = format!("{SPEC}{NAMED}");
    clone.write("mtls.toml", format!("{spec}[clients.dave]\nissuer = \"corp\"\n"));
    refused(&["render", "-o", "deploy"], "corp");
    refused(&["render"], "corp");
    // Here the Secret of the host would have another name.
    clone.write("mtls.toml", format!("{spec}tls.secretName = \"another\"\n"));
    std::fs::copy(
        origin.path("pki/hosts/web.example.com/tls.key"),
        clone.path("pki/hosts/web.example.com/tls.key"),
    )
    .unwrap();
    refused(&["render", "-o", "deploy"], "api");
    refused(&["render", "--locked"], "api");
    clone.write("mtls.toml", format!("secrets.nameSuffixHash = true\n{spec}"));
    // Names of its Secret would be other ones, also where no Secret is shown.
    for arguments in [
        &["diff", "deploy"][..],
        &["render", "--kind", "Ingress"],
        &["render", "--host", "web.example.com"],
        &["render", "--locked", "--kind", "Ingress", "--format", "json"],
    ] {
        refused(arguments, "api");
    }
    let run = clone.run(&["diff", "deploy"]);
    assert!(
        run.stderr.contains("`secrets.nameSuffixHash`, the names of Secrets depend"),
        "{}",
        run.stderr
    );
}

/// What is not selected needs no key, be it of a file or of the store.
#[test]
fn a_host_is_rendered_without_the_keys_of_others() {
    let Some(origin) = repository() else { return };
    let secrets = |sandbox: &Sandbox, folder: &str| {
        let files = sandbox.files().into_iter();
        let texts = files
            .filter(|(path, _)| path.starts_with(sandbox.path(folder).join("secrets/default")));
        texts.map(|(path, text)| (path.file_name().unwrap().to_owned(), text)).collect::<Vec<_>>()
    };
    let all = secrets(&origin, "deploy");
    std::fs::remove_file(origin.path("keys/api.key")).unwrap();
    std::fs::remove_file(origin.path("keys/corp.key")).unwrap();
    // What the authority without its key would have to sign waits for those who work with it.
    origin.ok(&["cert", "revoke", "carol"]);
    let web = ["--host", "web.example.com"];
    origin.ok(&[&["render"], &web[..]].concat());
    origin.ok(&[&["render", "-o", "new"], &web[..]].concat());
    let of_web: Vec<_> =
        all.iter().filter(|(name, _)| !name.to_str().unwrap().contains("api")).cloned().collect();
    assert!(secrets(&origin, "new") == of_web);
    origin.ok(&[&["render", "-o", "deploy"], &web[..]].concat());
    assert!(secrets(&origin, "deploy") == all);
    origin.ok(&["render", "--kind", "Deployment"]);
    origin.ok(&["render", "-o", "deploy", "--kind", "Deployment"]);
    assert!(secrets(&origin, "deploy") == all);
    for arguments in [&["render", "--host", "api.example.com"][..], &["render"]] {
        let run = origin.run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains("cannot read `keys/corp.key`"), "{}", run.stderr);
    }
    // Keys of the store are no different.
    std::fs::remove_file(origin.path("pki/hosts/web.example.com/tls.key")).unwrap();
    let other = format!(
        "{SPEC}[hosts.\"other.example.com\"]\nservice = \"web\"\n\
        tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n"
    );
    origin.write("mtls.toml", other);
    origin.ok(&["render", "--host", "other.example.com"]);
    let run = origin.run(&["render", "--locked"]);
    assert!(
        run.stderr.contains("`pki/hosts/web.example.com/tls.key` is missing"),
        "{}",
        run.stderr
    );
}

/// The file of `defaults.hosts` is one file, however many hosts have it.
#[test]
fn a_file_of_all_hosts_is_named_once() {
    let Some(sandbox) = repository() else { return };
    let spec = "name = \"shop\"\ndefaults.hosts.tls.certificate = \"both.pem\"\ndefaults.hosts.tls.key = \"keys/both.key\"\n\
        [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\n\
        [hosts.\"b.example.com\"]\nservice = \"web\"\n";
    let names = "subjectAltName=DNS:a.example.com,DNS:b.example.com";
    self_signed(&sandbox, "both", &[names, "basicConstraints=CA:FALSE"]);
    sandbox.write("mtls.toml", spec);
    std::fs::remove_file(sandbox.path("keys/both.key")).unwrap();
    for arguments in [["status"], ["render"]] {
        let run = sandbox.run(&arguments);
        assert_eq!(run.stderr.matches("cannot read `keys/both.key`").count(), 1, "{}", run.stderr);
    }
}

/// A key that is there and cannot be read is not a key that is elsewhere.
#[test]
fn a_named_key_that_is_no_key_is_an_error_for_every_command() {
    let Some(sandbox) = repository() else { return };
    std::fs::remove_file(sandbox.path("keys/corp.key")).unwrap();
    std::fs::create_dir(sandbox.path("keys/corp.key")).unwrap();
    for arguments in [&["status"][..], &["cert", "show", "hosts/api.example.com"]] {
        let run = sandbox.run(arguments);
        assert_eq!(run.status, 2);
        let words = "error[unreadable-file]: cannot read `keys/corp.key`: it is a folder";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// All keys of a derived store are made of those that the spec names.
#[test]
fn a_derived_store_takes_all_named_keys() {
    let Some(sandbox) = repository() else { return };
    let spec = format!("store.kind = \"derived\"\nstore.seedFile = \"seed\"\n{SPEC}{NAMED}");
    sandbox.write("mtls.toml", spec);
    sandbox.write("seed", "5".repeat(64));
    std::fs::remove_file(sandbox.path("keys/corp.key")).unwrap();
    let run = sandbox.run(&["render", "--kind", "Ingress"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("error[unreadable-file]: cannot read `keys/corp.key`"),
        "{}",
        run.stderr
    );
}
