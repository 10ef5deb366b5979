//! Answers as a table.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::{Access, Answered, Change, HostAccess, Scheme, Who, json, with_place};
use crate::diagnostic::visible;
use crate::enforcement::Verdict;
use crate::enforcement::representatives::ClientClass;

/// A table for each controller, and what it rests on below. What serves names that no host has is left out where it serves
/// nothing.
#[must_use]
pub fn render(all: &[Access<'_>]) -> String {
    all.iter().map(of_controller).collect::<Vec<_>>().join("\n")
}

fn of_controller(access: &Access<'_>) -> String {
    let Access { controller: (controller, version), observed, hosts } = access;
    let mut lines = vec![["HOST", "PATH", "CLIENT", "ANSWER"].map(str::to_owned)];
    let serves =
        |host: &&HostAccess| host.answers.iter().any(|one| one.verdict != Verdict::NotServed);
    for host in hosts.iter().filter(|host| host.host != "*" || serves(host)) {
        lines.extend(of_host(host));
    }
    let mut text = aligned(&lines);
    writeln!(text, "\nAs {controller} {version} serves it.").expect("a String takes everything");
    for given in &observed.given {
        writeln!(text, "- {}", shown(&given.to_string())).expect("a String takes everything");
    }
    text
}

/// Changes, one a line.
#[must_use]
pub fn changes(changes: &[Change]) -> String {
    let mut lines = vec![["HOST", "PATH", "CLIENT", "BEFORE", "AFTER"].map(str::to_owned)];
    lines.extend(changes.iter().map(cells));
    aligned(&lines)
}

/// Host, path, client, and what becomes of the request before and after.
#[must_use]
pub fn cells(Change { host, address, port, after, before }: &Change) -> [String; 5] {
    let host = with_place(host, address, *port);
    let cells = [host, after.path.clone(), client(after), of_verdict(before), words(after)];
    cells.map(|cell| shown(&cell))
}

/// Lines with aligned columns.
fn aligned<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            write!(row, "{cell:width$}  ").expect("a String takes everything");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// Clients of a path, and what becomes of their requests.
type Said = Vec<(String, String)>;

/// Lines of a host, one a client; paths with the same answers share their lines.
fn of_host(HostAccess { host, address, port, answers }: &HostAccess) -> Vec<[String; 4]> {
    let host = with_place(host, address, *port);
    // Clients and words by path; paths with the same ones together, in the order of the first.
    let mut groups: Vec<(Vec<&str>, Said)> = Vec::new();
    // Only asked, never iterated over.
    let mut places: HashMap<Said, usize> = HashMap::new();
    for of_path in answers.chunk_by(|one, other| one.path == other.path) {
        let Some(first) = of_path.first() else { continue };
        let said: Vec<_> = of_path.iter().map(|one| (client(one), words(one))).collect();
        let at = *places.entry(said.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((paths, _)) => paths.push(&first.path),
            None => groups.push((vec![&first.path], said)),
        }
    }
    let mut lines: Vec<[String; 4]> = Vec::new();
    for (paths, answers) in groups {
        for (at, (client, words)) in answers.into_iter().enumerate() {
            let first = if lines.is_empty() { shown(&host) } else { String::new() };
            let path = if at == 0 { shown(&paths.join(", ")) } else { String::new() };
            lines.push([first, path, shown(&client), shown(&words)]);
        }
    }
    lines
}

/// A text that stays in its line.
fn shown(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

fn client(one: &Answered) -> String {
    match (one.scheme, &one.client) {
        (Scheme::Http, _) => "by plain HTTP".to_owned(),
        (Scheme::Forwarded, _) => "by plain HTTP, with `X-Forwarded-Proto: https`".to_owned(),
        (Scheme::Https, Who::Of(ClientClass::Nothing)) => "without a certificate".to_owned(),
        (Scheme::Https, Who::Of(ClientClass::Stranger)) => "of another authority".to_owned(),
        (Scheme::Https, Who::Of(below @ (ClientClass::Below(_) | ClientClass::Itself(_)))) => {
            below.to_string()
        }
        (Scheme::Https, Who::Listed(listed)) => listed.to_string(),
        (Scheme::Https, Who::Named(name)) => name.clone(),
    }
}

/// What becomes of a request, with the reason.
fn words(one: &Answered) -> String {
    match &one.verdict {
        Verdict::Redirected(to) if one.scheme != Scheme::Https && to.starts_with("https://") => {
            "redirected to HTTPS".to_owned()
        }
        verdict => of_verdict(verdict),
    }
}

fn of_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted { backend: Some(backend), .. } => format!("reaches {backend}"),
        Verdict::Admitted { backend: None, .. } => "reaches a backend".to_owned(),
        Verdict::Refused { answer, why } => format!("refused ({}): {why}", json::word(answer)),
        Verdict::Redirected(to) => format!("redirected to {to}"),
        Verdict::Misdirected => "refused (421): the TLS handshake had another name".to_owned(),
        Verdict::NotServed => "not served (404)".to_owned(),
        Verdict::OneOf(cause, all) => {
            let mut all: Vec<String> = all.iter().map(of_verdict).collect();
            // What differs in headers alone reads the same.
            let mut said = HashSet::new();
            all.retain(|words| said.insert(words.clone()));
            format!("depends on {cause}: {}", all.join("; or "))
        }
        Verdict::Unknown(missing) => format!("unknown: {missing}"),
    }
}
