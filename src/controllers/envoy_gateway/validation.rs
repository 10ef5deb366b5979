//! What is asked of clients, by a policy (`buildListenerTLSParameters` of `internal/gatewayapi/clienttrafficpolicy.go`) or by the
//! Gateway (`ProcessGatewayTLS` of `listener.go`).

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::references::{From, References, Refused};
use crate::enforcement::{
    CheckedLists, ClientValidation, Clients, Comparison, Fact, Fault, Library, Missing, NameKind,
    NamePin, Pins, Refusal, Revocation, UnknownStatus,
};
use crate::identity::Identity;
use crate::manifest::kinds::envoy_gateway::{
    PolicyLists, PolicyNames, PolicyValidation, StringMatch,
};
use crate::manifest::kinds::gateway::{FrontendValidation, Reference};
use crate::pki::certificate::{Certificate, Fingerprint};
use crate::pki::crl::RevocationList;
use crate::pki::key::SpkiHash;
use crate::pki::pem;

/// The key of authorities.
const AUTHORITIES: &str = "ca.crt";

/// What a listener asks of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub clients: Fact<Clients>,
    /// Objects for which every request is answered with 500.
    pub refused_by: Vec<Identity>,
}

/// Whether a client has to show a certificate, and whether it is verified (`convertClientValidationModeType`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Request,
    RequireAny,
    VerifyIfGiven,
    RequireAndVerify,
}

impl Mode {
    fn of(validation: &PolicyValidation) -> Self {
        match validation.mode.as_deref() {
            Some("Request") => Self::Request,
            Some("RequireAny") => Self::RequireAny,
            Some("VerifyIfGiven") => Self::VerifyIfGiven,
            None if validation.optional => Self::VerifyIfGiven,
            _ => Self::RequireAndVerify,
        }
    }

    fn verifies(self) -> bool {
        matches!(self, Self::VerifyIfGiven | Self::RequireAndVerify)
    }

    /// Names and hashes require a certificate in any mode that verifies (`initializeSslContexts` of Envoy's `default_validator.cc`).
    fn tolerates(self, pins: &Pins) -> BTreeSet<Fault> {
        let any = Fault::OF_CERTIFICATES.into_iter();
        match self {
            Self::Request => any.chain([Fault::Absent]).collect(),
            Self::RequireAny => any.collect(),
            Self::VerifyIfGiven if *pins == Pins::default() => BTreeSet::from([Fault::Absent]),
            Self::VerifyIfGiven | Self::RequireAndVerify => BTreeSet::new(),
        }
    }
}

/// Ways of validation, so that hosts that are validated alike share one; only asked, never iterated over.
#[derive(Default)]
pub(super) struct Known(RefCell<HashMap<Vec<Fingerprint>, Vec<Arc<ClientValidation>>>>);

impl Known {
    /// The same terms, with a way of validation that is shared.
    pub fn shared(&self, terms: Terms) -> Terms {
        let Fact::Known(Clients::Asked(own)) = &terms.clients else { return terms };
        let certificates = own.certificates.known().map(Vec::as_slice).unwrap_or_default();
        let key = certificates.iter().map(Certificate::fingerprint).collect();
        let mut known = self.0.borrow_mut();
        let alike = known.entry(key).or_default();
        let shared = alike.iter().find(|one| *one == own).cloned().unwrap_or_else(|| {
            alike.push(Arc::clone(own));
            Arc::clone(own)
        });
        Terms { clients: Fact::Known(Clients::Asked(shared)), ..terms }
    }
}

impl Terms {
    /// Nothing.
    pub fn open() -> Self {
        Self { clients: Fact::Known(Clients::NotAsked), refused_by: Vec::new() }
    }

    fn unknown(missing: Missing) -> Self {
        Self { clients: Fact::Unknown(missing), refused_by: Vec::new() }
    }

    /// What a policy asks for that has this identity, where the Gateway itself asks for something or not.
    pub fn of_policy(
        references: &References<'_>,
        policy: &Identity,
        from: From<'_>,
        validation: &PolicyValidation,
        of_gateway: Option<&Self>,
    ) -> Self {
        let mode = Mode::of(validation);
        // Without authorities of its own, it has those of the Gateway.
        let beside = || of_gateway.map_or_else(|| Self::without(mode), |own| own.with(mode));
        let broken =
            |object: Identity| Self { refused_by: vec![policy.clone(), object], ..beside() };
        let certificates = match authorities(references, from, &validation.ca_certificate_refs) {
            Ok(all) => all,
            Err(Refused::Broken(object)) => return broken(object),
            Err(Refused::Unknown(missing)) => return Self::unknown(missing),
        };
        if certificates.is_empty() {
            return if mode.verifies() { broken(policy.clone()) } else { beside() };
        }
        let (revocation, refused_by) = match &validation.crl {
            None => (Fact::Known(Revocation::None), Vec::new()),
            Some(lists) => match revocation(references, from, lists) {
                Ok(lists) => (Fact::Known(lists), Vec::new()),
                Err(Refused::Broken(object)) => {
                    (Fact::Known(Revocation::None), vec![policy.clone(), object])
                }
                Err(Refused::Unknown(missing)) => (Fact::Unknown(missing), Vec::new()),
            },
        };
        let pins = pins(validation);
        let mut tolerates = mode.tolerates(&pins);
        if validation.allow_expired_certificate {
            tolerates.insert(Fault::Expired);
        }
        let clients = asked(certificates, pins, revocation, tolerates);
        Self { clients: Fact::Known(clients), refused_by }
    }

    /// What is asked without authorities: a certificate is requested where any will do, and none is required.
    fn without(mode: Mode) -> Self {
        if mode.verifies() {
            return Self::open();
        }
        let tolerates = Mode::Request.tolerates(&Pins::default());
        let revocation = Fact::Known(Revocation::None);
        let clients = asked(Vec::new(), Pins::default(), revocation, tolerates);
        Self { clients: Fact::Known(clients), ..Self::open() }
    }

    /// The same authorities, and this mode.
    fn with(&self, mode: Mode) -> Self {
        let clients = match &self.clients {
            Fact::Known(Clients::Asked(asked)) => {
                let tolerates = mode.tolerates(&asked.pins);
                let asked = ClientValidation { tolerates, ..(**asked).clone() };
                Fact::Known(Clients::Asked(Arc::new(asked)))
            }
            other => other.clone(),
        };
        Self { clients, refused_by: self.refused_by.clone() }
    }

    /// What a Gateway asks for at a port; an object for which the listeners there do not work.
    pub fn of_gateway(
        references: &References<'_>,
        from: From<'_>,
        validation: &FrontendValidation,
    ) -> Result<Self, Identity> {
        let certificates = match handed_on(references, from, &validation.ca_certificate_refs) {
            Ok(all) => all,
            Err(Refused::Broken(object)) => return Err(object),
            Err(Refused::Unknown(missing)) => return Ok(Self::unknown(missing)),
        };
        let mode = match validation.mode.as_deref() {
            Some("AllowInsecureFallback") => Mode::Request,
            _ => Mode::RequireAndVerify,
        };
        let revocation = Fact::Known(Revocation::None);
        let pins = Pins::default();
        let tolerates = mode.tolerates(&pins);
        let clients = asked(certificates, pins, revocation, tolerates);
        Ok(Self { clients: Fact::Known(clients), refused_by: Vec::new() })
    }
}

fn asked(
    certificates: Vec<Certificate>,
    pins: Pins,
    revocation: Fact<Revocation>,
    tolerates: BTreeSet<Fault>,
) -> Clients {
    Clients::Asked(Arc::new(ClientValidation {
        certificates: Fact::Known(certificates),
        library: Library::BoringSsl,
        pins,
        depth: None,
        revocation,
        tolerates,
        refusal: Refusal::Alert,
    }))
}

/// The authorities of some objects, each once (`filterValidCACertificates` of `tls.go`, which drops what it does not read, and what
/// is not valid).
fn authorities(
    references: &References<'_>,
    from: From<'_>,
    refs: &[Reference],
) -> Result<Vec<Certificate>, Refused> {
    let mut all: Vec<Certificate> = Vec::new();
    for reference in refs {
        let (identity, text) = references.data(from, reference, &[AUTHORITIES])?;
        let mut is_any_read = false;
        for block in pem::blocks(&text) {
            // Where a block has no end, Go may begin the next one elsewhere.
            let Ok(block) = block else {
                let missing = Missing::Effect(identity, AUTHORITIES.to_owned());
                return Err(Refused::Unknown(missing));
            };
            let read = block.decode().ok().and_then(|der| Certificate::from_der(&der).ok());
            let read = read.filter(|one| references.is_valid(one));
            is_any_read |= read.is_some();
            all.extend(read.filter(|one| !all.contains(one)));
        }
        if !is_any_read {
            return Err(Refused::Broken(identity));
        }
    }
    Ok(all)
}

/// The authorities of some objects as Envoy gets them, with all that is in there (`getCaCertsFromCARefs` of `backendtlspolicy.go`).
/// What it cannot read, it refuses with the update that it is part of.
fn handed_on(
    references: &References<'_>,
    from: From<'_>,
    refs: &[Reference],
) -> Result<Vec<Certificate>, Refused> {
    let mut all: Vec<Certificate> = Vec::new();
    for reference in refs {
        let (identity, text) = references.data(from, reference, &[AUTHORITIES, "tls.crt"])?;
        let Ok(read) = Certificate::from_pem(&text) else {
            let missing = Missing::Effect(identity, AUTHORITIES.to_owned());
            return Err(Refused::Unknown(missing));
        };
        all.extend(read);
    }
    Ok(all)
}

/// The lists of some objects. The first one of each has to be in order (`validateCrl` of `tls.go`). Where Envoy cannot read another
/// one, it refuses the update that it is part of: which other listeners are in that one, is chance.
fn revocation(
    references: &References<'_>,
    from: From<'_>,
    PolicyLists { refs, only_verify_leaf_certificate }: &PolicyLists,
) -> Result<Revocation, Refused> {
    let mut all = Vec::new();
    for reference in refs {
        const KEY: &str = "ca.crl";
        let (identity, text) = references.data(from, reference, &[KEY])?;
        let unreadable =
            || Refused::Unknown(Missing::Effect(identity.clone(), format!("the end of {KEY}")));
        let mut blocks = pem::blocks(&text).map(|block| block.ok()?.decode().ok());
        let first = blocks.next().flatten().and_then(|der| RevocationList::from_der(&der).ok());
        match first.filter(|list| list.flaw.is_none()) {
            Some(list) if references.is_current(list.this_update, list.end()) => all.push(list),
            _ => return Err(Refused::Broken(identity)),
        }
        for der in blocks {
            let der = der.ok_or_else(unreadable)?;
            match RevocationList::from_der(&der) {
                Ok(list) => all.push(list),
                Err(_) if Certificate::from_der(&der).is_ok() => {}
                Err(_) => return Err(unreadable()),
            }
        }
    }
    if all.is_empty() {
        return Ok(Revocation::None);
    }
    let depth =
        if *only_verify_leaf_certificate { CheckedLists::EndEntity } else { CheckedLists::Chain };
    Ok(Revocation::Lists { all, depth, unknown: UnknownStatus::Deny })
}

fn pins(validation: &PolicyValidation) -> Pins {
    let PolicyNames { dns_names, email_addresses, ip_addresses, uris, other_names } =
        &validation.subject_alt_names;
    let of = |kind: NameKind, all: &[StringMatch]| {
        let pin = |one: &StringMatch| NamePin {
            kind,
            comparison: match one.kind.as_deref() {
                Some("Prefix") => Comparison::Prefix,
                Some("Suffix") => Comparison::Suffix,
                Some("RegularExpression") => Comparison::Expression,
                _ => Comparison::Exact,
            },
            text: one.value.clone(),
        };
        all.iter().map(pin).collect::<Vec<_>>()
    };
    let names = [
        of(NameKind::Dns, dns_names),
        of(NameKind::Email, email_addresses),
        of(NameKind::Ip, ip_addresses),
        of(NameKind::Uri, uris),
        of(NameKind::Other, other_names),
    ];
    let hash = |text: &String| {
        let digits: String = text.chars().filter(|sign| *sign != ':').collect();
        let octet = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let octets: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(octet).collect();
        Some(Fingerprint(octets?.try_into().ok()?))
    };
    let key = |text: &String| Some(SpkiHash(STANDARD.decode(text).ok()?.try_into().ok()?));
    Pins {
        names: names.concat(),
        hashes: validation.certificate_hashes.iter().filter_map(hash).collect(),
        keys: validation.spki_hashes.iter().filter_map(key).collect(),
    }
}
