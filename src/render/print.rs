//! Objects as text: those of ours by the built-in templates, all others as values.

use std::io;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object as ViewObject};
use minijinja::{Environment, Error, Output, State, Value};
use zeroize::Zeroizing;

use super::template::{self, format};
use crate::manifest::kinds::secret;
use crate::manifest::{Body, Object, Wiped};
use crate::secret_format::Handed;
use crate::yaml;
use crate::yaml::scalar;

/// The built-in templates. What they print is written where it goes, so that no copy of a private key stays behind.
static PRINTER: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = template::environment();
    environment.set_formatter(print);
    environment.add_filter("block", |value: Value, column: usize| {
        Value::from_object(Block { value, column })
    });
    for (name, source) in template::BUILT_IN {
        environment.add_template(name, source).expect("the built-in templates are templates");
    }
    environment
});

/// An object as one YAML document, without `---`, with a newline at its end. It is wiped when it is dropped.
///
/// # Panics
/// Never: a built-in template prints every object of its kind that mtlsgen makes.
#[must_use]
pub fn text(object: &Handed<'_>) -> Zeroizing<String> {
    if let Body::Value(value) = &object.body {
        return Zeroizing::new(yaml::emit(value));
    }
    let template = PRINTER.get_template(&object.template).expect("objects name their templates");
    let printed = if object.sensitive {
        let mut written = Written::default();
        let printed = template.render_captured_to(object.view(), &mut written);
        printed.map(|_| {
            let text = String::from_utf8(std::mem::take(&mut *written.0));
            // The error would have the octets.
            text.unwrap_or_else(|_| unreachable!("templates print texts"))
        })
    } else {
        template.render(object.view())
    };
    let text = printed.expect("a built-in template prints every object of its kind");
    let text = Zeroizing::new(text);
    debug_assert!(is_read_back(&text, object), "the text of {} is another object", object.identity);
    text
}

/// Whether a reader finds the object in the text.
fn is_read_back(text: &str, object: &Object) -> bool {
    let read = yaml::read_back(text).map(Wiped::from);
    read.is_some_and(|read| read == object.value())
}

/// A value behind a colon, its lines starting at a column.
#[derive(Debug)]
struct Block {
    value: Value,
    column: usize,
}

impl ViewObject for Block {
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

fn print(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let Some(Block { value, column }) = value.downcast_object_ref() else {
        return format::print(out, state, value);
    };
    let Some(data) = value.downcast_object_ref::<secret::Entries>() else {
        return format::print(out, state, &format::block(value, *column)?);
    };
    for (name, datum) in data.iter() {
        write!(out, "\n{:column$}{}: ", "", scalar::scalar(name), column = *column)?;
        datum.with_text(|text| out.write_str(&scalar::scalar(text)))?;
    }
    Ok(())
}

/// Octets that are wiped, also where they were before they became more.
#[derive(Default)]
struct Written(Zeroizing<Vec<u8>>);

impl io::Write for Written {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + octets.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity((2 * needed).max(2048)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
