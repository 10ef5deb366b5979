//! The conventions of Helm's post-renderers (`pkg/postrenderer` and `pkg/action` of Helm).

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::kustomize::annotation_of;
use crate::yaml;

/// Where Helm 4 says which file of the chart an object comes from.
const FILE_NAME: &str = "postrenderer.helm.sh/postrender-filename";
/// What makes an object a hook.
const HOOK: &str = "helm.sh/hook";

/// The objects of a chart's manifests.
///
/// # Errors
/// They cannot be read: then it is not known which objects the chart has.
pub fn objects(manifests: &str) -> Result<Vec<Value>, Box<Diagnostic>> {
    yaml::parse(manifests).map_err(|error| {
        let title = format!("the chart's manifests are not YAML that Kubernetes accepts: {error}");
        Diagnostic::error("chart", title)
            .help("`helm template` without `--post-renderer` shows them")
            .into()
    })
}

/// Whether this is the call for a chart's hooks, which Helm may pass separately: added
/// there too, the objects would exist twice.
#[must_use]
pub fn is_hooks_alone(objects: &[Value]) -> bool {
    let is_hook = |object: &Value| annotation_of(object, HOOK).is_some();
    !objects.is_empty() && objects.iter().all(is_hook)
}

/// Those of `objects` that the chart does not have. What an earlier call added is there already.
///
/// Most charts name no namespace: their objects go to that of the release, which not every Helm passes to
/// post-renderers; while it is unknown, they may be in any.
///
/// # Errors
/// The chart has another object of the same name: Helm would apply one of both.
pub fn missing(
    chart: &[Value],
    objects: Vec<Value>,
    release_namespace: Option<&str>,
) -> Result<Vec<Value>, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let mut missing = Vec::new();
    for object in objects {
        match chart.iter().find(|there| is_same(there, &object, release_namespace)) {
            None => missing.push(object),
            Some(there) if without_file_name(there) == object => {}
            Some(_) => {
                mistakes.extend(Identity::of(&object).map(|identity| there_already(&identity)));
            }
        }
    }
    if mistakes.is_empty() { Ok(missing) } else { Err(mistakes) }
}

/// A text of manifests behind another one.
#[must_use]
pub fn append(mut manifests: String, more: &str) -> String {
    if more.is_empty() {
        return manifests;
    }
    if !manifests.is_empty() {
        manifests.push_str(if manifests.ends_with('\n') { "---\n" } else { "\n---\n" });
    }
    manifests + more
}

fn is_same(there: &Value, ours: &Value, release_namespace: Option<&str>) -> bool {
    let (Some(there), Some(ours)) = (Identity::of(there), Identity::of(ours)) else { return false };
    // What is unknown may be that of ours.
    let unsaid = release_namespace.map(str::to_owned).or_else(|| ours.namespace.clone());
    let namespace = there.namespace.clone().or(unsaid);
    Identity { namespace, ..there }.is_same_object(&ours)
}

fn without_file_name(object: &Value) -> Value {
    let mut object = object.clone();
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return object;
    };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else {
        return object;
    };
    annotations.shift_remove(FILE_NAME);
    if annotations.is_empty() {
        metadata.shift_remove("annotations");
    }
    object
}

fn there_already(identity: &Identity) -> Diagnostic {
    let title = format!("the chart gives {identity}, and the spec gives another one of that name");
    Diagnostic::error("object-exists", title).help(match identity.kind.as_str() {
        "Service" | "Deployment" => {
            "say in the spec that the chart gives the service: `existing = true`"
        }
        _ => "switch it off in the chart's values, or give that of the spec another name",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(kind: &str, annotations: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "annotations": annotations}})
    }

    #[test]
    fn the_call_for_hooks_is_known() {
        let (hook, other) = (object("Job", &json!({HOOK: "test"})), object("Job", &json!({})));
        assert!(is_hooks_alone(std::slice::from_ref(&hook)));
        assert!(!is_hooks_alone(&[hook, other]));
        assert!(!is_hooks_alone(&[]), "a chart may have nothing");
    }

    #[test]
    fn what_is_there_is_not_added_again() {
        let mut ours = object("Service", &json!({}));
        ours["metadata"].as_object_mut().unwrap().shift_remove("annotations");
        let chart = [object("Service", &json!({FILE_NAME: "generated-by-postrender-0.yaml"}))];
        assert_eq!(missing(&chart, vec![ours.clone()], None), Ok(vec![]));
        assert_eq!(missing(&[], vec![ours.clone()], None), Ok(vec![ours.clone()]));
        let chart = [object("Service", &json!({"other": "annotation"}))];
        let mistakes = missing(&chart, vec![ours], None).unwrap_err();
        assert_eq!(mistakes[0].code, "object-exists");
        assert!(mistakes[0].title.starts_with("the chart gives Service `a`"));
        assert!(mistakes[0].help[0].contains("existing = true"));
    }

    #[test]
    fn the_release_says_where_an_object_without_a_namespace_goes() {
        let chart = [object("Service", &json!({}))];
        let mut ours = chart[0].clone();
        ours["metadata"]["namespace"] = "web".into();
        let found = |namespace| missing(&chart, vec![ours.clone()], namespace).is_err();
        assert!(found(None) && found(Some("web")));
        assert!(!found(Some("shop")));
    }

    #[test]
    fn texts_stand_behind_each_other() {
        for (chart, all) in [
            ("", "b: 1\n"),
            ("a: 1", "a: 1\n---\nb: 1\n"),
            ("---\n# x\na: 1\n", "---\n# x\na: 1\n---\nb: 1\n"),
        ] {
            assert_eq!(append(chart.to_owned(), "b: 1\n"), all);
            assert_eq!(append(chart.to_owned(), ""), chart);
        }
    }
}
