//! What a row says of a figure: what it leaves out stays as it is.

use chrono::NaiveDate;

use crate::{
    error::{Code, Faults},
    kernel::number::Quantity,
    submissions::model::{
        Applicability, Cause, Content, Explanation, Instrument, Progress, ProgressState, Survey,
    },
};

/// Fields that are not there keep what is there; `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of a submission's content, told there")]
pub struct Change {
    pub numerator: Option<Option<Quantity>>,
    pub denominator: Option<Option<Quantity>>,
    pub excluded: Option<Option<Quantity>>,
    pub rate: Option<Quantity>,
    pub value: Option<Option<Quantity>>,
    pub band: Option<Option<String>>,
    pub checked: Option<Option<bool>>,
    pub applicability: Option<Option<Applicability>>,
    pub applicability_reason: Option<Option<String>>,
    pub progress: Option<Option<ProgressPart>>,
    pub note: Option<Option<String>>,
    pub explanation: Option<Option<ExplanationPart>>,
    pub survey: Option<Option<SurveyPart>>,
}

/// Progress, of which a spreadsheet may hold some columns only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `Progress`, told there")]
pub struct ProgressPart {
    pub state: Option<ProgressState>,
    pub percent: Option<u8>,
    pub deliverable: Option<Option<String>>,
}

/// An explanation, of which a spreadsheet may hold some columns only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `Explanation`, told there")]
pub struct ExplanationPart {
    pub cause: Option<Cause>,
    pub what_happened: Option<String>,
    pub remedy: Option<String>,
    pub new_date: Option<NaiveDate>,
}

/// A survey, of which a spreadsheet may hold some columns only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields of `Survey`, told there")]
pub struct SurveyPart {
    pub instrument: Option<Instrument>,
    pub sample_size: Option<u32>,
    pub conducted_from: Option<NaiveDate>,
    pub conducted_to: Option<NaiveDate>,
}

impl Change {
    /// Whether the row says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The content as it will be. What is needed to make a whole of a part, and is not there, is a fault.
    pub fn apply(&self, mut content: Content, faults: &mut Faults) -> Content {
        fn set<T: Clone>(field: &mut Option<T>, change: &Option<Option<T>>) {
            if let Some(value) = change {
                field.clone_from(value);
            }
        }
        set(&mut content.numerator, &self.numerator);
        set(&mut content.denominator, &self.denominator);
        set(&mut content.excluded, &self.excluded);
        set(&mut content.value, &self.value);
        set(&mut content.band, &self.band);
        set(&mut content.checked, &self.checked);
        set(&mut content.applicability, &self.applicability);
        set(&mut content.applicability_reason, &self.applicability_reason);
        set(&mut content.note, &self.note);
        if let Some(part) = &self.progress {
            content.progress = part.as_ref().and_then(|part| part.complete(content.progress.take(), faults));
        }
        if let Some(part) = &self.explanation {
            content.explanation =
                part.as_ref().and_then(|part| part.complete(content.explanation.take(), faults));
        }
        if let Some(part) = &self.survey {
            content.survey = part.as_ref().and_then(|part| part.complete(content.survey.take(), faults));
        }
        content
    }
}

/// The value of a field that a whole cannot do without.
fn need<T>(value: Option<T>, pointer: &str, faults: &mut Faults) -> Option<T> {
    if value.is_none() {
        faults.add(pointer, Code::Required);
    }
    value
}

impl ProgressPart {
    fn complete(&self, old: Option<Progress>, faults: &mut Faults) -> Option<Progress> {
        // What is done is wholly done, and what is not begun not at all; nobody need type that.
        let implied = match self.state {
            Some(ProgressState::Done) => Some(100),
            Some(ProgressState::NotStarted) => Some(0),
            Some(ProgressState::InProgress) | None => None,
        };
        let (old_state, old_percent, old_deliverable) = match old {
            Some(old) => (Some(old.state), Some(old.percent), old.deliverable),
            None => (None, None, None),
        };
        let state = need(self.state.or(old_state), "/progress/state", faults);
        let percent = need(self.percent.or(implied).or(old_percent), "/progress/percent", faults);
        let deliverable = self.deliverable.clone().unwrap_or(old_deliverable);
        Some(Progress { state: state?, percent: percent?, deliverable })
    }
}

impl ExplanationPart {
    fn complete(&self, old: Option<Explanation>, faults: &mut Faults) -> Option<Explanation> {
        let old = old.as_ref();
        let cause = need(self.cause.or(old.map(|old| old.cause)), "/explanation/cause", faults);
        let what_happened = self.what_happened.clone().or(old.map(|old| old.what_happened.clone()));
        let what_happened = need(what_happened, "/explanation/what_happened", faults);
        let remedy = self.remedy.clone().or(old.map(|old| old.remedy.clone()));
        let remedy = need(remedy, "/explanation/remedy", faults);
        let new_date = need(self.new_date.or(old.map(|old| old.new_date)), "/explanation/new_date", faults);
        Some(Explanation {
            cause: cause?,
            what_happened: what_happened?,
            remedy: remedy?,
            new_date: new_date?,
        })
    }
}

impl SurveyPart {
    fn complete(&self, old: Option<Survey>, faults: &mut Faults) -> Option<Survey> {
        let old = old.as_ref();
        let instrument =
            need(self.instrument.or(old.map(|old| old.instrument)), "/survey/instrument", faults);
        let sample_size =
            need(self.sample_size.or(old.map(|old| old.sample_size)), "/survey/sample_size", faults);
        let from = self.conducted_from.or(old.map(|old| old.conducted_from));
        let from = need(from, "/survey/conducted_from", faults);
        let to = need(self.conducted_to.or(old.map(|old| old.conducted_to)), "/survey/conducted_to", faults);
        Some(Survey {
            instrument: instrument?,
            sample_size: sample_size?,
            conducted_from: from?,
            conducted_to: to?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(state: Option<ProgressState>, percent: Option<u8>) -> Change {
        let part = ProgressPart { state, percent, deliverable: None };
        Change { progress: Some(Some(part)), ..Change::default() }
    }

    #[test]
    fn what_a_row_leaves_out_stays_and_null_clears() {
        let old = Content {
            numerator: Some(Quantity::whole(4)),
            note: Some("Cũ".to_owned()),
            ..Content::default()
        };
        let mut faults = Faults::new();
        let change =
            Change { denominator: Some(Some(Quantity::whole(5))), note: Some(None), ..Change::default() };
        let new = change.apply(old, &mut faults);
        assert_eq!((new.numerator, new.denominator), (Some(Quantity::whole(4)), Some(Quantity::whole(5))));
        assert!(new.note.is_none() && faults.is_empty());
    }

    #[test]
    fn a_part_is_completed_from_what_is_there_or_names_what_it_needs() {
        let mut faults = Faults::new();
        let done = progress(Some(ProgressState::Done), None).apply(Content::default(), &mut faults);
        assert_eq!(done.progress.as_ref().map(|p| p.percent), Some(100));
        let less = progress(None, Some(90)).apply(done, &mut faults);
        assert_eq!(less.progress.map(|p| (p.state, p.percent)), Some((ProgressState::Done, 90)));
        assert!(faults.is_empty());
        let none = progress(Some(ProgressState::InProgress), None).apply(Content::default(), &mut faults);
        assert!(none.progress.is_none());
        let pointers: Vec<String> = faults.into_fields().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/progress/percent"]);
    }
}
