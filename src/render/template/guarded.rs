//! Rewrites a template so that its operators stay within the budget.
//!
//! The engine has no hook at `~`, `+`, `*`, slices, comparisons and raw text. Each becomes a call of a function that
//! charges the budget first: `a ~ b ~ c` becomes `JOIN(a , b , c)`. Precedence is that of the engine's parser
//! (`compiler/parser.rs` of minijinja), whose own tokens are used; lines stay where they are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use minijinja::machinery::{Token, tokenize};
use minijinja::syntax::SyntaxConfig;

/// Words and marks that an expression may have between two commas: for each operator, the engine's compiler calls
/// itself.
const LONGEST: usize = 2000;
/// How names begin that templates of users may not use.
const RESERVED: &str = "__mtlsgen";
pub(super) const JOIN: &str = "__mtlsgen_join";
pub(super) const ADD: &str = "__mtlsgen_add";
pub(super) const TIMES: &str = "__mtlsgen_times";
/// A part of a text or list, or a list or mapping that is written out.
pub(super) const PART: &str = "__mtlsgen_part";
/// What is compared as a whole.
pub(super) const WHOLE: &str = "__mtlsgen_whole";
/// The arguments of a method of `loop`, which compares them, or chooses one by their number.
pub(super) const ARGUMENTS: &str = "__mtlsgen_arguments";
/// The methods of `loop`.
const METHODS: [&str; 2] = ["changed", "cycle"];
/// Raw text of that many octets.
pub(super) const TEXT: &str = "__mtlsgen_text";

/// A template that stays within the budget.
pub(super) struct Guarded {
    pub(super) text: String,
    /// Where something was put in, as places of the original, and its length.
    inserted: Vec<(usize, usize)>,
}

impl Guarded {
    /// Rewrites a template that the engine can parse.
    pub(super) fn new(source: &str, syntax: &SyntaxConfig) -> Self {
        let tokens = tokens(source, syntax);
        let mut rewriter = Rewriter::new(&tokens);
        rewriter.template(source.len());
        rewriter.finish(source)
    }

    /// The place of the original for a place of the text.
    pub(super) fn original(&self, range: &Range<usize>) -> Range<usize> {
        self.place(range.start, true)..self.place(range.end, false)
    }

    fn place(&self, place: usize, is_start: bool) -> usize {
        let mut before = 0;
        for (at, length) in &self.inserted {
            let begins = at + before;
            if place < begins || (place == begins && !is_start) {
                break;
            }
            if place < begins + length {
                return *at;
            }
            before += length;
        }
        place - before
    }
}

/// Why a template may not even be parsed, and in which line.
pub(super) fn refusal(source: &str, syntax: &SyntaxConfig) -> Option<(usize, &'static str)> {
    let (mut length, mut alternatives) = (0, 0);
    for (token, range) in tokens(source, syntax) {
        length += 1;
        alternatives += usize::from(matches!(token, Token::Ident("elif")));
        let words = match token {
            Token::Ident(name) if name.starts_with(RESERVED) => {
                "names that begin with `__mtlsgen` are reserved"
            }
            _ if length > LONGEST => "an expression is too long: `{% set %}` its parts first",
            _ if alternatives > LONGEST / 4 => "too many `elif`: look the value up in a mapping",
            Token::Comma | Token::BlockEnd | Token::VariableEnd => {
                length = 0;
                continue;
            }
            _ => continue,
        };
        let before = source.get(..range.start).unwrap_or_default();
        return Some((before.matches('\n').count() + 1, words));
    }
    None
}

fn tokens<'s>(source: &'s str, syntax: &SyntaxConfig) -> Vec<(Token<'s>, Range<usize>)> {
    tokenize(source, false, syntax.clone())
        .map_while(Result::ok)
        .map(|(token, span)| (token, span.start_offset as usize..span.end_offset as usize))
        .collect()
}

struct Rewriter<'t, 's> {
    tokens: &'t [(Token<'s>, Range<usize>)],
    /// What is put in at each place, and operators that become commas.
    insertions: BTreeMap<usize, String>,
    commas: BTreeSet<usize>,
    /// Whether the names before `in` of a `for` are still to come.
    before_in: bool,
}

impl<'t, 's> Rewriter<'t, 's> {
    fn new(tokens: &'t [(Token<'s>, Range<usize>)]) -> Self {
        Self { tokens, insertions: BTreeMap::new(), commas: BTreeSet::new(), before_in: false }
    }

    fn finish(self, source: &str) -> Guarded {
        let mut text = String::with_capacity(source.len() * 2);
        let mut from = 0;
        for (at, put_in) in &self.insertions {
            self.copy(&mut text, source, from..*at);
            text.push_str(put_in);
            from = *at;
        }
        self.copy(&mut text, source, from..source.len());
        let inserted = self.insertions.iter().map(|(at, put_in)| (*at, put_in.len())).collect();
        Guarded { text, inserted }
    }

    fn copy(&self, text: &mut String, source: &str, range: Range<usize>) {
        let mut from = range.start;
        for comma in self.commas.range(range.clone()) {
            text.push_str(source.get(from..*comma).unwrap_or_default());
            text.push(',');
            from = comma + 1;
        }
        text.push_str(source.get(from..range.end).unwrap_or_default());
    }

    fn template(&mut self, end: usize) {
        let (mut at, mut raw) = (0, 0);
        while let Some((token, range)) = self.tokens.get(at) {
            at += 1;
            let is_block = match token {
                Token::TemplateData(text) => {
                    raw += text.len();
                    continue;
                }
                Token::BlockStart => true,
                Token::VariableStart => false,
                _ => continue,
            };
            let is_end =
                |(token, _): &(Token<'_>, _)| matches!(token, Token::BlockEnd | Token::VariableEnd);
            let length = self.tokens[at..].iter().position(is_end);
            let close = length.map_or(self.tokens.len(), |length| at + length);
            let first = if is_block { at + 1 } else { at };
            self.before_in = is_block && self.word(at) == Some("for");
            self.scan(first, close);
            if raw > 0 {
                let call = if is_block {
                    format!(" do {TEXT}({raw}) %}}{{%")
                } else {
                    format!(" {TEXT}({raw}) }}}}{{{{")
                };
                self.insertions.entry(range.end).or_default().insert_str(0, &call);
            }
            (at, raw) = (close, 0);
        }
        if raw > 0 {
            let call = format!("{{{{ {TEXT}({raw}) }}}}");
            self.insertions.entry(end).or_default().push_str(&call);
        }
    }

    /// All between `from` and `to`: expressions, and words and marks between them.
    fn scan(&mut self, from: usize, to: usize) {
        let mut at = from;
        let mut is_looked_through = false;
        while at < to {
            if !self.begins_operand(at) {
                self.before_in &= self.word(at) != Some("in");
                at += 1;
                continue;
            }
            let end = self.sum(at, to);
            let is_membership = matches!(self.word(end), Some("in" | "not"));
            let is_compared = match self.token(end) {
                Some(Token::Eq | Token::Ne | Token::Lt | Token::Lte | Token::Gt | Token::Gte) => {
                    true
                }
                _ => is_membership && !self.before_in,
            };
            let is_looked_at = std::mem::take(&mut is_looked_through);
            if is_looked_at || is_compared && end < to {
                self.wrap(WHOLE, at, end);
            }
            is_looked_through = is_compared && is_membership;
            at = end;
        }
    }

    fn sum(&mut self, at: usize, to: usize) -> usize {
        let is_sum = |token: &Token<'_>| matches!(token, Token::Plus | Token::Minus);
        let is_plus = |token: &Token<'_>| matches!(token, Token::Plus);
        self.chain(at, to, Self::joined, is_sum, (is_plus, ADD))
    }

    fn joined(&mut self, at: usize, to: usize) -> usize {
        let is_tilde = |token: &Token<'_>| matches!(token, Token::Tilde);
        self.chain(at, to, Self::product, is_tilde, (is_tilde, JOIN))
    }

    fn product(&mut self, at: usize, to: usize) -> usize {
        let is_product = |token: &Token<'_>| {
            matches!(token, Token::Mul | Token::Div | Token::FloorDiv | Token::Mod)
        };
        let is_times = |token: &Token<'_>| matches!(token, Token::Mul);
        self.chain(at, to, Self::power, is_product, (is_times, TIMES))
    }

    /// Operands with operators of one precedence between them; each run of the operator that is replaced becomes one
    /// call, since calls within calls are soon too deep for the engine.
    fn chain(
        &mut self,
        at: usize,
        to: usize,
        operand: fn(&mut Self, usize, usize) -> usize,
        belongs: fn(&Token<'_>) -> bool,
        (is_replaced, function): (fn(&Token<'_>) -> bool, &str),
    ) -> usize {
        let mut end = operand(self, at, to);
        let mut is_in_run = false;
        while end < to
            && let Some((token, range)) = self.tokens.get(end).filter(|(token, _)| belongs(token))
        {
            if is_replaced(token) {
                self.commas.insert(range.start);
                is_in_run = true;
            } else if std::mem::take(&mut is_in_run) {
                self.wrap(function, at, end);
            }
            end = operand(self, end + 1, to);
        }
        if is_in_run {
            self.wrap(function, at, end);
        }
        end
    }

    fn power(&mut self, at: usize, to: usize) -> usize {
        let mut end = self.unary(at, to);
        while end < to && matches!(self.token(end), Some(Token::Pow)) {
            end = self.unary(end + 1, to);
        }
        end
    }

    fn unary(&mut self, at: usize, to: usize) -> usize {
        let mut end = self.postfix(at, to);
        while end < to {
            if matches!(self.token(end), Some(Token::Pipe)) {
                end = self.arguments(self.name(end + 1), to);
            } else if self.word(end) == Some("is") {
                let name = end + 1 + usize::from(self.word(end + 1) == Some("not"));
                let behind = self.name(name);
                let is_word = matches!(self.word(behind), Some("and" | "or" | "else" | "is"));
                let is_bracket = matches!(self.token(behind), Some(Token::ParenOpen));
                end = match is_bracket {
                    true => self.arguments(behind, to),
                    false if behind < to && !is_word && self.begins_test_operand(behind) => {
                        self.postfix(behind, to)
                    }
                    false => behind,
                };
            } else {
                break;
            }
        }
        end.min(to)
    }

    /// A value with what directly follows it: attributes, subscripts, calls.
    fn postfix(&mut self, at: usize, to: usize) -> usize {
        let mut start = at;
        while start < to && matches!(self.token(start), Some(Token::Minus)) {
            start += 1;
        }
        let mut end = match self.token(start) {
            Some(Token::ParenOpen) => self.group(start, to),
            Some(Token::BracketOpen | Token::BraceOpen) => {
                let end = self.group(start, to);
                self.wrap(PART, start, end);
                end
            }
            Some(Token::Str(_) | Token::String(_)) => {
                let is_text = |(token, _): &&(Token<'_>, _)| {
                    matches!(token, Token::Str(_) | Token::String(_))
                };
                start + self.tokens[start..to].iter().take_while(is_text).count()
            }
            _ => start + 1,
        };
        while end < to {
            match self.token(end) {
                Some(Token::Dot) => end += 2,
                Some(Token::ParenOpen) => {
                    let open = end;
                    end = self.group(open, to);
                    if self.is_method(open) {
                        self.wrap_arguments(open, end);
                    }
                }
                Some(Token::BracketOpen) => {
                    let open = end;
                    end = self.group(open, to);
                    if self.is_slice(open, end) {
                        self.wrap(PART, start, end);
                    }
                }
                _ => break,
            }
        }
        end.min(to)
    }

    /// Whether the bracket at `open` follows a method of `loop`, by any name of it.
    fn is_method(&self, open: usize) -> bool {
        let is_dot = |at| matches!(self.token(at), Some(Token::Dot));
        open >= 2 && is_dot(open - 2) && self.word(open - 1).is_some_and(|it| METHODS.contains(&it))
    }

    /// `(a, b)` becomes `(*ARGUMENTS(a, b))`.
    fn wrap_arguments(&mut self, open: usize, end: usize) {
        let (Some(open), Some((Token::ParenClose, close))) =
            (self.tokens.get(open), self.tokens.get(end - 1))
        else {
            return;
        };
        let (start, end) = (open.1.end, close.start);
        self.insertions.entry(start).or_default().insert_str(0, &format!("*{ARGUMENTS}("));
        self.insertions.entry(end).or_default().push(')');
    }

    fn arguments(&mut self, at: usize, to: usize) -> usize {
        match self.token(at) {
            Some(Token::ParenOpen) if at < to => self.group(at, to),
            _ => at,
        }
    }

    /// The contents of brackets; returns what is behind them.
    fn group(&mut self, open: usize, to: usize) -> usize {
        let close = self.closing(open, to);
        let before_in = std::mem::replace(&mut self.before_in, false);
        self.scan(open + 1, close);
        self.before_in = before_in;
        (close + 1).min(to)
    }

    fn closing(&self, open: usize, to: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..to {
            match self.token(at) {
                Some(Token::BracketOpen | Token::ParenOpen | Token::BraceOpen) => depth += 1,
                Some(Token::BracketClose | Token::ParenClose | Token::BraceClose) => {
                    depth -= 1;
                    if depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
        }
        to
    }

    fn is_slice(&self, open: usize, end: usize) -> bool {
        let mut at = open + 1;
        while at < end {
            match self.token(at) {
                Some(Token::Colon) => return true,
                Some(Token::BracketOpen | Token::ParenOpen | Token::BraceOpen) => {
                    at = self.closing(at, end);
                }
                _ => {}
            }
            at += 1;
        }
        false
    }

    /// Behind the name of a filter or test, which may have dots.
    fn name(&self, at: usize) -> usize {
        let mut end = at + 1;
        while matches!(self.token(end), Some(Token::Dot)) {
            end += 2;
        }
        end
    }

    fn begins_operand(&self, at: usize) -> bool {
        let is_word = matches!(
            self.word(at),
            Some("if" | "elif" | "else" | "and" | "or" | "not" | "in" | "is" | "recursive")
        );
        !is_word
            && (self.begins_test_operand(at) || matches!(self.token(at), Some(Token::ParenOpen)))
            && !matches!(self.token(at), Some(Token::Plus))
    }

    fn begins_test_operand(&self, at: usize) -> bool {
        matches!(
            self.token(at),
            Some(
                Token::Ident(_)
                    | Token::Str(_)
                    | Token::String(_)
                    | Token::Int(_)
                    | Token::Int128(_)
                    | Token::Float(_)
                    | Token::Plus
                    | Token::Minus
                    | Token::BracketOpen
                    | Token::BraceOpen
            )
        )
    }

    fn token(&self, at: usize) -> Option<&Token<'s>> {
        self.tokens.get(at).map(|(token, _)| token)
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.token(at) {
            Some(Token::Ident(word)) => Some(word),
            _ => None,
        }
    }

    fn wrap(&mut self, function: &str, at: usize, end: usize) {
        let (Some(first), Some(last)) = (self.tokens.get(at), self.tokens.get(end - 1)) else {
            return;
        };
        let (start, end) = (first.1.start, last.1.end);
        self.insertions.entry(start).or_default().insert_str(0, &format!("{function}("));
        self.insertions.entry(end).or_default().push(')');
    }
}
