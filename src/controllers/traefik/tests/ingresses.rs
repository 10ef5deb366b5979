//! What Traefik reads of Ingresses, and where their requests go.

use super::*;

fn last(objects: &[Value]) -> Observed {
    observed(LAST, false, &[secrets(), objects.to_vec()].concat())
}

/// What one Ingress does at `/`, with another Secret of that name.
fn of(clients: &Value, annotations: &[(&str, &str)]) -> String {
    let objects = [clients.clone(), ingress("a", "a.test", "/", annotations)];
    at(&observed(LAST, false, &objects), "a.test", "/")
}

fn clients(data: &[(&str, &str)]) -> Value {
    secret("shop", "clients", data)
}

#[test]
fn words_of_verify_client() {
    let secret = clients(&[("ca.crt", OWN)]);
    let with = |word| [ASKS, &[("auth-tls-verify-client", word)]].concat();
    assert_eq!(of(&secret, &with("on")), "refused a refused");
    // Another word, also with a blank, is `on`.
    assert_eq!(of(&secret, &with("off ")), "refused a refused");
    assert_eq!(of(&secret, &with("")), "refused a refused");
    assert_eq!(of(&secret, &with("off")), "a a a");
    assert_eq!(of(&secret, &with("optional")), "a a refused");
    assert_eq!(of(&secret, &with("optional_no_ca")), "a a a");
}

#[test]
fn secrets_that_are_not_as_they_should() {
    let gone = "404 404 404";
    assert_eq!(of(&clients(&[("tls.ca", OWN)]), ASKS), gone);
    assert_eq!(of(&clients(&[("ca.crt", "")]), ASKS), gone);
    assert_eq!(of(&clients(&[("tls.crt", "x"), ("tls.key", "x")]), ASKS), gone);
    assert_eq!(of(&clients(&[("ca.crt", OWN), ("tls.crt", ""), ("tls.key", "")]), ASKS), gone);
    let right = clients(&[("ca.crt", OWN), ("ca.crl", "nothing")]);
    for text in ["", "clients", "/clients", "other/clients", "shop/missing"] {
        assert_eq!(of(&right, &[("auth-tls-secret", text)]), gone, "{text}");
    }
    // Lists, depths, names and pages are not read.
    let more = [
        ("auth-tls-verify-depth", "0"),
        ("auth-tls-match-cn", "CN=other"),
        ("auth-tls-error-page", "/page"),
    ];
    assert_eq!(of(&right, &[ASKS, &more].concat()), "refused a refused");
    // A text without certificates: no handshake succeeds.
    assert_eq!(of(&clients(&[("ca.crt", "nothing")]), ASKS), "refused refused refused");
    let both = format!("nothing\n{OTHER}{OWN}");
    assert_eq!(of(&clients(&[("ca.crt", &both)]), ASKS), "refused a a");
}

#[test]
fn what_is_passed_over() {
    let secret = clients(&[("ca.crt", OWN)]);
    let gone = "404 404 404";
    assert_eq!(of(&secret, &[("server-snippet", "return 200;")]), gone);
    assert_eq!(of(&secret, &[("server-snippet", "")]), "a a a");
    let https = [("backend-protocol", "HTTPS"), ("proxy-ssl-secret", "shop/missing")];
    assert_eq!(of(&secret, &https), gone);
    let objects = [ingress("a", "a.test", "/a.*", &[])];
    assert_eq!(at(&last(&objects), "a.test", "/a"), gone);
}

#[test]
fn what_is_not_followed_is_unknown() {
    let secret = clients(&[("ca.crt", OWN)]);
    for (name, value) in [
        ("ssl-passthrough", "true"),
        ("app-root", "/app"),
        ("default-backend", "other"),
        ("permanent-redirect", "https://a.test/"),
    ] {
        let seen = of(&secret, &[ASKS, &[(name, value)]].concat());
        assert_eq!(seen, "unknown Effect unknown Effect unknown Effect", "{name}");
    }
    assert_eq!(
        of(&secret, &[("permanent-redirect", "https://b.org/")]),
        "redirect redirect redirect"
    );
    let hidden = json!({ "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": { "name": "clients", "namespace": "shop" } });
    assert_eq!(of(&hidden, ASKS), "unknown Hidden unknown Hidden unknown Hidden");
}

#[test]
fn plain_http() {
    let seen = |annotations: &[(&str, &str)], has_tls: bool| {
        let mut object = ingress("a", "a.test", "/", annotations);
        if !has_tls {
            object["spec"].as_object_mut().unwrap().remove("tls");
        }
        plain(&last(&[object]), "a.test", "/")
    };
    assert_eq!(seen(ASKS, true), "redirect");
    assert_eq!(seen(ASKS, false), "a");
    assert_eq!(seen(&[("ssl-redirect", "no")], true), "a");
    assert_eq!(
        seen(&[("ssl-redirect", "false"), ("force-ssl-redirect", "True")], false),
        "redirect"
    );
}

#[test]
fn the_longer_rule_comes_first() {
    let mut object = ingress("a", "a.test", "/", &[]);
    let path = |kind: &str, path: &str, service: &str| json!({ "path": path, "pathType": kind, "backend": { "service": { "name": service, "port": { "number": 80 } } } });
    object["spec"]["rules"][0]["http"]["paths"] = json!([
        path("Prefix", "/", "root"),
        path("Exact", "/e", "exact"),
        path("Exact", "/exactly", "exactly"),
        path("ImplementationSpecific", "/api", "api"),
    ]);
    let observed = last(&[object]);
    let seen =
        |path| asked(&observed, &Request { path: String::from(path), ..Request::of("a.test") });
    assert_eq!(seen("/api"), "api");
    assert_eq!(seen("/api/v1"), "api");
    assert_eq!(seen("/apis"), "root");
    assert_eq!(seen("/API"), "root");
    assert_eq!(seen("/exactly"), "exactly");
    // `Path("/e")` is shorter than `PathPrefix("/")`.
    assert_eq!(seen("/e"), "root");
}

#[test]
fn wildcards() {
    let objects = [
        ingress("own", "shop.test", "/", ASKS),
        ingress("w", "w.test", "/", ASKS),
        ingress("all", "*.test", "/", &[]),
        ingress("long", "*.test", "/a/path/that/is/long", &[]),
    ];
    let observed = last(&objects);
    assert_eq!(at(&observed, "shop.test", "/"), "refused own refused");
    // The rule of the wildcard is longer there, and its handshakes are others.
    assert_eq!(at(&observed, "shop.test", "/a/path/that/is/long"), "refused 421 refused");
    assert_eq!(at(&observed, "any.test", "/"), "all all all");
    assert_eq!(at(&observed, "any.any.test", "/"), "404 404 404");
    // Of one length, chance decides about the handshake and about the route.
    let without_certificate = asked(&observed, &Request::of("w.test"));
    assert_eq!(without_certificate, "Chance(421|all|refused)");
    // The name of the handshake decides about what is asked, the other one about the route.
    let across = Request { sni: Some("any.test".to_owned()), ..Request::of("shop.test") };
    assert_eq!(asked(&observed, &across), "421");
    assert_eq!(asked(&observed, &Request { sni: None, ..across }), "421");
    let back = Request {
        sni: Some("shop.test".to_owned()),
        client: below(OWN),
        ..Request::of("any.test")
    };
    assert_eq!(asked(&observed, &back), "421");
}

#[test]
fn aliases_and_other_names() {
    let alias =
        [ASKS, &[("server-alias", "b.test, c.test"), ("from-to-www-redirect", "true")]].concat();
    let objects = [
        made_at(ingress("a", "a.test", "/", &alias), "10"),
        made_at(ingress("b", "b.test", "/", &[]), "20"),
    ];
    let observed = last(&objects);
    assert_eq!(at(&observed, "b.test", "/"), "b b b");
    assert_eq!(at(&observed, "c.test", "/"), "refused a refused");
    assert_eq!(at(&observed, "www.a.test", "/x"), "refused redirect refused");
    assert_eq!(plain(&observed, "www.a.test", "/x"), "redirect");
}

#[test]
fn default_backends() {
    let mut object = ingress("a", "a.test", "/api", ASKS);
    object["spec"]["defaultBackend"] =
        json!({ "service": { "name": "rest", "port": { "number": 80 } } });
    let observed = last(&[object]);
    assert_eq!(at(&observed, "a.test", "/other"), "refused rest refused");
    assert_eq!(at(&observed, "b.test", "/"), "404 404 404");
    let mut object = ingress("a", "a.test", "/", ASKS);
    object["spec"] = json!({ "ingressClassName": "nginx", "defaultBackend": { "service": { "name": "rest", "port": { "number": 80 } } } });
    // It is for all names, so no certificate is requested.
    assert_eq!(at(&last(&[object]), "b.test", "/"), "rest rest rest");
}

#[test]
fn expressions_and_canaries() {
    let objects = [
        ingress("a", "a.test", "/", &[]),
        ingress("e", "a.test", "/api/", &[("use-regex", "true")]),
    ];
    let observed = last(&objects);
    let seen =
        |path| asked(&observed, &Request { path: String::from(path), ..Request::of("a.test") });
    assert_eq!(seen("/API/x"), "e");
    assert_eq!(seen("/"), "a");
    // A request may write these signs encoded, and Traefik compares what it writes.
    let mut ingress_of_odd = ingress("odd", "b.test", "/a[1]", &[]);
    ingress_of_odd["spec"]["rules"][0]["http"]["paths"][0]["pathType"] =
        json!("ImplementationSpecific");
    let odd = Request { path: "/a[1]".to_owned(), ..Request::of("b.test") };
    let objects = [ingress("b", "b.test", "/", &[]), ingress_of_odd];
    assert_eq!(asked(&last(&objects), &odd), "Paths(odd|b)");
    let canary = |weight| [("canary", "true"), ("canary-weight", weight)];
    let with = |weight| {
        let objects =
            [ingress("a", "a.test", "/", ASKS), ingress("c", "a.test", "/", &canary(weight))];
        asked(&last(&objects), &Request { client: below(OWN), ..Request::of("a.test") })
    };
    assert_eq!(with("10"), "Share(a|c)");
    assert_eq!(with("0"), "a");
}

#[test]
fn headers_are_written_together_or_not_at_all() {
    let heard = |annotations: &[(&str, &str)], request: Request| {
        let observed = last(&[ingress("a", "a.test", "/", &[ASKS, annotations].concat())]);
        match verdict(&observed, &request, Timestamp::parse("2026-12-01T00:00:00Z").unwrap()) {
            Verdict::Admitted { headers, .. } => {
                headers.iter().filter(|one| one.client_can_send).count()
            }
            other => panic!("{other:?}"),
        }
    };
    let client = Request { client: below(OWN), ..Request::of("a.test") };
    assert_eq!(heard(&[], client.clone()), 4);
    assert_eq!(heard(&[("auth-tls-pass-certificate-to-upstream", "true")], client), 0);
}

#[test]
fn the_name_of_the_handshake_has_to_have_the_settings_of_the_route() {
    let hosts = ["shop.test", "shop2.test", "open.test", "off.test", "opt.test", "unknown.test"];
    let word = |word| [ASKS, &[("auth-tls-verify-client", word)]].concat();
    let objects = [
        secrets(),
        vec![
            ingress("p", "shop.test", "/", ASKS),
            ingress("p2", "shop2.test", "/", ASKS),
            ingress("o", "open.test", "/", &[]),
            ingress("f", "off.test", "/", &word("off")),
            ingress("opt", "opt.test", "/", &word("optional")),
        ],
    ]
    .concat();
    for version in ["3.7.9", "3.7.13", "3.7.15"] {
        let observed = observed(version, false, &objects);
        let row = |sni: Option<&str>, client: &Presented| {
            hosts.map(|host| {
                let (sni, client) = (sni.map(str::to_owned), client.clone());
                asked(&observed, &Request { sni, client, ..Request::of(host) })
            })
        };
        // Settings that were made of one Secret are the same from 3.7.12 on.
        let second = if version == "3.7.9" { "421" } else { "p2" };
        let own = below(OWN);
        assert_eq!(row(Some("shop.test"), &own), ["p", second, "421", "421", "421", "404"]);
        assert_eq!(row(Some("shop.test"), &Presented::Nothing), ["refused"; 6]);
        for client in [&own, &Presented::Nothing] {
            for sni in [Some("open.test"), Some("unknown.test"), None] {
                assert_eq!(row(sni, client), ["421", "421", "o", "421", "421", "404"]);
            }
            // They request no certificate, and are different settings anyway.
            assert_eq!(row(Some("off.test"), client), ["421", "421", "421", "f", "421", "404"]);
            assert_eq!(row(Some("opt.test"), client), ["421", "421", "421", "421", "opt", "404"]);
        }
    }
}
