//! Rules of routers (`pkg/rules/parser.go`): what they match, and the length that is their priority.

use super::names::is_server_name;
use super::syntax;
use crate::enforcement::{PathPattern, RESERVED, matches_expression};

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// As it is written; its length is its priority (`GetRulePriority` of `pkg/muxer/http/mux.go`).
    pub text: String,
    /// What it says; `None`: it is not read here.
    pub tree: Option<Tree>,
}

/// What a rule says; negations are at its leaves (`invert` of `pkg/rules/parser.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Leaf(Leaf),
}

/// A matcher with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub is_negated: bool,
    /// In lower case.
    pub matcher: String,
    pub arguments: Vec<String>,
}

/// A name that a rule is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// This one.
    Exact(&'a str),
    /// Those with one label before this domain that no rule names.
    OneLabel(&'a str),
    /// Those that no rule names.
    Any,
}

/// What a rule asks of the path, once the name is known: any of these.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Paths {
    All,
    None,
    These(Vec<PathPattern>),
}

impl Rule {
    /// A rule of an object.
    pub fn read(text: &str) -> Self {
        Self { text: text.to_owned(), tree: syntax::parse(text) }
    }

    /// That of a location (`buildRule` of `pkg/provider/kubernetes/ingress-nginx/translator.go`); without hosts, for all names.
    pub fn of_location(hosts: &[&str], path: &PathRule) -> Self {
        let hosts: Vec<String> =
            hosts.iter().map(|host| format!("Host({})", syntax::quoted(host))).collect();
        let hosts = match hosts.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => Some(format!("({})", several.join(" || "))),
        };
        let path = match path {
            PathRule::None => None,
            PathRule::Exact(path) => Some(format!("Path({})", syntax::quoted(path))),
            PathRule::Expression(path) => {
                Some(format!("PathRegexp({})", syntax::quoted(&format!("(?i)^{path}"))))
            }
            PathRule::Prefix(path) if path == "/" => Some("PathPrefix(\"/\")".to_owned()),
            PathRule::Prefix(path) => {
                let path = path.strip_suffix('/').unwrap_or(path);
                let below = syntax::quoted(&format!("{path}/"));
                Some(format!("(Path({}) || PathPrefix({below}))", syntax::quoted(path)))
            }
        };
        let parts: Vec<String> = hosts.into_iter().chain(path).collect();
        Self::read(&parts.join(" && "))
    }

    pub fn priority(&self) -> i64 {
        i64::try_from(self.text.len()).unwrap_or(i64::MAX)
    }

    /// The names whose TLS settings it has a part in, in lower case (`ParseDomains` of `pkg/muxer/http/mux.go`); up to 3.7.12,
    /// negated ones too.
    pub fn domains(&self, counts_negated: bool) -> Vec<String> {
        let mut domains = Vec::new();
        if let Some(tree) = &self.tree {
            tree.leaves(&mut |leaf| {
                if leaf.matcher == "host" && (counts_negated || !leaf.is_negated) {
                    domains.extend(leaf.arguments.iter().map(|name| name.to_lowercase()));
                }
            });
        }
        domains
    }

    /// The names of a router of connections, in lower case; `None`: it is not read here.
    pub fn server_names(&self) -> Option<Vec<String>> {
        let mut names = Some(Vec::new());
        self.tree.as_ref()?.leaves(&mut |leaf| match (leaf.matcher.as_str(), &mut names) {
            ("hostsni", Some(known)) if !leaf.is_negated => {
                known.extend(leaf.arguments.iter().map(|name| name.to_lowercase()));
            }
            _ => names = None,
        });
        names
    }

    /// Names of hosts that it has as texts, in any matcher.
    pub fn mentioned(&self) -> Vec<String> {
        let texts = self.text.split(['`', '"']).skip(1).step_by(2);
        let is_host = |text: &&str| text.contains('.') && is_server_name(text);
        texts.filter(is_host).map(str::to_lowercase).collect()
    }

    /// Whether the router gets into the muxer: its arguments are of the kind that its matchers take.
    pub fn is_accepted(&self) -> bool {
        let mut is_accepted = true;
        if let Some(tree) = &self.tree {
            tree.leaves(&mut |leaf| is_accepted &= leaf.is_accepted());
        }
        is_accepted && !self.text.is_empty()
    }

    /// The paths that it is for under a name.
    pub fn paths(&self, name: Name<'_>) -> Vec<PathPattern> {
        let Some(tree) = &self.tree else { return vec![PathPattern::Rule(self.text.clone())] };
        match tree.paths(name, &self.text) {
            Paths::All => vec![PathPattern::Prefix("/".to_owned())],
            Paths::None => Vec::new(),
            Paths::These(patterns) => patterns,
        }
    }
}

/// What a location asks of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PathRule {
    None,
    Exact(String),
    Prefix(String),
    /// It matches as a regular expression from its beginning, ignoring case.
    Expression(String),
}

impl Tree {
    fn leaves(&self, then: &mut impl FnMut(&Leaf)) {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.leaves(then);
                right.leaves(then);
            }
            Self::Leaf(leaf) => then(leaf),
        }
    }

    fn paths(&self, name: Name<'_>, text: &str) -> Paths {
        match self {
            Self::Leaf(leaf) => leaf.paths(name, text),
            Self::Or(left, right) => match (left.paths(name, text), right.paths(name, text)) {
                (Paths::All, _) | (_, Paths::All) => Paths::All,
                (Paths::None, other) | (other, Paths::None) => other,
                (Paths::These(mut one), Paths::These(other)) => {
                    one.extend(other);
                    Paths::These(one)
                }
            },
            Self::And(left, right) => match (left.paths(name, text), right.paths(name, text)) {
                (Paths::None, _) | (_, Paths::None) => Paths::None,
                (Paths::All, other) | (other, Paths::All) => other,
                (Paths::These(_), Paths::These(_)) => {
                    Paths::These(vec![PathPattern::Rule(text.to_owned())])
                }
            },
        }
    }
}

impl Leaf {
    /// `pkg/muxer/http/matcher.go`.
    fn is_accepted(&self) -> bool {
        let is_one = |check: &dyn Fn(&str) -> bool| match self.arguments.as_slice() {
            [only] => check(only),
            _ => false,
        };
        let is_said = !self.arguments.is_empty() && !self.arguments.iter().any(String::is_empty);
        is_said
            && match self.matcher.as_str() {
                "host" | "hostregexp" => is_one(&str::is_ascii),
                "path" | "pathprefix" => is_one(&|path| path.starts_with('/')),
                _ => true,
            }
    }

    fn paths(&self, name: Name<'_>, text: &str) -> Paths {
        let some = |pattern: PathPattern| Paths::These(vec![pattern]);
        let unknown = || some(PathPattern::Rule(text.to_owned()));
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        let of_name = |matches: Option<bool>| match matches {
            None => unknown(),
            Some(matches) if matches != self.is_negated => Paths::All,
            Some(_) => Paths::None,
        };
        match (self.matcher.as_str(), self.is_negated) {
            ("host", _) => of_name(Some(name.is_covered_by(&first.to_lowercase()))),
            ("hostregexp", _) => of_name(match name {
                Name::Exact(name) => matches_expression(first, name),
                Name::OneLabel(_) | Name::Any => None,
            }),
            // Whether they match depends on how a request writes them.
            ("path" | "pathprefix", false) if first.contains(RESERVED) => unknown(),
            ("path", false) => some(PathPattern::Exact(first.to_owned())),
            ("pathprefix", false) => some(PathPattern::Prefix(first.to_owned())),
            ("pathregexp", false) => some(PathPattern::Expression(first.to_owned())),
            _ => unknown(),
        }
    }
}

impl Name<'_> {
    /// `DomainMatchHostExpression` of `pkg/muxer/muxer.go`: a wildcard matches one label.
    fn is_covered_by(self, expression: &str) -> bool {
        if expression == "*" {
            return true;
        }
        match self {
            Self::Exact(name) => {
                name == expression
                    || expression.strip_prefix("*.").is_some_and(|domain| {
                        name.split_once('.').is_some_and(|(_, rest)| rest == domain)
                    })
            }
            Self::OneLabel(domain) => expression.strip_prefix("*.") == Some(domain),
            Self::Any => false,
        }
    }
}
