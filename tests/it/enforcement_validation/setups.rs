//! Set-ups of authorities, clients and lists, with at most some things wrong, in an order that a seed gives.

use std::collections::BTreeMap;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    NameConstraints, RevocationReason, RevokedCertParams, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// Something that may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    Expired,
    Early,
    /// extendedKeyUsage of TLS servers.
    ForServers,
    /// extendedKeyUsage `anyExtendedKeyUsage` alone.
    ForAnything,
    /// keyUsage that does not fit what it does.
    OtherUsage,
    NoListSigning,
    /// basicConstraints that say that it is none.
    NoAuthority,
    NoConstraints,
    ShortPath,
    ForbidsTheName,
    UnknownExtension,
    /// Another key signed it, in the name of its issuer.
    Forged,
    ListMissing,
    ListExpired,
    ListEarly,
    ListForged,
    /// Its issuer revokes it.
    Revoked,
}

const FLAWS: [Flaw; 17] = [
    Flaw::Expired,
    Flaw::Early,
    Flaw::ForServers,
    Flaw::ForAnything,
    Flaw::OtherUsage,
    Flaw::NoListSigning,
    Flaw::NoAuthority,
    Flaw::NoConstraints,
    Flaw::ShortPath,
    Flaw::ForbidsTheName,
    Flaw::UnknownExtension,
    Flaw::Forged,
    Flaw::ListMissing,
    Flaw::ListExpired,
    Flaw::ListEarly,
    Flaw::ListForged,
    Flaw::Revoked,
];

/// What a verifier has, and what a client shows.
pub struct Setup {
    /// What is special, for messages.
    pub words: String,
    /// PEM.
    pub bundle: Vec<String>,
    /// The client's certificate first.
    pub chain: Vec<String>,
    pub key: String,
    pub lists: Vec<String>,
    pub depth: u8,
    /// Who signed the client's certificate, if nothing is wrong with that one.
    pub issuer: Option<String>,
    /// Whether several keys may have signed for one name, and nothing says which.
    pub is_ambiguous: bool,
}

/// `splitmix64`.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn is(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Keys, made once.
pub struct Keys(Vec<KeyPair>);

impl Keys {
    pub fn new() -> Self {
        Self((0..8).map(|_| KeyPair::generate().unwrap()).collect())
    }
}

/// An authority or a client: its name, the position of its key, and what is wrong with it.
struct Holder {
    params: CertificateParams,
    key: usize,
    flaws: Vec<Flaw>,
}

const STRANGER: usize = 7;
const OTHER_ROOT: usize = 6;

/// The holders of a chain, with what is wrong with them.
fn holders(
    levels: usize,
    with_identifiers: bool,
    random: &mut Random,
    now: OffsetDateTime,
) -> Vec<Holder> {
    let mut flaws: BTreeMap<usize, Vec<Flaw>> = BTreeMap::new();
    for _ in 0..[0, 1, 1, 2, 3][random.below(5)] {
        let flaw = FLAWS[random.below(FLAWS.len())];
        flaws.entry(random.below(levels)).or_default().push(flaw);
    }
    let holder = |level| {
        let flaws = flaws.remove(&level).unwrap_or_default();
        let mut params = params(level, levels, &flaws, random, now);
        params.use_authority_key_identifier_extension = with_identifiers;
        params.key_identifier_method = identifier(level);
        Holder { params, key: level, flaws }
    };
    (0..levels).map(holder).collect()
}

/// The certificate of a holder, signed by the one above.
fn certificate(level: usize, holders: &[Holder], keys: &Keys) -> String {
    let holder = &holders[level];
    let key = &keys.0[holder.key];
    let Some(above) = holders.get(level + 1) else {
        return holder.params.self_signed(key).unwrap().pem();
    };
    let signer = if holder.flaws.contains(&Flaw::Forged) { STRANGER } else { above.key };
    let issuer = Issuer::from_params(&above.params, &keys.0[signer]);
    holder.params.signed_by(key, &issuer).unwrap().pem()
}

/// A set-up around `now`.
pub fn setup(random: &mut Random, keys: &Keys, now: OffsetDateTime) -> Setup {
    // The client is 0, the root comes last.
    let levels = random.below(4) + 2;
    let with_identifiers = random.is(85);
    let holders = holders(levels, with_identifiers, random, now);
    let root = levels - 1;
    let certificate = |level: usize| certificate(level, &holders, keys);
    let certificates: Vec<String> = (0..levels).map(certificate).collect();
    let mut words = vec![format!("{levels} levels")];
    for (level, holder) in holders.iter().enumerate() {
        for flaw in &holder.flaws {
            words.push(format!("{level} {flaw:?}"));
        }
    }
    let mut bundle: Vec<String> = Vec::new();
    let mut chain = vec![certificates[0].clone()];
    let mut is_ambiguous = false;
    for (level, certificate) in certificates.iter().enumerate().skip(1) {
        if random.is(if level == root { 88 } else { 50 }) {
            bundle.push(certificate.clone());
            words.push(format!("has {level}"));
        }
        if random.is(if level == root { 15 } else { 65 }) {
            chain.push(certificate.clone());
            words.push(format!("sends {level}"));
        }
    }
    if random.is(15) {
        let mut renewed = holders[root].params.clone();
        renewed.not_after += Duration::days(random.below(80).try_into().unwrap());
        renewed.serial_number = Some(SerialNumber::from(99_u64));
        bundle.insert(0, renewed.self_signed(&keys.0[root]).unwrap().pem());
        words.push("renewed root".to_owned());
    }
    if random.is(15) {
        let mut other = holders[root].params.clone();
        other.serial_number = Some(SerialNumber::from(98_u64));
        other.key_identifier_method = identifier(OTHER_ROOT);
        let at = random.below(bundle.len() + 1);
        bundle.insert(at, other.self_signed(&keys.0[OTHER_ROOT]).unwrap().pem());
        let has_identifier = !holders[root].flaws.contains(&Flaw::NoConstraints);
        is_ambiguous = !with_identifiers || !has_identifier;
        words.push("another root of its name".to_owned());
    }
    if random.is(10) {
        // A stranger: the client's certificate is its own issuer.
        let own = holders[0].params.self_signed(&keys.0[0]).unwrap().pem();
        if random.is(40) {
            bundle.push(own.clone());
            words.push("own issuer, in the bundle".to_owned());
        } else {
            words.push("own issuer".to_owned());
        }
        chain[0] = own;
    }
    if bundle.is_empty() {
        bundle.push(certificates[root].clone());
    }
    let mut lists = Vec::new();
    if random.is(60) {
        for level in 1..levels {
            lists.extend(list(level, &holders, keys, now));
        }
        if random.is(25) {
            lists.reverse();
        }
        words.push(format!("{} lists", lists.len()));
    }
    if let Some(cross) = crossed(&holders, keys, random) {
        let into = if random.is(50) { &mut bundle } else { &mut chain };
        let at = 1 + random.below(into.len());
        into.insert(at.min(into.len()), cross);
        words.push("signed by another authority as well".to_owned());
    }
    if random.is(20) {
        chain[1..].reverse();
        words.push("sends them in another order".to_owned());
    }
    if random.is(10) && chain.len() > 1 {
        chain.push(chain[1].clone());
        words.push("sends one twice".to_owned());
    }
    let is_flawless = holders[0].flaws.is_empty()
        && with_identifiers
        && chain[0] == certificates[0]
        && !holders.iter().any(|holder| holder.flaws.contains(&Flaw::ForbidsTheName));
    let issuer = is_flawless.then(|| certificates[1].clone());
    let depth = u8::try_from(random.below(4)).unwrap().max(u8::from(random.is(80)));
    words.push(format!("depth {depth}"));
    let key = keys.0[0].serialize_pem();
    Setup { words: words.join(", "), bundle, chain, key, lists, depth, issuer, is_ambiguous }
}

/// The certificate of one between, signed by another authority, or by one below it.
fn crossed(holders: &[Holder], keys: &Keys, random: &mut Random) -> Option<String> {
    if holders.len() < 3 || !random.is(15) {
        return None;
    }
    let crossed = &holders[1 + random.below(holders.len() - 2)];
    let mut params = crossed.params.clone();
    params.serial_number = Some(SerialNumber::from(97_u64));
    let mut other = holders[1].params.clone();
    let key = if random.is(50) {
        other.distinguished_name.push(DnType::OrganizationName, "other");
        other.key_identifier_method = identifier(OTHER_ROOT);
        OTHER_ROOT
    } else {
        holders[1].key
    };
    let issuer = Issuer::from_params(&other, &keys.0[key]);
    Some(params.signed_by(&keys.0[crossed.key], &issuer).unwrap().pem())
}

/// The identifier of a key.
fn identifier(key: usize) -> KeyIdMethod {
    KeyIdMethod::PreSpecified(vec![u8::try_from(key).unwrap() + 1; 20])
}

fn params(
    level: usize,
    levels: usize,
    flaws: &[Flaw],
    random: &mut Random,
    now: OffsetDateTime,
) -> CertificateParams {
    let has = |flaw: Flaw| flaws.contains(&flaw);
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("holder {level}"));
    params.serial_number = Some(SerialNumber::from(u64::try_from(level + 10).unwrap()));
    params.not_before = now - Duration::days(30);
    params.not_after = now + Duration::days(30);
    if has(Flaw::Expired) {
        params.not_after = now - Duration::days(2);
    }
    if has(Flaw::Early) {
        params.not_before = now + Duration::days(2);
    }
    let purposes = if has(Flaw::ForServers) {
        vec![ExtendedKeyUsagePurpose::ServerAuth]
    } else if has(Flaw::ForAnything) {
        vec![ExtendedKeyUsagePurpose::Any]
    } else {
        match (level, random.below(3)) {
            (0, 0) | (_, 1 | 2) if level > 0 || random.is(20) => Vec::new(),
            (_, 1) => {
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]
            }
            _ => vec![ExtendedKeyUsagePurpose::ClientAuth],
        }
    };
    params.extended_key_usages = purposes;
    if has(Flaw::UnknownExtension) {
        let mut extension =
            rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
        extension.set_criticality(true);
        params.custom_extensions.push(extension);
    }
    if level == 0 {
        params.subject_alt_names = vec![SanType::DnsName("client.example.com".try_into().unwrap())];
        params.key_usages = match (has(Flaw::OtherUsage), random.is(30)) {
            (true, _) => vec![KeyUsagePurpose::KeyEncipherment],
            (false, true) => Vec::new(),
            (false, false) => vec![KeyUsagePurpose::DigitalSignature],
        };
        params.is_ca = if random.is(50) { IsCa::NoCa } else { IsCa::ExplicitNoCa };
        return params;
    }
    let most = if has(Flaw::ShortPath) {
        Some(0)
    } else {
        random.is(40).then(|| u8::try_from(level - 1).unwrap())
    };
    params.is_ca = match (has(Flaw::NoAuthority), has(Flaw::NoConstraints), most) {
        (true, ..) => IsCa::ExplicitNoCa,
        (_, true, _) => IsCa::NoCa,
        (.., Some(most)) => IsCa::Ca(BasicConstraints::Constrained(most)),
        (.., None) => IsCa::Ca(BasicConstraints::Unconstrained),
    };
    params.key_usages = if has(Flaw::OtherUsage) {
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign]
    } else if has(Flaw::NoListSigning) {
        vec![KeyUsagePurpose::KeyCertSign]
    } else if random.is(15) {
        Vec::new()
    } else {
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign]
    };
    let of_name = if has(Flaw::ForbidsTheName) { Some("example.net") } else { None };
    let is_constrained = level + 1 < levels && random.is(10);
    if let Some(name) = of_name.or(is_constrained.then_some("example.com")) {
        let subtree = GeneralSubtree::DnsName(name.to_owned());
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![subtree],
            excluded_subtrees: Vec::new(),
        });
    }
    params
}

/// The list of the authority at a level, if there is one.
fn list(level: usize, holders: &[Holder], keys: &Keys, now: OffsetDateTime) -> Option<String> {
    let holder = &holders[level];
    let has = |flaw: Flaw| holder.flaws.contains(&flaw);
    if has(Flaw::ListMissing) {
        return None;
    }
    let (mut begin, mut end) = (now - Duration::days(1), now + Duration::days(1));
    if has(Flaw::ListExpired) {
        end = now - Duration::hours(1);
    } else if has(Flaw::ListEarly) {
        begin = now + Duration::hours(1);
    }
    let is_below = |(below, _): &(usize, &Holder)| {
        below + 1 == level || *below == level && level + 1 == holders.len()
    };
    let revoked = holders.iter().enumerate().filter(is_below);
    let revoked = revoked.filter(|(_, holder)| holder.flaws.contains(&Flaw::Revoked));
    let entry = |(below, _): (usize, &Holder)| RevokedCertParams {
        serial_number: SerialNumber::from(u64::try_from(below + 10).unwrap()),
        revocation_time: now - Duration::days(1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: begin,
        next_update: end,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.map(entry).collect(),
        key_identifier_method: identifier(holder.key),
    };
    let mut authority = CertificateParams::default();
    authority.distinguished_name = holder.params.distinguished_name.clone();
    authority.key_usages = vec![KeyUsagePurpose::CrlSign];
    authority.key_identifier_method = identifier(holder.key);
    let key = if has(Flaw::ListForged) { STRANGER } else { holder.key };
    let issuer = Issuer::from_params(&authority, &keys.0[key]);
    Some(params.signed_by(&issuer).unwrap().pem().unwrap())
}
