//! What the check finds.

use serde::Serialize;

/// What sort of thing was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// The document has no number, or a sample.
    NoNumber,
    /// The document has no date, or one that belongs to a sample.
    NoDate,
    /// There is no appendix, or only a sample.
    NoAppendix,
    /// Targets for one thing differ.
    ConflictingTargets,
    /// One index has two leads.
    TwoLeads,
    /// Indicators say no figure.
    NoMeasure,
    /// Tasks say no day.
    NoDates,
    /// One unit is named in several ways.
    UnitNames,
    /// A body of another ward is named.
    ForeignBody,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    /// What sort of thing it is.
    pub code: FindingCode,
    /// Codes of the items it is about; none where it is about the whole plan.
    #[schema(example = json!(["II.2.a", "II.2.c"]))]
    pub item_codes: Vec<String>,
    /// What it is and what to do about it.
    pub detail: String,
}

/// All findings about a plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlanCheck {
    /// The findings, those about the document first; none for a plan without a fault.
    pub findings: Vec<Finding>,
}
