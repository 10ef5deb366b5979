//! Rows as a table.

use super::columns::{GAP, Line, laid_out, natural};
use super::{Admitted, Doubt, Row, State, Subject};
use crate::diagnostic::visible;
use crate::specification::Verify;
use crate::time::Timestamp;

/// Characters of a line, unless the table is a wide one.
const WIDTH: usize = 100;
const HEADER: [&str; 7] = ["KIND", "HOLDER", "STATE", "DAYS", "NOT AFTER", "RENEWAL", "ISSUER"];
const WIDE_HEADER: [&str; 10] = [
    "KIND",
    "HOLDER",
    "STATE",
    "DAYS",
    "NOT BEFORE",
    "NOT AFTER",
    "RENEWAL",
    "ISSUER",
    "SERIAL",
    "FINGERPRINT",
];
/// Places of what may be long in [`HEADER`].
const HOLDER: usize = 1;
const ISSUER: usize = 6;
/// The widest column of hosts.
const HOST: usize = 44;
/// Names that are listed in one line.
const MOST_LISTED: usize = 3;
/// Characters of a fingerprint that identify it.
const FINGERPRINT: usize = 16;

/// A table with aligned columns: holders, states, the days that are left, and dates without the time
/// of day, in lines of 100 characters; a long name goes on in the next line. Below a certificate is why it is due or
/// revoked, and which hosts a replaced client certificate still opens.
#[must_use]
pub fn render(rows: &[Row], now: Timestamp) -> String {
    let cells = |row: &Row| {
        let [_, not_after, renewal] = times(row, |time| time.to_string()[..10].to_owned());
        [&start(row, now)[..], &[not_after, renewal, issuer(row)]].concat()
    };
    let lines = lines(&HEADER, rows, cells);
    let mut limits: Vec<usize> = (0..HEADER.len()).map(|column| natural(&lines, column)).collect();
    let (holder, issuer) = (limits[HOLDER], limits[ISSUER]);
    let others = limits.iter().sum::<usize>() - holder - issuer + GAP * (limits.len() - 1);
    let room = WIDTH.saturating_sub(others);
    limits[ISSUER] = issuer.min(room.saturating_sub(holder).max(room / 2));
    limits[HOLDER] = holder.min(room - limits[ISSUER]);
    laid_out(&lines, &limits, WIDTH)
}

/// The same with serials, the start of each fingerprint and the time of day, in lines as long as they have to be.
#[must_use]
pub fn wide(rows: &[Row], now: Timestamp) -> String {
    let cells = |row: &Row| {
        let facts = row.facts.as_ref();
        let [not_before, not_after, renewal] = times(row, |time| time.to_string());
        let serial = facts.map_or_else(none, |facts| facts.serial.clone());
        let fingerprint =
            facts.map(|facts| facts.fingerprint.to_string()[..FINGERPRINT].to_owned());
        let fingerprint = fingerprint.unwrap_or_else(none);
        [&start(row, now)[..], &[not_before, not_after, renewal, issuer(row), serial, fingerprint]]
            .concat()
    };
    laid_out(&lines(&WIDE_HEADER, rows, cells), &[usize::MAX; WIDE_HEADER.len()], usize::MAX)
}

fn lines(header: &[&str], rows: &[Row], cells: impl Fn(&Row) -> Vec<String>) -> Vec<Line> {
    let header = header.iter().map(|word| (*word).to_owned()).collect();
    let header = Line { cells: header, below: Vec::new() };
    let row = |row: &Row| Line { cells: cells(row), below: below(row) };
    std::iter::once(header).chain(rows.iter().map(row)).collect()
}

fn none() -> String {
    "-".to_owned()
}

/// A name may hold anything, and a line stays a line.
fn shown(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

/// Kind, holder, state and the days that are left.
fn start(row: &Row, now: Timestamp) -> [String; 4] {
    let days = match row.days_left(now) {
        Some(0) => "<1".to_owned(),
        Some(days) => days.to_string(),
        None => none(),
    };
    [row.subject.kind().to_owned(), shown(row.subject.name()), row.state.to_string(), days]
}

/// When it begins, ends and is renewed.
fn times(row: &Row, format: impl Fn(Timestamp) -> String) -> [String; 3] {
    let facts = row.facts.as_ref();
    [facts.map(|facts| facts.not_before), facts.map(|facts| facts.not_after), row.renewal_time]
        .map(|time| time.map_or_else(none, &format))
}

fn issuer(row: &Row) -> String {
    let issuer = shown(&row.issuer);
    let is_list = matches!(row.subject, Subject::List(_));
    if row.is_supplied && is_list { format!("{issuer} (supplied)") } else { issuer }
}

fn below(row: &Row) -> Vec<String> {
    let is_explained = matches!(row.state, State::Due | State::Revoked);
    let reason = row.reason.as_deref().filter(|_| is_explained).map(shown);
    let may_open = row.may_open.iter().map(|host| format!("{host} (not known)"));
    let opened: Vec<String> = row.opens.iter().cloned().chain(may_open).collect();
    let opens = (!opened.is_empty()).then(|| format!("opens {}", few(&opened)));
    reason.into_iter().chain(opens).collect()
}

/// The first names, and how many more there are.
fn few(names: &[String]) -> String {
    let mut few: Vec<String> = names.iter().take(MOST_LISTED).cloned().collect();
    if let Some(more @ 1..) = names.len().checked_sub(MOST_LISTED) {
        few.push(format!("and {more} more"));
    }
    shown(&few.join(", "))
}

/// A table of hosts, whether they are protected, and the clients that they admit, in lines of 100 characters; empty where there are
/// none.
#[must_use]
pub fn hosts(admitted: &[Admitted]) -> String {
    let all = admitted.iter().flat_map(|one| one.hosts.iter().map(move |host| (host, one)));
    let mut cells: Vec<[String; 3]> =
        all.map(|(host, one)| [shown(host), one.access().to_owned(), clients_of(one)]).collect();
    if cells.is_empty() {
        return String::new();
    }
    cells.sort();
    cells.insert(0, ["HOST", "ACCESS", "ADMITS"].map(str::to_owned));
    let line = |cells: [String; 3]| Line { cells: cells.to_vec(), below: Vec::new() };
    let lines: Vec<Line> = cells.into_iter().map(line).collect();
    let (host, access) = (natural(&lines, 0).min(HOST), natural(&lines, 1));
    laid_out(&lines, &[host, access, WIDTH - host - access - 2 * GAP], WIDTH)
}

/// The clients that hosts admit, on one line.
fn clients_of(admitted: &Admitted) -> String {
    let Admitted { hosts: _, verify, clients, below, secret, doubt } = admitted;
    let count = match clients.len() {
        1 => "1 client".to_owned(),
        more => format!("{more} clients"),
    };
    let named = match (clients.as_slice(), below.as_slice()) {
        ([], _) => count,
        (names, []) => format!("{count}: {}", few(names)),
        (names, _) => format!("{count} of the spec: {}", few(names)),
    };
    let with_certificate = match (secret, below.as_slice()) {
        (Some(secret), _) => {
            format!("any client of the authorities in the Secret {secret}, which was not provided")
        }
        (None, []) => named,
        (None, below) => format!("any client below {} ({named})", few(below)),
    };
    let clients = match verify {
        None | Some(Verify::Off) => "anyone: no certificate is requested".to_owned(),
        Some(Verify::OptionalNoCa) => format!("anyone; verified: {with_certificate}"),
        Some(Verify::Optional) => format!("anyone without a certificate; {with_certificate}"),
        Some(Verify::On) => with_certificate,
    };
    match doubt {
        Some(Doubt::Annotations) => format!("{clients} (not known: annotations may change it)"),
        Some(Doubt::Readers) => {
            format!(
                "{clients} (by the controller of the target; `mtlsgen access` shows the clients of others)"
            )
        }
        // The Secret has been named.
        Some(Doubt::Secret) | None => clients,
    }
}
