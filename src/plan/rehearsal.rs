//! Stand-ins for what is not issued yet, so that templates and patches are tried before anything is.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::manifest::kinds::secret;
use crate::pki::certificate::Certificate;
use crate::pki::key::SpkiHash;
use crate::pki::request::Holder;
use crate::store::Material;
use crate::store::SecretKey;

/// An authority's; its key does not exist any more.
const CERTIFICATE: &str = include_str!("stand_in.pem");

/// Something in the place of every certificate and key: manifests made of it show what is wrong with
/// templates, patches and their results, and are then thrown away.
#[derive(Clone, Copy, Debug)]
pub struct Rehearsal;

struct NoKey;

impl Material for Rehearsal {
    fn certificate_chain(&self, _: &Holder) -> Option<String> {
        Some(CERTIFICATE.to_owned())
    }

    fn certificates(&self, _: &Holder) -> Vec<Certificate> {
        Certificate::from_pem(CERTIFICATE.as_bytes()).unwrap_or_default()
    }

    fn private_key(&self, _: &Holder) -> Option<Arc<dyn SecretKey>> {
        Some(Arc::new(NoKey))
    }

    fn key_fingerprint(&self, _: &Holder) -> Option<SpkiHash> {
        Some(SpkiHash([0; 32]))
    }

    fn trust_bundle(&self, _: &[String]) -> Option<String> {
        Some(CERTIFICATE.to_owned())
    }

    fn revocation_lists(&self, _: &[String]) -> Result<Option<String>, String> {
        Ok(None)
    }
}

impl SecretKey for NoKey {
    fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(secret::NOT_ISSUED.to_owned())
    }
}
