//! URIs that Go takes in a subjectAltName: what `url.Parse` of `net/url` takes, with a host that is a domain.

use std::net::Ipv6Addr;

use super::names::is_domain;

/// Why Go does not take it; `None` if it does.
pub(super) fn problem(uri: &[u8]) -> Option<&'static str> {
    match host(uri) {
        None => Some("cannot parse URI"),
        Some(host) => (!host.is_empty() && !is_domain(&host, false)).then_some("invalid domain"),
    }
}

/// The host of a URI; empty where there is none, `None` where it cannot be read.
fn host(uri: &[u8]) -> Option<Vec<u8>> {
    let (uri, fragment) = cut(uri, b'#');
    if uri.iter().any(|octet| *octet < b' ' || *octet == 0x7f) {
        return None;
    }
    let (scheme, rest) = scheme(uri)?;
    let (rest, _) = cut(rest, b'?');
    let (host, path) = match (rest.strip_prefix(b"//"), scheme) {
        // Opaque.
        (None, Some(_)) if !rest.starts_with(b"/") => (Vec::new(), &b""[..]),
        (Some(authority), scheme) if scheme.is_some() || !rest.starts_with(b"///") => {
            let end = authority.iter().position(|octet| *octet == b'/').unwrap_or(authority.len());
            let (authority, path) = authority.split_at(end);
            (of_authority(scheme, authority)?, path)
        }
        (None, None) if cut(rest, b'/').0.contains(&b':') => return None,
        _ => (Vec::new(), rest),
    };
    unescaped(path, Part::Other)?;
    unescaped(fragment, Part::Other)?;
    Some(host)
}

fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    let found = text.iter().position(|octet| *octet == at);
    found.map_or((text, &[]), |at| (&text[..at], &text[at + 1..]))
}

/// The scheme, if there is one, and what follows it.
fn scheme(uri: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let is_of_scheme = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
    let end = uri.iter().position(|octet| !is_of_scheme(octet));
    match (uri.first(), end) {
        (Some(b':'), _) => None,
        (Some(first), Some(end)) if first.is_ascii_alphabetic() && uri[end] == b':' => {
            Some((Some(&uri[..end]), &uri[end + 1..]))
        }
        _ => Some((None, uri)),
    }
}

fn of_authority(scheme: Option<&[u8]>, authority: &[u8]) -> Option<Vec<u8>> {
    let Some(at) = authority.iter().rposition(|octet| *octet == b'@') else {
        return of_host(scheme, authority);
    };
    let user = &authority[..at];
    let is_of_user =
        |octet: &u8| octet.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(octet);
    let (name, password) = cut(user, b':');
    unescaped(name, Part::Other)?;
    unescaped(password, Part::Other)?;
    of_host(scheme, &authority[at + 1..]).filter(|_| user.iter().all(is_of_user))
}

/// `parseHost`.
fn of_host(scheme: Option<&[u8]>, host: &[u8]) -> Option<Vec<u8>> {
    let is_port = |text: &[u8]| match text.split_first() {
        None => true,
        Some((colon, digits)) => *colon == b':' && digits.iter().all(u8::is_ascii_digit),
    };
    match host.iter().rposition(|octet| *octet == b'[') {
        Some(0) => {
            let end = host.iter().rposition(|octet| *octet == b']')?;
            let address = of_brackets(&host[1..end])?;
            is_port(&host[end + 1..]).then(|| [b"[", &address[..], &host[end..]].concat())
        }
        Some(_) => None,
        None => {
            let is_web = scheme.is_some_and(|scheme| {
                scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https")
            });
            let is_colon = |octet: &u8| *octet == b':';
            let colon = if is_web {
                host.iter().position(is_colon)
            } else {
                host.iter().rposition(is_colon)
            };
            colon
                .is_none_or(|colon| is_port(&host[colon..]))
                .then(|| unescaped(host, Part::Host))?
        }
    }
}

/// An IPv6 address, which may have a zone.
fn of_brackets(text: &[u8]) -> Option<Vec<u8>> {
    let zone = text.windows(3).position(|three| three == b"%25");
    let (address, zone) = text.split_at(zone.unwrap_or(text.len()));
    let (address, zone) = (unescaped(address, Part::Host)?, unescaped(zone, Part::Zone)?);
    let is_address =
        std::str::from_utf8(&address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok());
    (is_address && zone.len() != 1).then(|| [address, zone].concat())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// The text once `%XX` is replaced; `None` where that is not allowed (`unescape`).
fn unescaped(text: &[u8], part: Part) -> Option<Vec<u8>> {
    let is_of_host =
        |octet: u8| octet.is_ascii_alphanumeric() || b"!\"$&'()*+,-.:;<=>[]_~".contains(&octet);
    let (mut found, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((&octet, behind)) = rest.split_first() {
        if octet != b'%' {
            if part != Part::Other && octet.is_ascii() && !is_of_host(octet) {
                return None;
            }
            found.push(octet);
            rest = behind;
            continue;
        }
        let (digits, behind) = behind.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits)
            .ok()
            .filter(|two| two.bytes().all(|one| one.is_ascii_hexdigit()))?;
        let value = u8::from_str_radix(digits, 16).ok()?;
        let is_allowed = match part {
            Part::Host => value >= 0x80 || value == b'%',
            Part::Zone => value == b'%' || value == b' ' || is_of_host(value),
            Part::Other => true,
        };
        if !is_allowed {
            return None;
        }
        found.push(value);
        rest = behind;
    }
    Some(found)
}
