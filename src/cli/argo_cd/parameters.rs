//! Parameters of Argo CD's config management plugin: how they are announced and read
//! (`docs/operator-manual/config-management-plugins.md`).

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::spec_arguments::SpecArguments;
use crate::diagnostic::{Diagnostic, literal, nearest};
use crate::render::judging::unknown_target;

/// A parameter: its name, its form, its title and what it is for.
struct Parameter {
    name: &'static str,
    form: Form,
    title: &'static str,
    tooltip: &'static str,
}

/// How a parameter is written, in Argo CD's words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    String,
    Array,
    Map,
}

impl Form {
    fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Array => "array",
            Self::Map => "map",
        }
    }
}

const FILES: &str = "files";
const SET: &str = "set";
const TARGET: &str = "target";
const ALLOW: &str = "allowPlainSecrets";

const ALL: [Parameter; 4] = [
    Parameter {
        name: FILES,
        form: Form::Array,
        title: "Spec files",
        tooltip: "Files of the spec in the application's folder, merged in this order; defaults to mtls.toml, mtls.yaml or mtls.yml",
    },
    Parameter {
        name: SET,
        form: Form::Map,
        title: "Values",
        tooltip: "Values of the spec that come after all files, such as namespace or hosts.\"www.example.com\".ingressClassName",
    },
    Parameter {
        name: TARGET,
        form: Form::String,
        title: "Target",
        tooltip: "Ingress dialect to write, instead of the spec's",
    },
    Parameter {
        name: ALLOW,
        form: Form::Array,
        title: "Secrets in clear",
        tooltip: "Secrets whose private keys may be printed, as name or namespace/name; Argo CD keeps them in clear in its cache",
    },
];

/// What Argo CD shows of the parameters.
pub fn announcement() -> Value {
    let announced = |parameter: &Parameter| {
        let Parameter { name, form, title, tooltip } = parameter;
        json!({ "name": name, "title": title, "tooltip": tooltip, "collectionType": form.word() })
    };
    ALL.iter().map(announced).collect()
}

/// What an Application says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    files: Vec<String>,
    values: Vec<(String, String)>,
    target: Option<String>,
    allowed: Vec<String>,
}

impl Parameters {
    /// Reads the JSON list of `ARGOCD_APP_PARAMETERS`; empty without one.
    ///
    /// # Errors
    /// It is not such a list, or has a parameter that there is not or that is written in another form.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut parameters = Self::default();
        if text.trim().is_empty() {
            return Ok(parameters);
        }
        let list = match serde_json::from_str(text) {
            Ok(Value::Array(list)) => list,
            // Go writes an absent list as null.
            Ok(Value::Null) => Vec::new(),
            _ => return Err(vec![wrong("`ARGOCD_APP_PARAMETERS` is not a JSON list".to_owned())]),
        };
        let mistakes = list.iter().filter_map(|given| parameters.take(given).err());
        let mistakes: Vec<_> = mistakes.collect();
        if mistakes.is_empty() { Ok(parameters) } else { Err(mistakes) }
    }

    fn take(&mut self, given: &Value) -> Result<(), Diagnostic> {
        let name = given.get("name").and_then(Value::as_str).unwrap_or_default();
        let parameter = ALL.iter().find(|known| known.name == name).ok_or_else(|| unknown(name))?;
        let form = parameter.form.word();
        let value = given.get(form).ok_or_else(|| other_form(parameter))?;
        let texts = || -> Option<Vec<String>> {
            value.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
        };
        let pairs = || -> Option<Vec<(String, String)>> {
            let pair =
                |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
            value.as_object()?.iter().map(pair).collect()
        };
        let bad = || other_form(parameter);
        match name {
            FILES => self.files = texts().ok_or_else(bad)?,
            ALLOW => self.allowed = texts().ok_or_else(bad)?,
            SET => self.values = pairs().ok_or_else(bad)?,
            _ => {
                let target = value.as_str().ok_or_else(bad)?;
                if let Some(unknown) = unknown_target(target) {
                    let wrong = wrong(format!("the parameter `{name}`: {}", unknown.title));
                    return Err(unknown.help.into_iter().fold(wrong, Diagnostic::help));
                }
                self.target = Some(target.to_owned());
            }
        }
        Ok(())
    }

    /// The same as flags of a command.
    pub fn spec_arguments(&self) -> SpecArguments {
        let mut values: Vec<String> =
            self.values.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if !self.allowed.is_empty() {
            values.push(format!("plugin.allowPlainSecrets={}", json!(self.allowed)));
        }
        let files = self.files.iter().map(PathBuf::from).collect();
        let mut arguments = SpecArguments { files, values, ..SpecArguments::default() };
        arguments.override_target(self.target.clone());
        arguments
    }
}

fn wrong(title: String) -> Diagnostic {
    Diagnostic::error("argo-cd-parameter", title)
        .help("an Application says them under `spec.source.plugin.parameters`; `mtlsgen argo-cd parameters` lists them")
}

fn unknown(name: &str) -> Diagnostic {
    let diagnostic = wrong(format!("unknown parameter {}", literal(name)));
    match nearest(name, ALL.iter().map(|known| known.name)) {
        Some(near) => diagnostic.help(format!("write `{near}`")),
        None => diagnostic,
    }
}

fn other_form(parameter: &Parameter) -> Diagnostic {
    let Parameter { name, form, .. } = parameter;
    let what = match form {
        Form::String => "a text: `string: TEXT`",
        Form::Array => "a list of texts: `array: [TEXT]`",
        Form::Map => "a table of texts: `map: {KEY: TEXT}`",
    };
    wrong(format!("the parameter `{name}` is {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_argo_cd_writes_is_read() {
        let parameters = Parameters::parse(
            r#"[{"name":"files","array":["a.toml","b.yaml"]},{"name":"set","map":{"namespace":"web"}},
                {"name":"target","string":"ingress-nginx"},{"name":"allowPlainSecrets","array":["a","n/b"]}]"#,
        );
        let arguments = parameters.unwrap().spec_arguments();
        assert_eq!(arguments.files, [PathBuf::from("a.toml"), PathBuf::from("b.yaml")]);
        assert_eq!(
            arguments.values,
            [
                "namespace=web",
                r#"plugin.allowPlainSecrets=["a","n/b"]"#,
                r#"target="ingress-nginx""#
            ]
        );
        for nothing in ["", " ", "null", "[]"] {
            assert_eq!(Parameters::parse(nothing), Ok(Parameters::default()));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_said() {
        for (text, words) in [
            ("{}", "is not a JSON list"),
            (r#"[{"name":"file","array":[]}]"#, "unknown parameter `file`"),
            (r#"[{"name":"files","string":"a.toml"}]"#, "`files` is a list of texts"),
            (r#"[{"name":"files","array":[1]}]"#, "`files` is a list of texts"),
            (r#"[{"name":"set","map":{"a":{}}}]"#, "`set` is a table of texts"),
            (r#"[{"name":"target","array":["x"]}]"#, "`target` is a text"),
        ] {
            let found = Parameters::parse(text).unwrap_err();
            assert_eq!(found[0].code, "argo-cd-parameter");
            assert!(found[0].title.contains(words), "{text}: {}", found[0].title);
        }
    }

    #[test]
    fn every_parameter_is_announced() {
        let announced = announcement();
        let forms: Vec<_> = announced
            .as_array()
            .unwrap()
            .iter()
            .map(|parameter| parameter["collectionType"].as_str().unwrap())
            .collect();
        assert_eq!(forms, ["array", "map", "string", "array"]);
    }
}
