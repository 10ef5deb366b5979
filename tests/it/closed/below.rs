//! Hosts of others below a protected wildcard, and what a host allows by name: each host speaks for itself alone.

use super::rendered_beside;

const WILDCARD: &str = "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"*.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

/// An Ingress of others; `annotations` in YAML's flow.
fn ingress(host: &str, annotations: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: theirs\n  namespace: default\n  annotations: {{{annotations}}}\nspec:\n  ingressClassName: nginx\n  tls: [{{hosts: [{host}], secretName: theirs}}]\n  rules:\n  - host: {host}\n    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: shop, port: {{number: 80}}}}}}}}]}}\n---\n"
    )
}

const ASKS: &str =
    "nginx.ingress.kubernetes.io/auth-tls-secret: default/wildcard-example-com-tls-cacert";

/// What is said of an Ingress beside the wildcard, once.
#[track_caller]
fn said(head: &str, rest: &str, objects: &str) -> String {
    let (status, said) = rendered_beside(&format!("{head}{WILDCARD}{rest}"), objects);
    assert_eq!(status, 0, "{said}");
    assert!(said.matches("wildcard-not-inherited").count() <= 1, "{said}");
    said
}

#[test]
fn an_open_host_of_others_is_said() {
    let words = "warning[wildcard-not-inherited]: `shop.example.com` is below the protected host `*.example.com` and is not in the spec: what is served under that name itself does not require what the host requires";
    let served = ": a client without a certificate is served at `/`, by `default/shop:80`";
    let open = ingress("shop.example.com", "");
    let found = said("", "", &open);
    assert!(found.contains(&format!("{words}{served}")), "{found}");
    // As a further name of another host, it is an error.
    let alias = "nginx.ingress.kubernetes.io/server-alias: shop.example.com";
    let (status, found) = rendered_beside(WILDCARD, &ingress("shop.test", alias));
    assert!(status == 2 && found.contains("error[alias-opens]"), "{found}");
    // Said once, by all who read it so.
    let readers = "controllers = [{ name = \"ingress-nginx\", version = \"1.15.1\" }, { name = \"traefik\", version = \"3.7.15\" }]\n";
    let found = said(readers, "", &open);
    let by = format!("{words} by ingress-nginx 1.15.1 and traefik 3.7.15{served}");
    assert!(found.contains(&by), "{found}");
    // A route of Traefik's own.
    let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: default}\nspec:\n  entryPoints: [websecure]\n  tls: {}\n  routes:\n  - match: Host(`shop.example.com`) && PathPrefix(`/a-long-path-that-comes-first`)\n    services: [{name: web, port: 80}]\n---\n";
    let found = said(readers, "", route);
    let by = format!(
        "{words} by traefik 3.7.15: a client without a certificate is served at `/a-long-path-that-comes-first`, by `default/web:80`"
    );
    assert!(found.contains(&by), "{found}");
    // It asks for certificates, and not by plain HTTP.
    let plain = format!("{ASKS}, nginx.ingress.kubernetes.io/ssl-redirect: 'false'");
    let found = said("", "", &ingress("shop.example.com", &plain));
    assert!(found.contains("a client without a certificate by plain HTTP is served"), "{found}");
    // The Secret that it trusts is not among the objects.
    let theirs = "nginx.ingress.kubernetes.io/auth-tls-secret: default/theirs-ca";
    let found = said("", "", &ingress("shop.example.com", theirs));
    assert!(found.contains("the Secret `default/theirs-ca` is not among the objects"), "{found}");
}

#[test]
fn what_asks_the_same_or_lies_elsewhere_is_not() {
    let is_silent = |rest: &str, objects: &str| {
        let found = said("", rest, objects);
        assert!(!found.contains("warning[wildcard-not-inherited]"), "{objects}{found}");
    };
    is_silent("", &ingress("shop.example.com", ASKS));
    is_silent("", &ingress("a.shop.example.com", ""));
    is_silent("", &ingress("shop.example.org", ""));
    let redirects = "nginx.ingress.kubernetes.io/permanent-redirect: https://shop.example.org/";
    is_silent("", &ingress("shop.example.com", redirects));
    // A host of the spec is what the spec says.
    let own = "[hosts.\"shop.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth = false\n";
    is_silent(own, "");
}

#[test]
fn what_a_host_allows_counts_there_alone() {
    let spec = |host: &str| {
        let head = "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[defaults.hosts]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";
        let entry = |name: &str| {
            let allowed = "allowAnnotations = [\"nginx.ingress.kubernetes.io/server-snippet\"]\n";
            let allowed = if name == host { allowed } else { "" };
            format!("[hosts.\"{name}\"]\nservice = \"web\"\n{allowed}")
        };
        format!("{head}{}{}", entry("a.example.com"), entry("b.example.com"))
    };
    let snippet = "nginx.ingress.kubernetes.io/server-snippet: 'ssl_verify_client off;', nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'";
    let foreign = ingress("b.example.com", snippet).replace("path: /,", "path: /theirs,");
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ingress-nginx}\ndata: {allow-snippet-annotations: 'true', annotations-risk-level: Critical}\n---\n";
    for objects in [foreign.clone(), format!("{foreign}{settings}")] {
        let (status, said) = rendered_beside(&spec("a.example.com"), &objects);
        let words = "host `b.example.com` may not be protected: which clients are admitted is not known: the Ingress `default/theirs` has `nginx.ingress.kubernetes.io/server-snippet`";
        assert!(status == 2 && said.contains(words), "{status}: {said}");
        let (status, said) = rendered_beside(&spec("b.example.com"), &objects);
        assert_eq!(status, 0, "{said}");
    }
}
