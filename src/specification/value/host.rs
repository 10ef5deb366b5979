//! DNS names as Ingress hosts and in certificates.

use std::net::IpAddr;

use super::text::{proposal, text_value};
use crate::diagnostic::literal;

text_value! {
    /// Host of an Ingress: a lower-case DNS name of at most 253 characters, its first label may be `*`.
    HostName, host,
    { "pattern": "^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253 }
}

text_value! {
    /// DNS name without wildcard, at most 253 characters.
    DnsName, dns_name,
    { "pattern": "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", "maxLength": 253 }
}

/// What is wrong with a text, and the words round the name to write instead.
struct Fault {
    why: String,
    /// What to write where the right form is not clear.
    help: String,
    before: &'static str,
    after: &'static str,
}

const EXAMPLE: &str = "write a DNS name such as `www.example.com`";

impl Fault {
    fn new(why: String) -> Self {
        Self { why, help: EXAMPLE.to_owned(), before: "write", after: "" }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The message; proposes `name` if that is one.
    fn message(self, name: &str, fault: fn(&str) -> Option<Self>) -> String {
        let Self { why, help, before, after } = self;
        if name.is_empty() || fault(name).is_some() {
            return format!("{why}\n{help}");
        }
        format!("{why}\n{before} `{name}`{after}")
    }
}

fn host(text: &str) -> Result<(), String> {
    let wildcard = if bare(text).starts_with("*.") { "*." } else { "" };
    let name = format!("{wildcard}{}", right_form(text));
    host_fault(text).map_or(Ok(()), |fault| Err(fault.message(&name, host_fault)))
}

fn dns_name(text: &str) -> Result<(), String> {
    dns_name_fault(text)
        .map_or(Ok(()), |fault| Err(fault.message(&right_form(text), dns_name_fault)))
}

fn host_fault(text: &str) -> Option<Fault> {
    not_a_name(text).or_else(|| match text.strip_prefix("*.") {
        None if text.contains('*') => Some(
            Fault::new(format!(
                "{} cannot be a host: `*` must be the whole first label",
                literal(text)
            ))
            .help("write such as `*.example.com`"),
        ),
        rest => domain(text, rest.unwrap_or(text)),
    })
}

fn dns_name_fault(text: &str) -> Option<Fault> {
    if text.starts_with("*.") || text.starts_with('.') {
        let why = format!(
            "{} cannot be a DNS name here: it starts with a wildcard or dot",
            literal(text)
        );
        return Some(Fault { after: ", which includes everything below it", ..Fault::new(why) });
    }
    not_a_name(text).or_else(|| domain(text, text))
}

/// The host of a text: without scheme, port and path.
fn bare(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    text.split(['/', ':', '?', '#']).next().unwrap_or_default()
}

/// The name without wildcard that a text is most likely about; nothing if it is about an address, or
/// in another script.
pub(super) fn right_form(text: &str) -> String {
    if address(text).is_some() || !text.is_ascii() {
        return String::new();
    }
    let name = bare(text);
    let name = name.strip_prefix("*.").unwrap_or(name).trim_matches('.').to_lowercase();
    proposal(&name, in_name).unwrap_or(name)
}

fn address(text: &str) -> Option<IpAddr> {
    text.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// What is wrong with a text that is something else than a DNS name.
fn not_a_name(text: &str) -> Option<Fault> {
    if text.is_empty() {
        return Some(Fault::new("a host name is empty".to_owned()));
    }
    let shown = || literal(text);
    if text.contains("://") {
        return Some(Fault::new(format!("{} is a URL, expected a DNS name", shown())));
    }
    if let Some(address) = address(text) {
        let name = wildcard_name(address);
        let fault = Fault::new(format!("{} is an IP address, expected a DNS name", shown()));
        return Some(fault.help(format!(
            "write a name that leads to that address, such as `{name}` (a public wildcard-DNS service)"
        )));
    }
    if let Some((_, port)) = text.split_once(':') {
        let port = port.bytes().all(|byte| byte.is_ascii_digit());
        let why = if port { "has a port" } else { "contains `:`" };
        return Some(Fault::new(format!("{} {why}, expected a DNS name alone", shown())));
    }
    if text.contains('/') {
        let why = format!("{} has a path, expected a DNS name alone", shown());
        return Some(Fault { after: ", and paths under `routes`", ..Fault::new(why) });
    }
    text.ends_with('.').then(|| Fault::new(format!("{} ends with a dot", shown())))
}

/// A name of a wildcard-DNS service that leads to an address.
fn wildcard_name(address: IpAddr) -> String {
    // A label cannot start or end with a dash: the zeros that `::` leaves out there are written.
    let mut dashed = address.to_string().replace(['.', ':'], "-");
    if dashed.starts_with('-') {
        dashed.insert(0, '0');
    }
    if dashed.ends_with('-') {
        dashed.push('0');
    }
    format!("app.{dashed}.sslip.io")
}

fn in_name(character: char) -> bool {
    matches!(character, 'a'..='z' | '0'..='9' | '-' | '.')
}

/// Checks the labels of `name`, which `text` consists of apart from a wildcard.
fn domain(text: &str, name: &str) -> Option<Fault> {
    let refuse = |why: String| Fault::new(format!("{} cannot be a DNS name: {why}", literal(text)));
    if let Some(character) = name.chars().find(|character| !in_name(*character)) {
        let fault = refuse(format!("it contains {}", literal(&character.to_string())));
        return Some(match character {
            'A'..='Z' => fault,
            other if !other.is_ascii() => {
                fault.help("write it in punycode, such as `xn--mnchen-3ya.de` for `münchen.de`")
            }
            _ => {
                Fault { before: "write lower-case letters, digits, `-` and `.`, such as", ..fault }
                    .help("write lower-case letters, digits, `-` and `.`")
            }
        });
    }
    let wrong = name.split('.').find_map(wrong_label);
    let last = name.rsplit('.').next().unwrap_or_default();
    let why = wrong.or_else(|| {
        let number = last.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| "its last label is a number".to_owned())
    });
    let why = why.or_else(|| {
        let length = text.len();
        (length > 253).then(|| format!("it has {length} characters, at most 253 are allowed"))
    });
    why.map(refuse)
}

fn wrong_label(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("there is nothing between two dots or at its start".to_owned());
    }
    if label.len() > 63 {
        let length = label.len();
        return Some(format!(
            "the label `{label}` has {length} characters, at most 63 are allowed"
        ));
    }
    (label.starts_with('-') || label.ends_with('-'))
        .then(|| format!("the label `{label}` starts or ends with `-`"))
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn hosts_are_dns_names_with_at_most_one_wildcard() {
        let label = "a".repeat(63);
        let (long_label, long) = ("a".repeat(64), [label.as_str(); 4].join("."));
        check::<HostName>(
            &["test.localdev.me", "localhost", "*.example.com", "xn--mnchen-3ya.de", "1.a", &label],
            &[
                ("", "is empty"),
                ("192.0.2.7", "such as `app.192-0-2-7.sslip.io`"),
                ("2001:db8::1", "such as `app.2001-db8--1.sslip.io`"),
                ("::1", "such as `app.0--1.sslip.io`"),
                ("[::1]", "is an IP address"),
                ("example.com:8443", "write `example.com`"),
                ("https://example.com/x", "write `example.com`"),
                ("example.com/x", "paths under `routes`"),
                ("example.com.", "write `example.com`"),
                ("Example.com", "write `example.com`"),
                ("*.Example.com.", "write `*.example.com`"),
                ("A_b.example.com:80", "write `a-b.example.com`"),
                ("a_b.example.com", "such as `a-b.example.com`"),
                ("münchen.de", "punycode"),
                ("*", "whole first label"),
                ("a.*.b", "whole first label"),
                ("*a.example.com", "whole first label"),
                ("*.*.example.com", "it contains `*`"),
                ("*.", "ends with a dot"),
                ("a..b", "between two dots"),
                (".a", "at its start"),
                ("-a.b", "starts or ends with `-`"),
                ("1.2.3.456", "last label is a number"),
                (&long_label, "64 characters, at most 63"),
                (&long, "255 characters, at most 253"),
            ],
        );
    }

    #[test]
    fn dns_names_have_no_wildcard() {
        check::<DnsName>(
            &["example.com", "com"],
            &[
                ("*.example.com", "write `example.com`"),
                (".example.com", "write `example.com`"),
                (".Example.org", "write `example.org`, which includes everything below it"),
                ("*.a_b.Example.org", "write `a-b.example.org`, which includes"),
                ("https://Example.org:1/x", "write `example.org`"),
                (".ä.org", "such as `www.example.com`"),
                ("10.0.0.1", "is an IP address"),
            ],
        );
    }
}
