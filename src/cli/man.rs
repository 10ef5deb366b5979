//! `mtlsgen man`: manual pages.

use std::path::PathBuf;

use clap_mangen::Man;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};
use crate::io::new_files;

/// Print a manual page, or write all of them
///
/// For example: mtlsgen man init | man -l -
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command whose page is printed; the page of mtlsgen itself unless said
    #[arg(conflicts_with = "dir")]
    command: Option<String>,
    /// Folder to write the pages of all commands to
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes manual pages.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let pages = pages();
    if let Some(dir) = &args.dir {
        let files: Vec<_> = pages.iter().map(|(name, page)| (name.as_str(), &page[..])).collect();
        new_files::write_over(dir, &files)?;
        globals.report().say(&format!("wrote {} pages to `{}`", pages.len(), dir.display()));
        return Ok(ExitStatus::Done);
    }
    let name = args.command.as_ref().map_or("mtlsgen.1".to_owned(), |c| format!("mtlsgen-{c}.1"));
    let page = pages.into_iter().find(|(file, _)| *file == name).ok_or_else(|| {
        let command = args.command.as_deref().unwrap_or_default();
        let hint = "`mtlsgen --help` lists the commands".to_owned();
        CommandError::world("unknown-command", &format!("no command `{command}`"), Some(hint))
    })?;
    print(page.1)?;
    Ok(ExitStatus::Done)
}

/// File name and content of each page: mtlsgen's own first, then its commands'.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut root = super::command();
    root.build();
    let commands = root.get_subcommands().cloned().collect::<Vec<_>>();
    std::iter::once(root)
        .chain(commands)
        .map(|command| {
            let page = Man::new(command);
            let mut text = Vec::new();
            page.render(&mut text).expect("writing to memory does not fail");
            (page.get_filename(), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[0], "mtlsgen.1");
        assert!(names.contains(&"mtlsgen-init.1"), "{names:?}");
        assert_eq!(names.len(), super::super::command().get_subcommands().count() + 1);
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH SYNOPSIS") && text.contains("Exit status"), "{name}");
        }
    }
}
