//! What the spec asks of an authority while it is rolled over.

use std::borrow::Cow;

use super::reason::{self, Compared};
use super::refusals;
use crate::diagnostic::Diagnostic;
use crate::pki::request::{CertificateRequest, Holder};
use crate::store::{HeldCertificate, Inventory};

/// What the spec asks of the current certificate of a holder: that of an authority keeps its own subject
/// and key while a next generation waits that fits the spec. `compared` compares that one with the spec.
///
/// # Errors
/// The spec has moved on since the next generation was introduced.
pub(super) fn asked<'a, 'b>(
    request: &'a CertificateRequest,
    current: Option<&HeldCertificate>,
    inventory: &'b Inventory,
    compared: impl FnOnce(&'b HeldCertificate) -> Compared<'b>,
) -> Result<Cow<'a, CertificateRequest>, Diagnostic> {
    let next = match &request.holder {
        Holder::Authority(name) => inventory.next(name),
        Holder::Host(_) | Holder::Client(_) => None,
    };
    let (Some(current), Some(next)) = (current, next) else { return Ok(Cow::Borrowed(request)) };
    if let Some(reason) = reason::identity(&compared(next)) {
        return Err(refusals::refuse_next(&request.holder, &reason));
    }
    let own = current.certificate();
    let mut asked = request.clone();
    asked.subject.clone_from(&own.subject);
    asked.key_kind = own.key_kind.unwrap_or(asked.key_kind);
    Ok(Cow::Owned(asked))
}
