//! Reads a secret that a user types at the terminal.
#![expect(clippy::disallowed_methods, reason = "the terminal is opened here")]

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use zeroize::Zeroizing;

use crate::diagnostic::shown;

/// Most octets that are taken: so many that memory need not move as they come in.
const LONGEST: usize = 4096;
const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const ERASE_ALL: u8 = 0x15;

/// Asks the person at the terminal; what is typed is not shown. `None` if there is no user: standard
/// error is not a terminal, or it was broken off (Ctrl-C, Ctrl-D).
///
/// # Errors
/// The terminal fails.
pub fn secret(question: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Ok(None);
    };
    // Silent before the prompt: what was typed earlier is forgotten, nothing typed later is shown.
    let mut silent = Silent::new(terminal)?;
    silent.terminal.write_all(shown(question).as_bytes())?;
    let typed = read(&mut silent.terminal);
    let _ = silent.terminal.write_all(b"\n");
    typed
}

/// Whether a person reads standard error.
#[must_use]
pub fn has_reader() -> bool {
    io::stderr().is_terminal()
}

/// Shows a line to the person who reads standard error, and to no one else.
///
/// # Errors
/// There is no terminal, or the terminal fails.
pub fn show(words: &str, secret: &[u8]) -> io::Result<()> {
    let mut terminal = io::stderr().lock();
    if !terminal.is_terminal() {
        return Err(io::Error::other("standard error is not a terminal"));
    }
    terminal.write_all(words.as_bytes())?;
    terminal.write_all(secret)?;
    terminal.flush()
}

/// A terminal that shows nothing and passes every key on, until it is dropped.
struct Silent {
    terminal: File,
    before: Termios,
}

impl Silent {
    fn new(terminal: File) -> io::Result<Self> {
        let before = termios::tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        termios::tcsetattr(&terminal, OptionalActions::Flush, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = termios::tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// What is typed up to the end of the line.
fn read(terminal: &mut impl io::Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    // One by one: what is typed after the line is for another program.
    let mut octet = Zeroizing::new([0]);
    while terminal.read(&mut *octet)? == 1 {
        match octet[0] {
            INTERRUPT | END => return Ok(None),
            b'\r' | b'\n' => return Ok(Some(typed)),
            ERASE_ALL => typed.clear(),
            0x08 | 0x7F => erase(&mut typed),
            other if typed.len() < LONGEST => typed.push(other),
            _ => return Err(io::Error::other("the password is too long")),
        }
    }
    Ok(None)
}

/// Takes the last character back, all octets of it.
fn erase(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|octet| octet & 0xC0 == 0x80) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        read(&mut &*keys).unwrap().map(|typed| typed.to_vec())
    }

    #[test]
    fn keys_that_edit_are_obeyed() {
        assert_eq!(typed(b"secret\r"), Some(b"secret".to_vec()));
        assert_eq!(typed("aä\x7f\x08b\n".as_bytes()), Some(b"b".to_vec()));
        assert_eq!(typed(b"wrong\x15right\n"), Some(b"right".to_vec()));
        assert_eq!(typed(b"\n"), Some(Vec::new()));
        for broken_off in [&b"a\x03"[..], b"a\x04", b"a"] {
            assert_eq!(typed(broken_off), None);
        }
    }
}
