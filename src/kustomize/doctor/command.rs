//! The command that somebody builds with, read and never run.

use crate::diagnostic::{Diagnostic, is_unsafe, literal, nearest};

/// What builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `kustomize build`.
    Kustomize,
    /// `kubectl kustomize`.
    KubectlKustomize,
    /// `kubectl apply -k` and its like.
    KubectlWithKustomization,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Variables that are set for this command alone.
    pub environment: Vec<(String, String)>,
    /// The command as it was given.
    pub line: String,
}

/// Flags of `kustomize build` that stand for themselves.
const PLAIN: [&str; 8] = [
    "--as-current-user",
    "--enable-alpha-plugins",
    "--enable-exec",
    "--enable-helm",
    "--helm-debug",
    "--network",
    "--stack-trace",
    "--help",
];
/// Flags of `kustomize build` with a value.
const VALUED: [&str; 8] = [
    "--env",
    "--helm-api-versions",
    "--helm-command",
    "--helm-kube-version",
    "--load-restrictor",
    "--mount",
    "--network-name",
    "--output",
];
/// Flags of kubectl with a value that may stand before a folder.
const KUBECTL_VALUED: [&str; 12] = [
    "--cache-dir",
    "--cluster",
    "--context",
    "--field-manager",
    "--kubeconfig",
    "--namespace",
    "--request-timeout",
    "--selector",
    "--server",
    "--token",
    "--user",
    "--v",
];

/// Reads a command.
///
/// # Errors
/// It is none that builds a kustomization.
pub fn parse(words: &[String]) -> Result<Build, Box<Diagnostic>> {
    let mut environment = Vec::new();
    let mut rest = words.iter().map(String::as_str).peekable();
    rest.next_if_eq(&"env");
    while let Some((name, value)) = rest.peek().and_then(|word| assignment(word)) {
        environment.push((name.to_owned(), value.to_owned()));
        rest.next();
    }
    let called = rest.next().unwrap_or_default();
    let program = called.rsplit('/').next();
    let rest: Vec<&str> = rest.collect();
    let tool = match program {
        Some("kustomize") if rest.contains(&"build") => Tool::Kustomize,
        Some("kubectl") if rest.contains(&"kustomize") => Tool::KubectlKustomize,
        Some("kubectl") if rest.iter().any(|word| is_kustomization(word)) => {
            Tool::KubectlWithKustomization
        }
        _ => return Err(no_build(words).into()),
    };
    let mut build = Build {
        tool,
        program: called.to_owned(),
        plugins: false,
        exec: false,
        unrestricted: false,
        directory: None,
        refused: None,
        environment,
        line: line(words),
    };
    build.read(&rest);
    Ok(build)
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
        "behind `--`, give the command that you build with: `kustomize build`, `kubectl kustomize` or `kubectl apply -k`, with its flags",
    )
}

/// The words as a shell takes them.
fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    let is_plain = !word.is_empty() && word.chars().all(plain);
    if is_plain {
        word.to_owned()
    } else if !word.contains(is_unsafe) {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        // What nobody sees, or a terminal obeys, is written in octets, as bash, ksh and zsh read them.
        let is_safe = |c: char| plain(c) || "$()[]{}*?;&|<>~#! ".contains(c);
        let mut text = String::from("$'");
        for c in word.chars() {
            if is_safe(c) {
                text.push(c);
            } else {
                text.extend(c.to_string().bytes().map(|octet| format!("\\x{octet:02x}")));
            }
        }
        text + "'"
    }
}

impl Build {
    /// The command in few words: `kustomize build`.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.tool {
            Tool::Kustomize => "kustomize build",
            Tool::KubectlKustomize => "kubectl kustomize",
            Tool::KubectlWithKustomization => "kubectl apply -k",
        }
    }

    fn read(&mut self, words: &[&str]) {
        let subcommand = match self.tool {
            Tool::Kustomize => "build",
            Tool::KubectlKustomize => "kustomize",
            Tool::KubectlWithKustomization => "",
        };
        let mut seen = subcommand.is_empty();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if !seen && word == subcommand {
                seen = true;
            } else if word.starts_with("-k") && self.tool == Tool::KubectlWithKustomization {
                let attached = word[2..].trim_start_matches('=');
                let next = if attached.is_empty() { words.next() } else { Some(attached) };
                self.directory = next.map(str::to_owned);
            } else if word.starts_with("--") {
                let (name, value) = match word.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None if self.takes_value(word) => (word, words.next()),
                    None => (word, None),
                };
                // kubectl takes `_` for `-`; kustomize does not.
                let other = name.replace('_', "-");
                self.flag(if self.tool == Tool::Kustomize { name } else { &other }, value);
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                self.short(short, &mut words);
            } else if self.tool != Tool::KubectlWithKustomization {
                self.positional(word);
            }
        }
    }

    fn positional(&mut self, word: &str) {
        match &self.directory {
            None => self.directory = Some(word.to_owned()),
            Some(first) => self.refuse(format!("it names two folders, `{first}` and `{word}`")),
        }
    }

    fn takes_value(&self, name: &str) -> bool {
        VALUED.contains(&name)
            || self.tool != Tool::Kustomize && KUBECTL_VALUED.contains(&name)
            || self.tool == Tool::KubectlWithKustomization && name == "--kustomize"
    }

    /// A word of short flags; the value of the last may be the next word.
    fn short<'w>(&mut self, short: &str, words: &mut impl Iterator<Item = &'w str>) {
        let with_value = if self.tool == Tool::Kustomize { "eo" } else { "eonlsv" };
        let known = |c: char| with_value.contains(c) || c == 'h' || self.tool != Tool::Kustomize;
        let first = short.chars().next().unwrap_or_default();
        if !known(first)
            || PLAIN.iter().chain(&VALUED).any(|flag| flag.trim_start_matches('-') == short)
        {
            let help = format!("write `--{short}` with two dashes");
            self.refuse(format!("`unknown shorthand flag: '{first}' in -{short}`: {help}"));
        } else if short.len() == 1 && with_value.contains(first) {
            words.next();
        }
    }

    fn flag(&mut self, name: &str, value: Option<&str>) {
        let is_true = || {
            value.is_none_or(|value| matches!(value, "true" | "1" | "t" | "T" | "TRUE" | "True"))
        };
        match (self.tool, name) {
            (Tool::KubectlWithKustomization, "--kustomize") => {
                self.directory = value.map(str::to_owned);
            }
            (Tool::KubectlWithKustomization, name) if name.starts_with("--enable") => {
                self.refuse(format!("`unknown flag: {name}`"));
            }
            (Tool::KubectlKustomize, "--enable-exec") => {
                self.refuse(format!("`unknown flag: {name}`"));
            }
            (Tool::Kustomize, "--enable-exec") => self.exec = is_true(),
            (Tool::Kustomize | Tool::KubectlKustomize, "--enable-alpha-plugins") => {
                self.plugins = is_true();
            }
            (Tool::Kustomize | Tool::KubectlKustomize, "--load-restrictor") => {
                self.unrestricted = value == Some("LoadRestrictionsNone");
            }
            (_, name) if PLAIN.contains(&name) || VALUED.contains(&name) => {}
            (tool, name) => {
                let near = nearest(name, PLAIN.into_iter().chain(VALUED));
                if tool == Tool::Kustomize || name.starts_with("--enable") {
                    let hint = near.map(|near| format!("; write `{near}`")).unwrap_or_default();
                    self.refuse(format!("`unknown flag: {name}`{hint}"));
                }
            }
        }
    }

    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(line: &str) -> Build {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words).unwrap_or_else(|found| panic!("{line}: {}", found.title))
    }

    #[test]
    fn commands_are_read() {
        use Tool::{KubectlKustomize, KubectlWithKustomization, Kustomize};
        for (line, tool, plugins, exec, directory) in [
            ("kustomize build", Kustomize, false, false, None),
            ("kustomize build --enable-alpha-plugins o/p", Kustomize, true, false, Some("o/p")),
            (
                "kustomize --stack-trace build -o x --enable-exec .",
                Kustomize,
                false,
                true,
                Some("."),
            ),
            (
                "/opt/kustomize build --enable-exec=false --env A=b d",
                Kustomize,
                false,
                false,
                Some("d"),
            ),
            (
                "env A=b kustomize build d --enable-alpha-plugins=true",
                Kustomize,
                true,
                false,
                Some("d"),
            ),
            (
                "kubectl kustomize --enable-alpha-plugins d",
                KubectlKustomize,
                true,
                false,
                Some("d"),
            ),
            (
                "kubectl kustomize --enable_alpha_plugins d",
                KubectlKustomize,
                true,
                false,
                Some("d"),
            ),
            ("kubectl --context c kustomize d", KubectlKustomize, false, false, Some("d")),
            ("kubectl -n web apply -k d", KubectlWithKustomization, false, false, Some("d")),
            ("kubectl apply -kd", KubectlWithKustomization, false, false, Some("d")),
            ("kubectl diff --kustomize=d", KubectlWithKustomization, false, false, Some("d")),
        ] {
            let build = build(line);
            let read = (build.tool, build.plugins, build.exec, build.directory.as_deref());
            assert_eq!(read, (tool, plugins, exec, directory), "{line}");
            assert_eq!(build.refused, None, "{line}");
            assert_eq!(build.line, line);
        }
        let with = build("KUSTOMIZE_PLUGIN_HOME=/p kustomize build");
        assert_eq!(with.environment, [("KUSTOMIZE_PLUGIN_HOME".to_owned(), "/p".to_owned())]);
        assert!(build("kustomize build --load-restrictor LoadRestrictionsNone").unrestricted);
        assert!(
            !build("kustomize build --load-restrictor=LoadRestrictionsRootOnly d").unrestricted
        );
    }

    #[test]
    fn what_the_programs_refuse_is_known() {
        for (line, words) in [
            ("kustomize build --enable_alpha_plugins", "write `--enable-alpha-plugins`"),
            ("kustomize build -enable-alpha-plugins", "two dashes"),
            ("kustomize build a b", "two folders"),
            ("kubectl kustomize --enable-exec d", "unknown flag: --enable-exec"),
            ("kubectl kustomize --enable-alpha-plugin d", "write `--enable-alpha-plugins`"),
            ("kubectl apply -k d --enable-alpha-plugins", "unknown flag: --enable-alpha-plugins"),
        ] {
            let refused = build(line).refused.unwrap();
            assert!(refused.contains(words), "{line}: {refused}");
        }
    }

    #[test]
    fn other_commands_are_refused() {
        for line in ["", "kustomize edit set", "kubectl apply -f x", "helm template", "A=b"] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(parse(&words).unwrap_err().code, "no-build", "{line}");
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
