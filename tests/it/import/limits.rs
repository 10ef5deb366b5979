//! What cannot be taken over, what must not be reissued unnoticed, and what is never touched.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Old, assert_kept};
use crate::support::files;

#[test]
fn certificates_that_no_entry_describes_become_files_or_stay_behind() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    // Each of these would be reissued as an entry: names or keys that a spec cannot say.
    old.server("mail", "mail.example.com,email:a@example.com", "root", "");
    old.server("small", "small.example.com", "root", "-newkey rsa:1024");
    old.server("curve", "curve.example.com", "root", "-newkey ec -pkeyopt ec_paramgen_curve:P-521");
    old.make(
        "selfish",
        "/CN=selfish.example.com",
        None,
        "-days 365 -addext subjectAltName=DNS:selfish.example.com",
    );
    old.client("odd", "/CN=odd", "root", "-newkey rsa:1024");
    old.client("good", "/CN=good", "root", "");
    let only_name =
        "-days 365 -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=serverAuth";
    old.make("nameless", "/CN=nameless.example.com", Some("root"), only_name);
    let code =
        "-days 365 -addext basicConstraints=critical,CA:FALSE -addext extendedKeyUsage=codeSigning";
    old.make("code", "/CN=code", Some("root"), code);
    let run = old.import(&[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for host in ["mail", "curve", "selfish", "nameless"] {
        assert!(
            run.stdout.contains(&format!("host `{host}.example.com`: taken over as a file")),
            "{host}: {}",
            run.stdout
        );
    }
    for (what, why) in [
        ("host `mail.example.com`", "expected names"),
        ("host `curve.example.com`", "expected key"),
        ("host `selfish.example.com`", "a self-signed authority certificate"),
        ("`CN=odd`", "expected key"),
        ("host `nameless.example.com`", "would not be valid for"),
        ("`CN=code`", "neither `serverAuth` nor `clientAuth`"),
        ("left out: the certificate `CN=small.example.com`", "too short (RSA 1024)"),
    ] {
        let reported = |line: &str| line.contains(what) && line.contains(why);
        assert!(run.stdout.lines().any(reported), "{what}, {why}:\n{}", run.stdout);
    }
    assert_kept(&old.sandbox);
    let objects = old.locked();
    let secret = crate::support::object(&objects, "Secret", "curve-example-com-tls");
    assert_eq!(
        crate::support::data(secret, "tls.crt"),
        fs::read(old.sandbox.path("old/curve.crt")).unwrap()
    );
}

#[test]
fn authorities_come_along_with_as_much_as_is_here() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    let below = "-days 1000 -addext keyUsage=critical,keyCertSign,cRLSign";
    old.make("issuing", "/CN=Issuing", Some("root"), below);
    old.make("lonely", "/CN=Lonely", Some("root"), below);
    old.client("alice", "/CN=alice", "issuing", "");
    old.client("carol", "/CN=carol", "lonely", "");
    old.root("partner", "/CN=Partner");
    old.client("guest", "/CN=guest", "partner", "");
    fs::remove_file(old.sandbox.path("old/partner.key")).unwrap();
    fs::remove_file(old.sandbox.path("old/lonely.key")).unwrap();
    let everything = old.import(&["-o", "whole"]);
    assert_eq!(everything.status, 1, "guest's issuer has no key here");
    let reported = "the private key of its issuer `CN=Partner` is not here";
    assert!(everything.stdout.contains(reported), "{}", everything.stdout);
    assert!(
        everything.stdout.contains("authority `lonely`: its private key is not here"),
        "{}",
        everything.stdout
    );
    let spec = old.sandbox.read("whole/mtls.toml");
    assert!(
        spec.contains("[clients.carol]")
            && spec.contains("certificate = \"pki/brought/cas/partner/tls.crt\""),
        "{spec}"
    );
    old.sandbox.ok(&["render", "--locked", "-f", "whole/mtls.toml"]);

    // The root's key lies in a safe: the authority below it signs on, as a file.
    fs::remove_file(old.sandbox.path("old/root.key")).unwrap();
    for gone in ["partner.crt", "guest.crt", "guest.key", "lonely.crt", "carol.crt", "carol.key"] {
        fs::remove_file(old.sandbox.path(format!("old/{gone}"))).unwrap();
    }
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("authority `issuing`: taken over as a file"), "{}", run.stdout);
    assert!(run.stdout.contains("stays a file that you replace in time"), "{}", run.stdout);
    old.assert_is("clients/alice", "alice.crt");
    let spec = old.sandbox.read("mtls.toml");
    assert!(
        spec.contains("key = \"pki/brought/cas/issuing/tls.key\"") && !spec.contains("[cas.root]"),
        "{spec}"
    );
    let mode =
        |path: &str| fs::metadata(old.sandbox.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("pki/brought/cas/issuing/tls.key"), 0o600);
    // What follows it in its file has a name of its own.
    let again = old.sandbox.run(&["import", "pki", "-o", "again", "--dry-run"]).stdout;
    assert!(again.contains("authority `issuing`: taken over as a file"), "{again}");
    assert!(again.contains("authority `root`: without its key it only completes"), "{again}");
    // It goes on signing.
    old.sandbox.write("mtls.toml", format!("{spec}\n[clients.new]\nissuer = \"issuing\"\n"));
    old.sandbox.ok(&["render"]);
    super::assert_verifies_with(&old.sandbox, "old/root.crt", "clients/new");
}

#[test]
fn without_its_issuers_an_authority_stays_behind() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.make(
        "issuing",
        "/CN=Issuing",
        Some("root"),
        "-days 1000 -addext keyUsage=critical,keyCertSign",
    );
    old.server("www", "www.example.com", "issuing", "");
    fs::remove_file(old.sandbox.path("old/root.crt")).unwrap();
    fs::remove_file(old.sandbox.path("old/root.key")).unwrap();
    let run = old.import(&[]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("its issuer `CN=Root` is not here"), "{}", run.stdout);
    assert!(run.stdout.contains("host `www.example.com`: taken over as a file"), "{}", run.stdout);
    let chain = old.sandbox.read("pki/brought/hosts/www.example.com/tls.crt");
    assert_eq!(chain, old.sandbox.read("old/www.crt") + &old.sandbox.read("old/issuing.crt"));
}

#[test]
fn of_several_certificates_the_newest_that_works_counts() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("first", "/CN=alice", "root", "-set_serial 1");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    old.client("second", "/CN=alice", "root", "-set_serial 2");
    old.client("long-gone", "/CN=old", "root", "");
    let run = old.import(&[]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    old.assert_is("clients/alice", "second.crt");
    assert!(run.stdout.contains("1 superseded certificate is known"), "{}", run.stdout);
    let status = old.sandbox.ok(&["status", "--format", "json"]).stdout;
    assert!(status.contains("superseded"), "{status}");
    // Years later: who has expired gets no entry, and an authority that has leaves with all it signed.
    let run = old.import(&["-o", "later", "--at", "2028-06-01"]);
    assert!(run.stdout.contains("client `alice`: its certificate expired"), "{}", run.stdout);
    let run = old.import(&["-o", "much-later", "--at", "2060-01-01"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains("it expired at") && !old.sandbox.path("much-later").exists(),
        "{}",
        run.stdout
    );
}

#[test]
fn what_ends_soon_is_kept_until_then() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("alice", "/CN=alice", "root", "-days 365 -set_serial 7");
    let text = old.sandbox.read("old/alice.crt");
    let own = mtlsgen::pki::certificate::Certificate::from_pem(text.as_bytes()).unwrap().remove(0);
    // Eight days before the end the usual time of renewal is long over.
    let at = own.not_after.before(mtlsgen::time::Seconds::days(8)).to_string();
    let run = old.import(&["--at", &at]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("renewBefore = \"4d\"  # it ends soon"), "{spec}");
    old.sandbox.ok(&["render", "--locked", "--at", &at]);
    let run = old.sandbox.ok(&["render", "--at", &at]);
    assert!(!run.stderr.contains("issued "), "{}", run.stderr);
    old.assert_is("clients/alice", "alice.crt");
}

#[test]
fn hosts_without_a_service_stop_render_instead_of_leading_anywhere() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.server("www", "www.example.com", "root", "");
    let run = old.sandbox.ok(&["import", "old"]);
    assert!(run.stdout.contains("the hosts need a `service` each"), "{}", run.stdout);
    let run = old.sandbox.run(&["render"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("this host has no backend"), "{}", run.stderr);
    let spec = old.sandbox.read("mtls.toml").replace("# service = \"NAME\"", "service = \"web\"");
    old.sandbox.write("mtls.toml", format!("{spec}\n[services.web]\nexisting = true\nport = 80\n"));
    assert_kept(&old.sandbox);
}

#[test]
fn nothing_is_overwritten_and_a_dry_run_writes_nothing() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    let before = old.sandbox.files();
    old.sandbox.ok(&["import", "old", "--dry-run"]);
    assert!(before == old.sandbox.files());
    for existing in ["mtls.yaml", "mtls.toml", "pki/x"] {
        let path = old.sandbox.write(existing, "mine");
        let before = old.sandbox.files();
        let run = old.sandbox.run(&["import", "old"]);
        assert_eq!(run.status, 2, "{existing}");
        assert!(run.stderr.contains("error[exists]"), "{}", run.stderr);
        assert!(run.stderr.contains("exists already"), "{}", run.stderr);
        assert!(before == old.sandbox.files(), "{existing}");
        fs::remove_file(path).unwrap();
        let _ = fs::remove_dir(old.sandbox.path("pki"));
    }
    let run = old.sandbox.run(&["import", "old", "old/.keep", "--dry-run"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("left out: everything in old/.keep"), "{}", run.stdout);
    for nothing in ["old/.keep", "missing"] {
        assert_eq!(old.sandbox.run(&["import", nothing]).status, 2, "{nothing}");
    }
    assert_eq!(old.sandbox.run(&["import"]).status, 2);
}

#[test]
fn hostile_names_stay_data() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root\"]\\\\\\n[cas.evil]");
    old.client("a", "/CN=..\\/..\\/etc\\/passwd", "root", "");
    old.client("b", "/CN=#x = \"\\\\\" ]/O=a\\,b\\+c+OU=d", "root", "");
    old.client("c", "/CN=Zoë 名/OU=x", "root", "");
    let file = "old/x\n[clients.evil]\nissuer = 1 #.pem";
    let text = old.sandbox.read("old/c.crt");
    fs::remove_file(old.sandbox.path("old/c.crt")).unwrap();
    old.sandbox.write(file, text);
    let run = old.import_whole(&[]);
    assert!(!run.stdout.contains("\n[clients.evil]"), "{}", run.stdout);
    let spec: toml::Table = toml::from_str(&old.sandbox.read("mtls.toml")).unwrap();
    assert_eq!(
        (spec["cas"].as_table().unwrap().len(), spec["clients"].as_table().unwrap().len()),
        (1, 3)
    );
    let outside =
        files(old.sandbox.folder()).into_iter().filter(|(path, _)| path.ends_with("passwd"));
    assert_eq!(outside.count(), 0);
}

#[test]
fn keys_are_files_of_the_owner_alone_and_are_never_shown() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.client("alice", "/CN=alice", "root", "");
    old.server("www", "www.example.com", "root", "");
    old.client("stranger", "/CN=stranger", "root", "");
    fs::remove_file(old.sandbox.path("old/stranger.crt")).unwrap();
    old.sandbox.write(
        "old/broken.key",
        "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n",
    );
    let human = old.import(&[]);
    let json = old.import(&["-o", "again", "--format", "json"]);
    assert_eq!((human.status, json.status), (1, 1));
    assert!(human.stdout.contains("no certificate that was found matches it"), "{}", human.stdout);
    assert!(human.stdout.contains("old/broken.key"), "{}", human.stdout);
    let mut keys = 0;
    for (path, bytes) in files(&old.sandbox.path("pki")) {
        let is_key = path.extension().is_some_and(|extension| extension == "key");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(text.contains("PRIVATE KEY"), is_key, "{}", path.display());
        if is_key {
            keys += 1;
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
            let secret = text.lines().nth(1).unwrap()[24..].to_owned();
            for run in [&human, &json] {
                assert!(!run.stdout.contains(&secret) && !run.stderr.contains(&secret));
            }
            assert!(!old.sandbox.read("mtls.toml").contains(&secret));
        }
    }
    assert_eq!(keys, 3);
}

#[test]
fn keys_that_age_seals_are_listed_with_the_way_out() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    for (file, octets) in [
        (
            "root.key",
            "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n",
        ),
        ("binary.age", "age-encryption.org/v1\n-> X25519 x\n"),
    ] {
        old.sandbox.write(&format!("old/{file}"), octets);
    }
    let run = old.import(&[]);
    assert_eq!(run.status, 2, "the key of the root may be among them");
    for file in ["root.key", "binary.age"] {
        let reported = format!(
            "left out: an age file in old/{file}: it is encrypted with age: decrypt it with `age -d`"
        );
        assert!(run.stdout.contains(&reported), "{}", run.stdout);
    }
}

#[test]
fn a_cross_signed_certificate_that_no_chain_can_hold_is_listed() {
    let Some(old) = Old::new() else { return };
    old.root("former", "/CN=Former Root");
    old.root("root", "/CN=Root");
    old.client("alice", "/CN=alice", "root", "");
    old.openssl("req -new -key root.key -subj /CN=Root -out cross.csr");
    old.sandbox
        .write("old/ca.ext", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n");
    old.openssl("x509 -req -in cross.csr -CA former.crt -CAkey former.key -days 900 -extfile ca.ext -out cross.crt");
    fs::remove_file(old.sandbox.path("old/cross.csr")).unwrap();
    let run = old.import(&[]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    let reported = "left out: the certificate of the authority `CN=Root` by `CN=Former Root` in old/cross.crt: it has another one from `CN=Root`";
    assert!(run.stdout.contains(reported), "{}", run.stdout);
    super::assert_kept(&old.sandbox);
}

#[test]
fn below_a_root_of_ours_a_supplied_chain_is_whole() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root/O=One");
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-521";
    old.server("www", "www.example.com", "root", curve);
    let run = old.import_whole(&[]);
    assert!(run.stdout.contains("host `www.example.com`: taken over as a file"), "{}", run.stdout);
    let run = old.sandbox.ok(&["render"]);
    assert!(!run.stderr.contains("incomplete-chain"), "{}", run.stderr);
    // An unknown issuer may be an intermediate authority.
    let spec = old.sandbox.read("mtls.toml").replace("O=One", "O=Another");
    old.sandbox.write("mtls.toml", spec);
    let run = old.sandbox.run(&["render", "--locked"]);
    assert!(run.stderr.contains("incomplete-chain"), "{}", run.stderr);
}

#[test]
fn who_was_revoked_at_an_unreadable_time_stays_out() {
    let Some(old) = Old::new() else { return };
    old.root("ca", "/CN=Root");
    old.client("eve", "/CN=eve", "ca", "-set_serial 0x1001");
    old.sandbox.write("old/index.txt", "R\t301122121712Z\t?\t1001\tunknown\t/CN=eve\n");
    let run = old.import(&[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("when 1001 was revoked: it counts as revoked now"),
        "{}",
        run.stdout
    );
    assert!(!old.sandbox.read("mtls.toml").contains("eve"));
    assert!(old.sandbox.ok(&["status"]).stdout.contains("revoked"));
}

#[test]
fn an_authority_whose_clients_cannot_be_renewed_can_be_trusted_beside_its_hosts() {
    let Some(old) = Old::new() else { return };
    old.root("partner", "/CN=Partner");
    old.client("guest", "/CN=guest", "partner", "");
    old.server("www", "www.example.com", "partner", "");
    fs::remove_file(old.sandbox.path("old/partner.key")).unwrap();
    let run = old.import(&[]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("hosts can still trust that authority"), "{}", run.stdout);
    let spec = old.sandbox.read("mtls.toml");
    assert!(spec.contains("[cas.partner]\n"), "{spec}");
    // Saying so is all it takes.
    let line = spec.lines().find(|line| line.contains("# No client came along")).unwrap();
    let spec = spec.replace(line, "clientAuth.cas = [\"partner\"]");
    old.sandbox.write("mtls.toml", spec);
    assert!(old.sandbox.ok(&["render", "--locked"]).stdout.contains("ca.crt"));
}

#[test]
fn folders_without_read_permission_are_listed() {
    let Some(old) = Old::new() else { return };
    old.root("root", "/CN=Root");
    old.sandbox.write("old/closed/file", "");
    let closed = old.sandbox.path("old/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let is_refused = fs::read_dir(&closed).is_err();
    let run = old.import(&[]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    // Root may read everything.
    let reported =
        "left out: a file in old/closed: it is a folder that cannot be read: permission denied";
    assert_eq!(run.stdout.contains(reported), is_refused, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.status, i32::from(is_refused));
}

#[test]
fn below_an_authority_that_stays_behind_the_reason_is_reported() {
    let Some(old) = Old::new() else { return };
    old.root("dead", "/CN=Dead");
    old.client("alice", "/CN=alice", "dead", "-days 9000");
    old.server("www", "www.example.com", "dead", "-days 9000");
    let run = old.import(&["--at", "2040-01-01"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    let count = run.stdout.matches("its issuer `CN=Dead` is not taken over").count();
    assert!(count == 2 && !run.stdout.contains("is not here"), "{}", run.stdout);
    assert!(!run.stdout.contains("still trust that authority"), "{}", run.stdout);
}
