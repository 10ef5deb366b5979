//! The template engine, strict about names and bounded in time.
//!
//! What is not bounded is memory: each step may double a text (`x ~ x`), and the engine has no hook where
//! texts are joined. Templates are the user's own, as the spec is: one that doubles forty times ends the
//! program for want of memory, before anything is written.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::{BUILT_IN, ORIGINAL, TemplateSet, error, format};
use crate::diagnostic::Diagnostic;

/// Instructions that one rendering may take, and more for each thing in the model that a template can
/// loop over.
const FUEL: u64 = 2_000_000;
const FUEL_EACH: u64 = 20_000;
/// How deep templates may include and call one another.
const RECURSION: usize = 64;

/// Templates ready to be rendered.
pub(crate) struct Engine<'a> {
    environment: Environment<'a>,
    set: &'a TemplateSet,
    model: Value,
}

impl<'a> Engine<'a> {
    /// Compiles all templates of the set.
    pub(crate) fn new(set: &'a TemplateSet) -> Result<Self, Vec<Diagnostic>> {
        let mut environment = environment();
        let mut diagnostics = Vec::new();
        for (name, source) in BUILT_IN {
            let originals = [(*name).to_owned(), format!("{ORIGINAL}{name}")];
            for name in originals {
                if let Err(failure) = environment.add_template_owned(name, *source) {
                    diagnostics.push(error::diagnostic(&failure, set, &Value::UNDEFINED));
                }
            }
        }
        for (name, source) in &set.files {
            if let Err(failure) = environment.add_template(name, &source.text) {
                diagnostics.push(error::diagnostic(&failure, set, &Value::UNDEFINED));
            }
        }
        if diagnostics.is_empty() {
            Ok(Self { environment, set, model: Value::UNDEFINED })
        } else {
            Err(diagnostics)
        }
    }

    /// Gives templates of the user the whole model as `model`, and bounds their time by its size.
    pub(crate) fn with_model(mut self, model: Value, things: usize) -> Self {
        let things = u64::try_from(things).unwrap_or(u64::MAX);
        self.environment.set_fuel(Some(FUEL.saturating_add(FUEL_EACH.saturating_mul(things))));
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
        let mut text = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()))
            .map_err(|failure| error::diagnostic(&failure, self.set, context))?;
        // It is kept until all objects are there, and has grown by doubling.
        text.shrink_to_fit();
        Ok(text)
    }
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_recursion_limit(RECURSION);
    // Our own formatter prints whatever this says; it only makes captures count as printed already.
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_formatter(format::print);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .expect("these settings do not contradict each other");
    environment.set_syntax(syntax);
    // Nothing may print raw text, nor in a quoting that is not ours.
    for filter in ["safe", "escape", "e", "tojson"] {
        environment.remove_filter(filter);
    }
    environment.add_filter("block", format::block);
    environment
}
