//! No request shows a weakness that the comparison did not report, for any change.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::enforcement::{LeafFacts, Presented, Request, Verdict, verdict};

/// Changes of the objects, harmless ones among them.
const CHANGES: [fn(&mut Vec<Value>); 24] = [
    |all| annotate(&mut all[1], "auth-tls-secret", ""),
    |all| annotate(&mut all[1], "auth-tls-secret", "clients"),
    |all| annotate(&mut all[1], "auth-tls-verify-client", "off"),
    |all| annotate(&mut all[1], "auth-tls-verify-client", "optional"),
    |all| annotate(&mut all[1], "auth-tls-verify-client", "optional_no_ca"),
    |all| annotate(&mut all[1], "auth-tls-verify-client", "nonsense"),
    |all| annotate(&mut all[1], "auth-tls-match-cn", "CN=.*"),
    |all| annotate(&mut all[1], "auth-tls-error-page", "/sorry"),
    |all| annotate(&mut all[1], "ssl-redirect", "false"),
    |all| annotate(&mut all[1], "force-ssl-redirect", "true"),
    |all| annotate(&mut all[1], "rewrite-target", "/x"),
    |all| annotate(&mut all[1], "use-regex", "true"),
    |all| annotate(&mut all[1], "canary", "true"),
    |all| annotate(&mut all[2], "server-alias", "asks.test"),
    |all| annotate(&mut all[2], "server-alias", "*.test"),
    |all| annotate(&mut all[2], "server-snippet", "x"),
    |all| all[1]["spec"]["tls"] = json!([]),
    |all| all[1]["spec"]["rules"][0]["host"] = json!("*.test"),
    |all| all[2]["spec"]["rules"][0]["host"] = json!("asks.test"),
    |all| {
        let leads = json!({ "service": { "name": "asks", "port": { "number": 80 } } });
        all[2]["spec"]["rules"][0]["http"]["paths"][0]["backend"] = leads;
    },
    |all| {
        let mut older = older(all);
        annotate(&mut older, "auth-tls-verify-client", "off");
        all.push(older);
    },
    |all| {
        let mut older = older(all);
        older["metadata"]["annotations"] = json!({});
        older["spec"]["rules"][0]["http"]["paths"][0]["path"] =
            json!("/.well-known/acme-challenge");
        all.push(older);
    },
    |all| all.push(setting("no-tls-redirect-locations", "/older")),
    |all| all.push(setting("use-forwarded-headers", "true")),
];

const PATHS: [&str; 5] = ["/", "/older", "/older/below", "/sorry", "/.well-known/acme-challenge/x"];

pub(super) static PKI: LazyLock<Pki> = LazyLock::new(pki);

/// A client that the spec refuses.
fn intruder(which: usize) -> Presented {
    let other = Certificate::from_pem(PKI.other.as_bytes()).unwrap().remove(0);
    match which {
        0 => Presented::Nothing,
        1 => Presented::Chain(vec![other]),
        _ => Presented::Supposed {
            issuer: Arc::new(other),
            leaf: LeafFacts { subject: "CN=alice".to_owned(), ..LeafFacts::default() },
            sends: Arc::new([]),
        },
    }
}

/// Whether the protected backend may get the request.
pub(super) fn reaches(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Admitted { backend, .. } => {
            backend.as_ref().is_none_or(|backend| backend.service == "asks")
        }
        Verdict::OneOf(_, all) => all.iter().any(reaches),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_request_shows_a_weakness_that_is_not_reported(
        changes in prop::collection::vec(0..CHANGES.len(), 0..4),
        path in 0..PATHS.len(),
        (authority, sni) in (0..3_usize, 0..4_usize),
        client in 0..3_usize,
        (is_plain, is_forwarded) in (any::<bool>(), any::<bool>()),
    ) {
        let (desired, observed) = scene(&PKI, |all| {
            for change in &changes {
                CHANGES[*change](all);
            }
        });
        let names = ["asks.test", "open.test", "other.test"];
        let mut request = Request {
            path: PATHS[path].to_owned(),
            sni: names.get(sni).map(|name| (*name).to_owned()),
            client: intruder(client),
            ..Request::of(names[authority])
        };
        if is_plain {
            request = request.plain();
        }
        if is_forwarded {
            request.headers.insert("x-forwarded-proto".to_owned(), "https".to_owned());
        }
        let verdict = verdict(&observed, &request, now());
        let found = compare(&desired, &observed, now());
        let is_reported = found.iter().any(|one| one.kind != DifferenceKind::LockedOut);
        prop_assert!(
            !reaches(&verdict) || is_reported,
            "{changes:?} {request:?}: {verdict:?}, and {found:?}"
        );
    }
}
