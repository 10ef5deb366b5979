//! Who is to get in, as the spec says it.

use std::collections::BTreeSet;

use crate::enforcement::{Backend, Desired, DesiredHost, Pattern, representatives};
use crate::model::{ClientAuthentication, Exposure, Model, Route};
use crate::pki::certificate::Certificate;
use crate::pki::request::{Holder, Issuer};
use crate::specification::Verify;
use crate::specification::value::PortReference;
use crate::store::Material;

/// Paths that begin so are those of ACME challenges (RFC 8555, section 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge";

/// Who is to get in at the hosts of a model, whose certificates `material` has. Left out are hosts of which that is not
/// mtlsgen's to say: whose authorities stand in a Secret that exists, or where the spec allows annotations whose effect is
/// not known.
#[must_use]
pub fn desired(model: &Model, material: &dyn Material) -> Desired {
    let mut desired = Desired::default();
    for exposure in &model.exposures {
        let asking = exposure.client_auth.as_ref().filter(|auth| auth.verify == Verify::On);
        match asking {
            Some(auth) if !auth.existing && !exposure.is_unknown() => {
                desired.hosts.push(host(model, material, exposure, auth));
            }
            None if exposure.client_auth.is_none() => {
                desired.open.insert(exposure.host.as_str().to_lowercase());
            }
            Some(_) | None => {}
        }
    }
    desired
}

fn host(
    model: &Model,
    material: &dyn Material,
    exposure: &Exposure,
    auth: &ClientAuthentication,
) -> DesiredHost {
    let bundle = material.trust_bundle(&auth.authorities);
    let below = bundle.and_then(|pem| Certificate::from_pem(pem.as_bytes()).ok());
    let name = exposure.host.as_str().to_lowercase();
    let pattern = match name.strip_prefix("*.") {
        Some(domain) => Pattern::OneLabel(domain.to_owned()),
        None => Pattern::Exact(name.clone()),
    };
    // Solvers of ACME challenges answer anybody, by plain HTTP too; a backend behind other paths as well does not.
    let asked = exposure.routes.iter().filter(|route| !route.path.starts_with(CHALLENGES));
    let only = auth.allow.as_ref().map(|all| all.iter().map(|one| one.subject.rfc2253()).collect());
    DesiredHost {
        key: exposure.key.clone(),
        host: representatives::name_of(&pattern).unwrap_or(name),
        below: below.unwrap_or_default(),
        clients: client(model, material, auth, only.as_ref()).into_iter().collect(),
        only,
        backends: asked.map(|route| backend(exposure, route)).collect(),
    }
}

/// The first client of an authority of the host that its list has, with the chain that it was given.
fn client(
    model: &Model,
    material: &dyn Material,
    auth: &ClientAuthentication,
    only: Option<&BTreeSet<String>>,
) -> Option<(String, Vec<Certificate>)> {
    model.clients.iter().find_map(|(name, client)| {
        let is_below = matches!(&client.request.issuer, Issuer::Authority(issuer) if auth.authorities.contains(issuer));
        let pem = material.certificate_chain(&Holder::Client(name.clone())).filter(|_| is_below)?;
        let chain = Certificate::from_pem(pem.as_bytes()).ok()?;
        let subject = chain.first()?.subject.rfc2253();
        only.is_none_or(|only| only.contains(&subject)).then(|| (name.clone(), chain))
    })
}

fn backend(exposure: &Exposure, route: &Route) -> Backend {
    Backend {
        namespace: exposure.namespace.to_string(),
        service: route.service.to_string(),
        port: match &route.port {
            PortReference::Number(port) => port.0.to_string(),
            PortReference::Name(name) => name.to_string(),
        },
    }
}
