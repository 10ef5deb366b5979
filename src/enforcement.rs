//! What a controller serves to which clients: [`Observed`] of objects and settings, asked with a [`Request`].
//!
//! The terms are those of the Gateway API and of Envoy: a listener's SNI picks how TLS is done, the authority of a request
//! its virtual host, the path its route. Plain HTTP is a listener too. The state is that of a controller that has just
//! started and has read everything.

mod clients;
mod compare;
mod desired;
mod difference;
mod fact;
mod given;
mod matching;
mod names;
mod observed;
pub mod representatives;
mod request;
mod routes;
mod validation;
mod verdict;

pub use clients::{
    Anchors, CheckedLists, ClientValidation, Clients, Comparison, Library, NameKind, NamePin, Pins,
    Refusal, Revocation, UnknownStatus, Verifier,
};
pub use compare::{CHALLENGES, below_wildcards, compare};
pub use desired::{Asked, Below, Desired, DesiredClients, DesiredHost, Presence, Services};
pub use difference::{Difference, DifferenceKind, Requester, Witness};
pub use fact::{Cause, Fact, Missing};
pub use given::Given;
pub use names::{Names, Pattern};
pub use observed::{Address, Entrance, Listener, Observed, Protocol};
pub use request::{LeafFacts, Presented, Request};
pub use routes::{
    Action, Admits, Answer, Backend, Check, Forward, Header, HeaderValue, PathPattern, RESERVED,
    Route, RouteTable, SniDiffers, ToHttps, VirtualHost, matches_expression,
};
pub use validation::{Fault, fault};
pub use verdict::{Verdict, Why, verdict};
