//! Services: the backends of hosts.

use std::collections::BTreeMap;

use super::context::{Context, Findings};
use super::{Deployment, Service, ServicePort};
use crate::diagnostic::Diagnostic;
use crate::path;
use crate::specification::document::Path;
use crate::specification::value::{ObjectName, PortReference};
use crate::specification::{self, Existing};

/// All services; those with errors are left out.
pub fn resolve(context: Context<'_>, findings: &mut Findings) -> BTreeMap<String, Service> {
    let written = context.spec.services.iter();
    let services = written
        .filter_map(|(key, written)| {
            Some((key.to_string(), service(context, key, written, findings)?))
        })
        .collect();
    refuse_equal_objects(context, &services, findings);
    services
}

fn service(
    context: Context<'_>,
    key: &ObjectName,
    written: &specification::Service,
    findings: &mut Findings,
) -> Option<Service> {
    let path = path!["services", key.as_str()];
    let existing = written.existing.unwrap_or(Existing::Nothing);
    if existing == Existing::Deployment && written.selector.is_empty() {
        findings.push(
            Diagnostic::error("missing-key", "an existing Deployment needs its `selector`")
                .at(context.key(&path))
                .help("write `selector = { app = \"...\" }`, the labels of its Pods"),
        );
    }
    refuse_keys_without_effect(context, &path, written, existing, findings);
    let ports = ports(context, &path, written, findings);
    let deployment = match existing {
        Existing::Nothing => Some(deployment(context, &path, written, findings)?),
        Existing::Service | Existing::Deployment => None,
    };
    let name = written.name.clone().unwrap_or_else(|| key.clone());
    let rendered = existing != Existing::Service;
    if rendered {
        refuse_service_name(context, &path, name.as_str(), findings);
    }
    let app = app_label(name.as_str(), context, &path, findings)?;
    let selector = if written.selector.is_empty() { app.clone() } else { written.selector.clone() };
    let mut labels = app;
    labels.extend(super::labels(context.spec));
    labels.extend(written.labels.clone());
    let mut annotations = context.spec.annotations.clone();
    annotations.extend(written.annotations.clone());
    Some(Service {
        key: key.to_string(),
        namespace: super::namespace(context.spec, written.namespace.as_ref()),
        name,
        ports: ports?,
        deployment,
        rendered,
        selector,
        labels,
        annotations,
    })
}

/// `app: NAME`, as `kubectl create deployment` labels and selects.
fn app_label(
    name: &str,
    context: Context<'_>,
    path: &Path,
    findings: &mut Findings,
) -> Option<super::Labels> {
    let Ok(value) = name.parse() else {
        findings.push(
            Diagnostic::error(
                "name-too-long",
                format!("`{name}` is {} characters long, a label value has 63 at most", name.len()),
            )
            .at(context.key(path))
            .help("give the service a shorter `name`: it becomes the label `app` too"),
        );
        return None;
    };
    let key = "app".parse().expect("`app` is a label key");
    Some(BTreeMap::from([(key, value)]))
}

fn refuse_service_name(context: Context<'_>, path: &Path, name: &str, findings: &mut Findings) {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if starts_well && name.len() <= 63 && !name.contains('.') {
        return;
    }
    findings.push(
        Diagnostic::error("invalid-name", format!("`{name}` cannot be the name of a Service"))
            .at(context.key(path))
            .label("63 lower-case letters, digits and `-` at most, a letter first")
            .help("set `name` to one that Kubernetes accepts (RFC 1035 label)"),
    );
}

fn deployment(
    context: Context<'_>,
    path: &Path,
    written: &specification::Service,
    findings: &mut Findings,
) -> Option<Deployment> {
    let Some(image) = &written.image else {
        // What was refused while reading may have been the reason for having no image.
        let reported = |key: &str| context.has(&[path.as_slice(), &path![key]].concat());
        let refused = reported("image") || (reported("existing") && written.existing.is_none());
        if !refused {
            findings.push(
                Diagnostic::error("missing-key", "this service has no `image`")
                    .at(context.key(path))
                    .help("write `image = \"...\"`, or `existing = true` if it runs in the cluster already"),
            );
        }
        return None;
    };
    let resources = written.resources.clone().unwrap_or_default();
    Some(Deployment {
        replicas: written.replicas.unwrap_or(1),
        container_name: written
            .container_name
            .clone()
            .unwrap_or_else(|| container_name(image.as_str())),
        image: image.to_string(),
        env: written.env.clone(),
        requests: resources.requests,
        limits: resources.limits,
        pod_security: written.pod_security,
    })
}

/// The name that `kubectl create deployment` gives a container: the image's last part without tag
/// and digest (kubectl, `pkg/cmd/create/create_deployment.go`).
fn container_name<T: std::str::FromStr>(image: &str) -> T {
    let last = image.rsplit('/').next().unwrap_or(image);
    let bare = last.split(['@', ':']).next().unwrap_or(last);
    let name: String = bare
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(63)
        .collect();
    name.trim_matches('-')
        .parse()
        .or_else(|_| "container".parse())
        .unwrap_or_else(|_| unreachable!("`container` is a label"))
}

fn ports(
    context: Context<'_>,
    path: &Path,
    written: &specification::Service,
    findings: &mut Findings,
) -> Option<Vec<ServicePort>> {
    if !written.ports.is_empty() {
        return port_list(context, path, written, findings);
    }
    let Some(port) = &written.port else {
        if !context.has(&[path.as_slice(), &path!["port"]].concat())
            && !context.has(&[path.as_slice(), &path!["ports"]].concat())
        {
            findings.push(
                Diagnostic::error("missing-key", "this service has no `port`")
                    .at(context.key(path))
                    .help("write `port = 80`, or what it listens on"),
            );
        }
        return None;
    };
    let port = match port {
        PortReference::Number(port) => *port,
        // Routes have the name; what else the Service has is not known.
        PortReference::Name(_) if written.existing == Some(Existing::Service) => {
            return Some(Vec::new());
        }
        PortReference::Name(name) => {
            let title = format!("`port` is a number where mtlsgen makes the Service, not `{name}`");
            let place = context.value(&[path.as_slice(), &path!["port"]].concat());
            let help =
                format!("write the number, such as `port = 80`, and `portName = \"{name}\"`");
            // Beside two readings of one text, that is only a consequence.
            if !place.as_ref().is_some_and(|place| context.document.is_broken(place)) {
                findings.push(Diagnostic::error("wrong-type", title).at(place).help(help));
            }
            return None;
        }
    };
    Some(vec![ServicePort {
        name: written.port_name.as_ref().map(ToString::to_string),
        port: port.0,
        container_port: written.container_port.unwrap_or(port).0,
        protocol: written.protocol.unwrap_or_default(),
    }])
}

fn port_list(
    context: Context<'_>,
    path: &Path,
    written: &specification::Service,
    findings: &mut Findings,
) -> Option<Vec<ServicePort>> {
    let mut ports: Vec<ServicePort> = Vec::new();
    for (index, entry) in written.ports.iter().enumerate() {
        let here = [path.as_slice(), &path!["ports", index]].concat();
        let Some(port) = entry.port else {
            findings.push(
                Diagnostic::error("missing-key", "this port has no number")
                    .at(context.value(&here))
                    .help("write `port = 80`, or what the Service listens on"),
            );
            continue;
        };
        let protocol = entry.protocol.unwrap_or_default();
        let name = entry.name.as_ref().map(ToString::to_string);
        if name.is_none() && written.ports.len() > 1 {
            findings.push(
                Diagnostic::error("missing-key", "several ports need a `name` each")
                    .at(context.value(&here))
                    .help("write `name = \"http\"`, or what this port is for"),
            );
        }
        if let Some(other) = ports.iter().find(|other| {
            (other.port, other.protocol) == (port.0, protocol)
                || (name.is_some() && other.name == name)
        }) {
            let title = format!("this port repeats the name or number of port {}", other.port);
            findings.push(Diagnostic::error("duplicate-object", title).at(context.value(&here)));
        }
        let container_port = entry.container_port.unwrap_or(port).0;
        ports.push(ServicePort { name, port: port.0, container_port, protocol });
    }
    (!ports.is_empty()).then_some(ports)
}

/// Keys that would be read and then ignored.
fn refuse_keys_without_effect(
    context: Context<'_>,
    path: &Path,
    written: &specification::Service,
    existing: Existing,
    findings: &mut Findings,
) {
    let deployment_keys = [
        ("image", written.image.is_some()),
        ("replicas", written.replicas.is_some()),
        ("containerName", written.container_name.is_some()),
        ("env", written.env.is_some()),
        ("resources", written.resources.is_some()),
        ("podSecurity", written.pod_security.is_some()),
    ];
    let service_keys = [
        ("labels", !written.labels.is_empty()),
        ("annotations", !written.annotations.is_empty()),
        ("containerPort", written.container_port.is_some()),
    ];
    let single_port_keys = [
        ("port", written.port.is_some()),
        ("portName", written.port_name.is_some()),
        ("protocol", written.protocol.is_some()),
        ("containerPort", written.container_port.is_some()),
    ];
    let selector = [("selector", !written.selector.is_empty())];
    let mut refuse = |keys: &[(&str, bool)], why: &str, help: &str| {
        for (key, _) in keys.iter().filter(|(_, given)| *given) {
            findings.push(
                Diagnostic::error(
                    "key-without-effect",
                    format!("`{key}` has no effect here: {why}"),
                )
                .at(context.key(&[path.as_slice(), &path![*key]].concat()))
                .help(help),
            );
        }
    };
    if existing == Existing::Service && matches!(written.port, Some(PortReference::Name(_))) {
        let why = "the Service exists, and `port` is the name of its port";
        // `portName` and `protocol`.
        refuse(&single_port_keys[1..3], why, "remove it");
    }
    match existing {
        Existing::Nothing => {
            refuse(
                &selector,
                "mtlsgen makes the Deployment and its labels",
                "remove it, or write `existing = \"deployment\"`",
            );
        }
        Existing::Deployment => {
            refuse(
                &deployment_keys,
                "the Deployment exists already",
                "remove it, or remove `existing`",
            );
        }
        Existing::Service => {
            refuse(
                &deployment_keys,
                "the service exists already",
                "remove it, or remove `existing`",
            );
            refuse(&service_keys, "the service exists already", "remove it, or remove `existing`");
            refuse(
                &selector,
                "the service exists already",
                "remove it, or write `existing = \"deployment\"`",
            );
        }
    }
    if !written.ports.is_empty() {
        refuse(&single_port_keys, "`ports` defines it", "write it into the entries of `ports`");
    }
}

fn refuse_equal_objects(
    context: Context<'_>,
    services: &BTreeMap<String, Service>,
    findings: &mut Findings,
) {
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (key, service) in services {
        let identity = (service.namespace.as_str(), service.name.as_str());
        if let Some(first) = seen.insert(identity, key) {
            findings.push(
                Diagnostic::error(
                    "duplicate-object",
                    format!(
                        "services `{first}` and `{key}` are both the Service `{}/{}`",
                        identity.0, identity.1
                    ),
                )
                .at(context.key(&path!["services", key]))
                .related(context.key(&path!["services", first]), "the other one")
                .help("give one of them another `name` or `namespace`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::specification::value::ObjectName;

    #[test]
    fn containers_are_named_as_kubectl_names_them() {
        for (image, name) in [
            ("httpd", "httpd"),
            ("registry.example.com:5000/team/echo-server:1.2", "echo-server"),
            ("quay.io/org/app@sha256:abcdef", "app"),
            ("My_App", "my-app"),
            ("___", "container"),
        ] {
            assert_eq!(super::container_name::<ObjectName>(image).as_str(), name);
        }
    }
}
