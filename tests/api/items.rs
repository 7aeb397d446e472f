//! Promises about items: the tree in the plan's order, what each kind holds, search, moves and who reports.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::plans::{NO_COORDINATORS, add_item, draft_plan};
use crate::support::{App, Client, both_databases};

const FACTS: &str = include_str!("../facts/long-my-2026.json");

fn path(item: &str) -> String {
    format!("/api/v1/items/{item}")
}

/// All items of a plan that the query lets through, page by page.
async fn all_items(client: &Client, plan: &str, query: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/api/v1/plans/{plan}/items?{query}{cursor}")).await.expect(200);
        items.extend_from_slice(page.items());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

async fn found(client: &Client, plan: &str, query: &str) -> Vec<String> {
    let items = all_items(client, plan, query).await;
    items.iter().map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

/// A coordinator of Long Mỹ with a draft plan.
async fn drafting(app: &App) -> (Client, String) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    (coordinator, plan)
}

async fn add(coordinator: &Client, plan: &str, kind: &str, code: &str, more: Value) -> String {
    add_item(coordinator, plan, kind, code, more).await.expect(201).id()
}

/// An indicator that is whole: its rate is to be at least 90 %.
fn ratio() -> Value {
    let measure = json!({ "kind": "ratio", "aggregation": "ratio_of_sums", "unit": "hồ sơ" });
    json!({ "measure": measure, "targets": [target("at_least", json!(90))] })
}

fn target(comparator: &str, value: Value) -> Value {
    json!({ "tier": "plan", "comparator": comparator, "value": value, "unit": "percent", "effective_from": "2027-01-01" })
}

/// The tree below `parent` as its places say, every item before what stands below it.
fn walk<'a>(items: &'a [Value], parent: &Value, into: &mut Vec<&'a Value>) {
    let mut children: Vec<&Value> = items.iter().filter(|item| item["parent_id"] == *parent).collect();
    children.sort_by_key(|item| item["position"].as_i64());
    for child in children {
        into.push(child);
        walk(items, &child["id"], into);
    }
}

async fn items_come_in_the_order_in_which_the_plan_prints_them(app: App) {
    let reader = app.sign_in("thcs.staff").await;
    let all = all_items(&reader, &app.plan(), "limit=200").await;
    let mut tree = Vec::new();
    walk(&all, &Value::Null, &mut tree);
    assert_eq!(all.iter().collect::<Vec<_>>(), tree);
    let facts: Value = serde_json::from_str(FACTS).unwrap();
    let below = format!("parent_id={}", app.item("II.2", "section"));
    let letters = facts["letter_order"].as_array().unwrap().iter();
    let printed: Vec<String> = letters.map(|letter| format!("II.2.{}", letter.as_str().unwrap())).collect();
    assert_eq!(found(&reader, &app.plan(), &below).await, printed);
    let duties = found(&reader, &app.plan(), &format!("parent_id={}", app.item("PL-0", "section"))).await;
    assert_eq!(&duties[8..], ["PL.9", "PL.10", "PL.11"], "numbers, not texts, give the order");
}

async fn pages_are_complete_and_without_duplicates(app: App) {
    let reader = app.sign_in("ktht.staff").await;
    let plan = app.plan();
    let whole = all_items(&reader, &plan, "limit=200").await;
    assert_eq!(whole.len(), 169);
    for limit in [1, 7, 50, 169] {
        assert_eq!(all_items(&reader, &plan, &format!("limit={limit}")).await, whole, "limit {limit}");
    }
    assert_eq!(reader.get(&format!("/api/v1/plans/{plan}/items")).await.items().len(), 50);
    let exact_hits_first = all_items(&reader, &plan, "limit=200&q=hồ sơ").await;
    assert_eq!(all_items(&reader, &plan, "limit=1&q=hồ sơ").await, exact_hits_first);
    // `nope`, `7|x` and `0|x`: none of them is a cursor that was handed out.
    for cursor in ["bm9wZQ", "N3x4", "MHx4"] {
        let list = format!("/api/v1/plans/{plan}/items?cursor={cursor}");
        reader.get(&list).await.refused(400, "invalid_cursor");
    }
}

async fn a_search_ignores_case_tone_marks_and_the_bar_of_d(app: App) {
    let reader = app.sign_in("ktht.staff").await;
    let plan = app.plan();
    let hits = found(&reader, &plan, "q=đúng hạn").await;
    assert!(hits.contains(&"PL.24".to_owned()) && hits.contains(&"V.5-4".to_owned()), "{hits:?}");
    for q in ["q=ĐÚNG HẠN", "q=đu\u{301}ng ha\u{323}n", "q=%20đúng hạn\u{200B}"] {
        assert_eq!(found(&reader, &plan, q).await, hits, "{q}");
    }
    let set = |codes: Vec<String>| codes.into_iter().collect::<BTreeSet<String>>();
    for q in ["q=dung han", "q=DUNG HAN", "q=dưng hàn"] {
        assert_eq!(set(found(&reader, &plan, q).await), set(hits.clone()), "{q}");
    }
    let percent = found(&reader, &plan, "q=%25").await;
    assert!(percent.contains(&"PL.24".to_owned()) && percent.len() < 10, "a % is no wildcard: {percent:?}");
    for q in ["q=_", "q=\\", "q=khong co dau nay"] {
        assert_eq!(found(&reader, &plan, q).await, Vec::<String>::new(), "{q}");
    }
}

async fn exact_hits_come_before_hits_without_marks(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let titles = [("A", "Dùng hạn mức"), ("B", "Đứng hàn"), ("C", "Hồ sơ ĐÚNG HẠN"), ("D", "Đúng hạn")];
    for (position, (code, title)) in (1..).zip(titles) {
        add(&coordinator, &plan, "task", code, json!({ "title": title, "position": position })).await;
    }
    for page in ["", "&limit=1", "&limit=3"] {
        assert_eq!(found(&coordinator, &plan, &format!("q=đúng hạn{page}")).await, ["C", "D", "A", "B"]);
    }
    assert_eq!(found(&coordinator, &plan, "q=dung han").await, ["A", "B", "C", "D"]);
}

async fn a_code_or_its_ascii_alias_finds_the_item(app: App) {
    let reader = app.sign_in("ktht.staff").await;
    let plan = app.plan();
    assert_eq!(found(&reader, &plan, "q=II.2.đ.1").await[0], "II.2.đ.1");
    assert_eq!(found(&reader, &plan, "q=II.2.dd.1").await, ["II.2.đ.1"]);
    assert_eq!(found(&reader, &plan, "q=ii.2.k").await, ["II.2.k"]);
    let exact_then_loose = ["II.2.đ", "II.2.đ.1", "II.2.đ.2", "II.2.d", "II.2.d.1", "II.2.d.2", "II.2.d.3"];
    assert_eq!(found(&reader, &plan, "q=II.2.đ").await, exact_then_loose);
    let item = reader.get(&path(&app.item("II.2.đ.1", "indicator"))).await.expect(200);
    assert_eq!((&item["code"], &item["code_ascii"]), (&json!("II.2.đ.1"), &json!("II.2.dd.1")));
}

async fn items_are_filtered_by_kind_field_and_section(app: App) {
    let reader = app.sign_in("auditor").await;
    let plan = app.plan();
    for (kind, count) in [("section", 36), ("indicator", 34), ("task", 99)] {
        let items = all_items(&reader, &plan, &format!("kind={kind}&limit=200")).await;
        assert_eq!(items.len(), count, "{kind}");
        assert!(items.iter().all(|item| item["kind"] == kind));
    }
    let facts: Value = serde_json::from_str(FACTS).unwrap();
    for (field, count) in facts["leaves_per_field"].as_object().unwrap() {
        let items = all_items(&reader, &plan, &format!("kind=indicator&field={field}&limit=200")).await;
        assert_eq!(json!(items.len()), *count, "{field}");
        assert!(items.iter().all(|item| item["field"] == *field));
    }
    let section = format!("parent_id={}&kind=section", app.item("II.2", "section"));
    assert_eq!(found(&reader, &plan, &section).await, ["II.2.b", "II.2.d", "II.2.đ", "II.2.i", "II.2.l"]);
    let list = format!("/api/v1/plans/{plan}/items");
    reader.get(&format!("{list}?kind=chapter")).await.refused(400, "malformed_query");
    let mistyped = reader.get(&format!("{list}?parent=x")).await.refused(400, "malformed_query");
    mistyped.at_field("?parent", "unknown_field");
}

async fn items_are_filtered_by_the_unit_that_has_to_do_with_them(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let (hcc, mttq) = (app.unit("HCC"), app.unit("MTTQ"));
    add(&coordinator, &plan, "task", "A", json!({ "lead_unit_id": hcc })).await;
    add(&coordinator, &plan, "task", "B", json!({ "tracking_unit_id": hcc })).await;
    add(&coordinator, &plan, "task", "C", json!({ "coordinating_unit_ids": [mttq, hcc, hcc] })).await;
    let reported = add(&coordinator, &plan, "task", "D", json!({ "lead_unit_id": mttq })).await;
    add(&coordinator, &plan, "task", "E", json!({})).await;
    let must = json!([{ "unit_id": hcc, "frequency": "yearly", "obligation": "must" }]);
    coordinator.put(&format!("{}/assignments", path(&reported)), 1, must).await.expect(200);
    let mut by_code = found(&coordinator, &plan, "unit=HCC").await;
    assert_eq!(found(&coordinator, &plan, &format!("unit={hcc}")).await, by_code);
    by_code.sort();
    assert_eq!(by_code, ["A", "B", "C", "D"]);
    let foreign = app.unit_in("long-binh", "HCC");
    for unit in ["NOPE", foreign.as_str()] {
        let refused = coordinator.get(&format!("/api/v1/plans/{plan}/items?unit={unit}")).await;
        refused.refused(422, "invalid").at_field("?unit", "unknown_reference");
    }
}

async fn each_kind_shows_its_own_fields(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let section =
        add_item(&coordinator, &plan, "section", "II.đ", json!({ "title": "Mu\u{323}c" })).await.expect(201);
    assert_eq!((&section["title"], &section["code_ascii"]), (&json!("Mục"), &json!("II.dd")));
    assert_eq!(section.header("Location"), path(&section.id()));
    let below = json!({ "parent_id": section.id(), "measure": ratio()["measure"], "targets": ratio()["targets"],
        "baseline": { "value": 12.5, "year": 2021, "source": "Sổ theo dõi" }, "field": "procedures" });
    let indicator = add_item(&coordinator, &plan, "indicator", "II.đ.1", below).await.expect(201);
    assert_eq!(indicator["measure"]["control"], "ward");
    assert_eq!(indicator["baseline"], json!({ "value": 12.5, "year": 2021, "source": "Sổ theo dõi" }));
    let duty = json!({ "deliverable": "Báo cáo", "starts_on": "2027-01-01", "due_on": "2027-06-30", "recurrence": "once" });
    let task = add_item(&coordinator, &plan, "task", "II.đ.1", duty).await.expect(201);
    for (item, own, others) in [
        (&section, vec!["title", "code", "parent_id"], vec!["measure", "targets", "due_on"]),
        (&indicator, vec!["measure", "targets", "baseline"], vec!["due_on", "deliverable"]),
        (&task, vec!["deliverable", "starts_on", "due_on", "recurrence"], vec!["measure", "targets"]),
    ] {
        let shown = item.body.as_object().unwrap();
        assert!(own.iter().all(|field| shown.contains_key(*field)), "{item}");
        assert!(!others.iter().any(|field| shown.contains_key(*field)), "{item}");
        let read = coordinator.get(&path(&item.id())).await.expect(200);
        assert_eq!((&read.body, read.header("ETag")), (&item.body, "\"1\""));
        coordinator.get(&path(&item.id())).header("If-None-Match", "\"1\"").await.expect(304);
    }
}

async fn a_field_of_another_kind_is_refused_by_name(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    for (kind, more, pointer, code) in [
        ("section", json!({ "due_on": null }), "/due_on", "unknown_field"),
        ("section", json!({ "measure": null }), "/measure", "unknown_field"),
        ("indicator", json!({ "recurrence": "once" }), "/recurrence", "unknown_field"),
        ("task", json!({ "targets": [] }), "/targets", "unknown_field"),
        ("task", json!({ "sample": true }), "/sample", "unknown_field"),
        ("task", json!({ "recurrence": "daily" }), "/recurrence", "invalid_value"),
        ("task", json!({ "position": "1" }), "/position", "invalid_value"),
        ("chapter", json!({}), "/kind", "invalid_value"),
    ] {
        let refused = add_item(&coordinator, &plan, kind, "A", more).await.refused(400, "malformed_body");
        refused.at_field(pointer, code);
    }
    let kindless = coordinator.post(&format!("/api/v1/plans/{plan}/items"), json!({ "code": "A" })).await;
    kindless.refused(400, "malformed_body").at_field("/kind", "missing_field");
    let task = path(&add(&coordinator, &plan, "task", "A", json!({})).await);
    for (change, pointer) in [
        (json!({ "kind": "section" }), "/kind"),
        (json!({ "measure": null }), "/measure"),
        (json!({ "targets": [] }), "/targets"),
    ] {
        let refused = coordinator.patch(&task, 1, change).await.refused(422, "invalid");
        refused.at_field(pointer, "not_applicable_here");
    }
    assert_eq!(found(&coordinator, &plan, "").await, ["A"]);
}

async fn measures_and_targets_that_do_not_go_together_are_refused(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let cases = [
        ("score", "sum", target("at_least", json!(1)), "/measure/aggregation", "out_of_range"),
        ("ratio", "sum", target("at_least", json!(1)), "/measure/aggregation", "out_of_range"),
        ("ratio", "ratio_of_sums", target("at_least", json!(101)), "/targets/0/value", "out_of_range"),
        ("ratio", "ratio_of_sums", target("at_least", json!(-1)), "/targets/0/value", "out_of_range"),
        ("ratio", "ratio_of_sums", target("at_most", json!(null)), "/targets/0/value", "required"),
        ("ratio", "ratio_of_sums", target("all", json!(99)), "/targets/0/value", "out_of_range"),
        ("ratio", "ratio_of_sums", target("reduce_by", json!(10)), "/targets/0/comparator", "out_of_range"),
        ("count", "sum", target("all", json!(null)), "/targets/0/comparator", "out_of_range"),
        ("band", "latest", target("at_least", json!(1)), "/targets/0/comparator", "out_of_range"),
        ("band", "latest", target("band_at_least", json!(null)), "/targets/0/band", "required"),
        ("band", "latest", target("band_at_least", json!(3)), "/targets/0/value", "not_applicable_here"),
        ("checklist", "all_yes", target("qualitative", json!(1)), "/targets/0/value", "not_applicable_here"),
        ("score", "latest", target("qualitative", json!(null)), "/targets/0/comparator", "out_of_range"),
    ];
    for (kind, aggregation, target, pointer, code) in cases {
        let measure = json!({ "kind": kind, "aggregation": aggregation });
        let more = json!({ "measure": measure, "targets": [target] });
        let refused = add_item(&coordinator, &plan, "indicator", "A", more).await.refused(422, "invalid");
        refused.at_field(pointer, code);
    }
    let twice = json!({ "targets": [target("at_least", json!(80)), target("at_least", json!(90))] });
    let refused = add_item(&coordinator, &plan, "indicator", "A", twice).await.refused(422, "invalid");
    refused.at_field("/targets/1/effective_from", "out_of_range");
    assert_eq!(found(&coordinator, &plan, "").await, Vec::<String>::new());
}

async fn what_an_item_names_must_be_of_its_ward_and_plan(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let other_plan = app.item("II.2", "section");
    let (leaf, elsewhere) = (app.item("II.2.k", "indicator"), app.unit_in("long-binh", "HCC"));
    let task = add(&coordinator, &plan, "task", "T", json!({})).await;
    let mut measure = ratio()["measure"].clone();
    (measure["subset_of"], measure["no_more_than"]) = (json!(leaf), json!(task));
    let more = json!({ "lead_unit_id": elsewhere, "tracking_unit_id": elsewhere,
        "coordinating_unit_ids": [elsewhere], "measure": measure });
    let refused = add_item(&coordinator, &plan, "indicator", "A", more).await.refused(422, "invalid");
    let units = ["/lead_unit_id", "/tracking_unit_id", "/coordinating_unit_ids/0"];
    for pointer in units.into_iter().chain(["/measure/subset_of", "/measure/no_more_than"]) {
        refused.clone().at_field(pointer, "unknown_reference");
    }
    for parent in [other_plan, task] {
        let refused = add_item(&coordinator, &plan, "task", "A", json!({ "parent_id": parent })).await;
        refused.refused(422, "invalid").at_field("/parent_id", "unknown_reference");
    }
    let own = add(&coordinator, &plan, "indicator", "A", ratio()).await;
    let itself = json!({ "measure": { "subset_of": own } });
    let refused = coordinator.patch(&path(&own), 1, itself).await.refused(422, "invalid");
    refused.at_field("/measure/subset_of", "unknown_reference");
}

async fn a_code_is_taken_once_per_kind(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    add(&coordinator, &plan, "indicator", "V.5-3", json!({})).await;
    add(&coordinator, &plan, "task", "V.5-3", json!({})).await;
    let again = add_item(&coordinator, &plan, "task", " V.5-3 ", json!({})).await.refused(409, "code_taken");
    again.at_field("/code", "code_taken");
    for code in ["", "V 5", "V/5", "Mục.1", &"9".repeat(36)] {
        let refused = add_item(&coordinator, &plan, "section", code, json!({ "title": "x" })).await;
        assert_eq!(refused.status, 422, "{code}: {refused}");
    }
    assert_eq!(found(&coordinator, &plan, "").await, ["V.5-3", "V.5-3"]);
}

async fn a_moved_section_takes_along_what_stands_below_it(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let a = add(&coordinator, &plan, "section", "A", json!({ "position": 1 })).await;
    let a1 = add(&coordinator, &plan, "section", "A.1", json!({ "position": 1, "parent_id": a })).await;
    add(&coordinator, &plan, "task", "A.1.x", json!({ "parent_id": a1 })).await;
    let b = add(&coordinator, &plan, "section", "B", json!({ "position": 2 })).await;
    add(&coordinator, &plan, "task", "B.1", json!({ "position": 1, "parent_id": b })).await;
    assert_eq!(found(&coordinator, &plan, "").await, ["A", "A.1", "A.1.x", "B", "B.1"]);
    for below in [&a, &a1] {
        let circle = coordinator.patch(&path(&a), 1, json!({ "parent_id": below })).await;
        circle.refused(422, "invalid").at_field("/parent_id", "out_of_range");
    }
    coordinator.patch(&path(&a), 1, json!({ "parent_id": b, "position": 2 })).await.expect(200);
    assert_eq!(found(&coordinator, &plan, "").await, ["B", "B.1", "A", "A.1", "A.1.x"]);
    coordinator.patch(&path(&a1), 1, json!({ "parent_id": null, "position": 1 })).await.expect(200);
    assert_eq!(found(&coordinator, &plan, "").await, ["A.1", "A.1.x", "B", "B.1", "A"]);
}

async fn a_patch_merges_a_measure_and_replaces_targets(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let item = path(&add(&coordinator, &plan, "indicator", "A", ratio()).await);
    coordinator.patch(&item, None, json!({ "note": "x" })).await.refused(428, "if_match_required");
    coordinator.patch(&item, 9, json!({ "note": "x" })).await.refused(412, "version_stale");
    let change = json!({ "measure": { "conditional": true }, "targets": [target("all", json!(100))] });
    let changed = coordinator.patch(&item, 1, change).await.expect(200);
    assert_eq!(
        (&changed["measure"]["conditional"], &changed["measure"]["unit"]),
        (&json!(true), &json!("hồ sơ"))
    );
    assert_eq!(
        changed["targets"],
        json!([{ "tier": "plan", "comparator": "all", "value": 100, "unit": "percent",
        "band": null, "effective_from": "2027-01-01" }])
    );
    let misfit =
        coordinator.patch(&item, 2, json!({ "measure": { "kind": "score", "aggregation": "latest" } })).await;
    misfit.refused(422, "invalid").at_field("/targets/0/comparator", "out_of_range");
    assert_eq!(coordinator.get(&item).await.body, changed.body);
    let cleared = coordinator.patch(&item, 2, json!({ "measure": null, "targets": [] })).await.expect(200);
    assert_eq!((&cleared["measure"], &cleared["targets"]), (&Value::Null, &json!([])));
}

async fn an_item_that_something_hangs_on_is_not_deleted(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let section = add(&coordinator, &plan, "section", "A", json!({})).await;
    let mut more = ratio();
    more["parent_id"] = json!(section);
    let whole = add(&coordinator, &plan, "indicator", "A.1", more.clone()).await;
    more["measure"]["subset_of"] = json!(whole);
    let part = add(&coordinator, &plan, "indicator", "A.2", more).await;
    let circle = coordinator.patch(&path(&whole), 1, json!({ "measure": { "subset_of": part } })).await;
    circle.refused(422, "invalid").at_field("/measure/subset_of", "out_of_range");
    coordinator.delete(&path(&part), None).await.refused(428, "if_match_required");
    coordinator.delete(&path(&part), 2).await.refused(412, "version_stale");
    coordinator.delete(&path(&section), 1).await.refused(409, "item_has_children");
    coordinator.delete(&path(&whole), 1).await.refused(409, "in_use");
    assert_eq!(found(&coordinator, &plan, "").await.len(), 3);
    for item in [part, whole, section] {
        coordinator.delete(&path(&item), 1).await.expect(204);
        coordinator.get(&path(&item)).await.refused(404, "not_found");
    }
    assert_eq!(found(&coordinator, &plan, "").await, Vec::<String>::new());
}

async fn only_the_wards_coordinators_write_items_and_all_its_people_read_them(app: App) {
    let (coordinator, plan) = drafting(&app).await;
    let item = path(&add(&coordinator, &plan, "indicator", "A", ratio()).await);
    for name in NO_COORDINATORS {
        let client = app.sign_in(name).await;
        add_item(&client, &plan, "task", "B", json!({})).await.refused(403, "forbidden");
        client.patch(&item, 1, json!({ "note": "x" })).await.refused(403, "forbidden");
        client.delete(&item, 1).await.refused(403, "forbidden");
        client.put(&format!("{item}/assignments"), 1, json!([])).await.refused(403, "forbidden");
        assert_eq!(client.get(&item).await.expect(200).version(), 1);
    }
    let stranger = app.sign_in("lb.coordinator").await;
    for path in [item.clone(), format!("{item}/assignments")] {
        stranger.get(&path).await.refused(404, "not_found");
    }
    stranger.patch(&item, 1, json!({ "note": "x" })).await.refused(404, "not_found");
    stranger.delete(&item, 1).await.refused(404, "not_found");
    stranger.put(&format!("{item}/assignments"), 1, json!([])).await.refused(404, "not_found");
}

both_databases! {
    items_come_in_the_order_in_which_the_plan_prints_them, pages_are_complete_and_without_duplicates,
    a_search_ignores_case_tone_marks_and_the_bar_of_d, exact_hits_come_before_hits_without_marks,
    a_code_or_its_ascii_alias_finds_the_item, items_are_filtered_by_kind_field_and_section,
    items_are_filtered_by_the_unit_that_has_to_do_with_them, each_kind_shows_its_own_fields,
    a_field_of_another_kind_is_refused_by_name, measures_and_targets_that_do_not_go_together_are_refused,
    what_an_item_names_must_be_of_its_ward_and_plan, a_code_is_taken_once_per_kind,
    a_moved_section_takes_along_what_stands_below_it, a_patch_merges_a_measure_and_replaces_targets,
    an_item_that_something_hangs_on_is_not_deleted,
    only_the_wards_coordinators_write_items_and_all_its_people_read_them,
}
