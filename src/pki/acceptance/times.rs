//! Times as they are written: Go and OpenSSL take fewer forms than they might.

use super::input::{Input, tag};
use super::{Refusal, refused};

/// Whether Go reads it (`ReadASN1UTCTime`, `ReadASN1GeneralizedTime`): without fractions of seconds, and with a zone.
pub(super) fn is_read_by_go(kind: u8, text: &[u8]) -> bool {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let is_zone = match &text[digits..] {
        b"Z" => true,
        [b'+' | b'-', offset @ ..] => {
            offset.len() == 4 && offset.iter().all(u8::is_ascii_digit) && offset != b"0000"
        }
        _ => false,
    };
    let is_whole = match kind {
        tag::UTC_TIME => matches!(digits, 10 | 12),
        tag::GENERALIZED_TIME => digits == 14,
        _ => false,
    };
    is_zone && is_whole
}

/// Whether OpenSSL compares it (`X509_cmp_time`): with seconds, and in UTC.
fn is_compared_by_openssl((kind, Input(text)): (u8, Input<'_>)) -> bool {
    let digits = if kind == tag::UTC_TIME { 12 } else { 14 };
    let form = text.split_last();
    form.is_some_and(|(zone, rest)| {
        *zone == b'Z' && rest.len() == digits && rest.iter().all(u8::is_ascii_digit)
    })
}

/// A certificate with a time that OpenSSL does not compare.
pub(super) fn refusal(certificate: &[u8]) -> Option<Refusal> {
    let mut tbs = Input(certificate).element(tag::SEQUENCE)?.element(tag::SEQUENCE)?;
    tbs.optional(tag::outer(0))?;
    tbs.integer()?;
    // Algorithm and issuer.
    tbs.element(tag::SEQUENCE)?;
    tbs.element(tag::SEQUENCE)?;
    let mut validity = tbs.element(tag::SEQUENCE)?;
    let (begin, end) = (validity.any()?, validity.any()?);
    let what = "has a time without seconds, or in a zone other than UTC";
    if !is_compared_by_openssl(begin) {
        return Some(refused(what, 13, "format error in certificate's notBefore field"));
    }
    (!is_compared_by_openssl(end))
        .then(|| refused(what, 14, "format error in certificate's notAfter field"))
}

/// A list with a time that OpenSSL does not compare.
pub(super) fn refusal_of_list(list: &[u8]) -> Option<Refusal> {
    let mut tbs = Input(list).element(tag::SEQUENCE)?.element(tag::SEQUENCE)?;
    tbs.optional(tag::INTEGER)?;
    // Algorithm and issuer.
    tbs.element(tag::SEQUENCE)?;
    tbs.element(tag::SEQUENCE)?;
    let what = "has a time without seconds, or in a zone other than UTC";
    if !is_compared_by_openssl(tbs.any()?) {
        return Some(refused(what, 15, "format error in CRL's lastUpdate field"));
    }
    let has_end = tbs.begins_with(tag::UTC_TIME) || tbs.begins_with(tag::GENERALIZED_TIME);
    (has_end && !is_compared_by_openssl(tbs.any()?))
        .then(|| refused(what, 16, "format error in CRL's nextUpdate field"))
}
