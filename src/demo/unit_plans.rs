//! The sample plans of units: one issued, one still a draft.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{Cast, Stage, parse, unknown};
use crate::{
    db::AnyConnection,
    error::Result,
    items::{ItemId, ItemKind},
    kernel::time::Timestamp,
    unit_plans::{
        actions::{self, NewUnitPlan},
        entries::{self, NewItem},
    },
};

const UNIT_PLANS: &str = include_str!("../../data/demo/unit-plans-2026.json");

#[derive(Debug, Deserialize)]
struct UnitPlansFile {
    unit_plans: Vec<UnitPlanEntry>,
}

#[derive(Debug, Deserialize)]
struct UnitPlanEntry {
    unit: String,
    title: String,
    number: Option<String>,
    drafted_by: String,
    drafted_at: Timestamp,
    issued_by: Option<String>,
    issued_at: Option<Timestamp>,
    items: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    title: String,
    contributes_to: Vec<String>,
    deliverable: Option<String>,
    starts_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    person_position: Option<String>,
}

impl Stage {
    /// Plays the drafting and issuing of the units' plans.
    pub(super) fn load_unit_plans(&self, connection: &mut AnyConnection, cast: &Cast) -> Result<()> {
        let file: UnitPlansFile = parse(UNIT_PLANS)?;
        let actor = |name: &str| cast.actors.get(name).cloned().ok_or_else(|| unknown("account", name));
        for entry in file.unit_plans {
            let drafter = self.as_actor(actor(&entry.drafted_by)?, entry.drafted_at);
            let id = drafter.run_in(connection, |tx| {
                let new = NewUnitPlan {
                    unit_id: cast.units.get(&entry.unit).copied(),
                    title: entry.title,
                    number: entry.number,
                    issued_on: None,
                };
                let plan = actions::create_unit_plan(tx, cast.plan_id, new)?;
                for item in entry.items {
                    entries::create_item(tx, plan.id, item.resolve(cast)?)?;
                }
                Ok(plan.id)
            })?;
            if let Some((head, at)) = entry.issued_by.zip(entry.issued_at) {
                let head = self.as_actor(actor(&head)?, at);
                head.run_in(connection, |tx| actions::issue_unit_plan(tx, id))?;
            }
        }
        Ok(())
    }
}

impl Entry {
    fn resolve(self, cast: &Cast) -> Result<NewItem> {
        let leaf = |code: &String| -> Result<ItemId> {
            let kinds = [ItemKind::Indicator, ItemKind::Task];
            let found = kinds.iter().find_map(|kind| cast.items.get(&(*kind, code.clone())));
            found.copied().ok_or_else(|| unknown("item", code))
        };
        Ok(NewItem {
            contributes_to: self.contributes_to.iter().map(leaf).collect::<Result<_>>()?,
            title: self.title,
            deliverable: self.deliverable,
            starts_on: self.starts_on,
            due_on: self.due_on,
            person_position: self.person_position,
        })
    }
}
