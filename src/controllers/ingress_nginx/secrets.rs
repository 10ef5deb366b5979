//! What the controller takes out of a Secret to verify clients with (`internal/ingress/controller/store/backend_ssl.go`,
//! `internal/net/ssl/ssl.go`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::enforcement::{
    Cause, CheckedLists, ClientValidation, Fact, Library, Missing, Pins, Refusal, Revocation,
    UnknownStatus,
};
use crate::identity::Identity;
use crate::manifest::kinds::{Datum, NotBase64, Secret};
use crate::manifest::{ObjectSet, Seen, Shown};
use crate::pki::acceptance;
use crate::pki::certificate::Certificate;
use crate::pki::chain;
use crate::pki::crl::RevocationList;
use crate::pki::key::{KeyError, PrivateKey};

/// What a Secret gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing: the controller refuses it, and every client of hosts that name it.
    Refused,
    /// A certificate and its key, and no authorities: no certificate is requested.
    NoAuthorities,
    /// What clients are verified with, and the files that it is written to.
    Authorities {
        /// The file of the certificates.
        file: String,
        /// The certificates.
        certificates: Arc<Vec<Certificate>>,
        /// The file of the revocation lists, and the lists.
        lists: Option<(String, Arc<Vec<RevocationList>>)>,
    },
    /// That is not known.
    Unknown(Missing),
}

/// Secrets of a set, as the controller takes them; each is read once.
pub(super) struct Secrets<'a> {
    objects: &'a ObjectSet<'a>,
    taken: BTreeMap<(String, String), Taken>,
    /// What bundles of ours are, which many Secrets share; only asked, never iterated over.
    shared: HashMap<Shared, Contents>,
}

/// Addresses of the texts of `ca.crt` and `ca.crl` in memory; a set of objects outlives what is read of it.
type Shared = (*const u8, Option<*const u8>);

/// Certificates and lists.
type Contents = (Arc<Vec<Certificate>>, Option<Arc<Vec<RevocationList>>>);

/// What is written to files: the possibilities of each, by its name; only asked, never iterated over.
#[derive(Default)]
pub(super) struct Files {
    certificates: HashMap<String, Vec<Arc<Vec<Certificate>>>>,
    lists: HashMap<String, Vec<Arc<Vec<RevocationList>>>>,
    /// Files of Secrets that are not shown.
    unknown: HashMap<String, Missing>,
    known: RefCell<HashMap<Alike, Arc<ClientValidation>>>,
}

/// The possibilities for certificates and lists, by their addresses in memory, and the depth.
type Alike = (Vec<*const Vec<Certificate>>, Vec<*const Vec<RevocationList>>, u8);

impl<'a> Secrets<'a> {
    pub(super) fn of(objects: &'a ObjectSet<'a>) -> Self {
        Self { objects, taken: BTreeMap::new(), shared: HashMap::new() }
    }

    /// What the controller takes out of the Secret of that namespace and name.
    pub(super) fn take(&mut self, namespace: &str, name: &str) -> &Taken {
        let key = (namespace.to_owned(), name.to_owned());
        let (objects, shared) = (self.objects, &mut self.shared);
        self.taken.entry(key).or_insert_with(|| taken(objects, shared, namespace, name))
    }

    /// The files that the controller writes.
    pub(super) fn files(&self) -> Files {
        let mut files = Files::default();
        for ((namespace, name), taken) in &self.taken {
            let (file, certificates, lists) = match taken {
                Taken::Authorities { file, certificates, lists } => (file, certificates, lists),
                Taken::Unknown(missing) => {
                    let file = format!("ca-{namespace}-{name}.pem");
                    files.unknown.insert(file, missing.clone());
                    continue;
                }
                Taken::Refused | Taken::NoAuthorities => continue,
            };
            add(files.certificates.entry(file.clone()).or_default(), certificates);
            if let Some((file, lists)) = lists {
                add(files.lists.entry(file.clone()).or_default(), lists);
            }
        }
        files
    }
}

/// Adds a possibility, unless it is there.
fn add<T: PartialEq>(all: &mut Vec<Arc<T>>, one: &Arc<T>) {
    if !all.iter().any(|known| Arc::ptr_eq(known, one) || known == one) {
        all.push(Arc::clone(one));
    }
}

impl Files {
    /// What clients are verified with by these files, and this depth: where two Secrets are written to one file, the one that
    /// was written last (`nsSecName` of `backend_ssl.go` joins namespace and name with a dash). Hosts that are validated alike
    /// share it.
    pub(super) fn validation(
        &self,
        file: &str,
        lists: Option<&str>,
        depth: u8,
    ) -> Arc<ClientValidation> {
        if let Some(missing) = self.unknown.get(file) {
            return Arc::new(ClientValidation {
                certificates: Fact::Unknown(missing.clone()),
                library: Library::OpenSsl,
                pins: Pins::default(),
                depth: Some(depth),
                revocation: Fact::Unknown(missing.clone()),
                tolerates: BTreeSet::new(),
                refusal: Refusal::Later,
            });
        }
        let certificates = self.certificates.get(file).map(Vec::as_slice).unwrap_or_default();
        let lists = lists.and_then(|file| self.lists.get(file));
        let lists = lists.map(Vec::as_slice).unwrap_or_default();
        let alike = (
            certificates.iter().map(Arc::as_ptr).collect(),
            lists.iter().map(Arc::as_ptr).collect(),
            depth,
        );
        let make = || {
            let of_lists = |all: &Arc<Vec<RevocationList>>| Revocation::Lists {
                all: all.to_vec(),
                depth: CheckedLists::Chain,
                unknown: UnknownStatus::Deny,
            };
            let mut revocation: Vec<Revocation> = lists.iter().map(of_lists).collect();
            if revocation.is_empty() {
                revocation.push(Revocation::None);
            }
            Arc::new(ClientValidation {
                certificates: one(certificates.iter().map(|all| all.to_vec()).collect()),
                library: Library::OpenSsl,
                pins: Pins::default(),
                depth: Some(depth),
                revocation: one(revocation),
                tolerates: BTreeSet::new(),
                refusal: Refusal::Later,
            })
        };
        Arc::clone(self.known.borrow_mut().entry(alike).or_insert_with(make))
    }
}

/// What it is, or one of several by the order in which the controller reads Secrets.
fn one<T>(mut all: Vec<T>) -> Fact<T> {
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Fact::Known(only),
        (last, _) => {
            all.extend(last);
            Fact::OneOf(Cause::LoadOrder, all)
        }
    }
}

fn taken(
    objects: &ObjectSet<'_>,
    shared: &mut HashMap<Shared, Contents>,
    namespace: &str,
    name: &str,
) -> Taken {
    let identity = || Identity {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
    };
    match objects.read::<Secret>(namespace, name) {
        Shown::Found(Ok(seen)) => match place(&seen) {
            None => of_secret(&seen, namespace, name).unwrap_or_else(Taken::Unknown),
            Some(place) => {
                let known = shared.get(&place).cloned();
                let contents = known.map_or_else(
                    || of_secret(&seen, namespace, name),
                    |(certificates, lists)| {
                        Ok(Taken::Authorities {
                            file: format!("ca-{namespace}-{name}.pem"),
                            certificates,
                            lists: lists
                                .map(|lists| (format!("crl-{namespace}-{name}.pem"), lists)),
                        })
                    },
                );
                let taken = contents.unwrap_or_else(Taken::Unknown);
                if let Taken::Authorities { certificates, lists, .. } = &taken {
                    let lists = lists.as_ref().map(|(_, lists)| Arc::clone(lists));
                    shared.entry(place).or_insert_with(|| (Arc::clone(certificates), lists));
                }
                taken
            }
        },
        Shown::Found(Err(_)) | Shown::Hidden => Taken::Unknown(Missing::Hidden(identity())),
        Shown::NotShown(_) => Taken::Unknown(Missing::NotShown(identity())),
        Shown::Absent => Taken::Refused,
    }
}

/// Addresses of the texts of a bundle of ours, which others may share; `None`: it is not as mtlsgen makes it, or has more.
fn place(seen: &Seen<'_, Secret>) -> Option<Shared> {
    if !seen.is_as_made || seen.object.data.get("tls.key").is_some() {
        return None;
    }
    let text = |key: &str| match seen.object.data.get(key) {
        Some(Datum::Public(text)) => Some(text.as_ptr()),
        Some(Datum::Key(_) | Datum::Read(_)) | None => None,
    };
    Some((text("ca.crt")?, text("ca.crl")))
}

/// # Errors
/// What of it is not readable.
fn of_secret(seen: &Seen<'_, Secret>, namespace: &str, name: &str) -> Result<Taken, Missing> {
    let hidden = || Missing::Hidden(seen.identity.clone());
    let value = |key: &str| seen.object.value(key).map_err(|NotBase64| hidden());
    let (chain, authorities, lists) = (value("tls.crt")?, value("ca.crt")?, value("ca.crl")?);
    let has_key = seen.object.data.get("tls.key").is_some()
        || seen.object.string_data.get("tls.key").is_some();
    let authorities = authorities.filter(|pem| !pem.is_empty());
    let file = format!("{namespace}-{name}");
    let mut certificates = Vec::new();
    let mut path = format!("ca-{file}.pem");
    if let (Some(chain), true) = (&chain, has_key) {
        let Ok(pair) = Certificate::from_pem(chain) else { return Ok(Taken::Refused) };
        match is_pair(&seen.object, &pair) {
            Some(true) => {}
            Some(false) => return Ok(Taken::Refused),
            None => return Err(hidden()),
        }
        if authorities.is_none() {
            return Ok(Taken::NoAuthorities);
        }
        // One file for both: what the server shows is trusted of clients too.
        path = format!("{file}.pem");
        certificates = pair;
    }
    if authorities.as_ref().is_some_and(|pem| is_cut_off(pem)) {
        return Err(Missing::Effect(seen.identity.clone(), "ca.crt".to_owned()));
    }
    let Some(authorities) = authorities.as_ref().and_then(|pem| only_certificates(pem)) else {
        return Ok(Taken::Refused);
    };
    certificates.extend(authorities);
    let lists = match lists.filter(|pem| !pem.is_empty()) {
        None => None,
        Some(pem) => {
            let Ok(lists) = RevocationList::from_pem(&pem) else {
                return beyond_the_first(&pem, seen.identity);
            };
            Some((format!("crl-{file}.pem"), Arc::new(lists)))
        }
    };
    Ok(Taken::Authorities { file: path, certificates: Arc::new(certificates), lists })
}

/// Whether the key belongs to the certificate (`tls.X509KeyPair`); `None`: the key is not shown, or of a kind that is not read
/// here. A key of ours belongs to its certificate.
fn is_pair(secret: &Secret, pair: &[Certificate]) -> Option<bool> {
    if let Some(Datum::Key(_)) = secret.data.get("tls.key") {
        return Some(true);
    }
    let key = secret.value("tls.key").ok()??;
    match PrivateKey::from_pem(&key) {
        Ok(key) => Some(chain::key_belongs(pair.first()?, &key)),
        Err(KeyError::Unsupported(_)) => None,
        Err(_) => Some(false),
    }
}

/// The certificates of a text, as `CheckCACert` reads it: all blocks have to be certificates that Go reads.
fn only_certificates(pem: &[u8]) -> Option<Vec<Certificate>> {
    let certificates = Certificate::from_pem(pem).ok()?;
    let blocks = lines_with(pem, "-----BEGIN ");
    let is_readable = |one: &Certificate| acceptance::unreadable(one).is_none();
    (blocks == certificates.len() && certificates.iter().all(is_readable)).then_some(certificates)
}

/// What becomes of a `ca.crl` that is not read here as a whole: the controller looks at its first block alone, and nginx takes
/// certificates too.
fn beyond_the_first(pem: &[u8], secret: &Identity) -> Result<Taken, Missing> {
    let text = String::from_utf8_lossy(pem);
    let first = text.split_inclusive("-----END X509 CRL-----").next().unwrap_or_default();
    match RevocationList::from_pem(first.as_bytes()) {
        Ok(_) => Err(Missing::Effect(secret.clone(), "ca.crl".to_owned())),
        Err(_) => Ok(Taken::Refused),
    }
}

fn lines_with(pem: &[u8], begin: &str) -> usize {
    String::from_utf8_lossy(pem).lines().filter(|line| line.starts_with(begin)).count()
}

/// Whether a block has no end: Go passes over it, and what nginx makes of the file is another matter.
fn is_cut_off(pem: &[u8]) -> bool {
    lines_with(pem, "-----BEGIN ") != lines_with(pem, "-----END ")
}
