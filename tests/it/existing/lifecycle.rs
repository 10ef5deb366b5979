//! What becomes due, is missing, is revoked or rolled over while only Secrets are at hand.

use mtlsgen::pki::certificate::Certificate;
use serde_json::Value;

use super::{EXISTING, SPEC, as_stored, beside, give, list, refused, rendered};
use crate::support::{Sandbox, data, object, objects};

fn without(stored: &Value, name: &str) -> Value {
    let items = stored["items"].as_array().unwrap().iter();
    list(items.filter(|item| item["metadata"]["name"] != name).cloned())
}

fn leaf(objects: &[Value], name: &str) -> Certificate {
    Certificate::from_pem(&data(object(objects, "Secret", name), "tls.crt")).unwrap().remove(0)
}

const OWN: &str = r#"
[services.web]
image = "httpd"
port = 80
[hosts."own.example.com"]
service = "web"
tls.issuer = "self-signed"
"#;

#[test]
fn a_self_signed_certificate_is_renewed_into_the_manifests() {
    let (_, objects_before) = rendered(OWN);
    let stored = as_stored(&objects_before);
    let sandbox = beside(OWN, &stored);
    let later = ["render", "--existing", "secrets.json", "--at"];
    let at = |day: &str| {
        let mut arguments = later.to_vec();
        let day = mtlsgen::time::Timestamp::from_unix(
            leaf(&objects_before, "own-example-com-tls").not_before.unix()
                + day.parse::<i64>().unwrap() * 86_400,
        )
        .to_string();
        arguments.push(&day);
        sandbox.ok(&arguments)
    };
    assert_eq!(objects(&at("300").stdout), objects_before);
    let run = at("350");
    assert!(
        run.stderr.contains("issued host `own.example.com`: due for renewal"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("only the Secrets that are printed keep what was issued"),
        "{}",
        run.stderr
    );
    let renewed = objects(&run.stdout);
    let (old, new) =
        (leaf(&objects_before, "own-example-com-tls"), leaf(&renewed, "own-example-com-tls"));
    assert!(new.not_after > old.not_after && new.spki_hash != old.spki_hash);
    // Once it is applied, it is the store.
    give(&sandbox, &as_stored(&renewed));
    let again = at("350");
    assert_eq!(again.stdout, run.stdout);
    assert!(!again.stderr.contains("issued"), "{}", again.stderr);
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn nothing_that_was_issued_is_left_out_of_what_is_printed() {
    let other = super::list([serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "y"},
    })]);
    let sandbox = beside(OWN, &other);
    let run = sandbox.run(&["render", "--existing", "secrets.json", "--kind", "Ingress"]);
    refused(&sandbox, &run, &["leaves out the Secret `default/own-example-com-tls`"]);
    let secrets = sandbox.ok(&["render", "--existing", "secrets.json", "--kind", "Secret"]);
    assert_eq!(objects(&secrets.stdout).len(), 1);
    let dry = sandbox.ok(&["render", "--existing", "secrets.json", "--dry-run"]);
    assert!(dry.stderr.contains("never issued") && dry.stdout.is_empty(), "{}", dry.stderr);
    let locked = sandbox.run(&["render", "--existing", "secrets.json", "--locked"]);
    assert_eq!((locked.status, locked.stdout.as_str()), (1, ""), "{}", locked.stderr);
}

#[test]
fn what_an_absent_key_would_have_to_sign_is_refused() {
    let (_, before) = rendered(SPEC);
    let stored = as_stored(&before);
    let missing = beside(SPEC, &without(&stored, "web-example-com-tls"));
    refused(
        &missing,
        &missing.run(&EXISTING),
        &[
            "host `web.example.com`: never issued; the key of its issuer `servers` is in no Secret",
            "without `--existing`",
        ],
    );
    let renamed = beside(
        &SPEC.replace(
            "tls.issuer = \"servers\"",
            "tls.issuer = \"servers\"\ntls.dnsNames = [\"web.example.com\", \"b.example.com\"]",
        ),
        &stored,
    );
    refused(
        &renamed,
        &renamed.run(&EXISTING),
        &["expected names", "the key of its issuer `servers`"],
    );
    let untrusted = beside(SPEC, &without(&stored, "web-example-com-tls-cacert"));
    refused(
        &untrusted,
        &untrusted.run(&EXISTING),
        &[
            "no Secret shows the certificate of authority `root`",
            "error[existing-authority]",
            "a new authority is not made here",
        ],
    );
    // Its intermediate is behind the client's certificate in the Secret, and still no key can sign.
    let without_client = beside(SPEC, &without(&stored, "job-client"));
    refused(
        &without_client,
        &without_client.run(&EXISTING),
        &["client `job`: never issued", "the key of its issuer `issuing`"],
    );
    let nothing =
        beside(SPEC, &list([stored["items"].as_array().unwrap().last().unwrap().clone()]));
    refused(
        &nothing,
        &nothing.run(&EXISTING),
        &["error[existing-first]: none of the Secrets of this spec is among the 1"],
    );
    let empty = beside(SPEC, &list([]));
    refused(
        &empty,
        &empty.run(&EXISTING),
        &["`--existing` names no Secrets", "without permission to read", "error[existing-empty]"],
    );
    let silent = Sandbox::with_toml(SPEC);
    refused(
        &silent,
        &silent.run_with_input(&["render", "--existing", "-"], ""),
        &["`<stdin>` is empty"],
    );
}

#[test]
fn what_is_due_and_still_works_is_kept_with_a_warning_until_it_ends() {
    let (_, before) = rendered(SPEC);
    let sandbox = beside(SPEC, &as_stored(&before));
    let begins = leaf(&before, "web-example-com-tls").not_before.unix();
    let after = |days: i64| mtlsgen::time::Timestamp::from_unix(begins + days * 86_400).to_string();
    let due = sandbox.ok(&["render", "--existing", "secrets.json", "--at", &after(350)]);
    assert_eq!(
        leaf(&objects(&due.stdout), "web-example-com-tls"),
        leaf(&before, "web-example-com-tls")
    );
    assert!(due.stderr.contains("warning[issuer-key-elsewhere]"), "{}", due.stderr);
    assert!(due.stderr.contains("host `web.example.com`: due for renewal"), "{}", due.stderr);
    assert!(due.stderr.contains("issued host `own.example.com`"), "{}", due.stderr);
    let over = sandbox.run(&["render", "--existing", "secrets.json", "--at", &after(400)]);
    refused(&sandbox, &over, &["error[issuer-key-elsewhere]", "host `web.example.com`: expired"]);
}

#[test]
fn an_authority_that_was_supplied_with_its_key_signs() {
    let partner = Sandbox::with_toml("[cas.partner]\n[clients.x]\nissuer = \"partner\"\n");
    partner.ok(&["render", "-q"]);
    let spec = r#"
[cas.partner]
certificate = "ca.pem"
key = "ca.key"
revoked = ["0x0badcafe"]
[clients.job]
issuer = "partner"
secretName = "job-client"
[services.web]
image = "httpd"
port = 80
[hosts."own.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["partner"]
"#;
    let files = |sandbox: &Sandbox| {
        sandbox.write("ca.pem", partner.read("pki/cas/partner/tls.crt"));
        sandbox.write("ca.key", partner.read("pki/cas/partner/tls.key"));
    };
    let other = serde_json::json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x", "namespace": "y"}});
    let sandbox = beside(spec, &list([other]));
    files(&sandbox);
    let first = sandbox.ok(&EXISTING);
    assert!(first.stderr.contains("issued client `job`: never issued"), "{}", first.stderr);
    assert!(first.stderr.contains("of authority `partner`: there is none yet"), "{}", first.stderr);
    give(&sandbox, &as_stored(&objects(&first.stdout)));
    let second = sandbox.ok(&EXISTING);
    assert_eq!(second.stdout, first.stdout);
    assert!(
        !second.stderr.contains("issued") && !second.stderr.contains("signed"),
        "{}",
        second.stderr
    );
    // What was revoked once stays so, as the list remembers it; what is added comes in a new one.
    sandbox.write("mtls.toml", spec.replace("0x0badcafe", "0x0badcaff"));
    let third = sandbox.ok(&EXISTING);
    let trust = objects(&third.stdout);
    let lists = mtlsgen::pki::crl::RevocationList::from_pem(&data(
        object(&trust, "Secret", "own-example-com-tls-cacert"),
        "ca.crl",
    ))
    .unwrap();
    assert_eq!((lists.len(), lists[0].revoked.len()), (1, 2));
    let number = |text: &str| {
        text.split("signed revocation list ").nth(1)?.split(' ').next()?.parse::<u64>().ok()
    };
    assert_eq!(number(&third.stderr), number(&first.stderr).map(|first| first + 1));
}

#[test]
fn a_rollover_goes_through_secrets_unchanged() {
    for (levels, name) in [
        ("[cas.root]\n", "root"),
        ("[cas.root]\n[cas.issuing]\nissuer = \"root\"\n", "root"),
        ("[cas.root]\n[cas.issuing]\nissuer = \"root\"\n", "issuing"),
    ] {
        let issuer = if levels.contains("issuing") { "issuing" } else { "root" };
        let spec = format!(
            "{levels}[clients.job]\nissuer = \"{issuer}\"\nsecretName = \"job\"\n{OWN}clientAuth.cas = [\"{issuer}\"]\n"
        );
        let store = Sandbox::with_toml(&spec);
        store.ok(&["render", "-q"]);
        for step in [&["ca", "rotate", name][..], &["ca", "rotate", name, "--activate"]] {
            store.ok(step);
            let rendered = store.ok(&["render"]).stdout;
            let sandbox = beside(&spec, &as_stored(&objects(&rendered)));
            let again = sandbox.ok(&EXISTING);
            assert_eq!(again.stdout, rendered, "{levels} {step:?}");
            let count = Certificate::from_pem(&data(
                object(&objects(&rendered), "Secret", "own-example-com-tls-cacert"),
                "ca.crt",
            ))
            .unwrap()
            .len();
            assert_eq!(count, levels.matches("[cas.").count() + 1);
        }
    }
}

#[test]
fn secrets_of_different_steps_of_a_rollover_are_refused() {
    let spec = format!(
        "[cas.root]\n{OWN}clientAuth.cas = [\"root\"]\n[hosts.\"b.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"root\"]\n"
    );
    let store = Sandbox::with_toml(&spec);
    let before = store.render();
    store.ok(&["ca", "rotate", "root"]);
    let after = store.render();
    let old = object(&before, "Secret", "b-example-com-tls-cacert").clone();
    let mut mixed = without(&as_stored(&after), "b-example-com-tls-cacert");
    mixed["items"].as_array_mut().unwrap().push(old);
    let sandbox = beside(&spec, &mixed);
    refused(
        &sandbox,
        &sandbox.run(&EXISTING),
        &["error[existing-generations]", "hold different generations of authority `root`"],
    );
}

#[test]
fn an_authority_under_another_subject_is_not_dropped_from_trust() {
    let spec = |subject: &str| {
        format!("[cas.root]\nsubject = \"CN={subject}\"\n{OWN}clientAuth.cas = [\"root\"]\n")
    };
    let store = Sandbox::with_toml(&spec("old"));
    store.ok(&["render", "-q"]);
    store.write("mtls.toml", spec("new"));
    store.ok(&["ca", "rotate", "root"]);
    let introduced = store.render();
    let sandbox = beside(&spec("new"), &as_stored(&introduced));
    refused(
        &sandbox,
        &sandbox.run(&EXISTING),
        &[
            "trusts `CN=old`, which is not an authority of the spec",
            "keep its entry below `cas`",
            "error[existing-stranger]",
        ],
    );
    // An authority that no host lists any more goes, as the spec says.
    let both = format!("[cas.gone]\nsubject = \"CN=old\"\n{}", spec("new"));
    let sandbox = beside(&both, &as_stored(&introduced));
    let trust = objects(&sandbox.ok(&EXISTING).stdout);
    let bundle = Certificate::from_pem(&data(
        object(&trust, "Secret", "own-example-com-tls-cacert"),
        "ca.crt",
    ))
    .unwrap();
    assert_eq!(bundle.len(), 1);
    assert_eq!(bundle[0].subject.rfc2253(), "CN=new");
}

#[test]
fn revocation_lists_are_kept_and_a_client_is_not_forgotten() {
    let spec = format!(
        "[cas.root]\n[cas.issuing]\nissuer = \"root\"\n[clients.alice]\nissuer = \"issuing\"\n[clients.bob]\nissuer = \"issuing\"\n{OWN}clientAuth.cas = [\"CA\"]\n"
    );
    // With the root listed, no Secret shows the certificate of the issuing authority, but its list.
    for listed in ["issuing", "root"] {
        let spec = spec.replace("\"CA\"", &format!("\"{listed}\""));
        let store = Sandbox::with_toml(&spec);
        store.ok(&["render", "-q"]);
        store.ok(&["cert", "revoke", "alice"]);
        let rendered = store.ok(&["render"]).stdout;
        assert!(rendered.contains("ca.crl"), "{rendered}");
        let stored = as_stored(&objects(&rendered));
        let sandbox = beside(&spec, &stored);
        assert_eq!(sandbox.ok(&EXISTING).stdout, rendered, "{listed}");
        // A serial that the spec revokes and the list has not cannot be added.
        let more = format!("{spec}\n[cas.issuing2]\n")
            .replace("[cas.issuing]\n", "[cas.issuing]\nrevoked = [\"0x0badcafe\"]\n");
        let sandbox = beside(&more, &stored);
        refused(
            &sandbox,
            &sandbox.run(&EXISTING),
            &["the revocation list of authority `issuing`: it lacks a revoked certificate"],
        );
        // bob's serial is unknown.
        let bob = spec.replace("[clients.bob]\n", "[clients.bob]\nrevoked = true\n");
        let warned = beside(&bob, &stored).ok(&EXISTING);
        assert!(warned.stderr.contains("warning[revocation-unseen]"), "{}", warned.stderr);
    }
    let spec = spec.replace("\"CA\"", "\"issuing\"");
    let (_, quiet) = rendered(&spec);
    let bob = spec.replace("[clients.bob]\n", "[clients.bob]\nrevoked = true\n");
    let sandbox = beside(&bob, &as_stored(&quiet));
    refused(
        &sandbox,
        &sandbox.run(&EXISTING),
        &["error[revocation-unseen]", "its certificate is still accepted"],
    );
}

#[test]
fn copies_of_a_certificate_are_supplied_up_to_date() {
    let spec = format!(
        "{OWN}[services.there]\nnamespace = \"other\"\nexisting = true\nport = 80\n\
         [hosts.copy]\nhost = \"own.example.com\"\nnamespace = \"other\"\nservice = \"there\"\n\
         routes = [{{ path = \"/there\", service = \"there\" }}]\ntls.host = \"own.example.com\"\n"
    )
    .replace("service = \"there\"\nroutes", "routes");
    let store = Sandbox::with_toml(&spec);
    let day = |command: &[&'static str], day: &'static str| [command, &["--at", day]].concat();
    let (first, second) = ("2030-01-01", "2030-01-02");
    let before = as_stored(&objects(&store.ok(&day(&["render"], first)).stdout));
    store.ok(&day(&["cert", "renew", "hosts/own.example.com"], second));
    let rendered = store.ok(&day(&["render"], second)).stdout;
    let after = as_stored(&objects(&rendered));
    let in_namespace = |stored: &Value, namespace: &str| {
        let items = stored["items"].as_array().unwrap().clone();
        items
            .into_iter()
            .filter(|item| item["metadata"]["namespace"] == namespace)
            .collect::<Vec<_>>()
    };
    // One was left behind, then one is missing.
    let behind = list([in_namespace(&before, "other"), in_namespace(&after, "default")].concat());
    let sandbox = beside(&spec, &behind);
    let run = sandbox.ok(&day(&EXISTING, second));
    assert_eq!(run.stdout, rendered);
    assert!(run.stderr.contains("warning[existing-copies]"), "{}", run.stderr);
    give(&sandbox, &list(in_namespace(&after, "default")));
    let run = sandbox.ok(&day(&EXISTING, second));
    assert_eq!((run.stdout, run.stderr.contains("issued")), (rendered, false));
}

#[test]
fn what_the_api_server_will_not_change_is_reported_first() {
    let (_, before) = rendered(OWN);
    let mut stored = as_stored(&before);
    stored["items"][0]["immutable"] = true.into();
    let sandbox = beside(OWN, &stored);
    let same = sandbox.ok(&EXISTING);
    assert!(!same.stderr.contains("immutable"), "{}", same.stderr);
    let later = mtlsgen::time::Timestamp::from_unix(
        leaf(&before, "own-example-com-tls").not_after.unix() - 86_400,
    )
    .to_string();
    let due = sandbox.ok(&["render", "--existing", "secrets.json", "--at", &later]);
    assert!(due.stderr.contains("warning[secret-immutable]"), "{}", due.stderr);
    stored["items"][0]["immutable"] = false.into();
    stored["items"][0]["type"] = "Opaque".into();
    give(&sandbox, &stored);
    let typed = sandbox.ok(&EXISTING);
    assert!(
        typed.stderr.contains("has the type `Opaque` and would become `kubernetes.io/tls`"),
        "{}",
        typed.stderr
    );
}
