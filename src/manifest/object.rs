//! Objects to be printed, and what is read of them.

use std::borrow::Cow;
use std::fmt;

use minijinja::Value as View;
use serde_json::{Map, Value};

use super::kinds::{Api, Kind};
use super::schema;
use super::values::fields;
use super::wiped::Wiped;
use crate::identity::Identity;

/// An object to be printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What makes it that object.
    pub identity: Identity,
    /// Keys under `hosts` of the exposures that it belongs to; empty: to none in particular.
    pub exposures: Vec<String>,
    /// Whether it holds a private key (never mind how much of it this copy shows).
    pub sensitive: bool,
    /// Name of the template that prints it, or that has printed it.
    pub template: Cow<'static, str>,
    /// All else.
    pub body: Body,
}

/// What an object says beside its identity.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// As mtlsgen makes it: a built-in template prints it, and keys are opened when it does.
    Typed(Kind),
    /// As a template of the user, or a patch, has made it: the whole object.
    Value(Wiped),
}

/// An object that is not of the form of its kind: the API server would refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    /// Which one.
    pub identity: Identity,
    /// What is wrong, without any text of the object.
    pub problem: String,
}

impl Object {
    /// The same as that kind of object; `None`: it is of another one.
    ///
    /// # Errors
    /// It is of this kind, and not of its form.
    pub fn read<K: Api>(&self) -> Result<Option<Cow<'_, K>>, Misread> {
        match &self.body {
            Body::Typed(kind) => Ok(K::of(kind).map(Cow::Borrowed)),
            Body::Value(value) => Ok(read(&self.identity, value)?.map(Cow::Owned)),
        }
    }

    /// One for tests, which says no more than its kind.
    #[cfg(test)]
    pub(crate) fn sample(kind: &str, namespace: &str, name: &str, sensitive: bool) -> Self {
        Self {
            identity: Identity {
                api_version: "v1".to_owned(),
                kind: kind.to_owned(),
                namespace: Some(namespace.to_owned()),
                name: name.to_owned(),
            },
            exposures: Vec::new(),
            sensitive,
            template: Cow::Borrowed("sample.yaml.j2"),
            body: Body::Value(serde_json::json!({ "kind": kind }).into()),
        }
    }

    /// What a template is given to print it; of one that a template has printed, nothing.
    #[must_use]
    pub fn view(&self) -> View {
        let Body::Typed(kind) = &self.body else { return View::UNDEFINED };
        let Identity { api_version: _, kind: _, namespace, name } = &self.identity;
        let metadata = kind.metadata();
        let mut view = kind.view();
        view.extend([
            ("name", View::from(name.as_str())),
            ("namespace", View::from(namespace.as_deref())),
            ("labels", metadata.labels.view()),
            ("annotations", metadata.annotations.view()),
        ]);
        fields(view)
    }

    /// Lets go of what it says if that has a private key: the key is wiped, unless others hold it too.
    pub fn wipe(&mut self) {
        if self.sensitive {
            self.body = Body::Value(Wiped::default());
        }
    }

    /// The whole object, with private keys as this copy shows them.
    ///
    /// # Panics
    /// Never: all fields of our kinds have names that are texts.
    #[must_use]
    pub fn value(&self) -> Wiped {
        let kind = match &self.body {
            Body::Value(value) => return value.clone(),
            Body::Typed(kind) => kind,
        };
        let fields = serde_json::to_value(kind).expect("all names of fields are texts");
        let mut fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        let Identity { api_version, kind, namespace, name } = &self.identity;
        let mut metadata = Map::from_iter([("name".to_owned(), name.as_str().into())]);
        metadata
            .extend(namespace.iter().map(|name| ("namespace".to_owned(), name.as_str().into())));
        if let Some(Value::Object(said)) = fields.shift_remove("metadata") {
            metadata.extend(said);
        }
        let mut object = Map::from_iter([
            ("apiVersion".to_owned(), api_version.as_str().into()),
            ("kind".to_owned(), kind.as_str().into()),
            ("metadata".to_owned(), metadata.into()),
        ]);
        object.extend(fields);
        Wiped::from(Value::Object(object))
    }
}

/// An object as that kind; `None`: it is of another one.
///
/// # Errors
/// It is of this kind, and not of its form.
pub fn read<K: Api>(identity: &Identity, object: &Value) -> Result<Option<K>, Misread> {
    if !K::is(identity) {
        return Ok(None);
    }
    let misread = |_| {
        // The table of Kubernetes' fields knows the place; serde would quote the text, which may be a key.
        let mut problems = schema::check(object).into_iter();
        let problem = problems.find(|problem| problem.path != "metadata.namespace");
        let problem = problem.map(|problem| problem.to_string());
        let problem = problem.unwrap_or_else(|| "a field has a value of another type".to_owned());
        Misread { identity: identity.clone(), problem }
    };
    K::deserialize(object).map(Some).map_err(misread)
}

impl std::error::Error for Misread {}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity, problem } = self;
        write!(f, "{identity} is not of the form of its kind: {problem}")
    }
}
