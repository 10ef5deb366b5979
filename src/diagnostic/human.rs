//! Diagnostics for people: file, line, column, the source line with the value underlined, and what to write instead.
