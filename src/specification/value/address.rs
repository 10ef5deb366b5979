//! IP addresses and ranges, URLs, URIs and mail addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::host::right_form;
use super::text::{deserialize, text_value};
use crate::diagnostic::literal;

text_value! {
    /// Absolute http(s) URL in the characters that ingress-nginx allows
    /// (`internal/ingress/annotations/authtls/main.go`): no query, fragment, `%` or `~`.
    ErrorPage, error_page,
    { "pattern": "^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9_.-]+)*/?$" }
}

text_value! {
    /// Mail address of ASCII characters (RFC 5280, section 4.2.1.6, `rfc822Name`).
    EmailAddress, email_address,
    { "pattern": "^[^@\\s]+@[^@\\s]+$" }
}

text_value! {
    /// Absolute URI of ASCII characters (RFC 5280, section 4.2.1.6, `uniformResourceIdentifier`).
    Uri, uri,
    { "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:.+$" }
}

/// IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpAddress(pub IpAddr);

/// IP range in CIDR form; the bits behind the prefix are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    /// The first address.
    pub address: IpAddr,
    /// How many leading bits all addresses share.
    pub prefix: u8,
}

fn error_page(text: &str) -> Result<(), String> {
    let help = "write such as `https://www.example.com/no-certificate.html`";
    let shown = literal(text);
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return Err(format!("{shown} is not an absolute `http://` or `https://` URL\n{help}"));
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let allowed =
        |character: &char| matches!(character, 'A'..='Z' | 'a'..='z' | '0'..='9' | '-' | '.' | '_');
    let wrong = host.chars().find(|character| !allowed(character) || *character == '_');
    let wrong =
        wrong.or_else(|| path.chars().find(|character| !allowed(character) && *character != '/'));
    if let Some(character) = wrong {
        let found = literal(&character.to_string());
        return Err(format!(
            "{shown} contains {found}, which the controller refuses in an error page\n{help}"
        ));
    }
    if host.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("{shown} has no valid host and port\n{help}"));
    }
    if path.contains("//") {
        return Err(format!(
            "{shown} contains `//` in its path, which the controller refuses\n{help}"
        ));
    }
    Ok(())
}

fn email_address(text: &str) -> Result<(), String> {
    let refuse = |why: &str| {
        Err(format!(
            "{} is not a mail address: {why}\nwrite such as `name@example.com`",
            literal(text)
        ))
    };
    if text.chars().any(|character| !character.is_ascii_graphic()) {
        return refuse("it contains a blank or a character that is not ASCII");
    }
    match text.rsplit_once('@') {
        None => refuse("there is no `@`"),
        Some((local, domain)) if local.is_empty() || domain.is_empty() => {
            refuse("a part before or behind `@` is missing")
        }
        Some((local, _)) if local.contains('@') => refuse("there are two `@`"),
        Some((local, domain)) => match super::DnsName::from_str(&domain.to_lowercase()) {
            Ok(_) => Ok(()),
            Err(why) => Err(with_right_domain(&why, local, domain)),
        },
    }
}

/// The message about a domain, with a mail address as its proposal.
fn with_right_domain(why: &str, local: &str, domain: &str) -> String {
    let why = why.lines().next().unwrap_or_default();
    match super::DnsName::from_str(&right_form(domain)) {
        Ok(domain) => format!("{why}\nwrite `{local}@{domain}`"),
        Err(_) => format!("{why}\nwrite such as `name@example.com`"),
    }
}

fn uri(text: &str) -> Result<(), String> {
    let refuse = |why: &str| {
        Err(format!(
            "{} is not an absolute URI: {why}\nwrite such as `spiffe://example.com/service`",
            literal(text)
        ))
    };
    let Some((scheme, rest)) = text.split_once(':') else { return refuse("it has no scheme") };
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        || !scheme.bytes().all(in_scheme)
    {
        return refuse("it has no scheme");
    }
    if text.chars().any(|character| !character.is_ascii_graphic()) {
        return refuse("it contains a blank or a character that is not ASCII; escape it with `%`");
    }
    if rest.trim_start_matches('/').is_empty() {
        refuse("nothing follows the scheme")
    } else {
        Ok(())
    }
}

impl FromStr for IpAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| {
            format!(
                "{} is not an IP address\nwrite such as `192.0.2.7` or `2001:db8::7`",
                literal(text)
            )
        })
    }
}

impl FromStr for IpRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let help = "write such as `10.0.0.0/8` or `2001:db8::/32`";
        let Some((address, prefix)) = text.split_once('/') else {
            let one = text
                .parse()
                .map(|address| format!("write `{}`", IpRange { address, prefix: bits(address) }));
            let help = one.unwrap_or_else(|_: std::net::AddrParseError| help.to_owned());
            return Err(format!("{} is not an IP range: there is no `/`\n{help}", literal(text)));
        };
        let address: IpAddr = address.parse().map_err(|_| {
            format!("{} is not an IP range: found no address before `/`\n{help}", literal(text))
        })?;
        let all = bits(address);
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= all).ok_or_else(|| {
            format!(
                "{} is not an IP range: expected a number from 0 to {all} behind `/`\n{help}",
                literal(text)
            )
        })?;
        let range = IpRange { address: first_address(address, prefix), prefix };
        if range.address == address {
            return Ok(range);
        }
        Err(format!("{} has bits set behind its prefix\nwrite `{range}`", literal(text)))
    }
}

/// How many bits an address of that kind has.
fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// `address` with the bits behind `prefix` cleared.
fn first_address(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or_default();
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or_default();
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl fmt::Display for IpAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl<'de> Deserialize<'de> for IpAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for IpRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl JsonSchema for IpAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IpAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9A-Fa-f.:]+$", "examples": ["192.0.2.7"] })
    }
}

impl JsonSchema for IpRange {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "IpRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]+$", "examples": ["10.0.0.0/8"] })
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::check;
    use super::*;

    #[test]
    fn error_pages_are_what_the_controller_accepts() {
        check::<ErrorPage>(
            &["http://a", "https://www.example.com:8443/a/b_c.html", "https://a/b/"],
            &[
                ("/error", "not an absolute"),
                ("www.example.com", "not an absolute"),
                ("ftp://a", "not an absolute"),
                ("https://a/?x=1", "contains `?`"),
                ("https://a/#x", "contains `#`"),
                ("https://a/~x", "contains `~`"),
                ("https://a/%20", "contains `%`"),
                ("https://a b", "contains ` `"),
                ("https:///x", "no valid host"),
                ("https://a:99999", "no valid host and port"),
                ("https://a//b", "contains `//`"),
            ],
        );
    }

    #[test]
    fn mail_addresses_and_uris_are_ascii() {
        check::<EmailAddress>(
            &["a@example.com", "a.b+c@Example.COM"],
            &[
                ("a", "no `@`"),
                ("a@", "missing"),
                ("@b", "missing"),
                ("a@b@c", "two `@`"),
                ("ä@b.de", "not ASCII"),
                ("a b@c", "blank"),
                ("a@b_c", "it contains `_`"),
                ("a@b_C.de", "write `a@b-c.de`"),
            ],
        );
        check::<Uri>(
            &["spiffe://example.com/a", "urn:uuid:1", "https://a/b?c#d"],
            &[
                ("example.com/a", "no scheme"),
                ("1a:b", "no scheme"),
                ("a://", "nothing follows"),
                ("a:b c", "blank"),
                ("", "no scheme"),
            ],
        );
    }

    #[test]
    fn addresses_and_ranges() {
        check::<IpAddress>(
            &["192.0.2.7", "::1"],
            &[("192.0.2", "such as"), ("a", "not an IP"), ("fe80::1%eth0", "not an IP")],
        );
        check::<IpRange>(
            &["10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0", "::1/128"],
            &[
                ("10.1.2.3/8", "write `10.0.0.0/8`"),
                ("2001:db8::1/32", "write `2001:db8::/32`"),
                ("1.2.3.4/0", "write `0.0.0.0/0`"),
                ("10.0.0.0/33", "from 0 to 32"),
                ("10.0.0.1", "write `10.0.0.1/32`"),
                ("a/8", "no address"),
                ("x", "there is no `/`"),
            ],
        );
    }
}
