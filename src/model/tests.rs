use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::diagnostic::{Diagnostic, Severity, Source};
use crate::enforcement::{CheckedLists, Library, Refusal, UnknownStatus, Verifier};
use crate::model::context::Findings;
use crate::pki::key::KeyKind;
use crate::specification::document;
use crate::time::Timestamp;

const BASE: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n";

/// Those of nginx, with names that are as easy.
const CONVENTIONS: Conventions = Conventions {
    ingress_class: "nginx",
    trust_secret: |server_secret| format!("{server_secret}-cacert"),
    trust_bundle: |namespace, name| format!("{namespace}-{name}"),
    verifier: Verifier {
        library: Library::OpenSsl,
        lists: Some((CheckedLists::Chain, UnknownStatus::Deny)),
        refusal: Refusal::Later,
    },
};

/// Resolves a spec in TOML that names no files.
pub(crate) fn resolved(text: &str) -> (Option<Resolved>, Vec<Diagnostic>) {
    within(text, |context, findings| resolve(context, findings).now())
}

/// What is made of a spec in TOML that names no files, and of the findings of reading it.
fn within<T>(text: &str, then: impl FnOnce(Context<'_>, Vec<Diagnostic>) -> T) -> T {
    let source =
        Source { name: "mtls.toml".to_owned(), directory: PathBuf::new(), text: text.to_owned() };
    let (document, mut findings) = document::read(&[Arc::new(source)]);
    let (spec, more) = document.deserialize();
    findings.extend(more);
    let files = Files::new();
    let now = Timestamp::parse("2030-01-01").unwrap();
    let context =
        Context { document: &document, spec: &spec, files: &files, conventions: &CONVENTIONS, now };
    then(context, findings)
}

/// The model of a spec without errors.
pub(crate) fn model(text: &str) -> Model {
    let (resolved, findings) = resolved(text);
    resolved.unwrap_or_else(|| panic!("{findings:#?}")).model
}

/// Codes of the errors, in their order.
fn errors(text: &str) -> Vec<&'static str> {
    let findings = resolved(text).1;
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.code).collect()
}

fn host(settings: &str) -> String {
    format!("{BASE}[hosts.\"h.example.com\"]\nservice = \"web\"\n{settings}\n")
}

fn client_auth(text: &str) -> ClientAuthentication {
    model(text).exposures[0].client_auth.clone().unwrap()
}

#[test]
fn the_trust_secret_has_the_name_that_was_said_nearest() {
    let cas = "[cas.one]\nsecretName = \"one-ca\"\n[cas.two]\n";
    for (auth, name) in [
        ("{ cas = [\"one\"] }", "one-ca"),
        ("{ cas = [\"one\"], secretName = \"mine\" }", "mine"),
        ("{ cas = [\"one\"], secretName = \"default/mine\" }", "mine"),
        ("{ cas = [\"two\"] }", "h-example-com-tls-cacert"),
        ("{ cas = [\"one\", \"two\"] }", "h-example-com-tls-cacert"),
    ] {
        let text =
            cas.to_owned() + &host(&format!("tls.issuer = \"self-signed\"\nclientAuth = {auth}"));
        assert_eq!(client_auth(&text).secret.to_string(), format!("default/{name}"), "{auth}");
    }
}

#[test]
fn a_hosts_own_words_are_laid_over_the_defaults() {
    let defaults = "[cas.one]\n[cas.two]\n[defaults.hosts]\ntls = { issuer = \"one\", duration = \"90d\" }\nclientAuth = { cas = [\"one\"], verify = \"optional\" }\n";
    let model_of = |settings: &str| model(&(defaults.to_owned() + &host(settings)));
    let plain = model_of("");
    let auth = plain.exposures[0].client_auth.clone().unwrap();
    assert_eq!(
        (auth.authorities.as_slice(), auth.verify),
        (&["one".to_owned()][..], Verify::Optional)
    );
    let own = model_of("clientAuth = { cas = [\"two\"] }");
    let auth = own.exposures[0].client_auth.clone().unwrap();
    assert_eq!(
        (auth.authorities.as_slice(), auth.verify),
        (&["two".to_owned()][..], Verify::Optional)
    );
    assert_eq!(model_of("clientAuth = false").exposures[0].client_auth, None);
    let request =
        model_of("tls.issuer = \"self-signed\"").server_certificates["h.example.com"].clone();
    assert_eq!(request.issuer, crate::pki::request::Issuer::SelfSigned);
    assert_eq!(request.duration, crate::time::Seconds::days(90));
    assert_eq!(errors(&(defaults.to_owned() + &host("tls = false"))), ["client-auth-without-tls"]);
    let existing =
        model_of("clientAuth.secretName = \"x/ca\"").exposures[0].client_auth.clone().unwrap();
    assert!(existing.existing && existing.authorities.is_empty());
}

#[test]
fn kinds_of_keys_follow_algorithm_and_size() {
    for (defaults, own, kind) in [
        ("", "", KeyKind::EcdsaP256),
        ("", "{ size = 384 }", KeyKind::EcdsaP384),
        ("", "{ algorithm = \"RSA\" }", KeyKind::Rsa2048),
        ("algorithm = \"RSA\"\nsize = 4096", "", KeyKind::Rsa4096),
        ("algorithm = \"RSA\"\nsize = 4096", "{ algorithm = \"ECDSA\" }", KeyKind::EcdsaP256),
        ("algorithm = \"RSA\"\nsize = 4096", "{ algorithm = \"RSA\" }", KeyKind::Rsa4096),
        ("algorithm = \"RSA\"", "{ size = 3072 }", KeyKind::Rsa3072),
        ("size = 384", "{ algorithm = \"Ed25519\" }", KeyKind::Ed25519),
    ] {
        let own = if own.is_empty() { String::new() } else { format!("privateKey = {own}\n") };
        let text = format!("[defaults.privateKey]\n{defaults}\n[cas.a]\n{own}");
        let AuthoritySource::Issued(request) = &model(&text).authorities["a"].source else {
            panic!()
        };
        assert_eq!(request.key_kind, kind, "{text}");
    }
}

#[test]
fn secrets_are_printed_once_and_never_with_two_contents() {
    let two = "[hosts.\"i.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n";
    let shared = "[cas.one]\n".to_owned()
        + &host(
            "tls.issuer = \"self-signed\"\nclientAuth = { cas = [\"one\"], secretName = \"ca\" }",
        )
        + two
        + "clientAuth = { cas = [\"one\"], secretName = \"ca\" }\n";
    let bundles = model(&shared).secrets.into_iter().filter(|s| s.reference.name == "ca");
    let bundles: Vec<Secret> = bundles.collect();
    assert_eq!(bundles.len(), 1);
    assert_eq!(bundles[0].exposures, ["h.example.com", "i.example.com"]);
    let unequal = "[cas.two]\n".to_owned()
        + &shared.replacen("cas = [\"one\"], secretName", "cas = [\"two\"], secretName", 1);
    assert_eq!(errors(&unequal), ["duplicate-object"]);
    let combined = "[cas.one]\n".to_owned()
        + &host(
            "tls = { issuer = \"self-signed\", secretName = \"x\" }\nclientAuth = { cas = [\"one\"], secretName = \"x\" }",
        );
    assert!(errors(&combined).contains(&"combined-secret"));
}

#[test]
fn a_borrowed_certificate_must_be_valid_for_the_borrower() {
    let lender = "[hosts.\"*.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\n";
    let fine = model(&(host("tls.host = \"*.example.com\"") + lender));
    let names: Vec<&str> = fine.secrets.iter().map(|s| s.reference.name.as_str()).collect();
    assert_eq!(names, ["wildcard-example-com-tls"]);
    let deep = lender.to_owned()
        + BASE
        + "[hosts.\"a.b.example.com\"]\nservice = \"web\"\ntls.host = \"*.example.com\"\n";
    assert_eq!(errors(&deep), ["borrowed-certificate"]);
}

#[test]
fn nothing_that_is_wrong_makes_a_model() {
    for text in ["namespace = 5\n", "[cas.a]\nissuer = \"b\"\n", "[hosts.x]\n"] {
        let (resolved, findings) = resolved(text);
        assert!(resolved.is_none(), "{findings:?}");
        assert!(crate::diagnostic::has_errors(&findings));
    }
}

#[test]
fn one_key_is_one_anchor_under_any_name() {
    let pem = include_bytes!("../../tests/invalid/files/root.pem");
    let root = crate::pki::certificate::Certificate::from_pem(pem).unwrap();
    let supplied = |name: &str| {
        let source = AuthoritySource::Supplied(root.clone());
        (
            name.to_owned(),
            Authority {
                name: name.to_owned(),
                source,
                can_sign: true,
                revoked: Vec::new(),
                lists: super::RevocationListSettings::default(),
            },
        )
    };
    let below = "[cas.a]\n[cas.b]\n[cas.below-a]\nissuer = \"a\"\n[cas.below-b]\nissuer = \"b\"\n";
    let mut authorities = model(below).authorities;
    authorities.extend([supplied("a"), supplied("b")]);
    let lineage = lineage::Lineage::of(&authorities);
    assert_eq!(lineage.root("below-a"), lineage.root("below-b"));
    assert!(lineage.is_at_or_below("below-b", "a"));
    assert!(!lineage.is_at_or_below("below-b", "below-a"));
    assert_eq!(lineage.intermediates("below-a"), 1);
}

#[test]
fn what_server_side_apply_loses_is_reported_with_its_place() {
    let text =
        "[annotations]\n\"x/fine\" = \"tab\\t, \\u2028 and \\uFEFF\"\n\"x/a\" = \"a\\u007Fb\"\n"
            .to_owned()
            + BASE
            + "annotations = { \"x/b\" = \"\\uFFFE\" }\nenv = [{ name = \"N\", value = \"\\u0085\" }]\n\
           [services.api]\nimage = \"httpd\"\nport = 80\nenv = { N = \"\\u009F\", M = \"fine\" }\n\
           [hosts.\"h.example.com\"]\nservice = \"web\"\ntls = false\nannotations = { \"x/c\" = \"\\uFFFF\" }\n";
    let (resolved, findings) = resolved(&text);
    assert!(resolved.is_some(), "they are warnings: {findings:#?}");
    let reported: Vec<(usize, bool)> = findings
        .iter()
        .filter(|finding| finding.code == "server-side-apply")
        .map(|finding| {
            let span = finding.span.as_ref().unwrap();
            let line = text[..span.start].lines().count();
            (line, finding.title.contains("`\\u{7f}`"))
        })
        .collect();
    assert_eq!(reported, [(3, true), (12, false), (7, false), (8, false), (16, false)]);
}

#[test]
fn a_host_that_is_left_out_is_an_error() {
    let findings = within(&host("tls.issuer = \"self-signed\""), |context, _| {
        let mut findings = Findings::default();
        resolve::refuse_lost_hosts(context, &[], &mut findings);
        findings.0
    });
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["host-incomplete"]);
}
