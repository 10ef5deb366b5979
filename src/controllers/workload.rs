//! Containers of Deployments and `DaemonSet`s that run a controller: image, arguments and environment as Kubernetes gives them
//! to the program.

use crate::enforcement::Given;
use crate::identity::Identity;
use crate::manifest::kinds::{Program, Variable, Workload};
use crate::manifest::{ObjectSet, Seen};

/// Label with the version of what runs, as Helm charts set it; no proof, since it is that of the chart.
const VERSION: &str = "app.kubernetes.io/version";
/// Programs that run others with arguments of their own.
const SHELLS: [&str; 5] = ["ash", "bash", "busybox", "dash", "sh"];

/// A container.
pub(super) struct Container {
    /// The object that runs it.
    pub object: Identity,
    /// The image without tag and digest.
    pub repository: String,
    /// The image's tag.
    pub tag: Option<String>,
    /// What a label says of the version.
    pub label: Option<String>,
    /// Command and arguments.
    pub words: Vec<Word>,
    /// The environment, by name.
    pub environment: Vec<(String, Word)>,
    /// Where files are put into its file system.
    pub mounts: Vec<String>,
}

/// A text in which Kubernetes puts values in the place of `$(NAME)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// With all values that are known.
    pub text: String,
    /// Whether all of them are.
    pub is_known: bool,
}

/// All containers of objects of others, but of those that run no Pod; what is not of the form of its kind is said.
pub(super) fn containers(objects: &ObjectSet<'_>) -> (Vec<Container>, Vec<Given>) {
    let (workloads, misread) = objects.all::<Workload>();
    let running = workloads.iter().filter(|seen| seen.object.spec.replicas != Some(0));
    let containers = running.flat_map(|seen| {
        let programs = seen.object.spec.template.spec.containers.iter();
        programs.map(|program| container(seen, program))
    });
    let misread = misread.into_iter().map(|one| Given::NotRead(one.identity, one.problem));
    (containers.collect(), misread.collect())
}

fn container(seen: &Seen<'_, Workload>, program: &Program) -> Container {
    let Program { image, command, args, env, volume_mounts } = program;
    let image = image.split('@').next().unwrap_or_default();
    let at = image.rfind('/').map_or(0, |at| at + 1);
    let (repository, tag) = match image[at..].split_once(':') {
        Some((name, tag)) => (format!("{}{name}", &image[..at]), Some(tag.to_owned())),
        None => (image.to_owned(), None),
    };
    let labels = [&seen.object.spec.template.metadata.labels, &seen.object.metadata.labels];
    let label = labels.into_iter().find_map(|labels| labels.get(VERSION));
    let environment = environment(env, seen.identity.namespace_or_default());
    Container {
        object: seen.identity.clone(),
        repository,
        tag,
        label: label.map(str::to_owned),
        words: command.iter().chain(args).map(|text| expanded(text, &environment)).collect(),
        environment,
        mounts: volume_mounts.iter().map(|mount| mount.mount_path.clone()).collect(),
    }
}

/// Variables with their values (`makeEnvironmentVariables` of Kubernetes' `pkg/kubelet/kubelet_pods.go`).
fn environment(variables: &[Variable], namespace: &str) -> Vec<(String, Word)> {
    let mut environment: Vec<(String, Word)> = Vec::new();
    for Variable { name, value, value_from } in variables {
        let field = value_from.as_ref().map(|source| source.field_ref.as_ref());
        let value = match (value, field) {
            (Some(text), _) if !text.is_empty() => expanded(text, &environment),
            (_, None) => Word { text: String::new(), is_known: true },
            (_, Some(Some(field))) if field.field_path == "metadata.namespace" => {
                Word { text: namespace.to_owned(), is_known: true }
            }
            (_, Some(_)) => Word { text: format!("$({name})"), is_known: false },
        };
        environment.retain(|(known, _)| known != name);
        environment.push((name.clone(), value));
    }
    environment
}

/// A text with the values of variables (`Expand` of Kubernetes' `third_party/forked/golang/expansion`); the value of one that the
/// container does not list is not known.
fn expanded(text: &str, environment: &[(String, Word)]) -> Word {
    let mut word = Word { text: String::with_capacity(text.len()), is_known: true };
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        word.text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(behind) = rest.strip_prefix('$') {
            word.text.push('$');
            rest = behind;
        } else if let Some((name, behind)) =
            rest.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        {
            let known = environment.iter().find(|(known, _)| known == name);
            word.is_known &= known.is_some_and(|(_, value)| value.is_known);
            let value = known.map_or_else(|| format!("$({name})"), |(_, value)| value.text.clone());
            word.text.push_str(&value);
            rest = behind;
        } else {
            word.text.push('$');
        }
    }
    word.text.push_str(rest);
    word
}

impl Container {
    /// Last part of the image's repository, and the one before it.
    pub fn image(&self) -> (&str, &str) {
        let mut parts = self.repository.rsplit('/');
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// The arguments of the program of that name: those behind it, or all where the image names the program; `None`: a
    /// shell gets them.
    pub fn arguments(&self, program: &str) -> Option<&[Word]> {
        let name = |word: &Word| word.text.rsplit('/').next().unwrap_or_default().to_owned();
        if self.words.first().is_some_and(|first| SHELLS.contains(&name(first).as_str())) {
            return None;
        }
        let is_program = |word: &Word| !word.text.starts_with('-') && name(word) == program;
        let at = self.words.iter().position(is_program);
        Some(at.map_or(&self.words[..], |at| &self.words[at + 1..]))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity::DEFAULT_NAMESPACE;
    use crate::manifest::{Extent, Namespace};

    fn read(objects: &[serde_json::Value]) -> (Vec<Container>, Vec<Given>) {
        let mut set = ObjectSet::within(Namespace::Known(DEFAULT_NAMESPACE), Extent::Cluster);
        for object in objects {
            set.add_other(Identity::of(object).unwrap(), object);
        }
        containers(&set)
    }

    #[test]
    fn values_stand_where_kubernetes_puts_them() {
        let known = |text: &str| Word { text: text.to_owned(), is_known: true };
        let environment = vec![
            ("A".to_owned(), known("1")),
            ("B".to_owned(), Word { is_known: false, ..known("$(B)") }),
        ];
        for (text, expected) in [
            ("$(A)/x-$(A)", "1/x-1"),
            ("$$(A)", "$(A)"),
            ("$A$", "$A$"),
            ("$(A", "$(A"),
            ("ä$(A)ö", "ä1ö"),
        ] {
            assert_eq!(expanded(text, &environment), known(expected), "{text}");
        }
        for text in ["$(B)", "$(A)$(C)", "$()"] {
            assert!(!expanded(text, &environment).is_known, "{text}");
        }
    }

    #[test]
    fn a_container_is_read_as_it_is_started() {
        let object = |kind: &str, spec: serde_json::Value| json!({ "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": "a", "namespace": "b" }, "spec": spec });
        let pod = json!({ "spec": { "containers": [{
            "name": "x",
            "image": "registry.test:5000/mirror/traefik:v3.7.13@sha256:0000",
            "command": ["/usr/bin/dumb-init", "--", "/traefik"],
            "args": ["--a=$(NAMESPACE)/$(SECRET)", "--b=$(BOTH)"],
            "env": [
                { "name": "NAMESPACE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
                { "name": "SECRET", "valueFrom": { "secretKeyRef": { "name": "a", "key": "b" } } },
                { "name": "BOTH", "value": "$(NAMESPACE)." },
            ],
        }] } });
        let (all, said) = read(&[
            object("DaemonSet", json!({ "template": pod })),
            object("Deployment", json!({ "template": pod, "replicas": 0 })),
            object("StatefulSet", json!({ "template": pod })),
        ]);
        let [one] = all.as_slice() else { panic!("{}", all.len()) };
        assert_eq!(said, []);
        assert_eq!((one.image(), one.tag.as_deref()), (("traefik", "mirror"), Some("v3.7.13")));
        let arguments = one.arguments("traefik").unwrap();
        assert_eq!((arguments[0].text.as_str(), arguments[0].is_known), ("--a=b/$(SECRET)", false));
        assert_eq!((arguments[1].text.as_str(), arguments[1].is_known), ("--b=b.", true));
        // As patches are, and worse.
        for odd in
            [json!({}), json!(null), json!({ "template": { "spec": { "containers": null } } })]
        {
            assert!(read(&[object("Deployment", odd)]).0.is_empty());
        }
        for odd in [
            json!(5),
            json!({ "template": { "spec": { "containers": [5] } } }),
            json!({ "replicas": "x" }),
        ] {
            let (containers, said) = read(&[object("Deployment", odd)]);
            assert!(
                containers.is_empty() && matches!(said.as_slice(), [Given::NotRead(..)]),
                "{said:?}"
            );
        }
    }
}
