//! Which hosts a client may reach.

use super::{ClientAuthentication, Exposure, Model};
use crate::pki::request::Issuer;
use crate::specification::Verify;

impl Model {
    /// The hosts that ask for a certificate and take that of the client, in their order. Those whose
    /// trust bundle exists already are not among them: nobody here knows what it holds.
    pub fn reachable<'a>(
        &'a self,
        client: &str,
    ) -> impl Iterator<Item = (&'a Exposure, &'a ClientAuthentication)> {
        let request = self.clients.get(client).map(|client| &client.request);
        let subject = request.map(|request| request.subject.rfc2253());
        let issuer = request.and_then(|request| match &request.issuer {
            Issuer::Authority(name) => Some(name.as_str()),
            Issuer::SelfSigned => None,
        });
        self.exposures.iter().filter_map(move |exposure| {
            let authentication = exposure.client_auth.as_ref()?;
            let is_allowed = match &authentication.allow {
                Some(subjects) => {
                    subjects.iter().any(|one| Some(&one.subject.rfc2253()) == subject.as_ref())
                }
                None => true,
            };
            let is_signed = authentication.authorities.iter().any(|listed| {
                issuer.is_some_and(|issuer| self.lineage.is_at_or_below(issuer, listed))
            });
            (is_allowed && is_signed && authentication.verify != Verify::Off)
                .then_some((exposure, authentication))
        })
    }
}
