//! What units say: figures that fit their leaf, most of which reach the target.

use serde_json::{Value, json};

/// A small generator of numbers (SplitMix64), so that every run makes the same city.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins with a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    /// Whether something of so many in a hundred happens.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// A figure for a leaf of the plan's file, in a year.
#[must_use]
pub fn figure(leaf: &Value, year: i32, dice: &mut Dice) -> Value {
    let mut content = json!({});
    let measure = &leaf["measure"];
    if measure["conditional"] == true {
        if dice.percent(20) {
            return json!({
                "applicability": "not_applicable",
                "applicability_reason": "Trong kỳ đơn vị không phát sinh nội dung này.",
            });
        }
        content["applicability"] = "applies".into();
    }
    match measure["kind"].as_str() {
        Some("ratio") => ratio(leaf, year, dice, &mut content),
        Some("count" | "score") => content["value"] = (10 + dice.below(40)).into(),
        Some("band") => content["band"] = "TOT".into(),
        Some("checklist") => content["checked"] = true.into(),
        _ => {
            content["progress"] =
                json!({ "state": "done", "percent": 100, "deliverable": "Báo cáo của đơn vị" });
        }
    }
    if measure["aggregation"] == "survey" {
        content["survey"] = json!({
            "instrument": "ward_survey",
            "sample_size": 60 + dice.below(200),
            "conducted_from": format!("{year}-01-05"),
            "conducted_to": format!("{year}-01-25"),
        });
    }
    if dice.percent(30) {
        content["note"] = "Số liệu theo sổ theo dõi của đơn vị, đã đối chiếu với hệ thống một cửa.".into();
    }
    content
}

fn ratio(leaf: &Value, year: i32, dice: &mut Dice, content: &mut Value) {
    let all = 20 + dice.below(480);
    let wanted = leaf["targets"].as_array().into_iter().flatten().filter_map(|t| t["value"].as_u64()).max();
    let least = (all * wanted.unwrap_or(80)).div_ceil(100).min(all);
    let mut counted = least + dice.below(all - least + 1);
    if dice.percent(4) {
        counted = least.saturating_sub(1 + dice.below(5));
        content["explanation"] = json!({
            "cause": "objective",
            "what_happened": "Hệ thống dùng chung gián đoạn trong hai ngày làm việc, một số hồ sơ xử lý chậm.",
            "remedy": "Đơn vị đã phân công người trực và xử lý dứt điểm trong tháng sau.",
            "new_date": format!("{year}-12-31"),
        });
    }
    content["numerator"] = counted.into();
    content["denominator"] = all.into();
}
