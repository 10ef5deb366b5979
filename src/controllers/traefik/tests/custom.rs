//! Objects of the kinds `IngressRoute` and `TLSOption`.

use super::*;

fn seen(client_auth: &Value, more: &[Value]) -> String {
    let asking = route("a", "Host(`a.test`)", &json!({ "options": { "name": "asks" } }));
    let objects =
        [secrets(), vec![tls_option("asks", client_auth), asking], more.to_vec()].concat();
    at(&observed(LAST, false, &objects), "a.test", "/")
}

#[test]
fn types_of_a_tls_option() {
    let with =
        |kind: &str| seen(&json!({ "secretNames": ["clients"], "clientAuthType": kind }), &[]);
    assert_eq!(with("RequireAndVerifyClientCert"), "refused a refused");
    assert_eq!(with("VerifyClientCertIfGiven"), "a a refused");
    assert_eq!(with("RequireAnyClientCert"), "refused a a");
    assert_eq!(with("RequestClientCert"), "a a a");
    assert_eq!(with("NoClientCert"), "a a a");
    assert_eq!(with("Verify"), "refused refused refused");
    assert_eq!(seen(&json!({ "secretNames": ["clients"] }), &[]), "refused a refused");
}

#[test]
fn a_secret_that_is_missing_opens_unless_a_type_is_written() {
    let missing = |kind: Option<&str>| {
        let mut auth = json!({ "secretNames": ["missing"] });
        if let Some(kind) = kind {
            auth["clientAuthType"] = json!(kind);
        }
        seen(&auth, &[])
    };
    assert_eq!(missing(None), "a a a");
    assert_eq!(missing(Some("RequireAndVerifyClientCert")), "refused refused refused");
}

#[test]
fn an_option_that_is_not_there_closes() {
    let asking = route("a", "Host(`a.test`)", &json!({ "options": { "name": "missing" } }));
    assert_eq!(at(&observed(LAST, false, &[asking]), "a.test", "/"), "refused refused refused");
    // Not so with another route of the host: that one is then served without any.
    let asking = route("a", "Host(`a.test`)", &json!({ "options": { "name": "missing" } }));
    let open = route("b", "Host(`a.test`) && PathPrefix(`/`)", &json!({}));
    assert_eq!(at(&observed(LAST, false, &[asking, open]), "a.test", "/"), "b b b");
}

#[test]
fn the_default_is_what_every_conflict_falls_back_to() {
    let default = tls_option("default", &json!({ "secretNames": ["others"] }));
    let open = route("b", "Host(`a.test`) && PathPrefix(`/`)", &json!({}));
    let auth = json!({ "secretNames": ["clients"] });
    assert_eq!(seen(&auth, std::slice::from_ref(&open)), "b b b");
    assert_eq!(seen(&auth, &[open.clone(), default.clone()]), "refused refused b");
    // Of several, none counts.
    let elsewhere = within(default.clone(), "elsewhere");
    assert_eq!(seen(&auth, &[open, default, elsewhere]), "b b b");
}

#[test]
fn what_is_not_followed_is_unknown() {
    let unknown = "unknown Effect unknown Effect unknown Effect";
    let of = |change: &dyn Fn(&mut Value)| {
        let mut object = route("a", "Host(`a.test`)", &json!({}));
        change(&mut object["spec"]);
        at(&observed(LAST, false, &[object]), "a.test", "/")
    };
    assert_eq!(of(&|_| {}), "a a a");
    assert_eq!(of(&|spec| spec["entryPoints"] = json!(["other"])), unknown);
    assert_eq!(of(&|spec| spec["tls"] = Value::Null), unknown);
    assert_eq!(of(&|spec| spec["parentRefs"] = json!([{ "name": "b" }])), unknown);
    assert_eq!(of(&|spec| spec["routes"][0]["middlewares"] = json!([{ "name": "b" }])), unknown);
    assert_eq!(of(&|spec| spec["routes"][0]["syntax"] = json!("v2")), unknown);
    assert_eq!(of(&|spec| spec["tls"] = json!({ "options": { "name": "b@file" } })), unknown);
    assert_eq!(of(&|spec| spec["routes"][0]["match"] = json!("Host(`a.test`) &&")), unknown);
    // Other namespaces may not be named: the router is not there.
    let gone = "404 404 404";
    assert_eq!(
        of(&|spec| spec["tls"] = json!({ "options": { "name": "b", "namespace": "c" } })),
        gone
    );
    assert_eq!(of(&|spec| spec["routes"][0]["services"][0]["namespace"] = json!("c")), gone);
    assert_eq!(of(&|spec| spec["ingressClassName"] = json!("c")), gone);
}

#[test]
fn rules_ask_for_more_than_the_path() {
    let post = route("post", "Host(`a.test`) && Method(`POST`)", &json!({}));
    let observed_of = |objects: &[Value]| observed(LAST, false, objects);
    assert_eq!(
        asked(&observed_of(std::slice::from_ref(&post)), &Request::of("a.test")),
        "Paths(post|404)"
    );
    let all = route("all", "Host(`a.test`)", &json!({}));
    assert_eq!(asked(&observed_of(&[post, all]), &Request::of("a.test")), "Paths(post|all)");
}

#[test]
fn routers_of_connections_get_what_is_left() {
    let mut tcp = route("tcp", "HostSNI(`b.test`)", &json!({ "passthrough": true }));
    tcp["kind"] = json!("IngressRouteTCP");
    let objects = [route("a", "Host(`a.test`)", &json!({})), tcp.clone()];
    let seen = observed(LAST, false, &objects);
    assert_eq!(at(&seen, "a.test", "/"), "a a a");
    assert_eq!(asked(&seen, &Request::of("b.test")), "unknown Effect");
    tcp["spec"]["tls"] = Value::Null;
    // At the port of HTTPS, connections without TLS are not requests.
    assert_eq!(plain(&observed(LAST, false, &[tcp.clone()]), "a.test", "/"), "404");
    for names in [json!(["web"]), json!([]), json!(["postgres", "web"])] {
        tcp["spec"]["entryPoints"] = names;
        let seen = observed(LAST, false, std::slice::from_ref(&tcp));
        assert_eq!(plain(&seen, "a.test", "/"), "unknown Effect");
    }
}

#[test]
fn routers_of_connections_at_other_ports_are_left_out() {
    let mut tcp = route("pg", "HostSNI(`*`)", &Value::Null);
    tcp["kind"] = json!("IngressRouteTCP");
    tcp["spec"]["entryPoints"] = json!(["postgres"]);
    let a = route("a", "Host(`a.test`)", &json!({}));
    for tls in [Value::Null, json!({ "passthrough": true })] {
        tcp["spec"]["tls"] = tls;
        let seen = observed(LAST, false, &[a.clone(), tcp.clone()]);
        assert_eq!(plain(&seen, "a.test", "/"), "404");
        assert_eq!(at(&seen, "b.test", "/"), "404 404 404");
        let said: Vec<String> = seen.given.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|one| one.contains("`postgres`")), "{said:?}");
    }
}

#[test]
fn middlewares_that_redirect_to_https() {
    let middleware = |name: &str, spec: &Value| {
        json!({ "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
            "metadata": { "name": name, "namespace": "shop" }, "spec": spec })
    };
    let redirect = middleware("to-https", &json!({ "redirectScheme": { "scheme": "https" } }));
    let of = |names: &[&str], more: &[Value]| {
        let all = |entry_point: &str, tls: Value| {
            let mut object = route("a", "Host(`a.test`)", &tls);
            object["metadata"]["name"] = json!(entry_point);
            object["spec"]["entryPoints"] = json!([entry_point]);
            let names = names.iter().map(|name| json!({ "name": name }));
            object["spec"]["routes"][0]["middlewares"] = names.collect();
            object
        };
        let mut objects = vec![all("web", Value::Null), all("websecure", json!({}))];
        objects.extend_from_slice(more);
        let seen = observed(LAST, false, &objects);
        (plain(&seen, "a.test", "/"), asked(&seen, &Request::of("a.test")))
    };
    let words = |http: &str, https: &str| (http.to_owned(), https.to_owned());
    let shown = std::slice::from_ref(&redirect);
    assert_eq!(of(&["to-https"], shown), words("redirect", "a"));
    assert_eq!(of(&["to-https", "x"], shown), words("redirect", "unknown Effect"));
    assert_eq!(of(&["x", "to-https"], shown), words("unknown Effect", "unknown Effect"));
    assert_eq!(of(&["to-https"], &[]), words("unknown Effect", "unknown Effect"));
    let to_http = middleware("to-https", &json!({ "redirectScheme": { "scheme": "http" } }));
    assert_eq!(of(&["to-https"], &[to_http]), words("unknown Effect", "unknown Effect"));
    // Two whose names meet.
    let other = middleware("to.https", &json!({ "headers": {} }));
    assert_eq!(of(&["to-https"], &[redirect, other]), words("unknown Effect", "unknown Effect"));
}

#[test]
fn a_dot_in_the_name_of_a_tls_option_leads_elsewhere() {
    let asking = route("a", "Host(`a.test`)", &json!({ "options": { "name": "a.b" } }));
    let dotted = tls_option("a.b", &json!({ "secretNames": ["clients"] }));
    let dashed = tls_option("a-b", &json!({ "secretNames": ["others"] }));
    let of = |objects: &[Value]| {
        at(&observed(LAST, false, &[secrets(), objects.to_vec()].concat()), "a.test", "/")
    };
    assert_eq!(of(&[asking.clone(), dotted.clone()]), "refused refused refused");
    assert_eq!(of(&[asking, dotted, dashed]), "refused refused a");
}
