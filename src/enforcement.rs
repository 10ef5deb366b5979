//! What a controller serves and to whom: [`Observed`] of objects and settings, asked with a [`Request`].
//!
//! The terms are those of the Gateway API and of Envoy: a listener's SNI picks how TLS is done, the authority of a request
//! its virtual host, the path its route. Plain HTTP is a listener too. The state is that of a controller that has just
//! started and has read everything.

mod compare;
mod fact;
mod names;
mod observed;
pub mod representatives;
mod request;
mod validation;
mod verdict;

pub use compare::{Desired, DesiredHost, Difference, DifferenceKind, compare};
pub use fact::{Cause, Fact, Missing};
pub use names::{Names, Pattern};
pub use observed::{
    Action, Admits, Anchors, Answer, Backend, Check, CheckedLists, ClientValidation, Clients,
    Forward, Given, Header, HeaderValue, Listener, Observed, PathPattern, Protocol, Refusal,
    Revocation, Route, RouteTable, SniDiffers, ToHttps, UnknownStatus, VirtualHost,
};
pub use request::{LeafFacts, Presented, Request};
pub use validation::{Fault, fault};
pub use verdict::{Verdict, Why, verdict};
