//! A store belongs to one spec, by its `name`: environments that share one would issue each other's certificates anew, and
//! let in each other's clients.

use super::paths::store_path;
use super::{Read, Source};
use crate::cli::report::{CommandError, Report};
use crate::diagnostic::Diagnostic;
use crate::io::store::Store;
use crate::path;

/// Makes sure that the store belongs to this spec, or to none yet.
pub(super) fn require_own(store: &Store, read: &Read) -> Result<(), CommandError> {
    if read.operator.renames_store {
        return Ok(());
    }
    let own = read.spec.name.as_ref().map(ToString::to_string);
    match store.owner()? {
        Some(owner) if own.as_ref() != Some(&owner) => {
            Err(CommandError::Input(vec![refusal(read, &owner, own.as_deref())]))
        }
        _ => Ok(()),
    }
}

fn refusal(read: &Read, owner: &str, own: Option<&str>) -> Diagnostic {
    let place = store_path(read);
    let store = place.path().display();
    let title = match own {
        Some(own) => format!("the store `{store}` belongs to `{owner}`, and this spec is `{own}`"),
        None => format!("the store `{store}` belongs to `{owner}`, and this spec has no `name`"),
    };
    let error = Diagnostic::error("store-of-another-spec", title);
    let error = error.at(read.document.span(&path!["name"]));
    let error = match own {
        Some(own) => error.help(format!(
            "an environment has a store of its own, so that none lets in the clients of another: write `store.path = \"pki-{own}\"`"
        )),
        None => error.help(format!(
            "write `name = \"{owner}\"` if it is the same environment; else a `name` of its own, and `store.path = \"pki-NAME\"`"
        )),
    };
    error.help(match own {
        Some(_) => "if the spec has a new name, run `mtlsgen render --rename-store` once",
        None => "if the spec is to have no name any more, run `mtlsgen render --rename-store` once",
    })
}

/// Has the store belong to this spec where it belongs to none yet, or where that was asked for.
///
/// # Errors
/// The store cannot be changed.
pub fn take_over(
    source: &Source,
    read_name: Option<&str>,
    asked: bool,
    report: Report,
) -> Result<(), CommandError> {
    let Source::Folder(store) = source else { return Ok(()) };
    if !store.path().is_dir() {
        return Ok(());
    }
    let owner = store.owner()?;
    let is_new = owner.is_none() && read_name.is_some();
    if owner.as_deref() == read_name || !(is_new || asked) {
        return Ok(());
    }
    store.take_over(&store.lock()?)?;
    if let Some(owner) = owner {
        let now = read_name.map_or("no `name`".to_owned(), |name| format!("`{name}`"));
        report.say(&format!(
            "the store `{}` belongs to the spec with {now} from now on, no longer to `{owner}`",
            store.path().display()
        ));
    }
    Ok(())
}
