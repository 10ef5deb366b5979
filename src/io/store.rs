//! The directory store: what was issued, as PEM files and ledgers that people and openssl can read.
//!
//! `layout` says where things lie, `ledger` what an entry holds, `transaction` how changes
//! happen wholly or not at all; `README.md`, which is written into each store, describes it to users.
//! Links inside a store are never followed, neither for reading nor for writing; the store's folder
//! itself may be one.

mod contents;
mod disk;
mod error;
mod folder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod generations;
mod import;
mod inventory;
mod issuance;
mod keyring;
mod layout;
mod ledger;
mod lock;
mod naming;
mod read;
mod record;
mod reencryption;
mod register;
mod revocation;
mod rotation;
mod sharing;
mod transaction;
mod vault;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::import::Contents;
use crate::io::age_file::{Identities, IdentityError, Recipients};
use crate::parallel;
use crate::pki::certificate::Certificate;
use crate::pki::key::{PrivateKey, SpkiHash};
use crate::pki::request::Holder;
use crate::store::{Inventory, Issued, Keyring, Ledger};
use crate::time::Timestamp;

pub use error::{Sealed, StoreError, listed};
pub use import::{Before, Unfinished};
pub use lock::StoreLock;
pub use reencryption::UnsettledKeys;
pub use rotation::{Change, certificate_of};
pub use sharing::Sharing;

use crate::io::beneath::Place;
use disk::FileSystem;
use sharing::Shared;
use vault::Vault;

/// How long people are ready to wait for another mtlsgen, unless they say otherwise.
pub const WAIT_LIMIT: Duration = Duration::from_secs(60);

/// How often reading starts anew because another process changed the store meanwhile.
const READING_ATTEMPTS: u32 = 16;

/// A store in a folder, which need not exist yet.
pub struct Store {
    root: PathBuf,
    wait_limit: Duration,
    /// Takes what people are to know while the store is used.
    say: Box<dyn Fn(&str)>,
    vault: Vault,
    /// The `name` of the spec that uses it.
    name: Option<String>,
    /// What others can change of what was read so far.
    shared: Mutex<BTreeSet<Shared>>,
}

impl Store {
    /// The store in the folder `root`; nothing is read or made yet.
    ///
    /// `say` gets what people are to know: when another process holds the store, and when it gets a name. After
    /// `wait_limit` waiting ends with an error.
    pub fn open(
        root: impl Into<PathBuf>,
        wait_limit: Duration,
        say: impl Fn(&str) + 'static,
    ) -> Self {
        let (vault, shared) = (Vault::default(), Mutex::default());
        let say = Box::new(say);
        Self { root: root.into(), wait_limit, say, vault, name: None, shared }
    }

    /// The same store, whose keys are sealed for `recipients` (in clear, if there are none); `identities` gives
    /// what opens sealed ones, once that is needed.
    #[must_use]
    pub fn with_keys(
        self,
        recipients: Recipients,
        identities: impl Fn() -> Result<Identities, IdentityError> + Send + Sync + 'static,
    ) -> Self {
        let sharing = self.vault.sharing();
        Self { vault: Vault::new(recipients, Box::new(identities)).shared(sharing), ..self }
    }

    /// The same store, used although other users can change it if that is allowed.
    #[must_use]
    pub fn shared(self, sharing: Sharing) -> Self {
        Self { vault: self.vault.shared(sharing), ..self }
    }

    /// The same store, used by the spec with this `name`: with the first change, it belongs to that.
    #[must_use]
    pub fn named(self, name: Option<String>) -> Self {
        Self { name, ..self }
    }

    /// The `name` of the spec that it belongs to, if it belongs to one.
    ///
    /// # Errors
    /// [`StoreError::Name`] for a file that holds no name.
    pub fn owner(&self) -> Result<Option<String>, StoreError> {
        naming::read(&self.opened()?)
    }

    /// Whether it belongs to a spec with another `name` than the one that uses it.
    ///
    /// # Errors
    /// As [`Store::owner`].
    pub fn is_of_another(&self) -> Result<bool, StoreError> {
        Ok(self.owner()?.is_some_and(|owner| self.name.as_ref() != Some(&owner)))
    }

    /// Has it belong to the spec that uses it.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn take_over(&self, lock: &StoreLock) -> Result<(), StoreError> {
        let removal = match self.name {
            Some(_) => transaction::Removal::default(),
            None => {
                transaction::Removal { files: vec![layout::SPEC_NAME.to_owned()], folders: vec![] }
            }
        };
        self.put(lock, self.name.as_deref().map(naming::file).into_iter().collect(), removal)
    }

    /// The store's folder, as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Path of the key file of `holder`: the one that exists, else the one that would be made.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where there are two.
    pub fn key_path(&self, holder: &Holder) -> Result<PathBuf, StoreError> {
        let folder = self.opened()?.join(layout::holder_folder(holder));
        let file = vault::key_file(&folder)?;
        Ok(file.map_or_else(|| folder.join(self.vault.file_name()), |file| file.place).path())
    }

    /// Path of a file of `holder`, `tls.crt` or `tls.key`, whether it exists or not.
    #[must_use]
    pub fn path_of(&self, holder: &Holder, file: &str) -> PathBuf {
        self.root.join(layout::holder_folder(holder)).join(file)
    }

    /// The folder of `holder`, if it is there; what is put into it beside its own files stays out of Git.
    ///
    /// # Errors
    /// A `.gitignore` cannot be written.
    pub fn folder_beside(&self, holder: &Holder) -> Result<Option<PathBuf>, StoreError> {
        let root = self.opened()?;
        let folder = root.join(layout::holder_folder(holder));
        if read::mode_of_folder(&folder)?.is_none() {
            return Ok(None);
        }
        folder::close_to_git(&root, |_| false)?;
        Ok(Some(folder.path()))
    }

    /// Public facts about `wanted`, and warnings about what others can read or change.
    ///
    /// Changes nothing, and needs no permission to. With them come the ledgers of all authorities, and the newest
    /// revocation lists.
    ///
    /// # Errors
    /// [`StoreError::Interrupted`] where an earlier change is unfinished;
    /// [`StoreError::Damaged`] for the first damaged holder, in their order, and for a damaged ledger;
    /// what is missing is not an error but [`Inventory::lost`].
    pub fn inventory(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), StoreError> {
        self.consistent(|root| {
            inventory::read(root, wanted, register::of_authorities, self.vault.sharing())
        })
    }

    /// As [`Store::inventory`], without the ledger entries of the certificates that `wanted` have now, unless
    /// they are revoked: for those who ask what else there is.
    ///
    /// # Errors
    /// As [`Store::inventory`].
    pub fn inventory_beside_current(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), StoreError> {
        self.consistent(|root| {
            inventory::read(root, wanted, register::beside_current, self.vault.sharing())
        })
    }

    /// As [`Store::inventory`], with neither ledgers nor revocation lists, unless one of `wanted` is not there: for
    /// those who ask for a few certificates, and what ever was issued does not matter to them.
    ///
    /// # Errors
    /// As [`Store::inventory`].
    pub fn held(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), StoreError> {
        self.consistent(|root| {
            let found = inventory::read(
                root,
                wanted,
                |_, _| Ok(register::Register::default()),
                self.vault.sharing(),
            )?;
            let is_known = |holder: &Holder| {
                found.0.held.contains_key(holder) || found.0.lost.contains_key(holder)
            };
            if wanted.iter().all(is_known) {
                return Ok(found);
            }
            // The ledgers distinguish what was lost from what was never issued.
            inventory::read(root, wanted, register::of_authorities, self.vault.sharing())
        })
    }

    /// As [`Store::inventory_beside_current`], with every ledger: those of self-signed certificates too.
    ///
    /// # Errors
    /// As [`Store::inventory`].
    pub fn everything(
        &self,
        wanted: &BTreeSet<Holder>,
    ) -> Result<(Inventory, Vec<Diagnostic>), StoreError> {
        self.consistent(|root| {
            inventory::read(root, wanted, register::of_all, self.vault.sharing())
        })
    }

    /// Every certificate that was ever issued, and what was revoked. Of the certificates of one holder,
    /// the one in its `tls.crt` is the current one, the others are superseded.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for the first file of a ledger that is not what mtlsgen wrote.
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        self.consistent(|root| {
            register::of_all(root, &Inventory::default()).map(|(ledger, _)| ledger)
        })
    }

    /// Every holder with a certificate or key in the store.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a folder that belongs to no holder.
    pub fn holders(&self) -> Result<BTreeSet<Holder>, StoreError> {
        self.consistent(contents::holders)
    }

    /// The certificates of all but those that `inventory` has. What cannot be read is passed over.
    ///
    /// # Errors
    /// The folder of the store cannot be opened.
    pub fn certificates_beside(
        &self,
        inventory: &Inventory,
    ) -> Result<Vec<(Holder, Certificate)>, StoreError> {
        let is_known = |holder: &Holder| inventory.held.contains_key(holder);
        self.consistent(|root| contents::certificates_beside(root, is_known))
    }

    /// Those among them that are called `name`, or `clients/NAME`, `hosts/NAME`, `cas/NAME`; without looking at others.
    ///
    /// # Errors
    /// As [`Store::holders`].
    pub fn holders_called(&self, name: &str) -> Result<BTreeSet<Holder>, StoreError> {
        self.consistent(|root| contents::holders_called(root, name))
    }

    /// The authorities among them.
    ///
    /// # Errors
    /// As [`Store::holders`].
    pub fn authorities(&self) -> Result<BTreeSet<Holder>, StoreError> {
        self.consistent(contents::authorities)
    }

    /// The private keys of `holders`, each checked against its certificate in `inventory`.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for all that are not there, [`StoreError::Damaged`] for the first that is not as it should be,
    /// [`StoreError::Changed`] if another process replaced it since `inventory` was read.
    pub fn keyring(
        &self,
        inventory: &Inventory,
        holders: &BTreeSet<Holder>,
    ) -> Result<Keyring, StoreError> {
        let holders: Vec<&Holder> = holders.iter().collect();
        let (root, vault) = (&self.guarded()?, &self.vault);
        keyring::require_all(root, vault, inventory, &holders)?;
        let read = |holder: &&Holder| {
            keyring::key(root, vault, inventory, holder).map(|key| ((*holder).clone(), key))
        };
        let keys: Vec<(Holder, PrivateKey)> = parallel::map(&holders, read)?;
        Ok(keys.into_iter().collect())
    }

    /// The private keys of generations of authorities beside the current ones, by the names of the authorities
    /// and the hashes of the keys.
    ///
    /// # Errors
    /// As [`Store::keyring`].
    pub fn generation_keys<'a>(
        &self,
        inventory: &Inventory,
        wanted: impl IntoIterator<Item = (&'a str, SpkiHash)>,
    ) -> Result<Keyring, StoreError> {
        let root = self.guarded()?;
        let mut keyring = Keyring::default();
        for (name, hash) in wanted {
            let Some(all) = inventory.generations.get(name) else { continue };
            keyring.insert_generation(generations::key(&root, &self.vault, name, all, &hash)?);
        }
        Ok(keyring)
    }

    /// Takes the right to change the store, makes its folder if need be, and finishes what a killed
    /// process left. What was read before may have changed: read it again.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process holds it for too long; [`StoreError::Shared`] where other users
    /// can change it; [`StoreError::ForeignChange`] where what was left is not of this store.
    pub fn lock(&self) -> Result<StoreLock, StoreError> {
        folder::make(&self.root)?;
        let root = self.opened()?;
        folder::require_plain_files(&root)?;
        let is_shared = !self.require_unshared(&root)?.is_empty();
        let lock = lock::acquire(&self.root, self.wait_limit, &self.say)?;
        if is_shared {
            sharing::mend(&lock.root);
            self.shared.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        folder::furnish(&lock.root)?;
        transaction::recover(&FileSystem, &lock.root)?;
        Ok(lock)
    }

    /// Finishes an earlier change that was interrupted, and where keys are sealed takes away what a killed process
    /// prepared and never decided: it may hold keys in clear, if encryption was to be switched off. Commands that
    /// change the store start with it; all others refuse a store whose last change is unfinished.
    ///
    /// # Errors
    /// As [`Store::lock`].
    pub fn finish_interrupted(&self) -> Result<(), StoreError> {
        let root = self.opened()?;
        let is_left_over = self.recipients() > 0 && transaction::is_prepared(&root)?;
        if is_left_over || transaction::is_decided(&root)? {
            drop(self.lock()?);
        }
        Ok(())
    }

    /// Puts everything that was issued or revoked at `at` into the store, all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError::Unfinished`] where the next run carries the change on; after every other error
    /// the store is as it was.
    pub fn commit(
        &self,
        lock: &StoreLock,
        issued: &Issued,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if issued.is_empty() {
            return Ok(());
        }
        let (files, removal) = issuance::files(&lock.root, &self.vault, issued, at)?;
        self.put(lock, files, removal)
    }

    /// Key files of the whole store that do not lie as the spec says: in clear though it names recipients,
    /// sealed for others than those, or sealed though it names none. Needs no identity.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a key file that is none.
    pub fn unsettled_keys(&self) -> Result<UnsettledKeys, StoreError> {
        self.consistent(|root| {
            let unsettled = reencryption::unsettled(root, &self.vault)?;
            Ok(reencryption::summary(&self.vault, &unsettled))
        })
    }

    /// Key files below the store that `mtlsgen import` copied and the spec names: nothing seals them.
    #[must_use]
    pub fn supplied_keys(&self) -> Vec<PathBuf> {
        self.opened().map(|root| reencryption::supplied(&root)).unwrap_or_default()
    }

    /// Writes all those keys as the spec says, and removes files in clear that are sealed now, in one change;
    /// returns which ones they were.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::Sealed`] and [`StoreError::Identity`] where a key cannot be opened.
    pub fn settle_keys(&self, lock: &StoreLock) -> Result<UnsettledKeys, StoreError> {
        let unsettled = reencryption::unsettled(&lock.root, &self.vault)?;
        if !unsettled.is_empty() {
            let (files, removal) = reencryption::files(&lock.root, &self.vault, &unsettled)?;
            self.put(lock, files, removal)?;
        }
        Ok(reencryption::summary(&self.vault, &unsettled))
    }

    /// Whether the keys of `holders` can be had, judged by the first one that is sealed: the others are
    /// sealed for the same recipients.
    ///
    /// # Errors
    /// As [`Store::keyring`], but for [`StoreError::Sealed`].
    pub fn opens_keys<'a>(
        &self,
        holders: impl IntoIterator<Item = &'a Holder>,
    ) -> Result<bool, StoreError> {
        let root = self.guarded()?;
        for holder in holders {
            let folder = root.join(layout::holder_folder(holder));
            let Some(file) = vault::key_file(&folder)?.filter(|file| file.is_sealed) else {
                continue;
            };
            return match self.vault.text(&file, holder) {
                Ok(_) => Ok(true),
                Err(StoreError::Sealed(_)) => Ok(false),
                Err(error) => Err(error),
            };
        }
        Ok(true)
    }

    /// How many recipients new keys are sealed for; none: they lie in clear.
    #[must_use]
    pub fn recipients(&self) -> usize {
        self.readers().len()
    }

    /// These recipients.
    #[must_use]
    pub fn readers(&self) -> &BTreeSet<String> {
        self.vault.recipients().texts()
    }

    /// Puts a foreign PKI into a store without holders, and with it the spec, all of it or nothing. The spec goes to its
    /// own place afterwards, and then [`Store::end_import`] follows; until then, the next import carries on from there.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn import(
        &self,
        lock: &StoreLock,
        imported: (&Contents, &str),
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (files, removal) = import::files(&lock.root, &self.vault, imported, at)?;
        self.put(lock, files, removal)
    }

    /// What is here before an import; an earlier one that had decided is carried out.
    ///
    /// # Errors
    /// As [`Store::lock`].
    pub fn before_import(&self) -> Result<Before, StoreError> {
        let root = self.opened()?;
        if import::has_begun(&root)? {
            let lock = self.lock()?;
            if let Some(unfinished) = import::unfinished(&lock.root)? {
                return Ok(Before::Unfinished(unfinished));
            }
        }
        Ok(if import::is_unused(&root)? { Before::Nothing } else { Before::Other })
    }

    /// Whether the store holds what importing that at `at` makes, and nothing else.
    ///
    /// # Errors
    /// A file of the store cannot be read.
    pub fn is_result_of_import(
        &self,
        imported: (&Contents, &str),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        import::is_result(&self.opened()?, &self.vault, (imported, self.name.as_deref()), at)
    }

    /// The spec of an import lies in its place: forgets the one in the store.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn end_import(&self, lock: &StoreLock) -> Result<(), StoreError> {
        let place = lock.root.join(layout::IMPORTED_SPEC);
        place.remove_file().map_err(|error| StoreError::io("remove", &place, error))
    }

    /// Takes one step of the rollover of authority `name`, wholly or not at all.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::Missing`] and [`StoreError::Damaged`] for a generation whose files are
    /// not as they should be.
    pub fn rotate(
        &self,
        lock: &StoreLock,
        name: &str,
        change: Change<'_>,
    ) -> Result<(), StoreError> {
        let (files, removal) = rotation::files(&lock.root, &self.vault, name, change)?;
        self.put(lock, files, removal)
    }

    /// Changes files below the folders of holders. A store without a name gets the one of the spec with it.
    fn put(
        &self,
        lock: &StoreLock,
        mut files: Vec<transaction::NewFile>,
        removal: transaction::Removal,
    ) -> Result<(), StoreError> {
        let is_nameless = naming::read(&lock.root)?.is_none();
        let named = self.name.as_deref().filter(|_| is_nameless);
        let was_used = named.is_some() && !import::is_unused(&lock.root)?;
        if let Some(name) = named {
            files.retain(|file| file.path != layout::SPEC_NAME);
            files.push(naming::file(name));
        }
        let begins = |file: &transaction::NewFile, kind: &layout::Kind| {
            file.path.split('/').next() == Some(kind.folder)
        };
        folder::close_to_git(&lock.root, |kind| files.iter().any(|file| begins(file, kind)))?;
        for file in files.iter().filter(|file| layout::part(&file.path) == Some(layout::Part::Key))
        {
            if let Some(folder) = lock.root.join(&file.path).parent() {
                folder::close_key_folder(&folder)?;
            }
        }
        transaction::replace(&FileSystem, &lock.root, files, removal)?;
        if let Some(name) = named.filter(|_| was_used) {
            let store = self.root.display();
            (self.say)(&format!("the store `{store}` belongs to the spec `{name}` from now on"));
        }
        Ok(())
    }

    /// The store's folder, opened; everything in it is absent where there is none.
    fn opened(&self) -> Result<Place, StoreError> {
        folder::open(&self.root)
    }

    /// As [`Store::opened`], for those who read keys: no other user can change it.
    fn guarded(&self) -> Result<Place, StoreError> {
        let root = self.opened()?;
        self.require_unshared(&root)?;
        Ok(root)
    }

    /// Makes sure that only trusted users can change the folders at `root` and what was read so far; gives what the
    /// group can change.
    fn require_unshared(&self, root: &Place) -> Result<BTreeSet<Shared>, StoreError> {
        sharing::look_at_folders(root)?;
        let shared = self.remember_shared(root);
        self.vault.sharing().require(shared.iter().cloned())?;
        Ok(shared)
    }

    /// All that others can change of what was read through `root` and before.
    fn remember_shared(&self, root: &Place) -> BTreeSet<Shared> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.extend(sharing::noted(root));
        shared.clone()
    }

    /// What `read` finds while no change of another process falls into its reading. Changes nothing.
    fn consistent<T>(
        &self,
        read: impl Fn(&Place) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        for _ in 0..READING_ATTEMPTS {
            let root = self.opened()?;
            folder::require_plain_files(&root)?;
            let before = transaction::generation(&root)?;
            if transaction::is_decided(&root)? {
                // Its owner is at it, or was killed.
                lock::undisturbed(&root, self.wait_limit, &self.say, || {
                    if transaction::is_decided(&root)? {
                        return Err(StoreError::Interrupted { path: transaction::list(&root) });
                    }
                    Ok(())
                })?;
                continue;
            }
            let found = read(&root);
            self.remember_shared(&root);
            let is_decided = transaction::is_decided(&root)?;
            if !is_decided && transaction::generation(&root)? == before {
                return found;
            }
        }
        Err(StoreError::Changed { path: self.root.clone() })
    }
}

#[cfg(test)]
mod tests;
