//! Authorities, revocation lists and signing requests that are odd, made by a real openssl (`tests/odd/make.py`): what
//! `openssl verify`, a real nginx and mtlsgen make of each is in a table of the documentation.
//! `MTLSGEN_UPDATE=1 cargo test` rewrites it: read before you accept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::nginx::{ClientFiles, Nginx};
use crate::support::{Sandbox, output_of, root, tool};

const TABLE: &str = "docs/targets/odd-authorities.md";
const HEAD: &str =
    "| case | `openssl verify` | nginx | controller | `mtlsgen render` |\n|---|---|---|---|---|\n";

/// What the controller does not read, and answers with 403; an end-to-end case holds it.
const NOT_READ: [&str; 65] = [
    "access-malformed",
    "aki-malformed",
    "algorithms-differ",
    "any-policy-malformed",
    "between-below-brainpool",
    "between-extension-of-uuid",
    "constraints-below-zero",
    "critical-authority-access",
    "critical-subject-key-id",
    "extension-of-uuid",
    "extension-twice",
    "key-brainpool",
    "key-compressed",
    "key-curve-described",
    "key-id-malformed",
    "key-p-192",
    "key-rsa-longest-exponent",
    "key-rsa-without-null",
    "key-secp256k1",
    "list-aki-malformed",
    "list-algorithms-differ",
    "list-beside-one-malformed",
    "list-brainpool",
    "list-critical-aki",
    "list-entry-malformed-reason",
    "list-extension-of-uuid",
    "list-name-printable-at",
    "list-number-malformed",
    "list-version-1",
    "lists-malformed",
    "lists-point-malformed",
    "names-address-gap",
    "names-address-of-five",
    "names-dns-empty-label",
    "names-dns-last-dot",
    "names-dns-not-ascii",
    "names-email-host",
    "names-email-space",
    "names-empty",
    "names-malformed",
    "names-none",
    "names-uri-address",
    "policies-malformed",
    "policies-twice",
    "policy-constraints-malformed",
    "policy-mappings-malformed",
    "purpose-malformed",
    "purpose-of-uuid",
    "san-address-of-five",
    "san-dns-not-ascii",
    "san-dns-utf8",
    "san-email-not-ascii",
    "san-malformed",
    "san-uri-bracket",
    "san-uri-empty-label",
    "san-uri-escape",
    "san-uri-not-ascii",
    "san-uri-port",
    "san-uri-space",
    "serial-below-zero",
    "subject-ia5-not-ascii",
    "subject-printable-at",
    "subject-universal",
    "time-with-offset",
    "usage-malformed",
];

/// What mtlsgen refuses although nginx lets the clients in, each for a reason that the page gives.
const STRICTER: [&str; 6] = [
    "constraints-none",
    "list-delta",
    "list-delta-not-critical",
    "list-entry-of-another-issuer",
    "list-without-end",
    "version-1",
];

const OF_EVERYTHING: [&str; 3] = ["foreign-root", "trust-reach", "open-private-key"];

/// Every case in a folder of its own; `None` where openssl or Python is missing.
pub struct Odd {
    sandbox: Sandbox,
    names: Vec<String>,
}

impl Odd {
    fn make() -> Option<Self> {
        tool("openssl")?;
        let python = tool("python3")?;
        let sandbox = Sandbox::new();
        sandbox.may_hold_keys("odd");
        let folder = sandbox.path("odd");
        fs::create_dir(&folder).unwrap();
        output_of(Command::new(python).arg(root().join("tests/odd/make.py")).arg(&folder));
        let mut names: Vec<String> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        Some(Self { sandbox, names })
    }

    pub fn path(&self, name: &str, file: &str) -> PathBuf {
        self.sandbox.path("odd").join(name).join(file)
    }

    /// The names of what is trusted: certificates, with lists or without.
    pub fn authorities(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|name| self.path(name, "ca.crt").exists())
    }

    /// What openssl says of the client: `OK`, or the first error.
    fn openssl(&self, name: &str) -> String {
        let mut command = Command::new("openssl");
        // Level 2 is the default of OpenSSL since 3.2, and Debian's.
        command.args(["verify", "-auth_level", "2", "-purpose", "sslclient", "-CAfile"]);
        command.arg(self.path(name, "ca.crt"));
        if self.path(name, "ca.crl").exists() {
            command.arg("-crl_check_all").arg("-CRLfile").arg(self.path(name, "ca.crl"));
        }
        let output = command.arg(self.path(name, "client.pem")).output().unwrap();
        if output.status.success() {
            return "OK".to_owned();
        }
        let text = String::from_utf8(output.stderr).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("error ")).unwrap();
        let (number, words) = line.split_once(" at ").unwrap();
        format!("{number} {}", words.split_once(": ").unwrap().1)
    }

    /// Status that nginx answers to the client of each; `None` where it is missing.
    fn nginx(&self) -> Option<BTreeMap<String, String>> {
        let rendered = Sandbox::with_toml(
            "[services.app]\nimage = 'httpd'\nport = 80\n[hosts.'server.test']\nservice = 'app'\n\
             tls.issuer = 'self-signed'\nclientAuth = false\n",
        );
        let server = rendered.render().into_iter().find(|object| object["kind"] == "Secret")?;
        let mut objects = vec![server.clone()];
        for name in self.authorities() {
            objects.push(self.secret(name));
            objects.push(ingress(name, server["metadata"]["name"].as_str().unwrap()));
        }
        let folder = tempfile::tempdir().unwrap();
        let nginx = Nginx::serving(&objects, folder.path())?;
        let ask = |name: &String| {
            let client = ClientFiles {
                certificate: Some(self.path(name, "client.pem")),
                key: Some(self.path(name, "client.key")),
                trust: None,
            };
            Some((name.clone(), nginx.ask(&format!("{name}.test"), &client)?.status))
        };
        self.authorities().map(ask).collect()
    }

    fn secret(&self, name: &str) -> Value {
        let files = ["ca.crt", "ca.crl"].into_iter().filter_map(|file| {
            let content = fs::read(self.path(name, file)).ok()?;
            Some((file.to_owned(), json!(STANDARD.encode(content))))
        });
        let data: serde_json::Map<_, _> = files.collect();
        let metadata = json!({ "name": name, "namespace": "default" });
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data })
    }

    /// Severity and code of what `render` finds.
    fn render(&self, name: &str) -> Vec<(String, String)> {
        let spec = if self.path(name, "ca.crt").exists() {
            let list = if self.path(name, "ca.crl").exists() { "crl = 'ca.crl'\n" } else { "" };
            format!(
                "[cas.partner]\ncertificate = 'ca.crt'\n{list}[services.app]\nimage = 'httpd'\nport = 80\n\
                 [hosts.'a.example']\nservice = 'app'\ntls.issuer = 'self-signed'\nclientAuth.cas = ['partner']\n"
            )
        } else {
            "[cas.clients]\n[clients.client]\nissuer = 'clients'\ncsr = 'request.csr'\n".to_owned()
        };
        fs::write(self.path(name, "mtls.toml"), spec).unwrap();
        self.findings(&self.path(name, "mtls.toml"), &[])
    }

    /// The same of a Secret that exists already.
    fn existing(&self, name: &str) -> Vec<(String, String)> {
        let spec = "[services.app]\nimage = 'httpd'\nport = 80\n[hosts.'a.example']\nservice = 'app'\n\
                    tls.issuer = 'self-signed'\n";
        let spec = format!("{spec}clientAuth.secretName = 'default/{name}'\n");
        fs::write(self.path(name, "existing.toml"), spec).unwrap();
        let secret = self.path(name, "secret.json");
        fs::write(&secret, self.secret(name).to_string()).unwrap();
        let existing = ["--existing", secret.to_str().unwrap()];
        self.findings(&self.path(name, "existing.toml"), &existing)
    }

    fn findings(&self, spec: &Path, more: &[&str]) -> Vec<(String, String)> {
        let spec = spec.to_str().unwrap();
        let fixed = ["render", "-f", spec, "--dry-run", "--message-format", "json"];
        let run = self.sandbox.run(&[&fixed[..], more].concat());
        let lines = run.stderr.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let word = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        lines
            .map(|line| (word(&line, "severity"), word(&line, "code")))
            .filter(|(severity, _)| matches!(severity.as_str(), "error" | "warning"))
            // Of every authority of others, and of every Secret.
            .filter(|(_, code)| !OF_EVERYTHING.contains(&code.as_str()))
            .collect()
    }
}

fn ingress(name: &str, server: &str) -> Value {
    let host = format!("{name}.test");
    let annotation = |name: &str| format!("nginx.ingress.kubernetes.io/{name}");
    json!({
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": "default",
            "annotations": {
                annotation("auth-tls-secret"): format!("default/{name}"),
                annotation("auth-tls-verify-client"): "on",
                annotation("auth-tls-verify-depth"): "2",
            },
        },
        "spec": { "tls": [{ "hosts": [host], "secretName": server }] },
    })
}

pub fn odd() -> Option<&'static Odd> {
    static ODD: OnceLock<Option<Odd>> = OnceLock::new();
    ODD.get_or_init(Odd::make).as_ref()
}

fn words(findings: &[(String, String)]) -> String {
    if findings.is_empty() {
        return "taken".to_owned();
    }
    let words: Vec<String> =
        findings.iter().map(|(severity, code)| format!("{severity} `{code}`")).collect();
    words.join(", ")
}

fn has_error(findings: &[(String, String)]) -> bool {
    findings.iter().any(|(severity, _)| severity == "error")
}

/// Nothing is said of clients, which others made as well.
fn is_about_a_client(name: &str) -> bool {
    name.starts_with("client-")
}

#[test]
fn the_table_is_what_openssl_nginx_and_mtlsgen_say() {
    let Some(odd) = odd() else { return };
    let Some(answers) = odd.nginx() else { return };
    let mut table = HEAD.to_owned();
    let mut wrong = Vec::new();
    for name in &odd.names {
        let found = odd.render(name);
        let (openssl, nginx) = match answers.get(name) {
            Some(status) => (odd.openssl(name), status.as_str()),
            None => (String::new(), ""),
        };
        assert_eq!(openssl != "OK", nginx != "200", "{name}: {openssl}, {nginx}");
        let controller = if NOT_READ.contains(&name.as_str()) { "403" } else { nginx };
        let refused = controller != "200";
        // An intermediate that is not an authority is none of the bundle, and its root stays.
        let is_stray = name == "between-constraints-none";
        if !is_about_a_client(name) && !is_stray && !nginx.is_empty() {
            let is_strict = STRICTER.contains(&name.as_str());
            if has_error(&found) != (refused || is_strict) {
                wrong.push(format!("{name}: {nginx}, {found:?}"));
            }
        }
        let mtlsgen = words(&found);
        writeln!(table, "| {name} | {openssl} | {nginx} | {controller} | {mtlsgen} |").unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let page = root().join(TABLE);
    let text = fs::read_to_string(&page).unwrap();
    let (before, old) = text.split_once(HEAD).unwrap();
    let rest = old.find("\n\n").map_or("", |end| &old[end + 1..]);
    let new = format!("{before}{table}{rest}");
    if std::env::var_os("MTLSGEN_UPDATE").is_some() {
        fs::write(page, new).unwrap();
    } else {
        assert!(text == new, "MTLSGEN_UPDATE=1 cargo test rewrites {TABLE}:\n{table}");
    }
}

#[test]
fn existing_secrets_inspection_and_import_report_what_nginx_refuses() {
    let Some(odd) = odd() else { return };
    let mut wrong = Vec::new();
    for name in odd.authorities().filter(|name| !is_about_a_client(name)) {
        let not_read = NOT_READ.contains(&name.as_str());
        let refused = not_read || odd.openssl(name) != "OK";
        let found = odd.existing(name);
        // The root of the intermediate still lets its own clients in.
        let is_right = if name.starts_with("between-") && !not_read {
            found.is_empty() != refused
        } else {
            let is_strict = STRICTER.contains(&name.as_str());
            has_error(&found) == (refused || is_strict)
        };
        if !is_right {
            wrong.push(format!("{name}: {found:?}"));
        }
        // Whose list it might be, a list of another issuer does not say; of two, import takes over the good one.
        let is_untold =
            ["list-of-another-issuer", "list-beside-one-malformed"].contains(&name.as_str());
        if refused && !is_untold {
            let files = ["ca.crt", "ca.crl", "client.pem"].map(|file| odd.path(name, file));
            let files =
                files.iter().filter(|file| file.exists()).map(|file| file.to_str().unwrap());
            let fixed = ["cert", "show", "--format", "json"];
            let shown = odd.sandbox.run(&fixed.into_iter().chain(files).collect::<Vec<_>>());
            let is_reported = shown.status != 0 || shown.stdout.contains("\"severity\"");
            assert!(is_reported, "{name}:\n{}{}", shown.stdout, shown.stderr);
            import_reports(odd, name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn import_reports(odd: &Odd, name: &str) {
    let into = tempfile::tempdir().unwrap();
    let folder = into.path().join("pki");
    fs::create_dir(&folder).unwrap();
    for file in ["ca.crt", "ca.crl"] {
        let _ = fs::copy(odd.path(name, file), folder.join(file));
    }
    let [folder, target] = [folder.as_path(), into.path()].map(|path| path.to_str().unwrap());
    let run = odd.sandbox.run(&["import", "--dry-run", "--output", target, folder]);
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(run.status != 0 || reports(&text), "{name}:\n{text}");
}

fn reports(text: &str) -> bool {
    ["nginx refuses every client", "403 to every client", "controllers do not"]
        .iter()
        .any(|words| text.contains(words))
}

#[test]
fn serials_identifiers_and_path_lengths_are_what_openssl_says() {
    let Some(odd) = odd() else { return };
    let show = |files: &[&Path]| {
        let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let run = odd.sandbox.ok(&[&["cert", "show", "--format", "json"], &files[..]].concat());
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let list = odd.path("list-entry-below-zero", "ca.crl");
    let text =
        output_of(Command::new("openssl").args(["crl", "-noout", "-text", "-in"]).arg(&list));
    assert!(text.contains("Serial Number: -01"), "{text}");
    let shown = show(&[&list]);
    let revoked = &shown["revocationLists"][0]["revokedCertificates"];
    assert_eq!(revoked[0]["serialNumber"], "-01", "{shown:#}");

    let name = "between-self-issued";
    let shown = show(&[&odd.path(name, "ca.crt"), &odd.path(name, "client.pem")]);
    assert!(!shown.to_string().contains("path-too-long"), "{shown:#}");

    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("arcs.pem");
    let arguments = "req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=arcs/2.999.5=x \
                     -addext 2.999.3=critical,DER:0500 -addext extendedKeyUsage=clientAuth,2.999.4";
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).arg("-keyout").arg(folder.path().join("arcs.key"));
    output_of(command.arg("-out").arg(&made));
    let shown = show(&[&made]).to_string();
    for identifier in ["2.999.3", "2.999.4"] {
        assert!(shown.contains(identifier), "{identifier}: {shown}");
    }
}
