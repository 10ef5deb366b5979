//! Helm's post-renderer.

use serde_json::Value;

use crate::cases::issued_sandbox_of;
use crate::support::{Run, Sandbox, object, objects, root};

/// As Helm 3 hands over a chart: comments, and YAML as its authors wrote it.
const CHART: &str = "\
---
# Source: chart/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: shop # here
spec: {ports: [{port: 80}], selector: {app: \"shop\"}}
---
# Source: chart/templates/empty.yaml
---
# Source: chart/templates/cm.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: x
  annotations:
    postrenderer.helm.sh/postrender-filename: chart/templates/cm.yaml
data:
  a: |
    ---
    b
";

fn example() -> Sandbox {
    issued_sandbox_of(&root().join("examples/helm"))
}

fn post_render(sandbox: &Sandbox, chart: &str) -> Run {
    sandbox.run_with_input(&["post-render"], chart)
}

#[test]
fn the_chart_stays_byte_by_byte_and_the_objects_follow_it() {
    let sandbox = example();
    let rendered = sandbox.render();
    for chart in [CHART, CHART.trim_end(), ""] {
        let run = post_render(&sandbox, chart);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.starts_with(chart));
        let all = objects(&run.stdout);
        let charts = objects(chart);
        assert_eq!(all[..charts.len()], charts);
        assert_eq!(all[charts.len()..], rendered);
    }
}

#[test]
fn a_second_call_adds_nothing() {
    let sandbox = example();
    let once = post_render(&sandbox, CHART).stdout;
    assert_eq!(post_render(&sandbox, &once).stdout, once);
    // Helm 4 says in each object where it comes from.
    let reported: Vec<String> = objects(&once)
        .into_iter()
        .map(|mut object| {
            let annotations = &mut object["metadata"]["annotations"];
            annotations["postrenderer.helm.sh/postrender-filename"] = "some.yaml".into();
            mtlsgen::yaml::emit(&object)
        })
        .collect();
    let reported = reported.join("---\n");
    assert_eq!(post_render(&sandbox, &reported).stdout, reported);
}

#[test]
fn the_call_for_hooks_adds_nothing() {
    let hooks =
        "kind: Job\napiVersion: batch/v1\nmetadata: {name: j, annotations: {helm.sh/hook: test}}\n";
    let run = post_render(&example(), hooks);
    assert_eq!((run.status, run.stdout.as_str()), (0, hooks));
    let both = format!("{CHART}---\n{hooks}");
    assert!(objects(&post_render(&example(), &both).stdout).len() > 3);
}

#[test]
fn what_the_chart_gives_as_well_is_an_error() {
    let chart =
        CHART.replace("ConfigMap", "Secret").replace("name: x", "name: shop-example-com-tls");
    let run = post_render(&example(), &chart);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("gives Secret `default/shop-example-com-tls`"), "{}", run.stderr);
}

#[test]
fn nothing_is_issued_and_a_log_holds_the_words() {
    let sandbox = Sandbox::new();
    let spec = std::fs::read(root().join("examples/helm/mtls.yaml")).unwrap();
    sandbox.write("mtls.yaml", spec);
    let run = sandbox.run_with_input(&["post-render", "--log-file", "logs/l.log"], CHART);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("host `shop.example.com`: never issued"), "{}", run.stderr);
    assert_eq!(sandbox.read("logs/l.log"), run.stderr);
    assert!(!sandbox.path("pki").exists());
}

#[test]
fn the_clock_and_the_source_of_the_spec_are_heard() {
    let sandbox = example();
    let run = sandbox.run_with_input(&["post-render", "--at", "2100-01-01"], CHART);
    assert_ne!(run.status, 0, "everything has expired then");
    let run = sandbox.run_with_input(&["post-render", "-f", "-"], CHART);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error[standard-input]"), "{}", run.stderr);
    assert!(run.stderr.contains("cannot come from standard input"), "{}", run.stderr);
}

#[test]
fn what_only_kustomize_reads_is_left_out() {
    let sandbox = example();
    let set = ["post-render", "--set", "plugin.needsHash=true", "--set", "plugin.behavior=merge"];
    let run = sandbox.run_with_input(&set, CHART);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(!run.stdout.contains("kustomize.config"), "{}", run.stdout);
}

#[test]
fn a_chart_that_cannot_be_read_is_refused() {
    let run = post_render(&example(), "a: [");
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error[chart]"), "{}", run.stderr);
    assert!(run.stderr.contains("the chart's manifests are not YAML"), "{}", run.stderr);
}

#[test]
fn the_plugin_of_helm_4_calls_a_command_that_exists() {
    let text = std::fs::read_to_string(root().join("examples/helm/plugin.yaml")).unwrap();
    let plugin = objects(&text).remove(0);
    assert_eq!(plugin["type"], "postrenderer/v1");
    let call = &plugin["runtimeConfig"]["platformCommand"][0];
    assert_eq!(call["command"], "mtlsgen");
    let sandbox = example();
    let folder = sandbox.folder().to_str().unwrap();
    let arguments: Vec<String> = call["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word: &Value| word.as_str().unwrap().replace("${HELM_PLUGIN_DIR}", folder))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = sandbox.run_with_input(&arguments, CHART);
    assert_eq!(run.status, 0, "{}", run.stderr);
    object(&objects(&run.stdout), "Ingress", "shop-example-com");
}

#[test]
fn an_ingress_of_the_chart_is_protected() {
    let sandbox = Sandbox::with_toml(
        "namespace = \"shop\"\n[cas.clients]\n[hosts.\"shop.example.com\"]\nexistingIngress = { name = \"shop\" }\nclientAuth.cas = [\"clients\"]\n",
    );
    sandbox.ok(&["render", "--kind", "Secret"]);
    let ingress = "\
---
# Source: chart/templates/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    postrenderer.helm.sh/postrender-filename: chart/templates/ingress.yaml
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: theirs}]
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}
";
    let chart = format!("{CHART}{ingress}");
    let run = post_render(&sandbox, &chart);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("warning[namespace-missing]"), "{}", run.stderr);
    assert!(run.stderr.contains("has no namespace, so `shop` is assumed"), "{}", run.stderr);
    let all = objects(&run.stdout);
    let annotations = &object(&all, "Ingress", "shop")["metadata"]["annotations"];
    assert_eq!(
        annotations["nginx.ingress.kubernetes.io/auth-tls-secret"],
        "shop/shop-example-com-tls-cacert"
    );
    assert_eq!(
        annotations["postrenderer.helm.sh/postrender-filename"],
        "chart/templates/ingress.yaml"
    );
    assert_eq!(all.len(), objects(&chart).len() + 1);
    let mut command = sandbox.command(&["post-render"]);
    command.env("HELM_NAMESPACE", "elsewhere").stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), chart.as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("error[ingress-elsewhere]"), "{}", run.stderr);
    assert!(
        run.stderr.contains("Ingress `elsewhere/shop` would be the one of host"),
        "{}",
        run.stderr
    );
}
