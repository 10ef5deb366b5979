//! Small steps that several kinds of entries share.

use super::Labels;
use super::context::{Context, Findings};
use crate::diagnostic::Diagnostic;
use crate::identity::DEFAULT_NAMESPACE;
use crate::path;
use crate::pki::key::KeyKind;
use crate::pki::name::DistinguishedName;
use crate::pki::request::SerialNumber;
use crate::specification::document::Path;
use crate::specification::subject::{SharedSubject, Subject};
use crate::specification::value::{self, ObjectName};
use crate::specification::{self, KeyAlgorithm, PrivateKeyKind, Spec};
use crate::time::Seconds;

/// Default validity of leaves.
const LEAF_DURATION: Seconds = Seconds::days(365);
/// Default time before its end at which a certificate is renewed.
const RENEW_BEFORE: Seconds = Seconds::days(30);

/// Label that names the set which an object belongs to.
const NAME_LABEL: &str = "mtlsgen.dev/name";

/// Labels of every object.
pub fn labels(spec: &Spec) -> Labels {
    let mut labels = spec.labels.clone();
    if let Some(name) = &spec.name {
        labels.insert(NAME_LABEL.parse().expect("it is a label key"), name.clone().into());
    }
    labels
}

/// An object's namespace: its own, else the spec's, else `default`.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "`default` is a name")]
pub fn namespace(spec: &Spec, own: Option<&value::NamespaceName>) -> value::NamespaceName {
    own.or(spec.namespace.as_ref())
        .cloned()
        .unwrap_or_else(|| DEFAULT_NAMESPACE.parse().expect("it is a label"))
}

/// A host's Ingress class: its own, else the defaults', else the spec's, else the target's.
pub fn ingress_class_name(context: Context<'_>, host: &specification::Host) -> ObjectName {
    let Context { spec, conventions, .. } = context;
    host.ingress_class_name
        .as_ref()
        .or(spec.defaults.hosts.ingress_class_name.as_ref())
        .or(spec.ingress_class_name.as_ref())
        .cloned()
        .unwrap_or_else(|| conventions.ingress_class.parse().expect("it is a name"))
}

/// Sorted, without repeats.
pub fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let set: std::collections::BTreeSet<T> = items.collect();
    set.into_iter().collect()
}

/// Validity of a leaf: its own, else the defaults', else a year.
pub fn leaf_duration(spec: &Spec, own: Option<value::Duration>) -> Seconds {
    own.or(spec.defaults.duration).map_or(LEAF_DURATION, value::Duration::seconds)
}

/// How long before its end a certificate is renewed; it must be shorter than `duration`.
pub fn renew_before(
    context: Context<'_>,
    path: &Path,
    own: Option<value::RenewBefore>,
    default: Option<value::RenewBefore>,
    duration: Seconds,
    findings: &mut Findings,
) -> Option<Seconds> {
    let Some(written) = own.or(default).map(value::RenewBefore::seconds) else {
        // A certificate that lives shorter than the usual notice is renewed in its last third.
        let usual = if duration > RENEW_BEFORE { RENEW_BEFORE } else { Seconds(duration.0 / 3) };
        return Some(usual);
    };
    if written < duration {
        return Some(written);
    }
    let place = if own.is_some() {
        [path.as_slice(), &path!["renewBefore"]].concat()
    } else {
        path!["defaults", "renewBefore"]
    };
    findings.push(
        Diagnostic::error(
            "renew-before",
            format!(
                "a certificate of {duration} that is renewed {written} before its end is always due"
            ),
        )
        .at(context.value(&place))
        .help(format!("write less than `{duration}`")),
    );
    None
}

/// Kind of key: the entry's own words, else the defaults', else ECDSA 256.
pub fn key_kind(
    context: Context<'_>,
    path: &Path,
    own: Option<&PrivateKeyKind>,
    findings: &mut Findings,
) -> Option<KeyKind> {
    let defaults = &context.spec.defaults.private_key;
    let (written, place) = match own {
        Some(own) => (own, [path.as_slice(), &path!["privateKey"]].concat()),
        None => (defaults, path!["defaults", "privateKey"]),
    };
    // A size alone speaks of the default algorithm; another algorithm does not take over its size.
    let algorithm = written.algorithm.or(defaults.algorithm).unwrap_or(KeyAlgorithm::Ecdsa);
    let size = match written.size {
        None if written.algorithm.is_none_or(|own| Some(own) == defaults.algorithm) => {
            defaults.size
        }
        own => own,
    };
    let offered = match (algorithm, size.map(|size| size.0)) {
        (KeyAlgorithm::Ecdsa, None | Some(256)) => return Some(KeyKind::EcdsaP256),
        (KeyAlgorithm::Ecdsa, Some(384)) => return Some(KeyKind::EcdsaP384),
        (KeyAlgorithm::Rsa, None | Some(2048)) => return Some(KeyKind::Rsa2048),
        (KeyAlgorithm::Rsa, Some(3072)) => return Some(KeyKind::Rsa3072),
        (KeyAlgorithm::Rsa, Some(4096)) => return Some(KeyKind::Rsa4096),
        (KeyAlgorithm::Ed25519, None) => return Some(KeyKind::Ed25519),
        (KeyAlgorithm::Ecdsa, Some(_)) => "ECDSA keys have 256 or 384 bits",
        (KeyAlgorithm::Rsa, Some(_)) => "RSA keys have 2048, 3072 or 4096 bits",
        (KeyAlgorithm::Ed25519, Some(_)) => "Ed25519 keys have one size: remove `size`",
    };
    let size = size.map_or(0, |size| size.0);
    findings.push(
        Diagnostic::error("key-size", format!("a key of {size} bits is not supported"))
            .at(context.value(&[place.as_slice(), &path!["size"]].concat()))
            .help(offered),
    );
    None
}

/// Subject of a certificate.
pub fn subject(
    context: Context<'_>,
    path: &Path,
    own: Option<&Subject>,
    default_common_name: &str,
    shared: Option<&SharedSubject>,
    findings: &mut Findings,
) -> Option<DistinguishedName> {
    let name = match own {
        Some(subject) => subject.to_name(default_common_name, shared),
        None => crate::specification::subject::default_name(default_common_name, shared),
    };
    match name {
        Ok(name) => Some(name),
        Err(problem) => {
            findings.push(
                Diagnostic::error("invalid-subject", problem)
                    .at(context.value(&[path.as_slice(), &path!["subject"]].concat())),
            );
            None
        }
    }
}

/// The serial that the spec fixes.
pub fn serial(written: Option<&value::Serial>) -> Option<SerialNumber> {
    written.map(|serial| SerialNumber(serial.magnitude().to_vec()))
}

/// A free name (of a client, or of a host entry with `host`) is shown in messages and in tables.
pub fn refuse_key_name(context: Context<'_>, path: &Path, name: &str, findings: &mut Findings) {
    let problem = if name.is_empty() {
        "a name cannot be empty"
    } else if name.chars().any(char::is_control) {
        "a name may not contain control characters"
    } else if name.chars().count() > 253 {
        "a name has 253 characters at most"
    } else {
        return;
    };
    findings.push(
        Diagnostic::error("invalid-name", problem)
            .at(context.key(path))
            .help("choose a short name; the content of the certificate is set by `subject`"),
    );
}
