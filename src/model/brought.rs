//! What was brought along: certificates and keys of others, judged before anything relies on them.

use std::path::PathBuf;

use super::context::{Context, Findings};
use super::tls::{covers, written_path};
use super::{Authority, patches};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::certificate::{Certificate, CertificateError, ExtendedKeyUsage};
use crate::pki::key::{KeyError, PrivateKey};
use crate::pki::request::Holder;
use crate::plan::Keyring;
use crate::spec::document::{Document, Path};
use crate::spec::value::{FalseOr, HostName};
use crate::spec::{Ca, Spec, Tls};

/// keyCertSign (RFC 5280, section 4.2.1.3).
const KEY_CERT_SIGN: u16 = 1 << 5;

/// The files that the spec names, so that they can be read before resolving.
#[must_use]
pub fn files(document: &Document, spec: &Spec) -> Vec<PathBuf> {
    let mut named: Vec<(Path, &String)> = Vec::new();
    for (name, ca) in &spec.cas {
        named.extend(
            ca.certificate.iter().map(|file| (path!["cas", name.as_str(), "certificate"], file)),
        );
        named.extend(ca.key.iter().map(|file| (path!["cas", name.as_str(), "key"], file)));
    }
    let add_tls = |base: Path, tls: &'_ Option<FalseOr<Tls>>| {
        let Some(FalseOr::Is(tls)) = tls else { return Vec::new() };
        let certificate = tls.certificate.clone().map(|file| ("certificate", file));
        let key = tls.key.clone().map(|file| ("key", file));
        certificate
            .into_iter()
            .chain(key)
            .map(|(field, file)| ([base.as_slice(), &path![field]].concat(), file))
            .collect()
    };
    let mut owned: Vec<(Path, String)> =
        add_tls(path!["defaults", "hosts", "tls"], &spec.defaults.hosts.tls);
    for (key, host) in &spec.hosts {
        owned.extend(add_tls(path!["hosts", key, "tls"], &host.tls));
    }
    for index in patches::files(spec) {
        owned.extend(
            spec.patches[index].path.clone().map(|file| (path!["patches", index, "path"], file)),
        );
    }
    let mut files: Vec<PathBuf> = named
        .into_iter()
        .map(|(path, file)| (path, file.clone()))
        .chain(owned)
        .map(|(path, file)| document.directory(&path).join(file))
        .collect();
    files.sort();
    files.dedup();
    files
}

/// Content of the file that is named at `path`; a missing or unreadable one is an error there.
pub fn bytes<'a>(
    context: Context<'a>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Option<&'a [u8]> {
    let full = context.document.directory(path).join(file);
    let cause = match context.files.get(&full) {
        Some(Ok(bytes)) => return Some(bytes),
        Some(Err(cause)) => cause.as_str(),
        None => "it was not read",
    };
    findings.push(
        Diagnostic::error("unreadable-file", format!("cannot read `{}`: {cause}", full.display()))
            .at(context.value(path))
            .help("paths start from the folder of the file that contains them"),
    );
    None
}

/// Whether an authority is somebody else's.
#[must_use]
pub fn is_brought(ca: &Ca) -> bool {
    ca.certificate.is_some() || ca.key.is_some()
}

/// Somebody else's authority: its certificate, then its issuers up to the root. Its key, if it was
/// brought along, goes to `keyring`.
pub fn authority(
    context: Context<'_>,
    name: &str,
    written: &Ca,
    keyring: &mut Keyring,
    findings: &mut Findings,
) -> Option<Vec<Certificate>> {
    let path = path!["cas", name, "certificate"];
    let Some(file) = &written.certificate else {
        findings.push(
            Diagnostic::error("missing-key", "a key without its certificate is no authority")
                .at(context.key(&path!["cas", name, "key"]))
                .help("add `certificate`"),
        );
        return None;
    };
    let found = certificates(context, &path, file, findings)?;
    let place = Place { context, path: &path, file };
    let own = found.first()?.clone();
    let mut fits = place.refuse_outside_validity(&own, findings);
    fits &= place.refuse_leaf(&own, findings);
    let pool: Vec<Certificate> = found[1..].iter().cloned().chain(others(context, name)).collect();
    let (chain, missing) = climb(&own, &pool);
    if let Some(top) = missing {
        findings.push(
            Diagnostic::error(
                "incomplete-chain",
                format!("`{file}` stops at `{}`: its issuer `{}` is missing", top.subject.rfc2253(), top.issuer.rfc2253()),
            )
            .at(context.value(&path))
            .help("append the issuers' certificates up to the root: the controller trusts nobody without the root"),
        );
        fits = false;
    }
    if let Some(key_file) = &written.key {
        let key_path = path!["cas", name, "key"];
        let key = private_key(context, &key_path, key_file, (&own, file), findings)?;
        keyring.insert(Holder::Authority(name.to_owned()), key);
    }
    fits.then_some(chain)
}

/// Certificates of the other authorities that were brought along: a chain may go on there.
fn others<'a>(context: Context<'a>, name: &'a str) -> impl Iterator<Item = Certificate> + 'a {
    let cas = context.spec.cas.iter().filter(move |(other, _)| other.as_str() != name);
    cas.filter_map(move |(other, ca)| {
        let file = ca.certificate.as_ref()?;
        let path = path!["cas", other.as_str(), "certificate"];
        let full = context.document.directory(&path).join(file);
        let bytes = context.files.get(&full)?.as_ref().ok()?;
        Certificate::from_pem(bytes).ok()
    })
    .flatten()
}

/// From `own` up to its root through `pool`; the last certificate is given again if its issuer is missing.
fn climb(own: &Certificate, pool: &[Certificate]) -> (Vec<Certificate>, Option<Certificate>) {
    let mut chain = vec![own.clone()];
    loop {
        let top = &chain[chain.len() - 1];
        if top.is_self_signed() {
            return (chain, None);
        }
        match pool.iter().find(|issuer| !chain.contains(issuer) && top.is_signed_by(issuer)) {
            Some(issuer) => chain.push(issuer.clone()),
            None => {
                let top = top.clone();
                return (chain, Some(top));
            }
        }
    }
}

/// A server certificate that somebody else issued, leaf first, then intermediates; and its key.
pub fn server(
    context: Context<'_>,
    key: &str,
    host: &HostName,
    tls: &Tls,
    findings: &mut Findings,
) -> Option<(Vec<Certificate>, PrivateKey)> {
    let certificate_path = written_path(context, key, "certificate");
    let key_path = written_path(context, key, "key");
    let (Some(file), Some(key_file)) = (&tls.certificate, &tls.key) else {
        let (given, missing) =
            if tls.key.is_some() { (&key_path, "certificate") } else { (&certificate_path, "key") };
        findings.push(
            Diagnostic::error("missing-key", "a brought certificate and its key belong together")
                .at(context.value(given))
                .help(format!("add `{missing}`")),
        );
        return None;
    };
    let found = certificates(context, &certificate_path, file, findings)?;
    let own = found.first()?;
    let place = Place { context, path: &certificate_path, file };
    let mut fits = place.refuse_outside_validity(own, findings);
    fits &= place.refuse_names_missing(own, host, findings);
    fits &= place.refuse_wrong_purpose(own, findings);
    let pool: Vec<Certificate> = found[1..].iter().cloned().chain(others(context, "")).collect();
    let (chain, missing) = climb(own, &pool);
    if missing.is_some() && chain.len() == 1 {
        place.warn_leaf_alone(own, findings);
    }
    if let Some(stray) = found.iter().find(|certificate| !chain.contains(certificate)) {
        findings.push(
            Diagnostic::warning(
                "stray-certificate",
                format!(
                    "`{}` in `{file}` is no issuer of the certificate; it is left out",
                    stray.subject.rfc2253()
                ),
            )
            .at(context.value(&certificate_path))
            .help("keep the certificate and its intermediates in that file, nothing else"),
        );
    }
    let private_key = private_key(context, &key_path, key_file, (own, file), findings)?;
    let served = chain.iter().take(1).chain(chain.iter().skip(1).filter(|c| !c.is_self_signed()));
    fits.then(|| (served.cloned().collect(), private_key))
}

/// A file at its place in the spec.
#[derive(Clone, Copy)]
struct Place<'a> {
    context: Context<'a>,
    path: &'a Path,
    file: &'a str,
}

impl Place<'_> {
    fn refuse(
        &self,
        code: &'static str,
        title: String,
        help: &str,
        findings: &mut Findings,
    ) -> bool {
        let place = self.context.value(self.path);
        findings.push(Diagnostic::error(code, title).at(place).help(help));
        false
    }

    fn refuse_outside_validity(&self, own: &Certificate, findings: &mut Findings) -> bool {
        let Self { context, file, .. } = self;
        if own.not_after < context.now {
            let title = format!("the certificate in `{file}` expired at {}", own.not_after);
            return self.refuse(
                "expired-certificate",
                title,
                "ask its issuer for a new one",
                findings,
            );
        }
        if own.not_before > context.now {
            let title =
                format!("the certificate in `{file}` is not valid before {}", own.not_before);
            return self.refuse(
                "not-yet-valid",
                title,
                "check the clock, or wait until then",
                findings,
            );
        }
        true
    }

    fn refuse_leaf(&self, own: &Certificate, findings: &mut Findings) -> bool {
        let file = self.file;
        let help =
            "name the certificate of the authority itself; with a leaf here nobody could log in";
        if !own.is_authority {
            let title = format!(
                "the first certificate in `{file}`, `{}`, is not an authority's",
                own.subject.rfc2253()
            );
            return self.refuse("not-an-authority", title, help, findings);
        }
        if own.key_usage.is_some_and(|bits| bits & KEY_CERT_SIGN == 0) {
            let title = format!(
                "the authority in `{file}` may not sign certificates (keyUsage without keyCertSign)"
            );
            return self.refuse("not-an-authority", title, help, findings);
        }
        true
    }

    fn refuse_names_missing(
        &self,
        own: &Certificate,
        host: &HostName,
        findings: &mut Findings,
    ) -> bool {
        if own.names.dns.iter().any(|name| covers(name, host.as_str())) {
            return true;
        }
        let have = if own.names.dns.is_empty() {
            "it has no DNS names".to_owned()
        } else {
            format!(
                "it is for {}",
                super::context::listed(
                    &own.names.dns.iter().map(String::as_str).collect::<Vec<_>>()
                )
            )
        };
        let title = format!("the certificate in `{}` is not valid for `{host}`", self.file);
        let place = self.context.value(self.path);
        findings.push(
            Diagnostic::error("names-missing", title).at(place).label(have).help(
                "clients go by subjectAltName alone: bring a certificate that names this host",
            ),
        );
        false
    }

    fn refuse_wrong_purpose(&self, own: &Certificate, findings: &mut Findings) -> bool {
        let Some(purposes) = &own.extended_key_usage else { return true };
        let serves = purposes
            .iter()
            .any(|purpose| matches!(purpose, ExtendedKeyUsage::ServerAuth | ExtendedKeyUsage::Any));
        serves || {
            let title = format!("the certificate in `{}` is not for servers", self.file);
            self.refuse(
                "wrong-usage",
                title,
                "bring one with the extended key usage serverAuth",
                findings,
            )
        }
    }

    fn warn_leaf_alone(&self, own: &Certificate, findings: &mut Findings) {
        let title =
            format!("`{}` holds only the leaf, signed by `{}`", self.file, own.issuer.rfc2253());
        findings.push(
            Diagnostic::warning("incomplete-chain", title)
                .at(self.context.value(self.path))
                .help("if that issuer is an intermediate, append its certificate: many clients refuse an incomplete chain"),
        );
    }
}

fn certificates(
    context: Context<'_>,
    path: &Path,
    file: &str,
    findings: &mut Findings,
) -> Option<Vec<Certificate>> {
    let bytes = bytes(context, path, file, findings)?;
    let (code, title, help) = match Certificate::from_pem(bytes) {
        Ok(found) => return Some(found),
        Err(CertificateError::NotPem) => (
            "not-pem",
            format!("`{file}` is not PEM"),
            "convert it: `openssl x509 -inform DER -in FILE -out FILE.pem`, or `openssl pkcs12 -in FILE -nokeys` for PKCS#12",
        ),
        Err(CertificateError::NoCertificate) => (
            "no-certificate",
            format!("there is no certificate in `{file}`"),
            "name a file with `-----BEGIN CERTIFICATE-----`",
        ),
        Err(error) => (
            "broken-certificate",
            format!("a certificate in `{file}` is broken: {error}"),
            "get the file once more",
        ),
    };
    findings.push(Diagnostic::error(code, title).at(context.value(path)).help(help));
    None
}

fn private_key(
    context: Context<'_>,
    path: &Path,
    file: &str,
    (certificate, certificate_file): (&Certificate, &str),
    findings: &mut Findings,
) -> Option<PrivateKey> {
    let bytes = bytes(context, path, file, findings)?;
    let (code, title, help) = match PrivateKey::from_pem(bytes) {
        Ok(key) if key.spki_hash() == certificate.spki_hash => return Some(key),
        Ok(_) => (
            "key-mismatch",
            format!(
                "the key in `{file}` does not belong to the certificate in `{certificate_file}`"
            ),
            "bring the key that the certificate was requested with",
        ),
        Err(KeyError::NotPem) => (
            "not-pem",
            format!("`{file}` is not PEM"),
            "convert it: `openssl pkey -inform DER -in FILE -out FILE.pem`",
        ),
        Err(KeyError::NoKey) => (
            "no-key",
            format!("there is no private key in `{file}`"),
            "name a file with `-----BEGIN PRIVATE KEY-----`",
        ),
        Err(KeyError::Encrypted) => (
            "encrypted-key",
            format!("the key in `{file}` is encrypted, and mtlsgen has no passphrase for it"),
            "decrypt it to a file that only you can read: `openssl pkey -in FILE -out FILE.pem`",
        ),
        Err(error) => (
            "broken-key",
            format!("the key in `{file}` cannot be used: {error}"),
            "get the file once more",
        ),
    };
    findings.push(Diagnostic::error(code, title).at(context.value(path)).help(help));
    None
}

/// The chain of an authority that was brought along, if it is one.
#[must_use]
pub fn chain(authority: &Authority) -> Option<&[Certificate]> {
    match &authority.source {
        super::AuthoritySource::Brought(chain) => Some(chain),
        super::AuthoritySource::Issued(_) => None,
    }
}
