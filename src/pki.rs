//! X.509 as the product needs it: names, keys, certificates, chains; reading and signing, no files
//! and no clock.

pub mod acceptance;
pub mod certificate;
pub mod certification_request;
pub mod chain;
pub mod crl;
mod damage;
pub mod issue;
pub mod key;
pub mod name;
pub mod name_constraints;
mod object_identifier;
#[cfg(test)]
pub(crate) mod openssl;
pub mod pem;
pub mod pkcs12;
pub mod request;
