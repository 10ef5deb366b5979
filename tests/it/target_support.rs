//! The tables of what targets can do, in their pages: `MTLSGEN_UPDATE=1 cargo test` rewrites them.

use std::fs;

use mtlsgen::targets::{TARGETS, support};

use crate::support::root;

#[test]
fn the_page_of_each_target_has_its_table() {
    for target in TARGETS {
        let page = root().join(format!("docs/targets/{}.md", target.name()));
        let text = fs::read_to_string(&page).unwrap();
        let (before, rest) = text.split_once("<!-- support -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end of support -->\n").unwrap();
        let table = support::table(*target);
        let new = format!("{before}<!-- support -->\n{table}<!-- end of support -->\n{after}");
        if std::env::var_os("MTLSGEN_UPDATE").is_some() {
            fs::write(page, new).unwrap();
        } else {
            assert!(text == new, "MTLSGEN_UPDATE=1 cargo test rewrites it:\n{table}");
        }
    }
}
