//! Items: the tree of a plan, its targets, and who reports which leaf (RULES §1, §5).

pub mod actions;
pub mod amending;
pub mod assigning;
pub mod changes;
pub mod create;
pub mod definitions;
pub mod draft;
pub mod handover;
pub mod http;
pub mod model;
pub mod rules;
mod store;
pub mod view;

pub use self::{
    draft::ItemDraft,
    model::{
        Aggregation, Assignment, Comparator, Control, Field, Frequency, ItemId, ItemKind, MeasureKind,
        Obligation, PlanItem, Recurrence, Target, TargetTier,
    },
};
