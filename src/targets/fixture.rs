//! Models built by hand, and material that is plain text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use crate::model::lineage::Lineage;
use crate::model::{
    Annotations, ClientAuthentication, Deployment, Exposure, Labels, Model, Reference, Route,
    Secret, SecretContent, ServerCertificateSource, ServerTls, Service, ServicePort,
};
use crate::pki::certificate::Certificate;
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::specification::value::{Port, PortReference};
use crate::specification::{PathType, Protocol, Verify};
use crate::store::Material;
use crate::store::SecretKey;

/// Certificates and keys that name their holders.
pub(crate) struct FakeMaterial;

struct FakeKey;

impl SecretKey for FakeKey {
    fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n".to_owned(),
        )
    }
}

impl Material for FakeMaterial {
    fn certificate_chain(&self, holder: &Holder) -> Option<String> {
        Some(certificate(holder.name()))
    }

    fn certificates(&self, holder: &Holder) -> Vec<Certificate> {
        Certificate::from_pem(certificate(holder.name()).as_bytes()).unwrap()
    }

    fn private_key(&self, holder: &Holder) -> Option<Arc<dyn SecretKey>> {
        (holder.name() != "keyless").then(|| Arc::new(FakeKey) as Arc<dyn SecretKey>)
    }

    fn key_fingerprint(&self, _: &Holder) -> Option<SpkiHash> {
        Some(SpkiHash([0xab; 32]))
    }

    fn trust_bundle(&self, authorities: &[String]) -> Option<String> {
        Some(authorities.iter().map(|name| certificate(name)).collect())
    }

    fn revocation_lists(&self, _: &[String]) -> Result<Option<String>, String> {
        Ok(None)
    }
}

/// The certificate of an authority of that name, the same on each call.
pub(crate) fn certificate(name: &str) -> String {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap();
    let make = || {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
    };
    known.entry(name.to_owned()).or_insert_with(make).clone()
}

pub(crate) fn labels(entries: &[(&str, &str)]) -> Labels {
    entries.iter().map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap())).collect()
}

pub(crate) fn annotations(entries: &[(&str, &str)]) -> Annotations {
    entries.iter().map(|(key, value)| (key.parse().unwrap(), (*value).to_owned())).collect()
}

pub(crate) fn service(name: &str) -> Service {
    Service {
        key: name.to_owned(),
        name: name.parse().unwrap(),
        namespace: "default".parse().unwrap(),
        ports: vec![ServicePort {
            name: None,
            port: 80,
            container_port: 80,
            protocol: Protocol::Tcp,
        }],
        deployment: Some(Deployment {
            replicas: 1,
            container_name: "httpd".parse().unwrap(),
            image: "httpd".to_owned(),
            env: None,
            requests: BTreeMap::new(),
            limits: BTreeMap::new(),
            pod_security: None,
        }),
        rendered: true,
        selector: labels(&[("app", name)]),
        labels: Labels::new(),
        annotations: Annotations::new(),
    }
}

/// A host over plain HTTP.
pub(crate) fn exposure(host: &str) -> Exposure {
    let name = host.replace('*', "wildcard").replace('.', "-");
    Exposure {
        key: host.to_owned(),
        host: host.parse().unwrap(),
        namespace: "default".parse().unwrap(),
        name: name.parse().unwrap(),
        ingress_class_name: "nginx".parse().unwrap(),
        routes: vec![Route {
            path: "/".to_owned(),
            path_type: PathType::Prefix,
            service: "demo-app".parse().unwrap(),
            port: PortReference::Number(Port(80)),
        }],
        tls: None,
        client_auth: None,
        gateway: None,
        existing_ingress: None,
        covered_by: None,
        labels: Labels::new(),
        annotations: Annotations::new(),
        allowed_annotations: BTreeSet::new(),
    }
}

/// A host that requires certificates of the authority `clients`.
pub(crate) fn protected(host: &str) -> Exposure {
    let mut exposure = exposure(host);
    exposure.tls = Some(ServerTls {
        secret_name: "self-tls".parse().unwrap(),
        source: ServerCertificateSource::Held(Holder::Host(host.to_owned())),
    });
    exposure.client_auth = Some(ClientAuthentication {
        secret: reference("ca-secret"),
        existing: false,
        authorities: vec!["clients".to_owned()],
        verify: Verify::On,
        verify_depth: None,
        pass_certificate_to_upstream: true,
        error_page: None,
        allow: None,
    });
    exposure
}

fn reference(name: &str) -> Reference {
    Reference { namespace: "default".to_owned(), name: name.to_owned() }
}

/// One service and these hosts, with the Secrets that protected ones need.
pub(crate) fn model(exposures: Vec<Exposure>) -> Model {
    let secret = |name: &str, content| Secret {
        reference: reference(name),
        content,
        exposures: exposures.iter().map(|exposure| exposure.key.clone()).collect(),
        labels: Labels::new(),
        annotations: Annotations::new(),
    };
    let secrets = match exposures.iter().find(|exposure| exposure.tls.is_some()) {
        None => Vec::new(),
        Some(first) => vec![
            secret("ca-secret", SecretContent::TrustBundle(vec!["clients".to_owned()])),
            secret("self-tls", SecretContent::KeyPair(Holder::Host(first.key.clone()))),
        ],
    };
    Model {
        name: None,
        controllers: Vec::new(),
        default_class: None,
        target: "ingress-nginx".to_owned(),
        secret_format: "plain".to_owned(),
        labels: Labels::new(),
        annotations: Annotations::new(),
        authorities: BTreeMap::new(),
        services: BTreeMap::from([("demo-app".to_owned(), service("demo-app"))]),
        exposures,
        clients: BTreeMap::new(),
        server_certificates: BTreeMap::new(),
        supplied: BTreeMap::new(),
        lineage: Lineage::default(),
        client_signers: BTreeSet::new(),
        secrets,
        patches: Vec::new(),
        allow_plain_in_git: false,
        name_suffix_hash: false,
        derivation: None,
        conventions: crate::targets::conventions(None),
    }
}

/// W1's third stage.
pub(crate) fn walkthrough() -> Model {
    model(vec![protected("test.localdev.me")])
}
