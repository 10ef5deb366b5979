//! Changes that users make to rendered objects, with the meaning of Kustomize's `patches`.

mod merge;
mod operations;
mod size;

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::identity::Identity;
use crate::manifest::Wiped;
use crate::model::Patch;
use crate::specification::selector::Selector;

/// All patches of a spec, in the order of application.
pub struct Patches {
    patches: Vec<Compiled>,
    growth: size::Growth,
}

/// A patch that is ready to be applied.
struct Compiled {
    index: usize,
    selector: Selector,
    change: Change,
    matched: Cell<bool>,
}

enum Change {
    Merge(Map<String, Value>, Box<merge::Named>),
    Operations(Vec<json_patch::PatchOperation>),
}

/// Something that is wrong with a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Position under `patches`, from zero.
    pub index: usize,
    /// What is wrong, without a place.
    pub diagnostic: Diagnostic,
}

impl Finding {
    fn error(index: usize, code: &'static str, title: impl Into<String>) -> Self {
        Self { index, diagnostic: Diagnostic::error(code, title) }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.help(help);
        self
    }
}

impl Patches {
    /// Prepares the patches of a spec.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them for any object.
    pub fn new(patches: &[Patch]) -> Result<Self, Vec<Finding>> {
        let (mut compiled, mut findings) = (Vec::new(), Vec::new());
        for patch in patches {
            match compile(patch) {
                Ok(patch) => compiled.push(patch),
                Err(finding) => findings.push(finding),
            }
        }
        if findings.is_empty() {
            Ok(Self { patches: compiled, growth: size::Growth::default() })
        } else {
            Err(findings)
        }
    }

    /// Whether any patch might change an object of that identity.
    #[must_use]
    pub fn may_change(&self, identity: &Identity) -> bool {
        self.patches.iter().any(|patch| patch.selector.selects_identity(identity))
    }

    /// Applies all patches that select the object. Gives the object, or `None` if a patch removes it, and
    /// the positions of the patches that had a part in it.
    ///
    /// # Errors
    ///
    /// Everything that cannot be applied.
    pub fn apply(
        &self,
        identity: &Identity,
        original: &Value,
    ) -> Result<(Option<Wiped>, Vec<usize>), Vec<Finding>> {
        let (mut object, mut findings) = (Wiped::from(original.clone()), Vec::new());
        let mut applied = Vec::new();
        for patch in &self.patches {
            if !patch.selector.selects(identity, &object) {
                continue;
            }
            patch.matched.set(true);
            applied.push(patch.index);
            if patch.renames(identity) {
                findings.push(renamed(patch.index, identity));
                break;
            }
            match patch.apply(&mut object) {
                Ok(true) => {
                    if let Err(problem) = self.growth.count(original, &object) {
                        findings.push(Finding::error(patch.index, "patch-too-large", problem));
                        break;
                    }
                }
                Ok(false) => return Ok((None, applied)),
                Err(finding) => findings.push(finding),
            }
            if Identity::of(&object).as_ref() != Some(identity) {
                findings.push(renamed(patch.index, identity));
                break;
            }
        }
        if findings.is_empty() {
            let ordered = in_the_order_of(original, object.into_inner());
            return Ok((Some(Wiped::from(ordered)), applied));
        }
        Err(findings)
    }

    /// Patches that have changed nothing so far.
    #[must_use]
    pub fn unmatched(&self) -> Vec<Finding> {
        let unmatched = self.patches.iter().filter(|patch| !patch.matched.get());
        unmatched
            .map(|patch| {
                Finding::error(
                    patch.index,
                    "patch-unmatched",
                    format!("the patch matches no object: {}", patch.selector),
                )
                .help("`mtlsgen render` shows kind, name and namespace of every object")
            })
            .collect()
    }
}

impl Compiled {
    /// Whether a merge patch calls the object something else than it is.
    fn renames(&self, identity: &Identity) -> bool {
        matches!(&self.change, Change::Merge(_, named) if named.contradicts(identity))
    }

    /// Whether the object is still there afterwards.
    fn apply(&self, object: &mut Value) -> Result<bool, Finding> {
        match &self.change {
            Change::Merge(patch, _) => merge::apply(object, patch)
                .map_err(|problem| Finding::error(self.index, "patch-failed", problem)),
            Change::Operations(patch) => operations::apply(object, patch)
                .map(|()| true)
                .map_err(|problem| Finding::error(self.index, "patch-failed", problem)),
        }
    }
}

fn compile(patch: &Patch) -> Result<Compiled, Finding> {
    let fail = |title: String| Finding::error(patch.index, "patch-malformed", title);
    let (change, own) = match &patch.patch {
        Value::Object(map) => {
            merge::check_directives(map).map_err(fail)?;
            let named = merge::Named::of(map);
            (Change::Merge(merge::without_identity(map), Box::new(named)), Selector::of_patch(map))
        }
        Value::Array(_) => {
            (Change::Operations(operations::read(&patch.patch).map_err(fail)?), None)
        }
        _ => {
            return Err(fail("a patch is a mapping (merge patch) or a list (RFC 6902)".to_owned()));
        }
    };
    let selector = match &patch.target {
        Some(target) => Selector::of_target(target).map_err(fail)?,
        None => own.ok_or_else(|| {
            fail("the patch does not say which object it changes".to_owned())
                .help("give it a `target`, or (merge patches only) `apiVersion`, `kind` and `metadata.name`")
        })?,
    };
    Ok(Compiled { index: patch.index, selector, change, matched: Cell::new(false) })
}

fn renamed(index: usize, identity: &Identity) -> Finding {
    Finding::error(
        index,
        "patch-renames",
        format!("the patch changes what makes {identity} that object: apiVersion, kind, namespace or name"),
    )
    .help("where `target` says which object it is, leave names out of a merge patch")
    .help("names are set in the spec: `services.NAME.name`, `hosts.NAME.ingressName`, `secretName`, `namespace`")
}

/// The same value, keys in the order in which the original has them, new ones behind: `json-patch`
/// swaps keys where it removes one.
fn in_the_order_of(original: &Value, value: Value) -> Value {
    match (original, value) {
        (Value::Object(original), Value::Object(mut map)) => {
            let mut ordered = Map::new();
            for (key, before) in original {
                if let Some(value) = map.shift_remove(key) {
                    ordered.insert(key.clone(), in_the_order_of(before, value));
                }
            }
            ordered.extend(map);
            Value::Object(ordered)
        }
        (Value::Array(original), Value::Array(items)) => {
            let nothing = Value::Null;
            let before = original.iter().chain(std::iter::repeat(&nothing));
            Value::Array(
                items.into_iter().zip(before).map(|(item, b)| in_the_order_of(b, item)).collect(),
            )
        }
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests;
