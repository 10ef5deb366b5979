use super::*;

fn toml(text: &str) -> Result<Subject, String> {
    #[derive(Deserialize)]
    struct Holder {
        subject: Subject,
    }
    toml::from_str::<Holder>(text).map(|holder| holder.subject).map_err(|e| e.message().to_owned())
}

fn shared(text: &str) -> SharedSubject {
    toml::from_str(text).unwrap()
}

#[test]
fn text_keeps_the_order_of_its_form() {
    let internal = toml("subject = '/CN=Internal Cert Authority/O=Org Internal CA/C=GB'").unwrap();
    let name = internal.to_name("internal", None).unwrap();
    assert_eq!(name.rfc2253(), "C=GB,O=Org Internal CA,CN=Internal Cert Authority");
    let alice = toml("subject = 'CN=alice, O=MyOrganization'").unwrap();
    let kept = shared("organizations = ['Shared']\ncountries = ['GB']");
    assert_eq!(alice.to_name("x", Some(&kept)).unwrap().rfc2253(), "CN=alice,O=MyOrganization");
}

#[test]
fn tables_have_a_fixed_order_and_take_what_they_lack() {
    let subject = toml(
        "[subject]\nserialNumber = '42'\norganizationalUnits = ['b', 'a']\norganizations = ['Org']\n\
         countries = ['GB']\nlocalities = ['Town']\nprovinces = ['Shire']\nstreetAddresses = ['Road 1']\n\
         postalCodes = ['A1']",
    )
    .unwrap();
    let name = subject.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
    let encoded: Vec<_> =
        name.attributes().into_iter().map(|a| (a.short_name.unwrap(), a.value)).collect();
    let expected = [
        ("C", "GB"),
        ("ST", "Shire"),
        ("L", "Town"),
        ("street", "Road 1"),
        ("postalCode", "A1"),
        ("O", "Org"),
        ("OU", "b"),
        ("OU", "a"),
        ("CN", "me"),
        ("serialNumber", "42"),
    ];
    assert_eq!(encoded, expected.map(|(name, value)| (name, value.to_owned())));
    let plain = toml("subject = {}").unwrap();
    let name = plain.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
    assert_eq!(name.rfc2253(), "CN=me,O=Other");
    let none = toml("subject = { organizations = [] }").unwrap();
    let name = none.to_name("me", Some(&shared("organizations = ['Other']"))).unwrap();
    assert_eq!(name.rfc2253(), "CN=me");
}

#[test]
fn the_default_common_name_gives_way() {
    let shared = shared("organizations = ['Org']");
    assert_eq!(default_name("me", Some(&shared)).unwrap().rfc2253(), "CN=me,O=Org");
    assert_eq!(default_name(&"m".repeat(65), Some(&shared)).unwrap().rfc2253(), "O=Org");
    assert_eq!(default_name(&"ü".repeat(64), None).unwrap().common_names(), ["ü".repeat(64)]);
    let none = toml("subject = { commonName = '' }").unwrap();
    assert!(none.to_name("me", None).unwrap().is_empty());
    let own = toml("subject = { commonName = 'own' }").unwrap();
    assert_eq!(own.to_name("me", None).unwrap().rfc2253(), "CN=own");
}

#[test]
fn mistakes_come_with_help_on_a_second_line() {
    let cases = [
        ("subject = 'alice'", "`alice` in a subject has no `=`\nwrite `CN=alice`"),
        ("subject = 'CNN=alice'", "unknown attribute `CNN` in a subject\nwrite `CN`"),
        ("subject = ''", "the subject is empty\nwrite `CN=name`"),
        ("subject = 7", "invalid type: integer `7`, expected a subject: text such as"),
        ("subject = { countries = ['GBR'] }", "`C` is `GBR`, which is not a country code"),
        ("subject = { organizations = [''] }", "`O` has no value\n"),
        ("subject = { organization = 'a' }", "unknown field `organization`, expected one of"),
        ("subject = { serialNumber = '4*2' }", "`serialNumber` may not contain `*`\n"),
    ];
    for (text, expected) in cases {
        let message = toml(text).unwrap_err();
        assert!(message.starts_with(expected), "{text}: {message}");
    }
    let long = toml(&format!("subject = {{ commonName = '{}' }}", "x".repeat(65))).unwrap_err();
    assert!(long.starts_with("`CN` is 65 characters long, 64 at most are allowed\n"), "{long}");
}

#[test]
fn errors_point_at_the_very_value() {
    let text = "subject = { organizations = ['a'], serialNumber = '4*2' }";
    let error = toml::from_str::<std::collections::BTreeMap<String, Subject>>(text).unwrap_err();
    assert_eq!(&text[error.span().unwrap()], "'4*2'");
}

#[test]
fn yaml_reads_both_forms() {
    let text = "a: CN=alice, O=Org\nb:\n  commonName: bob\n  postalCodes: ['0123']\n";
    let subjects: std::collections::BTreeMap<String, Subject> =
        serde_saphyr::from_str(text).unwrap();
    assert_eq!(subjects["a"].to_name("x", None).unwrap().rfc2253(), "CN=alice,O=Org");
    assert_eq!(subjects["b"].to_name("x", None).unwrap().rfc2253(), "CN=bob,postalCode=0123");
}

#[test]
fn the_schema_takes_what_is_read() {
    let schema = schemars::schema_for!(Subject);
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    for good in ["\"CN=a\"", "{}", r#"{"commonName":"","countries":["GB"],"serialNumber":"1-2"}"#] {
        assert!(validator.is_valid(&serde_json::from_str(good).unwrap()), "{good}");
    }
    for wrong in [
        "\"\"",
        "7",
        r#"{"organization":"a"}"#,
        r#"{"countries":["GBR"]}"#,
        r#"{"organizations":[""]}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}
