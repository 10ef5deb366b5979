//! One object from its template to its final form.

use minijinja::Value as TemplateValue;
use serde_json::{Map, Value};

use super::placed;
use crate::diagnostic::{Diagnostic, Span};
use crate::identity::Identity;
use crate::manifest::values::fields;
use crate::manifest::{Disclosure, Manifest, lists, schema};
use crate::model::Secret;
use crate::render::objects::Secrets;
use crate::render::patch::Patches;
use crate::render::template::{Engine, TemplateSet};
use crate::specification::document::Locate;
use crate::targets::FinalObject;
use crate::targets::draft::{Draft, Facts};
use crate::yaml;

/// An object that is finished but for the checks over all of them.
pub(super) struct Finished<'a> {
    /// The object.
    pub(super) manifest: Manifest,
    /// Name of the template that it comes from.
    pub(super) template: &'a str,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// As a built-in template printed it from this.
    Facts(Facts),
    /// Parsed, since somebody else had a hand in it.
    Object(Value),
}

impl Finished<'_> {
    /// What the check of protection sees of it.
    pub(super) fn as_final(&self) -> Option<FinalObject<'_>> {
        match &self.content {
            Content::Facts(facts) => FinalObject::of_facts(&self.manifest.identity, facts),
            Content::Object(object) => FinalObject::of(&self.manifest.identity, object),
        }
    }
}

/// Renders, patches and checks objects, and collects what is wrong.
pub(super) struct Finisher<'a> {
    pub(super) engine: Engine<'a>,
    pub(super) templates: &'a TemplateSet,
    pub(super) patches: Patches,
    pub(super) disclosure: Disclosure,
    pub(super) locate: Locate<'a>,
    pub(super) found: Vec<Diagnostic>,
    /// `name` of the spec.
    pub(super) name: Option<&'a str>,
}

impl<'a> Finisher<'a> {
    /// Renders a Secret, with private keys as they are to be shown.
    pub(super) fn finish_secret<'m>(
        &mut self,
        secret: &'m Secret,
        secrets: &mut Secrets<'m>,
    ) -> Option<Finished<'a>> {
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
    ) -> Option<Finished<'a>> {
        match secrets.object(secret, disclosure) {
            Ok(draft) => self.finish_draft(draft),
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
            let template = secrets.template();
            let origin = self.templates.origin(template);
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

    /// Renders a draft; parses, patches and checks the result only where somebody else had a hand in it.
    pub(super) fn finish_draft(&mut self, draft: Draft) -> Option<Finished<'a>> {
        let Draft { identity, exposures, sensitive, foreign, template, context, facts } = draft;
        let yaml = self.render(template, &fields(context))?;
        let foreign = foreign || self.templates.source(template).is_some();
        let manifest = Manifest { identity, exposures, sensitive, yaml };
        if !foreign && !self.patches.may_change(&manifest.identity) {
            return Some(Finished { manifest, template, content: Content::Facts(facts) });
        }
        let object = self.only_object(&manifest, template)?;
        self.finish_object(manifest, &object, template, foreign)
    }

    /// Renders a template of the user with the whole model.
    pub(super) fn finish_extra(&mut self, template: &'a str) -> Vec<Finished<'a>> {
        let Some(text) = self.render(template, &self.engine.model()) else { return Vec::new() };
        let objects = self.parse(&text, template).unwrap_or_default();
        let (objects, _) = lists::unfold(objects);
        objects.iter().filter_map(|object| self.extra_object(object, template)).collect()
    }

    fn render(&mut self, template: &str, context: &TemplateValue) -> Option<String> {
        let rendered = self.engine.render(template, context);
        rendered.map_err(|error| self.found.push(error)).ok()
    }

    fn extra_object(&mut self, object: &Value, template: &'a str) -> Option<Finished<'a>> {
        let Some(identity) = Identity::of(object) else {
            // The schema says what is missing.
            let origin = self.templates.origin(template);
            self.check_schema(object, "an object", &origin, &[]);
            return None;
        };
        let sensitive = is_sensitive(&identity, object);
        let manifest = Manifest { identity, exposures: Vec::new(), sensitive, yaml: String::new() };
        self.finish_object(manifest, object, template, true)
    }

    /// Patches and checks an object, and prints it anew if `foreign` or patched.
    fn finish_object(
        &mut self,
        mut manifest: Manifest,
        object: &Value,
        template: &'a str,
        foreign: bool,
    ) -> Option<Finished<'a>> {
        let called = manifest.identity.to_string();
        if foreign && !self.check_schema(object, &called, &self.templates.origin(template), &[]) {
            return None;
        }
        let label = name_label(object);
        let (object, applied) = match self.patches.apply(&manifest.identity, object) {
            Ok((object, applied)) => (object?, applied),
            Err(findings) => {
                self.found.extend(findings.into_iter().map(|finding| placed(finding, self.locate)));
                return None;
            }
        };
        if !applied.is_empty() && !self.check_schema(&object, &called, "after patches", &applied) {
            return None;
        }
        let after = name_label(&object);
        if after != label && (after.is_none() || after != self.name) {
            self.found.push(relabelled(&called, self.name).at(self.place(&applied)));
            return None;
        }
        if foreign || !applied.is_empty() {
            manifest.yaml = yaml::emit(&object);
        }
        Some(Finished { manifest, template, content: Content::Object(object) })
    }

    /// What a template gave for a draft: exactly the object that was asked for.
    pub(super) fn only_object(&mut self, manifest: &Manifest, template: &str) -> Option<Value> {
        let mut objects = self.parse(&manifest.yaml, template)?;
        let called = self.templates.origin(template);
        let wanted = &manifest.identity;
        if objects.len() != 1 {
            self.found.push(Diagnostic::error(
                "template-output",
                format!("{called} must give one object, {wanted}, and gives {}", objects.len()),
            ));
            return None;
        }
        let object = objects.remove(0);
        let have = Identity::of(&object);
        if have.as_ref() == Some(wanted) {
            return Some(object);
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
        parsed.map_err(failed).ok()
    }

    fn place(&self, patches: &[usize]) -> Option<Span> {
        patches.first().and_then(|index| (self.locate)(&["patches".into(), (*index).into()]))
    }

    /// Whether Kubernetes would take the object; otherwise says why not.
    fn check_schema(
        &mut self,
        object: &Value,
        called: &str,
        origin: &str,
        patches: &[usize],
    ) -> bool {
        // In place of a masked key stands what is no base64.
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
    let entries =
        |field: &str| object.get(field).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let harmless = |key: &String| key == "ca.crt" || key == "ca.crl";
    identity.kind == "Secret" && !entries("data").chain(entries("stringData")).all(harmless)
}

fn line_of(text: &str, line: usize) -> String {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    format!("that line is: {}", line.trim_end().chars().take(120).collect::<String>())
}
