//! Scalars that every YAML 1.1 and 1.2 reader takes for the same string.
