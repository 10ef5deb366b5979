//! cfssl's JSON: configurations with profiles, requests, and what its commands print.
//!
//! The forms are those of `config/config.go`, `csr/csr.go` and `cli/gencert` of cloudflare/cfssl.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::found::{Found, LeftOut, Place};
use super::reading;
use crate::inspect::reading::Passwords;
use crate::pki::name::DistinguishedName;
use crate::specification::value::Duration;
use crate::time::Seconds;

/// The profiles of a configuration by their names; the default one has none.
pub type Profiles = BTreeMap<Option<String>, Profile>;

/// How a profile has certificates made, as far as a spec can say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// How long they last.
    pub expiry: Option<Seconds>,
    /// Whether they serve servers.
    pub server: bool,
    /// Whether they serve clients.
    pub client: bool,
    /// Whether they are authorities.
    pub is_authority: bool,
}

/// A certificate that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Subject, in the order in which cfssl encodes it.
    pub subject: DistinguishedName,
    /// The common name, if there is one.
    pub common_name: String,
    /// DNS names.
    pub dns: Vec<String>,
    /// IP addresses.
    pub ip: Vec<IpAddr>,
    /// Mail addresses.
    pub email: Vec<String>,
    /// URIs.
    pub uri: Vec<String>,
    /// Algorithm of the key, in lower case.
    pub algorithm: String,
    /// Bits of the key; zero for the algorithm's own.
    pub size: u32,
    /// Whether it is to be an authority.
    pub is_authority: bool,
}

#[derive(Deserialize)]
struct Config {
    signing: Signing,
}

#[derive(Deserialize)]
struct Signing {
    default: Option<ProfileText>,
    #[serde(default)]
    profiles: BTreeMap<String, ProfileText>,
}

#[derive(Deserialize)]
struct ProfileText {
    #[serde(default)]
    expiry: String,
    #[serde(default)]
    usages: Vec<String>,
    #[serde(default)]
    ca_constraint: Constraint,
}

#[derive(Default, Deserialize)]
struct Constraint {
    #[serde(default)]
    is_ca: bool,
}

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "CN", default)]
    common_name: String,
    #[serde(default)]
    names: Vec<Name>,
    #[serde(default)]
    hosts: Vec<String>,
    key: Option<Key>,
    ca: Option<Value>,
    #[serde(default)]
    serialnumber: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct Name {
    c: String,
    st: String,
    l: String,
    o: String,
    ou: String,
    e: String,
    #[serde(rename = "SerialNumber")]
    serial_number: String,
}

#[derive(Deserialize)]
struct Key {
    algo: String,
    #[serde(default)]
    size: u32,
}

/// Reads one JSON document; `false`: it is none of cfssl's.
pub(super) fn read(
    found: &mut Found,
    place: &Place,
    text: &str,
    passwords: &dyn Passwords,
) -> bool {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else { return false };
    if value["signing"].is_object() {
        match profiles(value) {
            Ok(profiles) => found.profiles.push((place.clone(), profiles)),
            Err(why) => found.left_out.push(LeftOut::new(place, "a cfssl configuration", why)),
        }
        return true;
    }
    if value["result"].is_object() {
        value = value["result"].take();
    }
    let fields = ["cert", "certificate", "key", "private_key", "crl"];
    let printed: Vec<Zeroizing<String>> =
        fields.iter().filter_map(|field| pem(value.get_mut(*field)?)).collect();
    for text in &printed {
        reading::blocks(found, place, text.as_bytes(), passwords);
    }
    if !printed.is_empty() || value.get_mut("csr").and_then(pem).is_some() {
        return true;
    }
    if value.get("CN").is_none() && value.get("names").is_none() && value.get("hosts").is_none() {
        return false;
    }
    match serde_json::from_value(value).map_err(|error| error.to_string()).and_then(wanted) {
        Ok(wanted) => found.wanted.push((place.clone(), wanted)),
        Err(why) => found.left_out.push(LeftOut::new(place, "a cfssl request", why)),
    }
    true
}

/// Text in PEM, taken out of its value.
fn pem(value: &mut Value) -> Option<Zeroizing<String>> {
    match value {
        Value::String(text) if text.contains("-----BEGIN ") => {
            Some(Zeroizing::new(std::mem::take(text)))
        }
        _ => None,
    }
}

fn profiles(value: Value) -> Result<Profiles, String> {
    let Config { signing } = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let named = signing.profiles.into_iter().map(|(name, text)| (Some(name), text));
    let all = signing.default.map(|text| (None, text)).into_iter().chain(named);
    all.map(|(name, text)| Ok((name, profile(&text)?))).collect()
}

fn profile(text: &ProfileText) -> Result<Profile, String> {
    let has = |usage: &str| text.usages.iter().any(|known| known == usage || known == "any");
    let expiry = match text.expiry.as_str() {
        "" => None,
        expiry => Some(expiry.parse::<Duration<1>>()?.seconds()),
    };
    // A profile without usages says nothing about them.
    let open = text.usages.is_empty();
    Ok(Profile {
        expiry,
        server: open || has("server auth"),
        client: open || has("client auth"),
        is_authority: text.ca_constraint.is_ca,
    })
}

fn wanted(request: Request) -> Result<Wanted, String> {
    let Request { common_name, names, hosts, key, ca, serialnumber } = request;
    let key = key.unwrap_or(Key { algo: "ecdsa".to_owned(), size: 256 });
    let mut wanted = Wanted {
        subject: subject(&common_name, &names, &serialnumber)?,
        common_name,
        dns: Vec::new(),
        ip: Vec::new(),
        email: Vec::new(),
        uri: Vec::new(),
        algorithm: key.algo.to_ascii_lowercase(),
        size: key.size,
        is_authority: ca.is_some(),
    };
    for host in hosts.into_iter().filter(|host| !host.is_empty()) {
        if let Ok(address) = host.parse() {
            wanted.ip.push(address);
        } else if host.contains("://") {
            wanted.uri.push(host);
        } else if host.contains('@') {
            wanted.email.push(host);
        } else {
            wanted.dns.push(host.to_ascii_lowercase());
        }
    }
    Ok(wanted)
}

/// The subject in the order in which cfssl 1.6 encodes it.
fn subject(
    common_name: &str,
    names: &[Name],
    serial_number: &str,
) -> Result<DistinguishedName, String> {
    let of = |attribute: &'static str, value: fn(&Name) -> &str| {
        names.iter().map(move |name| (attribute, value(name)))
    };
    let attributes = of("C", |name| &name.c)
        .chain(of("ST", |name| &name.st))
        .chain(of("L", |name| &name.l))
        .chain(of("O", |name| &name.o))
        .chain(of("OU", |name| &name.ou))
        .chain([("CN", common_name)])
        .chain(of("serialNumber", |name| &name.serial_number))
        .chain([("serialNumber", serial_number)])
        .chain(of("emailAddress", |name| &name.e));
    DistinguishedName::from_attributes(attributes.filter(|(_, value)| !value.is_empty()))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::ReadError;
    use crate::pki::pkcs12::Password;

    struct NoPasswords;

    impl Passwords for NoPasswords {
        fn password(&self, _: &str, _: bool) -> Result<Option<Password>, ReadError> {
            Ok(None)
        }
    }

    fn read_one(text: &str) -> (bool, Found) {
        let mut found = Found::default();
        let is_cfssl = read(&mut found, &Place::of("x.json"), text, &NoPasswords);
        (is_cfssl, found)
    }

    #[test]
    fn a_request_is_read_as_cfssl_would_encode_it() {
        let (_, found) = read_one(
            r#"{"CN": "abc", "hosts": ["", "A.example.com", "::1", "spiffe://x/y", "a@b.c"],
               "key": {"algo": "rsa", "size": 2048},
               "names": [{"C": "NP", "ST": "Nepal", "L": "Lalitpur", "O": "Logpoint Nepal", "OU": "ITOps"}]}"#,
        );
        let (_, wanted) = &found.wanted[0];
        assert_eq!(
            wanted.subject.rfc2253(),
            "CN=abc,OU=ITOps,O=Logpoint Nepal,L=Lalitpur,ST=Nepal,C=NP"
        );
        assert_eq!((wanted.algorithm.as_str(), wanted.size), ("rsa", 2048));
        assert_eq!((wanted.dns.len(), wanted.ip.len()), (1, 1));
        assert_eq!((wanted.uri.len(), wanted.email.len()), (1, 1));
        assert_eq!(wanted.dns, ["a.example.com"]);
    }

    #[test]
    fn profiles_say_how_long_and_what_for() {
        let (_, found) = read_one(
            r#"{"signing": {"default": {"expiry": "168h"}, "profiles": {
               "client": {"expiry": "8760h", "usages": ["signing", "client auth"]},
               "ca": {"expiry": "43800h", "usages": ["cert sign"], "ca_constraint": {"is_ca": true}}}}}"#,
        );
        let (_, profiles) = &found.profiles[0];
        let client = &profiles[&Some("client".to_owned())];
        assert_eq!(client.expiry, Some(Seconds::days(365)));
        assert_eq!((client.client, client.server), (true, false));
        assert!(profiles[&Some("ca".to_owned())].is_authority);
        assert!(profiles[&None].server && profiles[&None].client);
    }

    #[test]
    fn other_json_is_none_of_it_and_what_is_wrong_is_listed() {
        assert!(!read_one(r#"{"name": "x"}"#).0);
        assert!(!read_one("{").0);
        let (is_cfssl, found) = read_one(r#"{"CN": 5}"#);
        assert!(is_cfssl && found.left_out.len() == 1);
        let (_, found) =
            read_one(r#"{"signing": {"profiles": {"x": {"expiry": "a year", "usages": []}}}}"#);
        assert_eq!(found.left_out.len(), 1);
    }
}
