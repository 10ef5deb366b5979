//! Why certificates are revoked.

use std::fmt;

/// Why a certificate was revoked (RFC 5280, section 5.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationReason {
    /// Nobody says.
    #[default]
    Unspecified,
    /// Somebody else may have its private key.
    KeyCompromise,
    /// Somebody else may have the private key of the authority that it is.
    CaCompromise,
    /// Its holder has another name or belongs to somebody else now.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// Its holder may not do any more what it could do with it.
    PrivilegeWithdrawn,
    /// It may come back; authorities of others alone say so.
    CertificateHold,
    /// It has come back, of which only partial lists tell.
    RemoveFromCrl,
    /// Somebody else may have the private key of the authority that vouched for its holder's attributes.
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

    /// The word of RFC 5280.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// The reason of that word, of those that people can give.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The reason of that code; codes that nobody has defined say nothing.
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

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
