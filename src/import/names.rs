//! What entries are called: readable names that a spec takes, each once.

use std::collections::BTreeSet;

use super::found::Place;
use crate::model::authorities::SELF_SIGNED;
use crate::pki::certificate::Certificate;
use crate::specification::value::{HostName, ObjectName};

/// Stems of file names that say nothing.
const EMPTY_STEMS: [&str; 12] = [
    "ca",
    "cert",
    "certificate",
    "tls",
    "key",
    "client",
    "server",
    "cacert",
    "rootca",
    "chain",
    "fullchain",
    "<stdin>",
];
/// Longest name made of a text.
const LONGEST: usize = 63;

/// Names given so far, of one kind.
#[derive(Debug, Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// `wished`, or with a number behind it if that name is taken.
    pub fn give(&mut self, wished: &str) -> String {
        let numbered = (2..).map(|number| format!("{wished}-{number}"));
        let free = std::iter::once(wished.to_owned())
            .chain(numbered)
            .find(|name| !self.0.contains(name))
            .unwrap_or_else(|| wished.to_owned());
        self.0.insert(free.clone());
        free
    }
}

/// The name of an authority: of its place in a store, its common name, organization or file.
pub fn authority<'a>(
    certificate: &Certificate,
    places: impl Iterator<Item = &'a Place> + Clone,
) -> String {
    let attributes = certificate.subject.attributes();
    let value = |kind: &str| {
        attributes.iter().find(|a| a.short_name == Some(kind)).map(|a| a.value.clone())
    };
    let wishes =
        [of_store("cas", places.clone()), value("CN"), value("O"), value("OU"), stem(places)];
    let name = wishes.into_iter().flatten().map(|wish| slug(&wish)).find(|name| !name.is_empty());
    let name = name.filter(|name| name != SELF_SIGNED && name.parse::<ObjectName>().is_ok());
    name.unwrap_or_else(|| "ca".to_owned())
}

/// Whether a store has an authority there, under its name.
pub fn is_in_store<'a>(places: impl Iterator<Item = &'a Place>) -> bool {
    of_store("cas", places).is_some()
}

/// The name of a client: of its place in a store, its common name, another name of it, or its file.
pub fn client<'a>(
    certificate: &Certificate,
    places: impl Iterator<Item = &'a Place> + Clone,
) -> String {
    let names = &certificate.names;
    let common = certificate.subject.common_names().pop();
    let others = names.email.first().or(names.uri.first()).or(names.dns.first()).cloned();
    [of_store("clients", places.clone()), common, others, stem(places)]
        .into_iter()
        .flatten()
        .find(|name| is_free_name(name))
        .unwrap_or_else(|| format!("client-{}", certificate.serial).to_lowercase())
}

/// The host that a server's certificate is for: the common name if it is one of the names, else the first one,
/// wildcards last; without a DNS name in subjectAltName, a common name that looks like one.
pub fn host(certificate: &Certificate) -> Option<HostName> {
    let hosts = || certificate.names.dns.iter().filter_map(|name| name.parse::<HostName>().ok());
    let common = certificate.subject.common_names().pop();
    let named = hosts().find(|host| common.as_deref() == Some(host.as_str()));
    named
        .or_else(|| hosts().find(|host| !host.as_str().starts_with("*.")))
        .or_else(|| hosts().next())
        .or_else(|| common.filter(|_| has_no_names(certificate)).and_then(|name| dotted(&name)))
}

/// Whether the common name is all that can name a server.
pub fn has_no_names(certificate: &Certificate) -> bool {
    certificate.names.dns.is_empty() && certificate.names.ip.is_empty()
}

/// A name of a host with a dot: `alice` and `My Client` are names of clients.
fn dotted(name: &str) -> Option<HostName> {
    name.contains('.').then(|| name.to_lowercase().parse().ok()).flatten()
}

/// The names that a certificate is known by: common names, and DNS names.
pub fn all(certificate: &Certificate) -> Vec<String> {
    let mut names = certificate.subject.common_names();
    names.extend(certificate.names.dns.iter().cloned());
    names
}

/// Whether a spec takes this as the name of a client.
pub fn is_free_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control) && name.chars().count() <= 64
}

/// The name of the holder in whose folder of a store it lies.
fn of_store<'a>(kind: &str, mut places: impl Iterator<Item = &'a Place>) -> Option<String> {
    places.find_map(|place| {
        let mut parts = place.file.rsplit('/');
        let (file, name, folder) = (parts.next()?, parts.next()?, parts.next()?);
        (file == "tls.crt" && folder == kind).then(|| unescaped(name)).flatten()
    })
}

/// The name behind a folder's name in a store, where `%41` means `A`.
fn unescaped(folder: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut rest = folder.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            octets.push(u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            octets.push(byte);
        }
    }
    String::from_utf8(octets).ok()
}

/// The stem of a file name that says something, else the name of its folder.
fn stem<'a>(mut places: impl Iterator<Item = &'a Place>) -> Option<String> {
    places.find_map(|place| {
        if let Some(secret) = &place.secret {
            return Some(secret.name.clone());
        }
        let says = |stem: &&str| !EMPTY_STEMS.contains(&&*stem.to_lowercase());
        let folder = place.folder().rsplit('/').next().filter(|name| !name.is_empty());
        Some(place.stem()).filter(says).or(folder).map(str::to_owned)
    })
}

/// Lower-case letters and digits of a text, with hyphens between them.
pub fn slug(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(LONGEST);
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_object_names() {
        for (text, name) in [
            ("My Root CA", "my-root-ca"),
            ("  Zoë's CA!  ", "zo-s-ca"),
            ("名", ""),
            ("a.b_c", "a-b-c"),
            ("--", ""),
        ] {
            assert_eq!(slug(text), name);
        }
        assert_eq!(slug(&"ab-".repeat(40)).len(), 62);
    }

    #[test]
    fn a_second_holder_of_a_name_gets_a_number() {
        let mut names = Names::default();
        assert_eq!(["a", "a", "a", "b"].map(|name| names.give(name)), ["a", "a-2", "a-3", "b"]);
    }

    #[test]
    fn names_come_back_out_of_a_store() {
        let place = Place::of("old/pki/clients/%41lice%20%45/tls.crt");
        assert_eq!(of_store("clients", [place.clone()].iter()).as_deref(), Some("Alice E"));
        assert_eq!(of_store("cas", [place].iter()), None);
        assert_eq!(unescaped("%4"), None);
        assert_eq!(unescaped("%FF"), None);
    }

    #[test]
    fn files_give_names_unless_they_say_nothing() {
        let stem_of = |file: &str| stem([Place::of(file)].iter());
        assert_eq!(stem_of("pki/issued/alice.crt").as_deref(), Some("alice"));
        assert_eq!(stem_of("alice/cert.pem").as_deref(), Some("alice"));
        assert_eq!(stem_of("cert.pem"), None);
    }
}
