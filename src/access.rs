//! Which client reaches what: requests for every host, path and client, and the answers of what a controller serves, for people
//! and for programs.

pub mod cut_off;
pub mod desired;
mod differing;
pub mod doors;
mod former;
pub mod json;
pub mod orphans;
mod paths;
pub mod present;
mod questions;
pub mod readers;
mod subjects;
mod table;
#[cfg(test)]
mod tests;
pub mod witness;

use std::collections::BTreeSet;
use std::fmt;

use crate::enforcement::representatives::ClientClass;
use crate::enforcement::{Address, Missing, Observed, Presented, Request, Verdict, Why, verdict};
use crate::time::Timestamp;
use questions::{Question, Way, places};

pub use table::{cells as change_cells, changes as changes_table, render as table};

/// A client of which access is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// Its name in the answers.
    pub name: String,
    /// What it shows where it is asked for a certificate.
    pub shows: Presented,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Hosts, in lower case; empty: all.
    pub hosts: Vec<String>,
    /// Paths beside those of the routes.
    pub paths: Vec<String>,
    /// Clients beside those that are always asked about: one without a certificate, one of an authority that nothing
    /// trusts, and below each authority of a host's bundle one whose subject is in no list and one whose subject is.
    pub clients: Vec<Client>,
}

/// All answers.
#[derive(Debug)]
pub struct Access<'a> {
    /// The controller, and its version.
    pub controller: (&'static str, &'a str),
    /// What is served.
    pub observed: &'a Observed,
    /// Answers, one a host.
    pub hosts: Vec<HostAccess>,
}

/// Answers about one host.
#[derive(Debug)]
pub struct HostAccess {
    /// Its name, `*.` before a domain for all names below it, `*` for all names that no host has.
    pub host: String,
    /// The object whose address is asked, where the controller has several.
    pub address: Address,
    /// The port that is asked by HTTPS.
    pub port: u16,
    /// Answers, path by path, client by client.
    pub answers: Vec<Answered>,
}

/// What becomes of a request.
#[derive(Debug)]
pub struct Answered {
    /// How it comes.
    pub scheme: Scheme,
    /// Its path.
    pub path: String,
    /// Which client makes it.
    pub client: Who,
    /// The answer.
    pub verdict: Verdict,
}

impl HostAccess {
    /// Whether nothing serves it.
    #[must_use]
    pub fn is_not_served(&self) -> bool {
        self.answers.iter().all(|one| one.verdict == Verdict::NotServed)
    }
}

/// A host with the place where it is asked, where that is not the usual one.
fn with_place(host: &str, address: &Address, port: u16) -> String {
    let address = address.as_ref().map(|object| format!("the {object}"));
    let port = (port != 443).then(|| format!("port {port}"));
    match [address, port] {
        [None, None] => host.to_owned(),
        [Some(one), None] | [None, Some(one)] => format!("{host} at {one}"),
        [Some(address), Some(port)] => format!("{host} at {address}, {port}"),
    }
}

/// How a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// By HTTPS.
    Https,
    /// By plain HTTP.
    Http,
    /// By plain HTTP, with a header that says that it came by HTTPS: `X-Forwarded-Proto: https`.
    Forwarded,
}

/// A client in the answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Who {
    /// A representative of a class.
    Of(ClientClass),
    /// One that lists of subjects have.
    Listed(Listed),
    /// One by name.
    Named(String),
}

/// A client whose subject is in a list of its host, for all that the same lists have.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its subject, as RFC 2253 prints it.
    pub subject: String,
    /// How many other subjects the same lists have.
    pub others: usize,
    /// What it is but for its subject.
    pub class: ClientClass,
    /// Clients by name who have these subjects, one for each; empty: some have none.
    stand_ins: Vec<String>,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, others, class, stand_ins: _ } = self;
        match others {
            0 => f.write_str(subject)?,
            1 => write!(f, "{subject} and 1 other listed subject")?,
            _ => write!(f, "{subject} and {others} other listed subjects")?,
        }
        match class {
            ClientClass::Stranger => f.write_str(" of another authority"),
            class => write!(f, " {class}"),
        }
    }
}

/// Asks all of it.
#[must_use]
pub fn access<'a>(
    controller: (&'static str, &'a str),
    observed: &'a Observed,
    asked: &Asked,
    now: Timestamp,
) -> Access<'a> {
    let hosts = places(&[observed], asked).into_iter().map(|place| {
        let answers = place.questions.into_iter().map(|question| {
            let verdict = answer(observed, &question, now);
            let Question { request, client, scheme } = question;
            Answered { scheme, path: request.path, client, verdict }
        });
        let mut answers = answers.collect();
        subjects::without_repeats(&mut answers);
        let Way { address, https: port, .. } = place.way;
        HostAccess { host: place.host, address, port, answers }
    });
    Access { controller, observed, hosts: hosts.collect() }
}

/// The verdict on a request. Where an expression decides which subjects are admitted, the verdict on a representative of a
/// class does not hold for the others.
fn answer(observed: &Observed, question: &Question, now: Timestamp) -> Verdict {
    let Question { request, client, .. } = question;
    let verdict = verdict(observed, request, now);
    let is_of_class = matches!(client, Who::Of(ClientClass::Below(_) | ClientClass::Stranger));
    match &verdict {
        Verdict::Refused { why: Why::Subject, .. } if is_of_class => {
            let expression = subjects::expression(observed, &request.authority);
            expression.map_or(verdict, |text| Verdict::Unknown(Missing::Expression(text)))
        }
        _ => verdict,
    }
}

/// A request that gets another answer than before.
#[derive(Debug)]
pub struct Change {
    /// Its host, as in [`HostAccess::host`].
    pub host: String,
    /// As in [`HostAccess::address`].
    pub address: Address,
    /// As in [`HostAccess::port`].
    pub port: u16,
    /// What becomes of it now.
    pub after: Answered,
    /// What became of it before.
    pub before: Verdict,
}

/// The requests whose answers differ between two observations; a reason alone makes no difference.
#[must_use]
pub fn changes(before: &Observed, after: &Observed, asked: &Asked, now: Timestamp) -> Vec<Change> {
    let mut changes = Vec::new();
    for place in places(&[before, after], asked) {
        let mut add = |scheme, path, client, [old, new]: [Verdict; 2]| {
            if !old.is_as(&new) {
                let after = Answered { scheme, path, client, verdict: new };
                let (host, address) = (place.host.clone(), place.way.address.clone());
                changes.push(Change { host, address, port: place.way.https, after, before: old });
            }
        };
        let mut paths = BTreeSet::new();
        for question in place.questions {
            let verdicts = [before, after].map(|observed| answer(observed, &question, now));
            let Question { request, client, scheme } = question;
            paths.insert(request.path.clone());
            add(scheme, request.path, client, verdicts);
        }
        let name = &place.authority;
        for (client, shows) in differing::clients([before, after], name) {
            for path in &paths {
                let client = client.clone();
                let (path, shows) = (path.clone(), shows.clone());
                let request = Request {
                    path: path.clone(),
                    client: shows,
                    address: place.way.address.clone(),
                    port: place.way.https,
                    ..Request::of(name)
                };
                let verdicts = [before, after].map(|observed| verdict(observed, &request, now));
                add(Scheme::Https, path, client, verdicts);
            }
        }
        if let Some((client, verdicts)) = differing::deeper([before, after], name, now) {
            add(Scheme::Https, "/".to_owned(), client, verdicts);
        }
    }
    changes
}
