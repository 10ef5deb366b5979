//! Words for the syntax errors of the YAML parser.

use granit_parser::ErrorKind;

use super::node::MAX_DEPTH;

/// Code, title and help.
pub(super) fn words(kind: &ErrorKind) -> (&'static str, String, &'static str) {
    use ErrorKind as Kind;
    let spaces = "indent with spaces; YAML allows no tabs there";
    let quote = "put a value that contains `: ` or starts with a special character in quotes";
    let (title, help) = match kind {
        Kind::RecursionLimitExceeded => {
            let title = format!("nested too deeply: more than {MAX_DEPTH} levels");
            return ("too-large", title, "");
        }
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInPlainScalar => ("a tab in place of spaces", spaces),
        Kind::UnknownAnchor => (
            "the alias has no anchor before it",
            "write `&name` at the value that `*name` repeats; quote a text that starts with `*`",
        ),
        Kind::MappingValueNotAllowed | Kind::MappingKeyNotAllowed => {
            ("`:` makes a key where none is allowed", quote)
        }
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("expected `key: value`", "write `:` and a blank after the key")
        }
        Kind::UnclosedQuotedScalar | Kind::InvalidQuotedScalarIndent => {
            ("a quoted text is not closed", "close it with the same quote, or indent its next line")
        }
        Kind::InvalidTrailingDoubleQuotedScalar | Kind::InvalidTrailingSingleQuotedScalar => {
            ("there is text behind the closing quote", "put the whole value in quotes")
        }
        Kind::InvalidColonPlacement => {
            ("`:` makes a key where none is allowed", "close the bracket before this line")
        }
        Kind::ExpectedBlockMappingKey | Kind::InvalidIndentation | Kind::ExpectedDocumentStart => (
            "this line does not fit the lines above it",
            "indent it as the entries that it belongs to",
        ),
        Kind::UnexpectedCharacter { character } => {
            let title = format!(
                "no value can start with {}",
                crate::diagnostic::literal(&character.to_string())
            );
            return ("syntax", title, quote);
        }
        Kind::UnclosedFlowCollection { open } => {
            return ("syntax", format!("the bracket `{open}` is not closed"), "");
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => {
            return ("syntax", format!("`{open}` is closed by `{close}`"), "");
        }
        Kind::UnknownQuotedScalarEscape => {
            ("this escape is unknown", "write `\\\\` for a backslash, or use single quotes")
        }
        other => return ("syntax", other.to_string(), ""),
    };
    ("syntax", title.to_owned(), help)
}
