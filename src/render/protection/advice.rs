//! What to do about a difference.

use crate::enforcement::{Requester, Witness};

/// What to do where a reader does not do what mtlsgen writes for it.
pub(super) fn not_read(reader: &str, witness: &Witness) -> String {
    match witness {
        Witness::Request { client: Requester::Revoked(..), .. } => format!(
            "{reader} does not read revocation lists: give clients short certificates, or exchange their authority (`mtlsgen ca rotate`)"
        ),
        Witness::Request {
            client: Requester::NotListed(_) | Requester::Subject(_) | Requester::Pinned(_),
            ..
        } => format!(
            "{reader} does not read lists of clients: let an authority of its own sign the clients of this host, and leave `allow` out"
        ),
        Witness::Request { request, .. }
            if request.sni.as_ref().is_some_and(|sni| *sni != request.authority) =>
        {
            format!(
                "{reader} serves one host to those who name another one in the handshake: give the open host `clientAuth` as well, or a namespace, and with it a Gateway, of its own"
            )
        }
        Witness::Deeper { observed: None, .. } => format!(
            "{reader} does not count the intermediates of a chain: give the authorities of this host a `maxPathLen`, or leave `verifyDepth` out"
        ),
        _ => format!(
            "{reader} does not do what the spec says with what mtlsgen writes: see its page in the documentation, or leave it out of `controllers`"
        ),
    }
}
