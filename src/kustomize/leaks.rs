//! Where private keys must not go silently: into caches and files outside of the cluster.

use crate::diagnostic::{Diagnostic, nearest};
use crate::identity::Identity;
use crate::manifest::Object;
use crate::path;
use crate::specification::document::Document;
use crate::specification::plugin::{Issue, Plugin};
use crate::specification::value::NamespacedName;

/// Where what is printed stays, beside the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Argo CD, whose repository server caches manifests in clear in Redis
    /// (`docs/operator-manual/secret-management.md`).
    ArgoCd,
    /// Files that the program that runs the function writes, as kpt does into its package.
    Files,
}

/// Checks that no key goes to `sink` (if there is one) whose Secret is not allowed by name.
///
/// # Errors
/// Such Secrets; certificates that would be issued into a copy; and allowed names that no Secret with
/// a key has, wherever it runs.
pub fn check(
    manifests: &[Object],
    plugin: &Plugin,
    document: &Document,
    sink: Option<Sink>,
) -> Result<(), Vec<Diagnostic>> {
    let secrets: Vec<&Identity> =
        manifests.iter().filter(|m| m.sensitive).map(|m| &m.identity).collect();
    let allowed = &plugin.allow_plain_secrets;
    let unknown = allowed
        .iter()
        .enumerate()
        .filter(|(_, name)| !secrets.iter().any(|secret| is_named(secret, name)))
        .map(|(index, name)| {
            let place = document.plugin_span(&path!["allowPlainSecrets", index]);
            self::unknown(name, &secrets).at(place)
        });
    let exposed = secrets
        .iter()
        .filter(|secret| !allowed.iter().any(|name| is_named(secret, name)))
        .filter_map(|secret| Some(self::exposed(secret, sink?)));
    let lost = (sink == Some(Sink::ArgoCd) && plugin.issue != Issue::Never)
        .then(|| self::lost().at(document.plugin_span(&path!["issue"])));
    let found: Vec<_> = unknown.chain(exposed).chain(lost).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn is_named(secret: &Identity, name: &NamespacedName) -> bool {
    let namespace = secret.namespace.as_deref();
    secret.name == name.name() && name.namespace().is_none_or(|wanted| namespace == Some(wanted))
}

fn unknown(name: &NamespacedName, secrets: &[&Identity]) -> Diagnostic {
    let title = format!("no Secret with a private key has the name `{name}`");
    let diagnostic = Diagnostic::error("unknown-secret", title);
    match nearest(name.name(), secrets.iter().map(|secret| secret.name.as_str())) {
        Some(near) => diagnostic.help(format!("write `{near}`")),
        None => diagnostic.help("remove it from `allowPlainSecrets`"),
    }
}

fn lost() -> Diagnostic {
    let title = "nothing can be issued inside Argo CD: it works in a copy of the repository, which is discarded";
    Diagnostic::error("issue-in-argo-cd", title)
        .help("remove `plugin.issue`, run `mtlsgen render` where the issuers' keys are, and commit the public part of the store")
}

fn exposed(secret: &Identity, sink: Sink) -> Diagnostic {
    let what = match sink {
        Sink::ArgoCd => "Argo CD would keep its private key unencrypted in its cache",
        Sink::Files => "its private key would be written unencrypted to a file of the package",
    };
    Diagnostic::error("plain-secret", format!("{secret}: {what}"))
        .help("let the cluster fill the Secret: `tls.certManager`, or `tls.secretName` alone for one that exists")
        .help(format!("or allow it by name: `plugin.allowPlainSecrets: [{}]`", secret.name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Source;
    use crate::specification::document::read;

    fn manifests() -> Vec<Object> {
        let secret = |name, sensitive| Object::sample("Secret", "web", name, sensitive);
        vec![secret("pair", true), secret("bundle", false)]
    }

    fn checked(allowed: &str, sink: Option<Sink>) -> Vec<String> {
        let text = format!(
            "apiVersion: mtlsgen.dev/v1alpha1\nkind: MutualTLS\nmetadata: {{name: a}}\nspec: {{}}\nplugin: {{allowPlainSecrets: [{allowed}]}}\n"
        );
        let source = Source { name: "a.yaml".into(), directory: "".into(), text };
        let (document, found) = read(&[Arc::new(source)]);
        assert_eq!(found, []);
        let (plugin, _) = document.plugin();
        let found = check(&manifests(), &plugin, &document, sink).err().unwrap_or_default();
        found.into_iter().map(|diagnostic| diagnostic.title).collect()
    }

    #[test]
    fn keys_go_nowhere_without_being_allowed() {
        for (sink, words) in [(Sink::ArgoCd, "Argo CD"), (Sink::Files, "file of the package")] {
            let found = checked("", Some(sink));
            assert_eq!(found.len(), 1, "the bundle holds no key");
            assert!(found[0].starts_with("Secret `web/pair`: ") && found[0].contains(words));
            assert_eq!(checked("pair", Some(sink)), [""; 0]);
            assert_eq!(checked("web/pair", Some(sink)), [""; 0]);
            assert_eq!(checked("other/pair", Some(sink)).len(), 2);
        }
        assert_eq!(checked("", None), [""; 0]);
    }

    #[test]
    fn nothing_is_issued_into_a_copy() {
        let issuing = "pair], issue: missingOrDue, specFiles: [";
        assert!(checked(issuing, Some(Sink::ArgoCd))[0].contains("throws away"));
        assert_eq!(checked(issuing, Some(Sink::Files)), [""; 0]);
    }

    #[test]
    fn names_that_allow_nothing_are_said() {
        let nothing = "no Secret with a private key has the name";
        assert_eq!(checked("pear", None), [format!("{nothing} `pear`")]);
        assert_eq!(checked("bundle", None), [format!("{nothing} `bundle`")]);
    }
}
