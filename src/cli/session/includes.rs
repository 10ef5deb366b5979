//! `include`: the files that a spec is merged over.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::report::CommandError;
use crate::diagnostic::{Diagnostic, Source, literal};
use crate::io::input;
use crate::io::input_error::InputError;
use crate::io::reach::Reach;
use crate::path;
use crate::specification::document::{self, NamedPath};

/// More than any set of environments has.
const MOST: usize = 100;
/// What a source says that includes others.
const KEY: &str = "include";

/// The sources, each behind those that it includes. What is included and was read already is not read again; the sources
/// themselves stay as many as they are, in their order.
///
/// # Errors
/// A file includes itself, cannot be read, or lies out of reach; or there are too many.
pub(super) fn expand(
    sources: Vec<Arc<Source>>,
    reach: &Reach,
) -> Result<Vec<Arc<Source>>, CommandError> {
    if !sources.iter().any(|source| may_include(source)) {
        return Ok(sources);
    }
    let mut reader = Reader { reach, read: BTreeSet::new(), above: Vec::new(), found: Vec::new() };
    for source in sources {
        let file = input::real_path(&source);
        reader.read.extend(file.clone());
        reader.above.extend(file);
        reader.add(source)?;
        reader.above.clear();
    }
    Ok(reader.found)
}

struct Reader<'a> {
    reach: &'a Reach,
    /// Files that were read, by their real paths.
    read: BTreeSet<PathBuf>,
    /// Those that are being read: each includes the next one.
    above: Vec<PathBuf>,
    found: Vec<Arc<Source>>,
}

impl Reader<'_> {
    /// Adds what a source includes, then the source.
    fn add(&mut self, source: Arc<Source>) -> Result<(), CommandError> {
        for named in included(&source)? {
            self.include(&named)?;
        }
        self.found.push(source);
        Ok(())
    }

    fn include(&mut self, named: &NamedPath) -> Result<(), CommandError> {
        let fail = |diagnostic: Diagnostic| {
            CommandError::Input(vec![diagnostic.at(named.span().cloned())])
        };
        let shown = literal(&named.path().display().to_string());
        if let Some(refusal) = self.reach.refusal(named) {
            return Err(CommandError::Input(vec![refusal]));
        }
        let source =
            input::named_spec(named, self.reach).map_err(|error| match &error {
                InputError::Encoding(_) => error.into(),
                _ => fail(Diagnostic::error("include-unreadable", error.to_string()).help(
                    "relative paths start from the folder of the file that has the `include`",
                )),
            })?;
        let Some(file) = input::real_path(&source) else { return self.add(source) };
        if self.above.contains(&file) {
            let title = format!("{shown} includes itself");
            let help = "leave one of the `include` out: what is common goes into a file of its own";
            return Err(fail(Diagnostic::error("include-loop", title).help(help)));
        }
        if !self.read.insert(file.clone()) {
            return Ok(());
        }
        if self.read.len() > MOST {
            let title = format!("more than {MOST} files are included");
            return Err(fail(Diagnostic::error("too-many-includes", title)));
        }
        self.above.push(file);
        self.add(source)?;
        self.above.pop();
        Ok(())
    }
}

/// Whether a text may have that key: as it is, or with escape sequences in it.
fn may_include(source: &Source) -> bool {
    source.text.contains(KEY) || source.text.contains('\\')
}

/// The files that a source names under `include`. What else is wrong with it is found where all is merged.
fn included(source: &Arc<Source>) -> Result<Vec<NamedPath>, CommandError> {
    if !may_include(source) {
        return Ok(Vec::new());
    }
    let (document, _) = document::read(std::slice::from_ref(source));
    let (spec, mistakes) = document.deserialize();
    let place = document.span(&path![KEY]);
    let is_of_include =
        |found: &Diagnostic| spec.include.is_empty() && found.span.is_some() && found.span == place;
    if let Some(mistake) = mistakes.into_iter().find(is_of_include) {
        return Err(CommandError::Input(vec![mistake]));
    }
    let named = |(index, file): (usize, &crate::specification::value::FilePath)| {
        document.named(&path![KEY, index], file.as_str())
    };
    Ok(spec.include.iter().enumerate().map(named).collect())
}
