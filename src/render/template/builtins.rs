//! The engine's filters, functions and operators, each within the budget.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, context, filters, functions, tests};

use super::budget::{Budget, octets};
use super::guarded;

/// Puts budgeted ones in the place of all filters and functions that can make text or lists.
pub(super) fn install(environment: &mut Environment<'_>, budget: &Arc<Budget>) {
    for (name, filter) in filters() {
        let budget = Arc::clone(budget);
        environment.add_filter(name, move |state: &mut State, values: Rest<ValueOrKwargs>| {
            let values = values.into_values();
            values.first().map(|value| budget.look(budget.own_size(value)?)).transpose()?;
            budget.allow(need(&budget, name, &values)?)?;
            let made = filter.call(state, &values)?;
            let size = match name {
                "batch" | "slice" | "zip" | "groupby" | "items" | "dictsort" => {
                    budget.size_with_rows(&made)
                }
                _ => budget.own_size(&made),
            };
            budget.charge(size?)?;
            Ok::<_, Error>(made)
        });
    }
    for (name, function) in [
        ("range", Value::from_function(functions::range)),
        ("dict", Value::from_function(functions::dict)),
        ("debug", Value::from_function(functions::debug)),
    ] {
        let budget = Arc::clone(budget);
        environment.add_function(name, move |state: &mut State, values: Rest<ValueOrKwargs>| {
            let values = values.into_values();
            if name == "debug" && values.is_empty() {
                let words =
                    "`debug()` would print everything, private keys too: name a value, `debug(x)`";
                return Err(Error::new(ErrorKind::InvalidOperation, words));
            }
            budget.allow(need(&budget, name, &values)?)?;
            let made = function.call(state, &values)?;
            budget.charge(budget.own_size(&made)?)?;
            Ok(made)
        });
    }
    for (name, test) in comparisons() {
        let budget = Arc::clone(budget);
        environment.add_test(name, move |state: &mut State, values: Rest<Value>| {
            // These two make texts of both sides; the others are done with the smaller one.
            let looked_at = if name.ends_with("ingwith") { 2 } else { 1 };
            values.iter().take(looked_at).try_for_each(|value| budget.written(value).map(drop))?;
            test.call(state, &values)
        });
    }
    environment.add_test("divisibleby", divisible);
    operators(environment, budget);
}

/// What `guarded` puts in the place of operators.
fn operators(environment: &mut Environment<'_>, budget: &Arc<Budget>) {
    let own = Arc::clone(budget);
    environment.add_function(guarded::JOIN, move |operands: Rest<Value>| {
        if operands.iter().any(Value::is_undefined) {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        for operand in operands.iter() {
            own.charge(own.written(operand)?)?;
        }
        Ok(Value::from(operands.iter().map(Value::to_string).collect::<String>()))
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::ADD, move |state: &State, operands: Rest<Value>| {
        fold(&operands, |left, right| {
            if let Some(sum) = integers(left, right, i64::checked_add) {
                return Ok(sum);
            }
            own.charge(own.own_size(left)?.saturating_add(own.own_size(right)?))?;
            engines(state, "a + b", left, right)
        })
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::TIMES, move |state: &State, operands: Rest<Value>| {
        let charge = |many: &Value, times: &Value| {
            let times = times.as_usize().map_or(0, octets);
            own.charge(own.own_size(many)?.saturating_mul(times))
        };
        fold(&operands, |left, right| {
            if let Some(product) = integers(left, right, i64::checked_mul) {
                return Ok(product);
            }
            charge(left, right)?;
            charge(right, left)?;
            engines(state, "a * b", left, right)
        })
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::PART, move |value: Value| {
        own.charge(own.own_size(&value)?)?;
        if value.kind() == ValueKind::Map {
            // A mapping compares and hashes its keys.
            for key in value.try_iter().into_iter().flatten() {
                own.written(&key)?;
            }
        }
        Ok::<_, Error>(value)
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::WHOLE, move |value: Value| {
        own.written(&value)?;
        Ok::<_, Error>(value)
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::ARGUMENTS, move |values: Rest<ValueOrKwargs>| {
        let mut values = values.into_values();
        values.iter().try_for_each(|value| own.written(value).map(drop))?;
        if values.is_empty() {
            // The engine divides by their number.
            values.push(Value::UNDEFINED);
        }
        Ok::<_, Error>(Value::from(values))
    });
    let own = Arc::clone(budget);
    environment.add_function(guarded::TEXT, move |length: u64| {
        own.charge(length)?;
        Ok::<_, Error>(Value::from_safe_string(String::new()))
    });
}

/// From left to right, as the engine's operators work.
fn fold(
    operands: &[Value],
    operate: impl Fn(&Value, &Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    let mut operands = operands.iter();
    let first = operands.next().cloned().unwrap_or_default();
    operands.try_fold(first, |left, right| operate(&left, right))
}

fn integers(left: &Value, right: &Value, operate: fn(i64, i64) -> Option<i64>) -> Option<Value> {
    if !(left.is_integer() && right.is_integer()) {
        return None;
    }
    operate(left.as_i64()?, right.as_i64()?).map(Value::from)
}

/// The engine's own operator; its errors are those of its place.
fn engines(state: &State, operation: &'static str, a: &Value, b: &Value) -> Result<Value, Error> {
    let made = state.env().compile_expression(operation).and_then(|e| e.eval(context! { a, b }));
    made.map_err(|error| match error.detail() {
        Some(detail) => Error::new(error.kind(), detail.to_owned()),
        None => Error::from(error.kind()),
    })
}

/// The engine's test of that name, but for the divisors with which it panics: 0, and -1 of the least number.
fn divisible(state: &mut State, value: Value, divisor: Value) -> Result<Value, Error> {
    let divisor = match i128::try_from(divisor.clone()) {
        Ok(0) => return Err(Error::new(ErrorKind::InvalidOperation, "cannot divide by 0")),
        Ok(-1) => Value::from(1),
        _ => divisor,
    };
    Value::from_function(tests::is_divisibleby).call(state, &[value, divisor])
}

/// The text that the engine makes of a value of any kind; none of one that is not given.
fn text_of<'v>(budget: &Budget, value: Option<&'v Value>) -> Result<Cow<'v, str>, Error> {
    let Some(value) = value else { return Ok(Cow::Borrowed("")) };
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    budget.allow(budget.written(value)?.saturating_mul(2))?;
    Ok(Cow::Owned(value.to_string()))
}

/// Octets that the filter or function may take for these values, as an upper bound.
fn need(budget: &Budget, name: &str, values: &[Value]) -> Result<u64, Error> {
    let Some(value) = values.first() else { return Ok(0) };
    let text = value.as_str().unwrap_or_default();
    let argument = |at: usize| values.get(at).and_then(Value::as_str).unwrap_or_default();
    let numbers = || values[1..].iter().flat_map(numbers_in).fold(0, u64::saturating_add);
    Ok(match name {
        "join" => {
            let joiner = text_of(budget, values.get(1))?;
            let joiners = budget.length(value)?.saturating_mul(octets(joiner.len()));
            budget.written(value)?.saturating_mul(2).saturating_add(joiners.saturating_mul(4))
        }
        "replace" => {
            let text = text_of(budget, Some(value))?;
            let found = octets(text.matches(&*text_of(budget, values.get(1))?).count());
            let longer = found.saturating_mul(octets(text_of(budget, values.get(2))?.len()));
            octets(text.len()).saturating_add(longer).saturating_mul(4)
        }
        "indent" => {
            let text = text_of(budget, Some(value))?;
            let lines = octets(text.lines().count()).saturating_add(1);
            octets(text.len()).saturating_add(lines.saturating_mul(numbers().saturating_add(4)))
        }
        "format" => format_need(budget, text, values)?,
        "split" => {
            let parts = match argument(1) {
                "" => text.split_whitespace().count().max(text.chars().count().min(text.len())),
                separator => text.matches(separator).count(),
            };
            octets(parts).saturating_mul(48).saturating_add(octets(text.len()))
        }
        "lines" => {
            octets(text.lines().count()).saturating_mul(48).saturating_add(octets(text.len()))
        }
        "slice" | "batch" => {
            let rows = numbers().saturating_mul(64);
            own_or_characters(budget, value)?.saturating_mul(2).saturating_add(rows)
        }
        "pprint" | "debug" | "string" | "upper" | "lower" | "title" | "capitalize" | "trim"
        | "sort" | "unique" | "min" | "max" | "sum" | "groupby" | "dictsort" => {
            let written = values.iter().map(|value| budget.written(value));
            written.sum::<Result<u64, _>>()?.saturating_mul(2)
        }
        "range" => 0,
        _ => own_or_characters(budget, value)?,
    })
}

/// Size of a list, also of the one that a text becomes.
fn own_or_characters(budget: &Budget, value: &Value) -> Result<u64, Error> {
    let own = budget.own_size(value)?;
    Ok(if value.kind() == ValueKind::String { own.saturating_mul(32) } else { own })
}

/// Widths are in the format or, for `*`, among the values; each place may show the longest value.
fn format_need(budget: &Budget, text: &str, values: &[Value]) -> Result<u64, Error> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let widths = digits.map(|digits| digits.parse().unwrap_or(u64::MAX));
    let mut need = widths.fold(octets(text.len()), u64::saturating_add);
    let stars = octets(text.matches('*').count());
    let places = octets(text.matches('%').count());
    let (mut longest, mut widest) = (0, 0);
    for value in &values[1..] {
        longest = budget.written(value)?.max(longest);
        widest = numbers_in(value).max().unwrap_or(0).max(widest);
    }
    need = need.saturating_add(stars.saturating_mul(widest));
    Ok(need.saturating_add(places.saturating_mul(longest)).saturating_mul(4))
}

/// A positional or named argument that is a number.
fn numbers_in(value: &Value) -> impl Iterator<Item = u64> {
    let named = (value.kind() == ValueKind::Map).then(|| value.try_iter().ok()).flatten();
    let named: Vec<_> =
        named.into_iter().flatten().filter_map(|key| value.get_item(&key).ok()).collect();
    let own = (value.kind() != ValueKind::Map).then(|| value.clone());
    own.into_iter().chain(named).filter_map(|value| {
        let is_number = value.kind() == ValueKind::Number;
        is_number.then(|| value.as_i64().map_or(u64::MAX, i64::unsigned_abs))
    })
}

/// The engine's filters but for those that are taken away.
fn filters() -> impl IntoIterator<Item = (&'static str, Value)> {
    [
        ("lower", Value::from_function(filters::lower)),
        ("upper", Value::from_function(filters::upper)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("replace", Value::from_function(filters::replace)),
        ("length", Value::from_function(filters::length)),
        ("count", Value::from_function(filters::length)),
        ("dictsort", Value::from_function(filters::dictsort)),
        ("items", Value::from_function(filters::items)),
        ("reverse", Value::from_function(filters::reverse)),
        ("trim", Value::from_function(filters::trim)),
        ("join", Value::from_function(filters::join)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("default", Value::from_function(filters::default)),
        ("d", Value::from_function(filters::default)),
        ("round", Value::from_function(filters::round)),
        ("abs", Value::from_function(filters::abs)),
        ("int", Value::from_function(filters::int)),
        ("float", Value::from_function(filters::float)),
        ("attr", Value::from_function(filters::attr)),
        ("first", Value::from_function(filters::first)),
        ("last", Value::from_function(filters::last)),
        ("min", Value::from_function(filters::min)),
        ("max", Value::from_function(filters::max)),
        ("sort", Value::from_function(filters::sort)),
        ("list", Value::from_function(filters::list)),
        ("string", Value::from_function(filters::string)),
        ("bool", Value::from_function(filters::bool)),
        ("batch", Value::from_function(filters::batch)),
        ("slice", Value::from_function(filters::slice)),
        ("sum", Value::from_function(filters::sum)),
        ("indent", Value::from_function(filters::indent)),
        ("select", Value::from_function(filters::select)),
        ("reject", Value::from_function(filters::reject)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("map", Value::from_function(filters::map)),
        ("groupby", Value::from_function(filters::groupby)),
        ("unique", Value::from_function(filters::unique)),
        ("chain", Value::from_function(filters::chain)),
        ("zip", Value::from_function(filters::zip)),
        ("pprint", Value::from_function(filters::pprint)),
        ("format", Value::from_function(filters::format)),
    ]
}

/// Tests that compare whole values.
fn comparisons() -> impl IntoIterator<Item = (&'static str, Value)> {
    let equal = Value::from_function(tests::is_eq);
    let unequal = Value::from_function(tests::is_ne);
    let less = Value::from_function(tests::is_lt);
    let at_most = Value::from_function(tests::is_le);
    let greater = Value::from_function(tests::is_gt);
    let at_least = Value::from_function(tests::is_ge);
    [
        ("eq", equal.clone()),
        ("equalto", equal.clone()),
        ("==", equal),
        ("ne", unequal.clone()),
        ("!=", unequal),
        ("lt", less.clone()),
        ("lessthan", less.clone()),
        ("<", less),
        ("le", at_most.clone()),
        ("<=", at_most),
        ("gt", greater.clone()),
        ("greaterthan", greater.clone()),
        (">", greater),
        ("ge", at_least.clone()),
        (">=", at_least),
        ("in", Value::from_function(tests::is_in)),
        ("lower", Value::from_function(tests::is_lower)),
        ("upper", Value::from_function(tests::is_upper)),
        ("startingwith", Value::from_function(tests::is_startingwith)),
        ("endingwith", Value::from_function(tests::is_endingwith)),
    ]
}
