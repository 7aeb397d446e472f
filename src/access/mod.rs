//! Who may do what: roles, permissions, the one table that joins them, and the proofs of identity.

pub mod actor;
pub mod networks;
pub mod password;
pub mod permission;
pub mod policy;
pub mod store;
pub mod token;

pub use self::{
    actor::{Actor, ActorKind, Role, Scope},
    permission::Permission,
};
