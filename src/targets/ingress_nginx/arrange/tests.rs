use super::*;
use crate::diagnostic::Severity;
use crate::enforcement::{Fact, Fault, Library, Revocation};
use crate::model::tests::model;
use crate::specification::document::Locate;
use crate::targets::fixture::FakeMaterial;

const BASE: &str = "[services.web]\nimage = \"httpd\"\nport = 80\n";

fn host(settings: &str) -> String {
    format!("{BASE}[hosts.\"h.example.com\"]\nservice = \"web\"\n{settings}\n")
}

/// Codes of the errors, in their order.
fn errors(text: &str) -> Vec<&'static str> {
    let nowhere: Locate<'_> = &|_| None;
    match arrange(&model(text), &nowhere) {
        Ok(_) => Vec::new(),
        Err(found) => {
            let errors = found.iter().filter(|finding| finding.severity == Severity::Error);
            errors.map(|finding| finding.code).collect()
        }
    }
}

fn depth_of(text: &str) -> u8 {
    let model = model(text);
    of(&model).host("h.example.com").unwrap().depth.unwrap()
}

#[test]
fn the_depth_is_what_the_deepest_chain_needs() {
    let chain = "[cas.root]\n[cas.a]\nissuer = \"root\"\n[cas.b]\nissuer = \"a\"\n[cas.c]\nissuer = \"b\"\n";
    for (trusted, depth) in [("root", 3), ("a", 3), ("c", 3)] {
        let auth = format!("tls.issuer = \"self-signed\"\nclientAuth.cas = [\"{trusted}\"]");
        assert_eq!(depth_of(&(chain.to_owned() + &host(&auth))), depth, "{trusted}");
    }
    let alone = "[cas.root]\n".to_owned()
        + &host("tls.issuer = \"self-signed\"\nclientAuth.cas = [\"root\"]");
    assert_eq!(depth_of(&alone), 1, "0 is taken for 1 by the controller");
}

#[test]
fn a_shared_root_that_lets_strangers_in_is_refused() {
    let teams = "[cas.root]\n[cas.a]\nissuer = \"root\"\n[cas.b]\nissuer = \"root\"\n";
    let stranger = "[clients.bob]\nissuer = \"b\"\n";
    let trusting = |cas: &str, rest: &str| {
        host(&format!("tls.issuer = \"self-signed\"\nclientAuth = {{ cas = {cas} {rest} }}"))
    };
    for (what, text, expected) in [
        (
            "a client below the sibling",
            stranger.to_owned() + &trusting("[\"a\"]", ""),
            &["shared-root"][..],
        ),
        ("no client there", trusting("[\"a\"]", ""), &[]),
        ("the sibling is listed", stranger.to_owned() + &trusting("[\"a\", \"b\"]", ""), &[]),
        ("the root is listed", stranger.to_owned() + &trusting("[\"root\"]", ""), &[]),
        (
            "no certificate is requested",
            stranger.to_owned() + &trusting("[\"a\"]", ", verify = \"off\""),
            &[],
        ),
        (
            "the sibling is trusted elsewhere",
            trusting("[\"a\"]", "")
                + "[hosts.\"i.example.com\"]\nservice = \"web\"\ntls.issuer = \"self-signed\"\nclientAuth.cas = [\"b\"]\n",
            &["shared-root", "shared-root"],
        ),
    ] {
        assert_eq!(errors(&(teams.to_owned() + &text)), expected, "{what}");
    }
}

#[test]
fn a_depth_of_nothing_is_refused_and_one_that_is_too_small_is_warned_of() {
    let chain = "[cas.root]\n[cas.a]\nissuer = \"root\"\n[cas.b]\nissuer = \"a\"\n";
    let with = |depth: u8| {
        chain.to_owned()
            + &host(&format!(
                "tls.issuer = \"self-signed\"\nclientAuth = {{ cas = [\"root\"], verifyDepth = {depth} }}"
            ))
    };
    assert_eq!(errors(&with(0)), ["invalid-value"]);
    let model = model(&with(1));
    let nowhere: Locate<'_> = &|_| None;
    let arrangement = arrange(&model, &nowhere).unwrap();
    let warned: Vec<&str> = arrangement.warnings.iter().map(|found| found.code).collect();
    assert_eq!(warned, ["verify-depth"]);
    assert_eq!(arrangement.host("h.example.com").unwrap().depth, Some(1));
    assert_eq!(depth_of(&with(2)), 2);
}

#[test]
fn subjects_belong_to_one_client_each_and_are_those_that_nginx_prints() {
    let with = |clients: &str| {
        "[cas.root]\n".to_owned()
            + clients
            + &host(
                "tls.issuer = \"self-signed\"\nclientAuth = { cas = [\"root\"], allow = [\"b\", \"a\"] }",
            )
    };
    let own = "[clients.a]\nissuer = \"root\"\n[clients.b]\nissuer = \"root\"\nsubject = \"CN=b,O=Jürgen\"\n";
    let model = model(&with(own));
    let arrangement = of(&model);
    let subjects = arrangement.host("h.example.com").unwrap().subjects.clone().unwrap();
    assert_eq!(subjects, ["CN=a", "CN=b,O=J\\C3\\BCrgen"]);
    let twins = "[clients.a]\nissuer = \"root\"\n[clients.b]\nissuer = \"root\"\n[clients.c]\nissuer = \"root\"\nsubject = \"CN=a\"\n";
    assert_eq!(errors(&with(twins)), ["allow"]);
}

#[test]
fn the_validation_of_a_host_is_that_of_nginx() {
    let model = model(
        &("[cas.root]\n[cas.a]\nissuer = \"root\"\n".to_owned()
            + &host(
                "tls.issuer = \"self-signed\"\nclientAuth = { cas = [\"a\"], verify = \"optional\" }",
            )),
    );
    let arrangement = of(&model);
    let validation = arrangement.validation("h.example.com", &FakeMaterial).unwrap();
    assert_eq!((validation.library, validation.depth), (Library::OpenSsl, Some(1)));
    assert_eq!(validation.tolerates, BTreeSet::from([Fault::Absent]));
    assert_eq!(validation.revocation, Fact::Known(Revocation::None));
    assert!(arrangement.validation("other", &FakeMaterial).is_none());
}
