//! The tables of authorities.

use super::value::{quoted, quoted_list};
use super::{Writer, secret_name, supplied_file};
use crate::import::judge::{Entry, Pki, Source};
use crate::pki::request::{Holder, Issuer, NameConstraints, Subtree};
use crate::time::Seconds;

impl Writer<'_> {
    pub(super) fn authority(&mut self, name: &str, entry: &Entry) {
        self.header("cas", name, entry);
        match &entry.source {
            Source::Supplied => {
                self.line(&format!(
                    "certificate = {}",
                    quoted(&supplied_file(&entry.holder, "tls.crt"))
                ));
                if entry.has_key {
                    self.line(&format!(
                        "key = {}",
                        quoted(&supplied_file(&entry.holder, "tls.key"))
                    ));
                }
                if !entry.lists.is_empty() {
                    self.line(&format!(
                        "crl = {}",
                        quoted(&supplied_file(&entry.holder, "crl.pem"))
                    ));
                }
            }
            Source::Issued(issuer) => {
                if let Issuer::Authority(issuer) = issuer {
                    self.line(&format!("issuer = {}", quoted(issuer)));
                }
                self.subject("subject", entry, name);
                self.kind("privateKey", entry);
                self.duration("", entry, Seconds::days(3650));
                self.path_length(name, entry);
                let constraints =
                    entry.certificate.as_ref().and_then(|own| own.name_constraints.as_ref());
                if let Some(constraints) = constraints {
                    self.name_constraints(constraints);
                }
            }
        }
        if let Some(secret) = secret_name(entry) {
            self.line(&format!("secretName = {}", quoted(secret)));
        }
    }

    /// A path length that is another than the spec needs.
    fn path_length(&mut self, name: &str, entry: &Entry) {
        let stated = entry.certificate.as_ref().and_then(|own| own.max_path_len);
        if let Some(stated) = stated.filter(|stated| *stated != levels_below(self.pki, name)) {
            self.line(&format!("maxPathLen = {stated}"));
        }
    }

    fn name_constraints(&mut self, constraints: &NameConstraints) {
        if !constraints.critical {
            self.line("nameConstraints.critical = false");
        }
        for (word, trees) in
            [("permitted", &constraints.permitted), ("excluded", &constraints.excluded)]
        {
            let of = |pick: fn(&Subtree) -> Option<String>| {
                trees.iter().filter_map(pick).collect::<Vec<_>>()
            };
            let lists = [
                (
                    "dnsDomains",
                    of(|tree| match tree {
                        Subtree::Dns(domain) => Some(domain.clone()),
                        _ => None,
                    }),
                ),
                (
                    "ipRanges",
                    of(|tree| match tree {
                        Subtree::Ip { address, prefix } => Some(format!("{address}/{prefix}")),
                        _ => None,
                    }),
                ),
                (
                    "emailAddresses",
                    of(|tree| match tree {
                        Subtree::Email(address) => Some(address.clone()),
                        _ => None,
                    }),
                ),
            ];
            for (field, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
                self.line(&format!("nameConstraints.{word}.{field} = {}", quoted_list(list)));
            }
        }
    }
}

/// The length of the longest line of authorities of the spec below `name`.
fn levels_below(pki: &Pki, name: &str) -> u8 {
    let below = |entry: &&Entry| {
        entry.in_spec
            && matches!(&entry.source, Source::Issued(Issuer::Authority(own)) if own == name)
    };
    let deeper = pki.entries.iter().filter(below).filter_map(|entry| match &entry.holder {
        Holder::Authority(own) => Some(levels_below(pki, own).saturating_add(1)),
        _ => None,
    });
    deeper.max().unwrap_or(0)
}
