//! One error for one cause: what a target finds in the objects takes in what the controllers make of it.

use crate::diagnostic::{Diagnostic, Severity};

/// What the target found, with the differences that it explains, and then the other differences.
///
/// An error explains the differences of the host that it is about.
pub(super) fn joined(mut found: Vec<Diagnostic>, differences: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut others = Vec::new();
    for difference in differences {
        match found.iter_mut().find(|cause| explains(cause, &difference)) {
            Some(cause) => take_in(cause, difference),
            None => others.push(difference),
        }
    }
    found.extend(others);
    found
}

fn explains(cause: &Diagnostic, difference: &Diagnostic) -> bool {
    cause.severity == Severity::Error && cause.entry.is_some() && cause.entry == difference.entry
}

fn take_in(cause: &mut Diagnostic, difference: Diagnostic) {
    let Diagnostic { title, help, witnesses, .. } = difference;
    cause.help.push(format!("because of that, {title}"));
    for words in help {
        if !cause.help.contains(&words) {
            cause.help.push(words);
        }
    }
    cause.witnesses.extend(witnesses);
}

#[cfg(test)]
mod tests {
    use super::joined;
    use crate::diagnostic::{Diagnostic, Entry};

    fn host(diagnostic: Diagnostic, key: &str) -> Diagnostic {
        diagnostic.of(Entry::Host(key.to_owned()))
    }

    #[test]
    fn a_difference_joins_the_error_of_its_host_and_no_other() {
        let cause = host(Diagnostic::error("plain-http", "cause").help("remedy"), "a");
        let warning = host(Diagnostic::warning("service-shared", "warning"), "b");
        let unplaced = Diagnostic::error("path-twice", "elsewhere");
        let of =
            |key| host(Diagnostic::error("host-unprotected", "open").help("remedy").help("x"), key);
        let found = joined(vec![warning, unplaced, cause], vec![of("a"), of("b")]);
        let codes: Vec<&str> = found.iter().map(|one| one.code).collect();
        assert_eq!(codes, ["service-shared", "path-twice", "plain-http", "host-unprotected"]);
        assert_eq!(found[2].help, ["remedy", "because of that, open", "x"]);
    }
}
