//! What shows that a host is served otherwise than desired, for programs: the request, to be made of a controller, and both
//! answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{Class, Verdict};
use crate::controllers::{Origin, Settings};
use crate::enforcement::{
    self, Difference, DifferenceKind, Presented, Protocol, Requester, Witness,
};
use crate::pki::certificate;
use crate::pki::request::SerialNumber;

/// A difference between what a host is to do and what the controller does, and what shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Witness")]
pub struct Shown<'a> {
    /// How they differ.
    kind: DifferenceKind,
    /// The difference in words.
    message: String,
    /// The key of the host in the spec.
    host: &'a str,
    /// The controller that serves it.
    controller: Controller<'a>,
    #[serde(flatten)]
    by: By<'a>,
}

/// A controller and its options that are not what they are by default.
#[derive(Serialize, JsonSchema)]
struct Controller<'a> {
    /// Its name.
    name: &'static str,
    /// Its version.
    version: &'a str,
    /// Values by option.
    options: BTreeMap<&'static str, &'a str>,
}

/// What shows a difference.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "shows", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum By<'a> {
    /// A request.
    Request {
        /// The request to make.
        request: Box<Request<'a>>,
        /// What is to become of it.
        #[schemars(extend("enum" = ["refused", "admitted"]))]
        desired: &'static str,
        /// What becomes of it.
        observed: Verdict<'a>,
    },
    /// No path leads to a Service.
    NotServed,
    /// A path leads nowhere.
    #[serde(rename = "notServed")]
    NoPath {
        /// The path.
        path: &'a str,
        /// What decides whether it does.
        depends_on: Option<String>,
    },
    /// A path leads to a Service that is not there.
    NoService {
        /// The path.
        path: &'a str,
        /// The Service that it leads to.
        backend: String,
        /// What decides whether it does.
        depends_on: Option<String>,
    },
    /// Nothing is served to any client.
    Denied {
        /// The objects that say so.
        objects: Vec<String>,
    },
    /// A path leads to a Service of another host.
    OtherBackend {
        /// The path.
        path: &'a str,
        /// The Service that it leads to.
        backend: String,
        /// The key of the other host in the spec.
        of: &'a str,
        /// What decides whether it does.
        depends_on: Option<String>,
    },
    /// Chains may have more intermediates than desired.
    Depth {
        /// How many are desired.
        desired: u8,
        /// How many pass; null: any number.
        observed: Option<u8>,
    },
    /// A header that the client can write reaches the backend.
    ForgeableHeader {
        /// The path.
        path: &'a str,
        /// The header.
        header: &'static str,
        /// What decides whether it does.
        depends_on: Option<String>,
    },
    /// The backend does not get the client's certificate.
    UnheardCertificate {
        /// The path.
        path: &'a str,
        /// What decides whether it does.
        depends_on: Option<String>,
    },
    /// The host shows another certificate.
    ServerCertificate {
        /// The Secret of the desired one, `NAMESPACE/NAME`.
        secret: String,
    },
}

/// A request that can be made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WitnessRequest")]
struct Request<'a> {
    /// How it comes.
    #[schemars(extend("enum" = ["https", "http"]))]
    scheme: &'static str,
    /// The object whose address it goes to, where the controller has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// The port that it comes to.
    port: u16,
    /// The name in the TLS handshake; null: there is none.
    sni: Option<&'a str>,
    /// The host that it names.
    host: &'a str,
    /// Its path.
    path: &'a str,
    /// Its further headers.
    headers: &'a BTreeMap<String, String>,
    /// Who makes it, and what it shows of itself.
    client: Client<'a>,
}

/// Who makes a request, and what it shows of itself.
#[derive(Serialize, JsonSchema)]
struct Client<'a> {
    /// What kind of client that is.
    class: Class,
    /// Its name in the spec.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(flatten)]
    shows: Shows<'a>,
}

/// What a client shows of itself.
#[derive(Serialize, JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Shows<'a> {
    Nothing {},
    /// A certificate that it has.
    Certificate {
        /// The certificate that it shows.
        certificate: Option<Certificate>,
        /// Certificates that it sends along.
        sends: Vec<Certificate>,
    },
    /// A certificate that need not exist.
    Supposed {
        /// Who signs the certificate that it shows, which need not exist.
        issuer: Certificate,
        /// The subject of that certificate, RFC 2253.
        subject: &'a str,
        /// The serial number of that certificate; null: one that no list has.
        serial_number: Option<&'a SerialNumber>,
        /// Certificates that it sends along.
        sends: Vec<Certificate>,
    },
}

/// A certificate.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WitnessCertificate")]
struct Certificate {
    /// Its subject, RFC 2253.
    subject: String,
    /// SHA-256 of its DER, upper-case hexadecimal with colons.
    #[serde(rename = "fingerprintSHA256")]
    fingerprint_sha256: String,
}

impl<'a> Shown<'a> {
    /// A difference that the model of a controller with these settings shows.
    #[must_use]
    pub fn of(difference: &'a Difference, settings: &'a Settings) -> Self {
        let Difference { key, kind, witness } = difference;
        let desired = if *kind == DifferenceKind::LockedOut { "admitted" } else { "refused" };
        let is_set = |(_, (_, origin)): &(_, &(_, Origin))| *origin != Origin::Default;
        let options = settings.options.iter().filter(is_set);
        Self {
            kind: *kind,
            message: difference.to_string(),
            host: key,
            controller: Controller {
                name: settings.controller,
                version: &settings.version,
                options: options.map(|(name, (value, _))| (*name, value.as_str())).collect(),
            },
            by: By::of(witness, desired),
        }
    }
}

impl<'a> By<'a> {
    fn of(witness: &'a Witness, desired: &'static str) -> Self {
        let on = |depends: &Option<enforcement::Cause>| depends.map(|cause| cause.to_string());
        match witness {
            Witness::Request { client, request, observed } => Self::Request {
                request: Box::new(Request::of(client, request)),
                desired,
                observed: Verdict::of(observed),
            },
            Witness::NotServed => Self::NotServed,
            Witness::NoPath { path, depends } => Self::NoPath { path, depends_on: on(depends) },
            Witness::NoService { path, backend, depends } => {
                Self::NoService { path, backend: backend.to_string(), depends_on: on(depends) }
            }
            Witness::Denied(because) => {
                Self::Denied { objects: because.iter().map(ToString::to_string).collect() }
            }
            Witness::OtherBackend { path, backend, of, depends } => Self::OtherBackend {
                path,
                backend: backend.to_string(),
                of,
                depends_on: on(depends),
            },
            Witness::Deeper { desired, observed } => {
                Self::Depth { desired: *desired, observed: *observed }
            }
            Witness::Forgeable { path, header, depends } => {
                Self::ForgeableHeader { path, header, depends_on: on(depends) }
            }
            Witness::Unheard { path, depends } => {
                Self::UnheardCertificate { path, depends_on: on(depends) }
            }
            Witness::Certificate((namespace, name)) => {
                Self::ServerCertificate { secret: format!("{namespace}/{name}") }
            }
        }
    }
}

impl<'a> Request<'a> {
    fn of(client: &'a Requester, request: &'a enforcement::Request) -> Self {
        let enforcement::Request {
            address,
            protocol,
            port,
            sni,
            authority,
            path,
            headers,
            client: shows,
        } = request;
        Self {
            scheme: match protocol {
                Protocol::Http => "http",
                Protocol::Https => "https",
            },
            address: address.as_ref().map(ToString::to_string),
            port: *port,
            sni: sni.as_deref(),
            host: authority,
            path,
            headers,
            client: Client::of(client, shows),
        }
    }
}

impl<'a> Client<'a> {
    fn of(client: &'a Requester, shows: &'a Presented) -> Self {
        let (class, name) = match client {
            Requester::Class(class) => (Class::of(class), None),
            Requester::Revoked(..) => (Class::Revoked, None),
            Requester::NotListed(_) | Requester::Pinned(_) => (Class::NotListed, None),
            Requester::Subject(_) => (Class::Subject, None),
            Requester::Named(name) => (Class::Named, Some(name.as_str())),
        };
        let all = |sends: &[certificate::Certificate]| sends.iter().map(Certificate::of).collect();
        let shows = match shows {
            Presented::Nothing => Shows::Nothing {},
            Presented::Chain(chain) => {
                let (own, sends) = chain.split_at(chain.len().min(1));
                Shows::Certificate {
                    certificate: own.first().map(Certificate::of),
                    sends: all(sends),
                }
            }
            Presented::Supposed { issuer, leaf, sends } => Shows::Supposed {
                issuer: Certificate::of(issuer),
                subject: &leaf.subject,
                serial_number: leaf.serial.as_ref(),
                sends: all(sends),
            },
        };
        Self { class, name, shows }
    }
}

impl Certificate {
    fn of(one: &certificate::Certificate) -> Self {
        let fingerprint_sha256 = one.fingerprint().with_colons();
        Self { subject: one.subject.rfc2253(), fingerprint_sha256 }
    }
}
