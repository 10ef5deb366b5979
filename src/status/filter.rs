//! Which rows and hosts are shown.

use super::{Admitted, Row, State, Subject};
use crate::pki::request::Holder;

/// What is chosen; each list that is empty leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds, as [`Subject::kind`] calls them.
    pub kinds: Vec<String>,
    /// Names of holders, with their kind as in `clients/alice` or without.
    pub names: Vec<String>,
    /// Keys under `hosts`; what they name is added to `names`.
    pub hosts: Vec<String>,
    /// States.
    pub states: Vec<State>,
}

impl Filter {
    /// Whether a row is among what is chosen.
    #[must_use]
    pub fn has(&self, row: &Row) -> bool {
        let Self { kinds, names, hosts, states } = self;
        let is_host =
            matches!(&row.subject, Subject::Certificate(Holder::Host(key)) if hosts.contains(key));
        (kinds.is_empty() || kinds.iter().any(|kind| kind == row.subject.kind()))
            && (names.is_empty() && hosts.is_empty()
                || is_host
                || names.iter().any(|name| row.subject.is_called(name)))
            && (states.is_empty() || states.contains(&row.state))
    }

    /// The chosen hosts, and the clients that they admit; states are those of certificates, so a filter by state leaves out all hosts.
    #[must_use]
    pub fn hosts(&self, admitted: Vec<Admitted>) -> Vec<Admitted> {
        let Self { kinds, names, hosts, states } = self;
        let has_hosts = kinds.is_empty() || kinds.iter().any(|kind| kind == "host");
        if !has_hosts || !states.is_empty() {
            return Vec::new();
        }
        let is_chosen = |key: &String| {
            let holder = Subject::Certificate(Holder::Host(key.clone()));
            names.is_empty() && hosts.is_empty()
                || hosts.contains(key)
                || names.iter().any(|name| holder.is_called(name))
        };
        let chosen = admitted.into_iter().map(|mut one| {
            one.hosts.retain(is_chosen);
            one
        });
        chosen.filter(|one| !one.hosts.is_empty()).collect()
    }
}
