//! The template engine, strict about names and bounded in time and memory.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::budget::{Budget, octets};
use super::guarded::{self, Guarded};
use super::{BUILT_IN, ORIGINAL, TemplateSet, builtins, error, format};
use crate::diagnostic::Diagnostic;

/// Instructions that one rendering may take, and more for each thing in the model that a template can
/// loop over.
const FUEL: u64 = 3_000_000;
const FUEL_EACH: u64 = 30_000;
/// Octets that all renderings of a run may give together, and more for each of those things.
const GIVEN: u64 = 256 << 20;
const GIVEN_EACH: u64 = 256 << 10;
/// How deep templates may include and call one another.
const RECURSION: usize = 64;

/// Templates ready to be rendered.
pub(crate) struct Engine<'a> {
    environment: Environment<'a>,
    set: &'a TemplateSet,
    model: Value,
    budget: Arc<Budget>,
    /// Octets that all renderings gave so far, and octets that they may give.
    given: Cell<u64>,
    most: u64,
    /// The templates as the engine has them, where they were rewritten.
    guarded: BTreeMap<String, Guarded>,
}

impl<'a> Engine<'a> {
    /// Compiles all templates of the set.
    pub(crate) fn new(set: &'a TemplateSet) -> Result<Self, Vec<Diagnostic>> {
        let budget = Budget::new();
        let mut environment = environment();
        if !set.is_built_in_alone() {
            limit(&mut environment, &budget);
        }
        let mut diagnostics = Vec::new();
        let mut guarded = BTreeMap::new();
        for (name, source) in BUILT_IN {
            let originals = [(*name).to_owned(), format!("{ORIGINAL}{name}")];
            for name in originals {
                match add(&mut environment, &name, source, set) {
                    Ok(rewritten) => guarded.extend(rewritten.map(|rewritten| (name, rewritten))),
                    Err(diagnostic) => diagnostics.push(diagnostic),
                }
            }
        }
        for (name, source) in &set.files {
            match add(&mut environment, name, &source.text, set) {
                Ok(rewritten) => {
                    guarded.extend(rewritten.map(|rewritten| (name.clone(), rewritten)));
                }
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        if diagnostics.is_empty() {
            Ok(Self {
                environment,
                set,
                model: Value::UNDEFINED,
                budget,
                given: Cell::new(0),
                most: GIVEN,
                guarded,
            })
        } else {
            Err(diagnostics)
        }
    }

    /// Gives templates of the user the whole model as `model`, and bounds what they take by its size.
    pub(crate) fn with_model(mut self, model: Value, things: usize) -> Self {
        let things = u64::try_from(things).unwrap_or(u64::MAX);
        self.environment.set_fuel(Some(FUEL.saturating_add(FUEL_EACH.saturating_mul(things))));
        self.budget.scale(things);
        self.most = GIVEN.saturating_add(GIVEN_EACH.saturating_mul(things));
        self.environment.add_global("model", model.clone());
        self.model = model;
        self
    }

    /// The whole model, as templates of the user see it.
    pub(crate) fn model(&self) -> Value {
        self.model.clone()
    }

    /// Renders one template.
    pub(crate) fn render(&self, name: &str, context: &Value) -> Result<String, Diagnostic> {
        self.budget.restart();
        let mut text = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()))
            .map_err(|failure| error::diagnostic(&failure, self.set, &self.guarded, context))?;
        // It is kept until all objects are there, and has grown by doubling.
        text.shrink_to_fit();
        let given = self.given.get().saturating_add(octets(text.len()));
        self.given.set(given);
        if given > self.most && !self.guarded.is_empty() {
            return Err(error::too_much(self.set, name, self.most));
        }
        Ok(text)
    }
}

/// Compiles a template; where the set has templates of the user, as one that stays within the budget.
fn add<'a>(
    environment: &mut Environment<'a>,
    name: &str,
    source: &'a str,
    set: &TemplateSet,
) -> Result<Option<Guarded>, Diagnostic> {
    let none = BTreeMap::new();
    let failed = |failure| error::diagnostic(&failure, set, &none, &Value::UNDEFINED);
    if set.is_built_in_alone() {
        return environment
            .add_template_owned(name.to_owned(), source)
            .map(|()| None)
            .map_err(failed);
    }
    if let Some((line, words)) = guarded::refusal(source, &syntax()) {
        return Err(error::refused(set, name, line, words));
    }
    // Compiling carries out what has constants alone: `"x" * 90000000`.
    parse(source, name, syntax()).map_err(failed)?;
    let guarded = Guarded::new(source, &syntax());
    environment.add_template_owned(name.to_owned(), guarded.text.clone()).map_err(failed)?;
    Ok(Some(guarded))
}

/// Charges filters, functions, operators and output to the budget.
fn limit(environment: &mut Environment<'_>, budget: &Arc<Budget>) {
    builtins::install(environment, budget);
    for filter in WITHOUT {
        environment.remove_filter(filter);
    }
    let own = Arc::clone(budget);
    environment.add_filter("block", move |value: &Value, column: usize| {
        let lines = own.written(value)?;
        own.allow(lines.saturating_mul(octets(column).saturating_add(2)))?;
        let block = format::block(value, column)?;
        own.charge(own.own_size(&block)?)?;
        Ok::<_, minijinja::Error>(block)
    });
    let own = Arc::clone(budget);
    environment.set_formatter(move |out, state, value| {
        own.charge(own.written(value)?)?;
        format::print(out, state, value)
    });
}

/// Filters that print raw text, or in a quoting that is not ours.
const WITHOUT: [&str; 4] = ["safe", "escape", "e", "tojson"];

fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("these settings do not contradict each other")
}

pub(in crate::render) fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(RECURSION);
    // Our own formatter ignores this; it only makes captures count as printed already.
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_formatter(format::print);
    environment.set_syntax(syntax());
    for filter in WITHOUT {
        environment.remove_filter(filter);
    }
    environment.add_filter("block", format::block);
    environment
}
