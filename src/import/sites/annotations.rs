//! What annotations of an Ingress become: client authentication, classes and issuers are keys of a spec; most others stay
//! annotations.

use std::collections::BTreeMap;

use super::SiteAuth;
use crate::controllers::ingress_nginx::{PREFIX, annotation_risk};
use crate::manifest::Seen;
use crate::manifest::kinds::Ingress;

/// The class, as Ingresses said it before `ingressClassName`.
const CLASS: &str = "kubernetes.io/ingress.class";
/// What asks cert-manager for a certificate, with the keys of a spec.
const ISSUERS: [(&str, &str); 2] =
    [("cert-manager.io/cluster-issuer", "clusterIssuer"), ("cert-manager.io/issuer", "issuer")];
/// What the programs note down that made the object: it would name an owner that the new one does not have.
const OWNED: [&str; 6] = [
    "kubectl.kubernetes.io/",
    "meta.helm.sh/",
    "helm.sh/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "field.cattle.io/",
];
/// Redirects of a protected host, which `render` sets itself.
const REDIRECTS: [&str; 2] = ["ssl-redirect", "force-ssl-redirect"];

/// What becomes of annotations.
#[derive(Default)]
pub(super) struct Kept {
    /// Those that stay.
    pub carried: BTreeMap<String, String>,
    /// Names of those that do not, and why.
    pub left_out: Vec<(String, String)>,
}

fn text<'a>(seen: &'a Seen<'_, Ingress>, name: &str) -> Option<&'a str> {
    seen.object.metadata.annotations.get(name).filter(|text| !text.is_empty())
}

fn nginx<'a>(seen: &'a Seen<'_, Ingress>, name: &str) -> Option<&'a str> {
    text(seen, &format!("{PREFIX}{name}"))
}

/// The class, if the Ingress has one.
pub(super) fn class(seen: &Seen<'_, Ingress>) -> Option<String> {
    let own = seen.object.spec.ingress_class_name.as_deref().filter(|name| !name.is_empty());
    own.or_else(|| text(seen, CLASS)).map(str::to_owned)
}

/// The issuer of cert-manager that is asked for the certificate: the key of a spec, and its name.
pub(super) fn issuer(seen: &Seen<'_, Ingress>) -> Option<(&'static str, String)> {
    ISSUERS.iter().find_map(|(name, key)| Some((*key, text(seen, name)?.to_owned())))
}

/// What is asked of clients.
pub(super) fn auth(seen: &Seen<'_, Ingress>) -> Option<SiteAuth> {
    let secret = nginx(seen, "auth-tls-secret")?;
    let verify = nginx(seen, "auth-tls-verify-client").unwrap_or("on");
    if verify == "off" {
        return None;
    }
    let own = seen.identity.namespace_or_default();
    let (namespace, name) = secret.split_once('/').unwrap_or((own, secret));
    Some(SiteAuth {
        secret: (namespace.to_owned(), name.to_owned()),
        // The controller takes `on` for a word that it does not know (`authtls/main.go`).
        verify: if ["optional", "optional_no_ca"].contains(&verify) { verify } else { "on" }
            .to_owned(),
        depth: nginx(seen, "auth-tls-verify-depth").and_then(|text| text.parse().ok()),
        passes: nginx(seen, "auth-tls-pass-certificate-to-upstream") == Some("true"),
        error_page: nginx(seen, "auth-tls-error-page").map(str::to_owned),
        subjects: nginx(seen, "auth-tls-match-cn").map(str::to_owned),
    })
}

/// What becomes of the other annotations.
pub(super) fn kept(seen: &Seen<'_, Ingress>, is_protected: bool) -> Kept {
    let mut kept = Kept::default();
    for (name, value) in seen.object.metadata.annotations.iter() {
        let is_of_tool = OWNED.iter().any(|prefix| name.starts_with(prefix));
        let is_key = name == CLASS || ISSUERS.iter().any(|(own, _)| *own == name);
        let own = name.strip_prefix(PREFIX).unwrap_or_default();
        let is_ours = own.starts_with("auth-tls-") || REDIRECTS.contains(&own) && is_protected;
        if is_of_tool || is_key || is_ours {
            continue;
        }
        match annotation_risk::opens(name, value).filter(|_| is_protected) {
            None => drop(kept.carried.insert(name.to_owned(), value.to_owned())),
            Some(why) => kept.left_out.push((name.to_owned(), why)),
        }
    }
    kept
}
