//! Whether what is served is what is desired: for each host, representatives of all requests, and those that differ.

mod asked;
mod detours;
mod inherited;
mod reached;
mod requesters;
mod served;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use self::inherited::below_wildcards;
use self::requesters::requesters;
use self::served::{
    checks_alike, is_refused_by_check, leads_anywhere, may_be_turned_away, validated,
};
use super::clients::ClientValidation;
use super::desired::{Asked, Below, Desired, DesiredClients, DesiredHost, Presence, Services};
use super::difference::{Difference, DifferenceKind, Requester, Witness};
use super::fact::{Fact, Missing};
use super::names::Pattern;
use super::observed::Observed;
use super::representatives::{self, ClientClass, paths};
use super::request::{Presented, Request};
use super::routes::{Backend, ToHttps, VirtualHost};
use super::validation::Fault;
use super::verdict::{Verdict, Why, verdict};
use crate::pki::chain;
use crate::time::Timestamp;

/// Paths that begin so are those of ACME challenges (RFC 8555, section 8.3): solvers answer every client, by plain HTTP too.
pub const CHALLENGES: &str = "/.well-known/acme-challenge";

/// Puts representatives of all requests to what is served.
#[must_use]
pub fn compare(desired: &Desired, observed: &Observed, now: Timestamp) -> Vec<Difference> {
    // A name in the handshake that is another host's, one that asks for no certificate.
    let is_open = |host: &&DesiredHost| matches!(host.clients, DesiredClients::Open);
    // One of which all is known says most.
    let other = |is_known: bool| {
        let hosts = desired.hosts.iter().filter(is_open);
        let mut hosts = hosts.filter(|host| host.entrusted.is_empty() == is_known);
        hosts.find_map(|host| {
            let name = representatives::name_of(&host.host)?;
            observed.clients(&name).map(|_| (name, &host.entrusted))
        })
    };
    let mut comparison = Comparison {
        observed,
        now,
        owners: owners(desired),
        wildcards: wildcards(desired),
        services: desired.services.as_deref(),
        other: other(true).or_else(|| other(false)),
        closed: HashMap::new(),
        found: Vec::new(),
    };
    for host in &desired.hosts {
        comparison.host(host);
    }
    comparison.found
}

/// Hosts that ask for certificates, by the backends behind them; the first of those that ask for the same.
type Owners<'a> = HashMap<&'a Backend, Vec<(&'a str, &'a Arc<Asked>)>>;

fn owners(desired: &Desired) -> Owners<'_> {
    let mut owners = Owners::new();
    for host in &desired.hosts {
        let DesiredClients::Ask(asked) = &host.clients else { continue };
        for backend in &host.backends {
            let all = owners.entry(backend).or_default();
            if !all.iter().any(|(_, other)| Arc::ptr_eq(other, asked)) {
                all.push((&host.key, asked));
            }
        }
    }
    owners
}

/// Hosts that are wildcards, by the domain that they are below.
fn wildcards(desired: &Desired) -> HashMap<&str, Vec<&DesiredHost>> {
    let mut wildcards: HashMap<&str, Vec<&DesiredHost>> = HashMap::new();
    for host in &desired.hosts {
        if let Pattern::OneLabel(domain) = &host.host {
            wildcards.entry(domain).or_default().push(host);
        }
    }
    wildcards
}

struct Comparison<'a> {
    observed: &'a Observed,
    now: Timestamp,
    owners: Owners<'a>,
    /// Hosts that are wildcards, by the domain that they are below; only asked, never iterated over.
    wildcards: HashMap<&'a str, Vec<&'a DesiredHost>>,
    /// Services that are there; `None`: that is not looked at.
    services: Option<&'a Services>,
    /// A name of an open host, and what is left to others there.
    other: Option<(String, &'a BTreeSet<String>)>,
    /// Hosts whose checks refuse every unwanted client and admit all others, by what is asked and what validates it;
    /// only asked, never iterated over.
    closed: HashMap<(*const Asked, *const ClientValidation), Vec<&'a VirtualHost>>,
    found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn host(&mut self, host: &'a DesiredHost) {
        let Some(name) = representatives::name_of(&host.host) else { return };
        let served = self.observed.served(&name);
        match &host.clients {
            DesiredClients::Open => {
                let before = self.found.len();
                if let Some(served) = served {
                    let listener = self.observed.listener_of(&name);
                    self.others_backends(host, None, (served, listener));
                }
                let plain = self.observed.plain_listener_of(&name);
                let plain = plain.and_then(|plain| {
                    Some((self.observed.tables[plain.table].host(&name)?, Some(plain)))
                });
                let is_other = |(own, _): &(&VirtualHost, _)| {
                    !served.is_some_and(|one| std::ptr::eq(one, *own))
                };
                if let Some(plain) = plain.filter(is_other).filter(|_| self.found.len() == before) {
                    self.others_backends(host, None, plain);
                }
            }
            DesiredClients::Ask(asked) => {
                let questions = Questions { host, asked, name, served };
                self.handshakes(&questions);
                self.plain(&questions);
                self.detours(&questions);
                self.routes(&questions);
            }
        }
    }

    /// Clients by HTTPS.
    fn handshakes(&mut self, questions: &Questions<'a>) {
        let Questions { host, asked, name, served } = questions;
        let (host, served) = (*host, *served);
        let listener = self.observed.listener_of(name);
        let validation = listener.and_then(validated);
        let key = (Arc::as_ptr(asked), validation.map_or(std::ptr::null(), Arc::as_ptr));
        if let (Some(served), Some(all)) = (served, self.closed.get(&key))
            && all.iter().any(|other| checks_alike(other, served))
            && !self.depends(served)
        {
            return;
        }
        let before = self.found.len();
        let mut is_by_check = true;
        let is_entrusted = matches!(asked.below, Below::Entrusted(_));
        let mut locked_out = Vec::new();
        let mut is_any_admitted = false;
        let paths = served.map_or_else(|| BTreeSet::from(["/".to_owned()]), paths);
        for (requester, client, is_wanted) in requesters(asked, listener) {
            let request = Request { client, ..self.observed.request_of(name) };
            if is_wanted {
                match self.refused(questions, validation, &paths, &request) {
                    Some((request, observed)) => locked_out.push(Witness::Request {
                        client: requester,
                        request: Box::new(request),
                        observed,
                    }),
                    None => is_any_admitted = true,
                }
            } else {
                is_by_check &= self.refuses(host, served, &paths, (&requester, request));
            }
        }
        is_by_check &= self.subjects(questions, validation);
        is_by_check &= self.pins(questions, validation);
        // What others put into a bundle need not work as a whole.
        if !(is_entrusted && is_any_admitted) {
            for witness in locked_out {
                self.note(host, DifferenceKind::LockedOut, witness);
            }
        }
        if asked.presence == Presence::Required {
            for sni in [None, self.other.as_ref().map(|(name, _)| name.clone())] {
                let request = Request { sni, ..self.observed.request_of(name) };
                if self.leads_to_wildcard(host, served, &request) {
                    continue;
                }
                let requester = Requester::Class(ClientClass::Nothing);
                is_by_check &= self.refuses(host, served, &paths, (&requester, request));
            }
        }
        if let Some(validation) = validation {
            self.depth(host, asked, validation);
        }
        if let (true, true, Some(served)) = (is_by_check, self.found.len() == before, served) {
            self.closed.entry(key).or_default().push(served);
        }
    }

    /// Notes a request that is admitted against the spec; whether all are refused by checks alone, on every path.
    fn refuses(
        &mut self,
        host: &DesiredHost,
        served: Option<&VirtualHost>,
        paths: &BTreeSet<String>,
        (client, request): (&Requester, Request),
    ) -> bool {
        for path in paths {
            let request = Request { path: path.clone(), ..request.clone() };
            let observed = verdict(self.observed, &request, self.moment(&request));
            if is_refused_by_check(served, &observed) {
                return true;
            }
            let kind = self.worst(&self.left(host, &request), path, &observed);
            let Some(kind) = kind else { continue };
            let witness =
                Witness::Request { client: client.clone(), request: Box::new(request), observed };
            self.note(host, kind, witness);
            // One path shows it.
            return false;
        }
        false
    }

    /// A moment at which what a client shows has begun to be valid: that it is early for a client keeps none out.
    fn moment(&self, request: &Request) -> Timestamp {
        let begin = match &request.client {
            Presented::Nothing => None,
            Presented::Chain(chain) => chain.iter().map(|one| one.not_before).max(),
            Presented::Supposed { issuer, .. } => {
                let host = self.observed.listener_of(&request.authority);
                let bundle = host.and_then(validated).and_then(|one| one.certificates.known());
                let above = chain::order(issuer, bundle.map(Vec::as_slice).unwrap_or_default());
                above.certificates.iter().map(|one| one.not_before).max()
            }
        };
        begin.map_or(self.now, |begin| begin.max(self.now))
    }

    /// The request and the verdict of a client that is refused against the spec.
    fn refused(
        &self,
        Questions { asked, served, .. }: &Questions<'_>,
        validation: Option<&Arc<ClientValidation>>,
        paths: &BTreeSet<String>,
        request: &Request,
    ) -> Option<(Request, Verdict)> {
        let leads = served.is_some_and(leads_anywhere);
        let depends = served.is_none_or(|served| self.depends(served));
        let (mut refused, mut led_away, mut by_chance) = (None, None, None);
        let mut is_admitted = false;
        for path in paths {
            let request = Request { path: path.clone(), ..request.clone() };
            let observed = verdict(self.observed, &request, self.now);
            match &observed {
                Verdict::Refused { why, .. } if is_refused_by_check(*served, &observed) => {
                    let is_of_the_time =
                        matches!(why, Why::Fault(Fault::Expired | Fault::NotYetValid));
                    if !is_of_the_time {
                        refused.get_or_insert((request, observed));
                    }
                    break;
                }
                Verdict::Unknown(_) => return None,
                Verdict::OneOf(..) if may_be_turned_away(&observed) => {
                    by_chance.get_or_insert((request, observed));
                }
                // Elsewhere, another path may depend on something.
                Verdict::Admitted { .. } | Verdict::OneOf(..) if !depends => return None,
                Verdict::Admitted { .. } | Verdict::OneOf(..) => is_admitted = true,
                Verdict::Misdirected | Verdict::Redirected(_) => {
                    led_away.get_or_insert((request, observed));
                }
                _ => {}
            }
        }
        let otherwise = refused.filter(|_| !is_admitted);
        // Where nothing leads anywhere, that is the difference.
        let by_chance = by_chance.filter(|_| leads);
        let led_away = led_away.filter(|_| leads && !is_admitted);
        let (request, observed) = otherwise.or(by_chance).or(led_away)?;
        // A client that no controller of this kind admits is not this controller's fault.
        let ideal = validation.and_then(|one| asked.fault(one, &request.client, self.now));
        ideal.is_none().then_some((request, observed))
    }

    /// Clients by plain HTTP.
    fn plain(&mut self, Questions { host, name, .. }: &Questions<'a>) {
        let Some(listener) = self.observed.plain_listener_of(name) else { return };
        let served = self.observed.tables[listener.table].host(name);
        if let (Some(served), Fact::Known(_)) = (served, &listener.clients)
            && let Fact::Known(routes) = &served.routes
            && routes.iter().all(|route| route.to_https == ToHttps::Always)
        {
            return;
        }
        let client = Requester::Class(ClientClass::Nothing);
        let request = Request { address: listener.address.clone(), ..Request::of(name).plain() };
        let paths = served.map_or_else(|| BTreeSet::from(["/".to_owned()]), paths);
        let before = self.found.len();
        self.refuses(host, served, &paths, (&client, request.clone()));
        if self.found.len() == before {
            let mut forwarded = request;
            forwarded.headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
            self.refuses(host, served, &paths, (&client, forwarded));
        }
    }

    /// Whether chance may decide what a path of a host gets.
    fn depends(&self, served: &VirtualHost) -> bool {
        let is_ranked = match &served.routes {
            Fact::Known(routes) => routes.iter().any(|route| route.rank.is_some()),
            Fact::OneOf(..) | Fact::Unknown(_) => true,
        };
        is_ranked || self.observed.alternatives.is_some()
    }

    /// Whether a path is one of challenges, and leads to what answers them.
    fn is_challenge(&self, path: &str, backend: Option<&Backend>) -> bool {
        let rest = path.strip_prefix(CHALLENGES);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            && backend.is_some_and(|backend| !self.owners.contains_key(backend))
    }

    /// Whether chains may be longer than it is written.
    fn depth(&mut self, host: &DesiredHost, asked: &Asked, validation: &ClientValidation) {
        let Some(desired) = asked.depth else { return };
        let is_deeper = match validation.depth {
            Some(observed) => desired < observed,
            None => asked.presence != Presence::Unverified && asked.may_be_deeper_than(desired),
        };
        if is_deeper {
            let observed = validation.depth;
            self.note(host, DifferenceKind::Weaker, Witness::Deeper { desired, observed });
        }
    }

    /// Whether what is not known is left to others: at the host, and for a handshake that names another host, at that one.
    fn left<'h>(
        &'h self,
        host: &'h DesiredHost,
        request: &Request,
    ) -> impl Fn(&Missing) -> bool + use<'h, 'a> {
        let named = |(name, _): &&(String, _)| request.sni.as_ref() == Some(name);
        let other = self.other.as_ref().filter(named).map(|(_, entrusted)| *entrusted);
        let at_other = move |missing: &Missing| match missing {
            Missing::Snippet(_, key) | Missing::Effect(_, key) => {
                other.is_some_and(|entrusted| entrusted.contains(key))
            }
            _ => false,
        };
        move |missing| host.leaves(missing) || at_other(missing)
    }

    /// The worst meaning of a verdict for a request that the spec refuses.
    fn worst(
        &self,
        left: &dyn Fn(&Missing) -> bool,
        path: &str,
        verdict: &Verdict,
    ) -> Option<DifferenceKind> {
        match verdict {
            Verdict::Admitted { backend, .. } => {
                (!self.is_challenge(path, backend.as_ref())).then_some(DifferenceKind::Weaker)
            }
            // `Weaker` comes first.
            Verdict::OneOf(_, all) => {
                all.iter().filter_map(|one| self.worst(left, path, one)).min()
            }
            Verdict::Unknown(missing) if left(missing) => None,
            Verdict::Unknown(_) => Some(DifferenceKind::Unproven),
            Verdict::Refused { .. }
            | Verdict::Redirected(_)
            | Verdict::Misdirected
            | Verdict::NotServed => None,
        }
    }

    fn note(&mut self, host: &DesiredHost, kind: DifferenceKind, witness: Witness) {
        let is_same = |known: &Difference| {
            known.key == host.key && known.kind == kind && kind == DifferenceKind::Unproven
        };
        if !self.found.last().is_some_and(is_same) {
            self.found.push(Difference { key: host.key.clone(), kind, witness });
        }
    }
}

/// What is asked about a host that asks for certificates.
struct Questions<'a> {
    host: &'a DesiredHost,
    asked: &'a Arc<Asked>,
    /// A name of the host.
    name: String,
    served: Option<&'a VirtualHost>,
}
