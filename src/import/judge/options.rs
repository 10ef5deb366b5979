//! What people decide that the files leave open.

use std::collections::BTreeSet;

use crate::import::found::Found;
use crate::import::names;
use crate::pki::certificate::Certificate;
use crate::specification::value::SpecName;

/// What people decide that the files leave open.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The `name` of the spec.
    pub name: Option<SpecName>,
    /// The authority that signs what cfssl's requests ask for.
    pub issuer: Option<String>,
    /// The profile of those requests.
    pub profile: Option<String>,
    /// Certificates that are clients' although they could be servers'.
    pub clients: Said,
    /// Certificates that are hosts' although they could be clients' or authorities'.
    pub hosts: Said,
    /// Certificates that are authorities' although they could be hosts'.
    pub authorities: Said,
}

/// Common names and DNS names of certificates that people say something of.
#[derive(Clone, Debug, Default)]
pub struct Said(pub BTreeSet<String>);

impl Said {
    /// The name that is said of this certificate.
    pub(super) fn said_of(&self, certificate: &Certificate) -> Option<&str> {
        let names = names::all(certificate);
        let is_of = |said: &&String| names.iter().any(|name| name.eq_ignore_ascii_case(said));
        self.0.iter().find(is_of).map(String::as_str)
    }
}

impl Options {
    /// Names that are said and that no certificate has.
    #[must_use]
    pub fn unmatched(&self, found: &Found) -> Vec<(&'static str, &str)> {
        let flags = [
            ("--client", &self.clients),
            ("--host", &self.hosts),
            ("--authority", &self.authorities),
        ];
        let all: BTreeSet<String> = found
            .certificates
            .values()
            .flat_map(|found| names::all(&found.certificate))
            .map(|name| name.to_lowercase())
            .collect();
        flags
            .into_iter()
            .flat_map(|(flag, said)| said.0.iter().map(move |name| (flag, name.as_str())))
            .filter(|(_, name)| !all.contains(&name.to_lowercase()))
            .collect()
    }
}
