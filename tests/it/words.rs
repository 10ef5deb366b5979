//! Plain words: messages, comments and pages do without the words of translated sentences.

use std::fs;
use std::path::Path;

use crate::support::{files, root};

/// Words for which there is a plainer one, or a name. CONTRIBUTING.md has the same list.
const WORDS: [&str; 21] = [
    "anybody",
    "brought",
    "cannot stand",
    "everybody",
    "hangs",
    "nobody",
    "settled",
    "shall",
    "somebody",
    "stand for",
    "stand in",
    "stands",
    "tell",
    "telling",
    "tells",
    "told",
    "whatever",
    "whoever",
    "whom",
    "with a word",
    "without a word",
];
const HEAD: &str = "Words to replace: ";
/// One of these words in so many words is one too many.
const RARE: usize = 10_000;

struct Found {
    words: usize,
    places: Vec<String>,
}

/// The length of the comment or literal that `rest` starts with, `before` being the code up to there; 0 if it is none.
fn literal(before: &str, rest: &str) -> usize {
    let through = |end: &str, from: usize| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    let escaped = |from: usize, end: char| {
        let mut is_escaped = false;
        let is_end = |c: char| {
            let was_escaped = std::mem::take(&mut is_escaped);
            is_escaped = c == '\\' && !was_escaped;
            c == end && !was_escaped
        };
        rest[from..].find(is_end).map_or(rest.len(), |at| from + at + 1)
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return through("*/", 2);
    }
    if rest.starts_with('"') {
        let prefix = before.trim_end_matches('#');
        let marks = before.len() - prefix.len();
        let is_raw = prefix.ends_with('r');
        return if is_raw {
            through(&format!("\"{}", "#".repeat(marks)), 1)
        } else {
            escaped(1, '"')
        };
    }
    // A lifetime has no second quotation mark.
    let mut characters = rest.chars().skip(1);
    match (rest.starts_with('\''), characters.next(), characters.next()) {
        (true, Some('\\'), _) => escaped(1, '\''),
        (true, Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 0,
    }
}

/// Comments and literals of Rust, with everything else blanked, so that lines keep their numbers.
fn prose(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut at = 0;
    while let Some(character) = code[at..].chars().next() {
        let length = literal(&code[..at], &code[at..]);
        kept.push_str(&code[at..at + length]);
        at += length;
        if length == 0 {
            kept.push(if character == '\n' { '\n' } else { ' ' });
            at += character.len_utf8();
        }
    }
    kept
}

/// What is counted of a file, `None` for one that holds no prose.
fn counted(path: &str, text: String) -> Option<String> {
    let end = path.rsplit('.').next().unwrap();
    match (path, end) {
        (_, "rs") => Some(prose(&text)),
        ("CHANGELOG.md", _) => {
            let unreleased = text.split_once("\n## ").expect("a heading").1;
            let before = &text[..text.len() - unreleased.len()];
            let blank = "\n".repeat(before.matches('\n').count());
            Some(blank + unreleased.split("\n## ").next().unwrap())
        }
        // Its words are those of help texts, the schema and the register of codes, which are counted where they are.
        ("docs/reference.md", _) => None,
        (_, "md" | "txt") => Some(text),
        _ => None,
    }
}

/// A word alone between quotation marks or backticks is a value, and a part of a path or an identifier is a name.
fn is_prose(line: &str, start: usize, end: usize) -> bool {
    let before = line[..start].chars().next_back().unwrap_or(' ');
    let after = line[end..].chars().next().unwrap_or(' ');
    let is_quoted = before == after && "\"`".contains(before);
    let is_part = |c: char| c.is_alphanumeric() || "_-/".contains(c);
    !is_quoted && !is_part(before) && !is_part(after)
}

fn count(path: &str, text: &str, into: &mut Found) {
    for (number, line) in text.lines().enumerate() {
        if line.contains(HEAD) {
            continue;
        }
        into.words +=
            line.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 1).count();
        let lower = line.to_ascii_lowercase();
        for word in WORDS {
            for (at, _) in lower.match_indices(word) {
                if is_prose(&lower, at, at + word.len()) {
                    into.places.push(format!("{path}:{}: {word}", number + 1));
                }
            }
        }
    }
}

#[test]
fn words_that_have_a_plainer_one_are_rare() {
    let mut found = Found { words: 0, places: Vec::new() };
    let pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|page| root().join(page));
    let folders = ["src", "docs", "tests"].into_iter().flat_map(|name| files(&root().join(name)));
    for path in folders.map(|(path, _)| path).chain(pages) {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let Some(text) = counted(name, text) else { continue };
        count(name, &text, &mut found);
    }
    let Found { words, places } = found;
    let number = places.len();
    let places = places.join("\n");
    assert!(number * RARE < words, "{number} in {words} words, write it in other ones:\n{places}");
}

#[test]
fn contributing_has_the_list() {
    let text = fs::read_to_string(Path::new(root()).join("CONTRIBUTING.md")).unwrap();
    let list = text.split_once(HEAD).expect("CONTRIBUTING.md has the words").1;
    let list: Vec<&str> = list.split('.').next().unwrap().split('`').skip(1).step_by(2).collect();
    assert_eq!(list, WORDS);
}
