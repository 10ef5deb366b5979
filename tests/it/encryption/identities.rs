//! Where identities come from: files that are named, the places of sops, and passphrases.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::{Person, rendered};
use crate::support::{Run, Sandbox, finish, tool};

const NEEDS_KEYS: [&str; 4] = ["render", "--locked", "--kind", "Secret"];

fn with(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let arguments = [&NEEDS_KEYS[..], arguments].concat();
    finish(sandbox.command(&arguments).envs(variables.iter().copied()))
}

#[test]
fn identities_are_found_where_sops_looks() {
    let Some((sandbox, people)) = rendered(&["ann", "eve"], 1) else { return };
    let (ann, eve) = (&people[0], &people[1]);
    for folder in ["config", "home/.config"] {
        sandbox.write(&format!("{folder}/sops/age/keys.txt"), fs::read(&ann.file).unwrap());
    }
    let (config, home) = (sandbox.path("config"), sandbox.path("home"));
    let command = format!("cat '{}'", ann.file());
    let places: [&[(&str, &str)]; 6] = [
        &[("SOPS_AGE_KEY", &ann.identity())],
        &[("SOPS_AGE_KEY_FILE", ann.file())],
        &[("SOPS_AGE_KEY_CMD", &command)],
        &[("XDG_CONFIG_HOME", config.to_str().unwrap())],
        &[("HOME", home.to_str().unwrap())],
        &[("SOPS_AGE_KEY", &eve.identity()), ("SOPS_AGE_KEY_FILE", ann.file())],
    ];
    for place in places {
        let run = with(&sandbox, &[], place);
        assert_eq!(run.status, 0, "{place:?}: {}", run.stderr);
        assert!(run.stdout.contains("tls.key: "), "{place:?}");
    }
    // A file that is named is the only place.
    let run = with(&sandbox, &["--identity", eve.file()], places[0]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("the age identity at hand does not open"), "{}", run.stderr);
    let run = with(&sandbox, &["--identity", eve.file(), "--identity", ann.file()], &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = sandbox.run_with_input(
        &[&NEEDS_KEYS[..], &["--identity", "-"]].concat(),
        fs::read(&ann.file).unwrap(),
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn places_that_hold_no_identity_are_named_and_nothing_of_them_is_shown() {
    let Some((sandbox, people)) = rendered(&["ann", "eve"], 1) else { return };
    let (file, identity) = (people[0].file(), people[0].identity());
    let cut = &identity[..60];
    sandbox.write("cut.txt", format!("# mine\n{cut}\n"));
    sandbox.write("ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3BlbnNzaC1rZXk\r\n");
    sandbox.write("ssh.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ann\n");
    sandbox.write("recipient.txt", format!("# ann\r\n{}\r\n", people[0].recipient));
    let home = sandbox.folder().to_str().unwrap();
    for (arguments, variables, words) in [
        (&["--identity", "none.txt"][..], &[][..], "`none.txt` does not exist"),
        (&["--identity", "cut.txt"], &[], "line 2 of `cut.txt` is not an age identity"),
        (&["--identity", "ssh"], &[], "`ssh` holds a key of SSH, which mtlsgen does not use"),
        (&["--identity", "ssh.pub"], &[], "`ssh.pub` holds a key of SSH"),
        (&["--identity", "recipient.txt"], &[], "`recipient.txt` holds a recipient (`age1…`)"),
        (
            &["--identity", "pki/cas/clients/tls.crt"],
            &[],
            "tls.crt` holds PEM, and no age identity",
        ),
        (&[], &[("SOPS_AGE_KEY", cut)], "line 1 of `SOPS_AGE_KEY` is not an age identity"),
        (
            &[],
            &[("SOPS_AGE_KEY_FILE", "none.txt")],
            "which `SOPS_AGE_KEY_FILE` names, does not exist",
        ),
        (
            &[],
            &[("SOPS_AGE_KEY_CMD", "exit 3")],
            "the command in `SOPS_AGE_KEY_CMD` failed: exit status: 3",
        ),
        (&[], &[("HOME", home)], "/.config/sops/age/keys.txt` (not there)"),
        (&["--identity", people[1].file()], &[], "(1 identity)"),
        (&["--identity", "-", "-f", "-"], &[], "standard input"),
    ] {
        let run = with(&sandbox, arguments, variables);
        assert_eq!(run.status, 2, "{words}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(!run.stderr.contains(&cut[20..40]), "{}", run.stderr);
    }
    fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
    let run = with(&sandbox, &["--identity", file], &[]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("warning[open-identity]"), "{}", run.stderr);
    assert!(run.stderr.contains("can be read by others (mode 0640)"), "{}", run.stderr);
}

/// Runs a command on a terminal and answers each question once it is shown.
fn on_terminal(sandbox: &Sandbox, command: &str, answers: &[(&str, &str)]) -> Option<Run> {
    let mut child = Command::new(tool("script")?)
        .args(["-qefc", command, "/dev/null"])
        .current_dir(sandbox.folder())
        .env("SHELL", "/bin/sh")
        .env_remove("HOME")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut shown, mut from) = (Vec::new(), 0);
    for (question, answer) in answers {
        while !String::from_utf8_lossy(&shown[from..]).contains(question) {
            let mut octet = [0];
            let read = stdout.read(&mut octet).unwrap();
            assert_eq!(read, 1, "{}", String::from_utf8_lossy(&shown));
            shown.push(octet[0]);
        }
        from = shown.len();
        // The terminal shows nothing only a moment after the question.
        std::thread::sleep(std::time::Duration::from_millis(300));
        stdin.write_all(format!("{answer}\r").as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut shown).unwrap();
    let mut output = child.wait_with_output().unwrap();
    drop(stdin);
    output.stdout = shown;
    Some(Run::of(output))
}

/// Protects the identity of `person` with a passphrase, as `age -p` does.
fn protected(sandbox: &Sandbox, person: &Person, passphrase: &str) -> Option<String> {
    let command = format!("{} -p -o protected.age {}", tool("age")?.display(), person.file());
    let answers = [("nter passphrase", passphrase), ("onfirm passphrase", passphrase)];
    let run = on_terminal(sandbox, &command, &answers)?;
    assert_eq!(run.status, 0, "{}", run.stdout);
    Some("protected.age".to_owned())
}

#[test]
fn a_protected_identity_opens_with_its_passphrase_from_a_file_the_environment_or_a_person() {
    const PASSPHRASE: &str = "correct horse battery staple";
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let Some(file) = protected(&sandbox, &people[0], PASSPHRASE) else { return };
    sandbox.write("passphrase", format!("{PASSPHRASE}\n"));
    let identity = ["--identity", &file];
    let by_file = [&identity[..], &["--identity-passphrase-file", "passphrase"]].concat();
    let run = with(&sandbox, &by_file, &[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = with(&sandbox, &identity, &[("MTLSGEN_AGE_PASSPHRASE", PASSPHRASE)]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = with(&sandbox, &identity, &[("MTLSGEN_AGE_PASSPHRASE", "wrong")]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("the passphrase does not open `protected.age`"), "{}", run.stderr);
    assert!(run.stderr.contains("give the one that was typed for `age -p`"), "{}", run.stderr);
    // A variable that is empty is as good as none.
    for variables in [&[][..], &[("MTLSGEN_AGE_PASSPHRASE", "")]] {
        let run = with(&sandbox, &identity, variables);
        assert_eq!(run.status, 2);
        assert!(
            run.stderr
                .contains("is protected by a passphrase, and there is no terminal to ask for it"),
            "{}",
            run.stderr
        );
    }
    // Where it was only found, it is passed over: who needs no key is not held up.
    sandbox.write("sops/age/keys.txt", fs::read(sandbox.path(&file)).unwrap());
    let found = [("XDG_CONFIG_HOME", sandbox.folder().to_str().unwrap())];
    let run = with(&sandbox, &[], &found);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("keys.txt` (protected by a passphrase, which was not given)"),
        "{}",
        run.stderr
    );
    let command = format!(
        "{} render --locked --kind Secret --identity {file} >out.yaml",
        env!("CARGO_BIN_EXE_mtlsgen")
    );
    let asked = [("Passphrase of `protected.age`: ", PASSPHRASE)];
    let run = on_terminal(&sandbox, &command, &asked).unwrap();
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(sandbox.read("out.yaml").contains("tls.key: "));
    assert!(!run.stdout.contains("horse"), "{}", run.stdout);
}

#[test]
fn a_build_of_kustomize_finds_identities_in_its_environment() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let input = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nfunctionConfig:\n  \
        apiVersion: mtlsgen.dev/v1alpha1\n  kind: MutualTLS\n  metadata: {name: x}\n  plugin: {specFiles: [mtls.toml]}\n  spec: {}\n";
    let build = |identity: Option<String>| {
        let mut command = sandbox.command(&["kustomize"]);
        command.envs(identity.map(|identity| ("SOPS_AGE_KEY", identity)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Run::of(child.wait_with_output().unwrap())
    };
    let run = build(Some(people[0].identity()));
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("tls.key: "), "{}", run.stdout);
    let run = build(None);
    assert_ne!(run.status, 0);
    assert!(run.stderr.contains("there is no age identity to open it"), "{}", run.stderr);
    assert!(!run.stdout.contains("tls.key: "), "{}", run.stdout);
}

#[test]
fn a_key_behind_a_passphrase_is_refused_with_the_way_out() {
    let Some((sandbox, people)) = rendered(&["ann"], 1) else { return };
    let Some(file) = protected(&sandbox, &people[0], "x") else { return };
    let key = "pki/hosts/a.example.com/tls.key.age";
    fs::copy(sandbox.path(&file), sandbox.path(key)).unwrap();
    let run = with(&sandbox, &["--identity", people[0].file()], &[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let run = sandbox.run(&["render", "--reencrypt", "--identity", people[0].file()]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("is encrypted with a passphrase, not to recipients"),
        "{}",
        run.stderr
    );
}
