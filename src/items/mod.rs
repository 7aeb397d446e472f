//! Items: the tree of a plan, its targets, and who reports which leaf (RULES §1, §5).

pub mod model;

pub use self::model::{
    Aggregation, Comparator, Control, Field, Frequency, ItemId, ItemKind, MeasureKind, Obligation, PlanItem,
    Recurrence, Target, TargetTier,
};
