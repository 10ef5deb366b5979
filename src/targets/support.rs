//! What a spec can ask of a target, and how far each target can do it.

use std::fmt::Write as _;

use super::Target;

/// What a spec can ask of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Several authorities at one host.
    SeveralAuthorities,
    /// An authority below a root that has others below it whose clients are refused.
    SharedRoot,
    /// A trust bundle in a Secret that exists already.
    ExistingSecret,
    /// Revoked certificates are refused.
    Revocation,
    /// A certificate may be shown, and then has to be valid.
    Optional,
    /// Any certificate may be shown, and services verify it.
    Unverified,
    /// Chains may only have so many certificates.
    Depth,
    /// Only some of the clients of an authority of the spec are admitted.
    List,
    /// The same of an authority of others, or of an existing Secret.
    ListOfForeignClients,
    /// The same where two clients have one subject.
    ListOfNamesakes,
    /// Refused clients are sent to a page.
    ErrorPage,
    /// Services hear the client's certificate.
    CertificateHeader,
    /// Client authentication for an Ingress that exists already.
    ExistingIngress,
}

/// How far a target supports a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does it.
    Full,
    /// It does it in its own way.
    Differs(&'static str),
    /// It cannot do it.
    Missing {
        /// Whether leaving it out would admit clients against the spec: then it is refused.
        weakens: bool,
        /// What to do instead.
        way_out: &'static str,
    },
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SeveralAuthorities,
        Self::SharedRoot,
        Self::ExistingSecret,
        Self::Revocation,
        Self::Optional,
        Self::Unverified,
        Self::Depth,
        Self::List,
        Self::ListOfForeignClients,
        Self::ListOfNamesakes,
        Self::ErrorPage,
        Self::CertificateHeader,
        Self::ExistingIngress,
    ];

    /// How a spec asks for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::SeveralAuthorities => "several authorities in `clientAuth.cas`",
            Self::SharedRoot => {
                "an authority in `clientAuth.cas` whose root has others below it who sign clients"
            }
            Self::ExistingSecret => "`clientAuth.secretName` of a Secret that exists",
            Self::Revocation => "`revoked`, `crl`, `cert revoke`",
            Self::Optional => "`verify: optional`",
            Self::Unverified => "`verify: optional_no_ca`",
            Self::Depth => "`verifyDepth`",
            Self::List => "`allow`",
            Self::ListOfForeignClients => {
                "`allow` with an authority of others, or an existing Secret"
            }
            Self::ListOfNamesakes => "`allow` where two clients have one subject",
            Self::ErrorPage => "`errorPage`",
            Self::CertificateHeader => "`passCertificateToUpstream`",
            Self::ExistingIngress => "`existingIngress`",
        }
    }
}

impl Support {
    /// What to do instead, where it cannot be done and leaving it out would admit clients.
    #[must_use]
    pub fn refused(self) -> Option<&'static str> {
        match self {
            Self::Missing { weakens: true, way_out } => Some(way_out),
            Self::Missing { weakens: false, .. } | Self::Full | Self::Differs(_) => None,
        }
    }
}

/// The table of what a target can do, in Markdown.
#[must_use]
pub fn table(target: &dyn Target) -> String {
    let mut table = "| the spec asks for | it is |\n|---|---|\n".to_owned();
    for feature in Feature::ALL {
        let support = match target.support(feature) {
            Support::Full => "done".to_owned(),
            Support::Differs(how) => format!("done: {how}"),
            Support::Missing { weakens: true, way_out } => format!("**refused**: {way_out}"),
            Support::Missing { weakens: false, way_out } => format!("left out: {way_out}"),
        };
        let _ = writeln!(table, "| {} | {support} |", feature.words());
    }
    table
}
