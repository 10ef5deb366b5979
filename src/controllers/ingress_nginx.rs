//! ingress-nginx (<https://github.com/kubernetes/ingress-nginx>), as of 1.15.1.

pub(crate) mod annotation_risk;
pub(crate) mod annotation_table;
pub(crate) mod values;

/// What all annotations of the controller start with.
pub const PREFIX: &str = "nginx.ingress.kubernetes.io/";
