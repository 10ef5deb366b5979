//! Why certificates are revoked.

use std::fmt;

use crate::json::words;

/// Why a certificate was revoked (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// No reason is given.
    #[default]
    Unspecified,
    /// Its private key is known or suspected to be compromised.
    KeyCompromise,
    /// The private key of this authority is known or suspected to be compromised.
    CaCompromise,
    /// Its holder's name or affiliation has changed.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// Its holder may not do any more what it could do with it.
    PrivilegeWithdrawn,
    /// It may come back; authorities of others alone say so.
    CertificateHold,
    /// It is no longer on hold, which only delta lists say.
    RemoveFromCrl,
    /// The private key of the attribute authority of its holder is known or suspected to be compromised.
    AaCompromise,
}

impl RevocationReason {
    /// Those that people can give: of certificates that stay revoked.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The reason of that word, of those that people can give.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The reason of that code; codes without a definition say nothing.
    pub(super) fn of_code(code: u8) -> Self {
        match code {
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }
}

words!(RevocationReason::word {
    Unspecified => "unspecified",
    KeyCompromise => "keyCompromise",
    CaCompromise => "cACompromise",
    AffiliationChanged => "affiliationChanged",
    Superseded => "superseded",
    CessationOfOperation => "cessationOfOperation",
    PrivilegeWithdrawn => "privilegeWithdrawn",
    CertificateHold => "certificateHold",
    RemoveFromCrl => "removeFromCRL",
    AaCompromise => "aACompromise",
});

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
