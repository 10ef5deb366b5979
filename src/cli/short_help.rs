//! `-h` fits on a screen: flags that few need are shown by `--help` alone.

use clap::Command;

/// The ids of these flags, by the command that has them; empty: every command.
const RARE: [(&str, &[&str]); 9] = [
    (
        "",
        &[
            "message_format",
            "color",
            "seed_file",
            "at",
            "allow_shared_store",
            "identities",
            "identity_passphrase_file",
        ],
    ),
    ("access", &["existing", "paths", "controller_version", "options", "classes", "configmap"]),
    ("cert export", &["with_root", "profile", "friendly_name", "address", "existing"]),
    ("cert show", &["existing"]),
    ("diff", &["templates"]),
    ("import", &["issuer", "profile", "password_file"]),
    ("init", &["no_schema"]),
    ("post-render", &["log_file"]),
    (
        "render",
        &["target", "templates", "reencrypt", "rename_store", "new_authorities", "show_secrets"],
    ),
];

/// The same command with less in its short help.
pub fn shortened(command: Command) -> Command {
    below(command, "")
}

fn below(mut command: Command, path: &str) -> Command {
    let is_here = |of: &str| of.is_empty() || of == path;
    let rare = RARE.iter().filter(|(of, _)| is_here(of)).flat_map(|(_, ids)| ids.iter());
    for id in rare {
        if command.get_arguments().any(|argument| argument.get_id() == *id) {
            command = command.mut_arg(id, |argument| argument.hide_short_help(true));
        }
    }
    let names: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(name, |one| below(one, &path));
    }
    command
}
