//! The certificates of all supplied authorities: a chain may continue in the file of another one.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::context::Context;
use crate::path;
use crate::pki::certificate::Certificate;
use crate::pki::name::DistinguishedName;

/// Every certificate in the files of supplied authorities, by subject as it is compared: a chain may continue there.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    by_subject: BTreeMap<Vec<Vec<u8>>, Vec<Certificate>>,
}

impl Pool {
    /// Reads each of those files once; what is wrong with them is said where they are named.
    #[must_use]
    pub fn of(context: Context<'_>) -> Self {
        let mut pool = Self::default();
        for (name, ca) in &context.spec.cas {
            let Some(file) = &ca.certificate else { continue };
            let path = path!["cas", name.as_str(), "certificate"];
            let named = context.document.named(&path, file.as_str());
            let Some(Ok(bytes)) = context.files.get(named.path()) else { continue };
            for certificate in Certificate::from_pem(bytes).into_iter().flatten() {
                let known = pool.by_subject.entry(certificate.subject.folded()).or_default();
                if !known.contains(&certificate) {
                    known.push(certificate);
                }
            }
        }
        pool
    }

    /// `given`, and every certificate here that could be above one of them or above `own`.
    pub(super) fn above(&self, own: &Certificate, given: &[Certificate]) -> Vec<Certificate> {
        let mut found = given.to_vec();
        let mut open: Vec<&DistinguishedName> =
            given.iter().chain([own]).map(|certificate| &certificate.issuer).collect();
        let mut seen = BTreeSet::new();
        while let Some(issuer) = open.pop() {
            if !seen.insert(issuer.folded()) {
                continue;
            }
            for certificate in self.by_subject.get(&issuer.folded()).into_iter().flatten() {
                open.push(&certificate.issuer);
                if !found.contains(certificate) {
                    found.push(certificate.clone());
                }
            }
        }
        found
    }
}
