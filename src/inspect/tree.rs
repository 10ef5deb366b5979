//! The chain as a tree, roots on top: one authority may have signed many.

use std::fmt::Write as _;

use super::examination::{Examined, Inspection};
use super::problem::Verdict;
use super::words;

/// Draws every tree; a line for each certificate, `paint` decides how names of the bad ones look.
pub(super) fn draw(inspection: &Inspection, paint: &dyn Fn(&Examined, String) -> String) -> String {
    let mut children = vec![Vec::new(); inspection.certificates.len()];
    let mut tops = Vec::new();
    for (index, one) in inspection.certificates.iter().enumerate() {
        match one.issuer {
            Some(issuer) => children[issuer].push(index),
            None => tops.push(index),
        }
    }
    let mut tree = Tree { inspection, children, paint, text: String::new() };
    let mut missing: Vec<String> = Vec::new();
    for top in tops {
        let one = &inspection.certificates[top];
        if one.is_self_signed {
            tree.line("", "", top);
            tree.below(top, "");
        } else {
            // What one missing authority signed belongs together.
            let issuer = words::name(&one.certificate.issuer);
            if !missing.contains(&issuer) {
                tree.missing(&issuer);
                missing.push(issuer);
            }
        }
    }
    tree.text
}

struct Tree<'a> {
    inspection: &'a Inspection,
    children: Vec<Vec<usize>>,
    paint: &'a dyn Fn(&Examined, String) -> String,
    text: String,
}

impl Tree<'_> {
    fn missing(&mut self, issuer: &str) {
        let _ = writeln!(self.text, "? {issuer} (not at hand)");
        let certificates = &self.inspection.certificates;
        let signed: Vec<usize> = (0..certificates.len())
            .filter(|index| {
                let one = &certificates[*index];
                one.issuer.is_none()
                    && !one.is_self_signed
                    && words::name(&one.certificate.issuer) == issuer
            })
            .collect();
        self.branches(&signed, "");
    }

    fn below(&mut self, index: usize, indent: &str) {
        let signed = self.children[index].clone();
        self.branches(&signed, indent);
    }

    fn branches(&mut self, signed: &[usize], indent: &str) {
        for (place, index) in signed.iter().enumerate() {
            let is_last = place + 1 == signed.len();
            self.line(indent, if is_last { "└─ " } else { "├─ " }, *index);
            self.below(*index, &format!("{indent}{}", if is_last { "   " } else { "│  " }));
        }
    }

    fn line(&mut self, indent: &str, branch: &str, index: usize) {
        let one = &self.inspection.certificates[index];
        let words = format!(
            "{} ({}, {})",
            words::name(&one.certificate.subject),
            one.role.words(),
            self.state(one)
        );
        let words = (self.paint)(one, words);
        let _ = writeln!(self.text, "{indent}{branch}{words}");
    }

    fn state(&self, one: &Examined) -> String {
        let is_revoked = one.problems.iter().any(|problem| problem.verdict == Verdict::Revoked);
        let certificate = &one.certificate;
        let remaining =
            words::remaining(certificate.not_before, certificate.not_after, self.inspection.at);
        if is_revoked { format!("revoked, {remaining}") } else { remaining }
    }
}
