//! How what is served differs from what is desired, with the request that shows it, in words.

use std::fmt;
use std::sync::Arc;

use super::clients::Pins;
use super::fact::{Cause, Missing};
use super::observed::Protocol;
use super::representatives::ClientClass;
use super::request::Request;
use super::routes::Backend;
use super::verdict::Verdict;
use crate::identity::Identity;
use crate::json::words;
use crate::pki::certificate::Certificate;
use crate::pki::request::SerialNumber;

/// A difference at a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the spec calls the host.
    pub key: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// What shows it.
    pub witness: Witness,
}

/// How what is served differs from what is desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// A client is, or may be, admitted against the spec; or a backend trusts a header that the client sets.
    Weaker,
    /// A client is refused against the spec, or its backend does not receive its certificate.
    LockedOut,
    /// It is not known whether a client is admitted against the spec.
    Unproven,
}

words!(DifferenceKind::word {
    Weaker => "weaker",
    LockedOut => "lockedOut",
    Unproven => "unproven",
});

/// What shows a difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Witness {
    /// This request, and its verdict.
    Request {
        /// Who makes it.
        client: Requester,
        /// The request.
        request: Box<Request>,
        /// The verdict.
        observed: Verdict,
    },
    /// No path leads to a Service.
    NotServed,
    /// A path of the spec leads nowhere.
    NoPath {
        /// The path.
        path: String,
        /// What decides whether it does, if something does.
        depends: Option<Cause>,
    },
    /// A path of the spec leads to a Service that neither the objects nor the spec have.
    NoService {
        /// The path.
        path: String,
        /// The Service.
        backend: Backend,
        /// What decides whether it does, if something does.
        depends: Option<Cause>,
    },
    /// No client is served, because of these objects.
    Denied(Vec<Identity>),
    /// A path leads to a Service of another host.
    OtherBackend {
        /// The path.
        path: String,
        /// The Service.
        backend: Backend,
        /// What the spec calls the other host.
        of: String,
        /// What decides whether it does, if something does.
        depends: Option<Cause>,
    },
    /// Chains may have more intermediates than desired.
    Deeper {
        /// How many are desired.
        desired: u8,
        /// How many pass; `None`: any number.
        observed: Option<u8>,
    },
    /// A client's own header reaches the backend.
    Forgeable {
        /// Where.
        path: String,
        /// The header.
        header: &'static str,
        /// What decides whether it does, if something does.
        depends: Option<Cause>,
    },
    /// The backend does not receive the client's certificate.
    Unheard {
        /// Where.
        path: String,
        /// What decides whether it does, if something does.
        depends: Option<Cause>,
    },
    /// The host serves another certificate than that of this Secret.
    Certificate((String, String)),
}

/// Who makes a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Requester {
    /// A representative of a class.
    Class(ClientClass),
    /// One whose certificate of this authority is revoked.
    Revoked(Arc<Certificate>, SerialNumber),
    /// One of an authority that is trusted, whose subject no list has.
    NotListed(Arc<Certificate>),
    /// One of an authority that is trusted, with this subject, which the list of the spec does not have.
    Subject(String),
    /// One of an authority that is trusted, and admitted by this name or hash, in words, which the clients of the list do not have
    /// alone.
    Pinned(String),
    /// This client.
    Named(String),
}

impl Requester {
    /// One that is admitted by one of these.
    #[must_use]
    pub fn pinned(pins: &Pins) -> Option<Self> {
        let hash = pins.hashes.first().map(|hash| format!("the hash {hash}"));
        let key = || pins.keys.first().map(|hash| format!("a public key of the hash {hash}"));
        let name = || pins.names.first().map(ToString::to_string);
        hash.or_else(key).or_else(name).map(Self::Pinned)
    }
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |one: &Certificate| one.subject.rfc2253().escape_debug().to_string();
        match self {
            Self::Class(ClientClass::Nothing) => f.write_str("a client without a certificate"),
            Self::Class(ClientClass::Stranger) => {
                f.write_str("a client of an authority that is not trusted")
            }
            Self::Class(ClientClass::Below(issuer)) => {
                write!(f, "a client below `{}`", name(issuer))
            }
            Self::Class(ClientClass::Itself(own)) => {
                write!(f, "the holder of `{}`, which is in the bundle", name(own))
            }
            Self::Revoked(issuer, serial) => {
                write!(f, "a client of `{}` whose certificate {serial} is revoked", name(issuer))
            }
            Self::NotListed(issuer) => {
                write!(f, "a client below `{}` that `allow` does not have", name(issuer))
            }
            Self::Subject(subject) => write!(
                f,
                "a client called `{}`, which `allow` does not have,",
                subject.escape_debug()
            ),
            Self::Pinned(by) => {
                write!(f, "a client with {by}, which those of `allow` do not have alone,")
            }
            Self::Named(name) => write!(f, "client `{}`", name.escape_debug()),
        }
    }
}

impl Difference {
    /// What is not known, if that is the difference.
    #[must_use]
    pub fn missing(&self) -> Option<&Missing> {
        match &self.witness {
            Witness::Request { observed, .. } => observed.missing(),
            _ => None,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.witness {
            Witness::Request { client, request, observed } => {
                of_request(f, self.kind, client, request, observed)
            }
            Witness::NotServed => f.write_str("no path leads to a Service"),
            Witness::NoPath { path, depends } => {
                let path = path.escape_debug();
                let is = if depends.is_some() { "may be" } else { "is" };
                write!(f, "a client that the spec admits {is} answered 404 at `{path}`")?;
                on(f, *depends)
            }
            Witness::NoService { path, backend, depends } => {
                let path = path.escape_debug();
                let may = if depends.is_some() { "may lead" } else { "leads" };
                write!(
                    f,
                    "`{path}` {may} to `{backend}`, and neither the objects nor the spec have that Service"
                )?;
                on(f, *depends)
            }
            Witness::Denied(because) => {
                let all: Vec<String> = because.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "nothing is served: the Secret that verifies clients is missing or refused ({})",
                    all.join(", ")
                )
            }
            Witness::OtherBackend { path, backend, of, depends } => {
                let path = path.escape_debug();
                let may = if depends.is_some() { "may lead" } else { "leads" };
                write!(f, "`{path}` {may} to `{backend}`, which is behind host `{of}`")?;
                on(f, *depends)
            }
            Witness::Deeper { desired, observed } => {
                let observed = observed.map_or("any number of".to_owned(), |most| most.to_string());
                write!(f, "chains with {observed} intermediates pass, and {desired} are wanted")
            }
            Witness::Forgeable { path, header, depends } => {
                let path = path.escape_debug();
                let can = if depends.is_some() { "may be able to" } else { "can" };
                write!(f, "a client {can} write the header `{header}` itself at `{path}`")?;
                on(f, *depends)
            }
            Witness::Unheard { path, depends } => {
                let path = path.escape_debug();
                let does = if depends.is_some() { "may not" } else { "does not" };
                write!(f, "the Service {does} get the client's certificate at `{path}`")?;
                on(f, *depends)
            }
            Witness::Certificate((namespace, name)) => {
                write!(f, "the certificate of the Secret `{namespace}/{name}` is not shown there")
            }
        }
    }
}

/// What something depends on, behind it.
fn on(f: &mut fmt::Formatter<'_>, depends: Option<Cause>) -> fmt::Result {
    depends.map_or(Ok(()), |cause| write!(f, ": that depends on {cause}"))
}

fn of_request(
    f: &mut fmt::Formatter<'_>,
    kind: DifferenceKind,
    client: &Requester,
    request: &Request,
    observed: &Verdict,
) -> fmt::Result {
    let path = request.path.escape_debug();
    if kind == DifferenceKind::Unproven {
        return match observed.missing() {
            Some(missing) => write!(f, "which clients are admitted is not known: {missing}"),
            None => write!(f, "which clients are admitted at `{path}` is not known"),
        };
    }
    let mut way = match (request.protocol, &request.sni) {
        (Protocol::Http, _) if request.headers.contains_key("x-forwarded-proto") => {
            " by plain HTTP with `X-Forwarded-Proto: https`".to_owned()
        }
        (Protocol::Http, _) => " by plain HTTP".to_owned(),
        (Protocol::Https, None) => ", without a name in its TLS handshake,".to_owned(),
        (Protocol::Https, Some(sni)) if *sni != request.authority => {
            format!(", with `{}` in its TLS handshake,", sni.escape_debug())
        }
        _ => String::new(),
    };
    if let Some(address) = &request.address {
        way = format!("{way} at the {address}");
    }
    if !matches!(request.port, 80 | 443) {
        way = format!("{way} at port {}", request.port);
    }
    match (kind, observed) {
        (DifferenceKind::Weaker, Verdict::Admitted { backend, .. }) => {
            write!(f, "{client}{way} is served at `{path}`")?;
            backend.iter().try_for_each(|backend| write!(f, ", by `{backend}`"))
        }
        (DifferenceKind::Weaker, Verdict::OneOf(cause, _)) => {
            write!(f, "{client}{way} may be served at `{path}`: that depends on {cause}")
        }
        (_, Verdict::Refused { why, .. }) => {
            write!(f, "{client}{way} is refused at `{path}`: {why}")
        }
        (_, Verdict::Redirected(to)) => {
            write!(f, "{client}{way} is redirected from `{path}` to `{}`", to.escape_debug())
        }
        (_, Verdict::OneOf(cause, _)) => {
            write!(f, "{client}{way} may not be served at `{path}`: that depends on {cause}")
        }
        (_, Verdict::Misdirected) => {
            write!(
                f,
                "{client}{way} is refused with 421 at `{path}`: the path has other TLS settings than the handshake"
            )
        }
        _ => write!(f, "{client}{way} is not served at `{path}`"),
    }
}
