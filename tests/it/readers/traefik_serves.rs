//! What Traefik makes of objects beside those of the spec, and of what the spec says.

use super::{AUTHORITIES, ONCE, refused, spec, traefik};
use crate::support::{Run, Sandbox};

/// A host that is protected, with Traefik as its reader.
const SHOP: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n[services.pub]\nimage = \"httpd\"\nport = 80\n\
    [hosts.\"shop.example.com\"]\nservice = \"web\"\n";

/// What `post-render` says of objects beside those of the spec, and how it ends.
fn beside(rest: &str, objects: &str) -> (i32, String) {
    let sandbox = spec(&traefik("3.7.15", ""), &format!("{SHOP}{rest}"));
    sandbox.ok(&["render", "-q"]);
    let mut command = sandbox.command(&["post-render"]);
    command.env("HELM_NAMESPACE", "default").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), objects.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    (run.status, run.stderr)
}

#[track_caller]
fn passes(rest: &str, objects: &str) {
    let (status, said) = beside(rest, objects);
    assert_eq!(status, 0, "{objects}: {said}");
}

#[track_caller]
fn opens(rest: &str, objects: &str, words: &str) {
    let (status, said) = beside(rest, objects);
    assert!(status == 2 && said.contains(words), "{objects}: {said}");
}

/// An `IngressRoute`, or another router of Traefik's.
fn router(kind: &str, entry_point: &str, rule: &str, more: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: r-{entry_point}, namespace: default}}\n\
         spec:\n  entryPoints: [{entry_point}]\n  routes:\n  - match: {rule}\n    services: [{{name: web, port: 80}}]\n{more}---\n"
    )
}

/// An Ingress without a `tls` entry.
fn ingress(host: &str, path: &str, service: &str, annotations: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: other, namespace: default, annotations: {{{annotations}}}}}\n\
         spec:\n  ingressClassName: nginx\n  rules:\n  - {host}http: {{paths: [{{path: '{path}', pathType: ImplementationSpecific, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}\n---\n"
    )
}

#[test]
fn what_traefik_serves_by_plain_http_is_compared_there() {
    let route = |rest: &str| {
        router("IngressRoute", "web", "Host(`shop.example.com`) && PathPrefix(`/x`)", rest)
    };
    let served =
        "a client without a certificate by plain HTTP is served at `/x`, by `default/web:80`";
    opens("", &route(""), served);
    // One that redirects.
    let middleware = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: to-https, namespace: default}\nspec: {redirectScheme: {scheme: https}}\n---\n";
    let redirects = route("    middlewares: [{name: to-https}]\n");
    passes("", &format!("{redirects}{middleware}"));
    opens("", &redirects, "which clients are admitted is not known: the effect of `middlewares`");
    // A host that asks for nothing leads to the Service of one that does.
    let open = "[hosts.\"pub.example.com\"]\nservice = \"pub\"\nclientAuth = false\n";
    let other = router("IngressRoute", "web", "Host(`pub.example.com`) && PathPrefix(`/x`)", "");
    opens(
        open,
        &other,
        "host `pub.example.com` would not be protected by traefik 3.7.15: `/x` leads to `default/web:80`",
    );
}

#[test]
fn paths_that_are_expressions_are_asked_for() {
    let annotations = "nginx.ingress.kubernetes.io/use-regex: 'true', nginx.ingress.kubernetes.io/auth-tls-secret: default/shop-example-com-tls-cacert, nginx.ingress.kubernetes.io/ssl-redirect: 'false'";
    let host = "host: shop.example.com\n    ";
    for (path, asked) in [("/foo.*", "/foo"), ("/(v[0-9]+|api)/x", "/v0/x"), ("/a[.]b$", "/a.b")] {
        let words = format!("by plain HTTP is served at `{asked}`");
        opens("", &ingress(host, path, "web", annotations), &words);
    }
}

#[test]
fn routers_that_never_answer_a_host_do_not_count() {
    passes("[hosts.\"*.example.com\"]\nservice = \"pub\"\nclientAuth = false\n", "");
    for rule in ["HostRegexp(`^.+\\.other\\.test$`)", "PathPrefix(`/`)"] {
        let route = router("IngressRoute", "websecure", rule, "    priority: 1\n  tls: {}\n");
        passes("", &route);
    }
    passes("", &ingress("", "/any", "pub", ""));
    passes(
        "",
        &ingress("host: shop.example.com\n    ", "/.well-known/acme-challenge/x", "solver", ""),
    );
    let default = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: other, namespace: default}\n\
        spec: {ingressClassName: nginx, defaultBackend: {service: {name: pub, port: {number: 80}}}}\n";
    passes("", default);
    // Where it answers, a client writes the headers itself.
    let route = "Host(`shop.example.com`) && PathPrefix(`/x`)";
    let route = router("IngressRoute", "websecure", route, "  tls: {}\n");
    opens("", &route, "would not be protected by traefik 3.7.15");
}

#[test]
fn routers_of_connections_at_other_ports_open_nothing() {
    passes("", &router("IngressRouteTCP", "postgres", "HostSNI(`*`)", ""));
    opens(
        "",
        &router("IngressRouteTCP", "web", "HostSNI(`*`)", ""),
        "the effect of `match` on the IngressRouteTCP `default/r-web` is not known",
    );
}

/// Traefik counts no intermediates, so that only authorities limit them.
#[test]
fn a_depth_that_is_written_is_enforced_by_each_reader() {
    let reader = traefik("3.7.15", "");
    let written = |most: &str, depth: &str| {
        let authorities = AUTHORITIES.replace("[cas.clients]\n", &format!("[cas.clients]\n{most}"));
        Sandbox::with_toml(&format!("controllers = [{reader}]\n{authorities}{ONCE}{depth}"))
    };
    let run = written("maxPathLen = 3\n", "clientAuth.verifyDepth = 1\n").run(&["render"]);
    for words in [
        "chains with any number of intermediates pass, and 1 are wanted",
        "traefik does not count the intermediates of a chain: give the authorities of this host a `maxPathLen`",
    ] {
        assert!(run.status == 2 && run.stderr.contains(words), "{}", run.stderr);
    }
    written("maxPathLen = 3\n", "").ok(&["render"]);
    written("maxPathLen = 1\n", "clientAuth.verifyDepth = 1\n").ok(&["render"]);
}

#[test]
fn hosts_whose_names_meet_in_traefik_are_refused_anywhere() {
    let twins = "[hosts.\"x.example.com\"]\nservice = \"web\"\ningressName = \"a.b\"\n[hosts.\"y.example.com\"]\nservice = \"pub\"\ningressName = \"a-b\"\n";
    let locked_out = "may not be served at `/`: that depends on chance";
    refused(
        &traefik("3.7.13", ""),
        &format!("{SHOP}{twins}"),
        &["error[host-locked-out]", locked_out],
    );
    spec(&traefik("3.7.15", ""), &format!("{SHOP}{twins}")).ok(&["render"]);
    // One path of two, behind a host that is right.
    let half = "[hosts.\"x.example.com\"]\nroutes = [{ path = \"/\", service = \"web\" }, { path = \"/b\", service = \"web\" }]\ningressName = \"a.b\"\n\
        [hosts.\"y.example.com\"]\nservice = \"pub\"\ningressName = \"a-b\"\nclientAuth = false\n";
    let title = "host `x.example.com` would not be served by traefik 3.7.13 as the spec says";
    refused(&traefik("3.7.13", ""), &format!("{SHOP}{half}"), &[title, locked_out]);
    let far = |number: usize| {
        let hosts =
            (0..number).map(|at| format!("[hosts.\"h{at:03}.example.com\"]\nservice = \"web\"\n"));
        format!(
            "{SHOP}[services.x-web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ningressName = \"shop-x\"\nclientAuth = false\n{}\
             [hosts.\"z.example.com\"]\nservice = \"x-web\"\ningressName = \"shop\"\n",
            hosts.collect::<String>()
        )
    };
    let leads = "lead to `default/x-web:80`, which is behind host `z.example.com`: that depends on which object is older";
    for number in [3, 300] {
        let rest = far(number);
        refused(&traefik("3.7.15", ""), &rest, &[leads]);
    }
}

#[test]
fn access_asks_at_paths_that_expressions_match() {
    let sandbox = Sandbox::new();
    let host = "host: shop.example.com\n    ";
    let expression = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let old = ingress(host, "/", "web", "").replace("name: other", "name: first");
    let new = format!("{old}{}", ingress(host, "/foo.*", "pub", expression));
    sandbox.write("old.yaml", &old);
    sandbox.write("new.yaml", &new);
    let table = sandbox.ok(&["access", "--controller", "traefik", "new.yaml"]).stdout;
    assert!(table.contains("/foo") && table.contains("reaches default/pub:80"), "{table}");
    let run = sandbox.run(&["access", "--diff", "--controller", "traefik", "old.yaml", "new.yaml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains("/foo") && run.stdout.contains("pub:80"), "{}", run.stdout);
}
