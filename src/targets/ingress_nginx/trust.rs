//! Whether the Secrets that hosts trust hold the authorities that they are to hold.

use std::collections::HashMap;

use crate::model::{ClientAuthentication, Reference};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::pki::crl::RevocationList;
use crate::store::Material;
use crate::targets::{SecretView, Trust};

/// Final Secrets by namespace and name; only asked, never iterated over.
pub(super) type Secrets<'a> = HashMap<(&'a str, &'a str), &'a SecretView<'a>>;

/// Judges each Secret once, however many hosts trust it.
pub(super) struct Trusted<'a> {
    material: &'a dyn Material,
    secrets: &'a Secrets<'a>,
    judged: HashMap<(&'a Reference, bool, &'a [String]), Vec<String>>,
}

impl<'a> Trusted<'a> {
    pub(super) fn new(material: &'a dyn Material, secrets: &'a Secrets<'a>) -> Self {
        Self { material, secrets, judged: HashMap::new() }
    }

    /// What is wrong with the Secret of these settings.
    pub(super) fn problems(&mut self, auth: &'a ClientAuthentication) -> &[String] {
        let (material, secrets) = (self.material, self.secrets);
        let key = (&auth.secret, auth.existing, auth.authorities.as_slice());
        self.judged.entry(key).or_insert_with(|| judge(auth, material, secrets))
    }
}

fn judge(
    auth: &ClientAuthentication,
    material: &dyn Material,
    secrets: &Secrets<'_>,
) -> Vec<String> {
    let called = format!("the Secret `{}` of trusted authorities", auth.secret);
    let key = (auth.secret.namespace.as_str(), auth.secret.name.as_str());
    let mut found = match secrets.get(&key) {
        // One that exists need not be among the objects.
        None if auth.existing => Vec::new(),
        None => vec!["is not among the objects".to_owned()],
        Some(secret) if auth.existing => existing(secret),
        Some(secret) => filled(secret, &auth.authorities, material),
    };
    for problem in &mut found {
        *problem = format!("{called} {problem}");
    }
    found
}

/// A Secret of somebody else's that a template has brought among the objects.
fn existing(secret: &SecretView<'_>) -> Vec<String> {
    let mut found = Vec::new();
    match &secret.trust {
        Trust::Bundle([]) => found.push(NO_CERTIFICATE.into()),
        Trust::Bundle(_) => {}
        Trust::Written { type_name: _, ca_crt, ca_crl } => {
            let ca_crt = ca_crt.as_deref().unwrap_or_default();
            found.extend(authority_problem(ca_crt));
            found.extend(ca_crl.as_deref().and_then(|lists| {
                revocation_problem(lists).or_else(|| refused_list(lists, ca_crt))
            }));
        }
    }
    found
}

/// A Secret that mtlsgen fills: nobody else may say whom it trusts.
fn filled(secret: &SecretView<'_>, authorities: &[String], material: &dyn Material) -> Vec<String> {
    let mut authorities = authorities.to_vec();
    authorities.sort_unstable();
    authorities.dedup();
    let mut found = Vec::new();
    match &secret.trust {
        Trust::Bundle(have) if *have == authorities => {}
        Trust::Bundle([]) => found.push(NO_CERTIFICATE.into()),
        Trust::Bundle(_) => found.push(other_authorities(&authorities)),
        Trust::Written { type_name, ca_crt, ca_crl } => {
            if *type_name != "Opaque" {
                found.push(format!("has the type `{}`, not `Opaque`", type_name.escape_debug()));
            }
            let have = ca_crt.as_deref().unwrap_or_default();
            let bundle = material.trust_bundle(&authorities);
            if !String::from_utf8_lossy(have).contains("-----BEGIN CERTIFICATE-----") {
                found.push(NO_CERTIFICATE.into());
            } else if bundle.is_none_or(|bundle| bundle.as_bytes() != have) {
                found.push(other_authorities(&authorities));
            }
            found.extend(list_problem(ca_crl.as_deref(), material.revocation_lists(&authorities)));
        }
    }
    if !secret.private_keys.is_empty() {
        found.push(format!("holds a private key under `{}`", secret.private_keys.join("`, `")));
    }
    found
}

/// What is wrong with the `ca.crl` of a Secret that mtlsgen fills.
fn list_problem(have: Option<&[u8]>, want: Result<Option<String>, String>) -> Option<String> {
    let want = match want {
        Ok(want) => want,
        Err(missing) => return Some(format!("needs a `ca.crl`: {missing}")),
    };
    match (have, want) {
        (None, None) => None,
        (Some(have), Some(want)) if want.as_bytes() == have => None,
        (None, Some(_)) => Some(
            "has no `ca.crl`: the controller would let revoked clients in".to_owned(),
        ),
        (Some(have), _) => Some(revocation_problem(have).unwrap_or_else(|| {
            "holds something else under `ca.crl` than the revocation lists of its authorities: what is revoked is said by `mtlsgen cert revoke`, `revoked` and `cas.NAME.crl`".to_owned()
        })),
    }
}

/// The controller then only logs that client authentication is off.
const NO_CERTIFICATE: &str = "has no certificate under `ca.crt`";

fn other_authorities(authorities: &[String]) -> String {
    format!(
        "holds something else under `ca.crt` than the certificates of `{}`: whom a host trusts is said by `clientAuth.cas`",
        authorities.join("`, `")
    )
}

/// Why clients cannot be verified with this `ca.crt`.
fn authority_problem(pem: &[u8]) -> Option<String> {
    match Certificate::from_pem(pem) {
        Ok(certificates) if certificates.iter().any(|one| one.is_authority) => {
            let unreadable = |one: &Certificate| Some((one.clone(), acceptance::unreadable(one)?));
            let (blamed, refusal) = certificates
                .iter()
                .find_map(unreadable)
                .or_else(|| acceptance::refusal_of_bundle(&certificates))?;
            Some(format!("lets no client in: `{}` {refusal}", blamed.subject.rfc2253()))
        }
        Ok(_) => Some("has no certificate of an authority under `ca.crt`".to_owned()),
        Err(error) => Some(format!("{NO_CERTIFICATE}: {error}")),
    }
}

/// Why the controller would refuse this `ca.crl`, and the whole Secret with it
/// (`internal/ingress/controller/store/backend_ssl.go`, `ConfigureCRL`).
fn revocation_problem(pem: &[u8]) -> Option<String> {
    let error = RevocationList::from_pem(pem).err()?;
    Some(format!(
        "has something under `ca.crl` that is no PEM block `X509 CRL` with a list that the controller reads ({error}): it then takes nothing of the Secret"
    ))
}

/// Why nginx refuses everybody with these lists of these authorities, whatever the time.
fn refused_list(lists: &[u8], authorities: &[u8]) -> Option<String> {
    let (lists, authorities) =
        (RevocationList::from_pem(lists).ok()?, Certificate::from_pem(authorities).ok()?);
    let refusal = |list: &RevocationList| {
        let own = authorities.iter().find(|own| list.may_be_signed_by(own))?;
        acceptance::refusal_of_list(list, own)
    };
    lists.iter().find_map(|list| {
        let (issuer, refusal) = (list.issuer.rfc2253(), refusal(list)?);
        Some(format!("has a revocation list of `{issuer}` under `ca.crl` that {refusal}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_revoked_certificates_are_read() {
        for text in ["", "x", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"] {
            assert!(revocation_problem(text.as_bytes()).is_some(), "{text}");
        }
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
        let issuer = rcgen::Issuer::new(params, key);
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2024, 1, 1),
            next_update: rcgen::date_time_ymd(2034, 1, 1),
            crl_number: rcgen::SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::PreSpecified(vec![1]),
        };
        let pem = list.signed_by(&issuer).unwrap().pem().unwrap();
        assert_eq!(revocation_problem(pem.as_bytes()), None);
        let certificate = pem.replace("X509 CRL", "CERTIFICATE");
        assert!(revocation_problem(certificate.as_bytes()).is_some());
    }
}
