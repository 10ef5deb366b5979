//! The text of a first spec, in TOML or YAML, with comments.

use super::answers::{Answers, ServerCertificate};
use super::{Form, SpecFormat};
use crate::specification::document::{API_VERSION, KIND};
use writer::{Entry, Section, Value, off, on};

mod writer;

const HEADER: &str = "\
# Hosts, the clients that may call them, and the authorities that sign both. For mtlsgen:
#   mtlsgen render | kubectl apply -f -    issues what is missing and sets everything up
#   mtlsgen schema                         prints every key of a spec, as JSON Schema
";

/// A kustomization whose generator is a first spec.
pub const KUSTOMIZATION: &str = "\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
generators:
- mtls.yaml
";

const GENERATOR_HEADER: &str = "\
# Hosts, the clients that may call them, and the authorities that sign both, as a Kustomize generator:
#   mtlsgen issue -f mtls.yaml                    issues what is missing
#   kustomize build --enable-alpha-plugins .      prints the manifests
";

/// The text of a first spec; `schema` is the path of its schema, if there is one for editors.
pub fn starter(answers: &Answers, form: Form, schema: Option<&str>) -> String {
    let editor_line = match (schema, form) {
        (None, _) => String::new(),
        (Some(path), Form::Spec(SpecFormat::Toml)) => format!("#:schema ./{path}\n"),
        (Some(path), _) => format!("# yaml-language-server: $schema=./{path}\n"),
    };
    let sections = sections(answers);
    let rest = match form {
        Form::Spec(format) => HEADER.to_owned() + &writer::write(&sections, format),
        Form::Generator => {
            let spec = writer::write(&sections, SpecFormat::Yaml);
            let lines = spec.trim_start().lines().map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("  {line}\n"),
            });
            format!(
                "{GENERATOR_HEADER}apiVersion: {API_VERSION}\nkind: {KIND}\nmetadata:\n  name: mtls\nspec:\n{}",
                lines.collect::<String>()
            )
        }
    };
    editor_line + &rest
}

fn sections(answers: &Answers) -> Vec<Section> {
    let mut sections = vec![top(answers)];
    sections.extend(answers.ca.iter().map(|ca| client_authority(ca)));
    if let ServerCertificate::Authority(name) = &answers.tls
        && answers.ca.as_ref() != Some(name)
    {
        sections.push(server_authority(name));
    }
    sections.push(service(answers));
    sections.push(host(answers));
    if let Some(ca) = &answers.ca {
        sections.extend(answers.clients.iter().map(|client| self::client(client, ca)));
    }
    sections
}

fn top(answers: &Answers) -> Section {
    Section {
        comment: "",
        path: vec![],
        entries: vec![
            on("namespace", text(&answers.namespace), ""),
            off("name", text("demo"), "labels every object, for `kubectl apply --prune`"),
        ],
    }
}

fn client_authority(name: &str) -> Section {
    Section {
        comment: "Signs the certificates of clients. Its key stays in `pki/` beside this file: keep a copy of that folder.",
        path: vec!["cas".to_owned(), name.to_owned()],
        entries: vec![
            on("subject", text(&format!("CN={name}")), ""),
            off("duration", text("10y"), ""),
            off(
                "privateKey",
                Value::Inline(vec![("algorithm", text("RSA")), ("size", Value::Number(4096))]),
                "",
            ),
        ],
    }
}

fn server_authority(name: &str) -> Section {
    Section {
        comment: "Signs server certificates: those who call have to trust it.",
        path: vec!["cas".to_owned(), name.to_owned()],
        entries: vec![on("subject", text(&format!("CN={name}")), "")],
    }
}

fn service(answers: &Answers) -> Section {
    let path = vec!["services".to_owned(), answers.service.clone()];
    let port = on("port", Value::Number(answers.port), "");
    match &answers.image {
        Some(image) => Section {
            comment: "Gives a Deployment and a Service.",
            path,
            entries: vec![
                on("image", text(image), ""),
                port,
                off("replicas", Value::Number(2), ""),
            ],
        },
        None => Section {
            comment: "Is in the cluster already, in that namespace: nothing is made for it.",
            path,
            entries: vec![on("existing", Value::True, ""), port],
        },
    }
}

fn host(answers: &Answers) -> Section {
    let mut entries = vec![on("service", text(&answers.service), "")];
    entries.push(server_certificate(&answers.tls));
    if let Some(ca) = &answers.ca {
        entries.extend([
            on(
                "clientAuth.cas",
                Value::List(vec![ca.clone()]),
                "who has no certificate of these is refused",
            ),
            off(
                "clientAuth.verify",
                text("optional"),
                "lets callers without a certificate pass, for a start",
            ),
            off("clientAuth.allow", Value::List(answers.clients.clone()), "these clients only"),
        ]);
    }
    Section {
        comment: "Gives an Ingress and its Secrets.",
        path: vec!["hosts".to_owned(), answers.host.clone()],
        entries,
    }
}

fn server_certificate(tls: &ServerCertificate) -> Entry {
    match tls {
        ServerCertificate::SelfSigned => on(
            "tls.issuer",
            text("self-signed"),
            "to try things out: no client trusts it (`curl -k`)",
        ),
        ServerCertificate::Authority(name) => on("tls.issuer", text(name), ""),
        ServerCertificate::CertManager(name) => {
            on("tls.certManager.clusterIssuer", text(name), "cert-manager fills the Secret")
        }
        ServerCertificate::Secret(name) => {
            on("tls.secretName", text(name), "is in the cluster already")
        }
        ServerCertificate::None => on("tls", Value::False, "HTTP only"),
    }
}

fn client(name: &str, ca: &str) -> Section {
    let mut entries = vec![on("issuer", text(ca), ""), off("duration", text("90d"), "")];
    // Other names need the escapes of RFC 4514.
    if name.chars().all(|c| c.is_alphanumeric() || "-_.@".contains(c)) {
        entries.push(off("subject", text(&format!("CN={name}, O=My Organization")), ""));
    }
    Section { comment: "", path: vec!["clients".to_owned(), name.to_owned()], entries }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn read(text: &str, format: SpecFormat) -> Json {
        match format {
            SpecFormat::Toml => {
                serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
            }
            SpecFormat::Yaml => serde_saphyr::from_str(text).unwrap(),
        }
    }

    fn both(answers: &Answers) -> Json {
        let written = |form| starter(answers, form, None);
        let toml = read(&written(Form::Spec(SpecFormat::Toml)), SpecFormat::Toml);
        let yaml = read(&written(Form::Spec(SpecFormat::Yaml)), SpecFormat::Yaml);
        let generator = read(&written(Form::Generator), SpecFormat::Yaml);
        assert_eq!(toml, yaml);
        assert_eq!((&generator["kind"], &generator["spec"]), (&json!("MutualTLS"), &yaml));
        toml
    }

    #[test]
    fn the_demo_says_the_same_in_both_languages() {
        assert_eq!(
            both(&Answers::default()),
            json!({
                "namespace": "default",
                "cas": { "clients": { "subject": "CN=clients" } },
                "services": { "demo-app": { "image": "httpd", "port": 80 } },
                "hosts": { "test.localdev.me": {
                    "service": "demo-app",
                    "tls": { "issuer": "self-signed" },
                    "clientAuth": { "cas": ["clients"] },
                } },
                "clients": { "alice": { "issuer": "clients" } },
            })
        );
    }

    #[test]
    fn every_source_of_the_server_certificate_is_written() {
        let tls = |tls| {
            let answers = Answers { tls, ..Answers::default() };
            both(&answers)["hosts"]["test.localdev.me"]["tls"].clone()
        };
        let name = || "x".to_owned();
        assert_eq!(tls(ServerCertificate::Authority(name())), json!({ "issuer": "x" }));
        assert_eq!(tls(ServerCertificate::Secret(name())), json!({ "secretName": "x" }));
        assert_eq!(
            tls(ServerCertificate::CertManager(name())),
            json!({ "certManager": { "clusterIssuer": "x" } })
        );
        assert_eq!(tls(ServerCertificate::None), json!(false));
    }

    #[test]
    fn one_authority_may_sign_both_sides() {
        for (server, count) in [("clients", 1), ("servers", 2)] {
            let tls = ServerCertificate::Authority(server.to_owned());
            let spec = both(&Answers { tls, ..Answers::default() });
            assert_eq!(spec["cas"].as_object().unwrap().len(), count);
        }
    }

    #[test]
    fn existing_services_and_open_hosts_are_written() {
        let answers = Answers { image: None, ca: None, clients: vec![], ..Answers::default() };
        let spec = both(&answers);
        assert_eq!(spec["services"]["demo-app"], json!({ "existing": true, "port": 80 }));
        assert_eq!(spec.get("cas").or(spec.get("clients")), None);
        assert_eq!(spec["hosts"]["test.localdev.me"].get("clientAuth"), None);
    }

    #[test]
    fn what_the_user_says_is_data() {
        for odd in [
            "a\"b",
            "a'b",
            "a\\b",
            "a\nb: c",
            "a]b",
            "no",
            "1e3",
            "~",
            "- a",
            "#x",
            "{{ a }}",
            "*.a.b",
            "a: b",
            "ü",
            "\u{7f}\u{85}\u{2028}\u{feff}",
            "a,b",
            "]\n[evil]",
            "null",
            "0x1f",
        ] {
            let odd = odd.to_owned();
            let answers = Answers {
                host: odd.clone(),
                namespace: odd.clone(),
                service: odd.clone(),
                image: Some(odd.clone()),
                port: 1,
                tls: ServerCertificate::Secret(odd.clone()),
                ca: Some(odd.clone()),
                clients: vec![odd.clone()],
            };
            let expected = json!({
                "namespace": odd,
                "cas": { &odd: { "subject": format!("CN={odd}") } },
                "services": { &odd: { "image": odd, "port": 1 } },
                "hosts": { &odd: {
                    "service": odd,
                    "tls": { "secretName": odd },
                    "clientAuth": { "cas": [odd] },
                } },
                "clients": { &odd: { "issuer": odd } },
            });
            assert_eq!(both(&answers), expected);
        }
    }

    #[test]
    fn what_is_commented_out_reads_when_it_is_taken_in() {
        for format in [SpecFormat::Toml, SpecFormat::Yaml] {
            let mut sections = sections(&Answers::default());
            sections.iter_mut().flat_map(|section| &mut section.entries).for_each(|e| e.on = true);
            let taken_in = writer::write(&sections, format);
            let spec = read(&taken_in, format);
            assert_eq!(spec["name"], "demo", "{taken_in}");
            assert_eq!(
                spec["cas"]["clients"]["privateKey"],
                json!({"algorithm": "RSA", "size": 4096})
            );
            assert_eq!(
                spec["hosts"]["test.localdev.me"]["clientAuth"],
                json!({"cas": ["clients"], "verify": "optional", "allow": ["alice"]})
            );
        }
    }

    #[test]
    fn editors_find_the_schema() {
        let first = |format| {
            let text = starter(&Answers::default(), Form::Spec(format), Some("mtls.schema.json"));
            text.lines().next().unwrap().to_owned()
        };
        assert_eq!(first(SpecFormat::Toml), "#:schema ./mtls.schema.json");
        assert_eq!(first(SpecFormat::Yaml), "# yaml-language-server: $schema=./mtls.schema.json");
    }
}
