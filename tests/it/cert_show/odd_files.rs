//! Files of which a part is damaged, encrypted, or where it should not be: the rest is shown.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Bench, findings};
fn encoded(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn names(shown: &Value) -> Vec<&str> {
    let all = shown["certificates"].as_array().unwrap();
    all.iter().map(|one| one["commonName"].as_str().unwrap()).collect()
}

#[test]
fn what_is_damaged_hides_nothing_else() {
    let Some(bench) = Bench::new() else { return };
    for name in ["one", "two"] {
        bench.make(name, None, "");
    }
    let [one, two, key] = ["one.pem", "two.pem", "two.key"].map(|name| bench.sandbox.read(name));
    let cut = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    let odd = one.replacen('M', "!", 1);
    assert_ne!(odd, one);
    // One without an end, too.
    let open = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    bench.sandbox.write("all.pem", format!("{odd}{one}{cut}{open}{two}{key}"));
    let run = bench.sandbox.run(&["cert", "show", "--format", "json", "all.pem"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(names(&shown), ["one", "two"]);
    assert_eq!(shown["privateKeys"].as_array().unwrap().len(), 1);
    assert_eq!(run.stderr.matches("error[unreadable]: `all.pem`").count(), 3, "{}", run.stderr);
    for words in ["on line 1 is not Base64", "in the block `BEGIN CERTIFICATE` on line"] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }

    // One of several files; names of holders too.
    bench.sandbox.write("damaged.pem", cut);
    bench.sandbox.write("text.pem", "no block\n");
    let files = ["damaged.pem", "one.pem", "text.pem", "there-is-none", "two.pem"];
    let run = bench.sandbox.run(&[&["cert", "show", "--format", "json"], &files[..]].concat());
    assert_eq!(run.status, 2, "{}", run.stderr);
    let shown: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(names(&shown), ["one", "two"]);
    for file in ["damaged.pem", "text.pem", "there-is-none"] {
        assert!(run.stderr.contains(file), "{file}: {}", run.stderr);
    }
    // A key is no less than a certificate.
    bench.sandbox.write("key.pem", key.replacen('M', "!", 1) + &two);
    let run = bench.sandbox.run(&["cert", "show", "key.pem"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stdout.contains("CN=two") && run.stderr.contains("damaged private key"),
        "{}",
        run.stderr
    );
    // Where nothing can be shown, nothing is.
    let run = bench.sandbox.run(&["cert", "show", "damaged.pem"]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{}", run.stderr);
    // A folder goes on as before.
    let run = bench.sandbox.run(&["cert", "show", "--format", "json", "."]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("notice[unreadable]: `./all.pem`"), "{}", run.stderr);
}

#[test]
fn encrypted_keys_are_opened_with_the_password() {
    let Some(bench) = Bench::new() else { return };
    bench.make("web", None, "");
    bench.sandbox.write("password", "secret\n");
    bench.sandbox.write("other", "wrong\n");
    bench.openssl("pkcs8 -topk8 -in web.key -passout file:password -out new.key");
    bench.openssl("ec -in web.key -aes256 -passout file:password -out old.key");
    bench.openssl("pkcs8 -topk8 -in web.key -passout file:password -outform DER -out der.key");
    let state = |file: &str, password: Option<&str>| {
        let mut arguments = vec!["web.pem", file];
        arguments.extend(password.iter().flat_map(|name| ["--password-file", *name]));
        let shown = bench.json(&arguments);
        let key = &shown["privateKeys"][0];
        (key["state"].clone(), key["certificates"].clone())
    };
    for file in ["new.key", "old.key", "der.key"] {
        assert_eq!(state(file, None).0, "encrypted", "{file}");
        let (open, certificates) = state(file, Some("password"));
        assert_eq!((open, certificates), (json!("readable"), json!([0])), "{file}");
        let arguments = ["cert", "show", "web.pem", file, "--password-file", "other"];
        let run = bench.sandbox.run(&arguments);
        assert_eq!(run.status, 2, "{file}");
        assert!(run.stdout.contains("certificate:"), "{}", run.stdout);
        let words = "the password does not open the private key";
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    // Standard input is read once for all of them.
    let run = bench.sandbox.run_with_input(
        &["cert", "show", "--format", "json", "--password-file", "-", "new.key", "old.key"],
        "secret\n",
    );
    assert_eq!(run.stdout.matches("\"readable\"").count(), 2, "{}{}", run.stdout, run.stderr);
}

#[test]
fn keys_of_authorities_in_secrets_are_warned_of() {
    let Some(bench) = Bench::new() else { return };
    bench.make("clients", None, "");
    bench.make("web", None, "-addext subjectAltName=DNS:www.example.com");
    bench.make("www.example.com", None, "");
    bench.make("alice", Some("clients"), "-addext basicConstraints=CA:FALSE");
    let secret = |keys: &[(&str, &str)]| {
        let data: serde_json::Map<_, _> = keys
            .iter()
            .map(|(name, file)| ((*name).to_owned(), encoded(&bench.sandbox.read(file)).into()))
            .collect();
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "x", "namespace": "y" }, "data": data })
    };
    let spec = "namespace = \"y\"\n[services.web]\nexisting = true\nport = 80\n[hosts.\"www.example.com\"]\nservice = \"web\"\ntls = false\nclientAuth = false\n";
    bench.sandbox.write("mtls.toml", spec);
    for (keys, is_there) in [
        (&[("ca.crt", "clients.pem"), ("ca.key", "clients.key")][..], true),
        (&[("tls.crt", "clients.pem"), ("tls.key", "clients.key")], true),
        (&[("root.pem", "clients.pem"), ("root-key.pem", "clients.key")], true),
        (&[("root.crt", "clients.pem"), ("private", "clients.key")], true),
        // As people make servers' certificates by hand.
        (&[("tls.crt", "web.pem"), ("tls.key", "web.key"), ("ca.crt", "clients.pem")], false),
        (&[("tls.crt", "alice.pem"), ("tls.key", "alice.key"), ("ca.crt", "clients.pem")], false),
        (&[("tls.crt", "www.example.com.pem"), ("tls.key", "www.example.com.key")], false),
        (&[("ca.crt", "clients.pem")], false),
    ] {
        bench.sandbox.write("secret.json", secret(keys).to_string());
        let shown = bench.json(&["secret.json"]);
        let found = findings(&shown).iter().any(|one| one.contains("authority-key-in-secret"));
        assert_eq!(found, is_there, "{keys:?} {:?}", findings(&shown));
        let check = bench.sandbox.run(&["cert", "show", "--check", "secret.json"]);
        assert!(check.status == 1 || !is_there, "{keys:?}");
        for command in ["render", "status"] {
            let run = bench.sandbox.run(&[command, "--existing", "secret.json"]);
            let words = "warning[authority-key-in-secret]: the Secret `y/x` holds the private key";
            assert_eq!(run.stderr.contains(words), is_there, "{command} {keys:?} {}", run.stderr);
        }
    }
}
