//! Distinguished names, exact to the byte: parsed from text, encoded as DER, printed as openssl and
//! nginx print them.

mod attribute;
mod fold;
mod parse;
mod print;
#[cfg(test)]
mod tests;

use std::fmt;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::Encode;
use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
use x509_parser::asn1_rs::{Any, FromDer, Oid};

use super::object_identifier;

/// Attributes of one relative distinguished name, in any order.
type Rdn = Vec<AttributeTypeAndValue>;

/// A distinguished name (RFC 5280, section 4.1.2.4), kept as the DER of its `RDNSequence`: two
/// names are equal if their bytes are. Verifiers go by [`DistinguishedName::matches`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName {
    der: Vec<u8>,
}

/// One attribute of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Type, with dots.
    pub oid: String,
    /// OpenSSL's short name of the type, such as `CN`.
    pub short_name: Option<&'static str>,
    /// Value; what is not text is written as `#` and the hexadecimal digits of its DER.
    pub value: String,
}

/// What is wrong with a written name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError {
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub help: String,
}

impl NameError {
    fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: help.into() }
    }
}

impl fmt::Display for NameError {
    /// One line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem, self.help)
    }
}

impl std::error::Error for NameError {}

impl DistinguishedName {
    /// Reads RFC 4514 text (encoded in the reverse of the written order) or openssl's `/CN=a/O=b`
    /// (left to right).
    ///
    /// # Errors
    /// One line that says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|error| error.to_string())
    }

    /// Does what [`DistinguishedName::parse`] does, and keeps problem and help apart.
    ///
    /// # Errors
    /// What is wrong and what to write.
    pub fn read(text: &str) -> Result<Self, NameError> {
        Self::from_rdns(parse::parse(text)?)
    }

    /// Encodes attributes, each as an RDN of its own, in the given order; names as in text (`CN`,
    /// `O`, `2.5.4.3`).
    ///
    /// # Errors
    /// What is wrong and what to write.
    pub fn from_attributes<'a>(
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, NameError> {
        let rdns = attributes
            .into_iter()
            .map(|(name, value)| Ok(vec![attribute::encode(name, value)?]))
            .collect::<Result<_, NameError>>()?;
        Self::from_rdns(rdns)
    }

    fn from_rdns(rdns: Vec<Rdn>) -> Result<Self, NameError> {
        let encoded = rdns
            .into_iter()
            .map(RelativeDistinguishedName::try_from)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|rdns| RdnSequence::from(rdns).to_der());
        encoded.map(|der| Self { der }).map_err(|error| {
            NameError::new(
                format!("the subject cannot be encoded ({error})"),
                "write shorter values",
            )
        })
    }

    /// Takes the DER of an `RDNSequence` as it is, with any attributes and encodings.
    ///
    /// # Errors
    /// One line that says why it is not a name.
    pub fn from_der(der: &[u8]) -> Result<Self, String> {
        match rdns(der) {
            Ok(_) => Ok(Self { der: der.to_vec() }),
            Err(error) => Err(format!("not the DER of a name ({error})")),
        }
    }

    /// Returns the DER of the `RDNSequence`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Prints the name as nginx's `$ssl_client_s_dn` has it (OpenSSL's `XN_FLAG_RFC2253`): last RDN
    /// first.
    pub fn rfc2253(&self) -> String {
        print::rfc2253(&self.parsed())
    }

    /// Lists all attributes in encoded order.
    pub fn attributes(&self) -> Vec<Attribute> {
        self.parsed().iter().flatten().map(Attribute::from).collect()
    }

    /// Lists the values of commonName in encoded order.
    pub fn common_names(&self) -> Vec<String> {
        let attributes = self.attributes().into_iter();
        attributes.filter(|a| a.short_name == Some("CN")).map(|a| a.value).collect()
    }

    /// Returns whether OpenSSL takes both for the same name (`X509_NAME_cmp`): case, runs of blanks, and the types of
    /// strings do not matter (RFC 5280, section 7.1).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self == other || self.folded() == other.folded()
    }

    /// What is the same for names that match: to look them up by.
    #[must_use]
    pub fn folded(&self) -> Vec<Vec<u8>> {
        fold::name(&self.parsed())
    }

    /// Returns whether its first parts are those of `base`, by the same rules.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        self.folded().starts_with(&base.folded())
    }

    /// Checks the attributes of a name that others encoded as those of a written one are:
    /// lengths, characters, no NUL.
    ///
    /// # Errors
    /// What is wrong with the first of them, and what to write.
    pub fn check(&self) -> Result<(), NameError> {
        self.attributes().iter().try_for_each(|a| attribute::check(&a.oid, &a.value))
    }

    /// Returns whether `other` has the same attributes with the same texts in the same order, regardless of the string
    /// types: what openssl writes as `UTF8String`, Go writes as `PrintableString`.
    pub fn reads_as(&self, other: &Self) -> bool {
        self == other || self.texts() == other.texts()
    }

    /// Type and text of each attribute; the members of one RDN have no order.
    fn texts(&self) -> Vec<Vec<(String, String)>> {
        let texts = |rdn: &Vec<Parsed<'_>>| {
            let mut texts: Vec<_> =
                rdn.iter().map(Attribute::from).map(|a| (a.oid, a.value)).collect();
            texts.sort();
            texts
        };
        self.parsed().iter().map(texts).collect()
    }

    /// Returns whether it has no attributes.
    pub fn is_empty(&self) -> bool {
        self.der == [0x30, 0x00]
    }

    fn parsed(&self) -> Vec<Vec<Parsed<'_>>> {
        rdns(&self.der).expect("every constructor encodes a name or has read these bytes as one")
    }
}

/// Type and value of an attribute as in the DER.
struct Parsed<'a> {
    oid: Oid<'a>,
    value: Any<'a>,
}

impl From<&Parsed<'_>> for Attribute {
    fn from(Parsed { oid, value }: &Parsed<'_>) -> Self {
        let oid = object_identifier::dotted(oid);
        let text = print::text(value).and_then(|text| String::from_utf8(text.concat()).ok());
        Self {
            short_name: attribute::short_name(&oid),
            oid,
            value: text.unwrap_or_else(|| print::dump(value)),
        }
    }
}

/// Takes an `RDNSequence` apart.
fn rdns(der: &[u8]) -> Result<Vec<Vec<Parsed<'_>>>, String> {
    let [name] = &elements(der)?[..] else {
        return Err("there is not one RDNSequence".to_owned());
    };
    let sets = elements(content(name, SEQUENCE)?)?;
    sets.iter()
        .map(|set| {
            elements(content(set, SET)?)?
                .iter()
                .map(|pair| parsed(content(pair, SEQUENCE)?))
                .collect()
        })
        .collect()
}

fn parsed(pair: &[u8]) -> Result<Parsed<'_>, String> {
    let (value, oid) = Oid::from_der(pair).map_err(|_| CUT_OFF.to_owned())?;
    match <[Any<'_>; 1]>::try_from(elements(value)?) {
        Ok([value]) => Ok(Parsed { oid, value }),
        Err(values) => Err(format!("an attribute has {} values", values.len())),
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

const CUT_OFF: &str = "a part of it is cut off, or damaged";

/// The elements that fill `der` to its end.
fn elements(mut der: &[u8]) -> Result<Vec<Any<'_>>, String> {
    let mut elements = Vec::new();
    while !der.is_empty() {
        let (rest, element) = Any::from_der(der).map_err(|_| CUT_OFF.to_owned())?;
        elements.push(element);
        der = rest;
    }
    Ok(elements)
}

/// The content of an element of this tag.
fn content<'a>(element: &Any<'a>, tag: u8) -> Result<&'a [u8], String> {
    let header = &element.header;
    let found = u32::from(header.class() as u8) << 6
        | u32::from(header.is_constructed()) << 5
        | header.tag().0;
    if found == u32::from(tag) {
        Ok(element.data)
    } else {
        Err(format!("a tag is {found:#04x}, not {tag:#04x}"))
    }
}

impl Default for DistinguishedName {
    /// The name without attributes.
    fn default() -> Self {
        Self { der: vec![0x30, 0x00] }
    }
}

impl fmt::Display for DistinguishedName {
    /// As [`DistinguishedName::rfc2253`] prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc2253())
    }
}
