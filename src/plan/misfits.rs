//! Which certificates a spec would have issued anew, and why: for those who write the spec of certificates that
//! exist already.

use std::collections::BTreeMap;

use super::planning::{Signer, compared, existing, in_its_string_types, validity};
use super::reason::{self, Reason};
use crate::model::{AuthoritySource, Model};
use crate::pki::request::{Holder, Issuer};
use crate::store::{HeldCertificate, Inventory};
use crate::time::Timestamp;

/// The holders whose certificates would not be kept.
#[must_use]
pub fn misfits(model: &Model, inventory: &Inventory, now: Timestamp) -> BTreeMap<Holder, Reason> {
    let signers: BTreeMap<&str, Signer<'_>> = model
        .authorities
        .values()
        .filter_map(|authority| {
            let own = match &authority.source {
                AuthoritySource::Supplied(chain) => chain.first(),
                AuthoritySource::Issued(request) => {
                    inventory.held.get(&request.holder).map(HeldCertificate::certificate)
                }
            };
            Some((authority.name.as_str(), existing(own?)))
        })
        .collect();
    let mut found = BTreeMap::new();
    for request in model.requests() {
        let Some(held) = inventory.held.get(&request.holder) else { continue };
        let signer = match &request.issuer {
            Issuer::SelfSigned => None,
            Issuer::Authority(name) => signers.get(name.as_str()),
        };
        let validity = validity(request, signer, now);
        let want = in_its_string_types(std::borrow::Cow::Borrowed(request), Some(held));
        let reason = reason::reason(&compared(&want, held, signer, now, validity));
        found.extend(reason.map(|reason| (request.holder.clone(), reason)));
    }
    found
}
