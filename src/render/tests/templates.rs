use serde_json::json;

use super::*;

#[test]
fn templates_of_users_replace_extend_and_add() {
    let set = templates(&[
        ("service.yaml.j2", "{% include 'builtin/service.yaml.j2' %}\n  type: {{ 'NodePort' }}\n"),
        (
            "hosts.yaml.j2",
            "{% for host in hosts %}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ host.name }}\n  \
             namespace: {{ host.namespace }}\ndata:\n  host: {{ host.host }}\n  depth: {{ host.clientAuth.verifyDepth | string }}\n  \
             json: {{ model.services['demo-app'].ports }}\n---\n{% endfor %}\n",
        ),
        ("nothing.yaml.j2", "# {{ target }}\n"),
        ("_macros.yaml.j2", "not: an: object"),
        ("traefik/middleware.yaml.j2", "for another: target"),
    ]);
    // Mappings are printed in flow style; a string field refuses them.
    let found = titles(render_with(&walkthrough(), &set));
    assert_eq!(
        found,
        [
            "ConfigMap `default/test-localdev-me` (template `templates/hosts.yaml.j2`): `data.json`: must be a string, and this is a list"
        ]
    );

    let set = templates(&[
        ("service.yaml.j2", "{% include 'builtin/service.yaml.j2' %}\n  type: {{ 'NodePort' }}\n"),
        (
            "hosts.yaml.j2",
            "{% for host in hosts %}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ host.name }}\n  \
             namespace: {{ host.namespace }}\ndata:\n  host: {{ host.host }}\n  depth: {{ host.clientAuth.verifyDepth | string }}\n\
             ---\n{% endfor %}\n",
        ),
    ]);
    let manifests = render_with(&walkthrough(), &set).unwrap();
    assert_eq!(object(&manifests, "Service", "demo-app")["spec"]["type"], json!("NodePort"));
    let data = &object(&manifests, "ConfigMap", "test-localdev-me")["data"];
    assert_eq!(*data, json!({"host": "test.localdev.me", "depth": "1"}));
}

#[test]
fn what_templates_of_users_do_wrong_is_said() {
    let ingress = "ingress-nginx/ingress.yaml.j2";
    let cases = [
        (
            "service.yaml.j2",
            "a: {{ nmae }}\n",
            "template `templates/service.yaml.j2`, line 1: `nmae` is not defined",
        ),
        (
            "service.yaml.j2",
            "a: b\nc: {{ ports[0].foo.bar }}\n",
            "template `templates/service.yaml.j2`, line 2: `ports[0].foo.bar` is not defined",
        ),
        (
            "service.yaml.j2",
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "it takes too many steps and was stopped",
        ),
        (
            "service.yaml.j2",
            "{% include 'service.yaml.j2' %}",
            "template `templates/service.yaml.j2`",
        ),
        (
            "service.yaml.j2",
            "{% include 'nothing.yaml.j2' %}",
            "tried to include non-existing template 'nothing.yaml.j2'",
        ),
        ("service.yaml.j2", "{{ name | safe }}", "every value is printed as one YAML scalar"),
        ("service.yaml.j2", "a: b: c\n", "template `templates/service.yaml.j2` does not give YAML"),
        ("service.yaml.j2", "", "must give one object, Service `default/demo-app`, and gives 0"),
        (
            "service.yaml.j2",
            "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: default}\n",
            "must give Service `default/demo-app` of `v1`, and gives Service `default/x` of `v1`",
        ),
        (
            "service.yaml.j2",
            "{% include 'builtin/service.yaml.j2' %}\n---\n{% include 'builtin/service.yaml.j2' %}",
            "must give one object, Service `default/demo-app`, and gives 2",
        ),
        (
            "service.yaml.j2",
            "{% include 'builtin/service.yaml.j2' %}\n  typ: x\n",
            "Service `default/demo-app` (template `templates/service.yaml.j2`): `spec.typ`: unknown field, did you mean `type`?",
        ),
        (
            "more.yaml.j2",
            "apiVersion: v1\nkind: Service\nmetadata: {name: demo-app, namespace: default}\n",
            "Service `default/demo-app` is there twice: from built-in template `service.yaml.j2` and from template `templates/more.yaml.j2`",
        ),
        (
            "more.yaml.j2",
            "kind: x\n",
            "an object (template `templates/more.yaml.j2`): `apiVersion`: must be there, as text",
        ),
        ("more.yaml.j2", "{{ hosst }}\n", "`hosst` is not defined"),
        (
            "more.yaml.j2",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: x, namespace: z}\nstringData: {ca.key: x}\n",
            "the Secret `z/x` holds `ca.key`, the private key of an authority",
        ),
        (
            ingress,
            "{% include 'builtin/ingress-nginx/ingress.yaml.j2' %}\n  defaultBackend: {}\n",
            "",
        ),
    ];
    for (name, text, message) in cases {
        let result = render_with(&walkthrough(), &templates(&[(name, text)]));
        if message.is_empty() {
            assert!(result.is_ok(), "{result:?}", result = result.err());
            continue;
        }
        let found = titles(result).join("\n");
        assert!(found.contains(message), "{message}\n{found}");
    }
}

#[test]
fn templates_that_do_not_parse_or_are_misnamed_are_refused_at_once() {
    let cases = [
        ("service.yaml.j2", "a\n{% if x %}\n", "template `templates/service.yaml.j2`, line"),
        (
            "ingress.yaml.j2",
            "x: y",
            "the template `templates/ingress.yaml.j2` replaces nothing: the built-in one is `ingress-nginx/ingress.yaml.j2`",
        ),
        ("servce.yaml.j2", "x: y", "the built-in one is `service.yaml.j2`"),
    ];
    for (name, text, message) in cases {
        let found = TemplateSet::new([source(name, text)].into()).unwrap_err();
        assert!(found[0].title.contains(message), "{message}\n{found:?}");
    }
    let undefined =
        titles(render_with(&walkthrough(), &templates(&[("service.yaml.j2", "{{ nmae }}")])));
    assert_eq!(undefined.len(), 1);
}

#[test]
fn lists_of_any_kind_are_several_objects() {
    let map = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: default}}}}"
        )
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n- apiVersion: v1\n  kind: List\n  items:\n  - {}\n  - {{apiVersion: v1, kind: ConfigMapList, items: [{}]}}\n\
         ---\napiVersion: networking.k8s.io/v1\nkind: IngressList\nitems: null\n---\napiVersion: v1\nkind: List\n",
        map("a"),
        map("b"),
        map("c"),
    );
    let rendered = render_with(&walkthrough(), &templates(&[("maps.yaml.j2", &text)])).unwrap();
    let names: Vec<_> = rendered
        .iter()
        .filter(|manifest| manifest.identity.kind == "ConfigMap")
        .map(|manifest| manifest.identity.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    let text = "apiVersion: networking.k8s.io/v1\nkind: IngressList\nmetadata: {name: x}\n";
    let result = render_with(&walkthrough(), &templates(&[("list.yaml.j2", text)]));
    assert!(result.err().into_iter().flatten().all(|found| !found.title.contains("IngressClass")));
}
