//! What a first spec is to hold.

use std::fmt;
use std::str::FromStr;

use crate::identity::DEFAULT_NAMESPACE;
use crate::specification::value::ObjectName;

/// What a first spec is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Host that clients call.
    pub host: String,
    /// Namespace of all objects.
    pub namespace: String,
    /// Service behind the host.
    pub service: String,
    /// Container image of the service; `None`: the service exists.
    pub image: Option<String>,
    /// Port of the service.
    pub port: u16,
    /// Server certificate.
    pub tls: ServerCertificate,
    /// Authority that signs clients; `None`: no client authentication.
    pub ca: Option<String>,
    /// Names of clients; empty without an authority.
    pub clients: Vec<String>,
}

impl Default for Answers {
    /// A demo that runs on any cluster with the controller: `*.localdev.me` is the machine itself.
    fn default() -> Self {
        Self {
            host: "test.localdev.me".to_owned(),
            namespace: DEFAULT_NAMESPACE.to_owned(),
            service: "demo-app".to_owned(),
            image: Some("httpd".to_owned()),
            port: 80,
            tls: ServerCertificate::SelfSigned,
            ca: Some("clients".to_owned()),
            clients: vec!["alice".to_owned()],
        }
    }
}

/// The source of a host's server certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerCertificate {
    /// `self-signed`.
    SelfSigned,
    /// `ca=NAME`: an authority of the spec.
    Authority(String),
    /// `cert-manager=NAME`: a `ClusterIssuer`.
    CertManager(String),
    /// `secret=NAME`: exists already.
    Secret(String),
    /// `none`: HTTP only.
    None,
}

impl FromStr for ServerCertificate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = |name: &str| ObjectName::from_str(name).map(|name| name.to_string());
        match text.split_once('=') {
            None if text == "self-signed" => Ok(Self::SelfSigned),
            None if text == "none" => Ok(Self::None),
            Some(("ca", authority)) => name(authority).map(Self::Authority),
            Some(("cert-manager", issuer)) => name(issuer).map(Self::CertManager),
            Some(("secret", secret)) => name(secret).map(Self::Secret),
            _ => Err("write `self-signed`, `ca=NAME`, `cert-manager=CLUSTERISSUER`, `secret=NAME` or `none`"
                .to_owned()),
        }
    }
}

impl fmt::Display for ServerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SelfSigned => f.write_str("self-signed"),
            Self::Authority(name) => write!(f, "ca={name}"),
            Self::CertManager(name) => write!(f, "cert-manager={name}"),
            Self::Secret(name) => write!(f, "secret={name}"),
            Self::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_read_and_print_alike() {
        for text in ["self-signed", "ca=issuing", "cert-manager=letsencrypt", "secret=tls", "none"]
        {
            assert_eq!(ServerCertificate::from_str(text).unwrap().to_string(), text);
        }
        for text in ["", "selfsigned", "issuer=a", "none=a", "self-signed=a"] {
            assert!(ServerCertificate::from_str(text).unwrap_err().starts_with("write"), "{text}");
        }
    }
}
