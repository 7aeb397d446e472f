//! The rows of a batch as a program sends them: JSON, each row read by itself so that one fault hides no other.

use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::{
    change::{Change, ExplanationPart, ProgressPart, SurveyPart},
    model::{Batch, GivenRow, MAX_ROWS},
    reading::too_many_rows,
};
use crate::{
    error::{Code, Error, FieldError, Result},
    http::extract::parse_json,
    items::ItemKind,
    kernel::{number::Quantity, patch},
    submissions::model::{Applicability, Explanation, Progress, Survey},
};

/// Many figures at once.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "rows": [
    { "item": "II.2.k", "period": "2026-H1", "numerator": 1180, "denominator": 1200 },
    { "item": "II.6.b", "period": "2026-H1", "numerator": 12, "denominator": 12, "note": "Theo sổ theo dõi" }
] }))]
pub struct CreateBatch {
    /// The rows, at most 10,000. A row that cannot be read is rejected by itself.
    #[schema(value_type = Vec<BatchRow>, max_items = 10_000)]
    rows: Rows,
}

/// One figure. What is left out stays as it is; `null` clears, as in a change of a single submission.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRow {
    /// Plan: id or year. Needed only where several plans have a period of that code.
    #[schema(example = "2026")]
    plan: Option<String>,
    /// Leaf: id or code.
    #[schema(example = "II.2.k")]
    item: String,
    /// Tells an indicator from a task of the same code.
    kind: Option<ItemKind>,
    /// Period: id or code.
    #[schema(example = "2026-H1")]
    period: String,
    /// Unit: id or code; the caller's own if absent.
    #[schema(example = "KTHTDT")]
    unit: Option<String>,
    /// Cases that count.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    numerator: Option<Option<Quantity>>,
    /// All cases.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    denominator: Option<Option<Quantity>>,
    /// Cases left out by the definition.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    excluded: Option<Option<Quantity>>,
    /// The rate as the caller computed it, checked within 0.01 points; never stored.
    rate: Option<Quantity>,
    /// Count, score or present level.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Quantity>)]
    value: Option<Option<Quantity>>,
    /// Class.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>)]
    band: Option<Option<String>>,
    /// Answer to a checklist.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<bool>)]
    checked: Option<Option<bool>>,
    /// Whether a conditional leaf applies.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Applicability>)]
    applicability: Option<Option<Applicability>>,
    /// Why it does not.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    applicability_reason: Option<Option<String>>,
    /// How far a task is.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Progress>)]
    progress: Option<Option<Progress>>,
    /// Remark.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    note: Option<Option<String>>,
    /// Why a target was missed.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Explanation>)]
    explanation: Option<Option<Explanation>>,
    /// How a satisfaction figure was measured.
    #[serde(default, deserialize_with = "patch::field")]
    #[schema(value_type = Option<Survey>)]
    survey: Option<Option<Survey>>,
}

/// The rows as text; one more than a batch takes shows that there are too many, and the rest is not kept.
#[derive(Debug)]
struct Rows(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Rows;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of rows")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Rows, A::Error> {
                let mut rows: Vec<Box<RawValue>> = Vec::new();
                while rows.len() <= MAX_ROWS {
                    match list.next_element::<Box<RawValue>>()? {
                        Some(row) if row.get().starts_with('{') => rows.push(row),
                        Some(_) => return Err(de::Error::custom("a row is an object")),
                        None => return Ok(Rows(rows)),
                    }
                }
                while list.next_element::<de::IgnoredAny>()?.is_some() {}
                Ok(Rows(rows))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}

impl CreateBatch {
    /// The rows, those that cannot be read with their faults.
    ///
    /// # Errors
    /// `too_many_rows`; `malformed_body` naming fields that no row has: that is the program's fault, not the data's.
    pub fn into_batch(self) -> Result<Batch> {
        if self.rows.0.len() > MAX_ROWS {
            return Err(too_many_rows());
        }
        let mut unknown = Vec::new();
        let mut rows = Vec::with_capacity(self.rows.0.len());
        for (number, raw) in (0_u32..).zip(self.rows.0) {
            match parse_json::<BatchRow>(raw.get().as_bytes()) {
                Ok(row) => rows.push(row.into_given(number)),
                Err(error) => {
                    let is_unknown = |fault: &&FieldError| fault.code == Code::UnknownField;
                    unknown.extend(error.fields.iter().filter(is_unknown).map(|fault| {
                        FieldError::new(format!("/rows/{number}{}", fault.pointer), Code::UnknownField)
                    }));
                    rows.push(unreadable(number, &raw, error.fields));
                }
            }
        }
        unknown.truncate(100);
        if unknown.is_empty() {
            Ok(Batch { rows, columns: Vec::new() })
        } else {
            Err(Error::fields(Code::MalformedBody, unknown))
        }
    }
}

/// A row with its faults and, so that a reader finds it, what it seems to be about.
fn unreadable(number: u32, raw: &RawValue, mut faults: Vec<FieldError>) -> GivenRow {
    #[derive(Default, Deserialize)]
    struct Names {
        item: Option<serde_json::Value>,
        period: Option<serde_json::Value>,
        unit: Option<serde_json::Value>,
    }
    let names: Names = serde_json::from_str(raw.get()).unwrap_or_default();
    let word =
        |value: Option<serde_json::Value>| value.as_ref().and_then(|name| Some(name.as_str()?.to_owned()));
    if faults.is_empty() {
        faults.push(FieldError::new("", Code::MalformedBody));
    }
    GivenRow {
        number,
        item: word(names.item).unwrap_or_default(),
        period: word(names.period).unwrap_or_default(),
        unit: word(names.unit),
        faults,
        ..GivenRow::default()
    }
}

impl BatchRow {
    fn into_given(self, number: u32) -> GivenRow {
        let change = Change {
            numerator: self.numerator,
            denominator: self.denominator,
            excluded: self.excluded,
            rate: self.rate,
            value: self.value,
            band: self.band,
            checked: self.checked,
            applicability: self.applicability,
            applicability_reason: self.applicability_reason,
            progress: self.progress.map(|progress| progress.map(ProgressPart::from)),
            note: self.note,
            explanation: self.explanation.map(|explanation| explanation.map(ExplanationPart::from)),
            survey: self.survey.map(|survey| survey.map(SurveyPart::from)),
        };
        let Self { plan, item, kind, period, unit, .. } = self;
        GivenRow { number, plan, item, kind, period, unit, change, faults: Vec::new() }
    }
}

impl From<Progress> for ProgressPart {
    fn from(whole: Progress) -> Self {
        Self { state: Some(whole.state), percent: Some(whole.percent), deliverable: Some(whole.deliverable) }
    }
}

impl From<Explanation> for ExplanationPart {
    fn from(whole: Explanation) -> Self {
        Self {
            cause: Some(whole.cause),
            what_happened: Some(whole.what_happened),
            remedy: Some(whole.remedy),
            new_date: Some(whole.new_date),
        }
    }
}

impl From<Survey> for SurveyPart {
    fn from(whole: Survey) -> Self {
        Self {
            instrument: Some(whole.instrument),
            sample_size: Some(whole.sample_size),
            conducted_from: Some(whole.conducted_from),
            conducted_to: Some(whole.conducted_to),
        }
    }
}
