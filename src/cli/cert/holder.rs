//! Holders by their names on the command line: `alice`, `clients/alice`, `hosts/a.example.com`, `cas/root`.

use std::collections::BTreeSet;

use crate::cli::report::CommandError;
use crate::diagnostic::{Diagnostic, Nature, literal, nearest};
use crate::model::context::listed;
use crate::pki::request::Holder;

/// More names than these are not listed.
const MOST_LISTED: usize = 12;

/// The one of `known` with the name `name`.
///
/// # Errors
/// None or several have that name; near misses are proposed, also among `others`, which are read only then.
pub fn find(
    name: &str,
    known: &BTreeSet<Holder>,
    others: impl FnOnce() -> Result<BTreeSet<Holder>, CommandError>,
) -> Result<Holder, CommandError> {
    if let Some(holder) = named(name, known)? {
        return Ok(holder);
    }
    let candidates = known.iter().cloned().chain(others()?).collect();
    Err(CommandError::Input(vec![unknown(name, "holder", &candidates)]))
}

/// The one of `known` with the name `name`, if there is one.
///
/// # Errors
/// Several have that name.
pub fn named(name: &str, known: &BTreeSet<Holder>) -> Result<Option<Holder>, CommandError> {
    let called: Vec<&Holder> =
        known.iter().filter(|holder| holder.full_name() == name || holder.name() == name).collect();
    match called[..] {
        [] => Ok(None),
        [holder] => Ok(Some(holder.clone())),
        // A name with a kind in front wins over one that happens to contain a slash.
        _ => match called.iter().find(|holder| holder.full_name() == name) {
            Some(holder) => Ok(Some((*holder).clone())),
            None => Err(ambiguous(name, &called)),
        },
    }
}

/// None of `known`, each of which is a `what`, has the name `name`; near misses are proposed.
pub fn unknown(name: &str, what: &str, known: &BTreeSet<Holder>) -> Diagnostic {
    let title = format!("there is no {what} {}", literal(name));
    let full: Vec<String> = known.iter().map(Holder::full_name).collect();
    let plain = known.iter().map(|holder| (holder.name(), holder.full_name()));
    let near = nearest(name, full.iter().map(String::as_str)).map(str::to_owned).or_else(|| {
        let near = nearest(name, known.iter().map(Holder::name))?;
        plain.clone().find(|(plain, _)| *plain == near).map(|(_, full)| full)
    });
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if full.is_empty() => "nothing has been issued yet: run `mtlsgen render`".to_owned(),
        None if full.len() <= MOST_LISTED => {
            format!("there is {}", listed(&full.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        None => "write `clients/NAME`, `hosts/NAME` or `cas/NAME`, as in the folders of the store"
            .to_owned(),
    };
    Diagnostic::error("unknown-holder", title).help(help).being(Nature::NoHolder)
}

fn ambiguous(name: &str, called: &[&Holder]) -> CommandError {
    let full: Vec<String> = called.iter().map(|holder| holder.full_name()).collect();
    let title = format!("several holders are named {}", literal(name));
    let help =
        format!("write one of {}", listed(&full.iter().map(String::as_str).collect::<Vec<_>>()));
    CommandError::Input(vec![Diagnostic::error("ambiguous-holder", title).help(help)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> BTreeSet<Holder> {
        BTreeSet::from([
            Holder::Authority("web".into()),
            Holder::Host("web".into()),
            Holder::Host("a.example.com".into()),
            Holder::Client("alice".into()),
            Holder::Client("hosts/web".into()),
        ])
    }

    fn message(name: &str) -> String {
        let error = find(name, &known(), || Ok(BTreeSet::new())).unwrap_err();
        let [diagnostic] = error.diagnostics() else { panic!() };
        format!("{}: {}", diagnostic.title, diagnostic.help.join(" "))
    }

    #[test]
    fn names_are_found_with_their_kind_and_without() {
        for (name, holder) in [
            ("alice", Holder::Client("alice".into())),
            ("clients/alice", Holder::Client("alice".into())),
            ("cas/web", Holder::Authority("web".into())),
            ("hosts/web", Holder::Host("web".into())),
            ("clients/hosts/web", Holder::Client("hosts/web".into())),
            ("a.example.com", Holder::Host("a.example.com".into())),
        ] {
            assert_eq!(find(name, &known(), || panic!("not needed")).unwrap(), holder, "{name}");
        }
    }

    #[test]
    fn near_misses_are_proposed() {
        assert_eq!(message("alcie"), "there is no holder `alcie`: did you mean `clients/alice`?");
        assert_eq!(
            message("client/alice"),
            "there is no holder `client/alice`: did you mean `clients/alice`?"
        );
        assert_eq!(
            message("web"),
            "several holders are named `web`: write one of `cas/web`, `hosts/web`"
        );
        assert!(message("unknown-name").contains("there is "), "{}", message("unknown-name"));
    }
}
