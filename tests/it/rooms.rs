//! A room imports only rooms below it: the order is in CONTRIBUTING.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::{files, root};

const HEAD: &str = "Rooms, lowest first: ";
/// Not rooms: the crate itself, and the program that starts it.
const ENTRIES: [&str; 2] = ["lib.rs", "main.rs"];

/// The rooms as CONTRIBUTING.md lists them.
fn order() -> Vec<String> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let list = text.split_once(HEAD).expect("CONTRIBUTING.md lists the rooms").1;
    let list = list.split('.').next().unwrap();
    list.split(',').map(|room| room.trim().trim_matches('`').to_owned()).collect()
}

/// The room that a file below `src` belongs to.
fn room_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
    first.strip_suffix(".rs").unwrap_or(first).to_owned()
}

/// The rooms that a text imports, tests in it included.
fn imported(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut rooms = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let word = |text: &str| -> String {
            text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        match rest.strip_prefix('{') {
            None => drop(rooms.insert(word(rest))),
            Some(list) => {
                // A list of rooms, each of which may have a list of its own.
                let mut depth = 0_usize;
                let mut begins = true;
                for (at, character) in list.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        c if begins && c.is_alphanumeric() => {
                            rooms.insert(word(&list[at..]));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_rooms_below_them_alone() {
    let order = order();
    let rank = |room: &str| order.iter().position(|known| known == room);
    let source = root().join("src");
    let mut found = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    for (path, content) in files(&source) {
        let file = path.strip_prefix(&source).unwrap();
        let name = file.to_str().unwrap();
        if file.extension().is_none_or(|end| end != "rs") || ENTRIES.contains(&name) {
            continue;
        }
        let own = room_of(file);
        let Some(own_rank) = rank(&own) else {
            unknown.insert(own);
            continue;
        };
        for room in imported(str::from_utf8(&content).unwrap()) {
            match rank(&room) {
                Some(rank) if rank > own_rank => drop(found.insert(format!("{name}: {room}"))),
                Some(_) => {}
                None => drop(unknown.insert(room)),
            }
        }
    }
    assert!(unknown.is_empty(), "CONTRIBUTING.md does not list {unknown:?}");
    assert!(found.is_empty(), "these import a room above their own: {found:#?}");
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::model::Model;\nuse crate::{spec::{self, Spec}, plan};\n// crate::cli\nlet x = crate::path![\"a\"];\n";
    let found: Vec<String> = imported(text).into_iter().collect();
    assert_eq!(found, ["model", "path", "plan", "spec"]);
}

/// A field that is new in the model does not compile until each target expresses or refuses it.
#[test]
fn targets_take_the_whole_of_what_a_host_says() {
    let pattern = "(Exposure|ClientAuthentication|ServerTls|Route) \\{[^{}]*\\.\\.";
    let partial = regex_lite::Regex::new(pattern).unwrap();
    assert!(partial.is_match("let Exposure {\n    key,\n    ..\n} = exposure;"));
    let targets = files(&root().join("src/targets"));
    assert!(targets.len() > 15);
    for (path, content) in targets {
        let found =
            partial.find(str::from_utf8(&content).unwrap()).map(|found| found.as_str().to_owned());
        assert_eq!(found, None, "{}", path.display());
    }
}
