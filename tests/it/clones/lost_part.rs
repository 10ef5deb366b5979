//! A store that is lost in part, or a derived one of another seed: what is missing looked like something new.

use std::fs;

use super::{SPEC, clone, repository};
use crate::derived::write_seed;
use crate::support::Sandbox;

pub const BUNDLE: &str = "deploy/default/secret-web-example-com-tls-cacert.yaml";

pub fn remove(sandbox: &Sandbox, folders: &[&str]) {
    for folder in folders {
        fs::remove_dir_all(sandbox.path(folder)).unwrap();
    }
}

/// With another subject or name at the same time, nothing else than the folder shows that the authority is not a new one.
#[test]
fn a_lost_part_is_noticed_under_any_new_name() {
    let subject = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=Clients 2\"");
    let name = SPEC.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    let both = name.replace("[cas.others]", "[cas.others]\nsubject = \"CN=Others 2\"");
    for (spec, lost) in [
        (&subject, &["pki/cas/clients", "pki/clients"][..]),
        (&subject, &["pki/cas", "pki/clients"]),
        (&name, &["pki/cas", "pki/clients"]),
        (&both, &["pki/cas", "pki/clients/alice"]),
        (&subject, &["pki/cas/clients", "pki/clients", "pki/hosts"]),
        (&SPEC.to_owned(), &["pki/cas", "pki/clients"]),
    ] {
        let Some(origin) = repository() else { return };
        let clone = clone(&origin);
        for sandbox in [&origin, &clone] {
            remove(sandbox, lost);
            sandbox.write("mtls.toml", spec);
            let before = sandbox.files();
            for arguments in [
                &["render", "-o", "deploy"][..],
                &["render", "-o", "deploy", "--kind", "Ingress"],
                &["render", "-o", "deploy", "--check"],
                &["render", "-o", "deploy", "--locked"],
                &["render", "-o", "deploy", "--dry-run"],
                &["diff", "deploy"],
            ] {
                let run = sandbox.run(arguments);
                assert_eq!(run.status, 2, "{arguments:?} {spec}: {}", run.stderr);
                for words in [
                    &*format!(
                        "error[unknown-authority]: `{BUNDLE}` trusts the authority `CN=clients`"
                    ),
                    "`mtlsgen render -o deploy --new-authorities`",
                ] {
                    assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
                }
            }
            assert!(sandbox.files() == before, "{spec}");
        }
        origin.ok(&["render", "-q", "-o", "deploy", "--new-authorities"]);
        origin.ok(&["render", "-q", "-o", "deploy"]);
    }
}

/// Without a folder of manifests, certificates say who signed them: those of the spec, and those that left it.
#[test]
fn a_certificate_without_its_issuer_shows_that_a_part_is_lost() {
    let subject = |spec: &str| spec.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    let left = subject(SPEC).replace("[clients.alice]\nissuer = \"clients\"\n", "");
    let other = SPEC.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    let other = other.replace("[cas.others]", "[cas.others]\nsubject = \"CN=New\"");
    for spec in [subject(SPEC), left, other] {
        let Some(origin) = repository() else { return };
        remove(&origin, &["pki/cas/clients"]);
        origin.write("mtls.toml", &spec);
        let before = origin.files();
        for arguments in [&["render"][..], &["render", "--locked"], &["render", "-o", "new"]] {
            let run = origin.run(arguments);
            assert_eq!((run.status, &*run.stdout), (2, ""), "{arguments:?}: {}", run.stderr);
            for words in [
                "error[lost-authority]: the store has the certificate of client `alice`",
                "the authority `CN=clients` that signed it",
                match arguments {
                    [_, "-o", _] => {
                        "`mtlsgen render --new-authorities -o new`: then all its clients"
                    }
                    _ => "`mtlsgen render --new-authorities`: then all its clients",
                },
            ] {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
            // What the spec does not ask for can go, too.
            let leave = "client `alice`, which the spec does not have, needs its certificate no longer, remove `pki/clients/alice`";
            assert_eq!(run.stderr.contains(leave), !spec.contains("alice"), "{}", run.stderr);
        }
        assert!(origin.files() == before, "{spec}");
        origin.ok(&["render", "-q", "--new-authorities"]);
        origin.ok(&["render", "-q"]);
    }
}

/// An intermediate that is in the chains of its clients alone is lost all the same.
#[test]
fn an_intermediate_is_not_known_by_the_files_of_others() {
    let below = "[cas.root]\n[cas.clients]\nissuer = \"root\"\n";
    let Some(origin) = repository() else { return };
    remove(&origin, &["pki", "deploy"]);
    let spec = SPEC.replace("[cas.clients]\n", below);
    origin.write("mtls.toml", &spec);
    origin.ok(&["render", "-q", "-o", "deploy"]);
    remove(&origin, &["pki/cas/clients"]);
    let other = spec.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    origin.write("mtls.toml", other);
    // Its certificate is in the root's ledger.
    let run = origin.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("pki/cas/clients/tls.crt` is missing"), "{}", run.stderr);
    remove(&origin, &["pki/cas/root/ledger"]);
    for arguments in [&["render", "-o", "deploy"][..], &["render"]] {
        let run = origin.run(arguments);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("error[lost-authority]"), "{}", run.stderr);
    }
    remove(&origin, &["pki/clients"]);
    let run = origin.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[unknown-authority]"), "{}", run.stderr);
}

/// Single files that are gone are asked for, and nothing is issued in their place.
#[test]
fn single_files_that_are_lost_are_named() {
    let subject = SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    for lost in ["tls.crt", "tls.key"] {
        let Some(origin) = repository() else { return };
        fs::remove_file(origin.path(format!("pki/cas/clients/{lost}"))).unwrap();
        for spec in [&*subject, &format!("{SPEC}[clients.bob]\nissuer = \"clients\"\n")] {
            origin.write("mtls.toml", spec);
            let files = || {
                let is_lock = |path: &std::path::Path| path.ends_with("pki/.lock");
                let all = origin.files().into_iter();
                all.filter(|(path, _)| !is_lock(path)).collect::<Vec<_>>()
            };
            let before = files();
            let run = origin.run(&["render", "-o", "deploy"]);
            assert_eq!(run.status, 2, "{lost}: {}", run.stderr);
            let is_reported =
                ["error[rotation-needed]", &format!("pki/cas/clients/{lost}` is missing")]
                    .iter()
                    .any(|words| run.stderr.contains(words));
            assert!(is_reported, "{lost}: {}", run.stderr);
            assert!(files() == before, "{lost}");
        }
    }
}

/// A bundle that cannot be read may trust what is lost; one that is gone says nothing where the store has the rest.
#[test]
fn what_cannot_be_read_may_trust_what_is_lost() {
    let more = format!("{SPEC}[cas.partner]\n[clients.bob]\nissuer = \"partner\"\n");
    let more = more.replace("[\"clients\"]", "[\"clients\", \"partner\"]");
    let Some(origin) = repository() else { return };
    let text = origin.read(BUNDLE);
    origin.write("mtls.toml", more);
    origin.write(BUNDLE, text.replace("data:", "<<<<<<< HEAD\ndata:"));
    let run = origin.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let words = format!("error[unknown-authority]: which authorities `{BUNDLE}` trusts cannot be");
    assert!(run.stderr.contains(&words), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("restore `{BUNDLE}` from Git")), "{}", run.stderr);
    fs::remove_file(origin.path(BUNDLE)).unwrap();
    origin.ok(&["render", "-q", "-o", "deploy"]);
}

/// What leaves the spec in a store that is whole holds nothing up: it is in the ledgers.
#[test]
fn nothing_is_lost_where_ledgers_know_it() {
    let Some(origin) = repository() else { return };
    let other = SPEC.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    origin.write("mtls.toml", other.replace("[cas.others]", "[cas.others]\nsubject = \"CN=New\""));
    origin.ok(&["render", "-q", "-o", "deploy"]);
    // Its certificate is still here, although its ledger is not.
    let Some(origin) = repository() else { return };
    remove(&origin, &["pki/cas/clients/ledger"]);
    origin.write("mtls.toml", other);
    origin.ok(&["render", "-q", "-o", "deploy"]);
    // An authority for servers replaces none in a bundle.
    let Some(origin) = repository() else { return };
    let other = Sandbox::with_toml(
        &SPEC.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=Partner\""),
    );
    other.ok(&["render", "-q"]);
    origin.write("partner.pem", other.read("pki/cas/clients/tls.crt"));
    let partner = "[cas.partner]\ncertificate = \"partner.pem\"\n";
    let with = SPEC.replace("cas = [\"clients\"]", "cas = [\"clients\", \"partner\"]");
    origin.write("mtls.toml", with.replace("[cas.clients]", &format!("{partner}[cas.clients]")));
    origin.ok(&["render", "-q", "-o", "deploy"]);
    let servers = SPEC.replace("self-signed", "servers");
    origin.write("mtls.toml", format!("{servers}[cas.servers]\n"));
    origin.ok(&["render", "-q", "-o", "deploy"]);
}

/// A derived store of another seed has other keys for every holder.
#[test]
fn another_seed_takes_no_trust_away() {
    let spec = format!("{SPEC}[store]\nkind = \"derived\"\nseedFile = \"seed\"\n");
    let sandbox = Sandbox::with_toml(&spec);
    write_seed(&sandbox, "seed", crate::derived::SEED);
    let other = crate::derived::SEED.replace('d', "e");
    write_seed(&sandbox, "other", &other);
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    let before = sandbox.files();
    let subject = spec.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    for text in [&spec, &subject] {
        sandbox.write("mtls.toml", text);
        for command in [
            &["render", "-o", "deploy"][..],
            &["render", "-o", "deploy", "--kind", "Ingress"],
            &["render", "-o", "deploy", "--check"],
            &["render", "-o", "deploy", "--locked"],
            &["diff", "deploy"],
        ] {
            let run = sandbox.run(&[command, &["--seed-file", "other"]].concat());
            assert_eq!(run.status, 2, "{command:?}: {}", run.stderr);
            for words in [
                &*format!("error[unknown-authority]: `{BUNDLE}` trusts the authority `CN=clients`"),
                "whose key is not from this seed",
                "`--seed-file`, `MTLSGEN_SEED`, `MTLSGEN_SEED_FILE` and `store.seedFile`",
                "`mtlsgen render -o deploy --new-authorities`",
            ] {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
        }
    }
    sandbox.write("mtls.toml", &spec);
    assert!(sandbox.files() == before);
    // Another authority with the same seed: both are said.
    let other = spec.replace("\"clients\"", "\"others\"").replace("cas.clients", "cas.others");
    sandbox.write("mtls.toml", other);
    let run = sandbox.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    for words in [
        "whose key is not from this seed, or which left the spec",
        "if it left the spec, and another one came with the same seed, nothing is wrong with the seed: put it back",
        "`mtlsgen render -o deploy --new-authorities`",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    sandbox.write("mtls.toml", &spec);
    // Generations come, go, and are given up; none of them is another seed.
    for generations in [
        "trustedGenerations = [1, 2]",
        "",
        "trustedGenerations = [1, 2]",
        "generation = 2\ntrustedGenerations = [1, 2]",
        "generation = 2",
        "generation = 5",
        "generation = 6",
        "generation = 5",
    ] {
        let text = spec.replace("[cas.clients]", &format!("[cas.clients]\n{generations}"));
        sandbox.write("mtls.toml", text);
        sandbox.ok(&["render", "-q", "-o", "deploy"]);
    }
    let run = sandbox.run(&["render", "-o", "deploy", "--seed-file", "other"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let new = ["render", "-q", "-o", "deploy", "--seed-file", "other", "--new-authorities"];
    sandbox.ok(&new);
    sandbox.ok(&new[..new.len() - 1]);
    assert_eq!(sandbox.run(&["render", "-o", "deploy"]).status, 2);
}

/// An authority of others beside it is known, with any seed.
#[test]
fn an_authority_of_others_hides_no_other_seed() {
    let partner = Sandbox::with_toml("[cas.clients]\nsubject = \"CN=Partner\"\n");
    partner.ok(&["render", "-q"]);
    let spec = format!("{SPEC}[store]\nkind = \"derived\"\nseedFile = \"seed\"\n");
    let spec = spec.replace("cas = [\"clients\"]", "cas = [\"clients\", \"partner\"]");
    let spec = format!("{spec}[cas.partner]\ncertificate = \"partner.pem\"\n");
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.write("partner.pem", partner.read("pki/cas/clients/tls.crt"));
    write_seed(&sandbox, "seed", crate::derived::SEED);
    write_seed(&sandbox, "other", crate::derived::SEED.replace('d', "e"));
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    let subject = spec.replace("[cas.clients]", "[cas.clients]\nsubject = \"CN=New\"");
    for text in [&spec, &subject] {
        sandbox.write("mtls.toml", text);
        let run = sandbox.run(&["render", "-o", "deploy", "--seed-file", "other"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("trusts the authority `CN=clients`"), "{}", run.stderr);
    }
}

/// A derived store in the place of a folder makes all keys anew, too.
#[test]
fn a_derived_store_takes_no_place_of_a_folder() {
    let Some(origin) = repository() else { return };
    write_seed(&origin, "seed", crate::derived::SEED);
    let spec = format!("{SPEC}[store]\nkind = \"derived\"\nseedFile = \"seed\"\n");
    origin.write("mtls.toml", spec);
    let run = origin.run(&["render", "-o", "deploy"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("error[unknown-authority]"), "{}", run.stderr);
    // What has not been rendered, or goes to a stream, is compared with nothing.
    origin.ok(&["render", "-q", "-o", "elsewhere"]);
    origin.ok(&["render", "-q"]);
}

/// Bundles that trust others alone say nothing of the authority of the servers; what servers show does.
#[test]
fn an_authority_for_servers_is_no_new_one_where_servers_show_its_certificates() {
    if crate::support::tool("git").is_none() {
        return;
    }
    let partner = Sandbox::with_toml("[cas.clients]\nsubject = \"CN=Partner\"\n");
    partner.ok(&["render", "-q"]);
    let spec = SPEC.replace("[cas.clients]\n", "[cas.clients]\ncertificate = \"partner.pem\"\n");
    let spec = spec.replace("[clients.alice]\nissuer = \"clients\"\n", "[cas.servers]\n");
    let spec = spec.replace("\"self-signed\"", "\"servers\"");
    for plain in ["", "[secrets]\nallowPlainInGit = true\n"] {
        let sandbox = Sandbox::with_toml(&format!("{spec}{plain}"));
        sandbox.write("partner.pem", partner.read("pki/cas/clients/tls.crt"));
        if !plain.is_empty() {
            sandbox.may_hold_keys("deploy");
        }
        sandbox.ok(&["render", "-q", "-o", "deploy"]);
        remove(&sandbox, &["pki"]);
        for arguments in [&["render", "-o", "deploy"][..], &["diff", "deploy"]] {
            let run = sandbox.run(arguments);
            assert_eq!(run.status, 2, "{}", run.stderr);
            for words in [
                "error[unknown-authority]: `deploy/",
                "has a certificate that the authority `CN=servers` signed",
                "`mtlsgen render -o deploy --new-authorities`",
            ] {
                assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
            }
        }
        assert!(!sandbox.path("pki/cas").exists());
        // Once it was issued elsewhere, the place of the lost one is the same.
        sandbox.ok(&["cert", "renew", "-q", "--all"]);
        let run = sandbox.run(&["render", "-o", "deploy"]);
        assert_eq!(run.status, 2, "{}", run.stderr);
        assert!(run.stderr.contains("that the authority `CN=servers` signed"), "{}", run.stderr);
        sandbox.ok(&["render", "-q", "-o", "deploy", "--new-authorities"]);
        sandbox.ok(&["render", "-q", "-o", "deploy"]);
    }
}

/// Intermediates behind a server's certificate of others are not what clients are trusted by.
#[test]
fn chains_of_others_are_no_bundles() {
    let others = Sandbox::with_toml(
        "[cas.root]\n[cas.below]\nissuer = \"root\"\n[services.web]\nimage = \"httpd\"\nport = 80\n\
         [hosts.\"web.example.com\"]\nservice = \"web\"\ntls.issuer = \"below\"\nclientAuth = false\n",
    );
    others.ok(&["render", "-q"]);
    let spec = SPEC.replace(
        "tls.issuer = \"self-signed\"",
        "tls.certificate = \"web.pem\"\ntls.key = \"web.key\"",
    );
    let spec = format!("{spec}[secrets]\nallowPlainInGit = true\n");
    let sandbox = Sandbox::with_toml(&spec);
    sandbox.may_hold_keys("deploy");
    sandbox.may_hold_keys("web.key");
    let folder = "pki/hosts/web.example.com";
    sandbox.write("web.pem", others.read(&format!("{folder}/tls.crt")));
    sandbox.write("web.key", others.read(&format!("{folder}/tls.key")));
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    let more = spec.replace("[\"clients\"]", "[\"clients\", \"partner\"]");
    sandbox.write("mtls.toml", format!("{more}[cas.partner]\n"));
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
}
