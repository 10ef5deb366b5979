//! One object from its template to its final form.

use std::borrow::Cow;

use minijinja::Value as TemplateValue;
use serde_json::Value;
use zeroize::Zeroizing;

use super::placed;
use crate::diagnostic::{Diagnostic, Span};
use crate::identity::Identity;
use crate::manifest::kinds::{Api as _, Secret as SecretKind};
use crate::manifest::{Body, Disclosure, Object, Wiped, data, lists, schema};
use crate::model::Secret;
use crate::render::objects::{SECRET, Secrets};
use crate::render::patch::Patches;
use crate::render::template::{Engine, TemplateSet};
use crate::specification::document::Locate;
use crate::yaml;

/// Patches and checks objects, has templates of the user print them, and collects what is wrong.
pub(super) struct Finisher<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) templates: &'a TemplateSet,
    pub(super) patches: Patches,
    pub(super) disclosure: Disclosure,
    pub(super) locate: Locate<'a>,
    pub(super) found: Vec<Diagnostic>,
    /// `name` of the spec.
    pub(super) name: Option<&'a str>,
    /// Whether a template gave none of its objects, so that no patch could match them.
    pub(super) is_incomplete: bool,
}

impl Finisher<'_> {
    /// Finishes a Secret, with private keys as the disclosure says.
    pub(super) fn finish_secret<'m>(
        &mut self,
        secret: &'m Secret,
        secrets: &mut Secrets<'m>,
    ) -> Option<Object> {
        let before = self.found.len();
        let finished = self.finish_as(secret, secrets, self.disclosure);
        if self.disclosure == Disclosure::Whole && self.found.len() > before {
            self.judge_stand_in(secret, secrets, before);
        }
        finished
    }

    fn finish_as<'m>(
        &mut self,
        secret: &'m Secret,
        secrets: &mut Secrets<'m>,
        disclosure: Disclosure,
    ) -> Option<Object> {
        match secrets.object(secret, disclosure) {
            Ok(object) => self.finish(object, false),
            Err(error) => {
                self.found.push(error);
                None
            }
        }
    }

    /// Replaces what was found since `before`, which may have a part of the private key in it: by what is found
    /// with a stand-in for that key, or else by words without any text of the output.
    fn judge_stand_in<'m>(&mut self, secret: &'m Secret, secrets: &mut Secrets<'m>, before: usize) {
        let real = self.found.split_off(before);
        self.finish_as(secret, secrets, Disclosure::StandIn);
        if self.found.len() == before {
            let origin = self.templates.origin(SECRET);
            let title = format!(
                "{origin}, or a patch, gives no valid Secret `{}` with the real private key",
                secret.reference
            );
            let blind = |one: Diagnostic| {
                Diagnostic::error(one.code, title.as_str()).at(one.span).help(
                    "what is wrong depends on the key and is not shown: print `data` as it is given",
                )
            };
            self.found.extend(real.into_iter().map(blind));
        }
    }

    /// Finishes an object of ours: it stays as it is, unless a template of the user prints it, a patch changes it, or it has
    /// structures of the user's, which Kubernetes may not know.
    pub(super) fn finish(
        &mut self,
        object: Object,
        has_structures_of_user: bool,
    ) -> Option<Object> {
        let is_overridden = self.templates.source(&object.template).is_some();
        let is_foreign = is_overridden || has_structures_of_user;
        if !is_foreign && !self.patches.may_change(&object.identity) {
            return Some(object);
        }
        let value = if is_overridden {
            let text = self.render(&object.template, &object.view())?;
            self.only_object(&object, &text)?
        } else {
            object.value()
        };
        self.finish_value(object, &value, is_foreign)
    }

    /// Renders a template of the user with the whole model.
    pub(super) fn finish_extra(&mut self, template: &str) -> Vec<Object> {
        let Some(text) = self.render(template, &self.engine.model()) else { return Vec::new() };
        let objects = self.parse(&text, template).unwrap_or_default();
        let (objects, _) = lists::unfold(objects);
        objects.into_iter().filter_map(|object| self.extra_object(object, template)).collect()
    }

    fn render(&mut self, template: &str, context: &TemplateValue) -> Option<Zeroizing<String>> {
        match self.engine.render(template, context) {
            Ok(text) => Some(Zeroizing::new(text)),
            Err(error) => {
                self.found.push(error);
                self.is_incomplete = true;
                None
            }
        }
    }

    fn extra_object(&mut self, value: Value, template: &str) -> Option<Object> {
        let Some(identity) = Identity::of(&value) else {
            // The schema says what is missing.
            let origin = self.templates.origin(template);
            self.check_schema(&value, "an object", &origin, &[]);
            return None;
        };
        let object = Object {
            sensitive: false,
            identity,
            exposures: Vec::new(),
            template: Cow::Owned(template.to_owned()),
            body: Body::Value(Wiped::default()),
        };
        self.finish_value(object, &Wiped::from(value), true)
    }

    /// Patches and checks what an object says; it is `value` from then on, if that is foreign or patched.
    fn finish_value(
        &mut self,
        mut object: Object,
        value: &Wiped,
        is_foreign: bool,
    ) -> Option<Object> {
        let called = object.identity.to_string();
        let origin = || self.templates.origin(&object.template);
        if is_foreign && !self.check_schema(value, &called, &origin(), &[]) {
            return None;
        }
        let (patched, applied) = match self.patches.apply(&object.identity, value) {
            Ok((patched, applied)) => (patched?, applied),
            Err(findings) => {
                self.found.extend(findings.into_iter().map(|finding| placed(finding, self.locate)));
                return None;
            }
        };
        if !applied.is_empty() && !self.check_schema(&patched, &called, "after patches", &applied) {
            return None;
        }
        let after = name_label(&patched);
        if after != name_label(value) && (after.is_none() || after != self.name) {
            self.found.push(relabelled(&called, self.name).at(self.place(&applied)));
            return None;
        }
        if is_foreign || !applied.is_empty() {
            object.sensitive |= is_sensitive(&object.identity, &patched);
            object.body = Body::Value(patched);
        }
        Some(object)
    }

    /// The output of a user's template for an object, which is that object alone.
    fn only_object(&mut self, object: &Object, text: &str) -> Option<Wiped> {
        let mut printed: Vec<Wiped> =
            self.parse(text, &object.template)?.into_iter().map(Wiped::from).collect();
        let called = self.templates.origin(&object.template);
        let wanted = &object.identity;
        if printed.len() != 1 {
            self.found.push(Diagnostic::error(
                "template-output",
                format!("{called} must give one object, {wanted}, and gives {}", printed.len()),
            ));
            return None;
        }
        let printed = printed.remove(0);
        let have = Identity::of(&printed);
        if have.as_ref() == Some(wanted) {
            return Some(printed);
        }
        let have = have.map_or("something else".to_owned(), |have| {
            format!("{have} of `{}`", have.api_version)
        });
        self.found.push(
            Diagnostic::error(
                "template-output",
                format!(
                    "{called} must give {wanted} of `{}`, and gives {have}",
                    wanted.api_version
                ),
            )
            .help("print `{{ name }}` and `{{ namespace }}` as they are given"),
        );
        None
    }

    fn parse(&mut self, text: &str, template: &str) -> Option<Vec<Value>> {
        let parsed = yaml::parse(text);
        let failed = |error: yaml::ReadError| {
            let called = self.templates.origin(template);
            self.found.push(
                Diagnostic::error("template-output", format!("{called} does not give YAML: {error} of its output"))
                    .help(line_of(text, error.line))
                    .help("values bring their own quotes where they need them: write `{{ x }}`, and `{{ \"a\" ~ x }}` to join"),
            );
        };
        let parsed = parsed.map_err(failed).ok();
        self.is_incomplete |= parsed.is_none();
        parsed
    }

    fn place(&self, patches: &[usize]) -> Option<Span> {
        patches.first().and_then(|index| (self.locate)(&["patches".into(), (*index).into()]))
    }

    /// Whether Kubernetes would accept the object; otherwise reports why not.
    fn check_schema(
        &mut self,
        object: &Value,
        called: &str,
        origin: &str,
        patches: &[usize],
    ) -> bool {
        // A masked key is not base64.
        let is_masked = |path: &str| self.disclosure != Disclosure::Whole && path == "data.tls.key";
        let problems =
            schema::check(object).into_iter().filter(|problem| !is_masked(&problem.path));
        let place = self.place(patches);
        let found: Vec<_> = problems
            .map(|problem| {
                Diagnostic::error("object-invalid", format!("{called} ({origin}): {problem}"))
            })
            .map(|diagnostic| diagnostic.at(place.clone()))
            .collect();
        let is_good = found.is_empty();
        self.found.extend(found);
        is_good
    }
}

/// What `kubectl apply --prune` finds the object by.
fn name_label(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("labels")?.get("mtlsgen.dev/name")?.as_str()
}

fn relabelled(called: &str, name: Option<&str>) -> Diagnostic {
    let rule = match name {
        Some(name) => format!("it is `{name}`, the `name` of the spec"),
        None => "it is set by `name` in the spec".to_owned(),
    };
    Diagnostic::error(
        "patch-relabels",
        format!("a patch changes the label `mtlsgen.dev/name` of {called}: {rule}"),
    )
    .help("`kubectl apply --prune` finds all objects of a spec by that label: write `name`")
}

/// Secrets of users may hold anything; only those with public certificates alone are surely harmless.
fn is_sensitive(identity: &Identity, object: &Value) -> bool {
    let mut names = data::entries(object).map(|(name, _, _)| name);
    SecretKind::is(identity) && !names.all(data::is_public)
}

fn line_of(text: &str, line: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    format!("that line is: {}", line.trim_end().chars().take(120).collect::<String>())
}
