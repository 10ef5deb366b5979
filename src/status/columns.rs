//! Aligned columns; what is longer than its column goes on in the next line, and nothing is cut off.

/// Characters between two columns.
pub const GAP: usize = 2;

/// A line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// One text for each column.
    pub cells: Vec<String>,
    /// What is said below, from the second column on.
    pub below: Vec<String>,
}

/// Characters of the longest text of a column.
pub fn natural(lines: &[Line], column: usize) -> usize {
    lines.iter().map(|line| line.cells[column].chars().count()).max().unwrap_or(0)
}

/// The lines; each column is as wide as it has to be, and at most as wide as its limit. `whole` is the width of what is
/// said below.
pub fn laid_out(lines: &[Line], limits: &[usize], whole: usize) -> String {
    let widths: Vec<usize> = limits
        .iter()
        .enumerate()
        .map(|(column, limit)| natural(lines, column).min(*limit))
        .collect();
    let mut text = String::new();
    for line in lines {
        let parts: Vec<Vec<&str>> =
            line.cells.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let part = |(parts, width): (&Vec<&str>, &usize)| {
                format!("{:width$}", parts.get(at).copied().unwrap_or_default())
            };
            let parts: Vec<String> = parts.iter().zip(&widths).map(part).collect();
            push(&mut text, &parts.join(&" ".repeat(GAP)));
        }
        let indent = widths.first().map_or(0, |first| first + GAP);
        for below in &line.below {
            for part in wrapped(below, whole.saturating_sub(indent)) {
                push(&mut text, &format!("{:indent$}{part}", ""));
            }
        }
    }
    text
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The text in pieces of at most that many characters, broken at a space, else behind what separates the parts of a
/// name, else anywhere.
fn wrapped(text: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(width.max(1)) {
        let first = &rest[..end];
        let space = if rest[end..].starts_with(' ') { Some(end) } else { first.rfind(' ') };
        let part = || first.rfind(['.', '-', '_', '/', '@', ',', '=']).map(|at| at + 1);
        let at = space.filter(|at| *at > 0).or_else(part).unwrap_or(end);
        pieces.push(&rest[..at]);
        rest = rest[at..].trim_start_matches(' ');
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_texts_go_on_in_the_next_line() {
        assert_eq!(wrapped("any client below root", 10), ["any client", "below root"]);
        assert_eq!(wrapped("a-long-name.example.com", 11), ["a-long-", "name.", "example.com"]);
        assert_eq!(wrapped("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrapped("", 4), [""]);
        let line = |cells: [&str; 2], below: &[&str]| Line {
            cells: cells.map(str::to_owned).to_vec(),
            below: below.iter().map(|text| (*text).to_owned()).collect(),
        };
        let lines = [line(["K", "NAME"], &[]), line(["host", "a.example.com"], &["opens b, c"])];
        let text = laid_out(&lines, &[9, 8], 14);
        assert_eq!(
            text,
            "K     NAME\nhost  a.\n      example.\n      com\n      opens b,\n      c\n"
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_wider_than_its_column(text in "[a-zü. ,-]{0,80}", width in 1..40usize) {
            let pieces = wrapped(&text, width);
            prop_assert!(pieces.iter().all(|piece| piece.chars().count() <= width), "{pieces:?}");
            let without_spaces = |text: &str| text.replace(' ', "");
            prop_assert_eq!(without_spaces(&pieces.concat()), without_spaces(&text));
        }
    }
}
