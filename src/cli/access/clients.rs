//! Clients to ask about: by file, and those of the spec.

use std::path::PathBuf;

use crate::access::Client;
use crate::cli::report::CommandError;
use crate::diagnostic::Diagnostic;
use crate::enforcement::Presented;
use crate::io::input;
use crate::pki::certificate::Certificate;
use crate::pki::request::Holder;
use crate::plan::Holdings;
use crate::store::Material as _;

/// A file with a client's certificate, under a name.
#[derive(Clone, Debug)]
pub struct NamedFile {
    name: String,
    file: PathBuf,
}

/// Reads `NAME=FILE`.
///
/// # Errors
/// A part is missing.
pub fn named_file(text: &str) -> Result<NamedFile, String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok(NamedFile { name: name.to_owned(), file: PathBuf::from(file) })
        }
        _ => Err("write a name for the client, `=` and a file with its certificate".to_owned()),
    }
}

impl NamedFile {
    /// The client.
    ///
    /// # Errors
    /// The file cannot be read, or has no certificate.
    pub fn read(&self) -> Result<Client, CommandError> {
        let text = input::read_bytes(&self.file)?;
        let chain = Certificate::from_pem(&text).map_err(|error| {
            let title = format!("`{}`: {error}", self.file.display());
            let help = "the file has the client's certificate first, then those that it sends along, as PEM";
            CommandError::Input(vec![Diagnostic::error("certificate", title).help(help)])
        })?;
        Ok(Client { name: self.name.clone(), shows: Presented::Chain(chain) })
    }
}

/// A client of the spec with the chain that it is given, if it has one.
pub fn of_spec(name: &str, holdings: &Holdings<'_>) -> Option<Client> {
    let pem = holdings.certificate_chain(&Holder::Client(name.to_owned()))?;
    let chain = Certificate::from_pem(pem.as_bytes()).ok()?;
    Some(Client { name: name.to_owned(), shows: Presented::Chain(chain) })
}
