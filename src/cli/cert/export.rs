//! `mtlsgen cert export`: hands a certificate out, as PEM or PKCS#12.

mod address;
mod credential;
mod curl;
mod destination;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use zeroize::Zeroizing;

use self::address::Address;
use self::curl::Exported;
use super::password;
use crate::cli::existing_arguments::ExistingArguments;
use crate::cli::globals::Globals;
use crate::cli::report::{CommandError, ExitStatus, Report, show};
use crate::cli::spec_arguments::SpecArguments;
use crate::diagnostic::{Deed, Diagnostic, literal};
use crate::io::{entropy, terminal};
use crate::pki::chain;
use crate::pki::pkcs12::{self, Contents, Password};
use crate::pki::request::Holder;
use credential::Credential;
use destination::Destination;

/// Hand out a certificate of the store, as PKCS#12 for browsers and Java or as PEM, with its chain
///
/// Issues nothing. A password for PKCS#12 is made (140 random bits) unless a file has one, and shown once on the
/// terminal; it is never taken from the command line. What holds a key is not written where Git would take it up.
/// Ends with a `curl` line for each host that the client may reach, and the answer to expect.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Holder: `alice`, `clients/alice`, `hosts/NAME`, `cas/NAME`
    #[arg(value_name = "NAME")]
    name: String,
    /// What to write; without it, what the ending of FILE says, else `pkcs12`, and `pem-chain` for authorities and for clients with `csr`
    ///
    /// `.p12` and `.pfx` are `pkcs12`; `.pem`, `.crt` and `.cer` are `pem-chain`; `.key` is `pem-key`.
    #[arg(long = "as", value_name = "FORM")]
    form: Option<Form>,
    /// File to write, `-` for standard output; for `pkcs12`, `NAME.p12` in the holder's folder of the store, else standard output
    ///
    /// Without such a folder, `NAME.p12` goes to the working directory.
    /// Keys are not written to a terminal. A new file has mode 0600 if there is a key in it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace files that exist, and write what holds a key also where Git does not ignore it
    #[arg(long)]
    force: bool,
    /// Write the root behind the chain, too
    #[arg(long)]
    with_root: bool,
    /// How PKCS#12 is protected; defaults to `modern`
    #[arg(long, help_heading = "PKCS#12")]
    profile: Option<Profile>,
    /// Name that browsers and key rings show; defaults to the holder's
    #[arg(long, value_name = "NAME", help_heading = "PKCS#12")]
    friendly_name: Option<String>,
    /// File whose first line is the password, `-` for standard input; by default, one is generated
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "new_password_file",
        help_heading = "PKCS#12"
    )]
    password_file: Option<PathBuf>,
    /// File to write the new password to, `-` for standard output, instead of showing it on the terminal
    #[arg(long, value_name = "FILE", help_heading = "PKCS#12")]
    new_password_file: Option<PathBuf>,
    /// Address of the ingress, for the `curl` lines: a host or IP address, and `:PORT` if it is not 443
    #[arg(long, value_name = "ADDRESS", value_parser = address::address)]
    address: Option<Address>,
    #[command(flatten)]
    existing: ExistingArguments,
    #[command(flatten)]
    spec: SpecArguments,
}

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One file with certificate, intermediates and key, under a password
    Pkcs12,
    /// Certificate, then intermediates; of an authority, the trust bundle up to the root
    PemChain,
    /// The private key (PKCS#8)
    PemKey,
    /// Key, certificate and intermediates in one file
    PemCombined,
    /// Nothing but the `curl` lines, on standard output
    Curl,
}

/// How PKCS#12 is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// AES-256 and SHA-256: OpenSSL 1.1.1, Java 12, Firefox, Windows Server 2019, and newer ones
    Modern,
    /// Triple DES and SHA-1: also iOS, macOS, Android 11, Java 8 and old Windows; rely on the password's secrecy
    Compatible,
}

/// Hands out.
pub fn run(args: &Args, globals: &Globals) -> Result<ExitStatus, CommandError> {
    let report = globals.report();
    let chosen = args.form.or_else(|| args.output.as_deref().and_then(by_ending));
    let with_key = hands_out_key(chosen);
    let credential = credential::load(&args.name, &args.spec, &args.existing, with_key, report)?;
    let is_without_key =
        matches!(credential.holder, Holder::Authority(_)) || credential.is_by_request();
    let form = chosen.unwrap_or(if is_without_key { Form::PemChain } else { Form::Pkcs12 });
    refuse_useless_flags(args, form)?;
    if form == Form::Curl {
        show(&curl::lines(&credential, args.address.as_ref(), None)?, false)?;
        return Ok(ExitStatus::Done);
    }
    let (file, password) = if form == Form::Pkcs12 {
        write_pkcs12(args, &credential, report)?
    } else {
        (write_pem(args, &credential, form, report)?, None)
    };
    if matches!(credential.holder, Holder::Client(_)) && !args.existing.is_given() {
        let exported = file.as_deref().and_then(|file| exported(form, file, password.as_deref()));
        report.say_lines(&curl::lines(&credential, args.address.as_ref(), exported)?);
    }
    Ok(ExitStatus::Done)
}

/// What a `curl` line names of what was written.
fn exported<'a>(form: Form, file: &'a Path, password: Option<&'a Path>) -> Option<Exported<'a>> {
    match form {
        Form::Pkcs12 => Some(Exported::Pkcs12(file, password)),
        Form::PemCombined => Some(Exported::Combined(file)),
        Form::PemChain => Some(Exported::Chain(file)),
        Form::PemKey => Some(Exported::Key(file)),
        Form::Curl => None,
    }
}

/// The form that the extension of a file implies.
fn by_ending(file: &Path) -> Option<Form> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "p12" | "pfx" => Some(Form::Pkcs12),
        "pem" | "crt" | "cer" => Some(Form::PemChain),
        "key" => Some(Form::PemKey),
        _ => None,
    }
}

/// Whether the key may be needed; where no form is said, the holder decides.
fn hands_out_key(form: Option<Form>) -> bool {
    !matches!(form, Some(Form::PemChain | Form::Curl))
}

/// A flag that has no effect is an error.
fn refuse_useless_flags(args: &Args, form: Form) -> Result<(), CommandError> {
    let is_pkcs12 = form == Form::Pkcs12;
    let has_certificates = !matches!(form, Form::PemKey | Form::Curl);
    let has_output = form != Form::Curl;
    let flags = [
        (args.password_file.is_some(), is_pkcs12, "--password-file"),
        (args.new_password_file.is_some(), is_pkcs12, "--new-password-file"),
        (args.friendly_name.is_some(), is_pkcs12, "--friendly-name"),
        (args.profile.is_some(), is_pkcs12, "--profile"),
        (args.with_root, has_certificates, "--with-root"),
        (args.output.is_some(), has_output, "--output"),
        (args.force, has_output, "--force"),
    ];
    let useless = flags.into_iter().find(|(given, has_effect, _)| *given && !has_effect);
    let Some((.., flag)) = useless else { return Ok(()) };
    let form = form.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
    let what = format!("`{flag}` has no effect with `--as {form}`");
    let hint = "leave it out, or choose another form with `--as`; without it, the ending of the file decides, else it is `pkcs12`";
    Err(CommandError::world("useless-flag", &what, Some(hint.to_owned())))
}

fn write_pem(
    args: &Args,
    credential: &Credential,
    form: Form,
    report: Report,
) -> Result<Option<PathBuf>, CommandError> {
    let mut text = Zeroizing::new(String::new());
    if form != Form::PemChain {
        let key = credential.key()?.to_pem();
        // Reserved at once, so that no unwiped copy is left behind by growing.
        text.reserve(key.len() + 8192 * credential.chain.len());
        text.push_str(&key);
    }
    if form != Form::PemKey {
        text.push_str(&chain::to_pem(credential.certificates(args.with_root)));
    }
    let has_key = form != Form::PemChain;
    let destination = Destination::new(args.output.as_deref().unwrap_or(Path::new("-")), has_key);
    destination.refuse_terminal()?;
    destination::write(&[(&destination, text.as_bytes())], args.force)?;
    if let Some(path) = destination.file() {
        let secret = if has_key { " (with the private key: keep it secret)" } else { "" };
        report_written(
            path,
            &credential.holder,
            &format!("wrote `{}`{secret}", path.display()),
            report,
        );
    }
    Ok(destination.file().map(Path::to_owned))
}

/// Writes the file and its password; gives where they are.
fn write_pkcs12(
    args: &Args,
    credential: &Credential,
    report: Report,
) -> Result<(Option<PathBuf>, Option<PathBuf>), CommandError> {
    let output = match &args.output {
        Some(path) => path.clone(),
        None => credential.folder()?.unwrap_or_default().join(file_name(&credential.holder, "p12")),
    };
    let output = Destination::new(&output, true);
    output.refuse_terminal()?;
    let key = credential.key()?;
    let (password, password_output) = match &args.password_file {
        Some(path) => (password::for_new_file(path)?, None),
        None => (Password::generate(&mut entropy::fill), password_destination(args, &output)?),
    };
    if output.file().is_some()
        && output.file() == password_output.as_ref().and_then(Destination::file)
    {
        let what = "the PKCS#12 file and its password cannot be one file";
        let hint = "name another file behind `--new-password-file`";
        return Err(CommandError::world("password", &what, Some(hint.to_owned())));
    }
    if !password.is_ascii() {
        let title = "the password is not ASCII, which programs encode in different ways: some will not open the file";
        report.diagnostics(&[Diagnostic::warning("password-not-ascii", title)]);
    }
    let certificates = credential.certificates(args.with_root);
    let friendly_name = args.friendly_name.as_deref().unwrap_or(credential.holder.name());
    let contents = Contents { chain: &certificates, key, friendly_name };
    let profile = match args.profile.unwrap_or(Profile::Modern) {
        Profile::Modern => pkcs12::Profile::Modern,
        Profile::Compatible => pkcs12::Profile::Compatible,
    };
    let octets = pkcs12::write(contents, &password, profile, &mut entropy::fill)
        .map_err(|error| CommandError::world("friendly-name", &error, None))?;
    let line = password.to_line();
    let mut files = vec![(&output, octets.as_slice())];
    files.extend(password_output.iter().map(|destination| (destination, line.as_bytes())));
    destination::write(&files, args.force)?;
    if let Some(path) = output.file() {
        let words = format!("wrote `{}`", path.display());
        report_written(path, &credential.holder, &words, report);
    }
    if args.password_file.is_none() && password_output.is_none() {
        terminal::show("Its password, which is shown this once: ", line.as_bytes())
            .map_err(|error| without_place(Some(&error.to_string())))?;
    }
    if let Some(path) = password_output.as_ref().and_then(Destination::file) {
        let shown = path.display();
        let words =
            format!("wrote its password to `{shown}`: hand it over on another way than the file");
        report_written(path, &credential.holder, &words, report);
    }
    let password = password_output.as_ref().and_then(Destination::file);
    let password = password.map(Path::to_owned).or_else(|| args.password_file.clone());
    Ok((output.file().map(Path::to_owned), password.filter(|path| path.as_os_str() != "-")))
}

fn report_written(path: &Path, holder: &Holder, words: &str, report: Report) {
    let written = Deed::to_path("wrote", &path.display());
    report.did(Deed { holder: Some(holder.full_name()), ..written }, words);
}

/// Where the new password goes; `None`: to the person at the terminal.
fn password_destination(
    args: &Args,
    output: &Destination,
) -> Result<Option<Destination>, CommandError> {
    match &args.new_password_file {
        Some(path) if path.as_os_str() == "-" && output.file().is_none() => {
            let what =
                "the PKCS#12 file goes to standard output, and its password needs another place";
            let hint = "use `--new-password-file FILE`, or `--password-file FILE` with a password of yours";
            Err(CommandError::world("password", what, Some(hint.to_owned())))
        }
        Some(path) => Ok(Some(Destination::new(path, true))),
        None if terminal::has_reader() => Ok(None),
        None => Err(without_place(None)),
    }
}

/// There is no terminal to show the new password on.
fn without_place(why: Option<&str>) -> CommandError {
    let why = why.unwrap_or("standard error is not a terminal to show it on");
    let what = format!("the password of the new file has no place: {why}");
    let hint = "name a file for it with `--new-password-file FILE`, or one that has a password with `--password-file FILE`; on a terminal, a new password is shown once";
    CommandError::world("password", &what, Some(hint.to_owned()))
}

/// A name for the file that is one on every system.
fn file_name(holder: &Holder, ending: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '_' };
    let name: String = holder.name().chars().map(safe).collect();
    let start = if name.starts_with(['.', '-']) || name.is_empty() { "_" } else { "" };
    format!("{start}{}.{ending}", name.chars().take(100).collect::<String>())
}

/// The holder cannot be given out like that.
fn refused(holder: &Holder, why: &str, hint: &str) -> CommandError {
    let what = format!("{}: {why}", literal(&holder.full_name()));
    CommandError::world("export", &what, Some(hint.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_after_their_holder() {
        let name = |name: &str| file_name(&Holder::Client(name.into()), "p12");
        assert_eq!(name("alice@example.com"), "alice@example.com.p12");
        assert_eq!(name("../etc"), "_.._etc.p12");
        assert_eq!(name("*.example.com"), "_.example.com.p12");
        assert_eq!(name("-rf"), "_-rf.p12");
        assert_eq!(name(""), "_.p12");
    }
}
