//! Promises about the form that a unit fills in, and its way through a clerk's LibreOffice and back.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use calamine::{Reader, Xlsx};
use cchc::access::Role;
use serde_json::{Value, json};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{
    amendments::amend,
    batches::{XLSX, outcomes, send},
};
use crate::support::{App, Client, NewAccount, Office, both_databases};

async fn download(app: &App, client: &Client, query: &str) -> Vec<u8> {
    let url = format!("{}/api/v1/plans/{}/template?{query}", app.address, app.plan());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let reply = http.get(url).bearer_auth(client.token().unwrap()).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.bytes().await.unwrap().to_vec()
}

/// The first sheet as text by row number, and the columns by their machine headings.
struct Form {
    rows: BTreeMap<u32, Vec<String>>,
    columns: BTreeMap<String, usize>,
}

impl Form {
    fn read(workbook: &[u8]) -> Self {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(workbook)).unwrap();
        assert_eq!(book.sheet_names(), ["Số liệu", "Hướng dẫn"]);
        let range = book.worksheet_range("Số liệu").unwrap();
        let (top, left) = range.start().unwrap();
        assert_eq!((top, left), (0, 0));
        let rows: BTreeMap<u32, Vec<String>> = (1_u32..)
            .zip(range.rows())
            .map(|(n, row)| (n, row.iter().map(ToString::to_string).collect()))
            .collect();
        let headings = rows.values().find(|row| row[0] == "item").expect("machine headings");
        let columns = headings.iter().enumerate().map(|(place, code)| (code.clone(), place)).collect();
        Self { rows, columns }
    }

    fn cell(&self, row: u32, column: &str) -> &str {
        &self.rows[&row][self.columns[column]]
    }

    /// The rows of leaves: number and code.
    fn leaves(&self) -> Vec<(u32, String)> {
        let headings = *self.rows.iter().find(|(_, row)| row[0] == "Mã").expect("headings").0;
        self.rows.iter().filter(|(n, _)| **n > headings).map(|(n, row)| (*n, row[0].clone())).collect()
    }

    fn row_of(&self, code: &str) -> u32 {
        self.leaves().into_iter().find(|(_, found)| found == code).unwrap_or_else(|| panic!("no {code}")).0
    }
}

/// A part of a workbook as text.
fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// Types into cells: each must be there, empty and with its style. What looks like a number is one.
fn type_into(workbook: &[u8], cells: &[(String, &str)]) -> Vec<u8> {
    let mut sheet = part(workbook, "xl/worksheets/sheet1.xml");
    for (cell, value) in cells {
        let start = sheet.find(&format!("<c r=\"{cell}\"")).unwrap_or_else(|| panic!("no cell {cell}"));
        let end = start + sheet[start..].find("/>").expect("an empty cell");
        assert!(!sheet[start..end].contains('>'), "{cell} is empty: {}", &sheet[start..end]);
        let filled = if value.parse::<f64>().is_ok() {
            format!("><v>{value}</v></c>")
        } else {
            format!(" t=\"inlineStr\"><is><t>{value}</t></is></c>")
        };
        sheet.replace_range(end..end + 2, &filled);
    }
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut copy = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index(index).unwrap();
        if file.name().unwrap() == "xl/worksheets/sheet1.xml" {
            copy.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).unwrap();
            copy.write_all(sheet.as_bytes()).unwrap();
        } else {
            copy.raw_copy_file(file).unwrap();
        }
    }
    copy.finish().unwrap().into_inner()
}

async fn send_back(client: &Client, query: &str, workbook: &[u8]) -> crate::support::Reply {
    let path = format!("/api/v1/submissions/batch{query}");
    client.call(reqwest::Method::POST, &path).raw(XLSX, workbook).await.expect(200)
}

async fn a_form_holds_what_the_unit_owes_and_what_it_said(app: App) {
    let school = app.sign_in("thcs.staff").await;
    let reply =
        school.get(&format!("/api/v1/plans/{}/template?period=2026-H1", app.plan())).await.expect(200);
    assert_eq!(reply.header("Content-Type"), XLSX);
    assert_eq!(reply.header("Cache-Control"), "no-store");
    let disposition = "attachment; filename=\"long-my_2026-H1_TH-THCS.xlsx\"";
    assert_eq!(reply.header("Content-Disposition"), disposition);
    let note = json!([{ "item": "V.1.c", "period": "2026-H1", "note": "=1+1", "progress": { "state": "in_progress", "percent": 60 } }]);
    send(&school, "", note).await.expect(200);
    let workbook = download(&app, &school, "period=2026-H1").await;
    let form = Form::read(&workbook);
    let owed = format!(
        "SELECT i.code AS value FROM owed_figures o JOIN plan_items i ON i.id = o.item_id \
         WHERE o.unit_id = '{}' AND o.period_id = '{}' ORDER BY i.sort_path",
        app.unit("TH-THCS"),
        app.period("2026-H1")
    );
    let codes: Vec<String> = form.leaves().into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, app.sql_texts(&owed));
    let row = form.row_of("V.1.c");
    assert_eq!(form.cell(row, "progress_state"), "Đang thực hiện");
    assert_eq!((form.cell(row, "progress_percent"), form.cell(row, "state")), ("60", "Nháp"));
    assert_eq!(form.cell(row, "note"), "'=1+1", "no cell is a formula");
    assert_eq!(
        (form.cell(row, "unit"), form.cell(row, "period"), form.cell(row, "plan")),
        ("TH-THCS", "2026-H1", "2026")
    );
    // Sent back as it is, it changes nothing: neither the drafts nor the rows that are empty.
    let back = send_back(&school, "", &workbook).await;
    assert_eq!(back["counts"]["unchanged"].as_u64(), u64::try_from(codes.len()).ok(), "{back}");
}

async fn a_form_is_locked_but_for_the_cells_to_fill_in(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let workbook = download(&app, &staff, "period=2026-Y").await;
    let sheet = part(&workbook, "xl/worksheets/sheet1.xml");
    for part in ["<sheetProtection", "state=\"frozen\"", "type=\"list\"", "type=\"decimal\"", "hidden=\"1\""]
    {
        assert!(sheet.contains(part), "no {part}");
    }
    let lists =
        ["Áp dụng,Không áp dụng", "Có,Không", "XUAT_SAC,TOT", "Chưa thực hiện,", "Khách quan,Chủ quan"];
    assert!(lists.iter().all(|list| sheet.contains(list)), "the drop-downs");
    let notes = part(&workbook, "xl/comments1.xml");
    assert!(notes.contains("Tử số: ") && notes.contains("Mẫu số: "), "definitions stand in notes");
    let form = Form::read(&workbook);
    let row = form.row_of("II.2.k");
    assert!(form.cell(row, "target").contains("Kế hoạch: từ 90% trở lên"), "{}", form.cell(row, "target"));
}

async fn forms_are_given_to_those_who_draft(app: App) {
    let path = format!("/api/v1/plans/{}/template", app.plan());
    let school = app.sign_in("thcs.staff").await;
    school.get(&format!("{path}?period=2026-H1&unit=TH-MN")).await.refused(403, "forbidden");
    school.get(&format!("{path}?period=2026-H1&unit=TH-THCS")).await.expect(200);
    school
        .get(&format!("{path}?period=2026-H1&unit=KHONG-CO"))
        .await
        .refused(422, "invalid")
        .at_field("?unit", "unknown_reference");
    school
        .get(&format!("{path}?period=2026-H9"))
        .await
        .refused(422, "invalid")
        .at_field("?period", "unknown_reference");
    let coordinator = app.sign_in("vhxh.staff").await;
    let form = Form::read(&download(&app, &coordinator, "period=2026-H1&unit=TH-MN").await);
    assert!(form.leaves().iter().all(|(row, _)| form.cell(*row, "unit") == "TH-MN"));
    let leader = app.sign_in("leader").await;
    leader.get(&format!("{path}?period=2026-H1")).await.refused(403, "forbidden");
    let binh =
        NewAccount { username: "lb.coord", ward: "long-binh", unit: "HCC", roles: &[Role::Coordinator] };
    let binh = app.add_account(binh).await;
    binh.get(&format!("{path}?period=2026-H1")).await.refused(404, "not_found");
}

async fn a_period_that_somebody_asked_for_has_all_leaves_of_the_unit(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let period = json!({ "code": "DX-01", "data_from": "2026-05-01", "data_to": "2026-06-10" });
    coordinator.post(&format!("/api/v1/plans/{}/periods", app.plan()), period).await.expect(201);
    let school = app.sign_in("thcs.staff").await;
    let form = Form::read(&download(&app, &school, "period=DX-01").await);
    let unit = app.unit("TH-THCS");
    let reported = format!("SELECT item_id AS value FROM assignments WHERE unit_id = '{unit}'");
    assert_eq!(form.leaves().len(), app.sql_texts(&reported).len());
}

async fn a_period_that_somebody_asked_for_leaves_out_what_was_withdrawn(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let period = json!({ "code": "DX-02", "data_from": "2026-06-01", "data_to": "2026-06-30" });
    coordinator.post(&format!("/api/v1/plans/{}/periods", app.plan()), period).await.expect(201);
    amend(&app, "2026-06-12", json!([{ "op": "withdraw", "item_id": "II.2.c" }])).await;
    let form = Form::read(&download(&app, &app.sign_in("ktht.staff").await, "period=DX-02").await);
    let leaves: Vec<String> = form.leaves().into_iter().map(|(_, code)| code).collect();
    assert!(leaves.contains(&"II.2.k".to_owned()) && !leaves.contains(&"II.2.c".to_owned()), "{leaves:?}");
}

async fn what_was_sent_off_is_shown_but_locked(app: App) {
    app.carry_free_figure_to("submitted").await;
    let staff = app.sign_in("ktht.staff").await;
    let workbook = download(&app, &staff, "period=2026-H1").await;
    let form = Form::read(&workbook);
    let row = form.row_of("II.2.k");
    assert_eq!((form.cell(row, "numerator"), form.cell(row, "state")), ("1176", "Đã gửi"));
    let back = send_back(&staff, "", &workbook).await;
    assert!(outcomes(&back).iter().all(|outcome| outcome == "unchanged"), "{back}");
}

/// Template → filled in → opened and saved by LibreOffice → dry run → batch → submitted → approved.
async fn a_school_fills_its_form_in_and_its_figure_is_approved(app: App) {
    let Some(office) = Office::with_calc() else { return };
    let school = app.sign_in("thcs.staff").await;
    let workbook = download(&app, &school, "period=2026-H1").await;
    let form = Form::read(&workbook);
    let at = |code: &str, column: &str| {
        let place = u8::try_from(form.columns[column]).unwrap();
        assert!(place < 26, "a single letter");
        format!("{}{}", char::from(b'A' + place), form.row_of(code))
    };
    let filled = type_into(
        &workbook,
        &[
            (at("II.4", "checked"), "Có"),
            (at("II.4", "note"), "Đủ đội ngũ"),
            (at("V.1.c", "progress_state"), "Đang thực hiện"),
            (at("V.1.c", "progress_percent"), "60"),
            (at("V.1.b-2", "progress_state"), "Hoàn thành"),
        ],
    );
    let saved = office.convert(&filled, "xlsx", "xlsx");
    let sheet = part(&saved, "xl/worksheets/sheet1.xml");
    for kept in ["<sheetProtection", "<dataValidation "] {
        assert!(sheet.contains(kept), "{kept} survives LibreOffice");
    }
    assert_eq!(Form::read(&saved).leaves(), form.leaves());
    let dry = send_back(&school, "?dry_run=true", &saved).await;
    let real = send_back(&school, "?atomic=true", &saved).await;
    assert_eq!(outcomes(&dry), outcomes(&real));
    assert_eq!((&real["counts"]["created"], &real["counts"]["rejected"]), (&json!(3), &json!(0)), "{real}");
    let rows = real["rows"].as_array().unwrap();
    let checked: &Value = rows.iter().find(|row| row["item"] == "II.4").unwrap();
    approve(&app, checked["submission_id"].as_str().unwrap()).await;
    assert_eq!(outcomes(&send_back(&school, "", &saved).await), vec!["unchanged"; rows.len()]);
}

/// Takes a school's figure from its head to the leader by whoever is waited for.
async fn approve(app: &App, submission: &str) {
    for username in ["thcs.head", "vp.staff", "ktht.head", "hcc.head", "vhxh.head", "vp.head", "leader"] {
        let client = app.sign_in(username).await;
        let seen = client.get(&format!("/api/v1/submissions/{submission}")).await;
        let actions = seen.body["allowed_actions"].as_array().cloned().unwrap_or_default();
        let forward =
            ["submit", "verify", "endorse", "approve"].iter().find(|action| actions.contains(&json!(action)));
        if let Some(action) = forward {
            app.decide(&client, submission, action).await.expect(201);
        }
    }
    let leader = app.sign_in("leader").await;
    let seen = leader.get(&format!("/api/v1/submissions/{submission}")).await.expect(200);
    assert_eq!((&seen["state"], &seen["checked"]), (&json!("approved"), &json!(true)), "{seen}");
}

both_databases!(
    a_form_holds_what_the_unit_owes_and_what_it_said,
    a_form_is_locked_but_for_the_cells_to_fill_in,
    forms_are_given_to_those_who_draft,
    a_period_that_somebody_asked_for_has_all_leaves_of_the_unit,
    a_period_that_somebody_asked_for_leaves_out_what_was_withdrawn,
    what_was_sent_off_is_shown_but_locked,
    a_school_fills_its_form_in_and_its_figure_is_approved,
);
