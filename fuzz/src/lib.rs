//! What is asked of every reader of foreign octets, one function each; `targets/` hands them to libFuzzer.
//!
//! Besides not to panic, not to hang and not to use much memory: what was read and written again reads the same, and
//! every message about it can be shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mtlsgen::complete::helm;
use mtlsgen::diagnostic::{Diagnostic, Source, human, json};
use mtlsgen::existing;
use mtlsgen::inspect::{self, ReadError, reading::Passwords};
use mtlsgen::io::age_file::{Header, Identities, is_age};
use mtlsgen::io::store::fuzzing;
use mtlsgen::kustomize::resource_list::ResourceList;
use mtlsgen::manifest::{Disclosure, lists};
use mtlsgen::model::{self, Context, Files, Resolved};
use mtlsgen::pki::acceptance;
use mtlsgen::pki::certificate::Certificate;
use mtlsgen::pki::certification_request::CertificationRequest;
use mtlsgen::pki::crl::RevocationList;
use mtlsgen::pki::key::PrivateKey;
use mtlsgen::pki::pkcs12::{self, Password};
use mtlsgen::plan::Rehearsal;
use mtlsgen::render;
use mtlsgen::render::template::TemplateSet;
use mtlsgen::specification::document::{self, Document};
use mtlsgen::time::Timestamp;
use mtlsgen::yaml;
use serde_json::Value;
use zeroize::Zeroizing;

/// 2030-03-17.
const NOW: i64 = 1_900_000_000;

/// What templates and patches are applied to.
const SPEC: &str = r#"
cas: { clients: {} }
clients: { alice: { issuer: clients } }
services: { web: { image: httpd, port: 80 } }
hosts:
  web.example.com: { service: web, tls: { issuer: self-signed }, clientAuth: { cas: [clients] } }
"#;

/// A spec in TOML, up to its manifests.
pub fn spec_toml(octets: &[u8]) {
    spec("mtls.toml", octets);
}

/// A spec in YAML, up to its manifests.
pub fn spec_yaml(octets: &[u8]) {
    spec("mtls.yaml", octets);
}

fn spec(name: &str, octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (document, resolved, mut findings) = resolved(name, text);
    if let Some(resolved) = resolved {
        findings.extend(rendered(&document, &resolved, &TemplateSet::built_in()));
    }
    shown(&findings);
}

/// A user's template: beside the built-in ones, in the place of one, and included by one.
pub fn template(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (document, resolved, _) = resolved("mtls.yaml", SPEC);
    let resolved = resolved.expect("the spec has no mistakes");
    for name in ["extra.yaml.j2", "ingress-nginx/ingress.yaml.j2", "secret.yaml.j2"] {
        let source = source(&format!("templates/{name}"), text);
        match TemplateSet::new(BTreeMap::from([(name.to_owned(), source)])) {
            Ok(set) => shown(&rendered(&document, &resolved, &set)),
            Err(findings) => shown(&findings),
        }
    }
}

/// A patch, for all objects.
pub fn patch(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let text = Value::from(text);
    let spec = format!(
        "{SPEC}\npatches:\n- {{ patch: {text}, target: {{ kind: '.*' }} }}\n- {{ patch: {text} }}\n"
    );
    self::spec("mtls.yaml", spec.as_bytes());
}

/// Certificates, DER or PEM.
pub fn certificate(octets: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(octets) {
        let again = Certificate::from_pem(certificate.to_pem().as_bytes());
        let again = again.expect("what was written is read");
        let _ = acceptance::refusal(&certificate, true);
        assert_eq!(again, [certificate]);
    }
    let _ = Certificate::from_pem(octets);
}

/// Certificate revocation lists, DER or PEM.
pub fn revocation_list(octets: &[u8]) {
    if let Ok(list) = RevocationList::from_der(octets) {
        let again = RevocationList::from_pem(list.to_pem().as_bytes());
        match again {
            Ok(again) => assert_eq!(again.len(), 1),
            Err(why) => assert!(list.flaw.is_some(), "what was written is not read: {why}"),
        }
    }
    let _ = RevocationList::from_pem(octets);
}

/// Certification requests.
pub fn signing_request(octets: &[u8]) {
    let _ = CertificationRequest::from_file(octets);
}

/// PKCS#12 files and private keys.
pub fn pkcs12(octets: &[u8]) {
    if pkcs12::looks_like(octets) {
        let _ = pkcs12::read(octets, &Password::empty());
    }
    let _ = PrivateKey::from_pem(octets);
    let _ = PrivateKey::from_pkcs8(octets);
}

/// Age files.
pub fn age(octets: &[u8]) {
    let _ = is_age(octets);
    let _ = Header::read(octets);
    let _ = Identities::default().open(octets);
}

/// Ledger entries and revocations of the store.
pub fn ledger(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    fuzzing::ledger(text);
}

/// Lists of interrupted changes of the store.
pub fn change(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Some(again) = fuzzing::change(text) {
        assert_eq!(fuzzing::change(&again).as_deref(), Some(&*again));
    }
}

/// Kustomize's ResourceList.
pub fn resource_list(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match ResourceList::parse(text) {
        Ok(list) => {
            let items = list.items.clone();
            let again = ResourceList::parse(&list.emit()).expect("what was written is read");
            assert_eq!(again.items, items);
        }
        Err(mistake) => shown(&[*mistake]),
    }
}

/// Secrets that exist.
pub fn secrets(octets: &[u8]) {
    let text = Zeroizing::new(octets.to_vec());
    if let Err(findings) =
        existing::reading::read(vec![existing::Input { name: "<stdin>".to_owned(), text }])
    {
        shown(&findings);
    }
}

/// A chart's manifests.
pub fn manifests(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match helm::objects(text) {
        Ok(objects) => {
            for object in &objects {
                let again = yaml::parse(&yaml::emit(object)).expect("what was written is read");
                assert_eq!(again, std::slice::from_ref(object));
            }
            let _ = lists::unfold(objects);
        }
        Err(mistake) => shown(&[*mistake]),
    }
}

/// Any file that `cert show` is given.
pub fn inspect(octets: &[u8]) {
    let _ = inspect::read("file", octets, &NoPassword);
}

struct NoPassword;

impl Passwords for NoPassword {
    fn password(&self, _file: &str, _ask: bool) -> Result<Option<Password>, ReadError> {
        Ok(None)
    }
}

fn source(name: &str, text: &str) -> Arc<Source> {
    Arc::new(Source { name: name.to_owned(), directory: PathBuf::new(), text: text.to_owned() })
}

fn resolved(name: &str, text: &str) -> (Document, Option<Resolved>, Vec<Diagnostic>) {
    let (document, mut findings) = document::read(&[source(name, text)]);
    findings.extend(document.plugin().1);
    let (spec, mistakes) = document.deserialize();
    findings.extend(mistakes);
    if !document.is_whole() {
        return (document, None, findings);
    }
    let now = Timestamp::from_unix(NOW);
    let files = Files::default();
    let context = Context {
        document: &document,
        spec: &spec,
        files: &files,
        conventions: mtlsgen::targets::conventions(None),
        now,
    };
    let (resolved, findings) = model::resolve(context, findings).now();
    (document, resolved, findings)
}

fn rendered(document: &Document, resolved: &Resolved, templates: &TemplateSet) -> Vec<Diagnostic> {
    let locate = |path: &[document::Step]| document.span(path);
    let (model, disclosure) = (&resolved.model, Disclosure::Masked);
    match render::render(model, &Rehearsal, templates, disclosure, &locate) {
        Ok(checked) => checked.warnings,
        Err(findings) => findings,
    }
}

fn shown(findings: &[Diagnostic]) {
    let _ = human::render(findings, false, 100);
    for line in json::render(findings).lines() {
        let _: Value = serde_json::from_str(line).expect("each line is an object");
    }
}
