//! The same bytes wherever and however it runs; and input that wants to hurt.

use std::time::{Duration, Instant};

use crate::cases::example;
use crate::support::{Run, Sandbox};

#[test]
fn output_does_not_depend_on_folder_zone_locale_or_terminal() {
    let sandbox = example("protected-among-public");
    let here = sandbox.ok(&["render"]);
    let elsewhere = Sandbox::new();
    let spec = sandbox.path("mtls.yaml");
    for (zone, locale, term) in
        [("Pacific/Kiritimati", "tr_TR.UTF-8", "dumb"), ("America/St_Johns", "C", "xterm")]
    {
        let output = elsewhere
            .command(&["render", "-f", spec.to_str().unwrap()])
            .env("TZ", zone)
            .env("LANG", locale)
            .env("LC_ALL", locale)
            .env("TERM", term)
            .env("COLUMNS", "20")
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        assert_eq!(Run::of(output).stdout, here.stdout);
    }
}

#[test]
fn hostile_input_is_refused_quickly_and_in_bounded_memory() {
    let deep_yaml = "[".repeat(100_000);
    let deep_toml = format!("a = {}", "[".repeat(100_000));
    let dotted = format!("{} = 1", ["a"; 10_000].join("."));
    let aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..=b'z')
            .map(|c| {
                let previous = char::from(c - 1);
                format!(
                    "{0}: &{0} [*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1},*{1}]\n",
                    char::from(c),
                    previous
                )
            })
            .collect::<String>();
    for (name, content) in [
        ("mtls.yaml", deep_yaml.as_bytes()),
        ("mtls.toml", deep_toml.as_bytes()),
        ("mtls.toml", dotted.as_bytes()),
        ("mtls.yaml", aliases.as_bytes()),
        ("mtls.yaml", b"a: \0b\n"),
        ("mtls.toml", b"a = \"\0\"\n"),
        ("mtls.toml", b"a = \"\xff\xfe\"\n"),
        ("mtls.yaml", b"a: \xc3\x28\n"),
        ("mtls.yaml", &b"x"[..]),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write(name, content);
        let begun = Instant::now();
        let run = sandbox.run(&["render"]);
        assert_eq!(run.status, 2, "{name} {:?}: {}", &content[..content.len().min(20)], run.stderr);
        assert!(run.stderr.contains("error"), "{}", run.stderr);
        assert!(run.stderr.len() < 20_000, "{} bytes of message", run.stderr.len());
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_file_of_100_megabytes_is_refused_before_it_is_read() {
    let sandbox = Sandbox::new();
    let file = std::fs::File::create(sandbox.path("mtls.yaml")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    let run = sandbox.run(&["render"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("MiB"), "{}", run.stderr);
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_read() {
    let text =
        std::fs::read_to_string(crate::support::root().join("examples/demo-app-1-http/mtls.toml"))
            .unwrap();
    let plain = Sandbox::with_toml(&text).ok(&["render"]).stdout;
    for changed in [text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        assert_eq!(Sandbox::with_toml(&changed).ok(&["render"]).stdout, plain);
    }
    let yaml = "services:\n  web: {image: httpd, port: 80}\nhosts:\n  web.example.com: {service: web, tls: false}\n";
    let render = |text: &str| {
        let sandbox = Sandbox::new();
        sandbox.write("mtls.yaml", text);
        sandbox.ok(&["render"]).stdout
    };
    assert_eq!(render(&yaml.replace('\n', "\r\n")), render(yaml));
    assert_eq!(render(&format!("\u{feff}{yaml}")), render(yaml));
}
