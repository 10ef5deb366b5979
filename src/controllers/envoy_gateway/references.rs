//! Objects that others refer to: whether they may, and what is in them (`internal/gatewayapi/{validate,helpers}.go`).

use zeroize::Zeroizing;

use crate::enforcement::Missing;
use crate::identity::Identity;
use crate::manifest::kinds::gateway::{self, Reference, ReferenceGrant};
use crate::manifest::kinds::{ConfigMap, Secret};
use crate::manifest::{Extent, Misread, ObjectSet, Seen, Shown};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::time::Timestamp;

/// The objects, and the grants among them.
pub(super) struct References<'o> {
    pub objects: &'o ObjectSet<'o>,
    /// When they are read; `None`: everything is valid.
    pub now: Option<Timestamp>,
    grants: Vec<Seen<'o, ReferenceGrant>>,
}

/// Who refers to something.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
}

/// Why nothing is taken from an object.
pub(super) enum Refused {
    /// It is not there, may not be referred to, or does not have it.
    Broken(Identity),
    /// That is not known.
    Unknown(Missing),
}

impl<'o> References<'o> {
    pub fn of(objects: &'o ObjectSet<'o>, now: Option<Timestamp>) -> (Self, Vec<Misread>) {
        let (grants, misread) = objects.all();
        (Self { objects, now, grants }, misread)
    }

    /// Whether something is valid from one time to another, both included.
    pub fn is_current(&self, from: Timestamp, until: Timestamp) -> bool {
        self.now.is_none_or(|now| from <= now && now <= until)
    }

    /// Whether a certificate can be read, and is valid (`validateCertBlock` of `tls.go`).
    pub fn is_valid(&self, certificate: &Certificate) -> bool {
        acceptance::unreadable(certificate).is_none()
            && self.is_current(certificate.not_before, certificate.not_after)
    }

    /// Whether one may refer to another (`isCrossNamespaceReferencePermitted`).
    pub fn permits(&self, from: From<'_>, to: &Identity) -> Result<bool, Missing> {
        let namespace = to.namespace_or_default();
        if from.namespace == namespace {
            return Ok(true);
        }
        let permits = |seen: &Seen<'_, ReferenceGrant>| {
            let spec = &seen.object.spec;
            let fits = |one: &gateway::GrantFrom| {
                (one.group.as_str(), one.kind.as_str(), one.namespace.as_str())
                    == (from.group, from.kind, from.namespace)
            };
            let leads = |one: &gateway::GrantTo| {
                let name = one.name.as_deref().unwrap_or_default();
                one.group == to.group()
                    && one.kind == to.kind
                    && (name.is_empty() || name == to.name)
            };
            seen.identity.namespace_or_default() == namespace
                && spec.from.iter().any(fits)
                && spec.to.iter().any(leads)
        };
        if self.grants.iter().any(permits) {
            return Ok(true);
        }
        if self.objects.extent() == Extent::Cluster {
            return Ok(false);
        }
        Err(Missing::NotShown(Identity {
            api_version: format!("{}/v1beta1", gateway::GROUP),
            kind: "ReferenceGrant".to_owned(),
            namespace: Some(namespace.to_owned()),
            name: format!("for the {} {}", to.kind, to.name),
        }))
    }

    /// A core object that is referred to from a namespace, a Secret where no kind is said.
    pub fn identity(reference: &Reference, namespace: &str) -> Identity {
        let own = reference.namespace.as_deref().filter(|own| !own.is_empty());
        Identity {
            api_version: "v1".to_owned(),
            kind: reference.kind.clone().unwrap_or_else(|| "Secret".to_owned()),
            namespace: Some(own.unwrap_or(namespace).to_owned()),
            name: reference.name.clone(),
        }
    }

    /// The value of the first of these keys that a Secret or `ConfigMap` has, or else of its only one
    /// (`validateAndGetDataAtKeyInRef`).
    pub fn data(
        &self,
        from: From<'_>,
        reference: &Reference,
        keys: &[&str],
    ) -> Result<(Identity, Zeroizing<Vec<u8>>), Refused> {
        let identity = Self::identity(reference, from.namespace);
        let is_core = reference.group.as_deref().unwrap_or_default().is_empty();
        if identity.kind == "ClusterTrustBundle" {
            return Err(Refused::Unknown(Missing::Hidden(Identity {
                api_version: "certificates.k8s.io/v1".to_owned(),
                namespace: None,
                ..identity
            })));
        }
        if !is_core || !matches!(identity.kind.as_str(), "Secret" | "ConfigMap") {
            return Err(Refused::Broken(identity));
        }
        match self.permits(from, &identity) {
            Ok(true) => {}
            Ok(false) => return Err(Refused::Broken(identity)),
            Err(missing) => return Err(Refused::Unknown(missing)),
        }
        let namespace = identity.namespace_or_default().to_owned();
        let value = if identity.kind == "Secret" {
            self.of_secret(&namespace, &identity, keys)?
        } else {
            self.of_config_map(&namespace, &identity, keys)?
        };
        match value {
            Some(value) if !value.is_empty() => Ok((identity, value)),
            _ => Err(Refused::Broken(identity)),
        }
    }

    fn of_secret(
        &self,
        namespace: &str,
        identity: &Identity,
        keys: &[&str],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        let secret = shown(self.objects.read::<Secret>(namespace, &identity.name), identity)?;
        let names: Vec<&str> = secret.object.data.iter().map(|(name, _)| name).collect();
        let clear = secret.object.string_data.iter().map(|(name, _)| name);
        let names: Vec<&str> =
            clear.filter(|name| !names.contains(name)).chain(names.iter().copied()).collect();
        let Some(key) = chosen(&names, keys) else { return Ok(None) };
        let hidden = |_| Refused::Unknown(Missing::Hidden(identity.clone()));
        secret.object.value(key).map_err(hidden)
    }

    fn of_config_map(
        &self,
        namespace: &str,
        identity: &Identity,
        keys: &[&str],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        let map = shown(self.objects.read::<ConfigMap>(namespace, &identity.name), identity)?;
        let names: Vec<&str> = map.object.data.iter().map(|(name, _)| name).collect();
        let value = chosen(&names, keys).and_then(|key| map.object.data.get(key));
        Ok(value.map(|text| Zeroizing::new(text.as_bytes().to_vec())))
    }
}

/// An object that is shown.
fn shown<'o, K: Clone>(
    found: Shown<Result<Seen<'o, K>, Misread>>,
    identity: &Identity,
) -> Result<Seen<'o, K>, Refused> {
    match found {
        Shown::Found(Ok(seen)) => Ok(seen),
        Shown::Found(Err(_)) | Shown::Hidden => {
            Err(Refused::Unknown(Missing::Hidden(identity.clone())))
        }
        Shown::NotShown(_) => Err(Refused::Unknown(Missing::NotShown(identity.clone()))),
        Shown::Absent => Err(Refused::Broken(identity.clone())),
    }
}

/// `getFirstMatchOrFirstFromData`.
fn chosen<'a>(names: &[&'a str], keys: &[&'a str]) -> Option<&'a str> {
    let wanted = keys.iter().copied().find(|key| names.contains(key));
    wanted.or(match names {
        [only] => Some(*only),
        _ => None,
    })
}
