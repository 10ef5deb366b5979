mod table;

use super::{IngressNginx, PREFIX, arrange};
use crate::controllers::{Declared, Reader};
use crate::diagnostic::{Diagnostic, Severity};
use crate::manifest::Object;
use crate::manifest::kinds::Ingress;
use crate::model::{AllowedClient, Exposure, Model, Reference, ServerCertificateSource, ServerTls};
use crate::pki::name::DistinguishedName;
use crate::specification::Verify;
use crate::specification::document::Locate;
use crate::targets::fixture::{FakeMaterial, annotations, exposure, model, protected};
use crate::targets::{self, Target};

fn check(model: &Model) -> Vec<(Severity, &'static str, String)> {
    let nowhere: Locate<'_> = &|_| None;
    let found = IngressNginx.check(model, &nowhere);
    found.into_iter().map(|d| (d.severity, d.code, d.title)).collect()
}

fn codes(model: &Model) -> Vec<&'static str> {
    check(model).into_iter().map(|(_, code, _)| code).collect()
}

fn with(mut exposure: Exposure, change: impl FnOnce(&mut Exposure)) -> Model {
    change(&mut exposure);
    model(vec![exposure])
}

fn annotated(exposure: Exposure, name: &str, value: &str) -> Model {
    let name = if name.contains('/') { name.to_owned() } else { format!("{PREFIX}{name}") };
    with(exposure, |exposure| exposure.annotations = annotations(&[(&name, value)]))
}

/// The client of that name and subject.
fn allowed(name: &str, subject: &str) -> AllowedClient {
    AllowedClient { name: name.to_owned(), subject: DistinguishedName::parse(subject).unwrap() }
}

fn exposed(exposure: &Exposure) -> Result<Vec<Object>, Vec<Diagnostic>> {
    let model = model(vec![exposure.clone()]);
    let mut objects = Vec::new();
    let arrangement = arrange::of(&model);
    IngressNginx
        .objects(&model, &arrangement, &FakeMaterial, &mut |object| objects.push(object))?;
    Ok(objects)
}

fn rendered_annotations(exposure: &Exposure) -> Vec<(String, String)> {
    let object = exposed(exposure).unwrap().remove(0);
    let ingress = object.read::<Ingress>().unwrap().unwrap();
    let short = |key: &str| key.strip_prefix(PREFIX).unwrap_or(key).to_owned();
    let annotations = ingress.metadata.annotations.iter();
    annotations.map(|(key, value)| (short(key), value.to_owned())).collect()
}

#[test]
fn ordinary_hosts_deserve_no_word() {
    let mut open = exposure("a.example.com");
    open.routes[0].service = "open".parse().unwrap();
    assert_eq!(check(&model(vec![open, protected("b.example.com")])), []);
}

#[test]
fn each_setting_has_its_annotation() {
    let mut host = protected("a.example.com");
    let auth = host.client_auth.as_mut().unwrap();
    auth.secret = Reference { namespace: "ns".into(), name: "ca".into() };
    auth.verify = Verify::OptionalNoCa;
    auth.verify_depth = Some(3);
    auth.pass_certificate_to_upstream = false;
    auth.error_page = Some("https://example.com/denied".parse().unwrap());
    auth.allow = Some(vec![allowed("alice", "CN=alice,O=Acme")]);
    let want = [
        ("auth-tls-error-page", "https://example.com/denied"),
        ("auth-tls-match-cn", "CN=$.|^(CN=alice,O=Acme)$"),
        ("auth-tls-pass-certificate-to-upstream", "false"),
        ("auth-tls-secret", "ns/ca"),
        ("auth-tls-verify-client", "optional_no_ca"),
        ("auth-tls-verify-depth", "3"),
        ("force-ssl-redirect", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(rendered_annotations(&host), want);

    for (verify, word) in [(Verify::On, "on"), (Verify::Optional, "optional"), (Verify::Off, "off")]
    {
        host.client_auth.as_mut().unwrap().verify = verify;
        let annotations = rendered_annotations(&host);
        assert!(annotations.contains(&("auth-tls-verify-client".into(), word.into())));
        let redirect = annotations.iter().any(|(name, _)| name == "force-ssl-redirect");
        assert_eq!(redirect, verify != Verify::Off);
    }
}

#[test]
fn cert_manager_is_asked_by_annotation() {
    let mut host = exposure("a.example.com");
    let tls = |source| Some(ServerTls { secret_name: "s".parse().unwrap(), source });
    host.tls = tls(ServerCertificateSource::ClusterIssuer("ca-issuer".parse().unwrap()));
    assert_eq!(
        rendered_annotations(&host),
        [("cert-manager.io/cluster-issuer".into(), "ca-issuer".into())]
    );
    host.tls = tls(ServerCertificateSource::Issuer("local".parse().unwrap()));
    assert_eq!(rendered_annotations(&host), [("cert-manager.io/issuer".into(), "local".into())]);
    host.tls = tls(ServerCertificateSource::Existing);
    assert_eq!(rendered_annotations(&host), []);
}

#[test]
fn annotations_that_mtlsgen_sets_are_refused_on_any_host() {
    let reserved = [
        "auth-tls-secret",
        "auth-tls-verify-client",
        "auth-tls-verify-depth",
        "auth-tls-error-page",
        "auth-tls-pass-certificate-to-upstream",
        "auth-tls-match-cn",
        "auth-tls-something-new",
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "kubernetes.io/tls-acme",
        "kubernetes.io/ingress.class",
    ];
    for name in reserved {
        for host in [exposure("a.example.com"), protected("a.example.com")] {
            assert!(codes(&annotated(host, name, "x")).contains(&"annotation-reserved"), "{name}");
        }
    }
    assert_eq!(
        codes(&annotated(protected("a.b"), "force-ssl-redirect", "true")),
        ["annotation-reserved"]
    );
    assert_eq!(
        codes(&annotated(exposure("a.b"), "force-ssl-redirect", "true")),
        Vec::<&str>::new()
    );
}

#[test]
fn words_that_clusters_block_are_warned_of() {
    let secret = |name: &str| Reference { namespace: "default".into(), name: name.into() };
    let root =
        with(protected("a.b"), |e| e.client_auth.as_mut().unwrap().secret = secret("root-ca"));
    let found = check(&root);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].1), (Severity::Warning, "annotation-word"));
    assert!(found[0].2.contains("`auth-tls-secret` of host `a.b` contains `root`"), "{found:?}");
    let allow = with(protected("a.b"), |e| {
        e.client_auth.as_mut().unwrap().allow = Some(vec![allowed("x", "CN=root,O=location {x}")]);
    });
    assert_eq!(check(&allow), [], "subjects are written around those words");
    assert_eq!(codes(&annotated(exposure("a.b"), "x/y", "{}")), ["annotation-word"]);
}

#[test]
fn secrets_that_were_not_provided_are_warned_of() {
    let existing = with(protected("a.b"), |e| e.client_auth.as_mut().unwrap().existing = true);
    assert_eq!(codes(&existing), ["trust-secret-unseen"]);
    let elsewhere = with(protected("a.b"), |e| {
        let auth = e.client_auth.as_mut().unwrap();
        auth.existing = true;
        auth.secret.namespace = "ingress-nginx".into();
    });
    let found = check(&elsewhere);
    assert_eq!(
        found.iter().map(|(_, code, _)| *code).collect::<Vec<_>>(),
        ["trust-secret-unseen", "trust-secret-elsewhere"]
    );
    assert!(found[1].2.contains("allow-cross-namespace-resources"), "{found:?}");
    // Once, however many hosts trust it.
    let mut many = elsewhere;
    for host in ["c.d", "e.f"] {
        let mut exposure = protected(host);
        exposure.client_auth.clone_from(&many.exposures[0].client_auth);
        many.exposures.push(exposure);
    }
    assert_eq!(codes(&many), ["trust-secret-unseen", "trust-secret-elsewhere"]);
    many.exposures[2].client_auth.as_mut().unwrap().secret.name = "other".into();
    assert_eq!(codes(&many).len(), 4);
}

#[test]
fn what_allow_cannot_do_is_said() {
    let allow = |subjects: &[&str], verify| {
        with(protected("a.b"), |e| {
            let auth = e.client_auth.as_mut().unwrap();
            auth.allow = Some(subjects.iter().map(|one| allowed(one, one)).collect());
            auth.verify = verify;
        })
    };
    assert_eq!(codes(&allow(&[], Verify::On)), ["allow-inexpressible"]);
    let long = format!("CN={}", "x".repeat(64)) + &format!("+OU={}", "y".repeat(60)).repeat(70);
    assert_eq!(codes(&allow(&[&long], Verify::On)), ["allow-inexpressible"]);
    assert_eq!(codes(&allow(&["CN=a"], Verify::Optional)), ["allow-without-verify"]);
    assert_eq!(codes(&allow(&["CN=a"], Verify::On)), Vec::<&str>::new());
    let mut acme = allow(&["CN=a"], Verify::On);
    acme.exposures[0].tls.as_mut().unwrap().source =
        ServerCertificateSource::ClusterIssuer("letsencrypt".parse().unwrap());
    assert_eq!(codes(&acme), ["allow-blocks-acme"]);
    let inexpressible = allow(&[], Verify::On);
    assert!(exposed(&inexpressible.exposures[0]).is_err());
}

#[test]
fn words_of_verify_that_leave_hosts_open_are_noticed() {
    let verify =
        |verify| with(protected("a.b"), |e| e.client_auth.as_mut().unwrap().verify = verify);
    assert_eq!(codes(&verify(Verify::Off)), ["verify-off"]);
    assert_eq!(codes(&verify(Verify::OptionalNoCa)), ["verify-by-backend"]);
    assert_eq!(codes(&verify(Verify::Optional)), Vec::<&str>::new());
}

fn reader(version: &str, option: Option<&str>) -> Reader {
    let options = option.map(|name| (name.to_owned(), "true".to_owned())).into_iter().collect();
    let declared = Declared { version: Some(version.to_owned()), options, ..Declared::default() };
    Reader { name: "traefik".to_owned(), declared }
}

#[test]
fn challenges_open_hosts_of_some_readers() {
    let mut acme = model(vec![protected("a.b")]);
    acme.exposures[0].tls.as_mut().unwrap().source =
        ServerCertificateSource::ClusterIssuer("letsencrypt".parse().unwrap());
    let mut titles = |version: &str, option: Option<&str>| {
        acme.controllers = vec![reader(version, option)];
        let found = check(&acme).into_iter().map(|(_, _, title)| title);
        found.filter(|title| title.contains("HTTP-01")).collect::<Vec<_>>()
    };
    assert_eq!(
        titles("3.7.9", None),
        [
            "while cert-manager answers an HTTP-01 challenge for host `a.b`, traefik 3.7.9 serves it to clients without a certificate"
        ]
    );
    assert_eq!(titles("3.7.14", None).len(), 1, "it may be as 3.7.13");
    assert!(
        titles("3.7.13", Some("strictTlsOptions"))[0].ends_with("serves it to no client by HTTPS")
    );
    assert_eq!(titles("3.7.15", None), Vec::<String>::new());
}

#[test]
fn a_header_that_is_wrong_is_not_to_be_checked() {
    let mut any = with(protected("a.b"), |e| {
        e.client_auth.as_mut().unwrap().verify = Verify::OptionalNoCa;
    });
    let mut said = |controllers| {
        any.controllers = controllers;
        let nowhere: Locate<'_> = &|_| None;
        let found = IngressNginx.check(&any, &nowhere).into_iter();
        found.map(|one| format!("{one:?}")).find(|one| one.contains("verify-by-backend")).unwrap()
    };
    let nginx = Reader { name: "ingress-nginx".to_owned(), declared: Declared::default() };
    let (must, use_other) = ("must check that the header", "write `verify = ");
    let alone = said(vec![reader("3.7.15", None)]);
    assert!(!alone.contains(must) && alone.contains(use_other), "{alone}");
    let both = said(vec![nginx, reader("3.7.15", None)]);
    assert!(both.contains(must) && both.contains(use_other), "{both}");
    assert!(!said(Vec::new()).contains(use_other));
}

#[test]
fn wildcards_do_not_protect_hosts_with_an_entry_of_their_own() {
    let hosts = ["a.example.com", "a.b.example.com", "a.example.org", "example.com"].map(exposure);
    let mut all = model(hosts.into());
    for exposure in &mut all.exposures {
        exposure.routes[0].service = "open".parse().unwrap();
    }
    all.exposures.push(protected("*.example.com"));
    let found = check(&all);
    assert_eq!(found.len(), 1);
    let mut elsewhere = protected("*.example.com");
    elsewhere.ingress_class_name = "other".parse().unwrap();
    all.exposures.push(elsewhere);
    assert_eq!(check(&all), found, "once, though the wildcard has two entries");
    assert!(found[0].2.contains("host `a.example.com` is below the protected `*.example.com`"));
}

#[test]
fn messages_point_at_the_annotation_wherever_it_came_from() {
    use crate::specification::document::Step;
    let source = std::sync::Arc::new(crate::diagnostic::Source {
        name: "mtls.toml".into(),
        directory: "".into(),
        text: "0123456789".into(),
    });
    let span =
        |start| Some(crate::diagnostic::Span { source: source.clone(), start, end: start + 1 });
    let locate = |path: &[Step]| match path.first() {
        Some(Step::Key(key)) if key == "annotations" => span(1),
        _ => span(2),
    };
    let mut model = annotated(protected("a.b"), "ssl-redirect", "false");
    assert_eq!(IngressNginx.check(&model, &(&locate as Locate<'_>))[0].span, span(2));
    model.annotations = model.exposures[0].annotations.clone();
    assert_eq!(IngressNginx.check(&model, &(&locate as Locate<'_>))[0].span, span(1));
}

#[test]
fn names_of_targets_are_known_once() {
    assert!(targets::find("ingress-nginx").is_some());
    assert!(targets::find("traefik").is_none() && targets::is_name("traefik"));
    assert!(targets::TARGETS.iter().all(|target| !targets::PLANNED.contains(&target.name())));
}
