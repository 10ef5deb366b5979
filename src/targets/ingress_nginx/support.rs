//! How far ingress-nginx can do what a spec asks for.

use crate::targets::{Feature, Support};

/// How far it can do it.
pub(super) fn of(feature: Feature) -> Support {
    match feature {
        Feature::SeveralAuthorities
        | Feature::Optional
        | Feature::CertificateHeader
        | Feature::ExistingIngress => Support::Full,
        Feature::SharedRoot => Support::Missing {
            weakens: true,
            way_out: "the bundle needs the root, which admits the clients of all below it: give them separate roots, or list all authorities whose clients are admitted",
        },
        Feature::ExistingSecret => Support::Differs(
            "from 1.12 on, only a Secret of the Ingress's namespace, unless the ConfigMap has `allow-cross-namespace-resources`",
        ),
        Feature::Revocation => Support::Differs(
            "once something is revoked, the Secret has a list of each authority of the chain, and where one is missing its clients are refused",
        ),
        Feature::Unverified => {
            Support::Differs("certificates of other authorities are admitted, expired ones are not")
        }
        Feature::Depth => Support::Differs("it counts intermediates, and is 1 at least"),
        Feature::List => Support::Differs(
            "by the whole subject as nginx prints it; all of a host have 4,000 bytes at most",
        ),
        // The annotation compares `$ssl_client_s_dn` alone.
        Feature::ListOfForeignClients => Support::Missing {
            weakens: true,
            way_out: "let an authority of the spec sign these clients, or check the issuer in the backend",
        },
        Feature::ListOfNamesakes => {
            Support::Missing { weakens: true, way_out: "give one of them another `subject`" }
        }
        Feature::ErrorPage => Support::Differs("by a redirect (302)"),
    }
}
