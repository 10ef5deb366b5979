//! How far Envoy Gateway can do what a spec asks for.

use crate::targets::{Feature, Support};

/// How far it can do it.
pub(super) fn of(feature: Feature) -> Support {
    match feature {
        Feature::SeveralAuthorities
        | Feature::SharedRoot
        | Feature::Optional
        | Feature::ListOfNamesakes => Support::Full,
        Feature::ExistingSecret => Support::Differs(
            "every certificate of its `ca.crt` is an anchor, and its `ca.crl` is not read; a Secret of another namespace gets a ReferenceGrant",
        ),
        Feature::Revocation => Support::Differs(
            "once something is revoked, every certificate of a chain needs a list; below a listed authority that is not a root, the client's certificate alone is looked up",
        ),
        Feature::Unverified => Support::Differs("any certificate is admitted, expired ones too"),
        // Envoy's `max_verify_depth` is not part of a ClientTrafficPolicy.
        Feature::Depth => Support::Missing {
            weakens: true,
            way_out: "remove it, and limit chains by the authorities: `maxPathLen` under `cas`",
        },
        Feature::List => Support::Differs(
            "by an alternative name that each of the clients has and no other one (a URI, mail address or DNS name), or else by the hashes of their certificates, which change with each renewal",
        ),
        Feature::ListOfForeignClients => {
            Support::Differs("by the hashes of their certificates: others could sign any name")
        }
        Feature::ErrorPage => Support::Missing {
            weakens: false,
            way_out: "clients are refused in the TLS handshake, before there is an answer",
        },
        Feature::CertificateHeader => Support::Differs(
            "in `x-forwarded-client-cert`, whose parts are `Hash`, `Cert` and `Subject`",
        ),
        Feature::ExistingIngress => Support::Missing {
            weakens: true,
            way_out: "Envoy Gateway reads no Ingress: write `routes` or `service` for the host",
        },
    }
}
