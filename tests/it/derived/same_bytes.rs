//! Two machines' worth of environments, the vectors, and other programs that judge the chains.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::{SEED, SPEC, bundle, certificates, render_at, sandbox, write_seed};
use crate::support::{Run, Sandbox, data, object, objects, output_of, root, tool};

const NOW: &str = "2031-03-04T05:06:07Z";

/// Many hosts with all kinds of keys.
fn large() -> String {
    let mut spec = SPEC.replace("seedFile = \"seed\"\n", "");
    for number in 0..40 {
        let key = ["size = 256", "size = 384", "algorithm = \"Ed25519\""][number % 3];
        let issuer = ["servers", "self-signed"][number % 2];
        write!(
            spec,
            "[hosts.\"h{number}.example.com\"]\nservice = \"web\"\ntls = {{ issuer = \"{issuer}\", privateKey.{key} }}\n\
             clientAuth.cas = [\"signing\"]\n"
        )
        .unwrap();
    }
    spec
}

fn seed_octets() -> Vec<u8> {
    (0..SEED.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&SEED[at..at + 2], 16).unwrap())
        .collect()
}

#[test]
fn machines_of_all_kinds_give_the_same() {
    let here = Sandbox::with_toml(&large());
    let seed = write_seed(&here, "seed", SEED);
    let arguments = ["render", "--at", NOW, "--seed-file", seed.to_str().unwrap()];
    let expected = here.ok(&arguments).stdout;
    assert_eq!(objects(&expected).iter().filter(|o| o["kind"] == "Ingress").count(), 41);

    let there = Sandbox::new();
    let spec = there.write("some where/else/mtls.toml", large());
    let raw = write_seed(&there, "raw", seed_octets());
    let base64 = write_seed(&there, "base64", BASE64_STANDARD.encode(seed_octets()) + "\n");
    let base64_text = BASE64_STANDARD.encode(seed_octets());
    fs::create_dir(there.path("tmp")).unwrap();
    let environments: [&[(&str, &str)]; 4] = [
        &[
            ("TZ", "Pacific/Kiritimati"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("HOME", "/"),
            ("USER", "root"),
            ("MTLSGEN_SEED", SEED),
        ],
        &[
            ("TZ", "America/St_Johns"),
            ("LANG", "C"),
            ("HOME", "/nonexistent"),
            ("LOGNAME", "x"),
            ("MTLSGEN_SEED_FILE", raw.to_str().unwrap()),
        ],
        &[
            ("TMPDIR", "tmp"),
            ("TERM", "dumb"),
            ("COLUMNS", "20"),
            ("MTLSGEN_SEED_FILE", base64.to_str().unwrap()),
        ],
        &[
            ("LC_ALL", "ja_JP.SJIS"),
            ("CLICOLOR_FORCE", "1"),
            ("HOSTNAME", "other"),
            ("MTLSGEN_SEED", &base64_text),
        ],
    ];
    for (number, environment) in environments.into_iter().enumerate() {
        let mut command = there.command(&["render", "-f", spec.to_str().unwrap()]);
        command.env("SOURCE_DATE_EPOCH", "1930367167").envs(environment.iter().copied());
        // On one processor, and on all.
        if let (true, Some(taskset)) = (number % 2 == 0, tool("taskset")) {
            let mut alone = Command::new(taskset);
            alone.args(["-c", "0"]).arg(command.get_program()).args(command.get_args());
            alone.env_clear().current_dir(there.folder());
            alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command = alone;
        }
        let run = Run::of(command.output().unwrap());
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{environment:?}");
        assert!(run.stdout == expected, "{environment:?}");
    }
    let names: Vec<_> = here.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(names, [here.path("mtls.toml"), here.path("seed")], "nothing is kept");
}

#[test]
fn the_program_gives_the_fixed_vectors() {
    let folder = root().join("tests/vectors/derived");
    let vectors: Value =
        serde_json::from_str(&fs::read_to_string(folder.join("vectors.json")).unwrap()).unwrap();
    let sandbox = Sandbox::with_toml(&fs::read_to_string(folder.join("mtls.toml")).unwrap());
    write_seed(&sandbox, "seed", vectors["seed"].as_str().unwrap());
    for moment in vectors["moments"].as_array().unwrap() {
        let at = format!("@{}", moment["now"]);
        let run = sandbox.ok(&["render", "--at", &at, "--seed-file", "seed"]);
        let objects = objects(&run.stdout);
        let der = |kind: &str, name: &str| {
            let all = moment["certificates"].as_array().unwrap().iter();
            let mut found = all.filter(|entry| entry["kind"] == kind && entry["name"] == name);
            BASE64_STANDARD.decode(found.next().unwrap()["certificate"].as_str().unwrap()).unwrap()
        };
        for (secret, kind, name) in [
            ("alice", "client", "alice"),
            ("bob", "client", "b\u{f6}b/2"),
            ("web-example-com-tls", "host", "web.example.com"),
            ("self-example-com-tls", "host", "self.example.com"),
        ] {
            let own = certificates(&objects, secret, "tls.crt").remove(0);
            assert!(own.der == der(kind, name), "{name} at {at}");
        }
        let trusted = bundle(&objects);
        assert_eq!(trusted.len(), 3, "a root, and two generations below it");
        let known: Vec<Vec<u8>> = moment["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| BASE64_STANDARD.decode(entry["certificate"].as_str().unwrap()).unwrap())
            .collect();
        assert!(trusted.iter().all(|one| known.contains(&one.der)));
        let lists = data(object(&objects, "Secret", "web-example-com-tls-cacert"), "ca.crl");
        let lists = mtlsgen::pki::crl::RevocationList::from_pem(&lists).unwrap();
        let fixed = moment["lists"].as_array().unwrap();
        assert_eq!(lists.len(), fixed.len());
        for list in &lists {
            let list = BASE64_STANDARD.encode(&list.der);
            assert!(fixed.iter().any(|fixed| fixed["list"] == list.as_str()), "at {at}");
        }
    }
}

#[test]
fn openssl_verifies_the_chains_strictly() {
    let Some(openssl) = tool("openssl") else { return };
    for key in ["size = 256", "size = 384", "algorithm = \"Ed25519\""] {
        let sandbox = sandbox(&format!("defaults.privateKey = {{ {key} }}\n{SPEC}"));
        let objects = objects(&sandbox.ok(&["render"]).stdout);
        let root = bundle(&objects).pop().unwrap();
        let root = sandbox.write("root.pem", root.to_pem());
        let servers = sandbox.ok(&["cert", "export", "cas/servers"]).stdout;
        let servers = sandbox.write("servers.pem", servers);
        for (secret, purpose, anchor) in
            [("alice", "sslclient", root), ("web-example-com-tls", "sslserver", servers)]
        {
            let chain =
                sandbox.write("chain.pem", data(object(&objects, "Secret", secret), "tls.crt"));
            let own = sandbox.write("key.pem", data(object(&objects, "Secret", secret), "tls.key"));
            let mut verify = Command::new(&openssl);
            verify.args(["verify", "-x509_strict", "-check_ss_sig", "-no-CApath", "-no-CAstore"]);
            verify.args(["-purpose", purpose, "-CAfile"]).arg(anchor);
            verify.arg("-untrusted").arg(&chain).arg(&chain);
            assert!(output_of(&mut verify).contains("OK"), "{key}: {secret}");
            let public = |arguments: &[&str], file| {
                output_of(Command::new(&openssl).args(arguments).arg(file))
            };
            let of_key = public(&["pkey", "-pubout", "-in"], &own);
            let of_certificate = public(&["x509", "-noout", "-pubkey", "-in"], &chain);
            assert_eq!(of_key, of_certificate);
            output_of(Command::new(&openssl).args(["pkey", "-check", "-noout", "-in"]).arg(&own));
        }
    }
}

#[test]
fn a_throw_away_container_needs_nothing_but_the_seed() {
    // What Kustomize hands to a KRM function, with the seed in the environment.
    let spec: Value = serde_json::to_value(
        toml::from_str::<toml::Table>(&SPEC.replace("seedFile = \"seed\"\n", "")).unwrap(),
    )
    .unwrap();
    let input =
        crate::kustomize::generator_input(&crate::kustomize::config(serde_json::json!({}), spec));
    let empty = Sandbox::new();
    let call = |seed: Option<&str>| {
        let mut command = empty.command(&["kustomize"]);
        command.env("SOURCE_DATE_EPOCH", "1930367167");
        if let Some(seed) = seed {
            command.env("MTLSGEN_SEED", seed);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
        Run::of(child.wait_with_output().unwrap())
    };
    let run = call(Some(SEED));
    assert_eq!(run.status, 0, "{}", run.stderr);
    let list = objects(&run.stdout).remove(0);
    let items = list["items"].as_array().unwrap();
    let rendered = render_at(&sandbox(SPEC), NOW);
    for name in ["alice", "bob", "web-example-com-tls", "web-example-com-tls-cacert"] {
        assert_eq!(
            object(items, "Secret", name)["data"],
            object(&rendered, "Secret", name)["data"]
        );
    }
    assert!(empty.files().is_empty(), "nothing is written");
    let run = call(None);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("a derived store needs its seed"), "{}", run.stderr);
}
