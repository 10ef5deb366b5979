//! Names that the controller composes from several: where two of them are equal, it takes two things for one.

use std::collections::{BTreeSet, HashMap};

use super::super::conventions::trust_file;
use super::Scene;
use crate::diagnostic::Diagnostic;
use crate::model::Exposure;
use crate::targets::{IngressView, SecretView, Trust};

/// What shares names: two things of one name are one to the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Where requests go (`internal/ingress/controller/controller.go`, `createUpstreams`): the first one of a name
    /// stays.
    Upstream,
    /// A file of certificates (`internal/net/ssl/ssl.go`): the last one that is written stays.
    File,
}

/// What has such a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'a> {
    Service {
        namespace: &'a str,
        name: &'a str,
    },
    /// One whose authorities clients are verified with.
    Secret {
        namespace: &'a str,
        name: &'a str,
    },
    /// One whose certificate a server shows: its file decides nothing about clients.
    Served {
        namespace: &'a str,
        name: &'a str,
    },
    /// The controller's own.
    Own(&'static str),
}

impl Thing<'_> {
    /// Whether both are one object.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Secret { namespace: a, name: b } | Self::Served { namespace: a, name: b },
                Self::Secret { namespace: c, name: d } | Self::Served { namespace: c, name: d },
            ) => (a, b) == (c, d),
            _ => self == other,
        }
    }

    /// Whether nothing depends on the file of either.
    fn are_served(&self, other: &Self) -> bool {
        let is_served = |thing: &Self| matches!(thing, Self::Served { .. } | Self::Own(_));
        matches!((self, other), (Self::Served { .. }, _) | (_, Self::Served { .. }))
            && is_served(self)
            && is_served(other)
    }
}

impl std::fmt::Display for Thing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service { namespace, name } => write!(f, "the Service `{namespace}/{name}`"),
            Self::Secret { namespace, name } | Self::Served { namespace, name } => {
                write!(f, "the Secret `{namespace}/{name}`")
            }
            Self::Own(what) => f.write_str(what),
        }
    }
}

/// How the controller composes names of one sort.
struct Rule {
    kind: Kind,
    /// The names that it makes for an Ingress.
    names: for<'a> fn(&Scene<'a>, &'a IngressView<'a>) -> Vec<(String, Thing<'a>)>,
}

/// Every name that the controller composes where two different things could have the same.
static RULES: [Rule; 4] = [
    // `upstreamName` of `internal/ingress/controller/util.go`.
    Rule { kind: Kind::Upstream, names: services },
    // `getBackendServers` of `internal/ingress/controller/controller.go`.
    Rule { kind: Kind::Upstream, names: default_backends },
    // `ConfigureCACert` and `ConfigureCRL` of `internal/net/ssl/ssl.go`, for Secrets that have authorities alone.
    Rule { kind: Kind::File, names: authorities },
    // `getPemFileName` of the same file, for Secrets that have a key pair and authorities.
    Rule { kind: Kind::File, names: key_pairs },
];

/// Names of the controller's own.
const OWN: [(Kind, &str, &str); 2] = [
    // `defUpstreamName` of `internal/ingress/controller/controller.go`.
    (Kind::Upstream, "upstream-default-backend", "the controller's default backend"),
    // `fakeCertificateName` of `internal/net/ssl/ssl.go`.
    (Kind::File, "default-fake-certificate.pem", "the controller's own certificate"),
];

fn services<'a>(_: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<(String, Thing<'a>)> {
    let namespace = view.namespace;
    let name = |(service, port)| {
        (format!("{namespace}-{service}-{port}"), Thing::Service { namespace, name: service })
    };
    view.backends().map(|backend| (backend.service, backend.port)).map(name).collect()
}

fn default_backends<'a>(_: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<(String, Thing<'a>)> {
    let namespace = view.namespace;
    let service = Scene::annotation(view, "default-backend");
    let name = |name| {
        (format!("custom-default-backend-{namespace}-{name}"), Thing::Service { namespace, name })
    };
    service.map(name).into_iter().collect()
}

fn authorities<'a>(scene: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<(String, Thing<'a>)> {
    let mut names = Vec::new();
    for (namespace, name) in trusted(view) {
        if contents(scene, namespace, name).is_some_and(|contents| contents.has_key_pair) {
            continue;
        }
        let thing = || Thing::Secret { namespace, name };
        names.push((trust_file(namespace, name), thing()));
        names.push((format!("crl-{namespace}-{name}.pem"), thing()));
    }
    names
}

fn key_pairs<'a>(scene: &Scene<'a>, view: &'a IngressView<'a>) -> Vec<(String, Thing<'a>)> {
    let served = view.tls.iter().filter_map(|entry| entry.secret_name);
    let served = served.map(|name| (view.namespace, name));
    let is_both = |(namespace, name): &(&str, &str)| match contents(scene, namespace, name) {
        Some(contents) => contents.has_key_pair && contents.has_authorities,
        // What mtlsgen fills holds one of both; Secrets of others may hold both, as cert-manager's do.
        None => !scene.filled.contains(&(*namespace, *name)),
    };
    let file = |namespace, name| format!("{namespace}-{name}.pem");
    let trusted = trusted(view)
        .filter(is_both)
        .map(|(namespace, name)| (file(namespace, name), Thing::Secret { namespace, name }));
    let served = served
        .filter(is_both)
        .map(|(namespace, name)| (file(namespace, name), Thing::Served { namespace, name }));
    trusted.chain(served).collect()
}

/// Secrets with authorities that the Ingress names.
fn trusted<'a>(view: &'a IngressView<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let names = ["auth-tls-secret", "proxy-ssl-secret"].into_iter();
    names.filter_map(|name| Scene::annotation(view, name)?.split_once('/'))
}

struct Contents {
    has_key_pair: bool,
    has_authorities: bool,
}

/// What a Secret among the objects holds.
fn contents(scene: &Scene<'_>, namespace: &str, name: &str) -> Option<Contents> {
    let SecretView { trust, private_keys, .. } = scene.secrets.get(&(namespace, name))?;
    let has_authorities = match trust {
        Trust::Bundle(authorities) => !authorities.is_empty(),
        Trust::Written { ca_crt, .. } => ca_crt.is_some(),
    };
    Some(Contents { has_key_pair: private_keys.contains(&"tls.key"), has_authorities })
}

/// Things of one name, where one of them at least belongs to a host of the model.
pub(super) fn check(scene: &Scene<'_>) -> Vec<Diagnostic> {
    // Only asked, never iterated over.
    let mut first: HashMap<(Kind, String), (Thing<'_>, Option<&Exposure>)> =
        HashMap::with_capacity(3 * scene.ingresses.len());
    let own =
        |(kind, name, what): (_, &str, _)| ((kind, name.to_owned()), (Thing::Own(what), None));
    first.extend(OWN.into_iter().map(own));
    let rules = RULES.iter().filter(|rule| rule.kind != Kind::File || scene.has_final_names);
    let rules: Vec<&Rule> = rules.collect();
    let mut said = BTreeSet::new();
    let mut found = Vec::new();
    for view in &scene.ingresses {
        let entry = scene.entry_of(view);
        for rule in &rules {
            for (name, thing) in (rule.names)(scene, view) {
                let key = (rule.kind, name);
                let Some((other, other_entry)) = first.get_mut(&key) else {
                    first.insert(key, (thing, entry));
                    continue;
                };
                if other.is_same(&thing) {
                    *other_entry = other_entry.or(entry);
                    continue;
                }
                let Some(exposure) = entry.or(*other_entry) else { continue };
                if other.are_served(&thing) || !said.insert((other.clone(), thing.clone())) {
                    continue;
                }
                let (kind, name) = &key;
                let diagnostic = scene.about(exposure, meeting(*kind, name, other, &thing));
                let other_place = other_entry.filter(|other| other.key != exposure.key);
                found.push(match other_place {
                    Some(other) => diagnostic.related(scene.place(other), "the other one"),
                    None => diagnostic,
                });
            }
        }
    }
    found
}

fn meeting(kind: Kind, name: &str, one: &Thing<'_>, other: &Thing<'_>) -> Diagnostic {
    let (consequence, help) = match kind {
        Kind::Upstream => (
            "sends the requests for one of them to the other",
            "rename one of the Services, or write a named port in `port` where it has a number, or the other way round",
        ),
        Kind::File => (
            "keeps both in one file: each host would trust what the other one trusts",
            "give one of them another name: `clientAuth.secretName`, `cas.NAME.secretName` or `tls.secretName`",
        ),
    };
    let title =
        format!("{one} and {other} are both `{name}` inside the controller, which {consequence}");
    Diagnostic::error("names-meet", title).help(help)
}
