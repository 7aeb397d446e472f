//! Webhooks: what other systems asked to be told, and telling them, signed, again and again until it arrives.
//!
//! `outbox` writes what is to be told inside the transaction of the change. Here the [`worker`] takes it from there:
//!
//! 1. It leases the oldest waiting delivery of a queue. A queue is what one webhook is told of one ward, so a ward's
//!    events arrive in order, and a receiver that is down holds back its own queues only.
//! 2. It sends the event, signed as Standard Webhooks describes, to an address that [`networks`] lets pass.
//! 3. It notes what came of it, if the lease is still its own: delivered, dead, or again after a while.
//!
//! A worker that dies leaves a lease that runs out. The event is then sent again under the same id, by which a receiver
//! tells what it has seen.

pub mod actions;
pub mod http;
pub mod model;
pub mod networks;
pub mod rules;
pub mod sending;
pub mod signing;
mod store;
pub mod view;
pub mod worker;
