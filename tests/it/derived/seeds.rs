//! Seeds that are none, and files that others can read; no message shows a seed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{SEED, SPEC, failing, sandbox, write_seed};
use crate::support::Run;

/// The seed in base64, with a slash in it.
const BASE64: &str = "1rmn8U4CxYg7+h1gl3zjJUqPEN1bNunCcQSL/pKjXNc=";

#[test]
fn a_seed_in_place_of_its_path_is_not_shown() {
    let sandbox = sandbox(SPEC);
    let hides = |run: &Run, words: &str, seed: &str| {
        failing(run, words);
        let parts = seed.as_bytes().chunks(12).map(|part| str::from_utf8(part).unwrap());
        for part in parts.filter(|part| part.len() == 12) {
            assert!(!run.stderr.contains(part), "{}", run.stderr);
        }
    };
    for seed in [SEED, &SEED[1..], BASE64] {
        for format in ["text", "json"] {
            let run = |arguments: &[&str], variables: &[(&str, &str)]| {
                let arguments = [&["render", "--message-format", format], arguments].concat();
                let mut command = sandbox.command(&arguments);
                Run::of(command.envs(variables.iter().copied()).output().unwrap())
            };
            let pasted = "looks like a seed itself (not shown)";
            hides(&run(&["--seed-file", seed], &[]), pasted, seed);
            hides(&run(&[], &[("MTLSGEN_SEED_FILE", seed)]), pasted, seed);
            let spec = SPEC.replace("\"seed\"", &format!("\"{seed}\""));
            sandbox.write("below/pasted.toml", &spec);
            hides(&run(&["-f", "below/pasted.toml"], &[]), pasted, seed);
            sandbox.write("pasted.toml", spec.replace("seedFile", "seed"));
            hides(&run(&["-f", "pasted.toml"], &[]), "unknown key `seed`", seed);
            hides(&run(&["--set", &format!("store.seed={seed}")], &[]), "unknown key", seed);
        }
    }
    // A file may have any name.
    write_seed(&sandbox, &SEED[..40], SEED);
    sandbox.ok(&["render", "--seed-file", &SEED[..40]]);
}

#[test]
fn wrong_seeds_are_refused() {
    let sandbox = sandbox(SPEC);
    let refuse = |content: &[u8], words: &str| {
        write_seed(&sandbox, "seed", content);
        let run = sandbox.run(&["render"]);
        failing(&run, words);
        assert!(run.stderr.contains("openssl rand -hex 32"), "{}", run.stderr);
        let text = String::from_utf8_lossy(content).trim().to_owned();
        assert!(text.len() < 8 || !run.stderr.contains(&text), "{}", run.stderr);
    };
    refuse(b"", "it is empty");
    refuse(&SEED.as_bytes()[2..], "it has 31");
    refuse(format!("{SEED}00").as_bytes(), "it has 33");
    refuse(&SEED.repeat(100).into_bytes(), "neither 64 hexadecimal digits");
    refuse(b"my secret", "neither 64 hexadecimal digits");
    refuse(b"correct horse battery staple abc", "readable characters");
    refuse(b"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZSBhYmM=", "readable characters");
    refuse("ab".repeat(32).as_bytes(), "it is a pattern");
    refuse(&[7; 32], "it is a pattern");
    refuse(&(0x80..0xa0).collect::<Vec<u8>>(), "it is a pattern");
    refuse("0123456789abcdef".repeat(4).as_bytes(), "it is a pattern");
    fs::remove_file(sandbox.path("seed")).unwrap();
    failing(&sandbox.run(&["render"]), "seed`: it does not exist");
    fs::create_dir(sandbox.path("seed")).unwrap();
    failing(&sandbox.run(&["render"]), "it is a folder");
}

#[test]
fn files_that_others_can_read_are_refused() {
    let sandbox = sandbox(SPEC);
    let path = sandbox.path("seed");
    for mode in [0o644, 0o640, 0o604, 0o620, 0o610, 0o601, 0o666, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let run = sandbox.run(&["render"]);
        failing(&run, &format!("others can read the seed in `seed` (mode {mode:04o})"));
        assert!(run.stderr.contains("chmod 600 'seed'"), "{}", run.stderr);
    }
    for mode in [0o600, 0o400, 0o700] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        sandbox.ok(&["render"]);
    }
    // What counts is the file that a link leads to.
    write_seed(&sandbox, "elsewhere", SEED);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("elsewhere", &path).unwrap();
    sandbox.ok(&["render"]);
    fs::set_permissions(sandbox.path("elsewhere"), fs::Permissions::from_mode(0o644)).unwrap();
    failing(&sandbox.run(&["render"]), "others can read");
}

#[test]
fn the_nearest_seed_counts() {
    let sandbox = sandbox(SPEC);
    let one = "11".to_owned() + &SEED[2..];
    let other = "22".to_owned() + &SEED[2..];
    write_seed(&sandbox, "one", &one);
    write_seed(&sandbox, "other", &other);
    let render = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = sandbox.command(&[&["render", "--at", "2031-01-01"], arguments].concat());
        Run::of(command.envs(environment.iter().copied()).output().unwrap())
    };
    let spec = render(&[], &[]);
    let argument = render(&["--seed-file", "one"], &[]);
    let environment = render(&[], &[("MTLSGEN_SEED_FILE", "other")]);
    assert_eq!([spec.status, argument.status, environment.status], [0; 3]);
    assert!(spec != argument && argument != environment && spec != environment);
    assert_eq!(render(&[], &[("MTLSGEN_SEED", &other)]), environment);
    assert_eq!(render(&["--seed-file", "one"], &[("MTLSGEN_SEED", &other)]), argument);
    assert_eq!(render(&[], &[("MTLSGEN_SEED", ""), ("MTLSGEN_SEED_FILE", "")]), spec);
    let both = render(&[], &[("MTLSGEN_SEED", &other), ("MTLSGEN_SEED_FILE", "other")]);
    failing(&both, "both `MTLSGEN_SEED` and `MTLSGEN_SEED_FILE` are set");
    let wrong = render(&[], &[("MTLSGEN_SEED", &SEED[1..])]);
    failing(&wrong, "no seed in the environment variable `MTLSGEN_SEED`");
    assert!(!wrong.stderr.contains(&SEED[1..9]));
    let mut folder =
        sandbox.command(&["render", "--set", "store.kind=null", "--set", "store.seedFile=null"]);
    let folder = Run::of(folder.args(["--seed-file", "one"]).output().unwrap());
    failing(&folder, "`--seed-file` has no effect");
    assert!(!sandbox.path("pki").exists());
    // A path in a spec starts from the folder of the file that says so.
    sandbox.write("below/mtls.toml", SPEC.replace("\"seed\"", "\"../one\""));
    assert_eq!(render(&["-f", "below/mtls.toml"], &[]), argument);
}

#[test]
fn a_kind_of_store_that_is_none_is_one_mistake() {
    let sandbox = sandbox(&SPEC.replace("\"derived\"", "\"Derived\""));
    let run = sandbox.run(&["render"]);
    failing(&run, "write `derived`");
    assert_eq!(run.stderr.matches("error[").count(), 1, "{}", run.stderr);
    assert!(!sandbox.path("pki").exists());
}
