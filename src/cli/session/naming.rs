//! A store belongs to one spec, by its `name`: environments that share one would issue each other's certificates anew, and
//! let in each other's clients.

use std::collections::BTreeSet;

use super::{Session, Setup};
use crate::cli::report::CommandError;
use crate::diagnostic::Diagnostic;
use crate::io::store::{Store, listed};
use crate::path;
use crate::pki::request::Holder;
use crate::store::Inventory;

impl Session {
    /// Makes sure that the store belongs to this spec, or to none yet.
    pub(super) fn require_own(&self, store: &Store) -> Result<(), CommandError> {
        if self.operator.renames_store {
            return Ok(());
        }
        let refusal = match (store.owner()?, self.name()) {
            (Some(owner), own) if own.as_ref() != Some(&owner) => {
                Some(refusal(self, store, &owner, own.as_deref()))
            }
            (None, Some(own)) => unlike(self, store, &own)?,
            _ => None,
        };
        refusal.map_or(Ok(()), |refusal| Err(CommandError::Input(vec![refusal])))
    }
}

/// Whether a store without a name looks like that of another spec than the one with the name `own`: they have no host
/// in common, or no authority where the store has certificates of no host.
fn unlike(session: &Session, store: &Store, own: &str) -> Result<Option<Diagnostic>, CommandError> {
    let stored = store.certificates_beside(&Inventory::default())?;
    let hosts = stored.iter().filter(|(holder, _)| matches!(holder, Holder::Host(_)));
    let hosts: BTreeSet<&str> =
        hosts.flat_map(|(_, own)| &own.names.dns).map(String::as_str).collect();
    let authorities = stored.iter().filter(|(holder, _)| matches!(holder, Holder::Authority(_)));
    let authorities: BTreeSet<&str> = authorities.map(|(holder, _)| holder.name()).collect();
    let spec = &session.spec;
    let (what, theirs, is_common) = if hosts.is_empty() {
        let is_common = spec.cas.keys().any(|name| authorities.contains(name.as_str()));
        ("authority", authorities, is_common)
    } else {
        let mut names = spec
            .hosts
            .iter()
            .map(|(key, host)| host.host.as_ref().map_or_else(|| key.clone(), ToString::to_string));
        let is_common = names.any(|name| hosts.contains(&*name.to_ascii_lowercase()));
        ("host", hosts, is_common)
    };
    let Some(first) = theirs.first().filter(|_| !is_common) else { return Ok(None) };
    let path = store.path().display();
    let name = store.path().join("name");
    let title = format!(
        "the store `{path}` does not look like that of `{own}`: it has no `{}`, and this spec has none of its {what} names (`{first}`)",
        name.display(),
    );
    let error = Diagnostic::error("store-of-another-spec", title);
    let error = error
        .at(session.document.span(&path!["name"]))
        .help(format!("if it is another environment's, write `store.path = \"pki-{own}\"`; and restore `{}` from Git or a backup", name.display()))
        .help(format!("if it is this spec's, with other names now, {}", renaming(store)));
    Ok(Some(error))
}

/// The command that gives the store the spec's name, and why it says more where it has to.
fn renaming(store: &Store) -> String {
    let unsettled = store.unsettled_keys().ok();
    match unsettled.filter(|keys| keys.gives_to_others(store.recipients())) {
        None => "run `mtlsgen render --rename-store` once".to_owned(),
        Some(keys) => {
            let readers = match (store.recipients(), keys.added.is_empty()) {
                (0, _) => "all users that can read the files".to_owned(),
                (_, false) => listed(&keys.added),
                (_, true) => listed(store.readers()),
            };
            format!(
                "run `mtlsgen render --rename-store --reencrypt` once: further recipients would be able to read the keys: {readers}"
            )
        }
    }
}

fn refusal(session: &Session, store: &Store, owner: &str, own: Option<&str>) -> Diagnostic {
    let (path, renaming) = (store.path().display(), renaming(store));
    let title = match own {
        Some(own) => format!("the store `{path}` belongs to `{owner}`, and this spec is `{own}`"),
        None => format!("the store `{path}` belongs to `{owner}`, and this spec has no `name`"),
    };
    let error = Diagnostic::error("store-of-another-spec", title);
    let error = error.at(session.document.span(&path!["name"]));
    let error = match own {
        Some(own) => error.help(format!(
            "give each environment a store of its own, so that none admits the clients of another: write `store.path = \"pki-{own}\"`"
        )),
        None => error.help(format!(
            "write `name = \"{owner}\"` if it is the same environment; else a `name` of its own, and `store.path = \"pki-NAME\"`"
        )),
    };
    error.help(match own {
        Some(_) => format!("if the spec has a new name, {renaming}"),
        None => format!("to remove the name of the spec, {renaming}"),
    })
}

impl Setup {
    /// Has the store belong to this spec where it belongs to none yet, or where that was asked for.
    ///
    /// # Errors
    /// The store cannot be changed.
    pub fn take_over(&self, asked: bool) -> Result<(), CommandError> {
        let Some(store) = self.source.store().filter(|store| store.path().is_dir()) else {
            return Ok(());
        };
        let (owner, own) = (store.owner()?, &self.name);
        let is_new = owner.is_none() && own.is_some();
        if owner == *own || !(is_new || asked) {
            return Ok(());
        }
        store.take_over(&store.lock()?)?;
        if let Some(owner) = owner {
            let now = own.as_ref().map_or("with no `name`".to_owned(), |name| format!("`{name}`"));
            self.report.say(&format!(
                "the store `{}` belongs to the spec {now} from now on, no longer to `{owner}`",
                store.path().display()
            ));
        }
        Ok(())
    }
}
