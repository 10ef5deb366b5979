//! The list of those who may, of all that a host's authorities sign.

use super::AllowedClient;
use super::client_auth::{Known, Of, written_path};
use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::request::Issuer;
use crate::specification::Verify;
use crate::specification::document::Path;

/// What a list depends on.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    /// Names of clients.
    pub names: &'a [String],
    /// Whether a certificate is required.
    pub verify: Verify,
    /// Whether the trust bundle exists already, unseen.
    pub existing: bool,
    /// The trusted authorities.
    pub authorities: &'a [String],
}

/// Those who may, in the order of the list.
pub fn resolve(
    context: Context<'_>,
    of: Of<'_>,
    list: &List<'_>,
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<Vec<AllowedClient>> {
    refuse_pointless_list(context, of, list, findings)?;
    let path = written_path(context, of.key, "allow");
    let mut clients = Vec::new();
    for (index, name) in list.names.iter().enumerate() {
        let here = [path.as_slice(), &path![index]].concat();
        clients.push(allowed(context, &here, name, list, known, findings)?);
    }
    Some(clients)
}

/// A list that protects nothing.
fn refuse_pointless_list(
    context: Context<'_>,
    of: Of<'_>,
    list: &List<'_>,
    findings: &mut Findings,
) -> Option<()> {
    let (title, help) = if list.names.is_empty() {
        (
            "`allow` is empty, so no client is admitted",
            "name clients, or remove `allow` to admit every client below the authorities in `cas`",
        )
    } else if list.verify != Verify::On {
        (
            "`allow` needs `verify = \"on\"`: with anything else the list does not protect the host",
            "remove `verify`, or remove `allow`",
        )
    } else {
        return Some(());
    };
    let place = context.value(&written_path(context, of.key, "allow"));
    findings.push(Diagnostic::error("allow", title).at(place).help(help));
    None
}

fn allowed(
    context: Context<'_>,
    here: &Path,
    name: &str,
    list: &List<'_>,
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<AllowedClient> {
    let Some(client) = known.clients.get(name) else {
        let declared = context.spec.clients.keys().map(String::as_str);
        if !context.spec.clients.contains_key(name) {
            findings.unknown(context, here, ("client", "clients"), name, declared);
        }
        return None;
    };
    let is_below = match &client.request.issuer {
        Issuer::Authority(issuer) => {
            list.authorities.iter().any(|listed| known.lineage.is_at_or_below(issuer, listed))
        }
        Issuer::SelfSigned => false,
    };
    // What an existing Secret trusts is not seen here.
    if !is_below && !list.existing {
        findings.push(
            Diagnostic::error(
                "allow",
                format!("client `{name}` is signed by none of this host's authorities"),
            )
            .at(context.value(here))
            .related(context.value(&path!["clients", name, "issuer"]), "its issuer")
            .help("add its authority to `cas`, or let one of them sign it"),
        );
        return None;
    }
    let subject = client.request.subject.clone();
    Some(AllowedClient { name: name.to_owned(), subject })
}
