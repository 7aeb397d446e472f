//! What happened: every change writes its event in the same transaction, chained by hash (RULES §9).

mod chain;
mod event;
mod store;

pub use self::{
    chain::{ChainReport, Proof, genesis, hash_of, verify_all, verify_chain},
    event::Event,
    store::{
        AuditEventId, AuditRow, Filter, append_events, chain_of, count_events, list_events, start_chain,
    },
};
