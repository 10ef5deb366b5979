//! Where an ingress is reached: a host or IP address, and a port.

use std::net::{IpAddr, Ipv6Addr};

/// The address of an ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

/// Reads `203.0.113.1`, `2001:db8::1`, `[2001:db8::1]:8443`, `lb.example.com` or `lb.example.com:8443`.
///
/// # Errors
/// It is none of these.
pub fn address(text: &str) -> Result<Address, String> {
    if let Ok(ip) = text.parse() {
        return Ok(Address { host: Host::Ip(ip), port: None });
    }
    let wrong = || {
        "write a host or IP address, and a port behind it if it is not 443: `lb.example.com:8443`, `[2001:db8::1]:8443`".to_owned()
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = port.map(|port| port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong));
    let port = port.transpose()?;
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bracketed {
        Some(host) => Host::Ip(host.parse::<Ipv6Addr>().map_err(|_| wrong())?.into()),
        None => match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(ip)) => Host::Ip(ip.into()),
            Err(_) if is_name(host) => Host::Name(host.to_owned()),
            // Without brackets, it is not known where the port of an IPv6 address begins.
            _ => return Err(wrong()),
        },
    };
    Ok(Address { host, port })
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

impl Address {
    /// What makes curl go there for `host`: the flag and its value.
    pub fn for_curl(&self, host: &str) -> (&'static str, String) {
        let Self { host: there, port } = self;
        let there = match there {
            Host::Ip(IpAddr::V6(ip)) => format!("[{ip}]"),
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        };
        match (port, &self.host) {
            (None, Host::Ip(_)) => ("--resolve", format!("{host}:443:{there}")),
            // `--resolve` takes neither a name nor another port.
            (port, _) => ("--connect-to", format!("{host}:443:{there}:{}", port.unwrap_or(443))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_addresses_are_read() {
        for (text, flag, value) in [
            ("203.0.113.1", "--resolve", "h:443:203.0.113.1"),
            ("2001:db8::1", "--resolve", "h:443:[2001:db8::1]"),
            ("[2001:db8::1]", "--resolve", "h:443:[2001:db8::1]"),
            ("203.0.113.1:8443", "--connect-to", "h:443:203.0.113.1:8443"),
            ("[::1]:8443", "--connect-to", "h:443:[::1]:8443"),
            ("localhost", "--connect-to", "h:443:localhost:443"),
            ("lb.example.com:8443", "--connect-to", "h:443:lb.example.com:8443"),
        ] {
            assert_eq!(address(text).unwrap().for_curl("h"), (flag, value.to_owned()), "{text}");
        }
        for text in [
            "",
            ":",
            "a:",
            "a:b",
            "a:0",
            "a:65536",
            "-x",
            "a b",
            "https://a",
            "[::1",
            "[a]:1",
            "a..b",
            "'",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
