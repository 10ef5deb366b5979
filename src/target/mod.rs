//! Ingress dialects: one a file.
