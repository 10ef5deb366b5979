//! Base64, as programs of Go and PEM write it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Base64 with padding or without.
pub const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The octets of a text in base64 with padding, wiped in the end. Line ends are passed over, as Go's `encoding/base64` and so
/// the API server does. `None` if it is not base64.
#[must_use]
pub fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_end = |octet: &u8| matches!(octet, b'\n' | b'\r');
    let octets = if text.iter().any(is_end) {
        let mut joined = Zeroizing::new(Vec::with_capacity(text.len()));
        joined.extend(text.iter().filter(|octet| !is_end(octet)));
        STANDARD.decode(&*joined)
    } else {
        STANDARD.decode(text)
    };
    octets.ok().map(Zeroizing::new)
}
