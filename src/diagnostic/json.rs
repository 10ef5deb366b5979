//! Diagnostics for programs: one JSON object each.
