//! From the current to the desired state: the inventory, the plan and its reasons, and issuing.

mod acceptance;
pub mod chains;
mod generations;
mod holdings;
mod issuing;
mod kept;
pub mod listing;
mod misfits;
mod obstacles;
mod planning;
pub mod reason;
mod refusals;
mod rehearsal;
pub mod revoking;
pub mod rotation;
mod scope;
#[cfg(test)]
mod tests;
mod unknown;
mod unsigned;

pub use holdings::{Holdings, Selected};
pub use issuing::{IssueError, issue};
pub use kept::{Kept, kept_notices};
pub use listing::{ListAction, ListReason};
pub use misfits::misfits;
pub use obstacles::after_revoking;
pub use planning::{Action, IssuancePlan, plan, plan_within};
pub use reason::Reason;
pub use refusals::refuse_nameless;
pub use rehearsal::Rehearsal;
pub use scope::Scope;
pub use unknown::{Replaced, Seen, Trusted, refuse_other_seed, refuse_replaced, refuse_unknown};
pub use unsigned::refuse_unsigned;
