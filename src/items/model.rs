//! Items, targets and assignments as the database keeps them.

use chrono::NaiveDate;
use diesel::{AsChangeset, Insertable, Queryable, Selectable};

use crate::{
    id_type,
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        number::Quantity,
    },
    plans::PlanId,
    schema::{assignments, item_targets, measure_versions, plan_items},
    text_enum,
};

id_type! {
    /// Identifies an item of a plan.
    ItemId
}

id_type! {
    /// Identifies a target.
    TargetId
}

text_enum! {
    /// What an item is (RULES §1).
    pub enum ItemKind {
        /// A heading; never reported on.
        Section = "section",
        /// A measured target.
        Indicator = "indicator",
        /// A duty.
        Task = "task",
    }
}

text_enum! {
    /// The fields of reform (REFERENCE §10).
    pub enum Field {
        /// Chỉ đạo, điều hành.
        Steering = "steering",
        /// Thể chế.
        Institutions = "institutions",
        /// Thủ tục hành chính.
        Procedures = "procedures",
        /// Tổ chức bộ máy.
        Organisation = "organisation",
        /// Chế độ công vụ.
        CivilService = "civil_service",
        /// Tài chính công.
        PublicFinance = "public_finance",
        /// Chính quyền điện tử, chính quyền số.
        DigitalGovernment = "digital_government",
        /// Thông tin, tuyên truyền.
        Communication = "communication",
    }
}

text_enum! {
    /// What an indicator's figure is.
    pub enum MeasureKind {
        /// Numerator and denominator; the server computes the rate.
        Ratio = "ratio",
        /// A number of things.
        Count = "count",
        /// Points.
        Score = "score",
        /// A class such as `TOT`.
        Band = "band",
        /// Done or not done.
        Checklist = "checklist",
    }
}

text_enum! {
    /// How the units' figures make the ward's (RULES §5). Percentages are never averaged.
    pub enum Aggregation {
        /// Sum of numerators over sum of denominators.
        RatioOfSums = "ratio_of_sums",
        /// Sum of values.
        Sum = "sum",
        /// The single owner's figure.
        Latest = "latest",
        /// Ballots: satisfied over valid.
        Survey = "survey",
        /// Met when every unit says yes.
        AllYes = "all_yes",
        /// Reduction against the baseline.
        Reduction = "reduction",
    }
}

text_enum! {
    /// Who can move a figure (REFERENCE §11, row 14).
    pub enum Control {
        /// The ward itself.
        Ward = "ward",
        /// The ward and others.
        Shared = "shared",
        /// Others; never lowers a unit's rating.
        External = "external",
    }
}

text_enum! {
    /// How binding a target is.
    pub enum TargetTier {
        /// The plan's own target.
        Plan = "plan",
        /// The stricter level by which the work is run.
        Operating = "operating",
    }
}

text_enum! {
    /// How a figure is held against a target (RULES §1).
    pub enum Comparator {
        /// At least the value.
        AtLeast = "at_least",
        /// At most the value.
        AtMost = "at_most",
        /// All cases: numerator equals denominator.
        All = "all",
        /// Reduced by at least the value, in percent of the baseline.
        ReduceBy = "reduce_by",
        /// A band at least as good.
        BandAtLeast = "band_at_least",
        /// Judged, not measured.
        Qualitative = "qualitative",
    }
}

text_enum! {
    /// How often a unit reports a leaf.
    pub enum Frequency {
        /// Every month.
        Monthly = "monthly",
        /// In each of the four periodic reports.
        Quarterly = "quarterly",
        /// At mid-year and year's end.
        HalfYearly = "half_yearly",
        /// At year's end.
        Yearly = "yearly",
    }
}

text_enum! {
    /// Whether a unit must report or is asked to.
    pub enum Obligation {
        /// Ordered.
        Must = "must",
        /// Asked; never overdue.
        Request = "request",
    }
}

text_enum! {
    /// How often a task comes back.
    pub enum Recurrence {
        /// One time.
        Once = "once",
        /// Every week.
        Weekly = "weekly",
        /// Every month.
        Monthly = "monthly",
        /// Every quarter.
        Quarterly = "quarterly",
        /// Twice a year.
        HalfYearly = "half_yearly",
        /// Every year.
        Yearly = "yearly",
        /// All the time.
        Continuous = "continuous",
        /// When there is cause.
        Event = "event",
    }
}

/// A node of a plan's tree. Which of the fields are filled depends on its kind.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = plan_items, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct PlanItem {
    /// Its id.
    pub id: ItemId,
    /// Its ward.
    pub ward_id: WardId,
    /// Its plan.
    pub plan_id: PlanId,
    /// What it is.
    pub kind: ItemKind,
    /// Code as printed.
    pub code: String,
    /// ASCII alias of the code.
    pub code_ascii: String,
    /// Short name.
    pub title: String,
    /// Short name in English.
    pub title_en: Option<String>,
    /// The item above.
    pub parent_id: Option<ItemId>,
    /// Place among its siblings.
    pub position: i32,
    /// Places of all its ancestors and its own, sortable as text.
    pub sort_path: String,
    /// Field of reform.
    pub field: Option<Field>,
    /// The unit that owns it.
    pub lead_unit_id: Option<UnitId>,
    /// The unit that tracks it and verifies its figures.
    pub tracking_unit_id: Option<UnitId>,
    /// Remark.
    pub note: Option<String>,
    /// Whether it is a sample and not from the plan.
    pub sample: bool,
    /// Indicator: what the figure is.
    pub measure_kind: Option<MeasureKind>,
    /// Indicator: what the numerator counts.
    pub numerator_label: Option<String>,
    /// Indicator: what the denominator counts.
    pub denominator_label: Option<String>,
    /// Indicator: what is counted.
    pub measure_unit: Option<String>,
    /// Indicator: how units' figures make the ward's.
    pub aggregation: Option<Aggregation>,
    /// Indicator: the leaf of whose cases these are some ("trong đó").
    pub subset_of_id: Option<ItemId>,
    /// Indicator: the leaf whose numerator this one's must not exceed.
    pub no_more_than_id: Option<ItemId>,
    /// Indicator: who can move it.
    pub control: Option<Control>,
    /// Indicator: whether it may not apply ("nếu có").
    pub conditional: bool,
    /// Indicator: what a reduction is held against.
    pub baseline_value: Option<Quantity>,
    /// Indicator: year of the baseline.
    pub baseline_year: Option<i32>,
    /// Indicator: source of the baseline.
    pub baseline_source: Option<String>,
    /// Task: its product.
    pub deliverable: Option<String>,
    /// Task: first day.
    pub starts_on: Option<NaiveDate>,
    /// Task: last day.
    pub due_on: Option<NaiveDate>,
    /// Task: how often it comes back.
    pub recurrence: Option<Recurrence>,
    /// First day on which it counts, where an amendment added it.
    pub effective_from: Option<NaiveDate>,
    /// First day on which it no longer counts, where an amendment withdrew it.
    pub withdrawn_from: Option<NaiveDate>,
    /// Indicator: which of its definitions this is; the first is 1.
    pub definition_version: i32,
    /// The item of an earlier year that it continues.
    pub carried_from_id: Option<ItemId>,
    /// Counts changes.
    pub version: i64,
}

impl PlanItem {
    /// Whether it was withdrawn on that day (RULES §6).
    #[must_use]
    pub fn is_withdrawn(&self, on: NaiveDate) -> bool {
        self.withdrawn_from.is_some_and(|from| from <= on)
    }

    /// Whether it counts on that day: added before and not withdrawn.
    #[must_use]
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= on) && !self.is_withdrawn(on)
    }
}

/// A definition that an indicator had before the one in its row.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = measure_versions, check_for_backend(crate::db::MultiBackend))]
pub struct MeasureVersion {
    /// The indicator.
    pub item_id: ItemId,
    /// Which of its definitions it is; the first is 1.
    pub number: i32,
    /// What was measured (JSON of [`super::draft::Measure`]).
    pub measure: JsonText,
    /// First day on which it no longer held.
    pub replaced_from: NaiveDate,
}

/// A target of an indicator.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = item_targets, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// Its indicator.
    pub item_id: ItemId,
    /// How binding it is.
    pub tier: TargetTier,
    /// How a figure is held against it.
    pub comparator: Comparator,
    /// The value, in the target's unit.
    pub value: Option<Quantity>,
    /// Unit of the value: `percent`, `point`, …
    pub unit: Option<String>,
    /// The band, for [`Comparator::BandAtLeast`].
    pub band: Option<String>,
    /// First day on which it counts.
    pub effective_from: NaiveDate,
}

/// A unit's duty to report a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = assignments, check_for_backend(crate::db::MultiBackend))]
#[diesel(treat_none_as_default_value = false)]
pub struct Assignment {
    /// The leaf.
    pub item_id: ItemId,
    /// The unit.
    pub unit_id: UnitId,
    /// How often.
    pub frequency: Frequency,
    /// Ordered or asked.
    pub obligation: Obligation,
    /// First day on which it counts, where that is not the plan's.
    pub effective_from: Option<NaiveDate>,
    /// First day on which it no longer counts.
    pub withdrawn_from: Option<NaiveDate>,
}

impl Assignment {
    /// Whether it counts on that day.
    #[must_use]
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.effective_from.is_none_or(|from| from <= on) && self.withdrawn_from.is_none_or(|from| from > on)
    }
}
