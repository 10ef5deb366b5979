//! Measures issuing against the raw speed of the cryptographic library, side by side in one process.
//!
//! ```console
//! $ cargo bench --bench issuing [-- LEAVES [ROUNDS]]
//! ```
//!
//! Raw: as many threads as there are processors make key pairs and sign with an authority's key a
//! message of a certificate's length, with aws-lc-rs and nothing else. Issuing: `plan::issue` of as
//! many client certificates. Rounds of both alternate, and for each kind of key their ratio is
//! printed: the median by the clock, and that of all rounds together by the time of all processors, which
//! says more on a busy machine (Linux). What the commit to disk takes is beside ECDSA 256. Fails
//! where a ratio by the clock is below 70 %.
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark looks at the clock and at its arguments"
)]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails may panic")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use mtlsgen::diagnostic::Source;
use mtlsgen::io::entropy::SystemEntropy;
use mtlsgen::io::store::{Store, WAIT_LIMIT};
use mtlsgen::model::{self, Context, Model};
use mtlsgen::plan::{self, IssuancePlan};
use mtlsgen::specification::document;
use mtlsgen::store::{Inventory, Issued, Keyring};
use mtlsgen::time::Timestamp;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The part of the raw speed that issuing has to reach.
const LEAST: f64 = 0.70;
/// Octets of what is signed of a client's certificate.
const MESSAGE: [u8; 400] = [0x5A; 400];

/// One kind of key: as the spec has it, the raw work on one leaf, and how many leaves of it are made
/// where one of ECDSA 256 is.
type Kind = (&'static str, fn(usize), f64);

const KINDS: [Kind; 3] = [
    ("algorithm = \"ECDSA\"", raw_ecdsa, 1.0),
    ("algorithm = \"Ed25519\"", raw_ed25519, 1.0),
    ("algorithm = \"RSA\"", raw_rsa, 0.01),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let leaves: usize = numbers.next().unwrap_or(10_000);
    let rounds: usize = numbers.next().unwrap_or(7);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{leaves} leaves, {rounds} rounds, {threads} threads");
    let mut fits = true;
    for (kind, raw, share) in KINDS {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "it is a count"
        )]
        let leaves = ((leaves as f64 * share) as usize).max(threads);
        let ratio = compare(kind, raw, leaves, rounds);
        fits &= ratio >= LEAST;
    }
    if fits { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Issuing's part of the raw speed.
fn compare(kind: &str, raw: fn(usize), leaves: usize, rounds: usize) -> f64 {
    let bench = Bench::new(kind, leaves);
    let (mut raws, mut issuings) = (Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    let (mut raw_processors, mut issuing_processors) = (0.0, 0.0);
    for _ in 0..rounds {
        let begun = processor_time();
        let raw = timed(|| on_all_processors(leaves, raw)).0;
        let between = processor_time();
        let (issuing, issued) = timed(|| bench.issue());
        assert_eq!(issued.certificates.len(), leaves);
        raw_processors += between - begun;
        issuing_processors += processor_time() - between;
        raws.push(raw.as_secs_f64());
        issuings.push(issuing.as_secs_f64());
        ratios.push(raw.as_secs_f64() / issuing.as_secs_f64());
    }
    let (raw, issuing, ratio) = (median(raws), median(issuings), median(ratios));
    println!(
        "{kind:<22} {leaves:>6} leaves: raw {raw:.3} s, issuing {issuing:.3} s, {:.0} % of the raw speed ({:.0} % by processor time)",
        ratio * 100.0,
        raw_processors / issuing_processors * 100.0
    );
    if kind.contains("ECDSA") {
        println!("{:<22} the commit to disk takes {:.3} s", "", bench.commit().as_secs_f64());
    }
    ratio
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let result = work();
    (begun.elapsed(), result)
}

/// Seconds that all threads have spent on processors, ended ones included, in hundredths; zero where it
/// is not known.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name may hold blanks; `utime` and `stime` are the 12th and 13th behind it.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 =
        rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn on_all_processors(leaves: usize, work: fn(usize)) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // In portions, so that no thread ends long before the others.
    let portion = (leaves / (threads * 16)).clamp(1, 32);
    let left = AtomicUsize::new(leaves);
    let take = || {
        let now = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            (left > 0).then(|| left.saturating_sub(portion))
        });
        now.ok().map(|left| left.min(portion))
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| std::iter::from_fn(take).for_each(work));
        }
    });
}

fn raw_ecdsa(leaves: usize) {
    static ISSUER: LazyLock<EcdsaKeyPair> =
        LazyLock::new(|| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
    let (random, issuer) = (SystemRandom::new(), &*ISSUER);
    for _ in 0..leaves {
        std::hint::black_box(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap());
        std::hint::black_box(issuer.sign(&random, &MESSAGE).unwrap());
    }
}

fn raw_ed25519(leaves: usize) {
    static ISSUER: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::generate().unwrap());
    let issuer = &*ISSUER;
    for _ in 0..leaves {
        std::hint::black_box(Ed25519KeyPair::generate().unwrap());
        std::hint::black_box(issuer.try_sign(&MESSAGE).unwrap());
    }
}

fn raw_rsa(leaves: usize) {
    static ISSUER: LazyLock<RsaKeyPair> =
        LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
    let (random, issuer) = (SystemRandom::new(), &*ISSUER);
    let mut signature = vec![0; issuer.public_modulus_len()];
    for _ in 0..leaves {
        std::hint::black_box(RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        issuer.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature).unwrap();
    }
}

/// An authority that has its certificate, and clients that have none.
struct Bench {
    model: Model,
    plan: IssuancePlan,
    inventory: Inventory,
    keyring: Keyring,
    now: Timestamp,
    /// What the authority's own issuing gave.
    authority: Issued,
}

impl Bench {
    fn new(kind: &str, leaves: usize) -> Self {
        let now = Timestamp::parse("2030-01-01").unwrap();
        let authority = format!("[cas.clients]\n[defaults.privateKey]\n{kind}\n");
        let alone = resolved(&authority, now);
        let none = Inventory::default();
        let plan = plan::plan(&alone, &none, now).unwrap();
        let keys = Keyring::default();
        let issued = plan::issue(&plan, &alone, &none, &keys, &SystemEntropy, &mut || ()).unwrap();
        let inventory = none.with(&issued);
        let key = |made: &mtlsgen::store::IssuedCertificate| {
            let pem = made.key.as_ref().unwrap().to_pem();
            let key = mtlsgen::pki::key::PrivateKey::from_pem(pem.as_bytes()).unwrap();
            (made.request.holder.clone(), key)
        };
        let keyring = issued.certificates.iter().map(key).collect();
        let clients = (0..leaves).map(|n| format!("[clients.c{n}]\nissuer = \"clients\"\n"));
        let model = resolved(&(authority + &clients.collect::<String>()), now);
        let plan = plan::plan(&model, &inventory, now).unwrap();
        Self { model, plan, inventory, keyring, now, authority: issued }
    }

    fn issue(&self) -> Issued {
        let Self { model, plan, inventory, keyring, .. } = self;
        plan::issue(plan, model, inventory, keyring, &SystemEntropy, &mut || ()).unwrap()
    }

    fn commit(&self) -> Duration {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("pki"), WAIT_LIMIT, |_| {});
        let lock = store.lock().unwrap();
        store.commit(&lock, &self.authority, self.now).unwrap();
        let issued = self.issue();
        timed(|| store.commit(&lock, &issued, self.now).unwrap()).0
    }
}

fn resolved(text: &str, now: Timestamp) -> Model {
    let source =
        Source { name: "mtls.toml".to_owned(), directory: PathBuf::new(), text: text.to_owned() };
    let (document, mut findings) = document::read(&[Arc::new(source)]);
    let (spec, more) = document.deserialize();
    findings.extend(more);
    let files = BTreeMap::new();
    let context = Context {
        document: &document,
        spec: &spec,
        files: &files,
        conventions: mtlsgen::targets::conventions(None),
        now,
    };
    let (resolved, findings) = model::resolve(context, findings).now();
    assert!(resolved.is_some(), "{findings:?}");
    resolved.unwrap().model
}
