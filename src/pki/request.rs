//! What a certificate is to be, before it is issued.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use super::key::{KeyKind, PublicKey};
use super::name::DistinguishedName;
use crate::diagnostic::quoted;
use crate::json::text;
use crate::time::Seconds;

/// Who holds a certificate: the name it has in the spec and in the store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// An authority, by its name under `cas`.
    Authority(String),
    /// A host, by its key under `hosts`.
    Host(String),
    /// A client, by its name under `clients`.
    Client(String),
}

impl Holder {
    /// Name in the spec.
    #[must_use]
    pub fn name(&self) -> &str {
        let (Self::Authority(name) | Self::Host(name) | Self::Client(name)) = self;
        name
    }

    /// What it is, in a word: `authority`, `host` or `client`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Authority(_) => "authority",
            Self::Host(_) => "host",
            Self::Client(_) => "client",
        }
    }

    /// Its name with the section of the spec in front, as command lines and JSON have it: `clients/alice`.
    #[must_use]
    pub fn full_name(&self) -> String {
        let section = match self {
            Self::Authority(_) => "cas",
            Self::Host(_) => "hosts",
            Self::Client(_) => "clients",
        };
        format!("{section}/{}", self.name())
    }

    /// A command of mtlsgen for these holders, between backticks, such as `mtlsgen cert renew clients/alice`; of many, for
    /// the first few.
    #[must_use]
    pub fn command<'a>(command: &str, holders: impl IntoIterator<Item = &'a Self>) -> String {
        const SHOWN: usize = 8;
        let words: Vec<String> = holders.into_iter().map(|one| quoted(&one.full_name())).collect();
        let shown = words[..words.len().min(SHOWN)].join(" ");
        match words.len().saturating_sub(SHOWN) {
            0 => format!("`mtlsgen {command} {shown}`"),
            more => format!("`mtlsgen {command} {shown}` (and {more} more likewise)"),
        }
    }
}

text!(Holder, Holder::full_name, { "pattern": "^(cas|hosts|clients)/" });

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}`", self.kind(), self.name())
    }
}

/// A holder in JSON, by each of its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Named {
    /// Whose certificate it is, as commands take it: `cas/NAME`, `hosts/NAME` or `clients/NAME`.
    pub holder: Holder,
    /// What the holder is.
    #[schemars(extend("enum" = ["authority", "host", "client"]))]
    pub kind: &'static str,
    /// Its name in the spec.
    pub name: String,
}

impl From<&Holder> for Named {
    fn from(holder: &Holder) -> Self {
        Self { holder: holder.clone(), kind: holder.kind(), name: holder.name().to_owned() }
    }
}

/// Who signs a certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Issuer {
    /// Its own key.
    SelfSigned,
    /// The authority of that name.
    Authority(String),
}

/// What a certificate is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Issuing further certificates.
    Authority {
        /// How many authorities may be below this one.
        max_path_len: u8,
        /// Whether the spec states that number, instead of leaving it to mtlsgen.
        max_path_len_is_stated: bool,
        /// Names that certificates below may have.
        name_constraints: Option<NameConstraints>,
    },
    /// TLS servers.
    Server,
    /// TLS clients.
    Client,
}

/// Name constraints (RFC 5280, section 4.2.1.10).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameConstraints {
    /// Whether the extension is critical.
    pub critical: bool,
    /// Subtrees that names must lie in.
    pub permitted: Vec<Subtree>,
    /// Subtrees that names must not lie in.
    pub excluded: Vec<Subtree>,
}

/// A subtree of names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subtree {
    /// A DNS domain and everything below it.
    Dns(String),
    /// Addresses that share the first `prefix` bits.
    Ip {
        /// Any address of the range.
        address: IpAddr,
        /// Length of the shared prefix in bits.
        prefix: u8,
    },
    /// A mail address, a host, or a domain with a leading dot.
    Email(String),
    /// A host of URIs, or a domain with a leading dot.
    Uri(String),
    /// A directory name and everything below it.
    Directory(DistinguishedName),
    /// Something that is not judged here, in words.
    Other(String),
}

/// Names of a certificate (subjectAltName), each kind sorted and without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlternativeNames {
    /// DNS names, lower case, possibly with a leading `*.`.
    pub dns: Vec<String>,
    /// IP addresses.
    pub ip: Vec<IpAddr>,
    /// Mail addresses.
    pub email: Vec<String>,
    /// URIs.
    pub uri: Vec<String>,
}

impl AlternativeNames {
    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dns.is_empty() && self.ip.is_empty() && self.email.is_empty() && self.uri.is_empty()
    }
}

/// A serial number: big-endian magnitude without leading zeros, 1 to 20 octets, positive. One below zero, which RFC
/// 5280 forbids and some authorities gave all the same, has its magnitude behind an octet 0, so that it equals no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber(pub Vec<u8>);

impl SerialNumber {
    /// The number that the content of a DER INTEGER encodes, with its sign.
    #[must_use]
    pub fn from_integer(octets: &[u8]) -> Self {
        if octets.first().is_none_or(|octet| octet & 0x80 == 0) {
            return Self::from_encoded(octets);
        }
        // Two's complement: what is missing to the next power of 256.
        let mut carry = true;
        let mut magnitude: Vec<u8> = octets
            .iter()
            .rev()
            .map(|octet| {
                let (flipped, next) = (!octet).overflowing_add(u8::from(carry));
                carry = next;
                flipped
            })
            .collect();
        magnitude.reverse();
        let Self(magnitude) = Self::from_encoded(&magnitude);
        Self([vec![0], magnitude].concat())
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        matches!(self.0.as_slice(), [0, _, ..])
    }

    /// The number of this magnitude, without its leading zeros.
    #[must_use]
    pub fn from_encoded(octets: &[u8]) -> Self {
        let leading = octets.iter().take_while(|octet| **octet == 0).count();
        Self(octets[leading.min(octets.len().saturating_sub(1))..].to_vec())
    }

    /// Reads hexadecimal digits as openssl prints them, of either case, also with `0x` before them or colons
    /// between the octets.
    #[must_use]
    pub fn from_hexadecimal(text: &str) -> Option<Self> {
        let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let digits: Vec<u8> = if text.contains(':') {
            let pairs = text.split(':').all(|pair| pair.len() == 2);
            pairs.then(|| text.bytes().filter(|byte| *byte != b':').collect())?
        } else {
            text.bytes().collect()
        };
        let digits =
            if digits.len().is_multiple_of(2) { digits } else { [&b"0"[..], &digits].concat() };
        let octet = |pair: &[u8]| {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
            Some(digit(pair[0])? << 4 | digit(pair[1])?)
        };
        let octets: Option<Vec<u8>> = digits.chunks(2).map(octet).collect();
        let serial = Self::from_encoded(&octets?);
        ((1..=20).contains(&serial.0.len()) && serial.0[0] != 0).then_some(serial)
    }
}

text!(SerialNumber, SerialNumber::to_string, { "pattern": "^-?[0-9A-F]+$" });

impl std::fmt::Display for SerialNumber {
    /// Upper-case hexadecimal without separators, as `openssl x509 -serial` prints it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let magnitude = match self.0.as_slice() {
            [0, magnitude @ ..] if !magnitude.is_empty() => {
                f.write_str("-")?;
                magnitude
            }
            magnitude => magnitude,
        };
        magnitude.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

/// Everything that the spec says of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// Who will hold it.
    pub holder: Holder,
    /// Its issuer.
    pub issuer: Issuer,
    /// What it is for.
    pub usage: Usage,
    /// Subject.
    pub subject: DistinguishedName,
    /// Names.
    pub names: AlternativeNames,
    /// Kind of key.
    pub key_kind: KeyKind,
    /// The key, where its owner has it and sent a signing request; else mtlsgen makes one.
    pub public_key: Option<PublicKey>,
    /// Validity.
    pub duration: Seconds,
    /// How long before its end it is renewed.
    pub renew_before: Seconds,
    /// Serial of the first issue; random if absent.
    pub serial: Option<SerialNumber>,
}

#[cfg(test)]
mod tests {
    use super::SerialNumber;

    #[test]
    fn serials_below_zero_have_their_sign_and_equal_no_other() {
        for (octets, text) in [
            (&[0xff][..], "-01"),
            (&[0x00, 0xff], "FF"),
            (&[0x80], "-80"),
            (&[0x00, 0x80], "80"),
            (&[0xfe, 0xff], "-0101"),
            (&[0xff, 0x00], "-0100"),
            (&[0x00], "00"),
            (&[0x01], "01"),
        ] {
            let serial = SerialNumber::from_integer(octets);
            assert_eq!(serial.to_string(), text);
            assert_eq!(serial.is_negative(), text.starts_with('-'));
        }
    }
}
