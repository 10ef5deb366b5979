//! PEM in and out.
