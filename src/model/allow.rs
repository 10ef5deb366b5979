//! The list of those who may, of all that a host's authorities sign. The controller sees the subject
//! alone, so each subject must belong to one client, and all who could sign it must be in the spec.

use super::client_auth::{Known, Of, written_path};
use super::context::{Context, Findings, listed};
use super::lineage::Anchor;
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

/// The subjects of those who may, sorted.
pub fn resolve(
    context: Context<'_>,
    of: Of<'_>,
    list: &List<'_>,
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<Vec<String>> {
    refuse_pointless_list(context, of, list, findings)?;
    refuse_foreign_signers(context, of, list, known, findings)?;
    let path = written_path(context, of.key, "allow");
    let mut subjects = Vec::new();
    for (index, name) in list.names.iter().enumerate() {
        let here = [path.as_slice(), &path![index]].concat();
        subjects.push(allowed_subject(context, &here, name, list.authorities, known, findings)?);
    }
    Some(super::sorted(subjects.into_iter()))
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
            "`allow` lets nobody in",
            "name clients, or remove `allow` to let in all that the authorities sign",
        )
    } else if list.verify != Verify::On {
        (
            "`allow` needs `verify = \"on\"`: with anything else the list is no protection",
            "remove `verify`, or remove `allow`",
        )
    } else {
        return Some(());
    };
    let place = context.value(&written_path(context, of.key, "allow"));
    findings.push(Diagnostic::error("allow", title).at(place).help(help));
    None
}

/// The controller sees the subject alone, so all who could sign such a subject must be in the spec.
fn refuse_foreign_signers(
    context: Context<'_>,
    of: Of<'_>,
    list: &List<'_>,
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<()> {
    let foreign = list.authorities.iter().filter(|name| !wholly_in_spec(known, name));
    let foreign: Vec<&str> = foreign.map(String::as_str).collect();
    if !list.existing && foreign.is_empty() {
        return Some(());
    }
    let who = if list.existing { "an existing Secret".to_owned() } else { listed(&foreign) };
    let title = format!(
        "`allow` together with {who}: others may hold the same subject, and the controller sees only the subject"
    );
    findings.push(
        Diagnostic::error("allow", title)
            .at(context.value(&written_path(context, of.key, "allow")))
            .help("let an authority of the spec sign these clients, or check the issuer in the backend"),
    );
    None
}

/// Whether nobody outside the spec signs below the root of `authority`.
fn wholly_in_spec(known: Known<'_>, authority: &str) -> bool {
    known.lineage.line(authority).iter().all(|anchor| matches!(anchor, Anchor::Ours(_)))
}

fn allowed_subject(
    context: Context<'_>,
    here: &Path,
    name: &str,
    authorities: &[String],
    known: Known<'_>,
    findings: &mut Findings,
) -> Option<String> {
    let Some(client) = known.clients.get(name) else {
        let declared = context.spec.clients.keys().map(String::as_str);
        if !context.spec.clients.contains_key(name) {
            findings.unknown(context, here, ("client", "clients"), name, declared);
        }
        return None;
    };
    let below = |request: &crate::pki::request::CertificateRequest| match &request.issuer {
        Issuer::Authority(issuer) => {
            authorities.iter().any(|listed| known.lineage.is_at_or_below(issuer, listed))
        }
        Issuer::SelfSigned => false,
    };
    if !below(&client.request) {
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
    let namesakes = known.signers.by_subject.get(&client.request.subject);
    let mut others = namesakes.into_iter().flatten().filter(|other| *other != name);
    let twin = others.find(|other| known.clients.get(*other).is_some_and(|c| below(&c.request)));
    if let Some(twin) = twin {
        findings.push(
            Diagnostic::error(
                "allow",
                format!("clients `{name}` and `{twin}` have one subject: the controller cannot tell them apart"),
            )
            .at(context.value(here))
            .related(context.key(&path!["clients", twin]), "the other one")
            .help("give one of them another `subject`"),
        );
        return None;
    }
    Some(client.request.subject.rfc2253())
}
