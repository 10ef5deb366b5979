//! Daily work with Git: a colleague's clone without private keys, CI, a store that is lost, several environments. Every
//! clone is one that `git clone` makes.

mod colleague;
mod environments;
mod lost_part;
mod lost_store;
mod named_keys;
mod names;
mod replaced;
mod words;

use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, output_of, tool};

/// An authority, a client, a protected host with a certificate of its own.
pub const SPEC: &str = "name = \"shop\"\n[cas.clients]\n[clients.alice]\nissuer = \"clients\"\n\
    [services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"web.example.com\"]\nservice = \"web\"\n\
    tls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

/// Runs Git in `folder`, without the settings of this machine.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new(tool("git").unwrap());
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(arguments);
    for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
        git.env(variable, "/dev/null");
    }
    output_of(&mut git)
}

/// Puts everything in `sandbox` that Git does not ignore into a commit.
pub fn commit(sandbox: &Sandbox) {
    git(sandbox.folder(), &["init", "-q"]);
    git(sandbox.folder(), &["add", "-A"]);
    git(sandbox.folder(), &["commit", "-q", "--allow-empty", "-m", "a change"]);
}

/// A colleague's clone of what is committed in `sandbox`.
pub fn clone(sandbox: &Sandbox) -> Sandbox {
    let clone = Sandbox::new();
    let origin = sandbox.folder().to_str().unwrap();
    git(clone.folder(), &["clone", "-q", origin, "."]);
    clone
}

/// The repository of a person with keys, rendered into `deploy` and committed; `None` without Git.
pub fn repository() -> Option<Sandbox> {
    tool("git")?;
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "-o", "deploy"]);
    commit(&sandbox);
    Some(sandbox)
}
