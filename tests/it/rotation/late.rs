//! A plan where there is no time left in which nothing is cut short.

use serde_json::Value;

use crate::support::Sandbox;

const SPEC: &str = "[cas.ca]\nduration = \"100d\"\n\
    [clients.alice]\nissuer = \"ca\"\nduration = \"90d\"\n\
    [clients.bob]\nissuer = \"ca\"\nduration = \"20d\"\n";

fn plan(sandbox: &Sandbox, at: &str) -> (String, Value) {
    let plan = ["ca", "rotate", "ca", "--plan", "--at", at];
    let text = sandbox.ok(&plan).stdout;
    let json = sandbox.ok(&[&plan[..], &["--format", "json"]].concat()).stdout;
    (text, serde_json::from_str(&json).unwrap())
}

#[test]
fn a_plan_says_what_is_too_long_where_its_window_is_over() {
    let sandbox = Sandbox::with_toml(SPEC);
    sandbox.ok(&["render", "-q", "--at", "2030-01-01"]);
    let (text, json) = plan(&sandbox, "2030-01-05");
    assert!(text.contains(" until 2030-01-10T23:54:59Z"), "{text}");
    assert_eq!(json["cutShort"], Value::Null);
    let (text, json) = plan(&sandbox, "2030-02-01");
    let (steps, late) = text.split_once("there is no date").unwrap();
    let steps = steps.split_once("steps that are left").unwrap().1;
    assert!(!steps.contains(" until 2"), "{text}");
    for words in [
        "since 2030-01-10T23:54:59Z, certificates end with the authority, at 2030-04-10T23:54:59Z",
        "client `alice`, of 90d",
        "write a `duration` below 68d",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!late.contains("client `bob`"), "{text}");
    assert!(json["steps"].as_array().unwrap().iter().all(|step| step["until"] == Value::Null));
    assert_eq!(json["cutShort"]["durationBelow"], "68d");
    assert_eq!(json["cutShort"]["holders"][0]["holder"], "clients/alice");
    // What it proposes gives the window back.
    sandbox.write("mtls.toml", SPEC.replace("90d", "60d"));
    let (text, json) = plan(&sandbox, "2030-02-01");
    assert!(text.contains(" until 2030-02-09T23:54:59Z"), "{text}");
    assert_eq!(json["cutShort"], Value::Null);
}
