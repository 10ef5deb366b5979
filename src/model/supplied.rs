//! Supplied certificates and keys, judged before anything relies on them.

mod pool;
mod reading;
mod warnings;

use super::authorities::Issuers;
use super::context::{Context, Findings};
use super::tls::written_path;
use crate::diagnostic::{Diagnostic, Entry, Nature};
use crate::path;
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::pki::chain::{self, Problem, Purpose};
use crate::pki::key::PrivateKey;
use crate::pki::request::Holder;
use crate::specification::document::{Document, NamedPath, Path, Step};
use crate::specification::value::{FalseOr, FilePath, HostName};
use crate::specification::{Ca, Spec, Tls};
use crate::store::Keyring;
pub use pool::Pool;
pub use reading::{NamedKey, bytes};
use reading::{certificates, private_key};
use warnings::{warn_about_chain, warn_about_strays, warn_about_unverified};

/// All paths that the spec names, but for those of the plugin's own settings.
#[must_use]
pub fn paths(document: &Document, spec: &Spec) -> Vec<NamedPath> {
    let folders = [
        (path!["templates"], spec.templates.as_ref()),
        (path!["store", "path"], spec.store.path.as_ref()),
        (path!["store", "seedFile"], spec.store.seed_file.as_ref()),
    ];
    let others = folders.into_iter().filter_map(|(path, written)| Some((path, written?)));
    let mut named = files(document, spec);
    named.extend(others.map(|(path, written)| document.named(&path, written.as_str())));
    named
}

/// The files that the spec names, so that they can be read before resolving.
#[must_use]
pub fn files(document: &Document, spec: &Spec) -> Vec<NamedPath> {
    let mut named: Vec<(Path, &FilePath)> = Vec::new();
    for (name, ca) in &spec.cas {
        let fields = [("certificate", ca.certificate.as_ref()), ("key", ca.key.as_ref())];
        named.extend(written(&path!["cas", name.as_str()], fields));
        let list = ca.crl.as_ref().and_then(|crl| crl.file.as_ref());
        named.extend(list.map(|list| (list_path(document, name.as_str()), list)));
    }
    let hosts = spec.hosts.iter().map(|(key, host)| (path!["hosts", key, "tls"], &host.tls));
    let defaults = [(path!["defaults", "hosts", "tls"], &spec.defaults.hosts.tls)];
    for (base, tls) in hosts.chain(defaults) {
        if let Some(FalseOr::Is(tls)) = tls {
            let fields = [("certificate", tls.certificate.as_ref()), ("key", tls.key.as_ref())];
            named.extend(written(&base, fields));
        }
    }
    for (name, client) in &spec.clients {
        named.extend(written(&path!["clients", name], [("csr", client.csr.as_ref())]));
    }
    for (index, patch) in spec.patches.iter().enumerate() {
        named.extend(written(&path!["patches", index], [("path", patch.path.as_ref())]));
    }
    let full = |(path, file): (Path, &FilePath)| document.named(&path, file.as_str());
    named.into_iter().map(full).collect()
}

/// Whether certificates are among them.
#[must_use]
pub fn has_certificates(spec: &Spec) -> bool {
    let hosts = spec.hosts.values().map(|host| &host.tls).chain([&spec.defaults.hosts.tls]);
    let mut tls = hosts.filter_map(|tls| match tls {
        Some(FalseOr::Is(tls)) => Some(tls),
        _ => None,
    });
    spec.cas.values().any(|ca| ca.certificate.is_some()) || tls.any(|tls| tls.certificate.is_some())
}

/// Where the file of an authority's revocation lists is named, in either form.
pub fn list_path(document: &Document, name: &str) -> Path {
    let long = path!["cas", name, "crl", "file"];
    if document.contains(&long) { long } else { path!["cas", name, "crl"] }
}

/// The fields below `base` that were written, each with its way.
fn written<'a, const N: usize>(
    base: &[Step],
    fields: [(&str, Option<&'a FilePath>); N],
) -> impl Iterator<Item = (Path, &'a FilePath)> {
    fields.map(|(field, file)| Some(([base, &path![field]].concat(), file?))).into_iter().flatten()
}

/// Whether an authority is supplied.
#[must_use]
pub fn is_supplied(ca: &Ca) -> bool {
    ca.certificate.is_some() || ca.key.is_some()
}

/// A supplied authority: its certificate, then its issuers up to the root. Its key, if it was
/// supplied, goes to `keyring`.
pub fn authority(
    context: Context<'_>,
    name: &str,
    written: &Ca,
    pool: &Pool,
    keyring: &mut Keyring,
    findings: &mut Findings,
) -> Option<Vec<Certificate>> {
    let path = path!["cas", name, "certificate"];
    let Some(file) = written.certificate.as_ref().map(FilePath::as_str) else {
        findings.push(
            Diagnostic::error("missing-key", "a key without its certificate is not an authority")
                .at(context.key(&path!["cas", name, "key"]))
                .help("add `certificate`"),
        );
        return None;
    };
    let found = certificates(context, &path, file, findings)?;
    let key = match written.key.as_ref().map(FilePath::as_str) {
        Some(key_file) => {
            Some(private_key(context, &path!["cas", name, "key"], key_file, findings)?)
        }
        None => None,
    };
    let at_hand = key.as_ref().and_then(NamedKey::here);
    let own = own_certificate(context, &path, file, &found, at_hand, findings)?;
    let entry = Entry::Authority(name.to_owned());
    let of = (Purpose::Authority, entry);
    let mut fits = refuse_problems(context, &path, file, own, of, findings);
    let chain = chain::order(own, &pool.above(own, &found));
    if let (Some(missing), Some(top)) = (&chain.missing_issuer, chain.certificates.last()) {
        findings.push(
            Diagnostic::error(
                "incomplete-chain",
                format!(
                    "`{file}` stops at `{}`: its issuer `{}` is missing",
                    top.subject.rfc2253(),
                    missing.rfc2253()
                ),
            )
            .at(context.value(&path))
            .help("append the issuers' certificates up to the root: without the root, the controller trusts no client"),
        );
        fits = false;
    }
    warn_about_unverified(context, &path, file, &chain, findings);
    warn_about_strays(context, &path, file, &chain, &found, findings);
    if let Some(key) = key {
        key.store(Holder::Authority(name.to_owned()), keyring);
    }
    fits.then_some(chain.certificates)
}

/// The certificate of the authority itself, anywhere in the file: the one of the key that was supplied
/// with it, else the one that signed no other.
fn own_certificate<'a>(
    context: Context<'_>,
    path: &Path,
    file: &str,
    found: &'a [Certificate],
    key: Option<&PrivateKey>,
    findings: &mut Findings,
) -> Option<&'a Certificate> {
    let Some(key) = key else {
        let authorities: Vec<_> = found.iter().filter(|one| one.is_authority).collect();
        let lowest = match authorities.as_slice() {
            [] => chain::lowest(&found.iter()),
            authorities => chain::lowest(&authorities.iter().copied()),
        };
        if lowest.len() > 1 {
            findings.push(several_authorities(file, &lowest).at(context.value(path)));
            return None;
        }
        // Where authorities signed each other, the first is as good as any.
        return lowest.first().copied().or(found.first());
    };
    let own = found.iter().find(|certificate| chain::key_belongs(certificate, key));
    if own.is_none() {
        let key_path = [&path[..path.len() - 1], &path!["key"]].concat();
        findings.push(foreign_key(file).at(context.value(&key_path)));
    }
    own
}

/// One entry is one authority: of several, all but one would stay outside.
fn several_authorities(file: &str, lowest: &[&Certificate]) -> Diagnostic {
    let subjects: Vec<String> =
        lowest.iter().map(|one| format!("`{}`", one.subject.rfc2253())).collect();
    let (number, subjects) = (subjects.len(), subjects.join(", "));
    let title = format!("`{file}` holds {number} authorities, and an entry is one: {subjects}");
    Diagnostic::error("several-authorities", title)
        .help("put each of them into a file and an entry of its own, and list them all under `clientAuth.cas`; issuers are found in the files of all entries")
}

/// A server certificate that another owner's authority issued, leaf first, then intermediates; and its key.
pub fn server(
    context: Context<'_>,
    key: &str,
    host: &HostName,
    tls: &Tls,
    issuers: Issuers<'_>,
    findings: &mut Findings,
) -> Option<(Vec<Certificate>, NamedKey)> {
    let path = written_path(context, key, "certificate");
    let key_path = written_path(context, key, "key");
    let (Some(file), Some(key_file)) = (&tls.certificate, &tls.key) else {
        let (given, missing) =
            if tls.key.is_some() { (&key_path, "certificate") } else { (&path, "key") };
        findings.push(
            Diagnostic::error(
                "missing-key",
                "a supplied certificate needs its key, and a key its certificate",
            )
            .at(context.value(given))
            .help(format!("add `{missing}`")),
        );
        return None;
    };
    let (file, key_file) = (file.as_str(), key_file.as_str());
    let found = certificates(context, &path, file, findings)?;
    let private_key = private_key(context, &key_path, key_file, findings);
    let belongs = |one: &&Certificate| match &private_key {
        Some(NamedKey::Here(key)) => chain::key_belongs(one, key),
        Some(NamedKey::Absent(_)) => !one.is_authority,
        None => false,
    };
    let own = found.iter().find(belongs).or(found.first())?;
    let purpose = Purpose::Server { names: &[host.as_str()] };
    let of = (purpose, Entry::Host(key.to_owned()));
    let fits = refuse_problems(context, &path, file, own, of, findings);
    let mut chain = chain::order(own, &issuers.pool.above(own, &found));
    chain.missing_issuer = chain.missing_issuer.filter(|missing| !issuers.is_root(missing));
    warn_about_chain(context, &path, file, &chain, findings);
    warn_about_unverified(context, &path, file, &chain, findings);
    warn_about_strays(context, &path, file, &chain, &found, findings);
    let private_key = private_key?;
    if private_key.here().is_some_and(|key| !chain::key_belongs(own, key)) {
        findings.push(foreign_key(file).at(context.value(&key_path)));
        return None;
    }
    let served = chain::served(&chain.certificates).into_iter().cloned().collect();
    fits.then_some((served, private_key))
}

/// Says everything that speaks against using `own`, with what to do; `true`: nothing does at another time.
fn refuse_problems(
    context: Context<'_>,
    path: &Path,
    file: &str,
    own: &Certificate,
    (purpose, entry): (Purpose<'_>, Entry),
    findings: &mut Findings,
) -> bool {
    let problems = chain::problems(own, context.now, purpose);
    let is_of_the_time = |problem: &Problem| {
        matches!(problem, Problem::Expired { .. } | Problem::NotYetValid { .. })
    };
    let is_served = |problem: &Problem| matches!(problem, Problem::CommonNameOnly { .. });
    for problem in &problems {
        let (code, help) = match problem {
            Problem::Expired { .. } => ("expired-certificate", "ask its issuer for a new one"),
            Problem::NotYetValid { .. } => ("not-yet-valid", "check the clock, or wait until then"),
            Problem::NotAuthority if acceptance::passes_for_authority(own) => (
                "not-an-authority",
                "nginx treats it as an authority, other programs do not: ask its owner for a certificate with basicConstraints",
            ),
            Problem::NotAuthority | Problem::CannotSign => (
                "not-an-authority",
                "name the certificate of the authority itself; with a leaf here, no client is admitted",
            ),
            Problem::WrongUsage { .. } | Problem::NoHandshakes { .. } => {
                ("wrong-usage", "supply one with the extended key usage `serverAuth`")
            }
            Problem::NotRead { .. } => {
                ("certificate-refused", "ask its issuer for one without that")
            }
            Problem::CommonNameOnly { .. } => (
                "common-name-only",
                "the controller serves it, but clients check subjectAltName alone: get one with subjectAltName, or remove `tls.certificate` and `tls.key` and set `tls.issuer`, so that `render` issues one",
            ),
            Problem::NamesMissing { .. } => (
                "names-missing",
                "clients check subjectAltName alone: supply a certificate that names this host",
            ),
        };
        let of = if is_served(problem) { Diagnostic::warning } else { Diagnostic::error };
        findings.push(
            of(code, format!("the certificate in `{file}` {problem}"))
                .at(context.value(path))
                .of(entry.clone())
                .being(if is_of_the_time(problem) { Nature::OfTheTime } else { Nature::Finding })
                .help(help),
        );
    }
    problems.iter().all(|problem| is_of_the_time(problem) || is_served(problem))
}

fn foreign_key(certificate_file: &str) -> Diagnostic {
    let title = format!("this key belongs to no certificate in `{certificate_file}`");
    Diagnostic::error("key-mismatch", title)
        .help("supply the key that the certificate was requested with")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new path of the spec goes into [`paths`], and here; [`Document::named`] alone makes paths of them.
    #[test]
    fn all_paths_of_the_spec_are_known() {
        let sources = [
            include_str!("../specification.rs"),
            include_str!("../specification/plugin.rs"),
            include_str!("../specification/value/revocation.rs"),
        ];
        let fields = sources.iter().flat_map(|text| text.lines());
        let fields =
            fields.filter(|line| line.contains("<FilePath>") && line.trim_end().ends_with(','));
        let found: BTreeSet<&str> = fields
            .filter_map(|line| line.trim().trim_start_matches("pub ").split(':').next())
            .collect();
        let known = [
            "templates",
            "path",
            "seed_file",
            "certificate",
            "key",
            "csr",
            "file",
            "spec_files",
            "include",
        ];
        assert_eq!(found, BTreeSet::from(known));

        let text = "templates = 't'\nstore = { path = 's', seedFile = 'e' }\npatches = [{ path = 'p' }]\n\
            [cas.a]\ncertificate = 'c'\nkey = 'k'\ncrl = 'l'\n[cas.b]\ncrl.file = 'm'\n\
            [hosts.h.tls]\ncertificate = 'hc'\nkey = 'hk'\n[clients.x]\ncsr = 'r'\n\
            [defaults.hosts.tls]\ncertificate = 'dc'\nkey = 'dk'\n";
        let source = crate::diagnostic::Source {
            name: "mtls.toml".to_owned(),
            directory: "d".into(),
            text: text.to_owned(),
        };
        let (document, found) =
            crate::specification::document::read(&[std::sync::Arc::new(source)]);
        assert_eq!(found, []);
        let (spec, found) = document.deserialize();
        assert_eq!(found, []);
        let named: Vec<String> = paths(&document, &spec)
            .iter()
            .map(|named| {
                let span = named.span().unwrap();
                let written = &span.source.text[span.start..span.end];
                assert_eq!(
                    format!("d/{}", written.trim_matches('\'')),
                    named.path().to_str().unwrap()
                );
                written.to_owned()
            })
            .collect();
        let quoted = text.matches('\'').count() / 2;
        assert_eq!(named.len(), quoted, "{named:?}");
    }
}
