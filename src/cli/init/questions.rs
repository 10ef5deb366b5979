//! The questions of `mtlsgen init`: one line each, the default in brackets, asked again until the answer will do.

use std::io::{self, BufRead, Write};
use std::str::FromStr;

use super::answers::{Answers, ServerCertificate};
use crate::specification::value::{HostName, ImageName, ObjectName};

/// Longest answer in bytes.
const MAX_LINE: u64 = 4096;

/// Asks for everything; `None` if the input ends before the last answer.
///
/// # Errors
/// The terminal cannot be read or written.
pub fn ask(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Option<Answers>> {
    Dialogue { input, output }.answers()
}

struct Dialogue<'a, I, O> {
    input: &'a mut I,
    output: &'a mut O,
}

impl<I: BufRead, O: Write> Dialogue<'_, I, O> {
    fn answers(&mut self) -> io::Result<Option<Answers>> {
        let default = Answers::default();
        macro_rules! ask {
            ($question:expr, $default:expr, $read:expr) => {
                match self.ask($question, $default, $read)? {
                    Some(answer) => answer,
                    None => return Ok(None),
                }
            };
        }
        let host = ask!("Host that clients call", &default.host, text::<HostName>);
        let namespace = ask!("Namespace", &default.namespace, text::<ObjectName>);
        let service = ask!("Service behind it", &default.service, text::<ObjectName>);
        let image = ask!(
            "Container image that it runs, or `existing` for a service that is there already",
            "httpd",
            optional::<ImageName>("existing")
        );
        let port = ask!("Port of the service", "80", port);
        let tls = ask!(
            "Server certificate: self-signed, ca=NAME, cert-manager=CLUSTERISSUER, secret=NAME, none",
            "self-signed",
            ServerCertificate::from_str
        );
        let mut ca = None;
        let mut clients = Vec::new();
        if tls != ServerCertificate::None {
            ca = ask!(
                "Authority that signs clients, or `none` for no client authentication",
                "clients",
                optional::<ObjectName>("none")
            );
        }
        if ca.is_some() {
            clients = ask!("Clients, with blanks between them", "alice", names);
        }
        Ok(Some(Answers { host, namespace, service, image, port, tls, ca, clients }))
    }

    fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> io::Result<Option<T>> {
        loop {
            write!(self.output, "{question} [{default}]: ")?;
            self.output.flush()?;
            let Some(line) = self.line()? else {
                writeln!(self.output)?;
                return Ok(None);
            };
            let answer = if line.trim().is_empty() { default } else { line.trim() };
            match read(answer) {
                Ok(value) => return Ok(Some(value)),
                Err(reason) => writeln!(self.output, "  {reason}")?,
            }
        }
    }

    /// A whole line; a line that the input's end cuts off is none.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        io::Read::take(&mut *self.input, MAX_LINE).read_until(b'\n', &mut bytes)?;
        let complete = bytes.ends_with(b"\n") || bytes.len() as u64 == MAX_LINE;
        Ok(complete.then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn text<T: FromStr<Err = String> + ToString>(answer: &str) -> Result<String, String> {
    answer.parse::<T>().map(|value| value.to_string())
}

fn optional<T: FromStr<Err = String> + ToString>(
    none: &str,
) -> impl Fn(&str) -> Result<Option<String>, String> {
    move |answer| if answer == none { Ok(None) } else { text::<T>(answer).map(Some) }
}

fn port(answer: &str) -> Result<u16, String> {
    match answer.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("write a number from 1 to 65535".to_owned()),
    }
}

// One signature for all that read an answer.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all that read an answer")]
fn names(answer: &str) -> Result<Vec<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for name in answer.split_whitespace() {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialogue(answers: &str) -> (Option<Answers>, String) {
        let mut output = Vec::new();
        let asked = ask(&mut answers.as_bytes(), &mut output).unwrap();
        (asked, String::from_utf8(output).unwrap())
    }

    #[test]
    fn empty_answers_are_the_defaults() {
        let (answers, output) = dialogue("\n\n\n\n\n\n\n\n");
        assert_eq!(answers, Some(Answers::default()));
        assert!(output.contains("Host that clients call [test.localdev.me]: "), "{output}");
    }

    #[test]
    fn answers_are_taken() {
        let (answers, _) =
            dialogue("a.b\nprod\napi\nexisting\n8080\ncert-manager=le\nstaff\n bob  carol bob\n");
        assert_eq!(
            answers.unwrap(),
            Answers {
                host: "a.b".to_owned(),
                namespace: "prod".to_owned(),
                service: "api".to_owned(),
                image: None,
                port: 8080,
                tls: ServerCertificate::CertManager("le".to_owned()),
                ca: Some("staff".to_owned()),
                clients: vec!["bob".to_owned(), "carol".to_owned()],
            }
        );
    }

    #[test]
    fn what_makes_no_sense_is_asked_again_with_the_reason() {
        let (answers, output) = dialogue("\n\n\n\n0\nmany\n8080\nself\nnone\n");
        let answers = answers.unwrap();
        assert_eq!((answers.port, answers.tls), (8080, ServerCertificate::None));
        assert_eq!(output.matches("Port of the service").count(), 3);
        assert!(output.contains("  write a number from 1 to 65535\n"));
        assert_eq!((answers.ca, answers.clients), (None, vec![]), "not asked for without TLS");
    }

    #[test]
    fn clients_are_not_asked_for_without_an_authority() {
        let (answers, output) = dialogue("\n\n\n\n\n\nnone\n");
        assert_eq!(answers.unwrap().ca, None);
        assert!(!output.contains("Clients, with"));
    }

    #[test]
    fn the_end_of_input_aborts() {
        for answers in ["", "a.b\n", "\n\n\n\n\n\n\n", "\n\n\n\n\n\n\nali"] {
            assert_eq!(dialogue(answers).0, None, "{answers:?}");
        }
    }
}
