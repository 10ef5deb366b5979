//! Distinguished names, exact to the byte: parsed from text, encoded as DER, printed as openssl and nginx print them.
/// A distinguished name (RFC 5280, section 4.1.2.4), kept as DER.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistinguishedName {
    der: Vec<u8>,
}
impl DistinguishedName {
    /// Reads RFC 4514 text (encoded in the reverse of the written order) or openssl's `/CN=a/O=b` (left to right).
    /// # Errors: one sentence that says what is wrong and what to write.
    pub fn parse(_text: &str) -> Result<Self, String> {
        todo!()
    }
    /// From DER (a RDNSequence).
    pub fn from_der(_der: &[u8]) -> Result<Self, String> {
        todo!()
    }
    /// DER of the RDNSequence.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// RFC 4514 as nginx's `$ssl_client_s_dn` prints it (RFC 2253 by OpenSSL, `XN_FLAG_RFC2253`): leaf RDN first.
    pub fn rfc2253(&self) -> String {
        todo!()
    }
    /// Values of commonName, in encoded order.
    pub fn common_names(&self) -> Vec<String> {
        todo!()
    }
    /// Whether it has no parts.
    pub fn is_empty(&self) -> bool {
        todo!()
    }
}
