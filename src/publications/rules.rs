//! What a publication freezes, and how it differs from the one before.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::model::{Correction, PublishedContent, PublishedItem, PublishedVerdict};
use crate::{
    kernel::json::JsonText,
    results::{Coverage, LeafResult},
};

/// The frozen form of a leaf's result.
#[must_use]
pub fn freeze(leaf: LeafResult) -> PublishedItem {
    PublishedItem {
        code: leaf.code,
        title: leaf.title,
        title_en: leaf.title_en,
        field: leaf.field,
        measure_kind: leaf.measure_kind,
        definition: leaf.definition_version,
        numerator: leaf.figures.numerator,
        denominator: leaf.figures.denominator,
        value: leaf.figures.value,
        band: leaf.figures.band,
        rate: leaf.rate,
        verdicts: leaf
            .verdicts
            .into_iter()
            .map(|(target, verdict)| PublishedVerdict {
                tier: target.tier,
                verdict,
                comparator: target.comparator,
                value: target.value,
                unit: target.unit,
                band: target.band,
            })
            .collect(),
        coverage: leaf.coverage,
    }
}

/// Figures in, of figures expected, over all leaves.
#[must_use]
pub fn coverage_of(items: &[PublishedItem]) -> Coverage {
    items.iter().fold(Coverage::default(), |sum, item| sum.plus(item.coverage))
}

/// SHA-256 of the frozen text.
#[must_use]
pub fn hash_of(content: &JsonText) -> String {
    hex::encode(Sha256::digest(content.as_str().as_bytes()))
}

/// The figures in which two publications of a period differ, with the reasons that were given for correcting.
#[must_use]
pub fn corrections(
    before: &PublishedContent,
    after: &PublishedContent,
    reasons: &HashMap<String, String>,
) -> Vec<Correction> {
    let old: HashMap<&str, &PublishedItem> =
        before.items.iter().map(|item| (item.code.as_str(), item)).collect();
    let mut corrections = Vec::new();
    for item in &after.items {
        let Some(previous) = old.get(item.code.as_str()) else { continue };
        for (field, was, is) in [
            ("numerator", show(previous.numerator), show(item.numerator)),
            ("denominator", show(previous.denominator), show(item.denominator)),
            ("value", show(previous.value), show(item.value)),
            ("band", previous.band.clone(), item.band.clone()),
        ] {
            if was != is {
                corrections.push(Correction {
                    item_code: item.code.clone(),
                    field: field.to_owned(),
                    old: was,
                    new: is,
                    reason: reasons.get(&item.code).cloned(),
                });
            }
        }
    }
    corrections
}

fn show(figure: Option<impl ToString>) -> Option<String> {
    figure.map(|figure| figure.to_string())
}
