//! An inspection for people: problems first, then the tree, then each certificate in words.

use super::examination::{Examined, ExaminedKey, ExaminedList, Inspection};
use super::item::KeyFacts;
use super::problem::Problem;
use super::tree;
use super::words::{self, visible};
use crate::diagnostic::Severity;
use crate::pki::certificate::details::extension;
use crate::pki::request::Subtree;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// Columns of the names of facts.
const NAMES: usize = 20;
/// Revoked certificates that are listed; there may be thousands.
const MOST_REVOKED: usize = 50;
/// Places of one certificate that are listed.
const MOST_PLACES: usize = 5;

/// Shows everything, in colour or without.
#[must_use]
pub fn render(inspection: &Inspection, colour: bool) -> String {
    let mut page = Page { text: String::new(), colour };
    page.tree(inspection);
    let shown = inspection.certificates.iter().enumerate().filter(|(_, one)| one.is_asked_for());
    for (index, one) in shown {
        page.certificate(inspection, index, one);
    }
    for key in &inspection.keys {
        page.key(inspection, key);
    }
    for list in &inspection.revocation_lists {
        page.revocation_list(inspection, list);
    }
    for (origin, words) in &inspection.others {
        page.head(&visible(words), &origin.to_string());
    }
    page.whole(&inspection.problems);
    page.text
}

struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    fn tree(&mut self, inspection: &Inspection) {
        if inspection.certificates.len() < 2 {
            return;
        }
        let paint = |one: &Examined, words: String| {
            let worst = one.problems.iter().map(|problem| problem.severity).min();
            match worst {
                Some(Severity::Error) => self.paint(RED, &words),
                Some(Severity::Warning) => self.paint(YELLOW, &words),
                _ => words,
            }
        };
        let drawn = tree::draw(inspection, &paint);
        self.text += &drawn;
    }

    fn head(&mut self, title: &str, place: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let (title, place) = (self.paint(BOLD, title), self.paint(DIM, &format!("({place})")));
        self.line(&format!("{title} {place}"));
    }

    fn line(&mut self, line: &str) {
        self.text += line;
        self.text.push('\n');
    }

    fn fact(&mut self, name: &str, value: &str) {
        let name = self.paint(DIM, &format!("{name:NAMES$}"));
        self.line(&format!("  {name} {value}"));
    }

    fn list(&mut self, name: &str, values: &[String]) {
        if !values.is_empty() {
            self.fact(name, &values.join(", "));
        }
    }

    fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            let (style, word) = severity(problem.severity);
            let word = self.paint(style, word);
            self.line(&format!("  {word}: {}", problem.message));
        }
    }

    fn whole(&mut self, problems: &[Problem]) {
        if !problems.is_empty() {
            self.text.push('\n');
        }
        for problem in problems {
            let (style, word) = severity(problem.severity);
            let word = self.paint(style, word);
            self.line(&format!("{word}: {}", problem.message));
        }
    }

    fn certificate(&mut self, inspection: &Inspection, index: usize, one: &Examined) {
        let certificate = &one.certificate;
        self.head(&format!("certificate: {}", one.role.words()), &places(one));
        self.problems(&one.problems);
        self.fact("subject", &words::name(&certificate.subject));
        let issuer = words::name(&certificate.issuer);
        self.fact(
            "issuer",
            &if one.is_self_signed { format!("{issuer} (itself)") } else { issuer },
        );
        self.fact("serial", &certificate.serial.to_string());
        let remaining =
            words::remaining(certificate.not_before, certificate.not_after, inspection.at);
        let (from, to) = (certificate.not_before, certificate.not_after);
        self.fact("valid", &format!("{from} to {to}, {remaining}"));
        self.names(one);
        self.fact("key", &one.details.public_key.to_string());
        self.usages(one);
        if certificate.is_authority {
            self.fact("authority", &authority(certificate.max_path_len));
        }
        if let Some(constraints) = &certificate.name_constraints {
            self.list("names permitted", &subtrees(&constraints.permitted));
            self.list("names excluded", &subtrees(&constraints.excluded));
        }
        self.places(one);
        self.identifiers(one);
        let own = inspection.keys.iter().any(|key| key.certificates.contains(&index));
        if own {
            self.fact("private key", "at hand");
        }
    }

    fn names(&mut self, one: &Examined) {
        let shown = |list: &[String]| list.iter().map(|name| visible(name)).collect::<Vec<_>>();
        let names = &one.certificate.names;
        self.list("DNS names", &shown(&names.dns));
        let addresses: Vec<String> = names.ip.iter().map(ToString::to_string).collect();
        self.list("IP addresses", &addresses);
        self.list("e-mail addresses", &shown(&names.email));
        self.list("URIs", &shown(&names.uri));
        self.list("other names", &shown(&one.details.other_names));
    }

    fn usages(&mut self, one: &Examined) {
        let critical = |oid: &str| {
            if one.details.critical.iter().any(|found| found == oid) { " (critical)" } else { "" }
        };
        if let Some(bits) = one.certificate.key_usage {
            let names: Vec<&str> =
                words::key_usages(bits).into_iter().map(|(name, _)| name).collect();
            self.fact(
                "key usage",
                &format!("{}{}", names.join(", "), critical(extension::KEY_USAGE)),
            );
        }
        if let Some(purposes) = &one.certificate.extended_key_usage {
            let names: Vec<String> = purposes.iter().map(|one| words::purpose(one).0).collect();
            let critical = critical(extension::EXTENDED_KEY_USAGE);
            self.fact("extended key usage", &format!("{}{critical}", names.join(", ")));
        }
    }

    fn places(&mut self, one: &Examined) {
        let shown = |list: &[String]| list.iter().map(|name| visible(name)).collect::<Vec<_>>();
        self.list("revocation lists", &shown(&one.details.revocation_lists));
        self.list("OCSP", &shown(&one.details.ocsp));
        self.list("issuer's certificate", &shown(&one.details.issuer_certificates));
        let unknown =
            one.details.unknown.iter().map(|(oid, critical)| {
                format!("{oid}{}", if *critical { " (critical)" } else { "" })
            });
        self.list("other extensions", &unknown.collect::<Vec<_>>());
    }

    fn identifiers(&mut self, one: &Examined) {
        let certificate = &one.certificate;
        if let Some(id) = &certificate.subject_key_id {
            self.fact("subject key id", &words::colons(id));
        }
        if let Some(id) = &certificate.authority_key_id {
            self.fact("authority key id", &words::colons(id));
        }
        self.fact("signature", &one.details.signature.name);
        self.fact(
            "fingerprint",
            &format!("{} (SHA-256 of the certificate)", certificate.fingerprint().with_colons()),
        );
        self.fact("SPKI hash", &format!("{} (SHA-256 of its public key)", certificate.spki_hash));
        if one.details.version != 3 {
            self.fact("version", &format!("{} of X.509", one.details.version));
        }
    }

    fn key(&mut self, inspection: &Inspection, key: &ExaminedKey) {
        let kind = match &key.facts {
            KeyFacts::Known { kind, .. } => kind.to_string(),
            KeyFacts::Encrypted => "encrypted".to_owned(),
            KeyFacts::Unknown(_) => "cannot be read".to_owned(),
        };
        self.head(&format!("private key: {kind}"), &key.origin.to_string());
        self.problems(&key.problems);
        match &key.facts {
            KeyFacts::Known { spki_hash, .. } => {
                let names = key
                    .certificates
                    .iter()
                    .map(|index| words::name(&inspection.certificates[*index].certificate.subject));
                let names: Vec<String> = names.collect();
                self.list("belongs to", &names);
                self.fact("SPKI hash", &format!("{spki_hash} (SHA-256 of its public key)"));
            }
            KeyFacts::Unknown(why) => self.fact("reason", why),
            KeyFacts::Encrypted => {}
        }
    }

    fn revocation_list(&mut self, inspection: &Inspection, one: &ExaminedList) {
        self.head("revocation list", &one.origin.to_string());
        self.problems(&one.problems);
        let issuer = words::name(&one.list.issuer);
        let verified = if one.issuer.is_some() { " (signature verified)" } else { "" };
        self.fact("issuer", &format!("{issuer}{verified}"));
        if let Some(number) = &one.list.number {
            self.fact("number", &number.to_string());
        }
        self.fact("made", &one.list.this_update.to_string());
        if let Some(next) = one.list.next_update {
            let remaining = words::remaining(one.list.this_update, next, inspection.at);
            self.fact("next one", &format!("{next}, {remaining}"));
        }
        self.fact("signature", &one.list.signature.name);
        let entries = one.list.entries();
        let count = entries.len();
        self.fact("revoked", &count.to_string());
        for (serial, entry) in entries.into_iter().take(MOST_REVOKED) {
            let reason = words::revocation_reason(entry.reason)
                .map_or_else(String::new, |reason| format!(", {reason}"));
            let subject = inspection
                .certificates
                .iter()
                .find(|known| {
                    known.certificate.serial == *serial
                        && known.certificate.issuer.matches(&one.list.issuer)
                })
                .map_or_else(String::new, |known| {
                    format!(", {}", words::name(&known.certificate.subject))
                });
            self.line(&format!("    {serial} since {}{reason}{subject}", entry.at));
        }
        if count > MOST_REVOKED {
            self.line(&format!("    and {} more", count - MOST_REVOKED));
        }
    }
}

/// Where a certificate was found.
fn places(one: &Examined) -> String {
    let places = one.origins.iter().take(MOST_PLACES).map(ToString::to_string);
    let mut places: Vec<String> = places.collect();
    if let Some(more @ 1..) = one.origins.len().checked_sub(MOST_PLACES) {
        places.push(format!("and {more} more"));
    }
    places.join("; ")
}

fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => (RED, "error"),
        Severity::Warning => (YELLOW, "warning"),
        Severity::Notice => (CYAN, "notice"),
    }
}

fn authority(max_path_len: Option<u8>) -> String {
    match max_path_len {
        None => "yes, with any number of authorities below it".to_owned(),
        Some(0) => "yes, of leaves alone (path length 0)".to_owned(),
        Some(1) => "yes, with one authority below it at most (path length 1)".to_owned(),
        Some(length) => {
            format!("yes, with {length} authorities below it at most (path length {length})")
        }
    }
}

fn subtrees(trees: &[Subtree]) -> Vec<String> {
    trees.iter().map(|tree| visible(&tree.to_string())).collect()
}
