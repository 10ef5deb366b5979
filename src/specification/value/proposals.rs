//! The value that a message proposes is accepted, so that it does not lead to another mistake.

use std::str::FromStr;

use proptest::prelude::*;

use super::*;

/// The values that a message says to write.
fn proposed(message: &str) -> impl Iterator<Item = &str> {
    let behind =
        ["write `", "such as `"].into_iter().flat_map(|words| message.split(words).skip(1));
    behind.filter_map(|rest| rest.split('`').next()).map(|value| value.trim_matches('"'))
}

fn judge<T: FromStr<Err = String>>(text: &str) {
    let Err(message) = text.parse::<T>() else { return };
    for value in proposed(&message) {
        let again = value.parse::<T>().err();
        assert_eq!(again, None, "{value:?} is proposed for {text:?}: {message}");
    }
}

fn judge_all(text: &str) {
    let judges = [
        judge::<HostName>,
        judge::<DnsName>,
        judge::<ObjectName>,
        judge::<NamespaceName>,
        judge::<ContainerName>,
        judge::<NamespacedName>,
        judge::<LabelKey>,
        judge::<AnnotationKey>,
        judge::<LabelValue>,
        judge::<SpecName>,
        judge::<PortName>,
        judge::<ExtendedKeyName>,
        judge::<ImageName>,
        judge::<EmailAddress>,
        judge::<ErrorPage>,
        judge::<Uri>,
        judge::<IpAddress>,
        judge::<IpRange>,
        judge::<Serial>,
        judge::<Quantity>,
        judge::<Duration>,
        judge::<RenewBefore>,
        judge::<FilePath>,
    ];
    for judge in judges {
        judge(text);
    }
}

#[test]
fn known_traps() {
    let long = "A".repeat(64);
    for text in [
        ".Example.org",
        "*.Example.org",
        "*.*.a",
        "A..b",
        "a.-B",
        "A--B",
        "HTTP--X",
        "1-2",
        "0",
        "99999999",
        "00:00",
        "ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff:ff",
        "https://A_/B",
        "https://A/B:C",
        "A/B:",
        "x@Y_.Z",
        "x@.Z",
        "x@1",
        "https://",
        "https://1.2.3.4/",
        "a.b:80",
        "a_:80",
        "ä.De",
        "abcd::1",
        "[::1]",
        "1.2.3.4/8",
        "1.2.3",
        ".",
        "-",
        "*",
        &long,
    ] {
        judge_all(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn every_proposal_is_accepted(
        text in r"(https?://|\*\.|\.|a@|0x)?[A-Ca-c0-2_.:/@ ä*-]{0,16}(://|\.|:80|/8|d)?",
    ) {
        judge_all(&text);
    }
}
