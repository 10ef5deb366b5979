//! Container image references (`github.com/distribution/reference`, `regexp.go`).

use super::text::text_value;
use crate::diagnostic::literal;

text_value! {
    /// Container image: `[registry[:port]/]repository[:tag][@digest]`.
    ImageName, image,
    { "pattern": "^\\S+$", "examples": ["httpd", "registry.example.com:5000/team/app:1.2"] }
}

fn image(text: &str) -> Result<(), String> {
    let refuse = |why: String, help: &str| {
        Err(format!("{} is not a container image: {why}\n{help}", literal(text)))
    };
    let example = "write such as `httpd:2.4` or `registry.example.com/team/app:1.2`";
    if text.is_empty() {
        return refuse("it is empty".to_owned(), example);
    }
    if let Some((_, rest)) = text.split_once("://") {
        let lower = rest.to_lowercase();
        let right = [rest, &lower].into_iter().find(|right| image(right).is_ok());
        let help = right.map_or_else(|| example.to_owned(), |right| format!("write `{right}`"));
        return refuse("it has a scheme".to_owned(), &help);
    }
    if let Some(character) = text.chars().find(|character| !character.is_ascii_graphic()) {
        return refuse(format!("it contains {}", literal(&character.to_string())), example);
    }
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return refuse(
            "the part after `@` is not a digest".to_owned(),
            "write the digest as `sha256:` and 64 hexadecimal digits",
        );
    }
    let tag_at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let (name, tag) = tag_at.map_or((name, None), |at| (&name[..at], Some(&name[at + 1..])));
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return refuse(
            "the part after `:` is not a tag".to_owned(),
            "write letters, digits, `_`, `.` and `-`, at most 128",
        );
    }
    let (registry, repository) = split_registry(name);
    if registry.is_some_and(|registry| !is_registry(registry)) {
        return refuse("the part before the first `/` is not a registry".to_owned(), example);
    }
    if repository.chars().any(|character| character.is_ascii_uppercase()) {
        let lower = text.replace(repository, &repository.to_lowercase());
        let right = Some(lower).filter(|lower| image(lower).is_ok());
        let help = right.map_or_else(|| example.to_owned(), |right| format!("write `{right}`"));
        return refuse("repositories have lower-case names".to_owned(), &help);
    }
    if repository.split('/').all(is_component) {
        Ok(())
    } else {
        refuse(format!("found the repository {}", literal(repository)), example)
    }
}

/// The registry, if the first part looks like one, and the repository.
fn split_registry(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "1"));
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map_or_else(
        || !host.is_empty() && host.bytes().all(in_host),
        |address| address.parse::<std::net::Ipv6Addr>().is_ok(),
    );
    host && port.parse::<u16>().is_ok()
}

/// A part of a repository: lower-case letters and digits, joined by `.`, `_`, `__` or any number of `-`.
fn is_component(text: &str) -> bool {
    let alphanumeric = |character: char| matches!(character, 'a'..='z' | '0'..='9');
    let separators = text.split(alphanumeric).filter(|separator| !separator.is_empty());
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && separators.into_iter().all(|separator| {
            matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
        && text.bytes().next().is_some_and(word)
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, digits)| {
        algorithm.starts_with(|first: char| first.is_ascii_alphabetic())
            && digits.len() >= 32
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn images_are_references() {
        let digest = format!("httpd@sha256:{}", "a".repeat(64));
        let tag = format!("httpd:{}", "a".repeat(129));
        check::<ImageName>(
            &[
                "httpd",
                "httpd:2.4",
                "docker.io/library/httpd:latest",
                "localhost:5000/a__b/c---d.e",
                "Registry.Example.com/app",
                "[::1]:5000/app",
                &digest,
            ],
            &[
                ("", "empty"),
                ("https://a/b", "write `a/b`"),
                ("a b", "contains ` `"),
                ("HTTPD", "write `httpd`"),
                ("a/B:C", "write `a/b:C`"),
                ("httpd:", "not a tag"),
                ("httpd:-x", "not a tag"),
                (&tag, "not a tag"),
                ("httpd@sha256:xyz", "not a digest"),
                ("a//b", "the repository"),
                ("a/-b", "the repository"),
                ("a.b:x/c", "not a registry"),
                ("a..b", "the repository"),
            ],
        );
    }
}
