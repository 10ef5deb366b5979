//! The register of codes: `codes.txt` beside this file has a line for each code of a message.

use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Serialize;

use super::Severity;

/// What a code means.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Code {
    /// Its name, in kebab case.
    #[serde(rename = "code")]
    pub name: &'static str,
    /// How bad messages with it can be, worst first.
    pub severities: Vec<Severity>,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The page of the documentation that says more.
    pub page: &'static str,
}

static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| {
    let lines = include_str!("codes.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(code).collect()
});

fn code(line: &'static str) -> Option<Code> {
    let mut columns = line.split(" | ");
    let (name, severities) = (columns.next()?, columns.next()?);
    let severity = |word: &str| match word {
        "E" => Severity::Error,
        "W" => Severity::Warning,
        _ => Severity::Notice,
    };
    Some(Code {
        name,
        severities: severities.split(' ').map(severity).collect(),
        meaning: columns.next()?,
        page: columns.next()?,
    })
}

/// All codes, in the order of their names.
#[must_use]
pub fn all() -> &'static [Code] {
    &CODES
}

/// The code of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Code> {
    let at = CODES.binary_search_by(|code| code.name.cmp(name)).ok()?;
    CODES.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_code_and_they_are_in_order() {
        let text = include_str!("codes.txt");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), all().len());
        assert!(all().is_sorted_by(|one, next| one.name < next.name));
        for (line, code) in lines.iter().zip(all()) {
            let letters = code.severities.iter().map(|severity| match severity {
                Severity::Error => "E",
                Severity::Warning => "W",
                Severity::Notice => "N",
            });
            let letters: Vec<&str> = letters.collect();
            let row = [code.name, &letters.join(" "), code.meaning, code.page].join(" | ");
            assert_eq!(*line, row);
            assert!(code.meaning.ends_with('.'), "{line}");
            assert!(find(code.name).is_some(), "{line}");
        }
        assert!(find("no-such-code").is_none());
    }
}
