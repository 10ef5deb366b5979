//! Messages on standard error, text on standard output, and how commands end.
#![expect(
    clippy::disallowed_methods,
    reason = "standard output and standard error are written here"
)]

use std::backtrace::Backtrace;
use std::borrow::Cow;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::sync::Mutex;

use serde::Serialize;
use zeroize::Zeroize as _;

use super::globals::{ColorChoice, Globals, MessageFormat};
use super::hints;
use crate::derive::Failure;
use crate::diagnostic::{
    Deed, Diagnostic, Entry, Nature, Severity, human, json, shown, shown_lines, visible_lines,
};
use crate::guard::{self, hidden};
use crate::io::clock::ClockError;
use crate::io::input_error::{InputError, ReadError};
use crate::io::seed::SeedInputError;
use crate::io::store::StoreError;
use crate::io::tree_error::TreeError;
use crate::json::pretty;
use crate::output::NotOurs;
use crate::path;
use crate::specification::document::{Document, in_its_language};

/// Columns of messages, the same for every terminal.
const WIDTH: usize = 120;

/// Bytes that go to standard output at once: what a pipe holds.
const PIECE: usize = 1 << 16;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Done, and nothing to say.
    Done = 0,
    /// There are findings or differences.
    Findings = 1,
    /// It failed, and said why.
    Failed = 2,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub enum CommandError {
    /// What the user wrote is wrong; the warnings and notices beside the errors are shown with them.
    Input(Vec<Diagnostic>),
    /// The world failed: files, the clock, the system.
    World(Box<Diagnostic>),
    /// The reader of standard output has closed it.
    BrokenPipe,
}

impl CommandError {
    /// The world failed: `code` is the stable kebab-case name of that kind of failure.
    pub fn world(
        code: &'static str,
        what: &(impl ToString + ?Sized),
        hint: Option<String>,
    ) -> Self {
        let mut diagnostic = Diagnostic::error(code, what.to_string());
        diagnostic.help.extend(hint);
        Self::World(Box::new(diagnostic))
    }

    /// A file cannot be read.
    fn unread(what: &impl ToString, hint: Option<String>) -> Self {
        match Self::world("input", what, hint) {
            Self::World(diagnostic) => Self::World(Box::new(diagnostic.being(Nature::Unread))),
            other => other,
        }
    }

    /// The same, with one more way out.
    #[must_use]
    pub fn with_help(mut self, help: &str) -> Self {
        match &mut self {
            Self::Input(diagnostics) => {
                if let Some(diagnostic) = diagnostics.first_mut() {
                    diagnostic.help.push(help.to_owned());
                }
            }
            Self::World(diagnostic) => diagnostic.help.push(help.to_owned()),
            Self::BrokenPipe => {}
        }
        self
    }

    /// As it is, with the places of the spec's entries that it is about.
    #[must_use]
    pub fn located(mut self, document: &Document) -> Self {
        if let Self::Input(diagnostics) = &mut self {
            for one in diagnostics.iter_mut().filter(|one| one.span.is_none()) {
                one.span = match one.entry.as_deref() {
                    Some(Entry::Authority(name)) => document.key_span(&path!["cas", name]),
                    Some(Entry::Host(key)) => document.key_span(&path!["hosts", key]),
                    None => None,
                };
            }
        }
        self
    }

    /// Its diagnostics.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Input(diagnostics) => diagnostics,
            Self::World(diagnostic) => std::slice::from_ref(diagnostic),
            Self::BrokenPipe => &[],
        }
    }

    /// Standard output cannot be written.
    pub fn standard_output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        Self::world("standard-output", &format!("cannot write to standard output: {error}"), None)
    }
}

impl From<InputError> for CommandError {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Encoding(diagnostic) => Self::Input(vec![*diagnostic]),
            error => Self::unread(&error, error.hint()),
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        Self::unread(&error, error.hint())
    }
}

impl From<TreeError> for CommandError {
    fn from(error: TreeError) -> Self {
        Self::world("output", &error, error.hint())
    }
}

impl From<ClockError> for CommandError {
    fn from(error: ClockError) -> Self {
        Self::world("clock", &error, Some(error.hint()))
    }
}

impl From<SeedInputError> for CommandError {
    fn from(error: SeedInputError) -> Self {
        Self::world("seed", &error, Some(error.hint()))
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(diagnostics) => Self::Input(diagnostics),
            Failure::World(error) => Self::world("issue", &error, None),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::world("store", &error, Some(error.hint()))
    }
}

impl From<NotOurs> for CommandError {
    fn from(error: NotOurs) -> Self {
        TreeError::from(error).into()
    }
}

/// Writes data to standard output.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn print(data: impl AsRef<[u8]>) -> Result<(), CommandError> {
    print_with(|output| output.write_all(data.as_ref()))
}

/// Writes to standard output piece by piece what `data` gives.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn print_with(
    data: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), CommandError> {
    let mut output = BufWriter::with_capacity(PIECE, io::stdout().lock());
    let written = data(&mut output).and_then(|()| output.flush());
    // It may have held private keys.
    if let Ok(mut buffer) = output.into_parts().1 {
        buffer.zeroize();
    }
    written.map_err(|error| CommandError::standard_output(&error))
}

/// Writes a text for people to standard output, without secrets and without what steers a terminal but colours.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn show(text: &str, colour: bool) -> Result<(), CommandError> {
    print(steady(&hidden(text), colour))
}

/// Writes a value as JSON to standard output.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn print_json(value: &impl Serialize) -> Result<(), CommandError> {
    print_json_text(&pretty(value))
}

/// Writes a text in JSON to standard output, which may be a terminal.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn print_json_text(text: &str) -> Result<(), CommandError> {
    print(json::escaped(text))
}

/// Writes objects for people to standard output, without what steers a terminal; the caller has taken secrets out.
///
/// # Errors
/// The pipe is closed, or it cannot be written.
pub fn print_steady(text: &str) -> Result<(), CommandError> {
    print(steady(text, false))
}

/// The text without what steers a terminal; colours stay where there are some.
fn steady(text: &str, colour: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[").filter(|_| colour) {
        let is_code = |c: char| c.is_ascii_digit() || c == ';';
        let code = after.trim_start_matches(is_code).strip_prefix('m');
        let code = code.map_or("", |behind| &after[..after.len() - behind.len()]);
        let start = if code.is_empty() { "\\u{1b}[" } else { "\u{1b}[" };
        shown.extend([&visible_lines(before), start, code]);
        rest = &after[code.len()..];
    }
    shown + &visible_lines(rest)
}

/// Shows what is wrong with the arguments, or the help text that they ask for.
pub fn mistake(error: &clap::Error, choice: ColorChoice) {
    let is_mistake = error.use_stderr();
    let colour = if is_mistake { choice.is_on(&io::stderr()) } else { choice.is_on(&io::stdout()) };
    let text = error.render();
    let text = if colour { text.ansi().to_string() } else { text.to_string() };
    if is_mistake {
        write(&steady(&hidden(&text), colour));
    } else {
        // A reader that closes the pipe does not need the rest of the help text.
        let _ = show(&text, colour);
    }
}

/// Has panics printed like all messages: they may contain any text.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let words = if guard::is_busy() { String::new() } else { shown_lines(&panic.to_string()) };
        write(&format!("mtlsgen has a bug: {words}\n{}\n", Backtrace::capture()));
    }));
}

/// Whether a person reads standard output.
pub fn standard_output_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether to use colour on standard output.
pub fn standard_output_colour(globals: &Globals) -> bool {
    globals.colour_on(&io::stdout())
}

/// Shows messages on standard error. Whether they arrive changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    quiet: bool,
    format: MessageFormat,
    colour: bool,
    kept: Option<&'static Mutex<Vec<Diagnostic>>>,
}

impl Report {
    /// A report for people or programs; `quiet`: errors only.
    pub fn new(quiet: bool, format: MessageFormat, colour: bool) -> Self {
        Self { quiet, format, colour, kept: None }
    }

    /// The same, which also keeps every message, quiet or not, for another output.
    #[must_use]
    pub fn keeping(self, kept: &'static Mutex<Vec<Diagnostic>>) -> Self {
        Self { kept: Some(kept), ..self }
    }

    fn keep(self, diagnostics: &[Diagnostic]) {
        if let Some(mut kept) = self.kept.and_then(|kept| kept.lock().ok()) {
            kept.extend_from_slice(diagnostics);
        }
    }

    /// Whether a person reads the messages.
    pub fn is_for_people(&self) -> bool {
        !self.quiet && matches!(self.format, MessageFormat::Text)
    }

    /// Shows what was found in the user's input.
    pub fn diagnostics(&self, diagnostics: &[Diagnostic]) {
        self.keep(diagnostics);
        let loud = |diagnostic: &&Diagnostic| !self.quiet || diagnostic.severity == Severity::Error;
        let shown = diagnostics.iter().filter(loud).cloned().map(in_its_language);
        let shown: Vec<_> = shown.map(with_files).collect();
        if !shown.is_empty() {
            write(&self.render(&shown));
        }
    }

    /// Reports what was done, and why. A line stays a line with any names in it.
    pub fn say(&self, words: &str) {
        let words = &*hints::completed(words);
        self.write_line(words, &shown(words), None);
    }

    /// As [`Report::say`], with what was done in fields for programs.
    pub fn did(&self, deed: Deed, words: &str) {
        let words = &*hints::completed(words);
        self.write_line(words, &shown(words), Some(deed));
    }

    /// As [`Report::say`], for several lines, such as next steps. Names in them are escaped by the caller.
    pub fn say_lines(&self, words: &str) {
        self.write_line(words, &shown_lines(words), None);
    }

    fn write_line(&self, words: &str, for_people: &str, deed: Option<Deed>) {
        let mut done = Diagnostic::notice("done", words).being(Nature::Done);
        done.deed = deed.map(Box::new);
        let done = [done];
        self.keep(&done);
        match self.format {
            _ if self.quiet => {}
            MessageFormat::Text => write(&format!("{for_people}\n")),
            MessageFormat::Json => write(&self.render(&done)),
        }
    }

    /// Reports why the command failed.
    pub fn error(&self, error: &CommandError) {
        self.diagnostics(error.diagnostics());
    }

    fn render(self, diagnostics: &[Diagnostic]) -> String {
        match self.format {
            MessageFormat::Text => human::render(diagnostics, self.colour, WIDTH),
            MessageFormat::Json => json::render(diagnostics),
        }
    }
}

/// The same, whose proposals name the files of the spec.
fn with_files(mut diagnostic: Diagnostic) -> Diagnostic {
    for text in std::iter::once(&mut diagnostic.title).chain(&mut diagnostic.help) {
        if let Cow::Owned(completed) = hints::completed(text) {
            *text = completed;
        }
    }
    diagnostic
}

fn write(text: &str) {
    let mut output = io::stderr().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::request::Holder;
    use crate::plan::IssueError;

    #[test]
    fn a_certificate_that_cannot_be_made_is_a_failure_of_the_world() {
        let holder = Holder::Client("alice".to_owned());
        let failure = Failure::World(IssueError { holder, cause: "no entropy".to_owned() });
        assert_eq!(CommandError::from(failure).diagnostics()[0].code, "issue");
    }
}
