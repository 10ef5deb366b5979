//! `mtlsgen completions`: completions for shells, which ask the program for the names of a spec.

pub mod names;

use clap_complete::Shell;

use super::globals::Globals;
use super::report::{CommandError, ExitStatus, print};

/// Print the completions for a shell
///
/// For example: mtlsgen completions bash > ~/.local/share/bash-completion/completions/mtlsgen
///
/// In bash, zsh and fish, they know the holders and hosts of the spec that the command line names, kinds of objects, codes of messages and
/// templates.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// What bash does first: names, if the program has any, else what was generated.
const BASH: &str = r#"
_mtlsgen_with_names() {
    local names
    names=$("${COMP_WORDS[0]}" complete-names -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ -n "${names}" ]]; then
        mapfile -t COMPREPLY <<< "${names}"
    else
        _mtlsgen "$@"
    fi
}

complete -F _mtlsgen_with_names -o bashdefault -o default mtlsgen
"#;

/// As in bash; also where the file was loaded for the first completion.
const ZSH: &str = r#"
_mtlsgen_with_names() {
    local -a names
    names=("${(@f)$("${words[1]}" complete-names -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [[ -n "${names[1]}" ]]; then
        compadd -a names
    else
        _mtlsgen "$@"
    fi
}

compdef _mtlsgen_with_names mtlsgen
"#;

/// Names beside what was generated, for arguments and for values of flags.
const FISH: &str = r"
function __mtlsgen_names
    set -l words (commandline -opc) (commandline -ct)
    mtlsgen complete-names -- $words[2..-1] 2>/dev/null
end

complete -c mtlsgen -a '(__mtlsgen_names)'
";

/// Prints the completions.
pub fn run(args: &Args, _globals: &Globals) -> Result<ExitStatus, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "mtlsgen", &mut script);
    let names = match args.shell {
        Shell::Bash => BASH.to_owned(),
        Shell::Zsh => ZSH.to_owned(),
        Shell::Fish => names::FLAGS.iter().fold(FISH.to_owned(), |script, flag| {
            format!("{script}complete -c mtlsgen -l {flag} -r -a '(__mtlsgen_names)'\n")
        }),
        _ => String::new(),
    };
    script.extend(names.bytes());
    print(script)?;
    Ok(ExitStatus::Done)
}
