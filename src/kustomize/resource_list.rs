//! The `ResourceList` that goes into a KRM function and comes out of it.

use serde_json::{Map, Value};

use super::config::Configuration;
use crate::diagnostic::{Diagnostic, literal};
use crate::yaml;
use crate::yaml::node::Node;
use crate::yaml::schema::Schema;

/// Kind of the wire format.
pub const KIND: &str = "ResourceList";
/// Versions of the wire format; they differ in nothing that matters here.
pub const API_VERSIONS: [&str; 2] = ["config.kubernetes.io/v1", "config.kubernetes.io/v1beta1"];

/// Objects on their way through functions, and the input of this function.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceList {
    /// The version it came in, and goes out in.
    pub api_version: String,
    /// The objects.
    pub items: Vec<Value>,
    /// The object that configures the function.
    pub function_config: Option<Configuration>,
    /// What functions have to say.
    pub results: Vec<Value>,
    /// All other fields.
    rest: Map<String, Value>,
}

impl ResourceList {
    /// Reads one YAML or JSON text.
    ///
    /// # Errors
    /// It is neither, or no `ResourceList` of a known version.
    pub fn parse(text: &str) -> Result<Self, Box<Diagnostic>> {
        let mut documents = yaml::documents(text, Schema::Kubectl)
            .map_err(|error| not_a_list(&error.to_string()))?;
        let (mut root, is_alone) = (documents.pop().map(|part| part.root), documents.is_empty());
        let config = root.as_ref().and_then(|root| root.text_under("functionConfig", text));
        let mut map = match (root.take().map(Node::into_json), is_alone) {
            (Some(Value::Object(map)), true) => map,
            (None, _) => return Err(not_a_list("it is empty")),
            (_, true) => return Err(not_a_list("it is not an object")),
            (_, false) => return Err(not_a_list("it holds several documents")),
        };
        let value = map.shift_remove("functionConfig").filter(|config| !config.is_null());
        let config = value.map(|value| Configuration::new(value, config.unwrap_or_default()));
        Self::of(map, config)
    }

    fn of(
        mut map: Map<String, Value>,
        function_config: Option<Configuration>,
    ) -> Result<Self, Box<Diagnostic>> {
        let mut text = |key: &str| match map.shift_remove(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if kind != KIND {
            return Err(not_a_list(&format!("its kind is {}", literal(&kind))));
        }
        if !API_VERSIONS.contains(&api_version.as_str()) {
            return Err(not_a_list(&format!("its apiVersion is {}", literal(&api_version))));
        }
        Ok(Self {
            api_version,
            items: list(&mut map, "items")?,
            function_config,
            results: list(&mut map, "results")?,
            rest: map,
        })
    }

    /// The list as one YAML document.
    #[must_use]
    pub fn emit(self) -> String {
        let mut map = Map::new();
        map.insert("apiVersion".to_owned(), self.api_version.into());
        map.insert("kind".to_owned(), KIND.into());
        map.insert("items".to_owned(), self.items.into());
        let config = self.function_config.map(|config| config.value);
        map.extend(config.map(|config| ("functionConfig".to_owned(), config)));
        map.extend(self.rest);
        if !self.results.is_empty() {
            map.insert("results".to_owned(), self.results.into());
        }
        yaml::emit(&Value::Object(map))
    }
}

fn list(map: &mut Map<String, Value>, key: &str) -> Result<Vec<Value>, Box<Diagnostic>> {
    match map.shift_remove(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(not_a_list(&format!("its `{key}` is not a list"))),
    }
}

fn not_a_list(why: &str) -> Box<Diagnostic> {
    let title = format!("standard input is not a `{KIND}`: {why}");
    let [newest, older] = API_VERSIONS;
    Diagnostic::error("resource-list", title)
        .help(format!("a KRM function reads `apiVersion: {newest}` (or `{older}`), `kind: {KIND}`"))
        .help(
            "`kustomize build` and `kpt` write it; to render by hand, run `mtlsgen render -f FILE`",
        )
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_comes_in_goes_out() {
        for version in API_VERSIONS {
            let list = json!({
                "apiVersion": version,
                "kind": KIND,
                "items": [{"kind": "A", "metadata": {"annotations": {
                    "internal.config.kubernetes.io/index": "0", "y": "on", "date": "2001-01-01",
                }}}],
                "functionConfig": {"kind": "MutualTLS"},
                "later": {"key": [1, 0.5, null, true]},
                "results": [{"message": "of an earlier function"}],
            });
            for text in [list.to_string(), yaml::emit(&list)] {
                let read = ResourceList::parse(&text).unwrap();
                assert_eq!(read.items.len(), 1);
                let config = read.function_config.as_ref().map(|config| &config.value);
                assert_eq!(config, Some(&json!({"kind": "MutualTLS"})));
                assert_eq!(yaml::parse(&read.emit()).unwrap(), std::slice::from_ref(&list));
            }
        }
    }

    #[test]
    fn what_may_be_absent_is_empty() {
        let text = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n";
        let list = ResourceList::parse(text).unwrap();
        assert_eq!((list.items.len(), list.results.len()), (0, 0));
        assert_eq!(list.function_config, None);
        assert_eq!(
            list.emit(),
            "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"
        );
    }

    #[test]
    fn what_is_no_list_is_said() {
        let version = "apiVersion: config.kubernetes.io/v1\n";
        for (text, why) in [
            (String::new(), "it is empty"),
            ("a".to_owned(), "it is not an object"),
            (format!("{version}kind: ResourceList\n---\na: 1\n"), "several documents"),
            (format!("{version}kind: List\n"), "its kind is `List`"),
            ("kind: ResourceList\n".to_owned(), "its apiVersion is ``"),
            (format!("{version}kind: ResourceList\nitems: {{}}\n"), "its `items` is not a list"),
            (format!("{version}kind: [\n"), "line"),
        ] {
            let error = ResourceList::parse(&text).unwrap_err();
            assert!(error.title.contains(why), "{text}: {}", error.title);
        }
    }
}
