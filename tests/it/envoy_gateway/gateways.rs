//! Gateways that exist already: their hosts' listeners are attached to them.

use serde_json::Value;

use super::{rendered, sandbox};
use crate::support::Sandbox;

const EXISTING: &str = "gateway={name=\"public\",namespace=\"infra\",existing=true}";

fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|one| one["kind"] == kind).collect()
}

/// What `post-render` says of a Gateway of that spec beside.
fn beside(sandbox: &Sandbox, spec: &str) -> (i32, String) {
    let gateway = format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: public, namespace: infra}}\nspec: {{gatewayClassName: eg, {spec}}}\n"
    );
    let arguments = ["post-render", "--at", "2030-01-01", "--set", EXISTING];
    let run = sandbox.run_with_input(&arguments, gateway);
    (run.status, run.stderr)
}

#[test]
fn a_gateway_that_exists_is_not_rendered_and_gets_listeners_by_sets() {
    let sandbox = sandbox();
    let (status, text, messages) = rendered(&sandbox, &[EXISTING]);
    assert_eq!(status, 0, "{messages}");
    assert_eq!(messages.matches("warning[gateway-unseen]").count(), 1, "{messages}");
    let objects = crate::support::objects(&text);
    assert!(of_kind(&objects, "Gateway").is_empty());
    let [set] = of_kind(&objects, "ListenerSet")[..] else { panic!("{text}") };
    let parent = &set["spec"]["parentRef"];
    assert_eq!((&parent["namespace"], &parent["name"]), (&"infra".into(), &"public".into()));
    let listeners = set["spec"]["listeners"].as_array().unwrap();
    let names: Vec<_> = listeners.iter().map(|one| one["name"].as_str().unwrap()).collect();
    let own = ["open-example-com", "open-example-com.http"];
    assert_eq!(names, [own, ["staff-example-com", "staff-example-com.http"]].concat());
    assert!(listeners.iter().all(|one| one["hostname"].as_str().is_some()), "no one else's names");
    for route in of_kind(&objects, "HTTPRoute") {
        let parent = &route["spec"]["parentRefs"][0];
        assert_eq!(parent["kind"], "ListenerSet");
        assert!(names.contains(&parent["sectionName"].as_str().unwrap()));
    }
}

#[test]
fn a_gateway_that_is_shown_is_observed() {
    let sandbox = sandbox();
    let all = "allowedListeners: {namespaces: {from: All}}";
    let plain = "listeners: [{name: http, port: 80, protocol: HTTP}]";
    let (status, messages) = beside(&sandbox, &format!("{all}, {plain}"));
    assert_eq!((status, messages.contains("gateway-unseen")), (0, false), "{messages}");
    // By default, a Gateway lets no set in.
    let (status, messages) = beside(&sandbox, plain);
    assert_eq!(status, 2, "{messages}");
    assert!(messages.contains("error[host-locked-out]"), "{messages}");
    // Its own listener of that name comes first, and no policy is for it.
    let taken = "listeners: [{name: mine, port: 443, protocol: HTTPS, hostname: staff.example.com, tls: {certificateRefs: [{name: own}]}}]";
    let (status, messages) = beside(&sandbox, &format!("{all}, {taken}"));
    assert_eq!(status, 2, "{messages}");
}

#[test]
fn what_makes_no_sense_about_a_gateway_is_an_error() {
    let sandbox = sandbox();
    for (setting, target, message) in [
        ("gateway={namespace=\"infra\"}", "envoy-gateway", "is in the namespace of its hosts"),
        ("gateway={existing=true}", "envoy-gateway", "does not say which"),
        ("gateway={name=\"a\"}", "ingress-nginx", "`gateway` has no effect with ingress-nginx"),
        ("hosts.\"open.example.com\".gateway={name=\"a\"}", "ingress-nginx", "has no effect"),
    ] {
        let target = format!("target=\"{target}\"");
        let (status, _, messages) = rendered(&sandbox, &[setting, &target]);
        assert_eq!(status, 2, "{setting}: {messages}");
        assert!(messages.contains(message), "{setting}: {messages}");
    }
}

#[test]
fn a_host_may_have_a_gateway_of_its_own() {
    let sandbox = sandbox();
    let own = "hosts.\"open.example.com\".gateway={name=\"open\"}";
    let (status, text, messages) = rendered(&sandbox, &["gateway={name=\"staff\"}", own]);
    assert_eq!(status, 0, "{messages}");
    let objects = crate::support::objects(&text);
    let gateways = of_kind(&objects, "Gateway");
    let names: Vec<_> = gateways.iter().map(|one| one["metadata"]["name"].as_str()).collect();
    assert_eq!(names, [Some("open"), Some("staff")]);
}

#[test]
fn sets_have_room_for_both_listeners_of_their_hosts() {
    let sandbox = sandbox();
    let hosts: Vec<String> = (0..40)
        .map(|at| {
            format!("hosts.\"h{at}.example.com\"={{service=\"open\",tls.issuer=\"self-signed\"}}")
        })
        .collect();
    let mut settings = vec![EXISTING];
    settings.extend(hosts.iter().map(String::as_str));
    let (status, text, messages) = rendered(&sandbox, &settings);
    assert_eq!(status, 0, "{messages}");
    let objects = crate::support::objects(&text);
    let sets = of_kind(&objects, "ListenerSet");
    let sizes: Vec<_> =
        sets.iter().map(|one| one["spec"]["listeners"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [64, 20]);
}
