//! Ingress controllers: what each makes of objects and settings, one folder a controller.

pub mod ingress_nginx;
