//! The command of a build: its program is asked about its flags, and the command is never run.

pub use crate::diagnostic::quoted;
use crate::diagnostic::{Diagnostic, literal};

/// What builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    /// `kustomize build`.
    #[default]
    Kustomize,
    /// `kubectl kustomize`.
    KubectlKustomize,
    /// `kubectl apply -k` and its like.
    KubectlWithKustomization,
}

/// A build.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The program and its subcommand.
    pub tool: Tool,
    /// The program as it is called.
    pub program: String,
    /// `--enable-alpha-plugins`.
    pub plugins: bool,
    /// `--enable-exec`.
    pub exec: bool,
    /// `--load-restrictor LoadRestrictionsNone`.
    pub unrestricted: bool,
    /// The folder that is built, if the command names one.
    pub directory: Option<String>,
    /// Why the program does not even begin.
    pub refused: Option<String>,
    /// What to say where the program was not asked about its flags.
    pub unchecked: Option<Diagnostic>,
    /// Variables that are set for this command alone.
    pub environment: Vec<(String, String)>,
    /// The command as it was given.
    pub line: String,
}

/// Whether a program, the first word, takes its arguments: an error is its message, `None` that it was not asked.
pub type Ask<'a> = &'a dyn Fn(&[&str]) -> Option<Result<(), String>>;

/// Reads a command.
///
/// # Errors
/// It is none that builds a kustomization.
pub fn parse(
    words: &[String],
    ask: Ask<'_>,
    is_folder: &dyn Fn(&str) -> bool,
) -> Result<Build, Box<Diagnostic>> {
    let mut environment = Vec::new();
    let mut rest = words.iter().map(String::as_str).peekable();
    rest.next_if_eq(&"env");
    while let Some((name, value)) = rest.peek().and_then(|word| assignment(word)) {
        environment.push((name.to_owned(), value.to_owned()));
        rest.next();
    }
    let called = rest.next().unwrap_or_default();
    let mut rest: Vec<&str> = rest.collect();
    let (tool, subcommand) = match called.rsplit('/').next() {
        Some("kustomize") if rest.contains(&"build") => (Tool::Kustomize, "build"),
        Some("kubectl") if rest.contains(&"kustomize") => (Tool::KubectlKustomize, "kustomize"),
        Some("kubectl") if rest.iter().any(|word| is_kustomization(word)) => {
            (Tool::KubectlWithKustomization, "apply")
        }
        _ => return Err(no_build(words).into()),
    };
    let place = rest.iter().position(|word| *word == subcommand);
    place.map(|place| rest.remove(place));
    // Another program may be the first of that name on another `PATH`, and other subcommands may be plugins.
    let is_known = place.is_some() && environment.iter().all(|(name, _)| name != "PATH");
    let (program, line) = (called.to_owned(), line(words));
    let mut build = Build { tool, program, environment, line, ..Build::default() };
    let ask = |words: &[&str]| ask(&question(called, subcommand, words).filter(|_| is_known)?);
    build.read(&rest, &ask, is_folder);
    Ok(build)
}

/// What has a program say whether it takes these words: the request for its help. It reads all flags, names the one that is
/// wrong, and does nothing else: so does every program that is made with cobra, unless a later word takes the request back.
///
/// The subcommand comes first, regardless of what it followed: kubectl runs plugins for those that it does not know.
fn question<'w>(program: &'w str, subcommand: &'w str, words: &[&'w str]) -> Option<Vec<&'w str>> {
    let takes_back = |word: &&str| {
        let is_short = word.starts_with('-') && !word.starts_with("--");
        *word == "--" || word.starts_with("--help=") || is_short && word.contains("h=")
    };
    let request = [program, subcommand, "--help=true"];
    (!words.iter().any(takes_back)).then(|| [&request, words].concat())
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value))
}

fn is_kustomization(word: &str) -> bool {
    word.starts_with("-k") || word == "--kustomize" || word.starts_with("--kustomize=")
}

fn no_build(words: &[String]) -> Diagnostic {
    let title = format!("{} builds no kustomization", literal(&line(words)));
    Diagnostic::error("no-build", title).help(
        "after `--`, give the command that you build with: `kustomize build`, `kubectl kustomize` or `kubectl apply -k`, with its flags",
    )
}

/// The words as a shell takes them.
fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

impl Build {
    fn read(&mut self, words: &[&str], ask: Ask<'_>, is_folder: &dyn Fn(&str) -> bool) {
        let answer = ask(words);
        let is_checked = answer.is_some();
        self.refused = answer.and_then(Result::err).map(|why| format!("`{why}`"));
        let takes_value = |flag| match is_checked.then(|| ask(&[flag])).flatten() {
            Some(answer) => answer.is_err_and(|why| why.starts_with("flag needs an argument")),
            None => ["-k", "--kustomize", "--load-restrictor"].contains(&flag),
        };
        let mut folders = Vec::new();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                folders.push(word);
            } else if let Some((name, value)) = word.split_once('=') {
                self.flag(name, Some(value));
            } else {
                self.flag(word, if takes_value(word) { words.next() } else { None });
            }
        }
        if self.tool != Tool::KubectlWithKustomization {
            let folder = folders.iter().rfind(|word| is_folder(word)).or(folders.last());
            self.directory = folder.map(|&word| word.to_owned());
            if is_checked && folders.len() > 1 {
                self.refuse("`specify one path to kustomization.yaml`".to_owned());
            }
        }
        if !is_checked {
            let title = format!(
                "the flags of {} were not checked: its program was not asked; only `--enable-alpha-plugins`, `--enable-exec` and `--load-restrictor` were read",
                literal(&self.line)
            );
            let help = "write `kustomize` or `kubectl` without a path, with the program on `PATH`";
            self.unchecked = Some(Diagnostic::notice("flags-unchecked", title).help(help));
        }
    }

    fn flag(&mut self, name: &str, value: Option<&str>) {
        use Tool::{KubectlKustomize, KubectlWithKustomization, Kustomize};
        // kubectl takes `_` for `-`; kustomize does not.
        let name = &*if self.tool == Kustomize { name.into() } else { name.replace('_', "-") };
        // As Go's `strconv.ParseBool` reads it.
        let is_true =
            value.is_none_or(|text| ["1", "t", "T", "true", "TRUE", "True"].contains(&text));
        match (self.tool, name) {
            (KubectlWithKustomization, _) if is_kustomization(name) => {
                self.directory = value.or(name.strip_prefix("-k")).map(str::to_owned);
            }
            (Kustomize, "--enable-exec") => self.exec = is_true,
            (Kustomize | KubectlKustomize, "--enable-alpha-plugins") => self.plugins = is_true,
            (Kustomize | KubectlKustomize, "--load-restrictor") => {
                match value.unwrap_or_default() {
                    "LoadRestrictionsNone" => self.unrestricted = true,
                    "LoadRestrictionsRootOnly" => self.unrestricted = false,
                    other => self.refuse(format!("`illegal flag value --load-restrictor {other}`")),
                }
            }
            (_, "--enable-exec" | "--enable-alpha-plugins" | "--load-restrictor") => {
                self.refuse(format!("`unknown flag: {name}`"));
            }
            _ => {}
        }
    }

    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn commands_are_read_where_no_program_is_at_hand() {
        for (line, flags, directory) in [
            ("kustomize build", "", None),
            ("kustomize build --enable-alpha-plugins o/p", "plugins", Some("o/p")),
            ("kustomize --stack-trace build -o x --enable-exec .", "exec", Some(".")),
            ("/opt/kustomize build --enable-exec=false . --env A=b", "", Some(".")),
            (
                "env A=b kustomize build nowhere --enable-alpha-plugins=1",
                "plugins",
                Some("nowhere"),
            ),
            ("kustomize build --enable_alpha_plugins", "", None),
            ("kubectl kustomize --enable_alpha_plugins d", "plugins", Some("d")),
            ("kubectl --context c kustomize .", "", Some(".")),
            ("kubectl -n web apply -k d", "", Some("d")),
            ("kubectl apply -kd", "", Some("d")),
            ("kubectl diff --kustomize=d", "", Some("d")),
            ("kustomize build --load-restrictor LoadRestrictionsNone", "unrestricted", None),
            ("kustomize build --load-restrictor=LoadRestrictionsRootOnly d", "", Some("d")),
            (
                "kustomize build --load-restrictor none",
                "`illegal flag value --load-restrictor none`",
                None,
            ),
            ("kubectl kustomize --enable-exec d", "`unknown flag: --enable-exec`", Some("d")),
            ("kubectl apply -k d --enable_exec", "`unknown flag: --enable-exec`", Some("d")),
        ] {
            let build = parse(&words(line), &|_| None, &|word| word == ".").unwrap();
            let flags_read = [
                build.refused.as_deref(),
                build.plugins.then_some("plugins"),
                build.exec.then_some("exec"),
                build.unrestricted.then_some("unrestricted"),
            ];
            let flags_read: Vec<&str> = flags_read.into_iter().flatten().collect();
            assert_eq!(flags_read.join(" "), flags, "{line}");
            assert_eq!(build.directory.as_deref(), directory, "{line}");
            assert_eq!((build.line.as_str(), build.unchecked.is_some()), (line, true));
        }
        let with = parse(&words("A=b C=d kustomize build"), &|_| None, &|_| true).unwrap();
        assert_eq!(with.environment, [("A", "b"), ("C", "d")].map(|(a, b)| (a.into(), b.into())));
    }

    #[test]
    fn nothing_is_asked_that_could_build() {
        for (line, asked) in [
            ("kubectl -n kustomize kustomize d", "kubectl kustomize --help=true -n kustomize d"),
            ("kubectl plugin kustomize d", "kubectl kustomize --help=true plugin d"),
            ("kustomize --stack-trace build d", "kustomize build --help=true --stack-trace d"),
            ("kubectl apply -k d", "kubectl apply --help=true -k d"),
            ("kubectl plugin -k d", ""),
            ("/opt/kustomize build d", "/opt/kustomize build --help=true d"),
            ("PATH=/opt kustomize build d", ""),
            ("kustomize build -- d", ""),
            ("kustomize build d --help=false", ""),
            ("kustomize build d -h=false", ""),
            ("kubectl apply -k d -Rh=0", ""),
        ] {
            let heard = RefCell::new(String::new());
            let ask = |words: &[&str]| {
                *heard.borrow_mut() = words.join(" ");
                None
            };
            assert!(parse(&words(line), &ask, &|_| true).is_ok());
            assert_eq!(*heard.borrow(), asked, "{line}");
        }
    }

    #[test]
    fn other_commands_are_refused() {
        for line in ["", "kustomize edit set", "kubectl apply -f x", "helm template", "A=b"] {
            let found = parse(&words(line), &|_| None, &|_| true);
            assert_eq!(found.unwrap_err().code, "no-build", "{line}");
        }
    }

    #[test]
    fn words_of_a_shell_stay_one_word() {
        assert_eq!(quoted("pki/clients/alice/tls.crt"), "pki/clients/alice/tls.crt");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("a.example.com:443:[::1]"), "'a.example.com:443:[::1]'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
        assert_eq!(quoted("a\u{1b}'\u{202e} $(x)"), r"$'a\x1b\x27\xe2\x80\xae $(x)'");
    }
}
