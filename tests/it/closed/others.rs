//! Objects of others beside what mtlsgen makes: what only a cluster can say of them is not taken from a file.

use crate::support::Sandbox;

const SPEC: &str = "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n";

/// An Ingress of others for the host; `more` goes into its metadata and its spec.
fn ingress(name: &str, verify: &str, metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  namespace: default\n  annotations:\n    nginx.ingress.kubernetes.io/auth-tls-secret: default/a-example-com-tls-cacert\n    nginx.ingress.kubernetes.io/auth-tls-verify-client: '{verify}'\n    nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'\n{metadata}spec:\n{spec}  tls: [{{hosts: [a.example.com], secretName: a-example-com-tls}}]\n  rules:\n  - host: a.example.com\n    http: {{paths: [{{path: /foo, pathType: Prefix, backend: {{service: {{name: other, port: {{number: 80}}}}}}}}]}}\n---\n"
    )
}

fn class(name: &str, controller: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}}}\nspec: {{controller: {controller}}}\n---\n"
    )
}

const NGINX: &str = "  ingressClassName: nginx\n";
const YEAR: &str = "  creationTimestamp: '2023-01-01T00:00:00Z'\n";

/// Status and messages of `post-render` with these objects.
fn rendered(head: &str, objects: &str) -> (i32, String) {
    super::rendered_beside(&format!("{head}{SPEC}"), objects)
}

#[test]
fn a_class_is_whose_its_ingress_class_says() {
    let head = "ingressClassName = \"edge\"\n";
    for (controller, status) in [
        ("k8s.io/ingress-nginx", 0),
        ("k8s.io/internal-ingress-nginx", 2),
        ("traefik.io/ingress-controller", 2),
        ("haproxy.org/ingress-controller", 2),
        ("nginx.org/ingress-controller", 2),
    ] {
        let (got, said) = rendered(head, &class("edge", controller));
        assert_eq!(got, status, "{controller}: {said}");
        let words = format!("the IngressClass `edge` is that of `{controller}`");
        assert_eq!(said.contains(&words), status == 2, "{said}");
    }
    let declared = "controllers = [{ name = \"ingress-nginx\", controllerClass = \"k8s.io/internal-ingress-nginx\" }]\n";
    let internal = class("edge", "k8s.io/internal-ingress-nginx");
    let (got, said) = rendered(&format!("{head}{declared}"), &internal);
    assert_eq!(got, 0, "{said}");
    // A Deployment says it as well: what else is wrong is not that.
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: inner, namespace: edge}\nspec:\n  selector: {matchLabels: {a: b}}\n  \
        template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n        - name: controller\n          \
        image: registry.k8s.io/ingress-nginx/controller:v1.15.1\n          \
        args: [/nginx-ingress-controller, --controller-class=k8s.io/internal-ingress-nginx]\n---\n";
    let objects = format!("{internal}{deployment}");
    let (got, said) = rendered(head, &objects);
    assert_eq!(got, 0, "{said}");
    let open = ingress("a", "off", YEAR, "  ingressClassName: edge\n");
    let (got, said) = rendered(head, &format!("{objects}{open}"));
    assert_eq!(got, 2, "{said}");
    assert!(!said.contains("the IngressClass `edge` is that of"), "{said}");
    // Without the IngressClass, the spec says whose it is.
    assert_eq!(rendered(head, "").0, 0);
}

#[test]
fn times_in_files_say_nothing() {
    // Of which the older one counts: the cluster makes both anew.
    let (status, said) = rendered("", &ingress("a", "off", YEAR, NGINX));
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("which object is older"), "{said}");
    // One without a class gets that of the cluster.
    let (status, said) = rendered("", &ingress("a", "off", YEAR, ""));
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("it has no ingress class"), "{said}");
    assert_eq!(rendered("", &ingress("a", "on", YEAR, "")).0, 2);
}

#[test]
fn ingresses_of_classes_that_are_not_shown_may_be_read() {
    let head = "ingressClassName = \"internal\"\n";
    let own = class("internal", "k8s.io/ingress-nginx");
    let annotation = "    kubernetes.io/ingress.class: nginx\n";
    let (status, said) = rendered(head, &(ingress("x", "off", annotation, "") + &own));
    assert_eq!(status, 2, "{said}");
    let (status, said) = rendered("", &ingress("x", "off", "", "  ingressClassName: other\n"));
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("its IngressClass `other` is not among the objects"), "{said}");
    // One that is shown to be another controller's is not.
    let other = class("other", "traefik.io/ingress-controller");
    let of_other = ingress("x", "off", "", "  ingressClassName: other\n");
    let (status, said) = rendered("", &(of_other + &other));
    assert_eq!(status, 0, "{said}");
}

#[test]
fn of_two_objects_of_one_name_the_last_one_counts() {
    let spec = "[services.web]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.secretName = \"trust\"\n";
    let secret = |data: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: trust, namespace: default}}\nstringData: {data}\n---\n"
        )
    };
    let authorities = Sandbox::with_toml("[cas.clients]\n[clients.a]\nissuer = \"clients\"\n");
    authorities.ok(&["render", "-q"]);
    let pem = authorities.read("pki/cas/clients/tls.crt");
    let good = secret(&serde_json::json!({ "ca.crt": pem }).to_string());
    let empty = secret("{other: x}");
    for (objects, status) in [(good.clone() + &empty, 2), (empty.clone() + &good, 0)] {
        let sandbox = Sandbox::with_toml(spec);
        sandbox.ok(&["render", "-q"]);
        let run = sandbox.run_with_input(&["post-render"], &objects);
        assert_eq!(run.status, status, "{}", run.stderr);
    }
}

#[test]
fn settings_that_are_not_followed_hide_none_that_are() {
    let settings = |name: &str, data: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: ingress-nginx}}\ndata: {data}\n---\n"
        )
    };
    // Beside the host's own Ingress, one without client authentication, whose redirect depends on the settings.
    let foreign = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x, namespace: default}\nspec:\n  ingressClassName: nginx\n  tls: [{hosts: [a.example.com], secretName: a-example-com-tls}]\n  rules:\n  - host: a.example.com\n    http: {paths: [{path: /foo, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}\n---\n";
    let open = "ssl-redirect: 'false'";
    for (maps, words) in [
        (settings("c", &format!("{{{open}}}")), "by plain HTTP"),
        (settings("c", &format!("{{{open}, custom-http-errors: '404,503'}}")), "by plain HTTP"),
        (settings("c", &format!("{{{open}, custom-http-errors: '404,400'}}")), "by plain HTTP"),
        (settings("c", &format!("{{{open}, use-proxy-protocol: 'true'}}")), "by plain HTTP"),
        (settings("c", &format!("{{{open}, server-snippet: 'x'}}")), "by plain HTTP"),
        (
            settings("c", "{ssl-redirect: 'true'}") + &settings("d", &format!("{{{open}}}")),
            "by plain HTTP",
        ),
        (
            settings("c", "{server-snippet: x, annotation-value-word-blocklist: default}"),
            "host-unprotected",
        ),
    ] {
        let (status, said) = rendered("", &(foreign.to_owned() + &maps));
        assert_eq!(status, 2, "{maps}: {said}");
        assert!(said.contains(words), "{maps}: {said}");
    }
    for (data, is_warned) in [
        ("{use-proxy-protocol: 'true'}", true),
        ("{custom-http-errors: '400'}", true),
        ("{custom-http-errors: '404,503'}", false),
    ] {
        let (status, said) = rendered("", &settings("c", data));
        assert_eq!(
            (status, said.contains("controller-settings")),
            (0, is_warned),
            "{data}: {said}"
        );
    }
}

#[test]
fn what_only_begins_like_a_challenge_is_none() {
    let spec = |path: &str| {
        format!(
            "[cas.clients]\n[services.web]\nimage = \"httpd\"\nport = 80\n[services.solver]\nimage = \"httpd\"\nport = 80\n[hosts.\"a.example.com\"]\nroutes = [{{ path = \"/\", service = \"web\" }}, {{ path = \"{path}\", service = \"solver\" }}]\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"clients\"]\n"
        )
    };
    Sandbox::with_toml(&spec("/.well-known/acme-challenge/x")).ok(&["render", "-q"]);
    let run = Sandbox::with_toml(&spec("/.well-known/acme-challenge-admin")).run(&["render"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let words = "by plain HTTP is served at `/.well-known/acme-challenge-admin`";
    assert!(run.stderr.contains(words), "{}", run.stderr);
}
