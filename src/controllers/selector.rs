//! Selectors of namespaces by their labels (`Parse` of `k8s.io/apimachinery/pkg/labels`).

use crate::identity::DEFAULT_NAMESPACE;
use crate::manifest::kinds::Namespace;
use crate::manifest::{ObjectSet, Shown};

/// Label that the API server gives to each namespace.
const NAME: &str = "kubernetes.io/metadata.name";

/// Whether a selector selects a namespace; `None`: its labels are not shown, or the selector is not read here.
pub(super) fn selects(objects: &ObjectSet<'_>, selector: &str, namespace: &str) -> Option<bool> {
    let requirements: Option<Vec<Requirement<'_>>> =
        parts(selector).into_iter().map(Requirement::read).collect();
    let requirements = requirements?;
    // What lives in no namespace is found in the one of those that say none.
    let shown = objects.read::<Namespace>(DEFAULT_NAMESPACE, namespace);
    let labels = match &shown {
        Shown::Found(Ok(seen)) => Some(&seen.object.metadata.labels),
        _ => None,
    };
    requirements.iter().try_fold(true, |all, Requirement { key, values, is_negated }| {
        let value = match (*key, labels) {
            (NAME, _) => Some(namespace),
            (key, Some(labels)) => labels.get(key),
            (_, None) => return None,
        };
        let holds = match (value, values) {
            (Some(value), Some(values)) => values.contains(&value),
            (Some(_), None) => true,
            (None, _) => false,
        };
        Some(all && holds != *is_negated)
    })
}

/// One of what all have to hold.
struct Requirement<'a> {
    key: &'a str,
    /// Values of which the label has one; `None`: any.
    values: Option<Vec<&'a str>>,
    is_negated: bool,
}

impl<'a> Requirement<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let set = |operator: &str| {
            let (key, rest) = text.split_once(char::is_whitespace)?;
            let list = rest.trim().strip_prefix(operator)?.trim().strip_prefix('(')?;
            Some((key, list.strip_suffix(')')?.split(',').map(str::trim).collect()))
        };
        let one = |operator: &str| {
            let (key, value) = text.split_once(operator)?;
            Some((key.trim(), vec![value.trim()]))
        };
        let of = |found: Option<(&'a str, Vec<&'a str>)>, is_negated| {
            found.map(|(key, values)| Self { key, values: Some(values), is_negated })
        };
        let alone = || {
            let (key, is_negated) = text.strip_prefix('!').map_or((text, false), |key| (key, true));
            Some(Self { key: key.trim(), values: None, is_negated })
        };
        let read = of(set("notin"), true)
            .or_else(|| of(set("in"), false))
            .or_else(|| of(one("!="), true))
            .or_else(|| of(one("=="), false))
            .or_else(|| of(one("="), false))
            .or_else(alone)?;
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-._/".contains(sign);
        let is_text = |text: &&str| text.chars().all(is_sign);
        let is_read =
            !read.key.is_empty() && is_text(&read.key) && read.values.iter().flatten().all(is_text);
        is_read.then_some(read)
    }
}

/// A selector at its commas, but for those in parentheses.
fn parts(selector: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let at_comma = |sign: char| {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        sign == ',' && depth == 0
    };
    selector.split(at_comma).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::Identity;
    use crate::manifest::{self, Extent};

    #[test]
    fn selectors_are_read_as_kubernetes_does() {
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop", "labels": { "team": "a", "on": "" } } });
        let mut set =
            ObjectSet::within(manifest::Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
        set.add_other(Identity::of(&namespace).unwrap(), &namespace);
        for (selector, expected) in [
            ("team=a", Some(true)),
            ("team == a , on", Some(true)),
            ("team=b", Some(false)),
            ("team!=b", Some(true)),
            ("absent!=b", Some(true)),
            ("!absent", Some(true)),
            ("!on", Some(false)),
            ("absent", Some(false)),
            ("team in (b, a)", Some(true)),
            ("team in (b,c),on", Some(false)),
            ("team notin (b),!on", Some(false)),
            ("absent notin (b)", Some(true)),
            ("on=", Some(true)),
            ("kubernetes.io/metadata.name=shop", Some(true)),
            ("size > 3", None),
            ("team in a", None),
            ("", None),
        ] {
            assert_eq!(selects(&set, selector, "shop"), expected, "{selector}");
        }
        assert_eq!(selects(&set, "team=a", "other"), None);
        assert_eq!(selects(&set, "kubernetes.io/metadata.name in (shop)", "other"), Some(false));
    }
}
