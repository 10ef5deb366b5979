//! Ready `curl` lines for the hosts that a client may reach.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::address::Address;
use super::credential::{Credential, server_root};
use super::refused;
use crate::cli::report::CommandError;
use crate::enforcement::Refusal;
use crate::kustomize::doctor::command::quoted;
use crate::model::{Exposure, ServerCertificateSource};
use crate::pki::request::Holder;
use crate::specification::Verify;

/// What was written by this run, in the place of the store's files.
#[derive(Clone, Copy)]
pub enum Exported<'a> {
    /// Certificate and key as PKCS#12, and the file of its password, if it has one.
    Pkcs12(&'a Path, Option<&'a Path>),
    /// Certificate and key as PEM.
    Combined(&'a Path),
    /// The certificate alone.
    Chain(&'a Path),
    /// The key alone.
    Key(&'a Path),
}

/// What a line says of the client's certificate and key, and what its words in capitals are.
struct Own {
    words: String,
    notes: String,
}

/// A line for each host, and the answer to expect below it; it names what was exported.
///
/// # Errors
/// The holder is not a client.
pub fn lines(
    credential: &Credential,
    address: Option<&Address>,
    exported: Option<Exported<'_>>,
) -> Result<String, CommandError> {
    let Holder::Client(_) = &credential.holder else {
        let hint = "name a client: `clients/NAME`";
        return Err(refused(&credential.holder, "only clients call hosts", hint));
    };
    let own = own(credential, exported)?;
    let mut text = String::new();
    let reached = credential.reached()?;
    for exposure in &reached {
        let line = line(credential, &own.words, exposure, address);
        let line = line.ok_or_else(|| no_files(credential))?;
        let _ = writeln!(
            text,
            "{line}\n# {}",
            answers(exposure, credential.model.conventions.verifier.refusal)
        );
    }
    if text.is_empty() {
        return Ok(format!(
            "# no host of the spec asks for a certificate that lets {} in\n",
            credential.holder
        ));
    }
    if !credential.has_files() {
        text.push_str(&exports(credential, &reached, exported));
    }
    if address.is_none() {
        text.push_str("# ADDRESS is that of the ingress: `--address` puts it in\n");
    }
    Ok(text + &own.notes)
}

fn no_files(credential: &Credential) -> CommandError {
    let hint = "write files with `--as pem-combined`, and name them to curl";
    refused(&credential.holder, "Secrets have no files that a `curl` line could name", hint)
}

fn own(credential: &Credential, exported: Option<Exported<'_>>) -> Result<Own, CommandError> {
    let file = |path: &Path| quoted(&path.display().to_string());
    let own = match exported {
        Some(Exported::Combined(path)) => {
            Own { words: format!("--cert {}", file(path)), notes: String::new() }
        }
        Some(Exported::Pkcs12(path, password)) => {
            let secret = password.map(|path| format!("\"$(cat {})\"", file(path)));
            let notes = match secret {
                Some(_) => "",
                None => "# PASSWORD is that of the PKCS#12 file\n",
            };
            let secret = secret.unwrap_or_else(|| "PASSWORD".to_owned());
            let words = format!("--cert-type P12 --cert {} --pass {secret}", file(path));
            Own { words, notes: notes.to_owned() }
        }
        Some(Exported::Chain(path)) => {
            let (key, notes) = stored_key(credential)?;
            Own { words: format!("--cert {} --key {key}", file(path)), notes }
        }
        Some(Exported::Key(path)) => {
            let words = format!("--cert {} --key {}", stored_chain(credential)?, file(path));
            Own { words, notes: String::new() }
        }
        None => {
            let (key, notes) = stored_key(credential)?;
            Own { words: format!("--cert {} --key {key}", stored_chain(credential)?), notes }
        }
    };
    Ok(own)
}

fn stored_chain(credential: &Credential) -> Result<String, CommandError> {
    let path = credential.path(&credential.holder, "tls.crt");
    let path = path.ok_or_else(|| no_files(credential))?;
    Ok(quoted(&path.display().to_string()))
}

/// The key as a line names it, and what is said of that.
fn stored_key(credential: &Credential) -> Result<(String, String), CommandError> {
    let path = credential.key_path()?.ok_or_else(|| no_files(credential))?;
    let is_encrypted = path.extension().is_some_and(|end| end == "age");
    let key = quoted(&path.display().to_string());
    let (key, notes) = match (credential.is_by_request(), is_encrypted) {
        (true, _) => ("KEY".to_owned(), "# KEY is the private key, which its owner has\n"),
        (false, true) => (
            format!("<(age -d -i IDENTITY {key})"),
            "# IDENTITY is a file of age identities that opens the key; bash and zsh know `<(...)`\n",
        ),
        (false, false) => (key, ""),
    };
    Ok((key, notes.to_owned()))
}

/// How the files of the lines are made, where no store has them.
fn exports(
    credential: &Credential,
    reached: &[&Exposure],
    exported: Option<Exported<'_>>,
) -> String {
    let servers = reached.iter().filter_map(|exposure| match &exposure.tls.as_ref()?.source {
        ServerCertificateSource::Held(server) => server_root(&credential.model, server),
        _ => None,
    });
    let roots: BTreeSet<Holder> = servers.collect();
    let needs_chain = matches!(exported, None | Some(Exported::Key(_)));
    let needs_key = matches!(exported, None | Some(Exported::Chain(_)));
    let own = needs_chain.then_some((&credential.holder, "pem-chain", "tls.crt"));
    let key = (&credential.holder, "pem-key", "tls.key");
    let key = (needs_key && !credential.is_by_request()).then_some(key);
    let roots = roots.iter().map(|root| (root, "pem-chain", "tls.crt"));
    let line = |(holder, form, file): (&Holder, &str, &str)| {
        let path = quoted(&credential.path(holder, file)?.display().to_string());
        let holder = quoted(&holder.full_name());
        Some(format!("# mtlsgen cert export {holder} --as {form} -o {path}\n"))
    };
    let lines: String = own.into_iter().chain(key).chain(roots).filter_map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    format!("# a derived store has no files: make them first\n{lines}")
}

/// `None` if the files that it would name are none.
fn line(
    credential: &Credential,
    own: &str,
    exposure: &Exposure,
    address: Option<&Address>,
) -> Option<String> {
    // A wildcard matches any one name.
    let host = exposure.host.as_str();
    let host =
        host.strip_prefix("*.").map_or_else(|| host.to_owned(), |rest| format!("any.{rest}"));
    let (flag, way) = match address {
        Some(address) => address.for_curl(&host),
        None => ("--resolve", format!("{host}:443:ADDRESS")),
    };
    let file = |holder: &Holder, name: &str| {
        let path = credential.path(holder, name)?;
        Some(quoted(&path.display().to_string()))
    };
    let mut line = format!("curl {flag} {} {own}", quoted(&way));
    let source = exposure.tls.as_ref().map(|tls| &tls.source);
    if let Some(ServerCertificateSource::Held(server)) = source
        && let Some(root) = server_root(&credential.model, server)
    {
        let _ = write!(line, " --cacert {}", file(&root, "tls.crt")?);
    }
    let path = exposure.routes.first().map_or("/", |route| route.path.as_str());
    let _ = write!(line, " {}", quoted(&format!("https://{host}{path}")));
    Some(line)
}

fn answers(exposure: &Exposure, refusal: Refusal) -> String {
    if exposure.is_unknown() {
        return "200 (or what the service answers) with the certificate; without, that depends on annotations that the spec allows by name".to_owned();
    }
    let auth = exposure.client_auth.as_ref();
    match auth.map(|auth| (auth.verify, &auth.error_page)) {
        Some((Verify::On, _)) if refusal == Refusal::Alert => {
            "200 (or what the service answers) with the certificate; without, the TLS handshake fails (curl: 16, 35, 55 or 56)".to_owned()
        }
        Some((Verify::On, None)) => "200 (or what the service answers) with the certificate, 400 without".to_owned(),
        Some((Verify::On, Some(page))) => {
            format!("200 (or what the service answers) with the certificate, 302 to {page} without")
        }
        _ => "200 (or what the service answers) with the certificate and without: it is optional here".to_owned(),
    }
}
