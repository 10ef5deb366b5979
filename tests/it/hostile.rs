//! What attackers try: each test is one attack, and fails on a program that falls for it.

mod exported_keys;
mod files_of_others;
mod many_mistakes;
mod pipes_and_devices;
mod secret_words;
