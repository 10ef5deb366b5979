//! Annotations that redirect, and what they leave as it is.

use serde_json::{Value, json};

use super::PREFIX;
use super::tests::{ASKS, clients, holds, https, ingress, made_at, reaches, refused, without};
use crate::enforcement::{Missing, Verdict};

fn to(place: &str) -> Verdict {
    Verdict::Redirected(place.to_owned())
}

#[test]
fn an_app_root_redirects_the_root_alone() {
    let objects = [ingress("a", "a.test", "/", &[("app-root", "/app")])];
    assert_eq!(without(&objects, &https("a.test", "/")), to("/app"));
    // Before the redirect to HTTPS.
    assert_eq!(without(&objects, &https("a.test", "/").plain()), to("/app"));
    holds(&without(&objects, &https("a.test", "/x")), reaches("a"));
    // Certificates and subjects are looked at before.
    let asks = [clients(), ingress("a", "a.test", "/", &[ASKS, &[("app-root", "/app")]].concat())];
    holds(&without(&asks, &https("a.test", "/")), refused(400));
    let listed = [ASKS, &[("app-root", "/app"), ("auth-tls-match-cn", "CN=a")]].concat();
    let listed = [clients(), ingress("a", "a.test", "/", &listed)];
    holds(&without(&listed, &https("a.test", "/").plain()), refused(403));
}

#[test]
fn an_app_root_is_that_of_the_longest_path() {
    let mut exact = made_at(ingress("a", "a.test", "/", &[("app-root", "/a")]), "01");
    exact["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = json!("Exact");
    let objects = |root: &str| {
        let other = made_at(ingress("b", "a.test", "/b", &[("app-root", root)]), "02");
        without(&[exact.clone(), other], &https("a.test", "/"))
    };
    // Also where a location is for `/` alone.
    assert_eq!(objects("/b"), to("/b"));
    // What is not a path counts as not written.
    for none in ["", "b", "https://b.test/", " /b", "/b c"] {
        assert_eq!(objects(none), to("/a"), "{none:?}");
    }
    let unknown = objects("/$b");
    assert!(matches!(unknown, Verdict::Unknown(Missing::Effect(..))), "{unknown:?}");
}

#[test]
fn a_redirect_takes_all_paths() {
    let of = |annotations: &[(&str, &str)]| [ingress("a", "a.test", "/a", annotations)];
    for name in ["permanent-redirect", "temporal-redirect"] {
        let objects = of(&[(name, "https://b.test/")]);
        for request in [https("a.test", "/a"), https("a.test", "/x"), https("a.test", "/").plain()]
        {
            assert_eq!(without(&objects, &request), to("https://b.test/"), "{name}: {request:?}");
        }
    }
    let both =
        of(&[("permanent-redirect", "https://b.test/"), ("temporal-redirect", "http://c.test")]);
    assert_eq!(without(&both, &https("a.test", "/a")), to("http://c.test"));
    let both = of(&[("permanent-redirect", "https://b.test/"), ("app-root", "/app")]);
    assert_eq!(without(&both, &https("a.test", "/")), to("/app"));
}

#[test]
fn a_name_that_redirects_comes_before_an_alias() {
    let shop = ingress("shop", "shop.test", "/", &[("from-to-www-redirect", "true")]);
    let aliased = |host: &str| ingress("other", host, "/", &[("server-alias", "www.shop.test")]);
    for host in ["a.test", "z.test"] {
        let verdict = without(&[shop.clone(), aliased(host)], &https("www.shop.test", "/"));
        assert_eq!(verdict, to("//shop.test"), "{host}");
    }
    // A host of that name is itself.
    let own = ingress("own", "www.shop.test", "/", &[]);
    holds(&without(&[shop, own], &https("www.shop.test", "/")), reaches("own"));
    let mut www: Value = ingress("own", "www.shop.test", "/", &[]);
    www["metadata"]["annotations"][format!("{PREFIX}from-to-www-redirect")] = json!("true");
    assert_eq!(without(&[www], &https("shop.test", "/")), to("//www.shop.test"));
}
