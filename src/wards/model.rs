//! A ward as the database keeps it.

use diesel::{Queryable, Selectable};
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{id::WardId, json::JsonText, number::Quantity},
    schema::wards,
};

/// A ward.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = wards, check_for_backend(crate::db::MultiBackend))]
pub struct Ward {
    /// Its id.
    pub id: WardId,
    /// Short code, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Administrative area code (QĐ 19/2025/QĐ-TTg).
    pub area_code: Option<String>,
    /// Whether anybody may read its published figures.
    pub public_results: bool,
    /// Reasons for returning a submission (JSON list of [`ReturnReason`]).
    pub return_reasons: JsonText,
    /// Share of a jump against the period before that needs a note: points of a rate, else percent; none checks nothing.
    pub jump_percent: Option<Quantity>,
    /// Counts changes.
    pub version: i64,
}

/// A reason for returning a submission, from the ward's list (RULES §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnReason {
    /// Stable code.
    #[schema(example = "wrong_figure", min_length = 1, max_length = 40)]
    pub code: String,
    /// What people read.
    #[schema(example = "Sai số liệu", min_length = 1, max_length = 200)]
    pub label: String,
}
