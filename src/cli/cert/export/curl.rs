//! Ready `curl` lines for the hosts that a client may reach.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::address::Address;
use super::credential::{Credential, server_root};
use super::refused;
use crate::cli::report::CommandError;
use crate::kustomize::doctor::command::quoted;
use crate::model::{Exposure, ServerCertificateSource};
use crate::pki::request::Holder;
use crate::specification::Verify;

/// A line for each host, and the answer to expect below it.
///
/// # Errors
/// The holder is no client.
pub fn lines(credential: &Credential, address: Option<&Address>) -> Result<String, CommandError> {
    let Holder::Client(_) = &credential.holder else {
        let hint = "name a client: `clients/NAME`";
        return Err(refused(&credential.holder, "only clients call hosts", hint));
    };
    let no_files = || {
        let hint = "write files with `--as pem-combined`, and name them to curl";
        refused(&credential.holder, "Secrets have no files that a `curl` line could name", hint)
    };
    let path = credential.key_path()?.ok_or_else(no_files)?;
    let is_encrypted = path.extension().is_some_and(|end| end == "age");
    let key = quoted(&path.display().to_string());
    let key = match (credential.is_by_request(), is_encrypted) {
        (true, _) => "KEY".to_owned(),
        (false, true) => format!("<(age -d -i IDENTITY {key})"),
        (false, false) => key,
    };
    let mut text = String::new();
    let reached = credential.reached()?;
    for exposure in &reached {
        let line = line(credential, &key, exposure, address).ok_or_else(no_files)?;
        let _ = writeln!(text, "{line}\n# {}", answers(exposure));
    }
    if text.is_empty() {
        return Ok(format!(
            "# no host of the spec asks for a certificate that lets {} in\n",
            credential.holder
        ));
    }
    if credential.is_by_request() {
        text.push_str("# KEY is the private key, which its owner has\n");
    }
    if !credential.has_files() {
        text.push_str(&exports(credential, &reached));
    }
    if address.is_none() {
        text.push_str("# ADDRESS is that of the ingress: `--address` puts it in\n");
    }
    if is_encrypted {
        text.push_str("# IDENTITY is a file of age identities that opens the key; bash and zsh know `<(...)`\n");
    }
    Ok(text)
}

/// How the files of the lines are made, where no store has them.
fn exports(credential: &Credential, reached: &[&Exposure]) -> String {
    let servers = reached.iter().filter_map(|exposure| match &exposure.tls.as_ref()?.source {
        ServerCertificateSource::Held(server) => server_root(&credential.model, server),
        _ => None,
    });
    let roots: BTreeSet<Holder> = servers.collect();
    let own = (&credential.holder, "pem-chain", "tls.crt");
    let key = (&credential.holder, "pem-key", "tls.key");
    let key = (!credential.is_by_request()).then_some(key);
    let roots = roots.iter().map(|root| (root, "pem-chain", "tls.crt"));
    let line = |(holder, form, file): (&Holder, &str, &str)| {
        let path = quoted(&credential.path(holder, file)?.display().to_string());
        let holder = quoted(&holder.full_name());
        Some(format!("# mtlsgen cert export {holder} --as {form} -o {path}\n"))
    };
    let lines: String = [own].into_iter().chain(key).chain(roots).filter_map(line).collect();
    format!("# a derived store has no files: make them first\n{lines}")
}

/// `None` if the files that it would name are none.
fn line(
    credential: &Credential,
    key: &str,
    exposure: &Exposure,
    address: Option<&Address>,
) -> Option<String> {
    // A wildcard stands for any one name.
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
    let mut line = format!(
        "curl {flag} {} --cert {} --key {key}",
        quoted(&way),
        file(&credential.holder, "tls.crt")?,
    );
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

fn answers(exposure: &Exposure) -> String {
    if exposure.is_unknown() {
        return "200 (or what the service answers) with the certificate; without, that depends on annotations that the spec allows by name".to_owned();
    }
    let auth = exposure.client_auth.as_ref();
    match auth.map(|auth| (auth.verify, &auth.error_page)) {
        Some((Verify::On, None)) => "200 (or what the service answers) with the certificate, 400 without".to_owned(),
        Some((Verify::On, Some(page))) => {
            format!("200 (or what the service answers) with the certificate, 302 to {page} without")
        }
        _ => "200 (or what the service answers) with the certificate and without: it is optional here".to_owned(),
    }
}
