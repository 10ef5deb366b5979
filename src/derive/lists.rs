//! What the spec calls revoked, and the revocation lists that follow from it.

use std::collections::BTreeMap;

use super::making::{Authority, Occasion};
use super::schedule::{self, Window};
use super::{Failure, Work};
use crate::model::periods::BACKDATED;
use crate::model::{AuthoritySource, Client, Model};
use crate::pki::certificate::Certificate;
use crate::pki::crl::{ListNumber, RevocationList, RevocationReason, RevokedEntry};
use crate::pki::issue::{self, RevocationListDraft, Signer, Validity};
use crate::pki::request::{Holder, Issuer, SerialNumber};
use crate::plan::{IssueError, revoking};
use crate::store::{LedgerEntry, Revocation};
use crate::time::{Seconds, Timestamp};

/// The lower bits of a list's number count its entries, so that it rises with each; the upper ones are its edge.
const COUNT_BITS: u32 = 20;

/// Since when something is revoked, which moves the edge of the list it is in.
#[derive(Default)]
pub(super) struct Edges(BTreeMap<String, Timestamp>);

impl Edges {
    fn note(&mut self, authority: &str, edge: Timestamp) {
        let known = self.0.entry(authority.to_owned()).or_insert(edge);
        *known = (*known).max(edge);
    }
}

impl Work<'_> {
    /// Enters what the spec calls revoked: serials, and every certificate of shut-out clients that is valid still.
    pub(super) fn revoke(&mut self) -> Result<Edges, Failure> {
        let mut edges = Edges::default();
        let authorities = self.model.authorities.values();
        for authority in authorities.filter(|authority| !authority.revoked.is_empty()) {
            let Some(window) = authority_window(self.model, &authority.name, self.now) else {
                continue;
            };
            for (serial, reason) in &authority.revoked {
                let revocation = Revocation { at: window.edge, reason: *reason, comment: None };
                self.inventory.ledger.revoked.insert(&authority.name, serial, revocation);
            }
        }
        for client in self.model.clients.values() {
            if let Some(reason) = client.revoked {
                self.shut_out(client, reason, &mut edges)?;
            }
        }
        Ok(edges)
    }

    fn shut_out(
        &mut self,
        client: &Client,
        reason: RevocationReason,
        edges: &mut Edges,
    ) -> Result<(), Failure> {
        let request = &client.request;
        let Issuer::Authority(issuer) = &request.issuer else { return Ok(()) };
        let windows = schedule::live_windows(self.model, request, self.now);
        if let Some(ended) = windows.ended {
            edges.note(issuer, ended.validity.not_after.after(Seconds(1)));
        }
        let mut found = Vec::new();
        for authority in self.signers(issuer) {
            for generation in 1..=self.generation(&request.holder) {
                for window in &windows.live {
                    let occasion = Occasion { request, generation, window: *window };
                    let made = occasion.make(self.root, &self.maker, Some(&authority));
                    let made = made.map_err(|cause| failed(&request.holder, cause))?;
                    found.push((*window, made.certificate));
                }
            }
        }
        for (window, certificate) in found {
            edges.note(issuer, window.edge);
            let revocation = Revocation { at: window.edge, reason, comment: None };
            self.inventory.ledger.revoked.insert(issuer, &certificate.serial, revocation);
            self.enter(&request.holder, &request.issuer, window, &certificate);
        }
        Ok(())
    }

    /// Notes a certificate in the ledger.
    pub(super) fn enter(
        &mut self,
        holder: &Holder,
        issuer: &Issuer,
        window: Window,
        certificate: &Certificate,
    ) {
        self.inventory.ledger.entries.push(LedgerEntry {
            holder: holder.clone(),
            issuer: issuer.clone(),
            serial: certificate.serial.clone(),
            subject: certificate.subject.rfc2253(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            issued_at: window.edge,
            spki_hash: certificate.spki_hash,
            fingerprint: certificate.fingerprint(),
            certificate: certificate.to_pem(),
        });
    }

    /// Signs the lists that hosts need.
    pub(super) fn lists(&mut self, edges: &Edges) -> Result<(), Failure> {
        let revoked = &self.inventory.ledger.revoked;
        let needed: Vec<String> =
            revoking::needed(self.model, revoked).into_iter().map(str::to_owned).collect();
        for name in needed {
            let lists = self.lists_of(&name, edges);
            let lists = lists.map_err(|cause| failed(&Holder::Authority(name.clone()), cause))?;
            if !lists.is_empty() {
                self.inventory.lists.insert(name, lists);
            }
        }
        Ok(())
    }

    fn lists_of(&self, name: &str, edges: &Edges) -> Result<Vec<RevocationList>, String> {
        let Some(draft) = self.draft(name, edges) else { return Ok(Vec::new()) };
        let sign = |authority: Authority<'_>| {
            let signer = Signer { certificate: Some(authority.certificate), key: authority.key };
            issue::sign_revocation_list(&draft, &signer).map_err(|error| error.to_string())
        };
        // The plan refuses the others, and says what to do.
        let able = |authority: &Authority<'_>| authority.certificate.may_sign_lists();
        self.signers(name).into_iter().filter(able).map(sign).collect()
    }

    /// What the lists of an authority say; each of its generations signs one.
    fn draft(&self, name: &str, edges: &Edges) -> Option<RevocationListDraft> {
        let settings = &self.model.authorities.get(name)?.lists;
        let authority = authority_window(self.model, name, self.now)?;
        let window =
            schedule::list_window(authority, settings.duration, settings.renew_before, self.now);
        let edge = edges.0.get(name).map_or(window.edge, |edge| window.edge.max(*edge));
        let mut revoked: BTreeMap<SerialNumber, RevokedEntry> =
            settings.supplied.iter().flat_map(|list| list.revoked.clone()).collect();
        let entries = self.inventory.ledger.revoked.of(name).map(|(serial, revocation)| {
            let at = revocation.at.before(BACKDATED);
            (serial.clone(), RevokedEntry { at, reason: revocation.reason })
        });
        revoked.extend(entries);
        let supplied = settings.supplied.iter().filter_map(|list| list.number.clone()).max();
        let number = ListNumber::from(number(edge, revoked.len()))
            .max(supplied.map_or_else(|| ListNumber::from(0), |last| last.next()));
        let Validity { not_before, not_after } = window.validity;
        let this_update = not_before.max(edge.before(BACKDATED));
        Some(RevocationListDraft { number, this_update, next_update: not_after, revoked })
    }
}

/// A number that rises from edge to edge, and with each entry between them.
fn number(edge: Timestamp, entries: usize) -> u64 {
    let most = (1 << COUNT_BITS) - 1;
    let entries = u64::try_from(entries).map_or(most, |entries| entries.min(most));
    u64::try_from(edge.unix()).unwrap_or(0) << COUNT_BITS | entries
}

/// The window of an authority; that of a supplied one is its whole validity.
fn authority_window(model: &Model, name: &str, now: Timestamp) -> Option<Window> {
    match &model.authorities.get(name)?.source {
        AuthoritySource::Issued(request) => Some(schedule::window(model, request, now)),
        AuthoritySource::Supplied(chain) => chain.first().map(|own| Window {
            edge: own.not_before,
            validity: Validity { not_before: own.not_before, not_after: own.not_after },
        }),
    }
}

fn failed(holder: &Holder, cause: String) -> Failure {
    Failure::World(IssueError { holder: holder.clone(), cause })
}
