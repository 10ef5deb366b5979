//! What authorities wrote down about revocations: `openssl ca`'s `index.txt`, and ledgers of mtlsgen.

use serde::Deserialize;

use super::found::{Database, Found, LeftOut, Place, Revoked};
use crate::pki::crl::RevocationReason;
use crate::pki::request::SerialNumber;
use crate::time::Timestamp;

/// Fields of a line (`apps/include/apps.h` of OpenSSL, `DB_NUMBER`).
const FIELDS: usize = 6;

/// Reads an `index.txt`; `false`: it is none. Its lines are `V|R|E`, expiry, revocation with reason, serial, file
/// and subject, each behind a tab.
pub(super) fn read(found: &mut Found, place: &Place, text: &str) -> bool {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let is_line = |line: &Vec<&str>| line.len() == FIELDS && matches!(line[0], "V" | "R" | "E");
    if lines.is_empty() || !is_line(&lines[0]) {
        return false;
    }
    let mut database = Database { place: place.clone(), ..Database::default() };
    for (number, line) in lines.iter().enumerate() {
        if let Err(why) = entry(&mut database, line, is_line(line)) {
            let what = format!("entry {} of the database", number + 1);
            found.left_out.push(LeftOut::new(place, what, why));
        }
    }
    found.databases.push(database);
    true
}

fn entry(database: &mut Database, line: &[&str], is_line: bool) -> Result<(), String> {
    if !is_line {
        return Err("it does not have six fields after `V`, `R` or `E`".to_owned());
    }
    let serial = SerialNumber::from_hexadecimal(line[3])
        .ok_or("its serial is not hexadecimal or not positive")?;
    if line[0] == "R" {
        let (date, reason) = line[2].split_once(',').unwrap_or((line[2], ""));
        // An unreadable time makes nothing valid again.
        let revoked = Revoked { at: time(date), reason: reason_of(reason) };
        database.revoked.insert(serial.clone(), revoked);
    }
    database.serials.insert(serial);
    Ok(())
}

/// OpenSSL's words differ from RFC 5280's in one capital; what is on hold stays refused.
fn reason_of(text: &str) -> RevocationReason {
    let word = text.split(',').next().unwrap_or_default();
    match word {
        "keyTime" => RevocationReason::KeyCompromise,
        "CACompromise" | "CAkeyTime" => RevocationReason::CaCompromise,
        _ => RevocationReason::of_word(word).unwrap_or_default(),
    }
}

/// `YYMMDDHHMMSSZ` (from 1950 on, RFC 5280, section 4.1.2.5.1) or `YYYYMMDDHHMMSSZ`.
fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let full = match digits.len() {
        12 => format!("{}{digits}", if &digits[..2] < "50" { "20" } else { "19" }),
        14 => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| &full[from..to];
    Timestamp::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14)
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revocation {
    reason: String,
    revoked_at: toml::value::Datetime,
}

/// Reads a revocation of a store of mtlsgen, `SERIAL.revoked-HASH.toml`; `false`: it is none.
pub(super) fn read_revocation(found: &mut Found, place: &Place, text: &str) -> bool {
    let Some((serial, _)) = place.stem().split_once(".revoked-") else { return false };
    let Some(serial) = SerialNumber::from_hexadecimal(serial) else { return false };
    let Ok(Revocation { reason, revoked_at }) = toml::from_str(text) else { return false };
    let Some(at) = Timestamp::parse(&revoked_at.to_string()) else { return false };
    let reason = RevocationReason::of_word(&reason).unwrap_or_default();
    let mut database = Database { place: place.clone(), ..Database::default() };
    database.serials.insert(serial.clone());
    database.revoked.insert(serial, Revoked { at: Some(at), reason });
    found.databases.push(database);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_openssl_are_read() {
        let text = "V\t340101000000Z\t\t1000\tunknown\t/CN=a\n\
                    R\t20510101000000Z\t240203040506Z,CACompromise\t0A\tunknown\t/CN=b\n\
                    R\t340101000000Z\t240203040506Z\t0B\tunknown\t/CN=c\n\
                    E\t200101000000Z\t\t0C\tunknown\t/CN=d\n";
        let mut found = Found::default();
        assert!(read(&mut found, &Place::of("pki/index.txt"), text));
        let database = &found.databases[0];
        assert_eq!(database.serials.len(), 4);
        let reasons: Vec<_> = database.revoked.values().map(|revoked| revoked.reason).collect();
        assert_eq!(reasons, [RevocationReason::CaCompromise, RevocationReason::Unspecified]);
        let at = database.revoked.values().next().unwrap().at;
        assert_eq!(at.unwrap().to_string(), "2024-02-03T04:05:06Z");
    }

    #[test]
    fn damaged_lines_are_listed_and_other_texts_are_none() {
        let mut found = Found::default();
        assert!(!read(&mut found, &Place::of("serial"), "01\n"));
        assert!(!read(&mut found, &Place::of("empty"), ""));
        let text = "V\t340101000000Z\t\t10\tunknown\t/CN=a\nR\t34Z\t24Z\t11\tunknown\t/CN=b\nX\n";
        assert!(read(&mut found, &Place::of("index.txt"), text));
        assert_eq!(found.left_out.len(), 1);
        let revoked: Vec<_> = found.databases[0].revoked.values().collect();
        assert_eq!(revoked, [&Revoked { at: None, reason: RevocationReason::Unspecified }]);
    }

    #[test]
    fn two_digits_of_a_year_mean_1950_to_2049() {
        assert_eq!(time("491231235959Z").unwrap().to_string(), "2049-12-31T23:59:59Z");
        assert_eq!(time("500101000000Z").unwrap().to_string(), "1950-01-01T00:00:00Z");
        for text in ["", "2401Z", "240203040506", "24020304050éZ", "241301000000Z"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
