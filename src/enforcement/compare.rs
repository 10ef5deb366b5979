//! Whether what is served is what is desired: for each host, representatives of all requests, and those that differ.

use std::collections::BTreeSet;

use super::observed::Observed;
use super::representatives::{ClientClass, classes, paths};
use super::request::{Presented, Request};
use super::routes::Backend;
use super::verdict::{Verdict, verdict};
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// Who is to get in, whichever controller serves it.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Hosts that ask for certificates.
    pub hosts: Vec<DesiredHost>,
    /// Names of hosts that ask for no certificate.
    pub open: BTreeSet<String>,
}

/// Who gets in at a host that asks for certificates.
#[derive(Clone, Debug)]
pub struct DesiredHost {
    /// What the spec calls it.
    pub key: String,
    /// A name of it, in lower case.
    pub host: String,
    /// The certificates of the authorities below which clients get in.
    pub below: Vec<Certificate>,
    /// The only subjects that get in, as RFC 2253 prints them; `None`: all.
    pub only: Option<BTreeSet<String>>,
    /// Backends that only these clients reach.
    pub backends: BTreeSet<Backend>,
    /// Valid clients, with the chains that they were given.
    pub clients: Vec<(String, Vec<Certificate>)>,
}

/// A request that does not get what is desired.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the spec calls the host.
    pub key: String,
    /// How it differs.
    pub kind: DifferenceKind,
    /// The request.
    pub request: Request,
    /// Who makes it.
    pub client: String,
    /// What becomes of it.
    pub observed: Verdict,
}

/// How what is served differs from what is desired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// A client gets in that is not to, or may.
    Weaker,
    /// A client does not get in that is to, or may not.
    LockedOut,
    /// Whether a client gets in that is not to is not known.
    Unproven,
}

/// Puts representatives of all requests to what is served.
#[must_use]
pub fn compare(desired: &Desired, observed: &Observed, now: Timestamp) -> Vec<Difference> {
    // A name in the handshake that is another host's, one that asks for no certificate.
    let other = desired.open.iter().find(|name| observed.clients(name).is_some());
    desired
        .hosts
        .iter()
        .flat_map(|host| Comparison { host, observed, other, now, found: Vec::new() }.all())
        .collect()
}

struct Comparison<'a> {
    host: &'a DesiredHost,
    observed: &'a Observed,
    other: Option<&'a String>,
    now: Timestamp,
    found: Vec<Difference>,
}

impl Comparison<'_> {
    fn all(mut self) -> Vec<Difference> {
        let host = self.host;
        let served = self.observed.tables.iter().find_map(|table| table.host(&host.host));
        let paths = served.map(paths).unwrap_or_default();
        let classes = classes(self.observed, &host.host);
        for path in paths {
            let request = Request { path: path.clone(), ..Request::of(&host.host) };
            for (class, shows) in &classes {
                if !self.is_desired(class) {
                    self.refuses(class, Request { client: shows.clone(), ..request.clone() });
                }
            }
            self.refuses(&ClientClass::Nothing, request.clone().plain());
            let mut forwarded = request.clone().plain();
            forwarded.headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
            self.refuses(&ClientClass::Nothing, forwarded);
            for sni in [None, self.other.cloned()] {
                self.refuses(&ClientClass::Nothing, Request { sni, ..request.clone() });
            }
        }
        self.admits();
        self.found
    }

    /// Whether clients of that class are to get in.
    fn is_desired(&self, class: &ClientClass) -> bool {
        match class {
            ClientClass::Nothing | ClientClass::Stranger => false,
            // A subject that no list has is not among those that are let in.
            ClientClass::Below(issuer) | ClientClass::Itself(issuer) => {
                self.host.only.is_none() && self.host.below.iter().any(|one| one.der == issuer.der)
            }
        }
    }

    /// Notes a request that gets in and is not to.
    fn refuses(&mut self, class: &ClientClass, request: Request) {
        let observed = verdict(self.observed, &request, self.now);
        let kind = match worst(&observed, &self.host.backends) {
            Some(Worst::Admitted) => DifferenceKind::Weaker,
            Some(Worst::Unknown) => DifferenceKind::Unproven,
            None => return,
        };
        self.note(kind, class.to_string(), request, observed);
    }

    /// Notes clients that do not get in at `/` and are to.
    fn admits(&mut self) {
        for (name, chain) in &self.host.clients {
            let client = Presented::Chain(chain.clone());
            let request = Request { client, ..Request::of(&self.host.host) };
            let observed = verdict(self.observed, &request, self.now);
            if !matches!(
                observed,
                Verdict::Admitted { .. } | Verdict::Unknown(_) | Verdict::NotServed
            ) {
                self.note(DifferenceKind::LockedOut, name.clone(), request, observed);
            }
        }
    }

    fn note(&mut self, kind: DifferenceKind, client: String, request: Request, observed: Verdict) {
        self.found.push(Difference { key: self.host.key.clone(), kind, request, client, observed });
    }
}

/// The worst that a verdict may mean for a request that is not to get in.
#[derive(PartialEq, Eq)]
enum Worst {
    Admitted,
    Unknown,
}

/// Whether a protected backend gets the request.
fn worst(verdict: &Verdict, backends: &BTreeSet<Backend>) -> Option<Worst> {
    match verdict {
        Verdict::Admitted { backend: Some(backend), .. } => {
            backends.contains(backend).then_some(Worst::Admitted)
        }
        Verdict::Admitted { backend: None, .. } => Some(Worst::Admitted),
        Verdict::OneOf(_, all) => {
            let mut all = all.iter().filter_map(|one| worst(one, backends));
            let first = all.next()?;
            if first == Worst::Admitted || all.any(|one| one == Worst::Admitted) {
                Some(Worst::Admitted)
            } else {
                Some(Worst::Unknown)
            }
        }
        Verdict::Unknown(_) => Some(Worst::Unknown),
        Verdict::Refused { .. }
        | Verdict::Redirected(_)
        | Verdict::Misdirected
        | Verdict::NotServed => None,
    }
}
