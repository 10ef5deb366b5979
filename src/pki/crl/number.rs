//! Numbers of revocation lists (RFC 5280, section 5.2.3): they rise, and may have up to 20 octets.

use std::cmp::Ordering;
use std::fmt;

use crate::json::text;

/// The number of a list among those of its issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ListNumber(Vec<u8>);

impl ListNumber {
    /// The number with this big-endian magnitude.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Self(octets[zeros..].to_vec())
    }

    /// Reads decimal digits; `None` for anything else.
    #[must_use]
    pub fn from_decimal(text: &str) -> Option<Self> {
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
        let digits = digits.filter(|digits| !digits.is_empty())?;
        let mut number = Self::default();
        for digit in digits {
            number.shift_in(10, digit);
        }
        Some(number)
    }

    /// Big-endian magnitude without leading zeros; empty for zero.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// The number after it.
    #[must_use]
    pub fn next(&self) -> Self {
        let mut next = self.clone();
        next.shift_in(1, 1);
        next
    }

    /// Multiplies it and adds to it.
    fn shift_in(&mut self, factor: u32, summand: u32) {
        let mut carry = summand;
        for octet in self.0.iter_mut().rev() {
            let [low, rest @ ..] = (u32::from(*octet) * factor + carry).to_le_bytes();
            *octet = low;
            carry = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        }
        while carry > 0 {
            let [low, rest @ ..] = carry.to_le_bytes();
            self.0.insert(0, low);
            carry = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        }
    }

    /// Divides it by ten; gives the remainder.
    fn shift_out(&mut self) -> u8 {
        let mut remainder = 0;
        for octet in &mut self.0 {
            let value = u16::from(remainder) * 256 + u16::from(*octet);
            [*octet, remainder] = [value / 10, value % 10].map(|part| part.to_le_bytes()[0]);
        }
        let zeros = self.0.iter().take_while(|octet| **octet == 0).count();
        self.0.drain(..zeros);
        remainder
    }
}

impl From<u64> for ListNumber {
    fn from(number: u64) -> Self {
        Self::from_octets(&number.to_be_bytes())
    }
}

impl Ord for ListNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for ListNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

text!(ListNumber, ListNumber::to_string, { "pattern": "^[0-9]+$" });

impl fmt::Display for ListNumber {
    /// Decimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.clone();
        let mut digits = Vec::new();
        while !rest.0.is_empty() || digits.is_empty() {
            digits.push(char::from(b'0' + rest.shift_out()));
        }
        f.pad(&digits.into_iter().rev().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_and_read_in_decimal() {
        for number in [0, 1, 9, 10, 255, 256, 65_535, 1_000_000_007, u64::MAX] {
            let one = ListNumber::from(number);
            assert_eq!(one.to_string(), number.to_string());
            assert_eq!(ListNumber::from_decimal(&number.to_string()), Some(one));
        }
        let most = ListNumber::from_octets(&[0xff; 20]);
        assert_eq!(most.to_string(), "1461501637330902918203684832716283019655932542975");
        assert_eq!(ListNumber::from_decimal(&format!("000{most}")), Some(most));
        for text in ["", "x", "-1", "1 "] {
            assert_eq!(ListNumber::from_decimal(text), None, "{text}");
        }
    }

    #[test]
    fn they_rise() {
        for (number, next) in
            [("0", "1"), ("255", "256"), ("18446744073709551615", "18446744073709551616")]
        {
            let number = ListNumber::from_decimal(number).unwrap();
            assert_eq!(number.next().to_string(), next);
            assert!(number < number.next());
        }
        assert!(ListNumber::from(256) > ListNumber::from(255));
    }
}
