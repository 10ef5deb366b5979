//! Answers for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Access, Answered, Change, HostAccess, Scheme, Who};
use crate::enforcement::representatives::ClientClass;
use crate::enforcement::{self, Address, Answer};

/// Version of the objects.
const API_VERSION: &str = "mtlsgen.dev/v1alpha1";

/// Answers of one controller, or of several.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answers<'a> {
    /// Of one.
    One(OfController<'a>),
    /// Of several.
    Several(List<'a>),
}

/// Answers of several controllers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AccessList")]
pub struct List<'a> {
    /// Version of the object.
    #[schemars(extend("const" = API_VERSION))]
    api_version: &'static str,
    /// Kind of the object.
    #[schemars(extend("const" = "AccessList"))]
    kind: &'static str,
    /// Answers, one object for each controller.
    items: Vec<OfController<'a>>,
}

/// Answers of one controller.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Access")]
pub struct OfController<'a> {
    /// Version of the object.
    #[schemars(extend("const" = API_VERSION))]
    api_version: &'static str,
    /// Kind of the object.
    #[schemars(extend("const" = "Access"))]
    kind: &'static str,
    /// The controller that the answers are of.
    controller: Controller<'a>,
    /// What the answers rest on, in words.
    given: Vec<String>,
    /// Answers, host by host.
    hosts: Vec<Host<'a>>,
}

/// A controller.
#[derive(Serialize, JsonSchema)]
struct Controller<'a> {
    /// Its name.
    name: &'static str,
    /// Its version.
    version: &'a str,
}

/// Answers about one host.
#[derive(Serialize, JsonSchema)]
struct Host<'a> {
    /// Its name; `*.` before a domain is for all names below it, `*` for all names that no host has.
    #[serde(rename = "host")]
    name: &'a str,
    #[serde(flatten)]
    place: Place,
    /// Requests and their answers, path by path, client by client.
    requests: Vec<Asked<'a>>,
}

/// Where a host is asked, where that is not the usual place.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    /// The object whose address is asked, where the controller has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// The port that is asked by HTTPS, where it is not 443.
    #[serde(skip_serializing_if = "Option::is_none")]
    https_port: Option<u16>,
}

impl Place {
    pub(super) fn of(address: &Address, port: u16) -> Self {
        let address = address.as_ref().map(ToString::to_string);
        Self { address, https_port: (port != 443).then_some(port) }
    }
}

/// A request and its answer.
#[derive(Serialize, JsonSchema)]
struct Asked<'a> {
    #[serde(flatten)]
    request: Request<'a>,
    #[serde(flatten)]
    verdict: Verdict<'a>,
}

/// A request, by what it differs in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    /// How it comes.
    #[schemars(extend("enum" = ["https", "http"]))]
    scheme: &'static str,
    /// Its path.
    path: &'a str,
    /// The client that makes it.
    client: String,
    /// What kind of client that is.
    class: Class,
    /// The header `X-Forwarded-Proto` that it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded_proto: Option<&'static str>,
}

/// A kind of client.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(inline)]
pub(super) enum Class {
    Nothing,
    Stranger,
    Below,
    Bundle,
    Revoked,
    Listed,
    NotListed,
    Subject,
    Named,
}

/// What becomes of a request.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "verdict", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Verdict<'a> {
    /// A backend gets it.
    Admitted {
        /// The backend that gets it; null: it is not known.
        backend: Option<String>,
        /// Headers about the certificate that the client itself can send.
        client_can_send: Vec<&'a str>,
    },
    /// The controller refuses it.
    Refused {
        /// What the client sees: `alert`, or the status.
        answer: String,
        /// Why, in words.
        why: String,
    },
    /// It is redirected.
    Redirected {
        /// Where to.
        to: &'a str,
    },
    /// Its handshake had another name.
    Misdirected {
        /// What the client sees: `alert`, or the status.
        answer: &'static str,
    },
    /// There is nothing for it.
    NotServed,
    /// One of several, by something that is not known.
    OneOf {
        /// What may become of it.
        one_of: Vec<Verdict<'a>>,
        /// Why, in words.
        why: String,
    },
    /// It is not known.
    Unknown {
        /// Why, in words.
        why: String,
    },
}

/// Changes between two sets of objects.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessChanges<'a> {
    /// Version of the object.
    #[schemars(extend("const" = API_VERSION))]
    api_version: &'static str,
    /// Kind of the object.
    #[schemars(extend("const" = "AccessChanges"))]
    kind: &'static str,
    /// Requests that get another answer.
    changes: Vec<Changed<'a>>,
}

/// A request that gets another answer.
#[derive(Serialize, JsonSchema)]
struct Changed<'a> {
    #[serde(flatten)]
    request: Request<'a>,
    /// Its host, as `access` has it.
    host: &'a str,
    #[serde(flatten)]
    place: Place,
    /// What became of it.
    before: Verdict<'a>,
    /// What becomes of it.
    after: Verdict<'a>,
}

impl<'a> Answers<'a> {
    /// All answers; of several controllers, a list.
    #[must_use]
    pub fn of(all: &'a [Access<'_>]) -> Self {
        match all {
            [one] => Self::One(OfController::of(one)),
            all => Self::Several(List {
                api_version: API_VERSION,
                kind: "AccessList",
                items: all.iter().map(OfController::of).collect(),
            }),
        }
    }
}

impl<'a> OfController<'a> {
    fn of(Access { controller: (name, version), observed, hosts }: &'a Access<'_>) -> Self {
        let host = |HostAccess { host, address, port, answers }: &'a HostAccess| Host {
            name: host,
            place: Place::of(address, *port),
            requests: answers.iter().map(Asked::of).collect(),
        };
        Self {
            api_version: API_VERSION,
            kind: "Access",
            controller: Controller { name, version },
            given: observed.given.iter().map(ToString::to_string).collect(),
            hosts: hosts.iter().map(host).collect(),
        }
    }
}

impl<'a> AccessChanges<'a> {
    /// All changes.
    #[must_use]
    pub fn of(changes: &'a [Change]) -> Self {
        let change = |Change { host, address, port, after, before }: &'a Change| Changed {
            request: Request::of(after),
            host,
            place: Place::of(address, *port),
            before: Verdict::of(before),
            after: Verdict::of(&after.verdict),
        };
        let changes = changes.iter().map(change).collect();
        Self { api_version: API_VERSION, kind: "AccessChanges", changes }
    }
}

impl<'a> Asked<'a> {
    fn of(answered: &'a Answered) -> Self {
        Self { request: Request::of(answered), verdict: Verdict::of(&answered.verdict) }
    }
}

impl<'a> Request<'a> {
    fn of(Answered { scheme, path, client, verdict: _ }: &'a Answered) -> Self {
        let (client, class) = match client {
            Who::Of(class) => (class.to_string(), Class::of(class)),
            Who::Listed(listed) => (listed.to_string(), Class::Listed),
            Who::Named(name) => (name.clone(), Class::Named),
        };
        Self {
            scheme: if *scheme == Scheme::Https { "https" } else { "http" },
            path,
            client,
            class,
            forwarded_proto: (*scheme == Scheme::Forwarded).then_some("https"),
        }
    }
}

impl Class {
    pub(super) fn of(class: &ClientClass) -> Self {
        match class {
            ClientClass::Nothing => Self::Nothing,
            ClientClass::Stranger => Self::Stranger,
            ClientClass::Below(_) => Self::Below,
            ClientClass::Itself(_) => Self::Bundle,
        }
    }
}

impl<'a> Verdict<'a> {
    pub(super) fn of(verdict: &'a enforcement::Verdict) -> Self {
        use enforcement::Verdict as Of;
        match verdict {
            Of::Admitted { backend, headers } => {
                let spoofable = headers.iter().filter(|header| header.client_can_send);
                Self::Admitted {
                    backend: backend.as_ref().map(ToString::to_string),
                    client_can_send: spoofable.map(|header| header.name).collect(),
                }
            }
            Of::Refused { answer, why } => {
                Self::Refused { answer: word(answer), why: why.to_string() }
            }
            Of::Redirected(to) => Self::Redirected { to },
            Of::Misdirected => Self::Misdirected { answer: "421" },
            Of::NotServed => Self::NotServed,
            Of::OneOf(cause, all) => Self::OneOf {
                one_of: all.iter().map(Self::of).collect(),
                why: format!("it depends on {cause}"),
            },
            Of::Unknown(missing) => Self::Unknown { why: missing.to_string() },
        }
    }
}

/// An answer of the controller's own, in a word.
pub(super) fn word(answer: &Answer) -> String {
    match answer {
        Answer::Alert => "alert".to_owned(),
        Answer::Status(status) => status.to_string(),
        Answer::Page(_) => "302".to_owned(),
        Answer::Within(_) => "200".to_owned(),
    }
}
