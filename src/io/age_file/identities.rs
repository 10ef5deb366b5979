//! Identities: X25519 keys as `age-keygen` writes them, and what they open.

use std::io::{self, ErrorKind};

use age::armor::ArmoredReader;
use age::secrecy::SecretString;
use age::x25519::Identity;
use age::{DecryptError, Decryptor, scrypt};
use zeroize::Zeroizing;

use crate::diagnostic::Diagnostic;

/// How identities begin, of every kind.
const IDENTITY: &str = "AGE-";
/// The greatest work factor of a passphrase that is tried, as in `age`: 2 to this power.
const GREATEST_WORK_FACTOR: u8 = 22;

/// Identities that were found, and where they were looked for.
#[derive(Default)]
pub struct Identities {
    keys: Vec<Identity>,
    /// Where they were looked for and what was there, one place each.
    pub places: Vec<String>,
    /// Files of identities that others can read.
    pub warnings: Vec<Diagnostic>,
}

/// Why identities cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError {
    /// What is wrong, in one sentence that names the place.
    pub problem: String,
    /// What to do about it.
    pub hint: String,
}

/// Why an age file cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// None of the identities is that of a recipient.
    NoMatch,
    /// It is sealed with a passphrase instead of for recipients.
    Passphrase,
    /// Something is wrong with it, as the end of a sentence that starts with the file.
    Damaged(&'static str),
}

impl Identities {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Opens an age file, armored or binary. What was in it is wiped when it is dropped.
    ///
    /// # Errors
    /// No identity fits, or the file is damaged.
    pub fn open(&self, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let decryptor = Decryptor::new(ArmoredReader::new(file)).map_err(|error| damage(&error))?;
        if decryptor.is_scrypt() {
            return Err(OpenError::Passphrase);
        }
        let keys = self.keys.iter().map(|key| -> &dyn age::Identity { key });
        let reader = decryptor.decrypt(keys).map_err(|error| damage(&error))?;
        read_whole(reader, file.len()).map_err(|_| OpenError::Damaged("is damaged or cut off"))
    }

    /// Adds the identities in `text`, which came from `place`. Those of other kinds (plugins, SSH,
    /// post-quantum ones) are counted at the place.
    ///
    /// # Errors
    /// A line is not an identity at all.
    pub(super) fn add(&mut self, place: &str, text: &[u8]) -> Result<(), IdentityError> {
        let hint = "write identities as `age-keygen` does, one a line, comments after `#`";
        let failed = |problem: String| IdentityError { problem, hint: hint.to_owned() };
        if let Some(found) = Mistaken::of(text) {
            return Err(found.error(place));
        }
        let text = str::from_utf8(text)
            .map_err(|_| failed(format!("{place} holds no age identities: it is not text")))?;
        let (before, mut others) = (self.keys.len(), 0_usize);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.parse::<Identity>() {
                Ok(identity) => self.keys.push(identity),
                Err(_) if is_other_kind(line) => others += 1,
                Err(_) => {
                    let number = number + 1;
                    return Err(failed(format!(
                        "line {number} of {place} is not an age identity (not shown here)"
                    )));
                }
            }
        }
        let found = match self.keys.len() - before {
            0 => "no identity".to_owned(),
            1 => "1 identity".to_owned(),
            count => format!("{count} identities"),
        };
        let others = match others {
            0 => String::new(),
            count => format!(", {count} of kinds that mtlsgen does not know"),
        };
        self.places.push(format!("{place} ({found}{others})"));
        Ok(())
    }
}

/// What people name for an identity and is none.
#[derive(Clone, Copy)]
enum Mistaken {
    Ssh,
    Recipient,
    Pem,
}

impl Mistaken {
    /// By the first line that says something.
    fn of(text: &[u8]) -> Option<Self> {
        let mut lines = text.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let line = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
        if line.starts_with(b"ssh-") || line.ends_with(b" OPENSSH PRIVATE KEY-----") {
            return Some(Self::Ssh);
        }
        if line.starts_with(b"-----BEGIN ") {
            return Some(Self::Pem);
        }
        line.starts_with(b"age1").then_some(Self::Recipient)
    }

    fn error(self, place: &str) -> IdentityError {
        let (what, hint) = match self {
            Self::Ssh => (
                "a key of SSH, which mtlsgen does not use: it uses X25519 identities of age",
                "make an identity with `age-keygen -o FILE`, and add its recipient, which it prints, to `store.encryption.age.recipients`",
            ),
            Self::Recipient => (
                "a recipient (`age1…`), which encrypts; its identity (`AGE-SECRET-KEY-1…`) opens",
                "name the file that `age-keygen -o FILE` wrote",
            ),
            Self::Pem => {
                ("PEM, and no age identity", "name the file that `age-keygen -o FILE` wrote")
            }
        };
        IdentityError { problem: format!("{place} holds {what}"), hint: hint.to_owned() }
    }
}

/// Identities of plugins and post-quantum ones are others' to use.
fn is_other_kind(line: &str) -> bool {
    line.starts_with(IDENTITY) && !line.starts_with("AGE-SECRET-KEY-1")
}

/// Opens a file of identities that `age -p` made; `None` if the passphrase is wrong.
///
/// # Errors
/// What is wrong with the file, as the end of a sentence that starts with it.
pub(super) fn open_with_passphrase(
    file: &[u8],
    passphrase: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, &'static str> {
    let decryptor =
        Decryptor::new(ArmoredReader::new(file)).map_err(|_| "is a damaged age file")?;
    if !decryptor.is_scrypt() {
        return Err("is encrypted, but not with a passphrase");
    }
    let mut identity = scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(GREATEST_WORK_FACTOR);
    let reader = match decryptor.decrypt(std::iter::once::<&dyn age::Identity>(&identity)) {
        Ok(reader) => reader,
        Err(DecryptError::ExcessiveWork { .. }) => {
            return Err("would take too long to open: its work factor is above 22");
        }
        Err(
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys,
        ) => return Ok(None),
        Err(_) => return Err("is a damaged age file"),
    };
    read_whole(reader, file.len()).map(Some).map_err(|_| "is a damaged age file")
}

/// Reads to the end, into memory that need not move: what is inside is shorter than the file.
fn read_whole(mut reader: impl io::Read, longest: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(vec![0; longest]);
    let mut filled = 0;
    loop {
        match reader.read(&mut plain[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let more = reader.read(&mut [0])?;
    plain.truncate(filled);
    if more == 0 { Ok(plain) } else { Err(ErrorKind::InvalidData.into()) }
}

fn damage(error: &DecryptError) -> OpenError {
    match error {
        DecryptError::NoMatchingKeys
        | DecryptError::KeyDecryptionFailed
        | DecryptError::DecryptionFailed => OpenError::NoMatch,
        DecryptError::UnknownFormat => OpenError::Damaged("is not an age file of version 1"),
        DecryptError::InvalidHeader => OpenError::Damaged("has a damaged header"),
        DecryptError::InvalidMac => OpenError::Damaged("has a header that was changed"),
        _ => OpenError::Damaged("is damaged or cut off"),
    }
}
