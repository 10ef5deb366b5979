//! Names of hosts, and what a table of them has for a name.

use std::collections::HashMap;

/// Which names something is for, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// This name.
    Exact(String),
    /// One label before this domain: `a.example.com`, not `a.b.example.com`.
    OneLabel(String),
    /// One or more labels before this domain.
    Below(String),
    /// What a regular expression matches.
    Expression(String),
    /// Any name without an entry of its own, and no name at all.
    Any,
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::OneLabel(domain) | Self::Below(domain) => write!(f, "*.{domain}"),
            Self::Expression(text) => write!(f, "~{text}"),
            Self::Any => f.write_str("*"),
        }
    }
}

/// Things by the names that they are for, the most specific first: exact names, then the longest domain, then
/// single labels, then the rest. Of two things of one pattern, the first one counts.
#[derive(Clone, Debug, Default)]
pub struct Names {
    // Only asked, never iterated over.
    exact: HashMap<String, usize>,
    below: HashMap<String, usize>,
    one_label: HashMap<String, usize>,
    expressions: Vec<(String, usize)>,
    any: Option<usize>,
}

/// What a table has for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one.
    At(usize),
    /// Nothing.
    Nothing,
    /// This one or what is behind this expression.
    Perhaps(String),
}

impl Names {
    /// Adds the thing at a position.
    pub fn add(&mut self, pattern: &Pattern, at: usize) {
        match pattern {
            Pattern::Exact(name) => drop(self.exact.entry(name.clone()).or_insert(at)),
            Pattern::OneLabel(domain) => drop(self.one_label.entry(domain.clone()).or_insert(at)),
            Pattern::Below(domain) => drop(self.below.entry(domain.clone()).or_insert(at)),
            Pattern::Expression(text) => self.expressions.push((text.clone(), at)),
            Pattern::Any => drop(self.any.get_or_insert(at)),
        }
    }

    /// What is for a name, which is in lower case; `None`: no name is said.
    #[must_use]
    pub fn find(&self, name: Option<&str>) -> Found {
        let any = self.any.map_or(Found::Nothing, Found::At);
        let Some(name) = name else { return any };
        if let Some(at) = self.exact.get(name) {
            return Found::At(*at);
        }
        let mut rest = name;
        while let Some((_, domain)) = rest.split_once('.') {
            if let Some(at) = self.below.get(domain) {
                return Found::At(*at);
            }
            rest = domain;
        }
        if let Some((text, _)) = self.expressions.first() {
            return Found::Perhaps(text.clone());
        }
        let parent = name.split_once('.').and_then(|(label, domain)| {
            if label.is_empty() { None } else { self.one_label.get(domain) }
        });
        parent.map_or(any, |at| Found::At(*at))
    }

    /// Whether something is for this name itself or for a domain of it, and not only for the rest.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self.find(Some(name)) {
            Found::At(at) => Some(at) != self.any,
            Found::Nothing | Found::Perhaps(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        let patterns = [
            Pattern::Any,
            Pattern::OneLabel("example.com".to_owned()),
            Pattern::Exact("a.example.com".to_owned()),
            Pattern::Below("deep.example.com".to_owned()),
            Pattern::Below("com".to_owned()),
        ];
        for (at, pattern) in patterns.iter().enumerate() {
            names.add(pattern, at);
        }
        names
    }

    #[test]
    fn the_most_specific_one_counts() {
        let names = names();
        for (name, at) in [
            (Some("a.example.com"), 2),
            (Some("a.deep.example.com"), 3),
            (Some("a.b.deep.example.com"), 3),
            // A domain comes before a single label, as nginx has it.
            (Some("b.example.com"), 4),
            (Some("other.org"), 0),
            (None, 0),
        ] {
            assert_eq!(names.find(name), Found::At(at), "{name:?}");
        }
        assert!(names.has("a.example.com") && !names.has("other.org"));
    }

    #[test]
    fn an_expression_leaves_open_what_is_less_specific() {
        let mut names = names();
        names.add(&Pattern::Expression("^x".to_owned()), 5);
        assert_eq!(names.find(Some("a.example.com")), Found::At(2));
        assert_eq!(names.find(Some("other.org")), Found::Perhaps("^x".to_owned()));
        assert_eq!(names.find(None), Found::At(0));
    }
}
