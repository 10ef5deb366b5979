//! What is revoked by the spec, and the revocation lists that others made.

use super::context::{Context, Findings};
use super::supplied;
use super::{AuthoritySource, RevocationListSettings};
use crate::diagnostic::{Diagnostic, Entry, Nature};
use crate::path;
use crate::pki::acceptance;
use crate::pki::certificate::{Certificate, Signature};
use crate::pki::crl::{self, RevocationList, RevocationListError, RevocationReason};
use crate::pki::request::SerialNumber;
use crate::specification::document::Path;
use crate::specification::{self, Ca};
use crate::time::{Seconds, Timestamp};

/// How long before its end a supplied list is worth a warning; a third of its time if that is shorter.
const NOTICE: Seconds = Seconds::days(7);

/// The revoked serials of an authority, each once.
pub fn serials(
    context: Context<'_>,
    name: &str,
    written: &Ca,
    can_sign: bool,
    findings: &mut Findings,
) -> Vec<(SerialNumber, RevocationReason)> {
    if !written.revoked.is_empty() && !can_sign {
        findings.push(
            Diagnostic::error(
                "issuer-without-key",
                format!("`{name}` cannot revoke: only its certificate is known"),
            )
            .at(context.key(&path!["cas", name, "revoked"]))
            .help(
                "have its owner revoke them and name the list: `crl = \"FILE\"`; or supply its `key`",
            ),
        );
    }
    let mut found: Vec<(SerialNumber, RevocationReason)> = Vec::new();
    for (index, entry) in written.revoked.iter().enumerate() {
        let serial = SerialNumber(entry.serial.magnitude().to_vec());
        if found.iter().any(|(known, _)| *known == serial) {
            findings.push(
                Diagnostic::error("duplicate-serial", format!("serial {serial} is listed twice"))
                    .at(context.value(&path!["cas", name, "revoked", index]))
                    .help("remove one of them"),
            );
        } else {
            found.push((serial, entry.reason));
        }
    }
    found
}

/// How the lists of an authority are made, and those that were supplied.
pub fn settings(
    context: Context<'_>,
    name: &str,
    written: &Ca,
    source: &AuthoritySource,
    can_sign: bool,
    findings: &mut Findings,
) -> RevocationListSettings {
    let Some(crl) = &written.crl else { return RevocationListSettings::default() };
    let path = path!["cas", name, "crl"];
    if !can_sign && (crl.duration.is_some() || crl.renew_before.is_some()) {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                format!("`{name}` signs no revocation list here: only its certificate is known"),
            )
            .at(context.value(&path))
            .help("name the list that its owner made: `crl = \"FILE\"`; or supply its `key`"),
        );
    }
    let duration = crl.duration.map(specification::value::Duration::seconds);
    let renew_before = crl.renew_before.map(specification::value::Duration::seconds);
    if let (Some(duration), Some(before)) = (duration, renew_before)
        && before >= duration
    {
        findings.push(
            Diagnostic::error("renew-before", format!("lists of {duration} would be renewed {before} before their end, that is at once"))
                .at(context.value(&path!["cas", name, "crl", "renewBefore"]))
                .help("write a `renewBefore` that is shorter than `duration`"),
        );
    }
    let supplied = match (&crl.file, source) {
        (None, _) => Vec::new(),
        (Some(file), AuthoritySource::Supplied(chain)) => {
            let path = supplied::list_path(context.document, name);
            let mut lists = lists(context, &path, file.as_str(), findings);
            if !can_sign {
                leave_out_former(&mut lists, chain, context.now);
            }
            for list in &lists {
                // Lists of mtlsgen take the place of those of an authority whose key is here.
                let is_replaced =
                    can_sign && chain.first().is_some_and(|own| list.may_be_signed_by(own));
                if !is_replaced {
                    refuse_unfit(context, name, file.as_str(), list, chain, findings);
                }
            }
            lists
        }
        (Some(_), AuthoritySource::Issued(_)) => {
            findings.push(
                Diagnostic::error(
                    "key-without-effect",
                    format!("mtlsgen signs the revocation lists of `{name}` itself"),
                )
                .at(context.value(&path))
                .help("remove the file; `revoked` names further serials"),
            );
            Vec::new()
        }
    };
    RevocationListSettings { duration, renew_before, supplied }
}

fn lists(
    context: Context<'_>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Vec<RevocationList> {
    let Some(bytes) = supplied::bytes(context, path, file, findings) else { return Vec::new() };
    let (code, title, help) = match RevocationList::from_pem(bytes) {
        Ok(lists) => return lists,
        Err(RevocationListError::NotPem) => (
            "not-pem",
            format!("`{file}` does not consist of PEM blocks `X509 CRL`"),
            "convert it: `openssl crl -inform DER -in FILE -out FILE.pem`",
        ),
        Err(RevocationListError::Damaged(why) | RevocationListError::Unusable(why)) => (
            "broken-crl",
            format!("a revocation list in `{file}` cannot be used: {why}"),
            "get a complete list of version 2 from the owner of that authority",
        ),
    };
    findings.push(Diagnostic::error(code, title).at(context.value(path)).help(help));
    Vec::new()
}

/// Of several lists of one authority, verifiers go by one: a former one beside the current one, or the next one, does
/// no harm.
fn leave_out_former(lists: &mut Vec<RevocationList>, chain: &[Certificate], now: Timestamp) {
    let is_believed: Vec<bool> = lists
        .iter()
        .map(|list| {
            let signer = chain.iter().find(|one| list.may_be_signed_by(one));
            signer.is_none_or(|signer| crl::believed(&*lists, signer, now) == Some(list))
        })
        .collect();
    let mut is_believed = is_believed.into_iter();
    lists.retain(|_| is_believed.next().unwrap_or(true));
}

/// A list whose issuer is not in the chain has no effect, and an expired one refuses every client.
fn refuse_unfit(
    context: Context<'_>,
    name: &str,
    file: &str,
    list: &RevocationList,
    chain: &[Certificate],
    findings: &mut Findings,
) {
    let path = &supplied::list_path(context.document, name);
    let entry = Entry::Authority(name.to_owned());
    let issuer = list.issuer.rfc2253();
    let signer = chain.iter().find(|authority| list.may_be_signed_by(authority));
    let Some(signer) = signer else {
        let made = |one: &&Certificate| {
            list.issuer.matches(&one.subject) && list.signature_by(one) == Signature::Valid
        };
        let problem = match chain.iter().find(made) {
            Some(_) => {
                "has an authorityKeyIdentifier of another certificate than that of its authority: nginx would find no list, and refuse every client (OpenSSL's error 3, `unable to get certificate CRL`)"
            }
            None => "was not signed by this authority or one of its issuers",
        };
        findings.push(
            Diagnostic::error(
                "foreign-crl",
                format!("the revocation list of `{issuer}` in `{file}` {problem}"),
            )
            .at(context.value(path))
            .help("name the lists of this authority and of its issuers, nothing else"),
        );
        return;
    };
    if let Some(refusal) = acceptance::refusal_of_list(list, signer) {
        findings.push(
            Diagnostic::error("crl-refused", format!("the revocation list of `{issuer}` in `{file}` {refusal}"))
                .at(context.value(path))
                .help("ask the owner of that authority for a list that OpenSSL accepts; or name none, where nothing is to be revoked"),
        );
    } else if let Some(revoked) = revoked_in(list, chain) {
        findings.push(
            Diagnostic::error("crl-revokes-authority", format!("the revocation list of `{issuer}` in `{file}` revokes the authority `{}`: nginx would refuse every client below it (OpenSSL's error 23, `certificate revoked`)", revoked.subject.rfc2253()))
                .at(context.value(path))
                .help("trust an authority that is not revoked; its owner has another one, or has discontinued it"),
        );
    } else if list.end() <= context.now {
        findings.push(
            Diagnostic::error("expired-crl", format!("the revocation list of `{issuer}` in `{file}` ended at {}: the controller would refuse every client", list.end()))
                .being(Nature::OfTheTime)
                .at(context.value(path))
                .of(entry)
                .help("get the current list from the owner of that authority"),
        );
    } else if list.this_update > context.now {
        findings.push(
            Diagnostic::error("not-yet-valid", format!("the revocation list of `{issuer}` in `{file}` begins at {}: until then, the controller would refuse every client", list.this_update))
                .being(Nature::OfTheTime)
                .at(context.value(path))
                .of(entry)
                .help("check the clock, or wait until then"),
        );
    } else {
        findings.0.extend(ends_soon(context, path, file, list));
        findings.0.extend(doubtful(context, path, file, list, signer));
    }
}

/// The first of these authorities that the list revokes, be it the one that signed it.
fn revoked_in<'a>(list: &RevocationList, chain: &'a [Certificate]) -> Option<&'a Certificate> {
    let is_revoked = |one: &&Certificate| {
        one.issuer.matches(&list.issuer) && list.revoked.contains_key(&one.serial)
    };
    chain.iter().find(is_revoked)
}

/// nginx takes lists whose signature proves little, or cannot be verified here.
fn doubtful(
    context: Context<'_>,
    path: &Path,
    file: &str,
    list: &RevocationList,
    signer: &Certificate,
) -> Option<Diagnostic> {
    let issuer = list.issuer.rfc2253();
    let (code, title) = match list.signature_by(signer) {
        Signature::Unchecked(with) => (
            "signature-not-verified",
            format!(
                "the revocation list of `{issuer}` in `{file}` is signed with {with}, which cannot be checked here"
            ),
        ),
        _ if list.signature.is_weak => (
            "weak-signature",
            format!(
                "the revocation list of `{issuer}` in `{file}` is signed with {}, which is weak: others may be able to forge such a list",
                list.signature.name
            ),
        ),
        Signature::Valid | Signature::Wrong => return None,
    };
    Some(
        Diagnostic::warning(code, title)
            .at(context.value(path))
            .help("check it with `openssl crl -in FILE -CAfile AUTHORITY -noout`, and ask the owner for lists that are signed with SHA-256"),
    )
}

/// Lists of others are not renewed here: the user has to fetch the next one in time.
fn ends_soon(
    context: Context<'_>,
    path: &Path,
    file: &str,
    list: &RevocationList,
) -> Option<Diagnostic> {
    let third = Seconds(list.end().since(list.this_update).0 / 3);
    if list.end().since(context.now) > third.min(NOTICE) {
        return None;
    }
    let title = format!(
        "the revocation list of `{}` in `{file}` ends at {}: from then on, the controller refuses every client",
        list.issuer.rfc2253(),
        list.end()
    );
    Some(
        Diagnostic::warning("crl-ends-soon", title)
            .at(context.value(path))
            .help("get the next list from the owner of that authority, and render and apply again"),
    )
}
