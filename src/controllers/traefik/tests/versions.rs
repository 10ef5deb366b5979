//! The table of `docs/controllers/traefik.md`: a protected host and what is beside it, by version and by `strictTlsOptions`.

use super::*;

const VERSIONS: [&str; 7] = ["3.7.9", "3.7.10", "3.7.11", "3.7.12", "3.7.13", "3.7.14", "3.7.15"];
const OPEN: &str = "a a a";
const PROTECTED: &str = "refused a refused";
const OTHERS: &str = "refused refused a";
const GONE: &str = "404 404 404";

/// What a protected host does at `/` with these beside it.
fn cell(version: &str, is_strict: bool, beside: &[Value]) -> String {
    let host = made_at(ingress("a", "a.test", "/", ASKS), "10");
    let objects = [secrets(), vec![host], beside.to_vec()].concat();
    at(&observed(version, is_strict, &objects), "a.test", "/")
}

/// Checks a row: without the option at 3.7.10, 3.7.13, 3.7.15, then with it at 3.7.13 and 3.7.15.
#[track_caller]
fn row(beside: &[Value], expected: [&str; 5]) {
    let cells = [
        ("3.7.10", false),
        ("3.7.13", false),
        ("3.7.15", false),
        ("3.7.13", true),
        ("3.7.15", true),
    ];
    let seen = cells.map(|(version, is_strict)| cell(version, is_strict, beside));
    assert_eq!(seen, expected);
    // Versions beside those do the same, and the first ones have no such option.
    assert_eq!(cell("3.7.9", true, beside), expected[0]);
    assert_eq!(cell("3.7.12", false, beside), expected[1]);
}

fn second(annotations: &[(&str, &str)]) -> Value {
    made_at(ingress("b", "a.test", "/second", annotations), "20")
}

#[test]
fn one_ingress_is_protected_by_all() {
    for version in VERSIONS {
        assert_eq!(cell(version, false, &[]), PROTECTED, "{version}");
        assert_eq!(cell(version, true, &[]), PROTECTED, "{version}");
    }
}

#[test]
fn a_second_ingress_with_equal_annotations() {
    row(&[second(ASKS)], [OPEN, PROTECTED, PROTECTED, PROTECTED, PROTECTED]);
    let elsewhere = ingress("b", "a.test", "/second", &[("auth-tls-secret", "elsewhere/clients")]);
    let elsewhere = made_at(within(elsewhere, "elsewhere"), "20");
    row(&[elsewhere], [OPEN, OPEN, PROTECTED, GONE, PROTECTED]);
}

#[test]
fn a_second_ingress_without_annotations() {
    row(&[second(&[])], [OPEN, OPEN, PROTECTED, GONE, PROTECTED]);
    // cert-manager's, for the time of a challenge.
    let mut solver = second(&[]);
    solver["spec"].as_object_mut().unwrap().remove("tls");
    row(&[solver.clone()], [OPEN, OPEN, PROTECTED, GONE, PROTECTED]);
    for version in VERSIONS {
        let objects = [secrets(), vec![ingress("a", "a.test", "/", ASKS), solver.clone()]].concat();
        let observed = observed(version, false, &objects);
        assert_eq!(plain(&observed, "a.test", "/"), "redirect", "{version}");
        assert_eq!(plain(&observed, "a.test", "/second"), "b", "{version}");
    }
}

#[test]
fn a_second_ingress_that_asks_otherwise() {
    let others = [("auth-tls-secret", "shop/others")];
    row(&[second(&others)], [OPEN, OPEN, PROTECTED, GONE, PROTECTED]);
    let older = |annotations: &[(&str, &str)]| {
        made_at(ingress("b", "a.test", "/second", annotations), "05")
    };
    row(&[older(&others)], [OPEN, OPEN, OTHERS, GONE, OTHERS]);
    let off = [ASKS, &[("auth-tls-verify-client", "off")]].concat();
    row(&[older(&off)], [OPEN, OPEN, OPEN, GONE, OPEN]);
    // Its Secret is not there: it is passed over.
    row(&[older(&[("auth-tls-secret", "shop/missing")])], [PROTECTED; 5]);
}

#[test]
fn a_route_of_the_same_host() {
    let open = route("b", "Host(`a.test`) && PathPrefix(`/second`)", &json!({}));
    row(std::slice::from_ref(&open), [OPEN, OPEN, OPEN, GONE, GONE]);
    let option = tls_option("asks", &json!({ "secretNames": ["clients"] }));
    let asking = route("b", "Host(`A.test`)", &json!({ "options": { "name": "asks" } }));
    row(&[option, asking], [OPEN, OPEN, OPEN, GONE, GONE]);
    let of_others = route("b", "Host(`b.test`)", &json!({}));
    row(&[of_others], [PROTECTED; 5]);
}

#[test]
fn versions_that_could_not_be_looked_at_do_one_or_the_other() {
    assert_eq!(cell("3.7.11", false, &[second(ASKS)]), "Version(a|refused) a Version(a|refused)");
    assert_eq!(cell("3.7.14", false, &[second(&[])]), "Version(a|refused) a Version(a|refused)");
}

#[test]
fn which_one_is_older_decides_if_it_is_shown() {
    let others = [("auth-tls-secret", "shop/others")];
    let of = |objects: Vec<Value>| {
        let objects = [secrets(), objects].concat();
        at(&observed("3.7.15", false, &objects), "a.test", "/")
    };
    let both = vec![ingress("a", "a.test", "/", ASKS), ingress("b", "a.test", "/second", &others)];
    assert_eq!(of(both), "refused Age(refused|a) Age(a|refused)");
}

#[test]
fn names_that_meet() {
    // One router has both their names: either of the hosts is not served.
    let meeting = |version: &str| {
        let one = made_at(ingress("x-a", "a.test", "/", ASKS), "10");
        let other = ingress("a", "b.test", "/", &[("auth-tls-secret", "shop-x/others")]);
        let other = made_at(within(other, "shop-x"), "20");
        let objects =
            [secrets(), vec![secret("shop-x", "others", &[("ca.crt", OTHER)]), one, other]];
        let observed = observed(version, false, &objects.concat());
        (at(&observed, "a.test", "/"), at(&observed, "b.test", "/"))
    };
    let lost = |seen: &str| seen.to_owned();
    let (first, second) = meeting("3.7.15");
    assert_eq!(first, lost("Chance(refused|404) Chance(x-a|404) Chance(refused|404)"));
    assert_eq!(second, lost("Chance(404|refused) Chance(404|refused) Chance(404|a)"));
}

#[test]
fn ingresses_whose_names_differ_in_a_dot() {
    let of = |version: &str| {
        let objects = [ingress("a.b", "a.test", "/", ASKS), ingress("a-b", "b.test", "/", ASKS)];
        let objects = [secrets(), objects.to_vec()].concat();
        let observed = observed(version, false, &objects);
        (at(&observed, "a.test", "/"), at(&observed, "b.test", "/"))
    };
    let words = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    // Their Services have one name too: those of the older one answer.
    let lost = "Age(refused|404) Age(a.b|404|a-b) Age(refused|404)";
    let other = "Age(404|refused) Age(404|a.b|a-b) Age(404|refused)";
    assert_eq!(of("3.7.13"), words(lost, other));
    assert_eq!(of("3.7.15"), words("refused a.b refused", "refused a-b refused"));
}

#[test]
fn secrets_whose_names_differ_in_a_dot() {
    let of = |version: &str| {
        let objects = vec![
            secret("shop", "ca.one", &[("ca.crt", OWN)]),
            secret("shop", "ca-one", &[("ca.crt", OTHER)]),
            made_at(ingress("a", "a.test", "/", &[("auth-tls-secret", "shop/ca.one")]), "10"),
            made_at(ingress("b", "b.test", "/", &[("auth-tls-secret", "shop/ca-one")]), "20"),
        ];
        at(&observed(version, false, &objects), "b.test", "/")
    };
    assert_eq!(of("3.7.10"), "refused refused b");
    assert_eq!(of("3.7.13"), "refused b refused");
    assert_eq!(of("3.7.15"), "refused refused b");
}

#[test]
fn which_versions_are_known() {
    assert_eq!(Traefik.version("v3.7.15"), Ok("3.7.15".to_owned()));
    for version in ["3.7.8", "3.7.16", "3.6.24", "2.11.53", "x"] {
        assert!(Traefik.version(version).is_err(), "{version}");
    }
}
