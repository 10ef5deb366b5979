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

fn host(text: &str) -> Result<(), String> {
    if let Some(help) = not_a_name(text) {
        return Err(help);
    }
    match text.strip_prefix("*.") {
        Some(rest) => domain(text, rest),
        None if text.contains('*') => Err(format!(
            "{} cannot be a host: `*` can only stand for the whole first label\nwrite `*.example.com`",
            literal(text)
        )),
        None => domain(text, text),
    }
}

fn dns_name(text: &str) -> Result<(), String> {
    if let Some(rest) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        return Err(format!(
            "{} cannot be a DNS name here: it starts with a wildcard or dot\n\
             write `{rest}`, which includes everything below it",
            literal(text)
        ));
    }
    not_a_name(text).map_or_else(|| domain(text, text), Err)
}

/// What is wrong with a text that is something else than a DNS name.
fn not_a_name(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("a host name is empty\nwrite a DNS name such as `www.example.com`".to_owned());
    }
    let shown = literal(text);
    if let Some((_, rest)) = text.split_once("://") {
        let name = rest.split(['/', ':', '?', '#']).next().unwrap_or_default();
        return Some(format!("{shown} is a URL, expected a DNS name\nwrite `{name}`"));
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        let name = wildcard_name(address);
        return Some(format!(
            "{shown} is an IP address, expected a DNS name\n\
             write a name that leads to that address, such as `{name}` (a public wildcard-DNS service)"
        ));
    }
    if let Some((name, port)) = text.split_once(':') {
        let port = port.bytes().all(|byte| byte.is_ascii_digit());
        let why = if port { "has a port" } else { "contains `:`" };
        let help = if port { format!("\nwrite `{name}`") } else { String::new() };
        return Some(format!("{shown} {why}, expected a DNS name alone{help}"));
    }
    if let Some((name, _)) = text.split_once('/') {
        return Some(format!(
            "{shown} has a path, expected a DNS name alone\nwrite `{name}`, and paths under `routes`"
        ));
    }
    text.strip_suffix('.').map(|name| format!("{shown} ends with a dot\nwrite `{name}`"))
}

/// A name of a wildcard-DNS service that leads to an address.
fn wildcard_name(address: IpAddr) -> String {
    let dashed = address.to_string().replace(['.', ':'], "-");
    format!("app.{}.sslip.io", dashed.trim_matches('-'))
}

/// Checks the labels of `name`, which `text` consists of apart from a wildcard.
fn domain(text: &str, name: &str) -> Result<(), String> {
    let shown = literal(text);
    let allowed = |character| matches!(character, 'a'..='z' | '0'..='9' | '-' | '.');
    if let Some(character) = name.chars().find(|character| !allowed(*character)) {
        let found = literal(&character.to_string());
        let help = match character {
            'A'..='Z' => format!("write `{}`", text.to_lowercase()),
            other if !other.is_ascii() => {
                "write it in punycode, such as `xn--mnchen-3ya.de` for `münchen.de`".to_owned()
            }
            _ => proposal(name, allowed).map_or_else(
                || "write lower-case letters, digits, `-` and `.`".to_owned(),
                |name| format!("write lower-case letters, digits, `-` and `.`, such as `{name}`"),
            ),
        };
        return Err(format!("{shown} cannot be a DNS name: it contains {found}\n{help}"));
    }
    for label in name.split('.') {
        let why = match label {
            "" => "there is nothing between two dots or at its start".to_owned(),
            _ if label.len() > 63 => format!(
                "the label `{label}` has {} characters, at most 63 are allowed",
                label.len()
            ),
            _ if label.starts_with('-') || label.ends_with('-') => {
                format!("the label `{label}` starts or ends with `-`")
            }
            _ => continue,
        };
        return Err(format!(
            "{shown} cannot be a DNS name: {why}\nwrite a name such as `www.example.com`"
        ));
    }
    if name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(format!(
            "{shown} cannot be a DNS name: its last label is a number\nwrite a name such as `www.example.com`"
        ));
    }
    if text.len() > 253 {
        return Err(format!(
            "{shown} cannot be a DNS name: it has {} characters, at most 253 are allowed",
            text.len()
        ));
    }
    Ok(())
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
                ("[::1]", "is an IP address"),
                ("example.com:8443", "write `example.com`"),
                ("https://example.com/x", "write `example.com`"),
                ("example.com/x", "paths under `routes`"),
                ("example.com.", "write `example.com`"),
                ("Example.com", "write `example.com`"),
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
                ("10.0.0.1", "is an IP address"),
            ],
        );
    }
}
