//! Options of a controller that a spec or the command line can declare.

use super::classes::{BY_NAME, CONTROLLER_CLASS, INGRESS_CLASS, TAKES_CLASSLESS};
use super::{CONTROLLERS, Controller, Declared, Origin};
use crate::diagnostic::nearest;

/// An option that can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredOption {
    /// Its name, as a key of a spec.
    pub name: &'static str,
    /// Its values.
    pub takes: Takes,
}

/// The values of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `true` and `false`.
    Boolean,
    /// The name of a class.
    Class,
    /// A name with a domain in front, as the `spec.controller` of an `IngressClass` is.
    DomainPrefixed,
}

/// Options that say which Ingresses are the controller's own, named like the flags of ingress-nginx.
pub const CLASS_OPTIONS: [DeclaredOption; 4] = [
    DeclaredOption { name: CONTROLLER_CLASS, takes: Takes::DomainPrefixed },
    DeclaredOption { name: INGRESS_CLASS, takes: Takes::Class },
    DeclaredOption { name: TAKES_CLASSLESS, takes: Takes::Boolean },
    DeclaredOption { name: BY_NAME, takes: Takes::Boolean },
];

/// Judges an option of a controller and its value.
///
/// # Errors
/// The controller has no such option, or the option does not take that value: what is wrong, and what to write.
pub fn checked(
    controller: &dyn Controller,
    name: &str,
    value: &str,
) -> Result<(), (String, String)> {
    let known = controller.options();
    let Some(option) = known.iter().find(|option| option.name == name) else {
        let title = format!("{} has no option `{}`", controller.name(), name.escape_debug());
        return Err((title, instead(controller, name)));
    };
    let takes = match option.takes {
        Takes::Boolean if matches!(value, "true" | "false") => return Ok(()),
        Takes::Boolean => "`true` or `false`",
        Takes::Class if !value.is_empty() => return Ok(()),
        Takes::Class => "the name of a class, such as `nginx`",
        Takes::DomainPrefixed if is_domain_prefixed(value) => return Ok(()),
        Takes::DomainPrefixed => {
            "the `spec.controller` of the controller's IngressClass, such as `k8s.io/ingress-nginx`"
        }
    };
    let title = format!("`{name}` of {} is `{}`", controller.name(), value.escape_debug());
    Err((title, format!("write {takes}")))
}

/// The option that is meant, whose it is, or which ones there are.
fn instead(controller: &dyn Controller, name: &str) -> String {
    let names = || controller.options().iter().map(|option| option.name);
    if let Some(near) = nearest(name, names()) {
        return format!("did you mean `{near}`?");
    }
    let has_it = |other: &&&dyn Controller| other.options().iter().any(|one| one.name == name);
    if let Some(other) = CONTROLLERS.iter().find(has_it) {
        return format!("leave it out: it is an option of {}", other.name());
    }
    format!("it has `{}`", names().collect::<Vec<_>>().join("`, `"))
}

/// Whether it is a domain, a slash and a path (`IsDomainPrefixedPath` of Kubernetes'
/// `apimachinery/pkg/util/validation/validation.go`).
fn is_domain_prefixed(text: &str) -> bool {
    let is_part = |part: &str, also: &str| {
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || also.contains(sign);
        !part.is_empty() && part.chars().all(is_sign)
    };
    let parts = text.split_once('/');
    parts
        .is_some_and(|(domain, path)| is_part(domain, "-.") && is_part(path, "-._~!$&'()*+,;=:@%/"))
}

/// Those that are declared, of the ones that the controller has.
pub(super) fn declared_options(
    controller: &dyn Controller,
    declared: &Declared,
) -> Vec<(&'static str, (String, Origin))> {
    let of = |option: &DeclaredOption| {
        let value = declared.options.get(option.name)?;
        Some((option.name, (value.clone(), Origin::Declared)))
    };
    controller.options().iter().filter_map(of).collect()
}
