//! README and docs do what they say: each section is typed in a folder of its own, and what it shows is compared with what
//! comes out.
//!
//! A block with a file name (```` ```toml mtls.toml ````) is written; lines of `sh` and lines of `console` after `$` are typed, in one
//! shell a section; lines of `console` after a command are its output, in which serials, fingerprints and dates may differ.
//! `MTLSGEN_UPDATE=1 cargo test` rewrites shown output: read it before you accept it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, mtlsgen, output_of, root, tool};

/// Replaces programs that need a cluster, a network or an installation; the end-to-end tests have the real ones.
const STAND_INS: &str = r#"
kubectl() {
  case "$1" in
    apply) if [ "$2" = -f ]; then cat > /dev/null; else test -e "$3"; fi ;;
    *) cat "$CLUSTER" ;;
  esac
}
kustomize() { "$HOME/.config/kustomize/plugin/mtlsgen.dev/v1alpha1/mutualtls/MutualTLS" mtls.yaml; }
"#;

/// A page, and what is typed in each folder before its sections.
struct Page(&'static str, &'static str);

/// A spec with two clients and its store.
const ISSUED: &str = "mtlsgen init --host demo.example.com --client alice,bob 2> /dev/null
mtlsgen render > /dev/null 2>&1";

const PAGES: &[Page] = &[
    Page("README.md", ""),
    Page(
        "docs/access.md",
        r#"
cp "$ROOT/examples/protected-among-public/mtls.yaml" .
mtlsgen render -o NEW > /dev/null 2>&1; cp -r NEW OLD"#,
    ),
    Page(
        "docs/certificates.md",
        r#"$ISSUED
echo 'serial = "0x15E930A6DFB75C807E35CB296F20478D"' >> mtls.toml; rm -r pki
mtlsgen render > "$CLUSTER" 2> /dev/null; cp pki/clients/alice/tls.crt .
mtlsgen cert export alice -o alice.p12 --new-password-file alice.p12.password 2> /dev/null
mtlsgen() {
  case "$*" in
    'cert export alice') script -qec 'mtlsgen cert export alice' /dev/null ;;
    *) command mtlsgen "$@" ;;
  esac
}"#,
    ),
    Page(
        "docs/controllers/traefik.md",
        r#"$ISSUED
mtlsgen render > "$CLUSTER"; mtlsgen render -o manifests > /dev/null"#,
    ),
    Page(
        "docs/command-line.md",
        "
mtlsgen init --host www.example.com --client alice,bob 2> /dev/null",
    ),
    Page("docs/derived-store.md", ""),
    Page(
        "docs/encryption.md",
        r#"
cp "$IDENTITY" keys.txt; mtlsgen init --host demo.example.com 2> /dev/null
printf '[store.encryption.age]\nrecipients = ["%s"]\n' "$RECIPIENT" >> mtls.toml
mtlsgen render --identity keys.txt > /dev/null 2>&1"#,
    ),
    Page(
        "docs/existing-secrets.md",
        r#"$ISSUED
mtlsgen render > "$CLUSTER""#,
    ),
    Page("docs/gitops.md", ""),
    Page(
        "docs/import.md",
        r#"$ISSUED
mtlsgen render > "$CLUSTER"; mkdir -p ~/easy-rsa clients; cp -r pki ~/easy-rsa/pki
request() { echo "{\"CN\":\"$1\"}"; }
sign() { cfssl gencert -loglevel 5 -ca ca.pem -ca-key ca-key.pem "${@:2}" <(request "$1"); }
cfssl gencert -loglevel 5 -initca <(request ca) | cfssljson -bare ca
sign alice | cfssljson -bare clients/alice
echo '{"signing":{"default":{"expiry":"8760h","usages":["cert sign","crl sign"],"ca_constraint":{"is_ca":true}}}}' > ca-config.json
sign intermediate -config ca-config.json | cfssljson -bare intermediate
echo '{"signing":{"default":{"expiry":"8760h","usages":["client auth"]}}}' > ca-config.json
request alice > client.json; rm -r mtls.toml pki
mtlsgen() { case $1 in import) rm -rf mtls.toml pki ;; esac; command mtlsgen "$@"; }"#,
    ),
    Page(
        "docs/revocation.md",
        r#"
mtlsgen init --host demo.example.com --client alice,bob,carol 2> /dev/null
echo 'serial = "0x2CF8921425F7636D46D5971CBFA88E2B"' >> mtls.toml
mtlsgen render > /dev/null 2>&1; cp pki/clients/alice/tls.crt alice-old.pem
mtlsgen cert renew alice 2> /dev/null; cp pki/clients/bob/tls.crt shown
openssl() { cat shown; }"#,
    ),
    Page(
        "docs/rotation.md",
        r#"$ISSUED
mtlsgen() {
  case "$*" in
    *--retire) command mtlsgen "$@" --at 2030-01-01T00:00:00Z ;;
    *) command mtlsgen "$@" ;;
  esac
}"#,
    ),
    Page("docs/signing-requests.md", "mkdir requests"),
];

/// Pages without commands, and those whose commands need what the end-to-end tests install.
const NOT_PAGES: [&str; 12] = [
    "docs/budgets.md",
    "docs/kustomize-transformer.md",
    "docs/kustomize.md",
    "docs/reference.md",
    "docs/spec.md",
    "docs/controllers/envoy-gateway.md",
    "docs/targets/envoy-gateway.md",
    "docs/targets/headers.md",
    "docs/targets/ingress-nginx.md",
    "docs/targets/odd-authorities.md",
    "docs/yaml.md",
    "docs/zlint.md",
];

/// What only makes sense on the machine of a reader.
const NOT_TYPED: [&str; 2] = ["cargo ", "curl "];

/// A command of a page and what the page shows of its output.
struct Typed {
    command: String,
    must_fail: bool,
    shown: Option<String>,
}

/// Files and commands of a section.
#[derive(Default)]
struct Section {
    files: Vec<(String, String)>,
    typed: Vec<Typed>,
}

impl Section {
    fn of(text: &str) -> Self {
        let mut section = Self::default();
        for block in text.split("\n```").skip(1).step_by(2) {
            let (info, content) = block.split_once('\n').expect("a block has lines");
            match info.split_once(' ') {
                Some((_, file)) => section.files.push((file.to_owned(), format!("{content}\n"))),
                None if info == "sh" => section.typed.extend(script(content)),
                None if info == "console" => section.typed.extend(console(content)),
                None => {}
            }
        }
        let is_typed = |typed: &Typed| !NOT_TYPED.iter().any(|not| typed.command.starts_with(not));
        section.typed.retain(is_typed);
        section
    }
}

/// A script is one command each line; blocks of a loop stay together.
fn script(content: &str) -> Vec<Typed> {
    let mut found: Vec<Typed> = Vec::new();
    for line in content.lines() {
        let must_fail = line.starts_with("! ");
        let command = line.trim_start_matches("! ").to_owned();
        match found.last_mut() {
            Some(last) if line.starts_with(' ') || line == "done" => {
                last.command.push('\n');
                last.command.push_str(line);
            }
            _ => found.push(Typed { command, must_fail, shown: None }),
        }
    }
    found
}

fn console(content: &str) -> Vec<Typed> {
    let mut found: Vec<Typed> = Vec::new();
    for line in content.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Typed { command: command.to_owned(), must_fail: false, shown: None });
            continue;
        }
        let last = found.last_mut().expect("a block begins with a command");
        if last.shown.is_none() && last.command.ends_with(['\\', '|']) {
            last.command.push('\n');
            last.command.push_str(line);
            continue;
        }
        last.must_fail |= line.starts_with("error");
        let shown = last.shown.get_or_insert_default();
        shown.push_str(line);
        shown.push('\n');
    }
    found
}

/// Types a section in a new folder; what each command printed.
fn typed(section: &Section, before: &str, variables: &[(&str, &str)]) -> Vec<(i32, String)> {
    let sandbox = Sandbox::new();
    // Manifests and stores of the pages hold keys where they say so.
    for folder in ["it", "job", "everything", "out"] {
        sandbox.may_hold_keys(folder);
    }
    for folder in ["it", "out", "home/.config/kustomize/plugin"] {
        fs::create_dir_all(sandbox.path(folder)).unwrap();
    }
    for (file, content) in &section.files {
        let text = variables
            .iter()
            .fold(content.clone(), |text, (name, value)| text.replace(&format!("${name}"), value));
        sandbox.write(&format!("it/{file}"), text);
    }
    let out = sandbox.path("out");
    let before = before.replace("$ISSUED", ISSUED);
    let mut script = format!("cd '{}'\n{STAND_INS}\n{before}\n", sandbox.path("it").display());
    for (at, Typed { command, .. }) in section.typed.iter().enumerate() {
        let out = out.join(at.to_string());
        let out = out.display();
        let line =
            format!("{{ {command}\n}} > '{out}' 2>&1 < /dev/null; echo $? > '{out}.status'\n");
        script.push_str(&line);
    }
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).env_clear().env("PATH", path(&sandbox));
    let cluster = sandbox.write("cluster.yaml", "apiVersion: v1\nkind: List\nitems: []\n");
    shell
        .env("HOME", sandbox.path("home"))
        .env("CLUSTER", cluster)
        .env("ROOT", root())
        .envs(variables.iter().copied());
    for name in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{name}_NAME"), "a").env(format!("GIT_{name}_EMAIL"), "a@b");
    }
    shell.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    output_of(&mut shell);
    let read = |name: String| fs::read_to_string(out.join(name)).unwrap();
    let of = |at: usize| {
        (read(format!("{at}.status")).trim().parse().expect("a status"), read(at.to_string()))
    };
    (0..section.typed.len()).map(of).collect()
}

/// The search path, with the program under test before all others.
fn path(sandbox: &Sandbox) -> String {
    let program = sandbox.path("bin/mtlsgen");
    fs::create_dir(sandbox.path("bin")).unwrap();
    let tested = mtlsgen(&[]);
    fs::write(
        &program,
        format!("#!/bin/sh\nexec '{}' \"$@\"\n", Path::new(tested.get_program()).display()),
    )
    .unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", sandbox.path("bin").display(), std::env::var("PATH").unwrap())
}

/// Whether a page shows what comes out, or its beginning where it ends with `…`.
fn shows(shown: &str, out: &str) -> bool {
    let (shown, out) = (masked(shown), masked(out));
    match shown.strip_suffix('…') {
        Some(beginning) => out.starts_with(beginning),
        None => shown == out,
    }
}

/// A text without what differs from run to run.
fn masked(text: &str) -> String {
    let is_random = |word: &str| {
        let is_hex = |c: char| c.is_ascii_hexdigit();
        let is_date = |c: char| c.is_ascii_digit() || c == '-';
        word.len() >= 16 && word.chars().all(is_hex)
            || word.len() == 10 && word.chars().all(is_date)
    };
    let line = |line: &str| {
        let words = line.split_whitespace();
        let words = words.map(|word| if is_random(word) { "*" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_page_is_known() {
    let typed = PAGES.iter().map(|Page(page, _)| *page);
    let known: BTreeSet<String> = typed.chain(NOT_PAGES).map(str::to_owned).collect();
    for folder in ["docs", "docs/targets", "docs/controllers"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let page = format!("{folder}/{name}");
            assert!(!name.ends_with(".md") || known.contains(&page), "{page} is in no list");
        }
    }
}

#[test]
fn every_page_is_typed() {
    let tools = ["git", "age-keygen", "age", "openssl", "cfssl", "cfssljson", "script"];
    if tools.iter().any(|name| tool(name).is_none()) {
        return;
    }
    let people = tempfile::tempdir().unwrap();
    let identity = people.path().join("identity");
    output_of(Command::new(tool("age-keygen").unwrap()).arg("-o").arg(&identity));
    let recipient = output_of(Command::new(tool("age-keygen").unwrap()).arg("-y").arg(&identity));
    let variables = [("RECIPIENT", recipient.trim()), ("IDENTITY", identity.to_str().unwrap())];
    std::thread::scope(|scope| {
        for page in PAGES {
            scope.spawn(|| page.is_typed(&variables));
        }
    });
}

impl Page {
    fn is_typed(&self, variables: &[(&str, &str)]) {
        let Self(page, before) = self;
        let path = root().join(page);
        let text = fs::read_to_string(&path).unwrap();
        let mut updated = text.clone();
        for section in text.split("\n## ") {
            let title = section.lines().next().unwrap_or_default();
            let section = Section::of(section);
            if section.typed.is_empty() {
                continue;
            }
            let all = typed(&section, before, variables);
            for (typed, (status, out)) in section.typed.iter().zip(all) {
                let Typed { command, must_fail, shown } = typed;
                assert_eq!(status != 0, *must_fail, "{page}, {title}: {command}: {status}\n{out}");
                let Some(shown) = shown.as_ref().filter(|shown| !shows(shown, &out)) else {
                    continue;
                };
                assert!(
                    std::env::var_os("MTLSGEN_UPDATE").is_some(),
                    "{page}, {title}: {command} prints\n{out}\ninstead of\n{shown}"
                );
                let block = |shown: &str| format!("$ {command}\n{}\n", shown.trim_end());
                updated = updated.replace(&block(shown), &block(&out));
            }
        }
        if updated != text {
            fs::write(&path, updated).unwrap();
        }
    }
}
