//! Alternative names that one client has and no other one of the spec.

use std::collections::BTreeMap;

use super::Model;
use crate::enforcement::{Comparison, NameKind, NamePin};

/// Of each client, by its name, the alternative names that identify it.
#[derive(Debug, Default)]
pub struct SoleNames<'m>(BTreeMap<&'m str, Vec<NamePin>>);

impl<'m> SoleNames<'m> {
    /// Those of the clients of a model, whoever signs them: first URIs, then mail addresses, then DNS names. Addresses are not
    /// among them, which change hands.
    #[must_use]
    pub fn of(model: &'m Model) -> Self {
        let mut holders: BTreeMap<(NameKind, &str), Vec<&str>> = BTreeMap::new();
        for client in model.clients.values() {
            for name in names(&client.request.names) {
                holders.entry(name).or_default().push(&client.name);
            }
        }
        let is_sole = |client: &str, (kind, text): (NameKind, &str)| {
            let others = |text: &str| {
                holders.get(&(kind, text)).into_iter().flatten().any(|other| *other != client)
            };
            // A wildcard is a name of all below it, and no one's alone.
            let above = text.split_once('.').filter(|_| kind == NameKind::Dns);
            let is_shared = above.is_some_and(|(_, domain)| others(&format!("*.{domain}")));
            !text.starts_with("*.") && !is_shared && !others(text)
        };
        let of_client = |client: &'m super::Client| {
            let own = names(&client.request.names).filter(|name| is_sole(&client.name, *name));
            let pin = |(kind, text): (NameKind, &str)| NamePin {
                kind,
                comparison: Comparison::Exact,
                text: text.to_owned(),
            };
            (client.name.as_str(), own.map(pin).collect())
        };
        Self(model.clients.values().map(of_client).collect())
    }

    /// Those of a client, the best one first.
    #[must_use]
    pub fn of_client(&self, name: &str) -> &[NamePin] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

fn names(all: &crate::pki::request::AlternativeNames) -> impl Iterator<Item = (NameKind, &str)> {
    let uris = all.uri.iter().map(|name| (NameKind::Uri, name.as_str()));
    let mail = all.email.iter().map(|name| (NameKind::Email, name.as_str()));
    let dns = all.dns.iter().map(|name| (NameKind::Dns, name.as_str()));
    uris.chain(mail).chain(dns)
}
