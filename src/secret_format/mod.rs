//! How a Secret is handed over: one format a file.
