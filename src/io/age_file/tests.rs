//! What we seal, we open; what was changed, we do not. That the `age` command agrees, the program's tests show.

use super::*;

/// Two identities and their recipients, made by `age-keygen`.
const ALICE: (&str, &str) = (
    "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33",
    "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa",
);

fn identities(text: &str) -> Identities {
    let mut found = Identities::default();
    found.add("`keys.txt`", text.as_bytes()).unwrap();
    found
}

#[test]
fn what_is_sealed_is_opened_and_names_its_recipients() {
    let recipients = Recipients::new([ALICE.1, ALICE.1, "nobody"]);
    assert_eq!(recipients.texts().iter().collect::<Vec<_>>(), [ALICE.1]);
    for length in [0, 1, 32, 47, 48, 49, 241, 64 * 1024] {
        let plain = vec![b'x'; length];
        let sealed = recipients.seal(&plain);
        assert!(is_age(sealed.as_bytes()) && sealed.lines().all(|line| line.len() <= 64));
        let opened = identities(ALICE.0).open(sealed.as_bytes()).unwrap();
        assert_eq!(*opened, plain);
        let header = Header::read(sealed.as_bytes()).unwrap();
        assert_eq!(header.recorded.as_ref(), Some(recipients.texts()));
        assert!(!header.by_passphrase);
    }
    assert_ne!(recipients.seal(b"x"), recipients.seal(b"x"));
}

#[test]
fn what_was_changed_or_cut_off_is_not_opened() {
    let sealed = Recipients::new([ALICE.1]).seal(b"secret");
    let identities = identities(ALICE.0);
    let other = sealed.replace("Yw", "Yx").replace('A', "B");
    for damaged in [&sealed[..sealed.len() / 2], &other, "", "age-encryption.org/v1\n"] {
        assert!(
            matches!(identities.open(damaged.as_bytes()), Err(OpenError::Damaged(_))),
            "{damaged}"
        );
    }
    let clear = Header::read(b"-----BEGIN PRIVATE KEY-----").unwrap_err();
    assert!(clear.starts_with("holds a private key in clear"), "{clear}");
    assert_eq!(Header::read(b"-----BEGIN CERTIFICATE-----").unwrap_err(), "is not an age file");
    let hostile = "age-encryption.org/v1\n-> mtlsgen.dev/recipients age1\u{1b}[2J\n\n--- x\n";
    assert_eq!(Header::read(hostile.as_bytes()), Err("has a damaged header"));
    assert!(Header::read(&sealed.as_bytes()[..120]).is_err());
    assert_eq!(Identities::default().open(sealed.as_bytes()).unwrap_err(), OpenError::NoMatch);
}

#[test]
fn identities_of_other_kinds_are_counted_and_nonsense_is_not_shown() {
    let mut found = Identities::default();
    let text = format!("# created\r\n\r\n{}\r\nAGE-PLUGIN-YUBIKEY-1QQ\n", ALICE.0);
    found.add("`keys.txt`", text.as_bytes()).unwrap();
    assert_eq!(found.count(), 1);
    assert_eq!(found.places, ["`keys.txt` (1 identity, 1 of kinds that mtlsgen does not know)"]);
    for nonsense in [&ALICE.0[..60], "secret", "\u{feff}"] {
        let error = found.add("`keys.txt`", format!("#\n{nonsense}\n").as_bytes()).unwrap_err();
        assert_eq!(error.problem, "line 2 of `keys.txt` is not an age identity (not shown here)");
    }
    assert!(found.add("`keys.txt`", b"\xff").is_err());
}
