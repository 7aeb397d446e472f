//! What an amendment changes, as clients send it and as it is kept: one shape per `op`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::items::{
    Comparator, TargetTier,
    create::CreateItem,
    draft::{Measure, TargetContent},
    view::AssignmentView,
};
use crate::kernel::number::Quantity;

/// Adds an item. Its targets count from the effective date, or later where they say so.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AddItem {
    /// The new item.
    pub item: CreateItem,
    /// Code of the section above, instead of `parent_id`: one that a change before this one adds has no id yet.
    #[schema(max_length = 35)]
    pub parent_code: Option<String>,
    /// Who reports it, from the effective date on.
    #[schema(max_items = 200, required = false)]
    pub assignments: Vec<AssignmentView>,
}

/// Withdraws an item and all below it; data stay, and nothing is owed for periods that end on the date or later.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WithdrawItem {
    /// Id or code of the item.
    #[schema(max_length = 36)]
    pub item_id: String,
}

/// Sets other targets for an indicator; periods that ended before keep theirs.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RetargetItem {
    /// Id or code of the indicator.
    #[schema(max_length = 36)]
    pub item_id: String,
    /// The new targets, one per tier; a tier that is not named keeps its target.
    #[schema(min_items = 1, max_items = 20)]
    pub targets: Vec<AmendedTarget>,
}

/// Changes what an indicator measures; the definition before stays known, and the series shows the break.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RedefineItem {
    /// Id or code of the indicator.
    #[schema(max_length = 36)]
    pub item_id: String,
    /// The whole new definition.
    pub measure: Measure,
}

/// Names who reports a leaf from the effective date on; who is not named owes only what was due before.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AssignItem {
    /// Id or code of the leaf.
    #[schema(max_length = 36)]
    pub item_id: String,
    /// All who report it from then on.
    #[schema(max_items = 200)]
    pub assignments: Vec<AssignmentView>,
}

/// A target that counts from the amendment's effective date.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendedTarget {
    /// How binding it is.
    pub tier: TargetTier,
    /// How a figure is held against it.
    pub comparator: Comparator,
    /// The value, in the target's unit.
    #[schema(value_type = Option<f64>, minimum = -100000000000.0, maximum = 100000000000.0, example = 95)]
    pub value: Option<Quantity>,
    /// Unit of the value: `percent`, `point`, …
    #[schema(max_length = 50, example = "percent")]
    pub unit: Option<String>,
    /// The band, for `band_at_least`.
    #[schema(max_length = 50, example = json!(null))]
    pub band: Option<String>,
}

impl AmendedTarget {
    /// The target from this day on.
    #[must_use]
    pub fn from_day(&self, effective_from: NaiveDate) -> TargetContent {
        TargetContent {
            tier: self.tier,
            comparator: self.comparator,
            value: self.value,
            unit: self.unit.clone(),
            band: self.band.clone(),
            effective_from,
        }
    }
}

/// One change; `op` says which fields it takes.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "op", rename_all = "snake_case", try_from = "AnyChange")]
pub enum Change {
    /// A new item.
    Add(Box<AddItem>),
    /// An item that ends.
    Withdraw(WithdrawItem),
    /// Other targets.
    Retarget(RetargetItem),
    /// Another definition.
    Redefine(Box<RedefineItem>),
    /// Other units that report.
    Assign(AssignItem),
}

impl Change {
    /// Id or code of the item it is about; none for a new one.
    #[must_use]
    pub fn item_id(&self) -> Option<&str> {
        match self {
            Self::Add(_) => None,
            Self::Withdraw(change) => Some(&change.item_id),
            Self::Retarget(change) => Some(&change.item_id),
            Self::Redefine(change) => Some(&change.item_id),
            Self::Assign(change) => Some(&change.item_id),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Add,
    Withdraw,
    Retarget,
    Redefine,
    Assign,
}

/// The fields of all changes together. A body is read into this first, so that a refusal can say where in the body the
/// fault is; a tagged union on its own forgets the place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnyChange {
    op: Op,
    item: Option<CreateItem>,
    parent_code: Option<String>,
    assignments: Option<Vec<AssignmentView>>,
    item_id: Option<String>,
    targets: Option<Vec<AmendedTarget>>,
    measure: Option<Measure>,
}

impl AnyChange {
    /// The first field that belongs to another change, in serde's words for it.
    fn refuse_others(&self, own: &[&str]) -> Result<(), String> {
        let sent = [
            ("item", self.item.is_some()),
            ("parent_code", self.parent_code.is_some()),
            ("assignments", self.assignments.is_some()),
            ("item_id", self.item_id.is_some()),
            ("targets", self.targets.is_some()),
            ("measure", self.measure.is_some()),
        ];
        match sent.into_iter().find(|(name, sent)| *sent && !own.contains(name)) {
            Some((name, _)) => Err(format!("unknown field `{name}`")),
            None => Ok(()),
        }
    }
}

impl TryFrom<AnyChange> for Change {
    type Error = String;

    fn try_from(any: AnyChange) -> Result<Self, String> {
        let missing = |name: &str| format!("missing field `{name}`");
        any.refuse_others(match any.op {
            Op::Add => &["item", "parent_code", "assignments"],
            Op::Withdraw => &["item_id"],
            Op::Retarget => &["item_id", "targets"],
            Op::Redefine => &["item_id", "measure"],
            Op::Assign => &["item_id", "assignments"],
        })?;
        let item_id = any.item_id.ok_or_else(|| missing("item_id"));
        Ok(match any.op {
            Op::Add => Self::Add(Box::new(AddItem {
                item: any.item.ok_or_else(|| missing("item"))?,
                parent_code: any.parent_code,
                assignments: any.assignments.unwrap_or_default(),
            })),
            Op::Withdraw => Self::Withdraw(WithdrawItem { item_id: item_id? }),
            Op::Retarget => Self::Retarget(RetargetItem {
                item_id: item_id?,
                targets: any.targets.ok_or_else(|| missing("targets"))?,
            }),
            Op::Redefine => Self::Redefine(Box::new(RedefineItem {
                item_id: item_id?,
                measure: any.measure.ok_or_else(|| missing("measure"))?,
            })),
            Op::Assign => Self::Assign(AssignItem {
                item_id: item_id?,
                assignments: any.assignments.ok_or_else(|| missing("assignments"))?,
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> Option<String> {
        serde_json::from_str::<Change>(json).err().map(|error| error.to_string())
    }

    #[test]
    fn each_op_takes_its_own_fields_only() {
        assert_eq!(refusal(r#"{"op":"withdraw","item_id":"II.2.k"}"#), None);
        let more = refusal(r#"{"op":"withdraw","item_id":"II.2.k","targets":[]}"#);
        assert!(more.is_some_and(|said| said.starts_with("unknown field `targets`")));
        let less = refusal(r#"{"op":"retarget","item_id":"II.2.k"}"#);
        assert!(less.is_some_and(|said| said.starts_with("missing field `targets`")));
        assert!(refusal(r#"{"op":"rename","item_id":"II.2.k"}"#).is_some());
    }

    #[test]
    fn what_is_kept_is_read_back_as_it_was() {
        let add = r#"{"op":"add","parent_code":"II","item":{"kind":"task","code":"A","title":"A","position":1,
            "recurrence":"once"},"assignments":[]}"#;
        let change: Change = serde_json::from_str(add).expect("a change");
        let text = serde_json::to_string(&change).expect("its text");
        let again: Change = serde_json::from_str(&text).expect("the same change");
        assert_eq!(serde_json::to_string(&again).expect("its text"), text);
    }
}
