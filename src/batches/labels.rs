//! The words that a spreadsheet shows for codes, and the way back.

use crate::{
    items::ItemKind,
    kernel::text::search_key,
    submissions::{
        SubmissionState,
        model::{Applicability, Cause, Instrument, ProgressState},
    },
};

/// Codes with what people read for them.
pub type Labels<T> = &'static [(T, &'static str, &'static str)];

macro_rules! labels {
    ($(#[$meta:meta])* $name:ident: $type:ident { $($variant:ident = $label:literal),+ $(,)? }) => {
        $(#[$meta])*
        pub const $name: Labels<$type> =
            &[$(($type::$variant, $type::$variant.as_str(), $label)),+];
    };
}

labels! {
    /// What a leaf is.
    KINDS: ItemKind { Indicator = "Chỉ tiêu", Task = "Nhiệm vụ" }
}
labels! {
    /// Whether a conditional leaf applies.
    APPLICABILITIES: Applicability {
        Applies = "Áp dụng", NotApplicable = "Không áp dụng", Unknown = "Chưa xác định",
    }
}
labels! {
    /// How far a task is.
    PROGRESS_STATES: ProgressState {
        NotStarted = "Chưa thực hiện", InProgress = "Đang thực hiện", Done = "Hoàn thành",
    }
}
labels! {
    /// The cause a unit claims.
    CAUSES: Cause { Objective = "Khách quan", Subjective = "Chủ quan" }
}
labels! {
    /// What satisfaction was measured with.
    INSTRUMENTS: Instrument {
        Sipas = "SIPAS", CitySurvey = "Khảo sát của thành phố", WardSurvey = "Khảo sát của phường",
        NationalPortal = "Cổng Dịch vụ công quốc gia",
    }
}
labels! {
    /// Where a submission stands.
    STATES: SubmissionState {
        Draft = "Nháp", Submitted = "Đã gửi", Verified = "Đã thẩm tra", Endorsed = "Đã thẩm định",
        Approved = "Đã duyệt", Published = "Đã công bố", Returned = "Bị trả lại",
    }
}

/// Yes and no.
pub const ANSWERS: Labels<bool> = &[(true, "true", "Có"), (false, "false", "Không")];

/// The code of a word, which may be the code itself; case and marks do not matter.
pub fn find<T: Copy>(labels: Labels<T>, word: &str) -> Option<T> {
    let word = search_key(word);
    labels
        .iter()
        .find(|(_, code, label)| word == *code || word == search_key(label))
        .map(|(value, ..)| *value)
}

/// What people read for a code.
pub fn label_of<T: Copy + PartialEq>(labels: Labels<T>, value: T) -> &'static str {
    labels.iter().find(|(known, ..)| *known == value).map_or("", |(_, _, label)| label)
}

/// The words that a drop-down shows.
pub fn words<T>(labels: Labels<T>) -> Vec<&'static str> {
    labels.iter().map(|(_, _, label)| *label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_with_and_without_marks_and_as_codes() {
        for word in ["Không áp dụng", "khong ap dung", "not_applicable", "KHÔNG ÁP DỤNG"] {
            assert_eq!(find(APPLICABILITIES, word), Some(Applicability::NotApplicable), "{word}");
        }
        assert_eq!(find(ANSWERS, "Có"), Some(true));
        assert_eq!(find(ANSWERS, "không"), Some(false));
        assert_eq!(find(CAUSES, "khác"), None);
    }
}
