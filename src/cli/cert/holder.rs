//! Whom people mean: `alice`, or `clients/alice` where several have that name.

use std::collections::BTreeSet;

use crate::cli::report::CommandError;
use crate::diagnostic::{Diagnostic, literal, nearest};
use crate::pki::request::Holder;

/// The holder of a name with its kind before it.
fn of_kind(kind: &str, name: &str) -> Option<Holder> {
    let name = name.to_owned();
    match kind {
        "cas" | "authority" => Some(Holder::Authority(name)),
        "hosts" | "host" => Some(Holder::Host(name)),
        "clients" | "client" => Some(Holder::Client(name)),
        _ => None,
    }
}

/// The holder of that name among `known`; `None` if there is none.
///
/// # Errors
/// There are several.
pub fn find(text: &str, known: &BTreeSet<Holder>) -> Result<Option<Holder>, CommandError> {
    let named = text.split_once('/').and_then(|(kind, name)| of_kind(kind, name));
    if let Some(holder) = named.filter(|holder| known.contains(holder)) {
        return Ok(Some(holder));
    }
    let found: Vec<&Holder> = known.iter().filter(|holder| holder.name() == text).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        several => {
            let ways: Vec<String> =
                several.iter().map(|holder| format!("`{}`", way(holder))).collect();
            let title = format!("{} is the name of several: {}", literal(text), ways.join(", "));
            let help = "write one of these";
            Err(CommandError::Input(vec![Diagnostic::error("ambiguous-name", title).help(help)]))
        }
    }
}

/// Nobody has that name.
pub fn unknown(text: &str, what: &str, known: &BTreeSet<Holder>) -> Diagnostic {
    let title = format!("there is no {what} {}", literal(text));
    let diagnostic = Diagnostic::error("unknown-name", title);
    match nearest(text, known.iter().map(Holder::name)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help("`mtlsgen status` lists all certificates"),
    }
}

/// How a holder is named beyond doubt.
pub fn way(holder: &Holder) -> String {
    let kind = match holder {
        Holder::Authority(_) => "cas",
        Holder::Host(_) => "hosts",
        Holder::Client(_) => "clients",
    };
    format!("{kind}/{}", holder.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_alone_or_with_their_kind() {
        let known = BTreeSet::from([
            Holder::Authority("a".into()),
            Holder::Client("a".into()),
            Holder::Client("b".into()),
            Holder::Client("hosts/c".into()),
        ]);
        let found = |text: &str| find(text, &known).unwrap();
        assert_eq!(found("b"), Some(Holder::Client("b".into())));
        assert_eq!(found("clients/a"), Some(Holder::Client("a".into())));
        assert_eq!(found("authority/a"), Some(Holder::Authority("a".into())));
        assert_eq!(found("hosts/c"), Some(Holder::Client("hosts/c".into())));
        assert_eq!(found("hosts/a"), None);
        let CommandError::Input(errors) = find("a", &known).unwrap_err() else { panic!() };
        assert!(errors[0].title.contains("`cas/a`, `clients/a`"), "{}", errors[0].title);
    }
}
