//! Signing requests of clients: the key is theirs, and what the certificate says is the spec's,
//! unless it leaves that to the request.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use super::context::{Context, Findings, listed};
use super::supplied;
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::pki::certification_request::{CertificationRequest, RequestError};
use crate::pki::name::DistinguishedName;
use crate::pki::request::AlternativeNames;
use crate::specification::document::Path;
use crate::specification::value::{EmailAddress, HostName, IpAddress, Uri};
use crate::specification::{self, FromCsr};

/// A client's signing request, and where the spec names it.
pub struct Requested<'a> {
    context: Context<'a>,
    client: &'a str,
    written: &'a specification::Client,
    /// The file, as it is written.
    file: &'a str,
    request: CertificationRequest,
}

/// The signing request of a client that has one; `None` is an error that was reported.
#[expect(clippy::option_option, reason = "a client without request is none that has errors")]
pub fn read<'a>(
    context: Context<'a>,
    client: &'a str,
    written: &'a specification::Client,
    findings: &mut Findings,
) -> Option<Option<Requested<'a>>> {
    let Some(file) = written.csr.as_ref().map(AsRef::<str>::as_ref) else {
        refuse_from_csr_alone(context, client, written, findings);
        return Some(None);
    };
    let path = path!["clients", client, "csr"];
    refuse_what_needs_the_key(context, client, written, findings);
    let bytes = supplied::bytes(context, &path, file, findings)?;
    let request = match CertificationRequest::from_file(bytes) {
        Ok(request) => request,
        Err(error) => {
            findings.push(refusal(file, &error).at(context.value(&path)));
            return None;
        }
    };
    let requested = Requested { context, client, written, file, request };
    requested.refuse_authority(findings);
    Some(Some(requested))
}

/// `fromCsr` says what is taken from a request, and there is none.
fn refuse_from_csr_alone(
    context: Context<'_>,
    client: &str,
    written: &specification::Client,
    findings: &mut Findings,
) {
    // A request that was refused while reading is reported already.
    if written.from_csr.is_empty() || context.has(&path!["clients", client, "csr"]) {
        return;
    }
    let title = "`fromCsr` says what is taken from a signing request, and there is none";
    findings.push(
        Diagnostic::error("key-without-effect", title)
            .at(context.key(&path!["clients", client, "fromCsr"]))
            .help("add `csr`, or remove `fromCsr`"),
    );
}

/// The key is its owner's: mtlsgen neither makes it nor hands it over.
fn refuse_what_needs_the_key(
    context: Context<'_>,
    client: &str,
    written: &specification::Client,
    findings: &mut Findings,
) {
    let csr = context.value(&path!["clients", client, "csr"]);
    if written.private_key.is_some() {
        findings.push(
            Diagnostic::error(
                "key-without-effect",
                "`privateKey` says what key mtlsgen makes, and this client's key is its owner's",
            )
            .at(context.key(&path!["clients", client, "privateKey"]))
            .related(csr.clone(), "the signing request")
            .help("remove `privateKey`, or remove `csr`"),
        );
    }
    if written.secret_name.is_some() {
        findings.push(
            Diagnostic::error(
                "key-elsewhere",
                "a Secret holds a key, and this client's key never leaves its owner",
            )
            .at(context.value(&path!["clients", client, "secretName"]))
            .related(csr, "the signing request")
            .help("remove `secretName`: hand the owner `tls.crt` from the store; or remove `csr`, so that mtlsgen makes the key"),
        );
    }
}

/// What is wrong with a file, with what to do.
fn refusal(file: &str, error: &RequestError) -> Diagnostic {
    let (code, help) = match error {
        RequestError::NotPem => {
            ("not-pem", "name a signing request as `openssl req -new` writes it, PEM or DER")
        }
        RequestError::NoRequest(_) => {
            ("no-request", "name the signing request, which `openssl req -new -key KEY` makes")
        }
        RequestError::Several(_) => {
            ("several-requests", "keep one request in a file, and let each client name its own")
        }
        RequestError::HoldsPrivateKey => (
            "private-key-disclosed",
            "anyone who has that file can act as this client: have the owner generate a new key, and send the request alone",
        ),
        RequestError::Malformed(_) => ("broken-request", "get the file again"),
        RequestError::UnsupportedKey(_) => (
            "unsupported-key",
            "ask the owner for a request with a key of ECDSA (P-256, P-384), RSA (2048, 3072 or 4096 bits) or Ed25519",
        ),
        RequestError::WeakSignature(_) => {
            ("weak-signature", "ask the owner for a request that is signed with SHA-256 or better")
        }
        RequestError::UncheckedSignature(_) => (
            "signature-not-verified",
            "without that, nothing shows that its sender has the private key: ask the owner for a request that is signed with SHA-256, SHA-384 or SHA-512, as `openssl req -new -sha256` does",
        ),
        RequestError::WrongSignature => (
            "no-possession",
            "nothing shows that its sender has the private key: ask the owner for a new request",
        ),
    };
    Diagnostic::error(code, format!("`{file}` {error}")).help(help)
}

impl Requested<'_> {
    /// The request itself.
    pub fn request(&self) -> &CertificationRequest {
        &self.request
    }

    /// The subject, if the request decides; else `None`. Two sources are an error.
    pub fn subject(&self, findings: &mut Findings) -> Option<&DistinguishedName> {
        if !self.decides(FromCsr::Subject) {
            return None;
        }
        if self.written.subject.is_some() {
            self.refuse_two_sources("subject", "subject", findings);
        }
        let subject = &self.request.subject;
        let problem = if subject.is_empty() {
            Some("requests no subject".to_owned())
        } else {
            subject.check().err().map(|error| format!("requests a subject where {}", error.problem))
        };
        if let Some(problem) = problem {
            findings.push(
                Diagnostic::error("requested-subject", format!("`{}` {problem}", self.file))
                    .at(self.context.value(&self.csr()))
                    .help("write `subject`, and remove \"subject\" from `fromCsr`"),
            );
        }
        Some(subject)
    }

    /// Reports that the default `subject` differs from the requested one.
    pub fn report_other_subject(&self, subject: &DistinguishedName, findings: &mut Findings) {
        let asked = &self.request.subject;
        let decided = self.decides(FromCsr::Subject) || self.written.subject.is_some();
        if decided || asked.is_empty() || asked == subject {
            return;
        }
        let title = format!(
            "`{}` requests the subject `{asked}`, and the certificate has `{subject}`",
            self.file
        );
        findings.push(
            Diagnostic::notice("requested-subject", title)
                .at(self.context.value(&self.csr()))
                .help("write `subject` to override it, or `fromCsr = [\"subject\"]` to use the requested one"),
        );
    }

    /// The alternative names, where `listed` are those of the spec. What is asked for and not listed is
    /// an error, unless the spec leaves names to the request.
    pub fn names(&self, listed: AlternativeNames, findings: &mut Findings) -> AlternativeNames {
        let asked = &self.request.names;
        self.refuse_other_names(findings);
        if !self.decides(FromCsr::Names) {
            self.refuse_unlisted(&listed, findings);
            return listed;
        }
        let fields = [
            ("dnsNames", listed.dns.is_empty()),
            ("ipAddresses", listed.ip.is_empty()),
            ("emailAddresses", listed.email.is_empty()),
            ("uris", listed.uri.is_empty()),
        ];
        for (field, _) in fields.into_iter().filter(|(_, empty)| !empty) {
            self.refuse_two_sources("names", field, findings);
        }
        self.refuse_improper(&asked.dns, HostName::from_str, findings);
        self.refuse_improper(&asked.ip, IpAddress::from_str, findings);
        self.refuse_improper(&asked.email, EmailAddress::from_str, findings);
        self.refuse_improper(&asked.uri, Uri::from_str, findings);
        asked.clone()
    }

    fn decides(&self, part: FromCsr) -> bool {
        self.written.from_csr.contains(&part)
    }

    fn csr(&self) -> Path {
        path!["clients", self.client, "csr"]
    }

    fn refuse_authority(&self, findings: &mut Findings) {
        if !self.request.asks_for_authority {
            return;
        }
        findings.push(
            Diagnostic::error(
                "authority-requested",
                format!("`{}` requests the certificate of an authority", self.file),
            )
            .at(self.context.value(&self.csr()))
            .help("a client's certificate signs no others: ask the owner for a request without `CA:TRUE`, keyCertSign and cRLSign"),
        );
    }

    fn refuse_two_sources(&self, part: &str, field: &str, findings: &mut Findings) {
        let client = self.client;
        findings.push(
            Diagnostic::error(
                "two-sources",
                format!("`{field}` and `fromCsr` both set the {part}"),
            )
            .at(self.context.key(&path!["clients", client, field]))
            .related(self.context.value(&path!["clients", client, "fromCsr"]), "the other one")
            .help(format!("remove `{field}`, or remove \"{part}\" from `fromCsr`")),
        );
    }

    /// Names of kinds that the spec has no words for.
    fn refuse_other_names(&self, findings: &mut Findings) {
        if self.request.other_names.is_empty() {
            return;
        }
        let names = self.request.other_names.join(", ");
        findings.push(
            Diagnostic::error("requested-names", format!("`{}` requests {names}", self.file))
                .at(self.context.value(&self.csr()))
                .help("mtlsgen issues DNS names, IP addresses, mail addresses and URIs: ask the owner for a request without it"),
        );
    }

    fn refuse_unlisted(&self, listed_names: &AlternativeNames, findings: &mut Findings) {
        let asked = &self.request.names;
        let unlisted = [
            ("dnsNames", absent(&asked.dns, &listed_names.dns)),
            ("ipAddresses", absent(&asked.ip, &listed_names.ip)),
            ("emailAddresses", absent(&asked.email, &listed_names.email)),
            ("uris", absent(&asked.uri, &listed_names.uri)),
        ];
        for (field, names) in unlisted.into_iter().filter(|(_, names)| !names.is_empty()) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let title = format!(
                "`{}` requests {}, which `{field}` does not list",
                self.file,
                listed(&names)
            );
            findings.push(
                Diagnostic::error("requested-names", title)
                    .at(self.context.value(&self.csr()))
                    .help(format!("add it to `{field}` if this client may have it, or write `fromCsr = [\"names\"]` to use all requested names")),
            );
        }
    }

    /// Names that the spec could not list.
    fn refuse_improper<N: Display, V>(
        &self,
        names: &[N],
        check: fn(&str) -> Result<V, String>,
        findings: &mut Findings,
    ) {
        for name in names {
            let Err(problem) = check(&name.to_string()) else { continue };
            let problem = problem.lines().next().unwrap_or_default();
            let title = format!("`{}` requests a name that cannot be issued: {problem}", self.file);
            findings.push(
                Diagnostic::error("requested-names", title)
                    .at(self.context.value(&self.csr()))
                    .help("list the names in the spec, and remove \"names\" from `fromCsr`, or ask the owner for another request"),
            );
        }
    }
}

/// Those of `asked` that are not among `listed`.
fn absent<N: PartialEq + Display>(asked: &[N], listed: &[N]) -> Vec<String> {
    asked.iter().filter(|name| !listed.contains(name)).map(ToString::to_string).collect()
}

/// The names that a client lists in the spec.
pub fn listed_names(written: &specification::Client) -> AlternativeNames {
    let ip: Vec<IpAddr> = super::sorted(written.ip_addresses.iter().map(|address| address.0));
    AlternativeNames {
        dns: super::sorted(written.dns_names.iter().map(ToString::to_string)),
        ip,
        email: super::sorted(written.email_addresses.iter().map(ToString::to_string)),
        uri: super::sorted(written.uris.iter().map(ToString::to_string)),
    }
}
