//! The types of attributes that names are made of: what they are called, how their values are
//! encoded and how long they may be.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::{Decode, Tag};

use super::NameError;
use crate::diagnostic::nearest;

/// How the value of an attribute is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    /// `DirectoryString`, as `UTF8String` (RFC 5280, section 4.1.2.4).
    Directory,
    /// `PrintableString`.
    Printable,
    /// `PrintableString` of two letters (ISO 3166).
    Country,
    /// `IA5String`: ASCII.
    Ia5,
}

/// A type of attribute, as OpenSSL knows it.
#[derive(Debug)]
pub(super) struct AttributeType {
    /// Object identifier with dots.
    oid: &'static str,
    /// OpenSSL's short name, which RFC 2253 output carries.
    pub(super) short_name: &'static str,
    /// What users may write for it, in any case; the first is what messages call it. Empty for
    /// types whose values are not text.
    keywords: &'static [&'static str],
    syntax: Syntax,
    /// Upper bound of the value's length in characters (RFC 5280, appendix A; X.520 for the rest).
    max: usize,
}

const fn text(
    oid: &'static str,
    short_name: &'static str,
    keywords: &'static [&'static str],
    syntax: Syntax,
    max: usize,
) -> AttributeType {
    AttributeType { oid, short_name, keywords, syntax, max }
}

/// A type that is printed but cannot be written by its name.
const fn other(oid: &'static str, short_name: &'static str) -> AttributeType {
    AttributeType { oid, short_name, keywords: &[], syntax: Syntax::Directory, max: UNBOUNDED }
}

const UNBOUNDED: usize = usize::MAX;
/// `ub-name` of RFC 5280.
const UB_NAME: usize = 32_768;

use Syntax::{Country, Directory, Ia5, Printable};

/// Every attribute type that OpenSSL has a short name for.
static TYPES: &[AttributeType] = &[
    text("2.5.4.3", "CN", &["CN", "commonName"], Directory, 64),
    text("2.5.4.4", "SN", &["SN", "surname"], Directory, UB_NAME),
    text("2.5.4.5", "serialNumber", &["serialNumber"], Printable, 64),
    text("2.5.4.6", "C", &["C", "countryName"], Country, 2),
    text("2.5.4.7", "L", &["L", "localityName"], Directory, 128),
    text("2.5.4.8", "ST", &["ST", "S", "SP", "stateOrProvinceName"], Directory, 128),
    text("2.5.4.9", "street", &["STREET", "streetAddress"], Directory, 128),
    text("2.5.4.10", "O", &["O", "organizationName"], Directory, 64),
    text("2.5.4.11", "OU", &["OU", "organizationalUnitName"], Directory, 64),
    text("2.5.4.12", "title", &["title", "T"], Directory, 64),
    text("2.5.4.13", "description", &["description"], Directory, 1024),
    text("2.5.4.15", "businessCategory", &["businessCategory"], Directory, 128),
    text("2.5.4.17", "postalCode", &["postalCode"], Directory, 40),
    text("2.5.4.18", "postOfficeBox", &["postOfficeBox"], Directory, 40),
    text("2.5.4.20", "telephoneNumber", &["telephoneNumber"], Printable, 32),
    text("2.5.4.41", "name", &["name"], Directory, UB_NAME),
    text("2.5.4.42", "GN", &["GN", "G", "givenName"], Directory, UB_NAME),
    text("2.5.4.43", "initials", &["initials"], Directory, UB_NAME),
    text("2.5.4.44", "generationQualifier", &["generationQualifier"], Directory, UB_NAME),
    text("2.5.4.46", "dnQualifier", &["dnQualifier"], Printable, UNBOUNDED),
    text("2.5.4.65", "pseudonym", &["pseudonym"], Directory, 128),
    text("2.5.4.97", "organizationIdentifier", &["organizationIdentifier"], Directory, UNBOUNDED),
    text("0.9.2342.19200300.100.1.1", "UID", &["UID", "userId"], Directory, 256),
    text("0.9.2342.19200300.100.1.25", "DC", &["DC", "domainComponent"], Ia5, UNBOUNDED),
    text("1.2.840.113549.1.9.1", "emailAddress", &["emailAddress", "E", "email"], Ia5, 255),
    text("1.2.840.113549.1.9.2", "unstructuredName", &["unstructuredName"], Directory, 255),
    text("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", &["jurisdictionL"], Directory, 128),
    text("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", &["jurisdictionST"], Directory, 128),
    text("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", &["jurisdictionC"], Country, 2),
    other("2.5.4.14", "searchGuide"),
    other("2.5.4.16", "postalAddress"),
    other("2.5.4.19", "physicalDeliveryOfficeName"),
    other("2.5.4.21", "telexNumber"),
    other("2.5.4.22", "teletexTerminalIdentifier"),
    other("2.5.4.23", "facsimileTelephoneNumber"),
    other("2.5.4.24", "x121Address"),
    other("2.5.4.25", "internationaliSDNNumber"),
    other("2.5.4.26", "registeredAddress"),
    other("2.5.4.27", "destinationIndicator"),
    other("2.5.4.28", "preferredDeliveryMethod"),
    other("2.5.4.29", "presentationAddress"),
    other("2.5.4.30", "supportedApplicationContext"),
    other("2.5.4.31", "member"),
    other("2.5.4.32", "owner"),
    other("2.5.4.33", "roleOccupant"),
    other("2.5.4.34", "seeAlso"),
    other("2.5.4.35", "userPassword"),
    other("2.5.4.36", "userCertificate"),
    other("2.5.4.37", "cACertificate"),
    other("2.5.4.38", "authorityRevocationList"),
    other("2.5.4.39", "certificateRevocationList"),
    other("2.5.4.40", "crossCertificatePair"),
    other("2.5.4.45", "x500UniqueIdentifier"),
    other("2.5.4.47", "enhancedSearchGuide"),
    other("2.5.4.48", "protocolInformation"),
    other("2.5.4.49", "distinguishedName"),
    other("2.5.4.50", "uniqueMember"),
    other("2.5.4.51", "houseIdentifier"),
    other("2.5.4.52", "supportedAlgorithms"),
    other("2.5.4.53", "deltaRevocationList"),
    other("2.5.4.54", "dmdName"),
    other("2.5.4.72", "role"),
    other("2.5.4.98", "c3"),
    other("2.5.4.99", "n3"),
    other("2.5.4.100", "dnsName"),
    other("0.9.2342.19200300.100.1.2", "textEncodedORAddress"),
    other("0.9.2342.19200300.100.1.3", "mail"),
    other("0.9.2342.19200300.100.1.4", "info"),
    other("0.9.2342.19200300.100.1.5", "favouriteDrink"),
    other("0.9.2342.19200300.100.1.6", "roomNumber"),
    other("0.9.2342.19200300.100.1.8", "userClass"),
    other("0.9.2342.19200300.100.1.9", "host"),
    other("0.9.2342.19200300.100.1.10", "manager"),
    other("0.9.2342.19200300.100.1.20", "homeTelephoneNumber"),
    other("0.9.2342.19200300.100.1.37", "associatedDomain"),
    other("0.9.2342.19200300.100.1.38", "associatedName"),
    other("0.9.2342.19200300.100.1.40", "personalTitle"),
    other("0.9.2342.19200300.100.1.41", "mobileTelephoneNumber"),
    other("0.9.2342.19200300.100.1.43", "friendlyCountryName"),
    other("0.9.2342.19200300.100.1.44", "uid"),
    other("0.9.2342.19200300.100.1.45", "organizationalStatus"),
    other("0.9.2342.19200300.100.1.48", "buildingName"),
    other("1.2.840.113549.1.9.7", "challengePassword"),
    other("1.2.840.113549.1.9.8", "unstructuredAddress"),
    other("1.2.840.113549.1.9.20", "friendlyName"),
    other("1.2.643.100.1", "OGRN"),
    other("1.2.643.100.3", "SNILS"),
    other("1.2.643.3.131.1.1", "INN"),
    other("1.3.6.1.4.1.311.20.2.3", "msUPN"),
];

/// OpenSSL's short name of the attribute type with this dotted object identifier.
pub(super) fn short_name(oid: &str) -> Option<&'static str> {
    TYPES.iter().find(|kind| kind.oid == oid).map(|kind| kind.short_name)
}

/// Encodes one attribute from its written name (a keyword or a dotted OID) and its value.
pub(super) fn encode(name: &str, value: &str) -> Result<AttributeTypeAndValue, NameError> {
    if value.is_empty() {
        return Err(NameError::new(
            format!("`{name}` has no value"),
            format!("write `{name}=value`, or leave `{name}` out"),
        ));
    }
    if value.contains('\0') {
        return Err(NameError::new(
            format!("the value of `{name}` contains the character NUL"),
            "leave it out: some readers stop at it, so one name looks like another",
        ));
    }
    if let Some(kind) = TYPES.iter().find(|kind| kind.is_called(name)) {
        return kind.encode(value);
    }
    let (oid, syntax) = dotted(name)?;
    atav(oid, syntax, value)
}

/// Checks the value of an attribute as [`encode`] does.
pub(super) fn check(oid: &str, value: &str) -> Result<(), NameError> {
    let written = TYPES.iter().find(|kind| kind.oid == oid).and_then(|kind| kind.keywords.first());
    encode(written.unwrap_or(&oid), value).map(drop)
}

/// Encodes one attribute whose value is given as DER (`2.5.4.3=#0C0161`).
pub(super) fn encode_der(name: &str, der: &[u8]) -> Result<AttributeTypeAndValue, NameError> {
    let oid = match TYPES.iter().find(|kind| kind.is_called(name)) {
        Some(kind) => kind.object_identifier()?,
        None => dotted(name)?.0,
    };
    let value = Any::from_der(der).map_err(|error| {
        NameError::new(
            format!("the hexadecimal value of `{name}` is not DER ({error})"),
            "write the value's tag, length and content in hexadecimal, or `\\#` for a value that starts with `#`",
        )
    })?;
    Ok(AttributeTypeAndValue { oid, value })
}

impl AttributeType {
    fn is_called(&self, name: &str) -> bool {
        self.keywords.iter().any(|keyword| keyword.eq_ignore_ascii_case(name))
    }

    fn object_identifier(&self) -> Result<ObjectIdentifier, NameError> {
        object_identifier(self.oid)
    }

    fn encode(&self, value: &str) -> Result<AttributeTypeAndValue, NameError> {
        let name = self.keywords[0];
        if self.syntax == Country && !is_country(value) {
            return Err(NameError::new(
                format!("`{name}` is `{value}`, which is not a country code of two letters"),
                format!("write `{name}=GB`, for example"),
            ));
        }
        let length = value.chars().count();
        if length > self.max {
            return Err(NameError::new(
                format!("`{name}` is {length} characters long, {} at most are allowed", self.max),
                "write a shorter value (RFC 5280, appendix A, sets the limit)",
            ));
        }
        atav(self.object_identifier()?, self.syntax, value)
    }
}

fn is_country(value: &str) -> bool {
    value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The object identifier that `name` spells with dots, and how its values are encoded.
fn dotted(name: &str) -> Result<(ObjectIdentifier, Syntax), NameError> {
    let digits = name.strip_prefix("OID.").or_else(|| name.strip_prefix("oid.")).unwrap_or(name);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(unknown(name));
    }
    let syntax = TYPES.iter().find(|kind| kind.oid == digits).map_or(Directory, |kind| kind.syntax);
    Ok((object_identifier(digits)?, syntax))
}

fn object_identifier(digits: &str) -> Result<ObjectIdentifier, NameError> {
    ObjectIdentifier::new(digits).map_err(|_| {
        NameError::new(
            format!("`{digits}` is not an object identifier"),
            "write numbers with dots between them, such as `2.5.4.3`",
        )
    })
}

fn unknown(name: &str) -> NameError {
    let keywords = TYPES.iter().flat_map(|kind| kind.keywords.iter().copied());
    // Everything is near to one or two letters.
    let near = nearest(name, keywords).filter(|_| name.len() > 2);
    let help = match near {
        Some(keyword) => format!("write `{keyword}`"),
        None => "write one of `CN`, `O`, `OU`, `C`, `ST`, `L`, `STREET`, `postalCode`, `DC`, `UID`, `emailAddress`, \
                 `serialNumber`, or the attribute's object identifier with dots"
            .to_owned(),
    };
    NameError::new(format!("unknown attribute `{name}` in a subject"), help)
}

/// Encodes `value` for `oid` after checking its characters.
fn atav(
    oid: ObjectIdentifier,
    syntax: Syntax,
    value: &str,
) -> Result<AttributeTypeAndValue, NameError> {
    let (tag, allowed): (Tag, fn(char) -> bool) = match syntax {
        Directory => (Tag::Utf8String, |_| true),
        Printable | Country => (Tag::PrintableString, is_printable),
        Ia5 => (Tag::Ia5String, |c| c.is_ascii()),
    };
    if let Some(wrong) = value.chars().find(|c| !allowed(*c)) {
        return Err(not_allowed(&oid.to_string(), wrong, syntax));
    }
    let value = Any::new(tag, value.as_bytes()).map_err(|error| {
        NameError::new(format!("a value cannot be encoded ({error})"), "write a shorter value")
    })?;
    Ok(AttributeTypeAndValue { oid, value })
}

fn not_allowed(oid: &str, wrong: char, syntax: Syntax) -> NameError {
    let name = short_name(oid).unwrap_or(oid);
    let help = match syntax {
        Ia5 if name == "DC" => "write the domain in ASCII, in its `xn--` form if need be",
        Ia5 => "write ASCII characters only",
        _ => "write only letters, digits, blanks and `'()+,-./:=?`",
    };
    NameError::new(format!("`{name}` may not contain `{}`", wrong.escape_default()), help)
}

/// Characters of a `PrintableString` (X.680, section 41.4).
fn is_printable(c: char) -> bool {
    c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c)
}

/// Object identifier and short name of every type.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.iter().map(|kind| (kind.oid, kind.short_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_are_unique() {
        for (index, kind) in TYPES.iter().enumerate() {
            assert!(ObjectIdentifier::new(kind.oid).is_ok(), "{}", kind.oid);
            for later in &TYPES[index + 1..] {
                assert_ne!(kind.oid, later.oid);
                for keyword in kind.keywords {
                    assert!(!later.is_called(keyword), "{keyword} is taken twice");
                }
            }
        }
    }
}
