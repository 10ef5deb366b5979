//! Where requests of a listener go.

use super::*;

#[test]
fn paths_are_matched_by_their_elements() {
    let mut shop = route("shop", &["a.test"], Some("a"));
    shop["spec"]["rules"][0]["matches"] = json!([
        { "path": { "type": "PathPrefix", "value": "/p/" } },
        { "path": { "type": "Exact", "value": "/e" } },
        { "path": { "type": "RegularExpression", "value": "/r.*" } },
    ]);
    let observed = observed(&[gateway("web", &[https("a", Some("a.test"))]), shop]);
    let at = |path: &str| {
        asked(&observed, &Request { path: path.to_owned(), ..observed.request_of("a.test") })
    };
    for (path, expected) in [
        ("/p", "shop"),
        ("/p/x", "shop"),
        ("/px", "404"),
        ("/e", "shop"),
        ("/e/", "404"),
        ("/r1", "shop"),
        ("/x/r", "404"),
    ] {
        assert_eq!(at(path), expected, "{path}");
    }
}

#[test]
fn a_redirect_to_https_is_one() {
    let mut redirect = route("shop", &["a.test"], Some("http"));
    redirect["spec"]["rules"] = json!([{ "filters": [{ "type": "RequestRedirect", "requestRedirect": { "scheme": "https", "statusCode": 301 } }] }]);
    let observed = observed(&[
        gateway("web", &[http(), https("a", Some("a.test"))]),
        redirect,
        policy("a", Some("a"), &of_secret("clients")),
    ]);
    assert_eq!(plain(&observed, "a.test"), "redirect");
}

#[test]
fn what_is_not_followed_is_unknown() {
    let base =
        [gateway("web", &[https("a", Some("a.test"))]), route("shop", &["a.test"], Some("a"))];
    let patch = api(
        "gateway.envoyproxy.io/v1alpha1",
        "EnvoyPatchPolicy",
        "patch",
        &json!({ "targetRef": { "kind": "Gateway", "name": "web" } }),
    );
    let observed_of = |more: Value| observed(&[base.as_slice(), &[more]].concat());
    assert_eq!(at(&observed_of(patch), "a.test"), "Effect Effect Effect");
    let security = api(
        "gateway.envoyproxy.io/v1alpha1",
        "SecurityPolicy",
        "security",
        &json!({ "targetRefs": [{ "kind": "HTTPRoute", "name": "shop-a.test" }] }),
    );
    assert_eq!(at(&observed_of(security), "a.test"), "Effect Effect Effect");
    let mut foreign = base[0].clone();
    foreign["spec"]["gatewayClassName"] = json!("absent");
    assert_eq!(
        at(&observed(&[foreign, base[1].clone()]), "a.test"),
        "GatewayClass GatewayClass GatewayClass"
    );
}
