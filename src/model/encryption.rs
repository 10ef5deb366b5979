//! What is wrong with `store.encryption` beyond its single values.

use std::collections::BTreeSet;

use super::context::{Context, Findings};
use crate::diagnostic::{Diagnostic, has_errors, literal};
use crate::path;

/// Keys without recipients are lost; a repeated recipient is likely a mistake for another one.
pub fn refuse_none_and_repeats(context: Context<'_>, findings: &mut Findings) {
    let Some(encryption) = &context.spec.store.encryption else { return };
    let recipients = &encryption.age.recipients;
    let list = path!["store", "encryption", "age", "recipients"];
    if recipients.is_empty() && !has_errors(&findings.0) {
        findings.push(
            Diagnostic::error(
                "missing-value",
                "`recipients` is empty, so no one could decrypt the keys",
            )
            .at(context.value(&list))
            .help("write the recipients that `age-keygen` prints, or remove `encryption`"),
        );
    }
    let mut seen = BTreeSet::new();
    for (index, recipient) in recipients.iter().enumerate() {
        if !seen.insert(recipient) && !has_errors(&findings.0) {
            findings.push(
                Diagnostic::error(
                    "repeated-value",
                    format!("recipient {} is listed twice", literal(recipient.as_str())),
                )
                .at(context.value(&path!["store", "encryption", "age", "recipients", index]))
                .help("remove one of them, or write the recipient that was meant"),
            );
        }
    }
}
