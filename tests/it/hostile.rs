//! Trials of an attacker: a repository, a template, a machine that means harm. One file for each kind of door; each test
//! says what was open before.

mod clocks;
mod core_dumps;
mod exported_keys;
mod files_of_others;
mod hidden_characters;
mod lists;
mod many_mistakes;
mod memory;
mod misplaced_keys;
mod pipes_and_devices;
mod planted_changes;
mod planted_records;
mod recipients;
mod requests;
mod secret_words;
mod shared_stores;

/// Two clients of one authority, and a host that lets them in.
const TWO_CLIENTS: &str = r#"
[cas.clients]
[clients.alice]
issuer = "clients"
[clients.bob]
issuer = "clients"
[services.web]
existing = true
port = 80
[hosts."web.example.com"]
service = "web"
tls.issuer = "self-signed"
clientAuth.cas = ["clients"]
"#;
