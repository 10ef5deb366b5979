//! Names, label and annotation keys as the Kubernetes API server accepts them
//! (`k8s.io/apimachinery/pkg/util/validation/validation.go`).

use super::text::{proposal, text_value};
use crate::diagnostic::literal;

const LABEL_LIMIT: usize = 63;
const SUBDOMAIN_LIMIT: usize = 253;

text_value! {
    /// Name of an object: an RFC 1123 subdomain of at most 253 characters.
    ///
    /// Services and namespaces are held to shorter ones.
    ObjectName, |text| subdomain(text, "object name"),
    { "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253 }
}

text_value! {
    /// Name of a namespace: an RFC 1123 label of at most 63 characters.
    NamespaceName, |text| label(text, "namespace"),
    { "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 }
}

text_value! {
    /// Name of a container: an RFC 1123 label of at most 63 characters.
    ContainerName, |text| label(text, "container name"),
    { "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 }
}

text_value! {
    /// `namespace/name`, or `name`.
    NamespacedName, namespaced_name,
    { "pattern": "^([-a-z0-9]+/)?[-a-z0-9.]+$", "maxLength": 317 }
}

text_value! {
    /// Key of a label: a name of at most 63 characters, with a DNS name and `/` before it or not.
    LabelKey, |text| qualified_name(text, "label key"),
    { "maxLength": 317 }
}

text_value! {
    /// Key of an annotation: a name of at most 63 characters, with a DNS name and `/` before it or not.
    AnnotationKey, |text| qualified_name(text, "annotation key"),
    { "maxLength": 317 }
}

text_value! {
    /// Value of a label: at most 63 letters, digits, `-`, `_` and `.`; may be empty.
    LabelValue, label_value,
    { "pattern": "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", "maxLength": 63 }
}

text_value! {
    /// The spec's `name`: a label's value that is not empty, since the store and the objects are known by it.
    SpecName, |text| value(text, "name of a spec"),
    { "pattern": "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$", "maxLength": 63 }
}

text_value! {
    /// Name of a port (RFC 6335): at most 15 lower-case letters, digits and `-`.
    PortName, port_name,
    { "pattern": "^[-a-z0-9]*[a-z][-a-z0-9]*$", "maxLength": 15 }
}

text_value! {
    /// Name of an environment variable: printable ASCII without `=`.
    ExtendedKeyName, variable_name,
    { "minLength": 1 }
}

impl NamespacedName {
    /// The part before the `/`, if there is one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.as_str().split_once('/').map(|(namespace, _)| namespace)
    }

    /// The name of the object.
    #[must_use]
    pub fn name(&self) -> &str {
        self.as_str().split_once('/').map_or(self.as_str(), |(_, name)| name)
    }
}

impl From<SpecName> for LabelValue {
    fn from(name: SpecName) -> Self {
        Self(name.0)
    }
}

impl From<NamespaceName> for ObjectName {
    fn from(name: NamespaceName) -> Self {
        Self(name.0)
    }
}

impl From<ContainerName> for ObjectName {
    fn from(name: ContainerName) -> Self {
        Self(name.0)
    }
}

/// What names of one kind are made of.
struct Grammar {
    what: &'static str,
    allowed: fn(char) -> bool,
    words: &'static str,
    limit: usize,
}

impl Grammar {
    /// Checks `text`; what is proposed instead fulfils this grammar and `also`.
    fn check(&self, text: &str, also: fn(&str) -> bool) -> Result<(), String> {
        let Some(why) = self.fault(text) else { return Ok(()) };
        let article = if self.what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let right =
            proposal(text, self.allowed).filter(|right| self.fault(right).is_none() && also(right));
        let such_as = right.map_or_else(String::new, |right| format!(", such as `{right}`"));
        let (what, words) = (self.what, self.words);
        Err(format!("{} cannot be {article} {what}: {why}\nwrite {words}{such_as}", literal(text)))
    }

    fn fault(&self, text: &str) -> Option<String> {
        let ends =
            |text: &str| text.starts_with(is_alphanumeric) && text.ends_with(is_alphanumeric);
        if text.is_empty() {
            return Some("it is empty".to_owned());
        }
        if let Some(character) = text.chars().find(|character| !(self.allowed)(*character)) {
            return Some(format!("it contains {}", literal(&character.to_string())));
        }
        if !ends(text) {
            return Some("it must start and end with a letter or digit".to_owned());
        }
        if !text.split('.').all(ends) {
            return Some("each `.` must be between letters or digits".to_owned());
        }
        let (length, limit) = (text.len(), self.limit);
        (length > limit).then(|| format!("it has {length} characters, at most {limit} are allowed"))
    }
}

fn is_alphanumeric(character: char) -> bool {
    character.is_ascii_alphanumeric()
}

fn in_label(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-')
}

/// An RFC 1123 label.
fn label(text: &str, what: &'static str) -> Result<(), String> {
    let words = "lower-case letters, digits and `-`";
    Grammar { what, allowed: in_label, words, limit: LABEL_LIMIT }.check(text, |_| true)
}

/// An RFC 1123 subdomain.
fn subdomain(text: &str, what: &'static str) -> Result<(), String> {
    let allowed = |character| in_label(character) || character == '.';
    let words = "lower-case letters, digits, `-` and `.`";
    Grammar { what, allowed, words, limit: SUBDOMAIN_LIMIT }.check(text, |_| true)
}

fn namespaced_name(text: &str) -> Result<(), String> {
    match text.split_once('/') {
        None => subdomain(text, "object name"),
        Some((_, name)) if name.contains('/') => {
            Err(format!("{} has more than one `/`\nwrite `namespace/name`", literal(text)))
        }
        Some((namespace, name)) => {
            label(namespace, "namespace")?;
            subdomain(name, "object name")
        }
    }
}

/// The part of a label or annotation that both keys and values are made of.
fn in_value(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
}

fn value(text: &str, what: &str) -> Result<(), String> {
    let help = "write letters, digits, `-`, `_` and `.`, with a letter or digit at either end";
    let refuse = |why: String| Err(format!("{} cannot be a {what}: {why}\n{help}", literal(text)));
    if text.is_empty() {
        return refuse("it is empty".to_owned());
    }
    if let Some(character) = text.chars().find(|character| !in_value(*character)) {
        return refuse(format!("it contains {}", literal(&character.to_string())));
    }
    if !(text.starts_with(is_alphanumeric) && text.ends_with(is_alphanumeric)) {
        return refuse("it must start and end with a letter or digit".to_owned());
    }
    if text.len() > LABEL_LIMIT {
        return refuse(format!(
            "it has {} characters, at most {LABEL_LIMIT} are allowed",
            text.len()
        ));
    }
    Ok(())
}

fn label_value(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { value(text, "label value") }
}

fn qualified_name(text: &str, what: &str) -> Result<(), String> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if name.is_empty() {
        return Err(format!(
            "{} cannot be a {what}: its name is empty\nwrite `name` or `example.com/name`",
            literal(text)
        ));
    }
    if let Some(prefix) = prefix {
        subdomain(prefix, "prefix before `/`")?;
    }
    value(name, &format!("name in a {what}"))
}

fn port_name(text: &str) -> Result<(), String> {
    let words = "lower-case letters, digits and `-`";
    let grammar = Grammar { what: "port name", allowed: in_label, words, limit: 15 };
    grammar.check(text, |right| port_name(right).is_ok())?;
    if text.contains("--") {
        return Err(format!(
            "{} cannot be a port name: it contains `--`\nwrite one `-`",
            literal(text)
        ));
    }
    if text.bytes().all(|byte| !byte.is_ascii_lowercase()) {
        return Err(format!(
            "{} cannot be a port name: it has no letter\nwrite a name such as `http`",
            literal(text)
        ));
    }
    Ok(())
}

fn variable_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("the name of an environment variable is empty".to_owned());
    }
    match text.chars().find(|character| !matches!(character, ' '..='~') || *character == '=') {
        None => Ok(()),
        Some(character) => Err(format!(
            "{} cannot be the name of an environment variable: it contains {}\n\
             write printable ASCII characters without `=`",
            literal(text),
            literal(&character.to_string())
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn object_names_are_subdomains() {
        let (longest, longer) = ("a".repeat(253), "a".repeat(254));
        check::<ObjectName>(
            &["a", "demo-app", "a.b-c.9", "9a", &longest],
            &[
                ("", "it is empty"),
                ("My_App", "such as `my-app`"),
                ("My_App", "cannot be an object name: it contains `M`"),
                ("-a", "must start and end"),
                ("a-", "must start and end"),
                ("a..b", "each `.` must be between letters or digits"),
                ("a.-b", "each `.` must be between letters or digits"),
                ("ä", "it contains `ä`"),
                ("a/b", "it contains `/`"),
                ("a\nb", "`a\\nb` cannot be"),
                (&longer, "254 characters, at most 253"),
            ],
        );
    }

    #[test]
    fn namespaces_and_containers_are_labels() {
        let (longest, longer) = ("a".repeat(63), "a".repeat(64));
        let bad = [("a.b", "it contains `.`"), ("A", "such as `a`"), (&longer, "at most 63")];
        check::<NamespaceName>(&["default", &longest], &bad);
        check::<ContainerName>(&["httpd", &longest], &bad);
    }

    #[test]
    fn namespaced_names_have_two_parts_at_most() {
        check::<NamespacedName>(
            &["a", "a/b", "a/b.c"],
            &[("a/b/c", "more than one `/`"), ("/b", "a namespace"), ("a/", "an object name")],
        );
        let name: NamespacedName = "my-namespace/tls".parse().unwrap();
        assert_eq!((name.namespace(), name.name()), (Some("my-namespace"), "tls"));
        let name: NamespacedName = "tls".parse().unwrap();
        assert_eq!((name.namespace(), name.name()), (None, "tls"));
    }

    #[test]
    fn labels_and_annotations() {
        let (longest, longer) = ("a".repeat(63), "a".repeat(64));
        check::<LabelKey>(
            &["app", "app.kubernetes.io/name", "A_b.c-D", "9", &longest],
            &[
                ("", "its name is empty"),
                ("example.com/", "its name is empty"),
                ("Example.com/x", "prefix before `/`"),
                ("a/b/c", "it contains `/`"),
                ("-a", "must start and end"),
                ("a b", "it contains ` `"),
                (&longer, "at most 63"),
            ],
        );
        check::<AnnotationKey>(&["nginx.ingress.kubernetes.io/x"], &[("a:b", "it contains `:`")]);
        check::<SpecName>(
            &["a", "1.10", "A_b-C", &longest],
            &[("", "it is empty"), ("a b", "it contains ` `"), (&longer, "at most 63")],
        );
        check::<LabelValue>(
            &["", "a", "1.10", "A_b-C", &longest],
            &[("a b", "it contains ` `"), ("_a", "start and end"), (&longer, "at most 63")],
        );
    }

    #[test]
    fn port_and_variable_names() {
        check::<PortName>(
            &["http", "a", "h2c", "123a", "abcdefghijklmno"],
            &[
                ("abcdefghijklmnop", "at most 15"),
                ("123", "no letter"),
                ("a--b", "contains `--`"),
                ("HTTP", "such as `http`"),
                ("", "empty"),
            ],
        );
        check::<ExtendedKeyName>(
            &["A", "a.b-c", "1 2"],
            &[("", "empty"), ("A=B", "contains `=`"), ("ä", "contains `ä`"), ("a\tb", "`\\t`")],
        );
    }
}
