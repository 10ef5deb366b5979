//! Which names an authority may certify (RFC 5280, section 4.2.1.10), judged as OpenSSL does, and with it
//! nginx; where it judges more mildly than Go, as Go does.

use std::fmt;
use std::net::IpAddr;

use super::certificate::Certificate;
use super::certificate::details::Details;
use super::name::DistinguishedName;
use super::request::{AlternativeNames, NameConstraints, Subtree};
use crate::domain;

/// What a certificate calls its holder.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Subject.
    pub subject: &'a DistinguishedName,
    /// Names in subjectAltName.
    pub alternative: &'a AlternativeNames,
    /// Directory names in subjectAltName.
    pub directory: &'a [DistinguishedName],
    /// Names of other kinds in subjectAltName, in words.
    pub other: &'a [String],
    /// Whether it is an authority's: its common name is not a host's.
    pub is_authority: bool,
}

impl<'a> Names<'a> {
    /// Of a certificate, with its details.
    #[must_use]
    pub fn of(certificate: &'a Certificate, details: &'a Details) -> Self {
        Self {
            subject: &certificate.subject,
            alternative: &certificate.names,
            directory: &details.directory_names,
            other: &details.other_names,
            is_authority: certificate.is_authority,
        }
    }
}

/// A name that constraints forbid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name.
    pub name: String,
    /// Why.
    pub why: Forbidden,
}

/// Why constraints forbid a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forbidden {
    /// It lies in no permitted subtree of its kind.
    Outside,
    /// It lies in this excluded subtree.
    Excluded(Subtree),
    /// There are subtrees of its kind, and whether it lies in one is undecidable: a URI without a host.
    Unjudgeable,
    /// There are subtrees of its kind, of which OpenSSL judges none: registeredID, otherName of the same type.
    Unsupported,
}

impl fmt::Display for Subtree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS {name}"),
            Self::Ip { address, prefix } => write!(f, "IP {address}/{prefix}"),
            Self::Email(name) => write!(f, "e-mail {name}"),
            Self::Uri(host) => write!(f, "URI {host}"),
            Self::Directory(name) => write!(f, "directory name {name}"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

impl Forbidden {
    /// OpenSSL's error, and its words for that.
    #[must_use]
    pub fn error(&self) -> (u16, &'static str) {
        match self {
            Self::Outside => (47, "permitted subtree violation"),
            Self::Excluded(_) => (48, "excluded subtree violation"),
            Self::Unsupported => (51, "unsupported name constraint type"),
            Self::Unjudgeable => (53, "unsupported or invalid name syntax"),
        }
    }
}

/// Whether a name lies in a subtree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Outside,
    Unknown,
}

impl From<bool> for Place {
    fn from(is_inside: bool) -> Self {
        if is_inside { Self::Inside } else { Self::Outside }
    }
}

/// The names that the constraints forbid: DNS names, addresses of mail and hosts, URIs, directory names.
#[must_use]
pub fn violations(names: Names<'_>, constraints: &NameConstraints) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut judge = |name: &str, place: &dyn Fn(&Subtree, bool) -> Option<Place>| {
        let why = forbidden(constraints, place);
        found.extend(why.map(|why| Violation { name: name.to_owned(), why }));
    };
    for name in &dns_names(names) {
        judge(name, &|tree, is_excluded| match tree {
            Subtree::Dns(domain) => Some(dns(name, domain, is_excluded).into()),
            _ => None,
        });
    }
    for address in &mail_addresses(names) {
        judge(address, &|tree, _| match tree {
            Subtree::Email(pattern) => Some(mail(address, pattern).into()),
            _ => None,
        });
    }
    for ip in &names.alternative.ip {
        judge(&ip.to_string(), &|tree, _| match tree {
            Subtree::Ip { address, prefix } => Some(range(*ip, *address, *prefix).into()),
            _ => None,
        });
    }
    for text in &names.alternative.uri {
        judge(text, &|tree, _| match tree {
            Subtree::Uri(pattern) => Some(uri(text, pattern)),
            _ => None,
        });
    }
    let subject = std::iter::once(names.subject).filter(|subject| !subject.is_empty());
    for name in subject.chain(names.directory) {
        judge(&name.rfc2253(), &|tree, _| match tree {
            Subtree::Directory(base) => Some(name.is_within(base).into()),
            _ => None,
        });
    }
    let trees = || constraints.permitted.iter().chain(&constraints.excluded);
    let unsupported = names.other.iter().filter(|name| {
        trees().any(|tree| matches!(tree, Subtree::Other(words) if kind(words) == kind(name)))
    });
    found.extend(
        unsupported.map(|name| Violation { name: name.clone(), why: Forbidden::Unsupported }),
    );
    found
}

/// What OpenSSL compares of names that it does not judge: the kind, with its type where that is `otherName`.
fn kind(words: &str) -> (&str, Option<&str>) {
    let mut words = words.split(' ');
    let kind = words.next().unwrap_or_default();
    (kind, words.next().filter(|_| kind == "otherName"))
}

/// `place` says where the name lies, `None` for subtrees of another kind; excluded ones win.
fn forbidden(
    constraints: &NameConstraints,
    place: &dyn Fn(&Subtree, bool) -> Option<Place>,
) -> Option<Forbidden> {
    for tree in &constraints.excluded {
        match place(tree, true) {
            Some(Place::Inside) => return Some(Forbidden::Excluded(tree.clone())),
            Some(Place::Unknown) => return Some(Forbidden::Unjudgeable),
            Some(Place::Outside) | None => {}
        }
    }
    let permitted: Vec<Place> =
        constraints.permitted.iter().filter_map(|tree| place(tree, false)).collect();
    if permitted.is_empty() || permitted.contains(&Place::Inside) {
        None
    } else if permitted.contains(&Place::Unknown) {
        Some(Forbidden::Unjudgeable)
    } else {
        Some(Forbidden::Outside)
    }
}

/// Those in subjectAltName; where there is none, OpenSSL takes common names of leaves that look like one.
fn dns_names(names: Names<'_>) -> Vec<String> {
    let written = &names.alternative.dns;
    if !written.is_empty() || names.is_authority {
        return written.clone();
    }
    names.subject.common_names().into_iter().filter(|name| looks_like_dns(name)).collect()
}

/// As OpenSSL's `cn2dnsid` has it: at least two labels, none of which begins or ends with a hyphen.
fn looks_like_dns(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty()
            && label.chars().all(is_known)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.contains('.') && name.split('.').all(is_label)
}

/// Those in subjectAltName, and those in the subject, which OpenSSL judges in any case.
fn mail_addresses(names: Names<'_>) -> Vec<String> {
    let attributes = names.subject.attributes().into_iter();
    let own = attributes.filter(|attribute| attribute.short_name == Some("emailAddress"));
    names.alternative.email.iter().cloned().chain(own.map(|attribute| attribute.value)).collect()
}

/// A domain holds itself and everything below it, with a leading dot only what is below it. An excluded name is
/// also what a wildcard would cover.
fn dns(name: &str, domain: &str, is_excluded: bool) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let is_covered = || {
        let below = name.strip_prefix("*.");
        below.is_some() && below == domain::of_wildcard(&domain)
    };
    let is_within = || match domain.strip_prefix('.') {
        Some(below) => name != domain && domain::is_below(&name, below),
        None => domain::is_at_or_below(&name, &domain),
    };
    domain.is_empty() || is_within() || is_excluded && is_covered()
}

/// A pattern is a whole address, whose part before `@` has an exact case, a host, or a domain with a leading dot.
fn mail(address: &str, pattern: &str) -> bool {
    let (local, host) = address.rsplit_once('@').unwrap_or(("", address));
    match pattern.rsplit_once('@') {
        Some((wanted, wanted_host)) => local == wanted && host.eq_ignore_ascii_case(wanted_host),
        None => is_host_within(host, pattern),
    }
}

/// The host decides; a URI without one cannot be judged.
fn uri(text: &str, pattern: &str) -> Place {
    let authority = text.split_once("://").map(|(_, rest)| rest);
    let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next());
    let host = authority.map(|authority| authority.rsplit('@').next().unwrap_or(authority));
    let host = host.map(|host| host.rsplit_once(':').map_or(host, |(host, _)| host));
    match host.filter(|host| !host.is_empty() && host.parse::<IpAddr>().is_err()) {
        Some(host) if !host.starts_with('[') => is_host_within(host, pattern).into(),
        _ => Place::Unknown,
    }
}

/// Exactly this host, or with a leading dot everything below it.
fn is_host_within(host: &str, pattern: &str) -> bool {
    let (host, pattern) = (host.to_ascii_lowercase(), pattern.to_ascii_lowercase());
    let is_below = |domain| domain::is_below(&host, domain);
    pattern.is_empty() || host == pattern || pattern.strip_prefix('.').is_some_and(is_below)
}

/// Both families are names of one kind: an address of the other one lies outside.
fn range(found: IpAddr, range: IpAddr, prefix: u8) -> bool {
    let (found, range, bits) = match (found, range) {
        (IpAddr::V4(found), IpAddr::V4(range)) => {
            (u128::from(found.to_bits()), u128::from(range.to_bits()), 32)
        }
        (IpAddr::V6(found), IpAddr::V6(range)) => (found.to_bits(), range.to_bits(), 128),
        _ => return false,
    };
    let ignored = u32::from(u8::saturating_sub(bits, prefix));
    let shift = |value: u128| value.checked_shr(ignored).unwrap_or(0);
    shift(found) == shift(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::Bench;

    /// Constraints, subject, names, and what openssl says of them.
    const CASES: [(&str, &str, &str, bool); 37] = [
        ("permitted;DNS:example.com", "/CN=a", "DNS:example.com", true),
        ("permitted;DNS:example.com", "/CN=a", "DNS:A.EXAMPLE.com", true),
        ("permitted;DNS:example.com", "/CN=a", "DNS:notexample.com", false),
        ("permitted;DNS:example.com", "/CN=a", "DNS:com", false),
        ("permitted;DNS:example.com", "/CN=a", "DNS:*.example.com", true),
        ("permitted;DNS:a.example.com", "/CN=a", "DNS:*.example.com", false),
        ("permitted;DNS:.example.com", "/CN=a", "DNS:example.com", false),
        ("permitted;DNS:.example.com", "/CN=a", "DNS:a.example.com", true),
        (
            "permitted;DNS:example.com,excluded;DNS:a.example.com",
            "/CN=a",
            "DNS:b.a.example.com",
            false,
        ),
        ("permitted;DNS:example.com,permitted;DNS:example.net", "/CN=a", "DNS:example.net", true),
        ("permitted;DNS:example.com", "/CN=a", "email:a@example.net", true),
        ("permitted;DNS:example.com", "/CN=alice", "", true),
        ("permitted;DNS:example.com", "/CN=alice.example.net", "", false),
        ("permitted;DNS:example.com", "/CN=alice.example.net", "DNS:example.com", true),
        ("permitted;DNS:example.com", "/CN=alice.example.net", "email:a@example.net", false),
        ("permitted;DNS:example.com", "/CN=-alice.example.net", "", true),
        ("permitted;IP:10.0.0.0/255.0.0.0", "/CN=a", "IP:10.255.0.1", true),
        ("permitted;IP:10.0.0.0/255.0.0.0", "/CN=a", "IP:11.0.0.1", false),
        ("permitted;IP:10.0.0.0/255.0.0.0", "/CN=a", "IP:2001:db8::1", false),
        ("excluded;IP:10.0.0.0/255.0.0.0", "/CN=a", "IP:2001:db8::1", true),
        ("excluded;IP:0.0.0.0/0.0.0.0", "/CN=a", "IP:192.0.2.1", false),
        ("permitted;email:example.com", "/CN=a", "email:a@Example.com", true),
        ("permitted;email:example.com", "/CN=a", "email:a@mail.example.com", false),
        ("permitted;email:.example.com", "/CN=a", "email:a@mail.example.com", true),
        ("permitted;email:.example.com", "/CN=a", "email:a@example.com", false),
        ("permitted;email:A@example.com", "/CN=a", "email:a@example.com", false),
        ("permitted;email:example.com", "/emailAddress=a@example.net", "", false),
        (
            "permitted;email:example.com",
            "/emailAddress=a@example.net",
            "email:a@example.com",
            false,
        ),
        ("permitted;URI:example.com", "/CN=a", "URI:spiffe://example.com/a", true),
        ("permitted;URI:example.com", "/CN=a", "URI:https://a.example.com/", false),
        ("permitted;URI:.example.com", "/CN=a", "URI:https://a.example.com:8443/x", true),
        ("permitted;URI:example.com", "/CN=a", "URI:urn:a", false),
        ("excluded;URI:example.com", "/CN=a", "URI:urn:a", false),
        ("permitted;dirName:dir", "/O=Example  Ltd/CN=a", "", true),
        ("permitted;dirName:dir", "/O=EXAMPLE ltd/OU=x/CN=a", "", true),
        ("permitted;dirName:dir", "/CN=a/O=Example Ltd", "", false),
        ("excluded;dirName:dir", "/O=Example Ltd/CN=a", "", false),
    ];

    #[test]
    fn names_are_judged_as_openssl_judges_them() {
        let bench = Bench::new();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for (constraints, subject, names, accepted) in CASES {
            let config = |extensions: &str| {
                format!(
                    "[req]\ndistinguished_name = dn\nx509_extensions = v3\n[dn]\n[dir]\nO = Example Ltd\n[v3]\n{extensions}\n"
                )
            };
            bench.write("root.cnf", config(&format!(
                "basicConstraints = critical,CA:TRUE\nsubjectKeyIdentifier = hash\nnameConstraints = critical,{constraints}"
            )));
            let alternative =
                if names.is_empty() { String::new() } else { format!("subjectAltName = {names}") };
            bench.write("leaf.cnf", config(&format!("basicConstraints = CA:FALSE\n{alternative}")));
            bench.openssl(&format!(
                "req -x509 {key} -config root.cnf -subj /CN=root -days 9 -keyout root.key -out root.pem"
            )).unwrap();
            let subject = format!(
                "req -x509 {key} -config leaf.cnf -CA root.pem -CAkey root.key -days 9 -keyout leaf.key -out leaf.pem -subj|{subject}"
            );
            let (arguments, subject) = subject.split_once('|').unwrap();
            let arguments: Vec<&str> = arguments.split_whitespace().chain([subject]).collect();
            bench.openssl_with(&arguments).unwrap();
            let verified = bench.openssl("verify -CAfile root.pem leaf.pem");
            assert_eq!(verified.is_ok(), accepted, "{constraints} {subject} {names}: {verified:?}");

            let read = |file: &str| Certificate::from_pem(&bench.read(file)).unwrap().remove(0);
            let (root, leaf) = (read("root.pem"), read("leaf.pem"));
            let found =
                violations(Names::of(&leaf, &leaf.details()), &root.name_constraints.unwrap());
            assert_eq!(found.is_empty(), accepted, "{constraints} {subject} {names}: {found:?}");
        }
    }

    #[test]
    fn a_wildcard_is_excluded_where_a_name_is_that_it_covers() {
        for (name, domain, expected) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "b.a.example.com", false),
            ("*.example.com", "example.net", false),
            ("*.example.com", "", true),
        ] {
            assert_eq!(dns(name, domain, true), expected, "{name} {domain}");
        }
        assert!(!dns("*.example.com", "a.example.com", false));
    }

    #[test]
    fn uris_are_judged_by_their_host() {
        for (text, inside) in [
            ("https://user:pass@example.com:1/x", Place::Inside),
            ("https://example.com?x@other", Place::Inside),
            ("https://EXAMPLE.com", Place::Inside),
            ("https://example.com.net", Place::Outside),
            ("https://192.0.2.1/", Place::Unknown),
            ("https://[2001:db8::1]:443/", Place::Unknown),
            ("mailto:a@example.com", Place::Unknown),
            ("file:///x", Place::Unknown),
        ] {
            assert!(uri(text, "example.com") == inside, "{text}");
        }
    }
}
