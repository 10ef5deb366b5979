//! Object identifiers as people write them.

use std::fmt::Write as _;

use x509_parser::asn1_rs::Oid;

/// The identifier in dots: `2.999.3`. The first subidentifier encodes two arcs, and may have several octets
/// (X.690, section 8.19), which the library's own words do not consider. What is not an identifier is shown in
/// hexadecimal.
#[must_use]
pub(in crate::pki) fn dotted(oid: &Oid<'_>) -> String {
    of_octets(oid.as_bytes()).unwrap_or_else(|| {
        oid.as_bytes().iter().fold("0x".to_owned(), |mut text, octet| {
            let _ = write!(text, "{octet:02X}");
            text
        })
    })
}

fn of_octets(octets: &[u8]) -> Option<String> {
    let mut arcs: Vec<u128> = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let length = rest.iter().position(|octet| octet & 0x80 == 0)? + 1;
        let (subidentifier, further) = rest.split_at(length);
        // 18 groups of seven bits fit: UUIDs below 2.25 have 128, and 19 groups.
        let significant = subidentifier.iter().skip_while(|octet| **octet == 0x80);
        let arc = significant.clone().try_fold(0_u128, |arc, octet| {
            (arc.leading_zeros() >= 7).then(|| arc << 7 | u128::from(octet & 0x7f))
        })?;
        arcs.push(arc);
        rest = further;
    }
    let (first, arcs) = arcs.split_first()?;
    let root = (first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for arc in arcs {
        let _ = write!(text, ".{arc}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::of_octets;

    #[test]
    fn the_first_two_arcs_may_share_several_octets() {
        for (octets, text) in [
            (&[0x2a, 0x86, 0x48][..], "1.2.840"),
            (&[0x27], "0.39"),
            (&[0x28], "1.0"),
            (&[0x4f], "1.39"),
            (&[0x50], "2.0"),
            (&[0x77], "2.39"),
            (&[0x78], "2.40"),
            (&[0x7f], "2.47"),
            (&[0x81, 0x00], "2.48"),
            (&[0x88, 0x37, 0x03], "2.999.3"),
            (&[0x55, 0x1d, 0x0f], "2.5.29.15"),
            (
                &[
                    0x69, 0x83, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
                ],
                "2.25.340282366920938463463374607431768211455",
            ),
        ] {
            assert_eq!(of_octets(octets).as_deref(), Some(text));
        }
        for octets in [&[][..], &[0x80], &[0x2a, 0x86], &[0x2a, 0xff, 0xff]] {
            assert_eq!(of_octets(octets), None);
        }
    }
}
