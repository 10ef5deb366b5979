//! Authorities: ours and external ones, which signs which, and how deep.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Findings};
use super::supplied::{self, Pool};
use super::{Authority, AuthoritySource, revocation};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::name::DistinguishedName;
use crate::pki::request::{
    AlternativeNames, CertificateRequest, Holder, Issuer, NameConstraints, Subtree, Usage,
};
use crate::specification::document::Path;
use crate::specification::{self, Ca};
use crate::store::Keyring;
use crate::time::Seconds;

/// Default validity of authorities.
const DURATION: Seconds = Seconds::days(3650);

/// The name under `tls.issuer` that means: its own key. No authority may have it.
pub const SELF_SIGNED: &str = "self-signed";

/// All authorities; those with errors are left out. Keys that were supplied go to `keyring`.
pub fn resolve(
    context: Context<'_>,
    pool: &Pool,
    keyring: &mut Keyring,
    findings: &mut Findings,
) -> BTreeMap<String, Authority> {
    let cas = &context.spec.cas;
    let levels_below = levels_below(&issuer_names(context, findings));
    let mut authorities = BTreeMap::new();
    for (key, written) in cas {
        let name = key.as_str();
        if name == SELF_SIGNED {
            findings.push(
                Diagnostic::error("reserved-name", "an authority cannot have the name `self-signed`")
                    .at(context.key(&path!["cas", name]))
                    .help("`tls.issuer = \"self-signed\"` means a certificate's own key; choose another name"),
            );
            continue;
        }
        let source = if supplied::is_supplied(written) {
            refuse_keys_of_ours(context, name, written, findings);
            supplied::authority(context, name, written, pool, keyring, findings)
                .map(AuthoritySource::Supplied)
        } else {
            let needed = levels_below.get(name).copied().unwrap_or(0);
            request(context, name, written, needed, findings)
                .map(|request| AuthoritySource::Issued(Box::new(request)))
        };
        if let Some(source) = source {
            let can_sign = matches!(source, AuthoritySource::Issued(_)) || written.key.is_some();
            let authority = Authority {
                name: name.to_owned(),
                can_sign,
                revoked: revocation::serials(context, name, written, can_sign, findings),
                lists: revocation::settings(context, name, written, &source, can_sign, findings),
                source,
            };
            authorities.insert(name.to_owned(), authority);
        }
    }
    let issuers = Issuers { authorities: &authorities, keyring, pool };
    refuse_issuers_that_cannot_sign(context, issuers, &levels_below, findings);
    refuse_endless_chains(context, &levels_below, findings);
    refuse_copies(context, &authorities, findings);
    authorities
}

/// Issuer of each authority that has one; unknown ones and cycles are found here.
fn issuer_names<'a>(context: Context<'a>, findings: &mut Findings) -> BTreeMap<&'a str, &'a str> {
    let cas = &context.spec.cas;
    let mut issuers = BTreeMap::new();
    for (name, ca) in cas {
        let Some(issuer) = &ca.issuer else { continue };
        let path = path!["cas", name.as_str(), "issuer"];
        if issuer == SELF_SIGNED {
            findings.push(
                Diagnostic::error(
                    "unknown-reference",
                    "an authority without `issuer` is self-signed already",
                )
                .at(context.value(&path))
                .help("remove `issuer`"),
            );
        } else if cas.contains_key(issuer.as_str()) {
            issuers.insert(name.as_str(), issuer.as_str());
        } else {
            findings.unknown(
                context,
                &path,
                ("authority", "cas"),
                issuer,
                cas.keys().map(specification::value::ObjectName::as_str),
            );
        }
    }
    refuse_cycles(context, &issuers, findings);
    issuers
}

fn refuse_cycles(context: Context<'_>, issuers: &BTreeMap<&str, &str>, findings: &mut Findings) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for start in issuers.keys() {
        let mut way = vec![*start];
        while let Some(next) = issuers.get(way[way.len() - 1]) {
            if let Some(at) = way.iter().position(|name| name == next) {
                let cycle = &way[at..];
                if cycle.iter().all(|name| reported.insert(name)) {
                    let round = cycle.iter().chain([next]).map(|name| format!("`{name}`"));
                    let round = round.collect::<Vec<_>>().join(" → ");
                    findings.push(
                        Diagnostic::error(
                            "issuer-cycle",
                            format!("authorities sign each other in a cycle: {round}"),
                        )
                        .at(context.value(&path!["cas", cycle[0], "issuer"]))
                        .help("remove `issuer` from the one that is the root"),
                    );
                }
                break;
            }
            way.push(next);
        }
    }
}

/// For each authority the length of the longest line of authorities below it.
fn levels_below<'a>(issuers: &BTreeMap<&'a str, &'a str>) -> BTreeMap<&'a str, u8> {
    let mut levels: BTreeMap<&str, u8> = BTreeMap::new();
    for start in issuers.keys() {
        let mut seen = BTreeSet::from([*start]);
        let (mut current, mut level) = (*start, 0u8);
        while let Some(issuer) = issuers.get(current)
            && seen.insert(issuer)
        {
            level = level.saturating_add(1);
            let deepest = levels.entry(issuer).or_default();
            *deepest = (*deepest).max(level);
            current = issuer;
        }
    }
    levels
}

fn request(
    context: Context<'_>,
    name: &str,
    written: &Ca,
    levels_below: u8,
    findings: &mut Findings,
) -> Option<CertificateRequest> {
    let path = path!["cas", name];
    let shared = context.spec.defaults.subject.as_ref();
    let subject = super::subject(context, &path, written.subject.as_ref(), name, shared, findings);
    let key_kind = super::key_kind(context, &path, written.private_key.as_ref(), findings);
    let duration = written.duration.map_or(DURATION, specification::value::Duration::seconds);
    let renew_before =
        super::renew_before(context, &path, written.renew_before, None, duration, findings);
    if let Some(limit) = written.max_path_len
        && limit < levels_below
    {
        findings.push(
            Diagnostic::error(
                "path-length",
                format!(
                    "`{name}` allows {limit} authorities below it, the spec has {levels_below}"
                ),
            )
            .at(context.value(&path!["cas", name, "maxPathLen"]))
            .help(format!(
                "write `maxPathLen = {levels_below}`, or remove it: mtlsgen fits it to the spec"
            )),
        );
    }
    Some(CertificateRequest {
        holder: Holder::Authority(name.to_owned()),
        issuer: written.issuer.clone().map_or(Issuer::SelfSigned, Issuer::Authority),
        usage: Usage::Authority {
            max_path_len: written.max_path_len.unwrap_or(levels_below),
            max_path_len_is_stated: written.max_path_len.is_some(),
            name_constraints: written.name_constraints.as_ref().map(name_constraints),
        },
        subject: subject?,
        names: AlternativeNames::default(),
        key_kind: key_kind?,
        public_key: None,
        duration,
        renew_before: renew_before?,
        serial: super::serial(written.serial.as_ref()),
    })
}

fn name_constraints(written: &specification::NameConstraints) -> NameConstraints {
    NameConstraints {
        critical: written.critical.unwrap_or(true),
        permitted: subtrees(&written.permitted),
        excluded: subtrees(&written.excluded),
    }
}

fn subtrees(written: &specification::NameSubtrees) -> Vec<Subtree> {
    let dns = written.dns_domains.iter().map(|domain| Subtree::Dns(domain.to_string()));
    let ip = written
        .ip_ranges
        .iter()
        .map(|range| Subtree::Ip { address: range.address, prefix: range.prefix });
    let email = written.email_addresses.iter().map(|address| Subtree::Email(address.clone()));
    dns.chain(ip).chain(email).collect()
}

/// Keys that say how an authority of ours is to be made, on a supplied one.
fn refuse_keys_of_ours(context: Context<'_>, name: &str, written: &Ca, findings: &mut Findings) {
    let given = [
        ("issuer", written.issuer.is_some()),
        ("subject", written.subject.is_some()),
        ("privateKey", written.private_key.is_some()),
        ("duration", written.duration.is_some()),
        ("renewBefore", written.renew_before.is_some()),
        ("serial", written.serial.is_some()),
        ("generation", written.generation.is_some()),
        ("trustedGenerations", !written.trusted_generations.is_empty()),
        ("maxPathLen", written.max_path_len.is_some()),
        ("nameConstraints", written.name_constraints.is_some()),
    ];
    for (key, _) in given.iter().filter(|(_, given)| *given) {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                format!("`{key}` has no effect: the certificate of `{name}` is supplied"),
            )
            .at(context.key(&path!["cas", name, *key]))
            .help("remove it, or remove `certificate` if mtlsgen is to make this authority"),
        );
    }
}

/// An external authority can be an issuer only with its key, and only as deep as it allows.
fn refuse_issuers_that_cannot_sign(
    context: Context<'_>,
    issuers: Issuers<'_>,
    levels_below: &BTreeMap<&str, u8>,
    findings: &mut Findings,
) {
    for (name, ca) in &context.spec.cas {
        let Some(issuer) = &ca.issuer else { continue };
        let path: Path = path!["cas", name.as_str(), "issuer"];
        issuers.refuse_without_key(context, &path, issuer, findings);
        let Some(AuthoritySource::Supplied(chain)) =
            issuers.authorities.get(issuer).map(|a| &a.source)
        else {
            continue;
        };
        let needed = levels_below.get(issuer.as_str()).copied().unwrap_or(0);
        if let Some(limit) = chain.first().and_then(|own| own.max_path_len)
            && u64::from(limit) < u64::from(needed)
        {
            findings.push(
                Diagnostic::error(
                    "path-length",
                    format!("the certificate of `{issuer}` allows {limit} authorities below it, the spec has {needed}"),
                )
                .at(context.value(&path))
                .help("let clients and hosts be signed by it directly, or ask its owner for a longer path"),
            );
        }
    }
}

/// X.509 path lengths that verifiers support end long before this.
fn refuse_endless_chains(
    context: Context<'_>,
    levels_below: &BTreeMap<&str, u8>,
    findings: &mut Findings,
) {
    if let Some((name, _)) = levels_below.iter().find(|(_, levels)| **levels == u8::MAX) {
        findings.push(
            Diagnostic::error(
                "path-length",
                format!("`{name}` has a chain of 255 or more authorities below it"),
            )
            .at(context.key(&path!["cas", *name]))
            .help("use fewer authorities between a root and its leaves"),
        );
    }
}

/// A copy of an authority of ours, supplied under another name, would be taken for a different authority.
fn refuse_copies(
    context: Context<'_>,
    authorities: &BTreeMap<String, Authority>,
    findings: &mut Findings,
) {
    let ours: BTreeMap<_, &str> = authorities
        .values()
        .filter_map(|authority| match &authority.source {
            AuthoritySource::Issued(request) => Some((&request.subject, authority.name.as_str())),
            AuthoritySource::Supplied(_) => None,
        })
        .collect();
    for (name, authority) in authorities {
        let AuthoritySource::Supplied(chain) = &authority.source else { continue };
        let Some(twin) = chain.iter().find_map(|certificate| ours.get(&certificate.subject)) else {
            continue;
        };
        findings.push(
            Diagnostic::error(
                "same-subject",
                format!(
                    "supplied authority `{name}` has the subject of `{twin}`, which mtlsgen issues"
                ),
            )
            .at(context.value(&path!["cas", name, "certificate"]))
            .related(context.key(&path!["cas", *twin]), "made by mtlsgen")
            .help(
                "name that authority instead of a copy of it, or give one of them another subject",
            ),
        );
    }
}

/// The authorities, and the keys of those that were supplied.
#[derive(Clone, Copy, Debug)]
pub struct Issuers<'a> {
    /// By name.
    pub authorities: &'a BTreeMap<String, Authority>,
    /// Keys that were supplied.
    pub keyring: &'a Keyring,
    /// Certificates that were supplied.
    pub pool: &'a Pool,
}

impl Issuers<'_> {
    /// Whether a root of mtlsgen has this name, regardless of string types: no server sends a root.
    pub fn is_root(&self, name: &DistinguishedName) -> bool {
        self.authorities.values().any(|authority| match &authority.source {
            AuthoritySource::Issued(request) => {
                request.issuer == Issuer::SelfSigned && request.subject.rfc2253() == name.rfc2253()
            }
            AuthoritySource::Supplied(_) => false,
        })
    }

    /// An issuer that was supplied without its key cannot sign.
    pub fn refuse_without_key(
        &self,
        context: Context<'_>,
        path: &Path,
        issuer: &str,
        findings: &mut Findings,
    ) {
        let source = self.authorities.get(issuer).map(|authority| &authority.source);
        if !matches!(source, Some(AuthoritySource::Supplied(_)))
            || context.has(&path!["cas", issuer, "key"])
            || self.keyring.get(&Holder::Authority(issuer.to_owned())).is_some()
        {
            return;
        }
        findings.push(
            Diagnostic::error(
                "issuer-without-key",
                format!("`{issuer}` cannot sign: only its certificate is known"),
            )
            .at(context.value(path))
            .related(context.key(&path!["cas", issuer]), "supplied without `key`")
            .help("add `key` to that authority, or choose another issuer"),
        );
    }
}
