//! What the data files hold: a plan with its items, and a ward with its units. Everything is named by code.

use chrono::NaiveDate;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    error::{Code, FieldError},
    http::extract::read_value,
    items::{
        Aggregation, Control, Field, Frequency, ItemKind, MeasureKind, Obligation, Recurrence,
        draft::{Baseline, TargetContent},
    },
    kernel::{day, number::Quantity},
    plans::Basis,
    units::UnitKind,
};

/// A plan of a year with everything in it; units, sections and other indicators are named by code.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "year": 2027, "title": "Kế hoạch cải cách hành chính năm 2027", "items": [
        { "kind": "section", "code": "II", "title": "Mục tiêu", "position": 1 },
        {
            "kind": "indicator", "code": "II.1", "title": "Hồ sơ giải quyết đúng và trước hạn", "parent": "II",
            "position": 1, "field": "procedures", "lead_unit": "HCC", "tracking_unit": "HCC",
            "measure": {
                "kind": "ratio", "numerator_label": "Hồ sơ đúng và trước hạn",
                "denominator_label": "Hồ sơ đã giải quyết", "unit": "hồ sơ", "aggregation": "ratio_of_sums",
                "control": "ward"
            },
            "targets": [{
                "tier": "plan", "comparator": "at_least", "value": 90, "unit": "percent",
                "effective_from": "2027-01-01"
            }],
            "assignments": [{ "unit": "HCC", "frequency": "quarterly", "obligation": "must" }]
        }
    ]
}))]
pub struct PlanFile {
    /// Its year.
    #[schema(minimum = 2021, maximum = 2100)]
    pub year: i32,
    /// Title.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// Number of the document, once it has one.
    #[schema(min_length = 1, max_length = 50)]
    pub number: Option<String>,
    /// Date of the document.
    #[serde(default, deserialize_with = "day::optional")]
    pub issued_on: Option<NaiveDate>,
    /// Remark.
    #[schema(max_length = 4000)]
    pub note: Option<String>,
    /// Legal bases.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub legal_bases: Vec<String>,
    /// How its periods are to be cut.
    pub basis: Option<Basis>,
    /// Its items, in any order; each is read for itself, so that a fault names its row.
    #[schema(value_type = Vec<ItemEntry>, max_items = 5000)]
    pub items: Vec<Value>,
}

/// More items of a plan, such as its appendix.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppendixFile {
    /// The items, in any order; their sections may stand in the plan itself.
    pub items: Vec<Value>,
}

macro_rules! item_entry {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Code as printed.
            #[schema(min_length = 1, max_length = 35)]
            pub code: String,
            /// Short name.
            #[schema(min_length = 1, max_length = 300)]
            pub title: String,
            /// Short name in English.
            #[schema(max_length = 300)]
            pub title_en: Option<String>,
            /// Code of the section above.
            pub parent: Option<String>,
            /// Place among its siblings.
            #[schema(minimum = 1, maximum = 9999)]
            pub position: i32,
            /// Field of reform.
            pub field: Option<Field>,
            /// Code of the unit that owns it.
            pub lead_unit: Option<String>,
            /// Code of the unit that tracks it.
            pub tracking_unit: Option<String>,
            /// Codes of the units that work along.
            #[serde(default)]
            #[schema(max_items = 200)]
            pub coordinating_units: Vec<String>,
            /// Remark.
            #[schema(max_length = 4000)]
            pub note: Option<String>,
            /// Whether it is a sample and not from the plan.
            #[serde(default)]
            pub sample: bool,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            fn common(&self) -> Common<'_> {
                Common {
                    code: &self.code,
                    title: &self.title,
                    title_en: &self.title_en,
                    parent: &self.parent,
                    position: self.position,
                    field: self.field,
                    lead_unit: &self.lead_unit,
                    tracking_unit: &self.tracking_unit,
                    coordinating_units: &self.coordinating_units,
                    note: &self.note,
                    sample: self.sample,
                }
            }
        }
    };
}

item_entry! {
    /// A heading.
    SectionEntry {}
}

item_entry! {
    /// A measured target.
    IndicatorEntry {
        /// What is measured.
        measure: Option<MeasureEntry>,
        /// What is aimed at.
        #[serde(default)]
        #[schema(max_items = 20)]
        targets: Vec<TargetContent>,
        /// What a reduction is held against.
        baseline: Option<Baseline>,
        /// Who reports it.
        #[serde(default)]
        assignments: Vec<AssignmentEntry>,
    }
}

item_entry! {
    /// A duty.
    TaskEntry {
        /// Its product.
        #[schema(max_length = 300)]
        deliverable: Option<String>,
        /// First day.
        #[serde(default, deserialize_with = "day::optional")]
        starts_on: Option<NaiveDate>,
        /// Last day.
        #[serde(default, deserialize_with = "day::optional")]
        due_on: Option<NaiveDate>,
        /// How often it comes back.
        recurrence: Option<Recurrence>,
        /// Who reports it.
        #[serde(default)]
        assignments: Vec<AssignmentEntry>,
    }
}

/// An item; `kind` says which fields it has.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "Value")]
pub enum ItemEntry {
    /// A heading.
    Section(Box<SectionEntry>),
    /// A measured target.
    Indicator(Box<IndicatorEntry>),
    /// A duty.
    Task(Box<TaskEntry>),
}

/// What all kinds of item have.
pub(super) struct Common<'a> {
    pub code: &'a str,
    pub title: &'a str,
    pub title_en: &'a Option<String>,
    pub parent: &'a Option<String>,
    pub position: i32,
    pub field: Option<Field>,
    pub lead_unit: &'a Option<String>,
    pub tracking_unit: &'a Option<String>,
    pub coordinating_units: &'a [String],
    pub note: &'a Option<String>,
    pub sample: bool,
}

impl TryFrom<Value> for ItemEntry {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        Self::read(value).map_err(|fault| format!("{}: {}", fault.pointer, fault.code.as_str()))
    }
}

impl ItemEntry {
    /// Reads one item; serde would lose the place of a fault behind the tag `kind`, so the tag is taken off first.
    ///
    /// # Errors
    /// The first fault, with its pointer into the item.
    pub fn read(mut value: Value) -> Result<Self, FieldError> {
        let Some(fields) = value.as_object_mut() else { return Err(FieldError::new("", Code::InvalidValue)) };
        let kind = fields.remove("kind").ok_or_else(|| FieldError::new("/kind", Code::MissingField))?;
        match kind.as_str().and_then(ItemKind::parse) {
            Some(ItemKind::Section) => boxed(value).map(Self::Section),
            Some(ItemKind::Indicator) => boxed(value).map(Self::Indicator),
            Some(ItemKind::Task) => boxed(value).map(Self::Task),
            None => Err(FieldError::new("/kind", Code::InvalidValue)),
        }
    }

    pub(super) fn common(&self) -> Common<'_> {
        match self {
            Self::Section(entry) => entry.common(),
            Self::Indicator(entry) => entry.common(),
            Self::Task(entry) => entry.common(),
        }
    }

    pub(super) const fn kind(&self) -> ItemKind {
        match self {
            Self::Section(_) => ItemKind::Section,
            Self::Indicator(_) => ItemKind::Indicator,
            Self::Task(_) => ItemKind::Task,
        }
    }

    pub(super) fn assignments(&self) -> &[AssignmentEntry] {
        match self {
            Self::Section(_) => &[],
            Self::Indicator(entry) => &entry.assignments,
            Self::Task(entry) => &entry.assignments,
        }
    }
}

fn boxed<T: DeserializeOwned>(value: Value) -> Result<Box<T>, FieldError> {
    read_value(value).map(Box::new)
}

/// What an indicator measures, other indicators named by code.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureEntry {
    /// What the figure is.
    pub kind: MeasureKind,
    /// What the numerator counts.
    #[schema(max_length = 300)]
    pub numerator_label: Option<String>,
    /// What the denominator counts.
    #[schema(max_length = 300)]
    pub denominator_label: Option<String>,
    /// What is counted.
    #[schema(max_length = 50)]
    pub unit: Option<String>,
    /// How the units' figures make the ward's.
    pub aggregation: Aggregation,
    /// Code of the indicator of whose cases these are some.
    pub subset_of: Option<String>,
    /// Who can move the figure.
    pub control: Control,
    /// Whether it may not apply.
    #[serde(default)]
    pub conditional: bool,
    /// Code of the indicator whose numerator this one's must not exceed.
    pub no_more_than: Option<String>,
}

/// Who reports an item.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentEntry {
    /// Code of the unit.
    pub unit: String,
    /// How often.
    pub frequency: Frequency,
    /// Ordered or asked.
    pub obligation: Obligation,
}

/// A ward with its units.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WardFile {
    /// Short code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Name in English.
    pub name_en: Option<String>,
    /// Code of the area.
    pub area_code: Option<String>,
    /// Whether anybody may read its published figures.
    #[serde(default)]
    pub public_results: bool,
    /// Share of a jump that needs a note; what the sample data holds is PROPOSED, not law.
    pub jump_percent: Option<Quantity>,
    /// Its units, in any order.
    pub units: Vec<UnitEntry>,
}

/// A unit, the one above named by code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitEntry {
    /// Short code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Other ways documents write the name.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What sort of body it is.
    pub kind: UnitKind,
    /// Whether it is the standing office.
    #[serde(default)]
    pub is_standing_office: bool,
    /// Code of the unit above.
    pub parent: Option<String>,
    /// First day.
    #[serde(deserialize_with = "day::read")]
    pub active_from: NaiveDate,
}
