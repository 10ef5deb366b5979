//! Whether what `render` makes of an imported spec serves the same requests as the Ingresses that were found: the model of
//! ingress-nginx answers for both.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::found::{Found, FoundObject};
use super::judge::{Entry, Pki};
use super::sites;
use crate::access::present::Present;
use crate::access::{self, Asked, Change, Client};
use crate::diagnostic::Diagnostic;
use crate::enforcement::{Backend, Presented, Verdict};
use crate::manifest::kinds::{Api as _, Ingress};
use crate::manifest::{Disclosure, ObjectSet};
use crate::model::Model;
use crate::pki::request::Holder;
use crate::render::{self, template::TemplateSet};
use crate::store::Inventory;
use crate::time::Timestamp;

/// A request that would get another answer than today.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Altered {
    /// Its host.
    pub host: String,
    /// Its path.
    pub path: String,
    /// Who makes it.
    pub client: String,
    /// What becomes of it today.
    pub before: String,
    /// What would become of it.
    pub after: String,
    /// Whether it is served although it is refused today.
    pub is_weaker: bool,
}

/// What would change for clients, where Ingresses were found.
///
/// # Errors
/// What `render` would say of the spec.
pub(super) fn compare(
    pki: &Pki,
    found: &Found,
    (model, inventory): (&Model, &Inventory),
    now: Timestamp,
) -> Result<Vec<Altered>, Vec<Diagnostic>> {
    if pki.sites.is_empty() {
        return Ok(Vec::new());
    }
    let present = Present { model, inventory };
    let templates = TemplateSet::built_in();
    let rendered =
        render::render_apart(model, &present, &templates, Disclosure::Masked, &|_| None)?.manifests;
    let before = sites::objects(found);
    let mut after = ObjectSet::empty(&before);
    let is_kept = |one: &&FoundObject| {
        let is_replaced = rendered.iter().any(|ours| ours.identity.is_same_object(&one.identity));
        !is_replaced && one.identity.kind != Ingress::KIND
    };
    for FoundObject { identity, object, .. } in found.objects.iter().filter(is_kept) {
        after.add_other(identity.clone(), object);
    }
    for object in &rendered {
        after.add(object);
    }
    let asked = Asked {
        hosts: pki.sites.iter().map(|site| site.host.clone()).collect(),
        paths: Vec::new(),
        clients: pki.entries.iter().filter_map(client).collect(),
    };
    let changes = access::changes(&sites::observed(&before), &sites::observed(&after), &asked, now);
    let mut seen = BTreeSet::new();
    let altered = changes.iter().filter_map(altered);
    Ok(altered
        .filter(|one| seen.insert((one.host.clone(), one.path.clone(), one.client.clone())))
        .collect())
}

fn client(entry: &Entry) -> Option<Client> {
    if !matches!(entry.holder, Holder::Client(_)) || !entry.in_spec {
        return None;
    }
    let own = entry.certificate.clone()?;
    let chain = std::iter::once(own).chain(entry.above.iter().cloned()).collect();
    Some(Client { name: entry.holder.full_name(), shows: Presented::Chain(chain) })
}

/// Whether another Service gets the request, or another port of it; of a name and a number, either may be the other.
fn is_led_elsewhere(before: &Verdict, after: &Verdict) -> bool {
    let (
        Verdict::Admitted { backend: Some(before), .. },
        Verdict::Admitted { backend: Some(after), .. },
    ) = (before, after)
    else {
        return false;
    };
    let is_number = |backend: &Backend| backend.port.bytes().all(|octet| octet.is_ascii_digit());
    (&before.namespace, &before.service) != (&after.namespace, &after.service)
        || before.port != after.port && is_number(before) == is_number(after)
}

/// A change of who is served, or by which Service; which headers the backend gets is not one.
fn altered(change: &Change) -> Option<Altered> {
    let is_weaker = change.after.verdict.may_admit() && !change.before.may_admit();
    let is_shut_out = matches!(change.before, Verdict::Admitted { .. })
        && !matches!(change.after.verdict, Verdict::Admitted { .. });
    if !is_weaker && !is_shut_out && !is_led_elsewhere(&change.before, &change.after.verdict) {
        return None;
    }
    let [host, path, client, before, after] = access::change_cells(change);
    Some(Altered { host, path, client, before, after, is_weaker })
}
