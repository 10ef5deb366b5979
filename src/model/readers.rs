//! The controllers that are named as readers of the objects.

use std::collections::BTreeMap;

use super::context::{Context, Findings};
use crate::controllers::{self, CONTROLLERS, Controller, Declared, DefaultClass, Reader};
use crate::diagnostic::{Diagnostic, nearest};
use crate::path;
use crate::specification::value::DefaultIngressClass;
use crate::specification::{Controller as Written, Spec};

/// All of them in their order; those with errors are left out.
pub fn resolve(context: Context<'_>, findings: &mut Findings) -> Vec<Reader> {
    let mut readers: Vec<Reader> = Vec::new();
    for (index, written) in context.spec.controllers.iter().enumerate() {
        let Some(reader) = reader(context, index, written, findings) else { continue };
        if readers
            .iter()
            .any(|other| other.name == reader.name && other.declared == reader.declared)
        {
            let title = format!("the controller `{}` is listed twice", reader.name);
            let place = context.value(&path!["controllers", index]);
            findings.push(Diagnostic::warning("repeated", title).at(place).help("remove one"));
            continue;
        }
        readers.push(reader);
    }
    readers
}

/// The class that the API server gives to Ingresses without one.
pub fn default_class(spec: &Spec) -> Option<DefaultClass> {
    Some(match spec.default_ingress_class.as_ref()? {
        DefaultIngressClass::Absent => DefaultClass::Absent,
        DefaultIngressClass::Named(name) => DefaultClass::Named(name.to_string()),
    })
}

fn reader(
    context: Context<'_>,
    index: usize,
    written: &Written,
    findings: &mut Findings,
) -> Option<Reader> {
    let Written {
        name,
        version,
        controller_class,
        ingress_class,
        watch_ingress_without_class,
        ingress_class_by_name,
        strict_tls_options,
        controller_name,
        enable_envoy_patch_policy,
    } = written;
    let here = |field: &'static str| path!["controllers", index, field];
    let Some(name) = name else {
        if !context.has(&here("name")) {
            let place = context.value(&path!["controllers", index]);
            findings.push(
                Diagnostic::error("controller", "this controller has no `name`")
                    .at(place)
                    .help(format!("write `name = \"{}\"`", CONTROLLERS[0].name())),
            );
        }
        return None;
    };
    let Some(controller) = controllers::find(name) else {
        findings.push(unknown(name).at(context.value(&here("name"))));
        return None;
    };
    let known = version.as_ref().map(|text| controller.version(text)).transpose();
    let version = match known {
        Ok(version) => version,
        Err(problem) => {
            let title = format!("version `{}`: {problem}", version.as_deref().unwrap_or_default());
            let place = context.value(&here("version"));
            findings.push(Diagnostic::error("controller", title).at(place).help(
                "name a version that the model knows, or leave `version` out: the last one is the default",
            ));
            return None;
        }
    };
    let text = |flag: &Option<bool>| flag.map(|is_on| is_on.to_string());
    let said = [
        ("controllerClass", controller_class.clone()),
        ("ingressClass", ingress_class.clone()),
        ("watchIngressWithoutClass", text(watch_ingress_without_class)),
        ("ingressClassByName", text(ingress_class_by_name)),
        ("strictTlsOptions", text(strict_tls_options)),
        ("controllerName", controller_name.clone()),
        ("enableEnvoyPatchPolicy", text(enable_envoy_patch_policy)),
    ];
    let mut options = BTreeMap::new();
    let before = findings.0.len();
    for (option, value) in said.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        if let Err((title, help)) = controllers::checked(controller, option, &value) {
            let place = context.value(&here(option));
            findings.push(Diagnostic::error("controller", title).at(place).help(help));
        }
        options.insert(option.to_owned(), value);
    }
    if findings.0.len() > before {
        return None;
    }
    let declared = Declared { version, options, ..Declared::default() };
    Some(Reader { name: name.clone(), declared })
}

fn unknown(name: &str) -> Diagnostic {
    let names: Vec<&str> =
        CONTROLLERS.iter().map(|controller| Controller::name(*controller)).collect();
    let offered = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let title = format!("there is no controller `{}`", name.escape_debug());
    Diagnostic::error("unknown-reference", title).help(match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("this version knows {offered}"),
    })
}
