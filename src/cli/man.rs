//! `mtlsgen man`: manual pages.

use std::path::PathBuf;

use clap_mangen::Man;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};
use crate::diagnostic::Deed;
use crate::io::new_files;

/// Print a manual page, or write all of them
///
/// For example: mtlsgen man init | man -l -
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command whose page is printed, such as `cert show`; defaults to the page of mtlsgen itself
    #[arg(conflicts_with = "output")]
    command: Vec<String>,
    /// Folder to write the pages of all commands to
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Prints or writes manual pages.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let pages = pages();
    if let Some(dir) = &args.output {
        let files: Vec<_> = pages.iter().map(|(name, page)| (name.as_str(), &page[..])).collect();
        new_files::write_over(dir, &files)?;
        let dir = dir.display();
        let words = format!("wrote {} pages to `{dir}`", pages.len());
        globals.report().did(Deed::to_path("wrote", &dir), &words);
        return Ok(ExitStatus::Done);
    }
    let words = std::iter::once("mtlsgen").chain(args.command.iter().map(String::as_str));
    let name = format!("{}.1", words.collect::<Vec<_>>().join("-"));
    let page = pages.into_iter().find(|(file, _)| *file == name).ok_or_else(|| {
        let command = args.command.join(" ");
        let hint = "`mtlsgen --help` lists the commands".to_owned();
        CommandError::world("unknown-command", &format!("no command `{command}`"), Some(hint))
    })?;
    print(page.1)?;
    Ok(ExitStatus::Done)
}

/// File name and content of each page: mtlsgen's own first, then its commands' and those of each of them.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut root = super::command();
    root.build();
    with_below(root)
        .into_iter()
        .map(|command| {
            let page = Man::new(command);
            let mut text = Vec::new();
            page.render(&mut text).expect("writing to memory does not fail");
            (page.get_filename(), text)
        })
        .collect()
}

/// A command, and all that are below it and shown.
fn with_below(command: clap::Command) -> Vec<clap::Command> {
    // What clap adds as `cert help` has no page; `mtlsgen help` is a command of ours.
    let is_ours =
        |one: &&clap::Command| one.get_name() != "help" || command.get_name() == "mtlsgen";
    let below = command.get_subcommands().filter(|one| !one.is_hide_set()).filter(is_ours);
    let below: Vec<_> = below.cloned().collect();
    std::iter::once(command).chain(below.into_iter().flat_map(with_below)).collect()
}

#[cfg(test)]
mod reference;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[0], "mtlsgen.1");
        assert!(names.contains(&"mtlsgen-init.1"), "{names:?}");
        assert!(names.contains(&"mtlsgen-cert-show.1"), "{names:?}");
        assert!(!names.contains(&"mtlsgen-complete-names.1"), "hidden");
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH SYNOPSIS") && text.contains("Exit status"), "{name}");
        }
    }
}
