//! What differs between versions.

use super::names::normalized;

/// The last version that the model knows.
pub(super) const LAST: &str = "3.7.15";

/// Versions that do the same, by the first of them: 9, 12, 13 or 15 of 3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edition(u8);

/// What a version may do; `None`: the model does not know the version. 3.7.11 and 3.7.14 could not be looked at: each is like the
/// one before it or like the one behind it.
pub(super) fn of(version: &str) -> Option<Vec<Edition>> {
    let patch: u8 = version.strip_prefix("3.7.")?.parse().ok()?;
    let editions: &[u8] = match patch {
        9 | 10 => &[9],
        11 => &[9, 12],
        12 => &[12],
        13 => &[13],
        14 => &[13, 15],
        15 => &[15],
        _ => return None,
    };
    Some(editions.iter().copied().map(Edition).collect())
}

impl Edition {
    /// Whether the name of TLS settings is made of their Secret, not of the Ingress (`build` of
    /// `pkg/provider/kubernetes/ingress-nginx/build.go`).
    pub fn names_settings_by_secret(self) -> bool {
        self.0 >= 12
    }

    /// Whether the first Ingress of a host with a Secret decides for all of them (`applyServerClientAuth`).
    pub fn decides_by_host(self) -> bool {
        self.0 >= 15
    }

    /// Whether names of parts lose what is neither a letter nor a digit.
    pub fn normalizes_names(self) -> bool {
        self.0 < 15
    }

    /// The name of a part that is composed so.
    pub fn name(self, composed: String) -> String {
        if self.normalizes_names() { normalized(&composed) } else { composed }
    }

    /// Whether the router of all names has what its Ingress says of TLS: settings, and the redirect to HTTPS because of a `tls`
    /// section.
    pub fn default_has_settings(self) -> bool {
        self.0 >= 12
    }

    /// Whether a name that a rule excludes counts as one of its names (`ParseMatchers`).
    pub fn counts_negated(self) -> bool {
        self.0 < 13
    }

    /// Whether `core.strictTLSOptions` is there.
    pub fn knows_strict(self) -> bool {
        self.0 >= 12
    }

    /// Whether the headers about certificates are written by plain HTTP too.
    pub fn passes_by_http(self) -> bool {
        self.0 >= 15
    }
}
