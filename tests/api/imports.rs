//! Promises about imports: every row good, or nothing kept and every fault named with its place.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use super::plans::{NO_COORDINATORS, draft_plan};
use crate::support::{App, Client, Reply, both_databases};

both_databases!(
    a_plan_file_becomes_a_draft_with_all_that_is_in_it,
    one_row_at_fault_keeps_the_whole_file_out_and_every_fault_is_named,
    a_dry_run_says_what_the_real_run_does_and_keeps_nothing,
    a_year_has_one_plan_however_it_comes,
    an_appendix_from_a_workbook_joins_a_draft,
    an_appendix_at_fault_names_sheet_row_and_column_and_leaves_the_draft_alone,
    an_appendix_from_csv_makes_a_plan_of_its_own,
    files_that_are_no_tables_are_refused,
    only_coordinators_read_plans_in,
    the_same_key_reads_a_file_in_once,
    a_plan_has_one_appendix,
    five_thousand_rows_are_read_in_at_once,
);

const IMPORT: &str = "/api/v1/plans/import";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn plan_file(year: i32) -> Value {
    json!({
        "year": year, "title": "Kế hoạch nhập từ tệp", "number": "15/KH-UBND", "issued_on": format!("{year}-01-15"),
        "basis": "decree09",
        "items": [
            {
                "kind": "indicator", "code": "II.1", "title": "Hồ sơ đúng ha\u{323}n", "parent": "II", "position": 1,
                "lead_unit": "HCC", "tracking_unit": "HCC",
                "measure": {
                    "kind": "ratio", "unit": "hồ sơ", "aggregation": "ratio_of_sums", "control": "ward"
                },
                "targets": [{
                    "tier": "plan", "comparator": "at_least", "value": 98.5, "unit": "percent",
                    "effective_from": format!("{year}-01-01")
                }],
                "assignments": [{ "unit": "HCC", "frequency": "quarterly", "obligation": "must" }]
            },
            { "kind": "section", "code": "II", "title": "Mục tiêu", "position": 1 }
        ]
    })
}

/// The pointer, code and detail of every fault of a refusal.
fn faults(reply: &Reply) -> Vec<(String, String, String)> {
    let text = |fault: &Value, field: &str| fault[field].as_str().unwrap().to_owned();
    let errors = reply["errors"].as_array().unwrap();
    errors.iter().map(|f| (text(f, "pointer"), text(f, "code"), text(f, "detail"))).collect()
}

async fn items_of(client: &Client, plan: &str, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/plans/{plan}/items?limit=200{query}");
    client.get(&path).await.expect(200).items().to_vec()
}

async fn a_plan_file_becomes_a_draft_with_all_that_is_in_it(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let made = coordinator.post(IMPORT, plan_file(2027)).await.expect(201);
    let plan = made.text_at("plan_id");
    assert_eq!(made.header("Location"), format!("/api/v1/plans/{plan}"));
    assert_eq!(made["counts"], json!({ "sections": 1, "indicators": 1, "tasks": 0, "assignments": 1 }));
    assert_eq!(made["dry_run"], false);
    assert_eq!(
        made["rows"][0],
        json!({ "sheet": null, "row": 1, "code": "II.1", "outcome": "created", "errors": [] })
    );
    let read = coordinator.get(&format!("/api/v1/plans/{plan}")).await.expect(200);
    assert_eq!(
        (&read["status"], &read["year"], &read["basis"]),
        (&json!("draft"), &json!(2027), &json!("decree09"))
    );
    let items = items_of(&coordinator, &plan, "").await;
    assert_eq!((&items[0]["code"], &items[1]["code"]), (&json!("II"), &json!("II.1")));
    assert_eq!(items[1]["title"], "Hồ sơ đúng hạn", "decomposed text is composed");
    assert_eq!(items[1]["targets"][0]["value"], 98.5);
    let path = format!("/api/v1/items/{}/assignments", items[1]["id"].as_str().unwrap());
    let assigned = coordinator.get(&path).await.expect(200);
    assert_eq!(assigned.body.to_string().matches("quarterly").count(), 1, "{assigned}");
    let events = app.sql_texts(&format!(
        "SELECT kind AS value FROM audit_events WHERE request_id = '{}'",
        made.header("X-Request-Id")
    ));
    assert_eq!(events, ["plan.imported"]);
}

fn broken_file() -> Value {
    let mut file = plan_file(2027);
    file["title"] = json!("");
    file["items"][0]["measure"]["kind"] = json!("tỷ lệ");
    let more = [
        json!({ "kind": "task", "code": "V.1", "title": "Báo cáo", "parent": "V", "position": 1, "lead_unit": "XX" }),
        json!({ "kind": "section", "code": "II", "title": "Mục tiêu", "position": 1, "khong_co": 1 }),
        json!({ "kind": "section", "code": "II", "title": "Mục tiêu", "position": 2 }),
    ];
    file["items"].as_array_mut().unwrap().extend(more);
    file
}

async fn one_row_at_fault_keeps_the_whole_file_out_and_every_fault_is_named(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let before = app.rows(&["idempotency_keys"]);
    let reply = coordinator.post(IMPORT, broken_file()).await.refused(422, "import_rejected");
    let found = faults(&reply);
    let places: Vec<(&str, &str)> = found.iter().map(|(p, c, _)| (p.as_str(), c.as_str())).collect();
    assert_eq!(
        places,
        [
            ("/title", "required"),
            ("/items/0/measure/kind", "invalid_value"),
            ("/items/2/parent", "unknown_reference"),
            ("/items/2/lead_unit", "unknown_reference"),
            ("/items/3/khong_co", "unknown_field"),
            ("/items/4/code", "code_taken"),
        ]
    );
    assert!(found[1].2.starts_with("Dòng 1, cột measure/kind, mục II.1: "), "{}", found[1].2);
    assert_eq!(app.rows(&["idempotency_keys"]), before);
}

async fn a_dry_run_says_what_the_real_run_does_and_keeps_nothing(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let dry = format!("{IMPORT}?dry_run=true");
    let before = app.rows(&[]);
    let good = coordinator.post(&dry, plan_file(2027)).await.expect(200);
    assert_eq!((&good["dry_run"], &good["plan_id"]), (&json!(true), &Value::Null));
    let bad = coordinator.post(&dry, broken_file()).await.expect(200);
    let rows = bad["rows"].as_array().unwrap();
    let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["rejected", "held", "rejected", "rejected", "rejected"]);
    assert_eq!(bad["errors"][0]["pointer"], "/title");
    assert_eq!(bad["rows"][0]["errors"][0]["column"], "measure/kind");
    assert_eq!(app.rows(&[]), before, "a dry run writes nothing at all");
    // The real run: the same rows, the same faults.
    let mut told: Vec<Value> = bad["errors"].as_array().unwrap().clone();
    told.extend(rows.iter().flat_map(|row| row["errors"].as_array().unwrap().clone()));
    let told: Vec<_> = told.iter().map(|fault| (fault["pointer"].clone(), fault["code"].clone())).collect();
    let refused = coordinator.post(IMPORT, broken_file()).await.refused(422, "import_rejected");
    let real: Vec<_> = faults(&refused).into_iter().map(|(p, c, _)| (json!(p), json!(c))).collect();
    assert_eq!(told, real);
    let kept = coordinator.post(IMPORT, plan_file(2027)).await.expect(201);
    assert_eq!((&kept["rows"], &kept["counts"]), (&good["rows"], &good["counts"]));
}

async fn a_year_has_one_plan_however_it_comes(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    for path in [IMPORT.to_owned(), format!("{IMPORT}?dry_run=true")] {
        let reply = coordinator.post(&path, plan_file(2026)).await.refused(409, "plan_year_taken");
        reply.at_field("/year", "plan_year_taken");
    }
    // The other ward has its own years.
    let other = app.sign_in("lb.coordinator").await;
    let mut file = plan_file(2027);
    coordinator.post(IMPORT, &file).await.expect(201);
    other.post(IMPORT, &file).await.expect(201);
    file["items"][0]["lead_unit"] = json!("KTHTDT");
    file["year"] = json!(2028);
    let reply = other.post(IMPORT, file).await.refused(422, "import_rejected");
    reply.at_field("/items/0/lead_unit", "unknown_reference");
}

/// A table as a clerk types it: titles above, headings in row 4, the columns counted in row 5.
fn workbook(rows: &[[&str; 6]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Phụ lục").unwrap();
    sheet.write(0, 1, "PHỤ LỤC NHIỆM VỤ TRỌNG TÂM").unwrap();
    sheet.write(1, 1, "(Kèm theo Kế hoạch số 15/KH-UBND)").unwrap();
    let headings = [
        "TT",
        "Nội dung\n(nhiệm vụ/chỉ tiêu)",
        "Sa\u{309}n phẩm",
        "Cơ quan CHỦ TRÌ",
        "Cơ quan phối hợp",
        "Thời gian hoàn thành",
    ];
    let counted = ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"];
    for (row, cells) in [(3, &headings), (4, &counted)].into_iter().chain((5..).zip(rows)) {
        for (column, cell) in (0..).zip(cells) {
            if !cell.is_empty() {
                sheet.write(row, column, *cell).unwrap();
            }
        }
    }
    // A real date, as Excel keeps it.
    let last = u32::try_from(rows.len()).unwrap() + 5;
    let day = ExcelDateTime::from_ymd(2027, 6, 30).unwrap();
    let format = Format::new().set_num_format("dd/mm/yyyy");
    sheet.write_datetime_with_format(last, 5, &day, &format).unwrap();
    sheet.write(last, 0, 9).unwrap();
    sheet.write(last, 1, "Báo cáo sơ kết").unwrap();
    sheet.write(last, 3, "vhxh").unwrap();
    book.save_to_buffer().unwrap()
}

const GOOD_ROWS: [[&str; 6]; 5] = [
    ["I. Chỉ đạo, điều hành", "", "", "", "", ""],
    [
        "1",
        "Kế hoạch kiểm tra",
        "Kế hoạch",
        "Phòng Văn hóa – Xã hội phường",
        "Phòng Kinh tế, Hạ tầng - Đô thị, VP HĐND&UBND; các phòng, ban, ngành",
        "Quý I/2027",
    ],
    ["2", "Tuyên truyền", "Tin bài", "PHÒNG VH-XH", "Trạm Y tế\nTTPVHCC", "Thường xuyên"],
    ["II", "Thủ tục hành chính", "", "", "", ""],
    ["1", "Niêm yết TTHC", "Danh mục", "Trung tâm Phục vụ hành chính công", "", "15/3/2027"],
];

async fn an_appendix_from_a_workbook_joins_a_draft(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    let path = format!("{IMPORT}?plan=2027");
    let made =
        coordinator.call(reqwest::Method::POST, &path).raw(XLSX, workbook(&GOOD_ROWS)).await.expect(201);
    assert_eq!(made.text_at("plan_id"), plan);
    assert_eq!(made["counts"], json!({ "sections": 3, "indicators": 0, "tasks": 4, "assignments": 4 }));
    let rows: Vec<(u64, &str)> = made["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["row"].as_u64().unwrap(), row["code"].as_str().unwrap()))
        .collect();
    let expected = [
        (4, "PL"),
        (6, "PL.I"),
        (7, "PL.I.1"),
        (8, "PL.I.2"),
        (9, "PL.II"),
        (10, "PL.II.1"),
        (11, "PL.II.9"),
    ];
    assert_eq!(rows, expected);
    assert_eq!(made["rows"][1]["sheet"], "Phụ lục");
    let tasks = items_of(&coordinator, &plan, "&kind=task").await;
    let brief: Vec<_> = tasks
        .iter()
        .map(|task| (task["code"].as_str().unwrap(), task["due_on"].clone(), task["recurrence"].clone()))
        .collect();
    assert_eq!(
        brief,
        [
            ("PL.I.1", json!("2027-03-31"), json!("once")),
            ("PL.I.2", Value::Null, json!("continuous")),
            ("PL.II.1", json!("2027-03-15"), json!("once")),
            ("PL.II.9", json!("2027-06-30"), json!("once")),
        ]
    );
    assert_eq!(
        (&tasks[0]["lead_unit_id"], &tasks[0]["deliverable"]),
        (&json!(app.unit("VHXH")), &json!("Kế hoạch"))
    );
    let mut along = vec![app.unit("KTHTDT"), app.unit("VP")];
    along.sort();
    assert_eq!(tasks[0]["coordinating_unit_ids"], json!(along));
    assert_eq!(tasks[0]["note"], "Phối hợp: các phòng, ban, ngành.");
}

async fn a_plan_has_one_appendix(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    let path = format!("{IMPORT}?plan={plan}");
    let post = || coordinator.call(reqwest::Method::POST, &path).raw(XLSX, workbook(&GOOD_ROWS));
    post().await.expect(201);
    let before = app.rows_of("plan_items");
    post().await.refused(409, "code_taken");
    assert_eq!(app.rows_of("plan_items"), before);
}

async fn an_appendix_at_fault_names_sheet_row_and_column_and_leaves_the_draft_alone(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let plan = draft_plan(&coordinator, 2027).await.id();
    let mut rows = GOOD_ROWS;
    rows[1][3] = "Phòng Văn hoá và Thể thao";
    rows[1][5] = "Sau Tết";
    rows[2][4] = "Trạm Y tế, Công an";
    rows[4] = ["", "Niêm yết TTHC", "", "HCC; VP", "", "31/02/2027"];
    let path = format!("{IMPORT}?plan={plan}");
    let post = |path: String| coordinator.call(reqwest::Method::POST, &path).raw(XLSX, workbook(&rows));
    let refused = post(path.clone()).await.refused(422, "import_rejected");
    let found = faults(&refused);
    let places: Vec<(&str, &str)> = found.iter().map(|(p, c, _)| (p.as_str(), c.as_str())).collect();
    assert_eq!(
        places,
        [
            ("/rows/7/D", "unknown_reference"),
            ("/rows/7/F", "invalid_value"),
            ("/rows/8/E", "unknown_reference"),
            ("/rows/10/A", "required"),
        ]
    );
    let said = &found[0].2;
    assert!(said.starts_with("Bảng “Phụ lục”, dòng 7, cột D, mục PL.I.1: "), "{said}");
    assert!(
        said.contains("“Phòng Văn hoá và Thể thao”") && said.contains("Phòng Văn hóa - Xã hội"),
        "{said}"
    );
    let dry = post(format!("{path}&dry_run=true")).await.expect(200);
    assert_eq!(dry["plan_id"], json!(plan));
    assert_eq!(dry["rows"][2]["errors"][0]["column"], "D");
    assert_eq!(dry["rows"][1]["outcome"], "held");
    assert!(items_of(&coordinator, &plan, "").await.is_empty());
}

async fn an_appendix_from_csv_makes_a_plan_of_its_own(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let csv = "\u{FEFF}STT;Nhiệm vụ;Kết quả;Đơn vị chủ trì;Phối hợp;Tiến độ;Ghi chú\n\
               1;Báo cáo định kỳ;Báo cáo;VHXH;VP;Hằng quý, trước 15/12;Gửi Sở Nội vụ\n\
               1.1;Báo cáo quý;Báo cáo;MTTQ phường;;Tháng 3\n";
    let post = |query: &str| {
        coordinator.call(reqwest::Method::POST, &format!("{IMPORT}{query}")).raw("text/csv", csv)
    };
    post("").await.refused(422, "invalid").at_field("?plan", "required");
    post("?year=2026").await.refused(409, "plan_year_taken");
    post("?year=1999").await.refused(422, "invalid").at_field("?year", "out_of_range");
    post("?plan=2026").await.refused(409, "plan_not_draft");
    post("?plan=2031").await.refused(422, "invalid").at_field("?plan", "unknown_reference");
    // The first row has a row below it, so it is a section, and its product and deadline are out of place.
    let refused = post("?year=2027").await.refused(422, "import_rejected");
    assert!(faults(&refused).iter().all(|(_, code, _)| code == "item_has_children"), "{refused}");
    let csv = csv.replace("1.1;", "2;");
    let path = format!("{IMPORT}?year=2027&title=K%E1%BA%BF%20ho%E1%BA%A1ch");
    let made = coordinator.call(reqwest::Method::POST, &path).raw("text/csv", csv).await.expect(201);
    let plan = made.text_at("plan_id");
    assert_eq!(made["rows"][1]["sheet"], Value::Null);
    let read = coordinator.get(&format!("/api/v1/plans/{plan}")).await.expect(200);
    assert_eq!((&read["title"], &read["status"]), (&json!("Kế hoạch"), &json!("draft")));
    let tasks = items_of(&coordinator, &plan, "&kind=task").await;
    assert_eq!((&tasks[0]["recurrence"], &tasks[0]["due_on"]), (&json!("quarterly"), &json!("2027-12-15")));
    assert_eq!(tasks[0]["note"], "Thời hạn: Hằng quý, trước 15/12. Gửi Sở Nội vụ");
    let path = format!("/api/v1/items/{}/assignments", tasks[1]["id"].as_str().unwrap());
    let assigned = coordinator.get(&path).await.expect(200);
    assert!(assigned.text.contains("request"), "the Front is asked, never ordered\n{assigned}");
}

async fn files_that_are_no_tables_are_refused(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let path = format!("{IMPORT}?year=2027");
    let post =
        |kind: &str, bytes: &[u8]| coordinator.call(reqwest::Method::POST, &path).raw(kind, bytes.to_vec());
    post(XLSX, b"PK\x03\x04 no workbook").await.refused(422, "unreadable_sheet");
    post("text/csv", b"TT;N\xE9i dung\n").await.refused(422, "legacy_encoding");
    post("text/csv", "Tên;Số\na;1\n".as_bytes()).await.refused(422, "heading_missing");
    post("application/pdf", b"%PDF-").await.refused(415, "unsupported_media_type");
    let json = coordinator.post(&path, plan_file(2027)).await.refused(422, "invalid");
    json.at_field("?year", "not_applicable_here");
}

async fn only_coordinators_read_plans_in(app: App) {
    let before = app.rows_of("plans");
    for username in NO_COORDINATORS {
        app.sign_in(username).await.post(IMPORT, plan_file(2027)).await.refused(403, "forbidden");
    }
    app.anonymous().post(IMPORT, plan_file(2027)).await.refused(401, "unauthenticated");
    let other = app.sign_in("lb.coordinator").await;
    let path = format!("{IMPORT}?plan={}", app.plan());
    let reply = other.call(reqwest::Method::POST, &path).raw("text/csv", "TT;Nội dung;Chủ trì\n").await;
    reply.refused(422, "invalid").at_field("?plan", "unknown_reference");
    assert_eq!(app.rows_of("plans"), before);
}

async fn the_same_key_reads_a_file_in_once(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let first = coordinator.post(IMPORT, plan_file(2027)).key("nhap-2027").await.expect(201);
    let again = coordinator.post(IMPORT, plan_file(2027)).key("nhap-2027").await.expect(201);
    assert_eq!(again.body, first.body);
    let other = coordinator.post(IMPORT, plan_file(2028)).key("nhap-2027").await;
    other.refused(422, "idempotency_key_reused");
}

async fn five_thousand_rows_are_read_in_at_once(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let mut file = plan_file(2027);
    let items = file["items"].as_array_mut().unwrap();
    for place in 2..=4999 {
        items.push(json!({
            "kind": "task", "code": format!("II.{place}"), "title": format!("Nhiệm vụ {place}"), "parent": "II",
            "position": place, "lead_unit": "VP", "coordinating_units": ["HCC"],
            "assignments": [{ "unit": "VP", "frequency": "yearly", "obligation": "must" }]
        }));
    }
    let made = coordinator.post(IMPORT, &file).await.expect(201);
    assert_eq!(made["counts"], json!({ "sections": 1, "indicators": 1, "tasks": 4998, "assignments": 4999 }));
    let plan = made.text_at("plan_id");
    for (table, rows) in [("plan_items", 5000), ("item_coordinators", 4998), ("assignments", 4999)] {
        let id = if table == "plan_items" { "id" } else { "item_id" };
        let count = app.sql_text(&format!(
            "SELECT CAST(COUNT(*) AS TEXT) AS value FROM {table} \
             WHERE {id} IN (SELECT id FROM plan_items WHERE plan_id = '{plan}')"
        ));
        assert_eq!(count, rows.to_string(), "{table}");
    }
    file["items"].as_array_mut().unwrap().push(json!({}));
    coordinator.post(IMPORT, &file).await.refused(422, "invalid").at_field("/items", "out_of_range");
}
