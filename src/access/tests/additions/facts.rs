//! The objects, and what may come beside them.

use std::collections::BTreeMap;

use super::super::*;

/// What is there before: names of which the controllers compose those of other namespaces.
pub(super) fn base(pki: &Pki) -> Vec<Value> {
    let mut all = objects(pki);
    all[0]["metadata"]["name"] = json!("a-clients");
    annotate(&mut all[1], "auth-tls-secret", "shop/a-clients");
    let mut others = secret("shop", "others", &pki.other);
    all.push(others.clone());
    others["metadata"]["namespace"] = json!("shop-a");
    all.push(others);
    all
}

fn secret(namespace: &str, name: &str, bundle: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": namespace },
            "stringData": { "ca.crt": bundle } })
}

/// An Ingress of others, for `asks.test` unless something else is said, made in that second; mtlsgen's are of the second.
pub(super) fn other(second: u8, path: &str, annotations: &[(&str, &str)]) -> Value {
    let named = |(key, value): &(&str, &str)| {
        let key = if key.contains('/') { (*key).to_owned() } else { format!("{PREFIX}{key}") };
        (key, (*value).to_owned())
    };
    let annotations: BTreeMap<String, String> = annotations.iter().map(named).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": "other", "namespace": "shop", "annotations": annotations,
                      "creationTimestamp": format!("2026-11-30T00:00:0{second}Z") },
        "spec": { "ingressClassName": "nginx", "tls": [{ "hosts": ["asks.test"], "secretName": "server" }],
            "rules": [{ "host": "asks.test", "http": { "paths": [{ "path": path, "pathType": "Prefix",
                "backend": { "service": { "name": "other", "port": { "number": 80 } } } }] } }] },
    })
}

/// The same for another host.
fn at(host: &str, mut ingress: Value) -> Value {
    ingress["spec"]["rules"][0]["host"] = json!(host);
    ingress["spec"]["tls"][0]["hosts"][0] = json!(host);
    ingress
}

/// The same in another namespace.
fn within(namespace: &str, mut object: Value) -> Value {
    object["metadata"]["namespace"] = json!(namespace);
    object
}

/// The same with another value somewhere.
fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
    object
}

/// What mtlsgen writes for the host that asks.
pub(super) const ASKS: [(&str, &str); 2] =
    [("auth-tls-secret", "shop/a-clients"), ("auth-tls-verify-client", "on")];

/// Further Ingresses for the host, and for others.
pub(super) fn ingresses() -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    let annotations: [&[(&str, &str)]; 13] = [
        &[],
        &ASKS,
        &[ASKS[0], ("auth-tls-verify-client", "off")],
        &[ASKS[0], ("auth-tls-verify-client", "optional")],
        &[ASKS[0], ("auth-tls-verify-client", "optional_no_ca")],
        &[("auth-tls-secret", "shop/others")],
        &[("auth-tls-secret", "shop/missing")],
        &[("auth-tls-secret", "")],
        &[("auth-tls-secret", "a-clients")],
        &[ASKS[0], ASKS[1], ("auth-tls-match-cn", "CN=.*")],
        &[ASKS[0], ASKS[1], ("auth-tls-error-page", "/sorry")],
        &[ASKS[0], ASKS[1], ("ssl-redirect", "false")],
        &[ASKS[0], ASKS[1], ("auth-tls-verify-depth", "9")],
    ];
    for (number, notes) in annotations.into_iter().enumerate() {
        for path in ["/", "/older", "/.well-known/acme-challenge"] {
            for second in 1..4 {
                let made = other(second, path, notes);
                all.push(vec![made.clone()]);
                if second == 2 || number > 3 {
                    continue;
                }
                let exact =
                    with(made.clone(), "/spec/rules/0/http/paths/0/pathType", json!("Exact"));
                let bare = with(made.clone(), "/spec/tls", json!([]));
                let elsewhere = within("elsewhere", made.clone());
                let class = with(made.clone(), "/spec/ingressClassName", json!("other"));
                let of_none = with(made.clone(), "/spec/ingressClassName", Value::Null);
                let of_all = with(made.clone(), "/spec/rules/0/host", Value::Null);
                let deeper = at("x.asks.test", made.clone());
                let wild = at("*.test", made.clone());
                let open = at("open.test", made.clone());
                for kind in ["List", "IngressList"] {
                    let version = if kind == "List" { "v1" } else { "networking.k8s.io/v1" };
                    let list = json!({ "apiVersion": version, "kind": kind, "items": [made] });
                    all.push(vec![json!({ "apiVersion": "v1", "kind": "List", "items": [list] })]);
                }
                let single =
                    [made, exact, bare, elsewhere, class, of_none, of_all, deeper, wild, open];
                all.extend(single.map(|one| vec![one]));
            }
        }
    }
    for host in ["asks.test", "other.test"] {
        let mut alone = at(host, other(1, "/", &[]));
        let backend = json!({ "service": { "name": "asks", "port": { "number": 80 } } });
        alone["spec"]["defaultBackend"] = backend.clone();
        all.push(vec![alone.clone()]);
        alone["spec"]["rules"] = json!([]);
        all.push(vec![alone]);
        let leads = "/spec/rules/0/http/paths/0/backend";
        all.push(vec![with(at(host, other(3, "/older", &[])), leads, backend)]);
    }
    all
}

/// Annotations that mean something to some controller.
pub(super) const NOTES: [(&str, &str); 43] = [
    ("server-alias", "asks.test"),
    ("server-alias", "*.test"),
    ("server-alias", "alias.test"),
    ("server-alias", "~^asks"),
    ("auth-tls-verify-client", "optional"),
    ("auth-tls-secret", "shop/others"),
    ("auth-tls-match-cn", "CN=.*"),
    ("auth-tls-error-page", "/sorry"),
    ("auth-tls-pass-certificate-to-upstream", "true"),
    ("auth-tls-unheard-of", "on"),
    ("server-snippet", "ssl_verify_client off;"),
    ("configuration-snippet", "return 200;"),
    ("stream-snippet", "x"),
    ("permanent-redirect", "https://elsewhere.test"),
    ("permanent-redirect", "https://asks.test/x"),
    ("temporal-redirect", "https://elsewhere.test"),
    ("canary", "true"),
    ("canary-weight", "100"),
    ("use-regex", "true"),
    ("rewrite-target", "/x"),
    ("rewrite-target", "https://elsewhere.test/"),
    ("app-root", "/x"),
    ("ssl-redirect", "false"),
    ("force-ssl-redirect", "true"),
    ("force-ssl-redirect", "false"),
    ("ssl-passthrough", "true"),
    ("from-to-www-redirect", "true"),
    ("preserve-trailing-slash", "true"),
    ("backend-protocol", "FCGI"),
    ("backend-protocol", "HTTPS"),
    ("custom-http-errors", "400,495,496"),
    ("default-backend", "open"),
    ("satisfy", "any"),
    ("auth-url", "http://192.0.2.10/"),
    ("mirror-target", "http://192.0.2.10/"),
    ("upstream-vhost", "elsewhere.test"),
    ("proxy-ssl-secret", "shop/missing"),
    ("ssl-ciphers", "HIGH"),
    ("ssl-prefer-server-ciphers", "true"),
    ("whitelist-source-range", "0.0.0.0/0"),
    ("enable-global-auth", "false"),
    ("proxy-body-size", "8m"),
    ("unheard-of", "x"),
];

/// Settings of a `ConfigMap`.
pub(super) const SETTINGS: [(&str, &str); 17] = [
    ("ssl-redirect", "false"),
    ("force-ssl-redirect", "true"),
    ("allow-snippet-annotations", "true"),
    ("annotations-risk-level", "Critical"),
    ("allow-cross-namespace-resources", "true"),
    ("use-forwarded-headers", "true"),
    ("use-proxy-protocol", "true"),
    ("no-tls-redirect-locations", "/"),
    ("custom-http-errors", "400,496"),
    ("http-snippet", "x"),
    ("server-snippet", "x"),
    ("location-snippet", "x"),
    ("main-snippet", "x"),
    ("proxy-set-headers", "shop/headers"),
    ("ssl-reject-handshake", "true"),
    ("annotation-value-word-blocklist", "shop"),
    ("proxy-body-size", "8m"),
];

/// Objects whose names compose those of `shop/a-clients` and `shop/asks:80` again, and other Secrets.
pub(super) fn composed() -> Vec<Vec<Value>> {
    let pki = &laws::PKI;
    let trusts_others = secret("shop-a", "clients", &pki.other);
    let mut all = vec![
        vec![trusts_others.clone()],
        vec![secret("shop", "a.clients", &pki.other)],
        vec![secret("elsewhere", "a-clients", &pki.other)],
        vec![secret("shop", "server", &pki.other)],
    ];
    for second in 1..4 {
        for word in ["on", "off"] {
            let notes = [("auth-tls-secret", "shop-a/clients"), ("auth-tls-verify-client", word)];
            let made = within("shop-a", at("elsewhere.test", other(second, "/", &notes)));
            all.push(vec![trusts_others.clone(), made]);
            let dotted = [("auth-tls-secret", "shop/a.clients"), ("auth-tls-verify-client", word)];
            let made = at("elsewhere.test", other(second, "/", &dotted));
            all.push(vec![secret("shop", "a.clients", &pki.other), made]);
        }
        // As Ingress and Service, `shop` `asks` and `shop-asks`.
        let mut named = within("shop-asks", at("elsewhere.test", other(second, "/", &[])));
        named["metadata"]["name"] = json!("asks");
        all.push(vec![named]);
    }
    all
}

fn traefik_object(kind: &str, namespace: &str, name: &str, spec: &Value) -> Value {
    json!({ "apiVersion": "traefik.io/v1alpha1", "kind": kind,
            "metadata": { "name": name, "namespace": namespace }, "spec": spec })
}

/// Objects of Traefik's own kinds.
pub(super) fn custom() -> Vec<Vec<Value>> {
    let mut all = Vec::new();
    let rules = [
        "Host(`asks.test`)",
        "Host(`asks.test`) && PathPrefix(`/older`)",
        "Host(`asks.test`) && Path(`/`)",
        "Host(`open.test`)",
        "HostRegexp(`^.+$`)",
        "PathPrefix(`/`)",
        "!Host(`asks.test`)",
        "Host(`*.test`)",
    ];
    let own = json!({ "clientAuth": { "secretNames": ["a-clients"], "clientAuthType": "RequireAndVerifyClientCert" } });
    let tls = [
        Value::Null,
        json!({}),
        json!({ "options": { "name": "own" } }),
        json!({ "options": { "name": "missing" } }),
        json!({ "options": { "name": "own", "namespace": "elsewhere" } }),
        json!({ "passthrough": true }),
    ];
    for rule in rules {
        for tls in &tls {
            for points in [json!(["websecure"]), json!(["web"]), json!([])] {
                let services = json!([{ "name": "other", "port": 80 }]);
                let spec = json!({ "entryPoints": points, "tls": tls,
                    "routes": [{ "kind": "Rule", "match": rule, "services": services }] });
                let route = traefik_object("IngressRoute", "shop", "other", &spec);
                let option = traefik_object("TLSOption", "shop", "own", &own);
                let service = json!({ "apiVersion": "v1", "kind": "Service",
                    "metadata": { "name": "other", "namespace": "shop" }, "spec": { "ports": [{ "port": 80 }] } });
                let mut ranked = route.clone();
                ranked["spec"]["routes"][0]["priority"] = json!(1000);
                let mut tcp = spec;
                tcp["routes"][0]["match"] = json!(rule.replace("Host", "HostSNI"));
                let tcp = traefik_object("IngressRouteTCP", "shop", "other", &tcp);
                all.push(vec![service.clone(), option.clone(), route]);
                all.push(vec![service.clone(), option, ranked]);
                all.push(vec![service, tcp]);
            }
        }
    }
    for auth in [
        json!({}),
        own.clone(),
        json!({ "clientAuth": { "secretNames": ["others"], "clientAuthType": "RequireAndVerifyClientCert" } }),
        json!({ "clientAuth": { "clientAuthType": "RequireAnyClientCert" } }),
    ] {
        let option =
            |namespace: &str, name: &str| traefik_object("TLSOption", namespace, name, &auth);
        all.push(vec![option("shop", "default")]);
        all.push(vec![option("elsewhere", "default")]);
        all.push(vec![option("shop", "default"), option("elsewhere", "default")]);
        all.push(vec![option("shop", "detached")]);
    }
    for kind in
        ["Middleware", "MiddlewareTCP", "ServersTransport", "ServersTransportTCP", "TLSStore"]
    {
        all.push(vec![traefik_object(
            kind,
            "shop",
            "default",
            &json!({ "insecureSkipVerify": true }),
        )]);
    }
    all
}

/// Objects that neither controller reads, or that say whose a class is.
pub(super) fn beside() -> Vec<Vec<Value>> {
    let class = |name: &str, controller: &str| {
        json!({ "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": { "name": name,
            "annotations": { "ingressclass.kubernetes.io/is-default-class": "true" } }, "spec": { "controller": controller } })
    };
    let gateway = json!({ "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": { "name": "other", "namespace": "shop" }, "spec": { "hostnames": ["asks.test"] } });
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "asks", "namespace": "shop" },
        "spec": { "type": "ExternalName", "externalName": "elsewhere.test" } });
    vec![
        vec![class("nginx", "k8s.io/ingress-nginx")],
        vec![class("other", "k8s.io/ingress-nginx")],
        vec![class("nginx", "traefik.io/ingress-controller")],
        vec![class("nginx", "k8s.io/ingress-nginx"), class("other", "k8s.io/ingress-nginx")],
        vec![gateway],
        vec![service],
    ]
}
