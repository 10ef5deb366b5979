//! How rules are written: matchers with arguments, `&&`, `||`, `!` and parentheses, as in Go
//! (`github.com/vulcand/predicate`, which `pkg/rules/parser.go` uses).

use super::rule::{Leaf, Tree};

/// How deep parentheses and negations may be nested here.
const DEEPEST: usize = 64;

/// What a rule says; `None`: it is not read here.
pub(super) fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser { rest: text, depth: 0 };
    let tree = parser.any()?;
    parser.skip();
    parser.rest.is_empty().then_some(tree)
}

/// A text as Go's `%q` writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn any(&mut self) -> Option<Tree> {
        let mut tree = self.all()?;
        while self.takes("||") {
            tree = Tree::Or(Box::new(tree), Box::new(self.all()?));
        }
        Some(tree)
    }

    fn all(&mut self) -> Option<Tree> {
        let mut tree = self.one()?;
        while self.takes("&&") {
            tree = Tree::And(Box::new(tree), Box::new(self.one()?));
        }
        Some(tree)
    }

    fn one(&mut self) -> Option<Tree> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let tree = if self.takes("!") {
            inverted(self.one()?)
        } else if self.takes("(") {
            let tree = self.any()?;
            if !self.takes(")") {
                return None;
            }
            tree
        } else {
            Tree::Leaf(self.leaf()?)
        };
        self.depth -= 1;
        Some(tree)
    }

    fn leaf(&mut self) -> Option<Leaf> {
        self.skip();
        let end = self.rest.find(|sign: char| !sign.is_ascii_alphanumeric())?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if name.is_empty() || !self.takes("(") {
            return None;
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            if !arguments.is_empty() && !self.takes(",") {
                return None;
            }
            arguments.push(self.text()?);
        }
        Some(Leaf { is_negated: false, matcher: name.to_ascii_lowercase(), arguments })
    }

    fn text(&mut self) -> Option<String> {
        self.skip();
        if let Some(rest) = self.rest.strip_prefix('`') {
            let (text, rest) = rest.split_once('`')?;
            self.rest = rest;
            return Some(text.to_owned());
        }
        let rest = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        let mut signs = rest.char_indices();
        loop {
            match signs.next()? {
                (at, '"') => {
                    self.rest = rest.get(at + 1..)?;
                    return Some(text);
                }
                (_, '\\') => text.push(match signs.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    sign @ ('"' | '\\') => sign,
                    _ => return None,
                }),
                (_, sign) => text.push(sign),
            }
        }
    }
}

fn inverted(tree: Tree) -> Tree {
    match tree {
        Tree::And(left, right) => Tree::Or(Box::new(inverted(*left)), Box::new(inverted(*right))),
        Tree::Or(left, right) => Tree::And(Box::new(inverted(*left)), Box::new(inverted(*right))),
        Tree::Leaf(leaf) => Tree::Leaf(Leaf { is_negated: !leaf.is_negated, ..leaf }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::traefik::rule::{Name, Rule};
    use crate::enforcement::PathPattern;

    #[test]
    fn rules_are_read_as_traefik_reads_them() {
        let rule = Rule::read(
            "Host(`A.test`) && (Path(\"/a\") || PathPrefix(`/a/`)) || !(HOST(`b.test`) && Method(`GET`))",
        );
        assert_eq!(rule.domains(false), ["a.test"]);
        assert_eq!(rule.domains(true), ["a.test", "b.test"]);
        // A negated name, or a method that is not known.
        let open = PathPattern::Rule(rule.text.clone());
        assert_eq!(rule.paths(Name::Exact("b.test")), [open]);
        assert_eq!(rule.paths(Name::Any), [PathPattern::Prefix("/".to_owned())]);
        for wrong in
            ["", "Host(`a`", "Host(`a`) &&", "Host(`a`) Host(`b`)", "Host(a)", "(Host(`a`)"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&"(".repeat(1000)), None);
    }

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quoted(r#"/a\d"b"#), r#""/a\\d\"b""#);
        let rule = Rule::read(&format!("Path({})", quoted(r"/a\d")));
        assert_eq!(rule.paths(Name::Any), [PathPattern::Exact(r"/a\d".to_owned())]);
    }
}
