//! What is said where a step of a rollover cannot be taken, and what to do instead.

use super::{CutOff, Rotation, cut_off};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::Model;
use crate::pki::certificate::CertificateError;
use crate::pki::request::SerialNumber;
use crate::plan::Reason;
use crate::store::{LedgerEntry, Phase};
use crate::time::Timestamp;

impl Rotation<'_> {
    pub(super) fn under_way(&self) -> Diagnostic {
        let name = self.name();
        Diagnostic::error(
            "rotation-under-way",
            format!("the next generation of authority `{name}` was introduced already"),
        )
        .help(format!("let it sign with `mtlsgen ca rotate {name} --activate`, or abandon it with `mtlsgen ca rotate {name} --abandon`"))
    }

    pub(super) fn in_line(&self, other: &str) -> Diagnostic {
        let name = self.name();
        Diagnostic::error(
            "rotation-in-line",
            format!("authority `{name}` cannot be rolled over yet: the next generation of `{other}`, in the same line, waits to be activated"),
        )
        .help(format!("first run `mtlsgen ca rotate {other} --activate` (or `--abandon`) and `mtlsgen render`"))
    }

    pub(super) fn issuer_cannot_sign(&self, issuer: &str) -> Diagnostic {
        let name = self.name();
        Diagnostic::error(
            "rotation-without-issuer",
            format!("the next generation of authority `{name}` cannot be signed: its issuer `{issuer}` has no valid certificate"),
        )
        .help("run `mtlsgen render` first")
    }

    pub(super) fn not_introduced(&self, verb: &str) -> Diagnostic {
        let name = self.name();
        Diagnostic::error(
            "rotation-not-introduced",
            format!("there is nothing to {verb}: no next generation of authority `{name}` was introduced"),
        )
        .help(format!("`mtlsgen ca rotate {name}` introduces one, `mtlsgen ca rotate {name} --plan` shows its progress"))
    }

    pub(super) fn outdated(&self, reason: &Reason) -> Diagnostic {
        let name = self.name();
        Diagnostic::error(
            "rotation-outdated",
            format!("the next generation of authority `{name}` cannot sign: {reason}"),
        )
        .help(format!("introduce another one in its place with `mtlsgen ca rotate {name}`, or put the spec back"))
    }

    pub(super) fn not_yet(&self, begins: Timestamp) -> Diagnostic {
        let (name, now) = (self.name(), self.now);
        Diagnostic::error(
            "clock-behind",
            format!(
                "the next generation of authority `{name}` is valid from {begins}, it is {now} now"
            ),
        )
        .help("check the clock, `--at` and `SOURCE_DATE_EPOCH`")
    }

    pub(super) fn without_key(&self, which: &str, file: &str) -> Diagnostic {
        let name = self.name();
        let way_out = match which {
            "next" => format!(
                "; if it is lost, `mtlsgen ca rotate {name} --abandon` and introduce another one"
            ),
            _ => String::new(),
        };
        Diagnostic::error(
            "rotation-without-key",
            format!("the private key of the {which} generation of authority `{name}` is not in the store"),
        )
        .help(format!("copy `{file}` into the authority's folder from where it was made or from a backup (keys are not kept in Git){way_out}"))
    }

    pub(super) fn key_elsewhere(&self) -> Diagnostic {
        let name = self.name();
        let title = format!(
            "authority `{name}` cannot be rolled over here: the private key of its current generation is not in the store, and that of the next one would be here alone"
        );
        Diagnostic::error("rotation-without-key", title)
            .help(format!("run `mtlsgen ca rotate {name}` where the keys are, or copy `tls.key` from there into the authority's folder first (keys are not kept in Git)"))
            .help("if it is lost: only a new authority helps, with another name in the spec, beside this one until all certificates are of the new one")
    }

    pub(super) fn nothing_retires(&self) -> Diagnostic {
        let name = self.name();
        let title =
            format!("there is nothing to retire: authority `{name}` has no older generation");
        let help = match self.phase() {
            Phase::Introduced => {
                format!("the next one has to sign first: `mtlsgen ca rotate {name} --activate`")
            }
            Phase::Settled | Phase::Active => {
                format!("`mtlsgen ca rotate {name}` begins a rollover")
            }
        };
        Diagnostic::error("rotation-nothing-retires", title).help(help)
    }

    pub(super) fn would_cut_off(&self, kept: &[(SerialNumber, Vec<CutOff>)]) -> Vec<Diagnostic> {
        let name = self.name();
        let all: Vec<&CutOff> = kept.iter().flat_map(|(_, cut_off)| cut_off).collect();
        // The generation that is free first gives the date.
        let free = kept.iter().filter_map(|(_, cut_off)| cut_off::free_from(cut_off)).min();
        let (count, are) = match all.len() {
            1 => ("1 certificate".to_owned(), "is"),
            more => (format!("{more} certificates"), "are"),
        };
        let from = free.map(|from| format!(" before {from}")).unwrap_or_default();
        let mut found = vec![
            Diagnostic::error(
                "rotation-cuts-off",
                format!("the old generation of authority `{name}` cannot retire{from}: {count} of it {are} valid until then"),
            )
            .help("wait; or run `mtlsgen render`, hand out what it issues, and cut off with `--force` who still has an old one"),
        ];
        found.extend(
            all.into_iter().map(|one| {
                Diagnostic::error("would-be-cut-off", format!("{one} would be cut off"))
            }),
        );
        found
    }
}

pub(super) fn unknown(model: &Model, name: &str) -> Diagnostic {
    let known = model.authorities.keys().map(String::as_str);
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name an authority under `cas`".to_owned(),
    };
    Diagnostic::error("unknown-reference", format!("there is no authority `{name}` in the spec"))
        .help(help)
}

pub(super) fn of_external_authority(name: &str) -> Diagnostic {
    Diagnostic::error(
        "rotation-of-others",
        format!("authority `{name}` is external (`certificate` in the spec): its owner rolls it over"),
    )
    .help(format!("to trust both generations meanwhile, add the new certificate to the spec as another authority, name both wherever `{name}` is named (`clientAuth.cas`), and take the old one out once its owner says so"))
}

pub(super) fn never_issued(name: &str) -> Diagnostic {
    Diagnostic::error("rotation-not-issued", format!("authority `{name}` was never issued"))
        .help("`mtlsgen render` issues it with what the spec says; there is nothing to roll over")
}

/// An entry of a ledger without its certificate: which clients would be cut off is unknown.
pub(super) fn not_whole(entry: &LedgerEntry, error: &CertificateError) -> Diagnostic {
    let LedgerEntry { holder, serial, .. } = entry;
    Diagnostic::error(
        "ledger-damaged",
        format!("the ledger entry {serial} of {holder} holds no certificate: {error}"),
    )
    .help("restore it from Git or from a backup")
}
