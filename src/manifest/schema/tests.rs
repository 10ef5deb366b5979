use serde_json::Value;

use super::check;
use crate::yaml;

fn problems(text: &str) -> Vec<String> {
    let objects: Vec<Value> = yaml::parse(text).unwrap();
    objects.iter().flat_map(check).map(|problem| problem.to_string()).collect()
}

const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: demo, namespace: default, labels: {app: demo}}
spec:
  replicas: 2
  selector: {matchLabels: {app: demo}}
  template:
    metadata: {labels: {app: demo}}
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: demo
        image: httpd
        imagePullPolicy: Always
        ports: [{containerPort: 80}]
        env: [{name: A, value: \"1\"}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]
        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 2}}
        livenessProbe: {httpGet: {path: /, port: http}, periodSeconds: 5}
        volumeMounts: [{name: v, mountPath: /v}]
      volumes: [{name: v, emptyDir: {}}]
";

#[test]
fn good_objects_pass() {
    assert_eq!(problems(DEPLOYMENT), Vec::<String>::new());
    for recorded in [
        include_str!("../../../tests/recorded/w1-create-deployment.yaml"),
        include_str!("../../../tests/recorded/w1-expose-deployment.yaml"),
    ] {
        let missing = problems(recorded);
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert!(missing[0].starts_with("`metadata.namespace`: is missing"), "{missing:?}");
    }
}

#[test]
fn each_mistake_is_found_where_it_is() {
    let cases = [
        (
            "        image: httpd",
            "        imagee: httpd",
            "`spec.template.spec.containers[0].imagee`: unknown field, did you mean `image`?",
        ),
        (
            "replicas: 2",
            "replicas: two",
            "`spec.replicas`: must be a whole number, and this is the string `two`",
        ),
        (
            "replicas: 2",
            "replicas: 1.5",
            "`spec.replicas`: must be a whole number, and this is the number `1.5`",
        ),
        (
            "{app: demo}}\nspec",
            "{app: on}}\nspec",
            "`metadata.labels.app`: must be a string, and this is the boolean `true`: put it in quotes",
        ),
        (
            "value: \"1\"",
            "value: 1",
            "`spec.template.spec.containers[0].env[0].value`: must be a string, and this is the number `1`: put it in quotes",
        ),
        (
            "memory: 128Mi",
            "memory: 128MB",
            "must be a quantity such as `100m` or `128Mi`, and this is the string `128MB`",
        ),
        (
            "imagePullPolicy: Always",
            "imagePullPolicy: always",
            "must be one of `Always`, `IfNotPresent`, `Never`, and this is the string `always`",
        ),
        (
            "name: demo, namespace",
            "name: Demo, namespace",
            "`metadata.name`: `Demo` is not a valid name",
        ),
        (
            "  selector: {matchLabels: {app: demo}}\n",
            "",
            "`spec.selector`: is missing, and Kubernetes requires it",
        ),
        (
            "containers:",
            "container:",
            "`spec.template.spec.container`: unknown field, did you mean `containers`?",
        ),
        (
            "[{containerPort: 80}]",
            "{containerPort: 80}",
            "ports`: must be a list, and this is a mapping",
        ),
        ("app: demo}}\nspec", "app: -x}}\nspec", "`metadata.labels.app`: a label value has"),
        ("apps/v1", "apps/v1beta1", "`Deployment` has the version `apps/v1`, not `apps/v1beta1`"),
        (
            "kind: Deployment",
            "kind: Deploymnt",
            "there is no kind `Deploymnt` in `apps/v1`: did you mean `Deployment`?",
        ),
        ("namespace: default, ", "", "`metadata.namespace`: is missing"),
        ("kind: Deployment\n", "", "`kind`: must be there, as text"),
        (
            "mountPath: /v",
            "mountpath: /v",
            "volumeMounts[0].mountpath`: unknown field, did you mean `mountPath`?",
        ),
    ];
    for (right, wrong, message) in cases {
        assert!(DEPLOYMENT.contains(right), "{right}");
        let found = problems(&DEPLOYMENT.replace(right, wrong));
        assert!(found.iter().any(|found| found.contains(message)), "{message}\n{found:#?}");
    }
}

#[test]
fn ingresses_and_secrets_are_known() {
    let ingress = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: b, annotations: {nginx.ingress.kubernetes.io/auth-tls-verify-client: on}}
spec: {rules: [{host: a.b, http: {paths: [{path: /, backend: {service: {name: s, port: {number: 80}}}}]}}]}
---
apiVersion: v1
kind: Secret
metadata: {name: a, namespace: b}
data: {tls.crt: \"not base64!\"}
---
apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata: {name: a, namespace: b}
---
apiVersion: v1
kind: Namespace
metadata: {name: a, namespace: b}
";
    let found = problems(ingress).join("\n");
    for message in [
        "`metadata.annotations.nginx.ingress.kubernetes.io/auth-tls-verify-client`: must be a string, and this is the boolean `true`: put it in quotes",
        "`spec.rules[0].http.paths[0].pathType`: is missing",
        "`data.tls.crt`: must be base64 with padding",
        "`Ingress` has the version `networking.k8s.io/v1`, not `networking.k8s.io/v1beta1`",
        "`metadata.namespace`: must not be set",
    ] {
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn unknown_kinds_are_checked_for_their_metadata_alone() {
    let good = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\nspec: {anything: [1]}\n";
    assert_eq!(problems(good), Vec::<String>::new());
    let bad = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a, labels: {x: 1}, foo: b}\n";
    let found = problems(bad).join("\n");
    assert!(found.contains("`metadata.labels.x`: must be a string"), "{found}");
    assert!(found.contains("`metadata.foo`: unknown field"), "{found}");
    assert_eq!(problems("[1]"), ["a Kubernetes object is a mapping, and this is a list"]);
}
