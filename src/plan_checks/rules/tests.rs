//! Each rule with what it points at and what it leaves alone; `tests/api/plan_checks.rs` has the real plan.

use super::*;
use crate::{
    items::{
        Aggregation, Control, ItemDraft, MeasureKind, TargetTier,
        draft::{Content, IndicatorContent, Measure, TargetContent, TaskContent},
    },
    kernel::{
        id::{UnitId, WardId},
        json::JsonText,
        number::Quantity,
    },
    plans::{PlanId, PlanStatus},
    units::UnitKind,
};

/// A plan in the making.
struct Desk {
    plan: Plan,
    items: Vec<PlanItem>,
    targets: HashMap<ItemId, Vec<Target>>,
    units: Vec<Unit>,
}

impl Desk {
    /// Number, date, two units, one appendix with one task: nothing to point at.
    fn clean() -> Self {
        let plan = Plan {
            id: PlanId::generate(),
            ward_id: WardId::generate(),
            year: 2026,
            title: "Kế hoạch".to_owned(),
            number: Some("15/KH-UBND".to_owned()),
            issued_on: "2026-01-15".parse().ok(),
            legal_bases: JsonText::of::<[&str; 0]>(&[]),
            note: None,
            basis: None,
            status: PlanStatus::Draft,
            version: 1,
        };
        let mut desk = Self { plan, items: Vec::new(), targets: HashMap::new(), units: Vec::new() };
        desk.add_unit("VP", "Văn phòng HĐND và UBND phường", &["Văn phòng UBND phường", "VP HĐND & UBND"]);
        desk.add_unit("VHXH", "Phòng Văn hóa - Xã hội", &[]);
        desk.add("PL", "Phụ lục nhiệm vụ", "0009", Content::Section);
        desk.add("PL.1", "Niêm yết, công khai TTHC", "0009.0001", due("2026-06-30"));
        desk
    }

    fn add_unit(&mut self, code: &str, name: &str, aliases: &[&str]) {
        self.units.push(Unit {
            id: UnitId::generate(),
            ward_id: self.plan.ward_id,
            code: code.to_owned(),
            name: name.to_owned(),
            aliases: JsonText::of(aliases),
            kind: UnitKind::Department,
            is_standing_office: false,
            parent_id: None,
            active_from: chrono::NaiveDate::MIN,
            active_to: None,
            successor_id: None,
            acting_unit_id: None,
            version: 1,
        });
    }

    fn add(&mut self, code: &str, title: &str, path: &str, content: Content) -> &mut PlanItem {
        let draft =
            ItemDraft { code: code.to_owned(), title: title.to_owned(), content, ..ItemDraft::default() };
        let id = ItemId::generate();
        self.targets.insert(id, draft.to_targets(id));
        self.items.push(draft.to_row(id, self.plan.ward_id, self.plan.id, path.to_owned()));
        self.items.last_mut().expect("just added")
    }

    fn indicator(&mut self, code: &str, title: &str, levels: &[(TargetTier, i64)]) -> &mut PlanItem {
        self.add(code, title, "0001", ratio(levels))
    }

    fn found(&self) -> Vec<(FindingCode, Vec<String>)> {
        let reading = Reading {
            plan: &self.plan,
            ward_name: "Phường Long Mỹ",
            items: &self.items,
            targets: &self.targets,
            units: &self.units,
        };
        check(&reading).into_iter().map(|finding| (finding.code, finding.item_codes)).collect()
    }

    #[track_caller]
    fn expect(&self, expected: &[(FindingCode, &[&str])]) {
        let texts = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<String>>();
        let expected: Vec<_> = expected.iter().map(|(code, items)| (*code, texts(items))).collect();
        assert_eq!(self.found(), expected);
    }
}

fn due(day: &str) -> Content {
    Content::Task(TaskContent { due_on: day.parse().ok(), ..TaskContent::default() })
}

fn rhythm(recurrence: Option<Recurrence>) -> Content {
    Content::Task(TaskContent { recurrence, ..TaskContent::default() })
}

fn ratio(levels: &[(TargetTier, i64)]) -> Content {
    let target = |(tier, value): &(TargetTier, i64)| TargetContent {
        tier: *tier,
        comparator: Comparator::AtLeast,
        value: Some(Quantity::whole(*value)),
        unit: Some("percent".to_owned()),
        band: None,
        effective_from: chrono::NaiveDate::MIN,
    };
    let measure = Measure {
        kind: MeasureKind::Ratio,
        numerator_label: None,
        denominator_label: None,
        unit: None,
        aggregation: Aggregation::RatioOfSums,
        subset_of: None,
        control: Control::Ward,
        conditional: false,
        no_more_than: None,
    };
    Content::Indicator(Box::new(IndicatorContent {
        measure: Some(measure),
        targets: levels.iter().map(target).collect(),
        baseline: None,
    }))
}

const PLAN: TargetTier = TargetTier::Plan;
const OPERATING: TargetTier = TargetTier::Operating;

#[test]
fn a_clean_plan_has_no_findings() {
    Desk::clean().expect(&[]);
}

#[test]
fn a_missing_or_sample_number_and_date_are_found() {
    let mut desk = Desk::clean();
    desk.plan.number = None;
    desk.expect(&[(FindingCode::NoNumber, &[])]);
    desk.plan.issued_on = None;
    desk.expect(&[(FindingCode::NoNumber, &[]), (FindingCode::NoDate, &[])]);
    desk.plan.number = Some("MẪU-01/KH-UBND".to_owned());
    desk.plan.issued_on = "2026-01-15".parse().ok();
    desk.expect(&[(FindingCode::NoNumber, &[]), (FindingCode::NoDate, &[])]);
}

#[test]
fn an_appendix_without_tasks_or_of_samples_is_none() {
    let mut desk = Desk::clean();
    desk.items.retain(|item| item.kind == ItemKind::Section);
    desk.expect(&[(FindingCode::NoAppendix, &["PL"])]);
    let mut desk = Desk::clean();
    desk.items.iter_mut().for_each(|item| item.sample = true);
    desk.expect(&[(FindingCode::NoAppendix, &["PL"])]);
    desk.items.clear();
    desk.expect(&[(FindingCode::NoAppendix, &[])]);
}

#[test]
fn other_levels_for_titles_that_say_the_same_are_found() {
    let mut desk = Desk::clean();
    desk.indicator("1", "Số hóa giấy tờ, kết quả giải quyết thủ tục hành chính còn hiệu lực", &[(PLAN, 100)]);
    desk.indicator("2", "Tỷ lệ số hóa hồ sơ, kết quả giải quyết TTHC", &[(PLAN, 80)]);
    desk.indicator("3", "Hài lòng về dịch vụ y tế công", &[(PLAN, 85)]);
    desk.indicator("4", "Hài lòng về phục vụ của cơ quan hành chính", &[(PLAN, 90)]);
    desk.indicator("5", "Giao dịch thanh toán trực tuyến", &[(PLAN, 60)]);
    desk.indicator("6", "Hồ sơ trực tuyến trên tổng số hồ sơ", &[(PLAN, 50)]);
    desk.expect(&[(FindingCode::ConflictingTargets, &["1", "2"])]);
    // The same level twice is no conflict.
    let mut desk = Desk::clean();
    desk.indicator("1", "Số hóa hồ sơ", &[(PLAN, 80)]);
    desk.indicator("2", "Số hóa kết quả", &[(PLAN, 80)]);
    desk.expect(&[]);
}

#[test]
fn two_tiers_and_the_task_that_names_one_are_one_finding() {
    let mut desk = Desk::clean();
    desk.indicator("k", "Hồ sơ TTHC giải quyết đúng và trước hạn", &[(PLAN, 90), (OPERATING, 98)]);
    desk.add("V.5", "Đôn đốc hồ sơ trước và đúng hạn từ 98%", "0005", due("2026-12-15"));
    desk.expect(&[(FindingCode::ConflictingTargets, &["k", "V.5"])]);
}

#[test]
fn a_part_has_its_own_level_by_intention() {
    let mut desk = Desk::clean();
    let whole = desk.indicator("b.1", "Thanh toán trực tuyến", &[(PLAN, 80)]).id;
    desk.indicator("b.2", "Thanh toán trực tuyến", &[(PLAN, 60)]).subset_of_id = Some(whole);
    desk.expect(&[]);
}

#[test]
fn one_index_with_two_leads_is_found() {
    let mut desk = Desk::clean();
    let leads: Vec<UnitId> = desk.units.iter().map(|unit| unit.id).collect();
    desk.add("e", "Triển khai chỉ số SIPAS", "0005", due("2026-12-15")).lead_unit_id = leads.first().copied();
    desk.add("f", "Giải pháp cải thiện PAPI", "0006", due("2026-12-15")).lead_unit_id = leads.last().copied();
    desk.expect(&[]);
    desk.add("6", "Chủ trì Chỉ số hài lòng của người dân", "0007", due("2026-12-15")).lead_unit_id =
        leads.last().copied();
    desk.expect(&[(FindingCode::TwoLeads, &["e", "6"])]);
}

#[test]
fn indicators_without_measure_or_figure_are_found() {
    let mut desk = Desk::clean();
    desk.add("4", "Đội ngũ đúng cơ cấu", "0001", Content::Indicator(Box::default()));
    desk.indicator("5", "Hệ thống được khai thác", &[]);
    desk.indicator("6", "Hồ sơ công việc trên mạng", &[(PLAN, 100)]);
    desk.expect(&[(FindingCode::NoMeasure, &["4", "5"])]);
}

#[test]
fn tasks_that_end_on_no_day_are_found() {
    let mut desk = Desk::clean();
    desk.add("1", "Kế hoạch kiểm tra", "0001", rhythm(None));
    desk.add("2", "Bảng điểm", "0002", rhythm(Some(Recurrence::Yearly)));
    desk.add("3", "Báo cáo", "0003", rhythm(Some(Recurrence::Quarterly)));
    desk.add("4", "Tuyên truyền", "0004", rhythm(Some(Recurrence::Continuous)));
    desk.add("5", "Mô hình", "0005", due("2026-09-30"));
    desk.expect(&[(FindingCode::NoDates, &["1", "2"])]);
}

#[test]
fn one_unit_under_two_names_is_found_and_abbreviations_are_no_names() {
    let mut desk = Desk::clean();
    desk.add("V.3", "Văn phòng HĐND và UBND phường", "0001", Content::Section);
    desk.add("V.4", "Phối hợp VP HĐND & UBND", "0002", due("2026-06-30"));
    desk.expect(&[]);
    desk.add("V.2", "Làm rõ nguyên nhân", "0003", due("2026-06-30")).note =
        Some("Cùng Văn phòng UBND phường.".to_owned());
    desk.expect(&[(FindingCode::UnitNames, &["V.3", "V.4", "V.2"])]);
}

#[test]
fn a_body_of_another_ward_is_found() {
    let mut desk = Desk::clean();
    desk.add("1", "Báo cáo UBND phường Long Mỹ, phòng Văn hóa - Xã Hội phường", "0001", due("2026-06-30"));
    desk.expect(&[]);
    desk.add("2", "Chuyên mục", "0002", due("2026-06-30")).note =
        Some("Với Trung tâm Truyền thanh phường Long Bình; báo, đài.".to_owned());
    desk.add("3", "Tin bài trên đài xã Vị Thủy", "0003", due("2026-06-30"));
    desk.expect(&[(FindingCode::ForeignBody, &["2"]), (FindingCode::ForeignBody, &["3"])]);
}
