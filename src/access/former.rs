//! Clients with certificates issued earlier: what they show behind them is not known, so every intermediate that they may
//! have counts.

use std::sync::Arc;

use crate::enforcement::{ClientValidation, LeafFacts, Presented, Revocation, fault};
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// How many ways up are tried.
const WAYS: usize = 64;
/// The longest way up: chains of clients are far shorter.
const LONGEST: usize = 8;

/// An authority that signed certificates of clients, with the chains that those may send behind theirs.
#[derive(Debug)]
pub(super) struct Signer {
    certificate: Arc<Certificate>,
    sends: Vec<Arc<[Certificate]>>,
    /// Whether there are no others.
    pub(super) is_whole: bool,
}

impl Signer {
    /// This authority; its clients may have any of `intermediates`.
    pub(super) fn of(certificate: &Certificate, intermediates: &[&Certificate]) -> Self {
        let mut ways = Vec::new();
        if certificate.is_self_issued() {
            ways.push(Vec::new());
        } else {
            climb(&mut vec![certificate], intermediates, &mut ways);
        }
        let is_whole = ways.len() < WAYS;
        let sends = ways.into_iter().map(|way| way.into_iter().cloned().collect());
        Self { certificate: Arc::new(certificate.clone()), sends: sends.collect(), is_whole }
    }

    /// Whether a certificate of it, with nothing wrong and with one of these chains, is taken at that time; whether something is revoked is not asked.
    pub(super) fn passes(
        &self,
        validation: &ClientValidation,
        certificates: &[Certificate],
        now: Timestamp,
    ) -> bool {
        self.sends.iter().any(|sends| {
            let client = Presented::Supposed {
                issuer: Arc::clone(&self.certificate),
                leaf: LeafFacts::default(),
                sends: Arc::clone(sends),
            };
            fault(&client, validation, certificates, &Revocation::None, now).is_none()
        })
    }
}

/// All ways up from the last one, each as far as it goes.
fn climb<'a>(
    way: &mut Vec<&'a Certificate>,
    intermediates: &[&'a Certificate],
    ways: &mut Vec<Vec<&'a Certificate>>,
) {
    let last = way[way.len() - 1];
    let is_above = |one: &&&Certificate| {
        !one.is_self_issued() && !way.contains(*one) && last.may_be_signed_by(one)
    };
    let above: Vec<&Certificate> = intermediates.iter().filter(is_above).copied().collect();
    if above.is_empty() || way.len() == LONGEST {
        ways.push(way.clone());
    }
    for one in above {
        if ways.len() == WAYS || way.len() == LONGEST {
            return;
        }
        way.push(one);
        climb(way, intermediates, ways);
        way.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_send_the_intermediates_above_them_and_no_root() {
        let read = |pem: &[u8]| Certificate::from_pem(pem).unwrap().remove(0);
        let root = read(include_bytes!("../../tests/invalid/files/root.pem"));
        let between = read(include_bytes!("../../tests/invalid/files/intermediate.pem"));
        let lengths = |signer: &Signer| -> Vec<usize> {
            assert!(signer.is_whole);
            signer.sends.iter().map(|sends| sends.len()).collect()
        };
        assert_eq!(lengths(&Signer::of(&root, &[&between])), [0]);
        assert_eq!(lengths(&Signer::of(&between, &[&between, &root])), [1]);
    }
}
