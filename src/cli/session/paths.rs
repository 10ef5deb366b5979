//! The paths that a spec names, as far as they reach: further specs, templates, the store.

use std::path::Path;
use std::sync::Arc;

use super::Session;
use crate::cli::report::CommandError;
use crate::diagnostic::{self, Diagnostic};
use crate::io::input;
use crate::io::input_error::InputError;
use crate::io::reach::Reach;
use crate::model;
use crate::path;
use crate::render::template::TemplateSet;
use crate::specification::document::{self, Document, NamedPath, Step};
use crate::specification::plugin::Plugin;

impl Session {
    /// What is wrong with the paths of a spec that reach too far, before any of them is followed.
    pub(super) fn out_of_reach(&self) -> Vec<Diagnostic> {
        let mut named = model::supplied::paths(&self.document, &self.spec);
        named.push(self.store_path());
        named.dedup();
        named.iter().filter_map(|named| self.operator.reach.refusal(named)).collect()
    }

    /// Built-in templates and the user's: of the folder on the command line, else of the one in the spec.
    ///
    /// # Errors
    /// The folder or a template cannot be read.
    pub(super) fn templates(&self, folder: Option<&Path>) -> Result<TemplateSet, CommandError> {
        let path = path!["templates"];
        let in_spec = folder.is_none();
        let reach = if in_spec { self.operator.reach.clone() } else { Reach::anywhere() };
        let folder = folder.map(Path::to_owned).or_else(|| {
            let written = self.spec.templates.as_ref()?;
            Some(self.document.named(&path, written.as_str()).path().to_owned())
        });
        let Some(folder) = folder else { return Ok(TemplateSet::built_in()) };
        if let Some(place) = self.document.span(&path).filter(|_| in_spec && !folder.is_dir()) {
            let title = format!("there is no folder `{}`", folder.display());
            let help = "relative paths start from the folder of the file that names them";
            let finding = Diagnostic::error("templates-missing", title).at(Some(place)).help(help);
            return Err(CommandError::Input(vec![finding]));
        }
        let found = input::templates(&folder, &reach).map_err(|error| {
            let refusal = match &error {
                InputError::Read(error) => reach.explained(error),
                _ => None,
            };
            let at = |refusal: Diagnostic| refusal.at(self.document.span(&path));
            refusal.map_or_else(|| error.into(), |refusal| CommandError::Input(vec![at(refusal)]))
        })?;
        let ignored = found.ignored.iter().map(|path| {
            let title = format!(
                "`{}` is not a template: its name does not end in `.yaml.j2`",
                path.display()
            );
            Diagnostic::warning("not-a-template", title)
        });
        self.report.diagnostics(&ignored.collect::<Vec<_>>());
        let source = |file: input::TemplateFile| {
            Arc::new(diagnostic::Source {
                name: file.path.display().to_string(),
                directory: folder.clone(),
                text: file.text,
            })
        };
        let files = found.templates.into_iter().map(|(name, file)| (name, source(file)));
        TemplateSet::new(files.collect()).map_err(CommandError::Input)
    }

    /// Where the store is: as the spec says, else `pki` beside its first file.
    pub(super) fn store_path(&self) -> NamedPath {
        let path: Vec<Step> = path!["store", "path"];
        match &self.spec.store.path {
            Some(written) => self.document.named(&path, written.as_str()),
            None => NamedPath::implied(self.directory.join("pki"), None),
        }
    }
}

/// The files under `plugin.specFiles`; those that name files in their turn would hide what is read.
pub(super) fn spec_files(
    document: &Document,
    plugin: &Plugin,
    reach: &Reach,
) -> Result<Vec<Arc<diagnostic::Source>>, CommandError> {
    let files = plugin.spec_files.iter().enumerate();
    let files: Vec<NamedPath> = files
        .map(|(index, file)| document.plugin_named(&path!["specFiles", index], file.as_str()))
        .collect();
    let refusals: Vec<_> = files.iter().filter_map(|file| reach.refusal(file)).collect();
    if !refusals.is_empty() {
        return Err(CommandError::Input(refusals));
    }
    let sources = input::named_specs(&files, reach)?;
    let (named, _) = document::read(&sources);
    if named.plugin().0.spec_files.is_empty() {
        return Ok(sources);
    }
    let title = "a file that `plugin.specFiles` names must not have `plugin.specFiles` itself";
    let diagnostic = Diagnostic::error("nested-spec-files", title)
        .at(named.plugin_span(&path!["specFiles"]))
        .help("name all files in one place");
    Err(CommandError::Input(vec![diagnostic]))
}
