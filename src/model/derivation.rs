//! What a derived store goes by: generations, and what cannot be derived.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Findings, listed};
use super::periods;
use super::serials;
use super::tls::written_path;
use super::{AuthoritySource, Model};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::key::KeyKind;
use crate::pki::request::{CertificateRequest, Holder, Issuer};
use crate::specification::document::Path;
use crate::specification::value::{FalseOr, Generation};
use crate::specification::{StoreKind, Tls};
use crate::store::Keyring;
use crate::time::Seconds;

/// How often each holder has got a new key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derivation {
    generations: BTreeMap<Holder, u32>,
    trusted: BTreeMap<String, BTreeSet<u32>>,
}

impl Derivation {
    /// The generation of a holder, counted from 1.
    #[must_use]
    pub fn generation(&self, holder: &Holder) -> u32 {
        self.generations.get(holder).copied().unwrap_or(1)
    }

    /// The generations of an authority that are trusted, the one that signs among them.
    #[must_use]
    pub fn trusted(&self, authority: &str) -> BTreeSet<u32> {
        let own = self.generation(&Holder::Authority(authority.to_owned()));
        self.trusted.get(authority).cloned().unwrap_or_else(|| BTreeSet::from([own]))
    }
}

/// Completes the model of a derived store, and refuses what cannot be derived; without one, refuses what only a
/// derived store knows.
pub fn resolve(
    context: Context<'_>,
    model: &mut Model,
    keyring: &Keyring,
    findings: &mut Findings,
) {
    if context.spec.store.kind != Some(StoreKind::Derived) {
        // An invalid kind is reported already, and may have meant this one.
        if context.spec.store.kind.is_some() || !context.has(&path!["store", "kind"]) {
            refuse_generations(context, findings);
        }
        return;
    }
    refuse_folder(context, findings);
    refuse_rsa(context, model, findings);
    refuse_serials(context, model, findings);
    // Derivation uses all keys of the spec.
    findings.0.extend(keyring.absent_files());
    refuse_unsteady_keys(context, keyring, findings);
    lead_by_longest_below(model);
    refuse_short_windows(context, model, findings);
    model.derivation = Some(derivation(context, findings));
}

/// Where a generation is written, and its holder.
fn written_generations(context: Context<'_>) -> Vec<(Option<Holder>, Path, Generation)> {
    let spec = context.spec;
    let authorities = spec.cas.iter().filter_map(|(name, ca)| {
        let name = name.as_str();
        Some((Some(Holder::Authority(name.to_owned())), path!["cas", name], ca.generation?))
    });
    let tls = |tls: &Option<FalseOr<Tls>>| match tls {
        Some(FalseOr::Is(tls)) => tls.generation,
        _ => None,
    };
    let defaults = tls(&spec.defaults.hosts.tls)
        .map(|generation| (None, path!["defaults", "hosts", "tls"], generation));
    let hosts = spec.hosts.iter().filter_map(|(key, host)| {
        Some((Some(Holder::Host(key.clone())), path!["hosts", key, "tls"], tls(&host.tls)?))
    });
    let clients = spec.clients.iter().filter_map(|(name, client)| {
        Some((Some(Holder::Client(name.clone())), path!["clients", name], client.generation?))
    });
    authorities.chain(defaults).chain(hosts).chain(clients).collect()
}

fn derivation(context: Context<'_>, findings: &mut Findings) -> Derivation {
    let written = written_generations(context);
    let default = written.iter().find(|(holder, ..)| holder.is_none()).map(|found| found.2.0);
    let hosts = context.spec.hosts.keys().cloned().map(Holder::Host);
    let mut generations: BTreeMap<Holder, u32> =
        default.map(|default| hosts.map(|host| (host, default)).collect()).unwrap_or_default();
    generations.extend(written.into_iter().filter_map(|(holder, _, g)| Some((holder?, g.0))));
    let mut trusted = BTreeMap::new();
    for (name, ca) in &context.spec.cas {
        let name = name.as_str();
        if ca.trusted_generations.is_empty() {
            continue;
        }
        let listed: BTreeSet<u32> = ca.trusted_generations.iter().map(|one| one.0).collect();
        let own = ca.generation.map_or(1, |generation| generation.0);
        refuse_misfit(context, name, own, &listed, findings);
        trusted.insert(name.to_owned(), listed);
    }
    Derivation { generations, trusted }
}

/// What signs is trusted, and one generation at a time is introduced.
fn refuse_misfit(
    context: Context<'_>,
    name: &str,
    own: u32,
    listed: &BTreeSet<u32>,
    findings: &mut Findings,
) {
    let place = context.value(&path!["cas", name, "trustedGenerations"]);
    if !listed.contains(&own) {
        findings.push(
            Diagnostic::error(
                "untrusted-generation",
                format!(
                    "generation {own} of `{name}` signs, and is not among those that are trusted"
                ),
            )
            .at(place.clone())
            .help(format!("add {own} to `trustedGenerations`, or change `generation`")),
        );
    }
    let next: Vec<u32> = listed.iter().copied().filter(|one| *one > own).collect();
    if next.len() > 1 {
        findings.push(
            Diagnostic::error(
                "several-next-generations",
                format!("`{name}` has several generations after {own}, the one that signs"),
            )
            .at(place)
            .help(format!("introduce one at a time: keep {} and remove the later ones", next[0])),
        );
    }
}

fn refuse_generations(context: Context<'_>, findings: &mut Findings) {
    let mut refuse = |path: Path, key: &str, instead: &str| {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                format!("`{key}` has a meaning with `store.kind = \"derived\"` alone"),
            )
            .at(context.key(&path))
            .help(instead),
        );
    };
    for (holder, base, _) in written_generations(context) {
        let instead = match holder {
            Some(Holder::Authority(name)) => {
                format!("remove it; `mtlsgen ca rotate {name}` rolls the authority over")
            }
            Some(holder) => {
                let command = Holder::command("cert renew", [&holder]);
                format!("remove it; {command} issues a new certificate with a new key")
            }
            None => {
                "remove it; `mtlsgen cert renew hosts/NAME` issues a new certificate with a new key"
                    .to_owned()
            }
        };
        refuse([base, path!["generation"]].concat(), "generation", &instead);
    }
    for (name, ca) in &context.spec.cas {
        if !ca.trusted_generations.is_empty() {
            let instead =
                format!("remove it; `mtlsgen ca rotate {name}` keeps both generations trusted");
            let path = path!["cas", name.as_str(), "trustedGenerations"];
            refuse(path, "trustedGenerations", &instead);
        }
    }
    if context.spec.store.seed_file.is_some() {
        let instead = "remove it, or write `kind = \"derived\"` beside it";
        refuse(path!["store", "seedFile"], "seedFile", instead);
    }
}

fn refuse_folder(context: Context<'_>, findings: &mut Findings) {
    let store = &context.spec.store;
    let path = store.path.as_ref().map(|_| ("path", "has no folder"));
    let encryption = store.encryption.as_ref().map(|_| ("encryption", "keeps no keys at rest"));
    for (key, why) in path.into_iter().chain(encryption) {
        findings.push(
            Diagnostic::error("key-without-effect", format!("a derived store {why}"))
                .at(context.key(&path!["store", key]))
                .help(format!("remove `{key}`, or write `kind = \"directory\"`")),
        );
    }
}

/// RSA keys are searched for, by algorithms that change from one version of a library to the next.
fn refuse_rsa(context: Context<'_>, model: &Model, findings: &mut Findings) {
    let mut reported: BTreeSet<Path> = BTreeSet::new();
    for request in requests(model) {
        let made_here = request.public_key.is_none() && !is_rsa_free(request.key_kind);
        let place = key_place(context, &request.holder);
        if !made_here || !reported.insert(place.clone()) {
            continue;
        }
        findings.push(
            Diagnostic::error(
                "rsa-derived",
                format!("the RSA key of {} cannot be derived: RSA keys are found by a search for primes, and no two programs search in the same way", request.holder),
            )
            .at(context.value(&place))
            .help("write `algorithm = \"ECDSA\"` or `\"Ed25519\"`, or keep keys in a folder: remove `store.kind`"),
        );
    }
}

fn is_rsa_free(kind: KeyKind) -> bool {
    kind.secret_length().is_some()
}

/// Where the kind of a holder's key is written: at the holder, or in the defaults.
fn key_place(context: Context<'_>, holder: &Holder) -> Path {
    let own = match holder {
        Holder::Authority(name) => path!["cas", name, "privateKey"],
        Holder::Host(name) => written_path(context, name, "privateKey"),
        Holder::Client(name) => path!["clients", name, "privateKey"],
    };
    let with_algorithm = [own.as_slice(), &path!["algorithm"]].concat();
    let found = [with_algorithm, own, path!["defaults", "privateKey"]];
    let written = found.into_iter().find(|path| context.has(path));
    written.unwrap_or_else(|| path!["defaults", "privateKey"])
}

/// A fixed serial serves one certificate, and a schedule gives one after the other.
fn refuse_serials(context: Context<'_>, model: &Model, findings: &mut Findings) {
    for request in requests(model).filter(|request| request.serial.is_some()) {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                format!(
                    "the serials of {} are derived, each certificate has its own",
                    request.holder
                ),
            )
            .at(context.value(&serials::path_of(request)))
            .help("remove `serial`"),
        );
    }
}

/// Keys of others that would sign in another way each time.
fn refuse_unsteady_keys(context: Context<'_>, keyring: &Keyring, findings: &mut Findings) {
    for name in context.spec.cas.keys().map(crate::specification::value::ObjectName::as_str) {
        let key = keyring.get(&Holder::Authority(name.to_owned()));
        let Some(Err(error)) = key.map(crate::pki::key::PrivateKey::deterministic) else {
            continue;
        };
        findings.push(
            Diagnostic::error("key-not-deterministic", format!("`{name}` cannot sign in a derived store: {error}"))
                .at(context.value(&path!["cas", name, "key"]))
                .help("its signatures are not deterministic; supply an authority with an ECDSA P-256 or P-384, RSA or Ed25519 key, or keep certificates in a folder: remove `store.kind`"),
        );
    }
}

/// Everything that mtlsgen issues, revoked clients included: what is revoked does not move the others' schedules.
fn requests(model: &Model) -> impl Iterator<Item = &CertificateRequest> {
    let authorities = model.authorities.values().filter_map(|authority| match &authority.source {
        AuthoritySource::Issued(request) => Some(request.as_ref()),
        AuthoritySource::Supplied(_) => None,
    });
    let clients = model.clients.values().map(|client| &client.request);
    authorities.chain(model.server_certificates.values()).chain(clients)
}

/// An authority makes way early enough that nothing that it signs ends with it: what it signs depends on its own
/// schedule alone then, and never ends before its successor is there.
fn lead_by_longest_below(model: &mut Model) {
    let names: Vec<String> = model.authorities.keys().cloned().collect();
    for name in names {
        let longest = longest_below(model, &name);
        let authority = model.authorities.get_mut(&name).map(|authority| &mut authority.source);
        if let Some(AuthoritySource::Issued(request)) = authority {
            request.renew_before = request.renew_before.max(longest);
        }
    }
}

/// The longest validity of a leaf at or below an authority.
fn longest_below(model: &Model, name: &str) -> Seconds {
    let below = requests(model).filter(|request| match (&request.holder, &request.issuer) {
        (Holder::Authority(_), _) | (_, Issuer::SelfSigned) => false,
        (_, Issuer::Authority(issuer)) => model.lineage.is_at_or_below(issuer, name),
    });
    below.map(|request| request.duration).max().unwrap_or(Seconds(0))
}

fn refuse_short_windows(context: Context<'_>, model: &Model, findings: &mut Findings) {
    let mut reported: BTreeSet<Path> = BTreeSet::new();
    for request in requests(model) {
        let CertificateRequest { duration, renew_before, holder, .. } = request;
        let windows = periods::period(*duration, *renew_before);
        if windows.is_some() {
            continue;
        }
        let (field, help) = match holder {
            Holder::Authority(name) if longest_below(model, name) >= *renew_before => (
                "duration",
                format!(
                    "write a `duration` of `{}` or more, or a shorter one for what it signs",
                    Seconds(renew_before.0 * 2)
                ),
            ),
            _ => (
                "renewBefore",
                format!(
                    "write a `renewBefore` of `{}` or less, or a longer `duration`",
                    periods::longest_renew_before(*duration)
                ),
            ),
        };
        let place = duration_place(context, holder, field);
        if !reported.insert(place.clone()) {
            continue;
        }
        findings.push(
            Diagnostic::error(
                "windows-too-short",
                format!("certificates of {holder} last {duration} and are replaced {renew_before} before they end: in a derived store, each is shown for a tenth of its time at least, and for ten minutes"),
            )
            .at(context.value(&place))
            .help(help),
        );
    }
    refuse_short_lists(context, model, findings);
}

/// Where `duration` or `renewBefore` of a holder is written, as near as possible.
fn duration_place(context: Context<'_>, holder: &Holder, field: &str) -> Path {
    let candidates = match holder {
        Holder::Authority(name) => {
            vec![path!["cas", name, field], path!["cas", name, "duration"], path!["cas", name]]
        }
        Holder::Host(name) => vec![
            written_path(context, name, field),
            path!["defaults", field],
            path!["hosts", name, "tls"],
            path!["hosts", name],
        ],
        Holder::Client(name) => {
            vec![path!["clients", name, field], path!["defaults", field], path!["clients", name]]
        }
    };
    let written = candidates.iter().find(|path| context.has(path));
    written.unwrap_or(&candidates[0]).clone()
}

/// Revocation lists follow a schedule as well.
fn refuse_short_lists(context: Context<'_>, model: &Model, findings: &mut Findings) {
    for (name, authority) in &model.authorities {
        let Some(duration) = authority.lists.duration else { continue };
        let renew_before = periods::list_renew_before(duration, authority.lists.renew_before);
        if periods::period(duration, renew_before).is_some() {
            continue;
        }
        let longest = periods::longest_renew_before(duration);
        findings.push(
            Diagnostic::error("windows-too-short", format!("revocation lists of `{name}` last {duration} and are replaced {renew_before} before they end: in a derived store, each is shown for a tenth of its time at least, and for ten minutes"))
                .at(context.value(&path!["cas", name, "crl"]))
                .help(format!("write a `renewBefore` of {} or less, or a longer `duration`", listed(&[&longest.to_string()]))),
        );
    }
}
