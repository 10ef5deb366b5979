//! Private keys on disk: in clear, or sealed as age files, which the name of the file says.

use std::sync::OnceLock;

use zeroize::Zeroizing;

use super::error::{Sealed, StoreError};
use super::sharing::Sharing;
use super::transaction::NewFile;
use super::{layout, read};
use crate::io::age_file::{Header, Identities, IdentityError, OpenError, Recipients};
use crate::io::beneath::Place;
use crate::pki::key::PrivateKey;
use crate::pki::request::Holder;

/// Gives identities, once they are needed.
pub type Loader = Box<dyn Fn() -> Result<Identities, IdentityError> + Send + Sync>;

/// How keys are written, and what opens those that are sealed.
pub(super) struct Vault {
    recipients: Recipients,
    load: Loader,
    identities: OnceLock<Result<Identities, IdentityError>>,
    sharing: Sharing,
}

/// The key file of a holder or of a generation.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    /// Where it is.
    pub(super) place: Place,
    /// Its permission bits.
    pub(super) mode: u32,
    /// Whether it is an age file.
    pub(super) is_sealed: bool,
}

impl KeyFile {
    /// The same, with nothing held open.
    pub(super) fn by_path(self) -> Self {
        Self { place: self.place.by_path(), ..self }
    }
}

impl Default for Vault {
    /// Keys in clear, and nothing that opens others.
    fn default() -> Self {
        Self::new(Recipients::default(), Box::new(|| Ok(Identities::default())))
    }
}

impl Vault {
    pub(super) fn new(recipients: Recipients, load: Loader) -> Self {
        Self { recipients, load, identities: OnceLock::new(), sharing: Sharing::default() }
    }

    /// The same, for a store that other users may change if that is allowed.
    pub(super) fn shared(self, sharing: Sharing) -> Self {
        Self { sharing, ..self }
    }

    /// Whether others may change the store.
    pub(super) fn sharing(&self) -> Sharing {
        self.sharing
    }

    /// The recipients of keys; without any, they are written in clear.
    pub(super) fn recipients(&self) -> &Recipients {
        &self.recipients
    }

    /// How the file of a new key is called.
    pub(super) fn file_name(&self) -> &'static str {
        if self.recipients.is_empty() { layout::KEY } else { layout::SEALED_KEY }
    }

    /// The file of a key in `folder`, a path below the store.
    pub(super) fn new_file(&self, folder: &str, key: &PrivateKey) -> NewFile {
        let path = format!("{folder}/{}", self.file_name());
        let pem = key.to_pem();
        if self.recipients.is_empty() {
            NewFile::private(path, pem)
        } else {
            NewFile::private(path, Zeroizing::new(self.recipients.seal(pem.as_bytes())))
        }
    }

    /// A file that waits in `folder` under the name that keys have no more; it goes with the new one.
    pub(super) fn stale(&self, root: &Place, folder: &str) -> Result<Option<String>, StoreError> {
        let name = if self.recipients.is_empty() { layout::SEALED_KEY } else { layout::KEY };
        let path = format!("{folder}/{name}");
        Ok(read::mode_of_file(&root.join(&path))?.map(|_| path))
    }

    /// The text of a key file of `holder`, in clear.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] where no identity opens it, [`StoreError::Identity`] where one cannot be read,
    /// [`StoreError::Missing`] if it is gone, [`StoreError::Damaged`].
    pub(super) fn text(
        &self,
        file: &KeyFile,
        holder: &Holder,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let path = &file.place;
        self.sharing.require_file(path)?;
        let octets = read::file(path)?;
        let octets = octets.ok_or_else(|| StoreError::missing(holder, path))?;
        if !file.is_sealed {
            return Ok(octets);
        }
        let header = Header::read(&octets).map_err(|problem| StoreError::damaged(path, problem))?;
        if header.by_passphrase {
            return Err(by_passphrase(path));
        }
        let identities = self.identities()?;
        identities.open(&octets).map_err(|error| match error {
            OpenError::NoMatch => StoreError::Sealed(Box::new(Sealed {
                path: path.path(),
                recipients: header.recorded,
                identities: identities.count(),
                places: identities.places.clone(),
            })),
            OpenError::Passphrase => by_passphrase(path),
            OpenError::Damaged(problem) => StoreError::damaged(path, problem),
        })
    }

    /// Makes sure that the recipients that the header of the sealed key in `folder` records are those that its key authenticates: before
    /// another key is sealed for the same recipients that no other key of the store answers for.
    ///
    /// # Errors
    /// As [`Vault::text`].
    pub(super) fn require_authentic(
        &self,
        folder: &Place,
        holder: &Holder,
    ) -> Result<(), StoreError> {
        match key_file(folder)? {
            Some(file) if file.is_sealed && !self.recipients.is_empty() => {
                self.text(&file, holder).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn identities(&self) -> Result<&Identities, StoreError> {
        let identities = self.identities.get_or_init(|| (self.load)());
        identities.as_ref().map_err(|error| StoreError::Identity(error.clone()))
    }
}

fn by_passphrase(path: &Place) -> StoreError {
    let problem = "is encrypted with a passphrase, not to recipients: \
                   `age -d FILE | age -a -r age1… -o FILE.new` makes such a file";
    StoreError::damaged(path, problem)
}

/// The key file in `folder`; `None` if there is none.
///
/// # Errors
/// [`StoreError::Damaged`] where there are both, since it is unknown which one is right.
pub(super) fn key_file(folder: &Place) -> Result<Option<KeyFile>, StoreError> {
    let at = |name: &str| {
        let place = folder.join(name);
        let mode = read::mode_of_file(&place)?;
        Ok::<_, StoreError>(mode.map(|mode| (place, mode)))
    };
    match (at(layout::KEY)?, at(layout::SEALED_KEY)?) {
        (None, None) => Ok(None),
        (Some((place, mode)), None) => Ok(Some(KeyFile { place, mode, is_sealed: false })),
        (None, Some((place, mode))) => Ok(Some(KeyFile { place, mode, is_sealed: true })),
        (Some((place, _)), Some(_)) => {
            let problem = format!(
                "lies in clear beside `{}`: remove the one that is out of date",
                layout::SEALED_KEY
            );
            Err(StoreError::damaged(&place, problem))
        }
    }
}
