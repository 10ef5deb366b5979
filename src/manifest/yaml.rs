//! Kubernetes objects from and to YAML.
