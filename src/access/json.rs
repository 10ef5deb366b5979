//! Answers for programs.

use serde_json::{Map, Value, json};

use super::{Access, Answered, Change, HostAccess, Scheme, Who};
use crate::enforcement::representatives::ClientClass;
use crate::enforcement::{Answer, Verdict};

/// One object with all answers; of several controllers, a list of such objects.
#[must_use]
pub fn render(all: &[Access<'_>]) -> String {
    let document = match all {
        [one] => of_controller(one),
        all => json!({
            "apiVersion": "mtlsgen.dev/v1alpha1",
            "kind": "AccessList",
            "items": all.iter().map(of_controller).collect::<Vec<_>>(),
        }),
    };
    format!("{document:#}\n")
}

fn of_controller(access: &Access<'_>) -> Value {
    let Access { controller: (name, version), observed, hosts } = access;
    let given: Vec<String> = observed.given.iter().map(ToString::to_string).collect();
    json!({
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "Access",
        "controller": { "name": name, "version": version },
        "given": given,
        "hosts": hosts.iter().map(host).collect::<Vec<_>>(),
    })
}

/// One object with all changes.
#[must_use]
pub fn changes(changes: &[Change]) -> String {
    let change = |Change { host, after, before }: &Change| {
        let mut change = of_client(after);
        let more = [
            ("host", json!(host)),
            ("before", verdict(before)),
            ("after", verdict(&after.verdict)),
        ];
        change.extend(more.map(|(key, value)| (key.to_owned(), value)));
        Value::Object(change)
    };
    let document = json!({
        "apiVersion": "mtlsgen.dev/v1alpha1",
        "kind": "AccessChanges",
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn host(HostAccess { host, answers }: &HostAccess) -> Value {
    json!({ "host": host, "requests": answers.iter().map(answered).collect::<Vec<_>>() })
}

fn answered(answered: &Answered) -> Value {
    let mut object = of_client(answered);
    if let Value::Object(more) = verdict(&answered.verdict) {
        object.extend(more);
    }
    Value::Object(object)
}

/// Everything about a request but its answer.
fn of_client(Answered { scheme, path, client, verdict: _ }: &Answered) -> Map<String, Value> {
    let (name, class) = match client {
        Who::Of(class @ ClientClass::Nothing) => (class.to_string(), "nothing"),
        Who::Of(class @ ClientClass::Stranger) => (class.to_string(), "stranger"),
        Who::Of(class @ ClientClass::Below(_)) => (class.to_string(), "below"),
        Who::Of(class @ ClientClass::Itself(_)) => (class.to_string(), "bundle"),
        Who::Named(name) => (name.clone(), "named"),
    };
    let fields = [
        ("scheme", if *scheme == Scheme::Https { "https" } else { "http" }),
        ("path", path),
        ("client", &name),
        ("class", class),
    ];
    let forwarded = (*scheme == Scheme::Forwarded).then_some(("forwardedProto", "https"));
    let fields = fields.into_iter().chain(forwarded);
    fields.map(|(key, value)| (key.to_owned(), json!(value))).collect()
}

/// What becomes of a request.
pub(super) fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Admitted { backend, headers } => {
            let spoofable = headers.iter().filter(|header| header.client_can_send);
            let spoofable: Vec<&str> = spoofable.map(|header| header.name).collect();
            json!({ "verdict": "admitted", "backend": backend.as_ref().map(ToString::to_string), "clientCanSend": spoofable })
        }
        Verdict::Refused { answer, why } => {
            json!({ "verdict": "refused", "answer": word(answer), "why": why.to_string() })
        }
        Verdict::Redirected(to) => json!({ "verdict": "redirected", "to": to }),
        Verdict::Misdirected => json!({ "verdict": "misdirected", "answer": "421" }),
        Verdict::NotServed => json!({ "verdict": "notServed" }),
        Verdict::OneOf(cause, all) => {
            let all: Vec<Value> = all.iter().map(self::verdict).collect();
            json!({ "verdict": "oneOf", "oneOf": all, "why": format!("it depends on {cause}") })
        }
        Verdict::Unknown(missing) => json!({ "verdict": "unknown", "why": missing.to_string() }),
    }
}

/// An answer of the controller's own, in a word.
pub(super) fn word(answer: &Answer) -> String {
    match answer {
        Answer::Alert => "alert".to_owned(),
        Answer::Status(status) => status.to_string(),
        Answer::Page(_) => "302".to_owned(),
        Answer::Within(_) => "200".to_owned(),
    }
}
