//! Promises about files of a period's results (RULES §5, §7, §10; NĐ 30/2020/NĐ-CP).

use std::io::{Cursor, Read};

use calamine::{Data, Range, Reader, Xlsx};
use serde_json::{Value, json};

use super::amendments::amend;
use crate::support::{App, Backend, Office, Reply, both_databases, run};

async fn export(app: &App, user: &str, query: &str) -> Reply {
    let client = app.sign_in(user).await;
    client.get(&format!("/api/v1/plans/{}/export?{query}", app.plan())).await
}

fn sheet(reply: &Reply, name: &str) -> Range<Data> {
    book(reply).worksheet_range(name).expect("the sheet")
}

fn book(reply: &Reply) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(reply.bytes.clone())).expect("a workbook")
}

/// The row whose first cell is this code.
fn row<'r>(range: &'r Range<Data>, code: &str) -> &'r [Data] {
    range.rows().find(|row| row[0] == code).unwrap_or_else(|| panic!("no row {code}"))
}

fn texts(row: &[Data]) -> Vec<String> {
    row.iter().map(ToString::to_string).collect()
}

fn part_of(docx: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(docx.to_vec())).expect("an archive");
    let mut text = String::new();
    archive.by_name(name).expect("the part").read_to_string(&mut text).expect("text");
    text
}

/// The words of a document, a space between runs.
fn words_of(docx: &[u8]) -> String {
    let xml = part_of(docx, "word/document.xml");
    let runs = xml.split("<w:t ").skip(1).filter_map(|rest| {
        rest.split_once('>').and_then(|(_, rest)| rest.split_once("</w:t>")).map(|(text, _)| text)
    });
    runs.collect::<Vec<_>>().join(" ")
}

const COLUMNS: &str = "Mã;Chỉ tiêu;Lĩnh vực;Tử số;Mẫu số;Kết quả;Đơn vị tính;Mức kế hoạch;Đánh giá kế hoạch;\
    Mức điều hành;Đánh giá điều hành;Đơn vị đã báo cáo;Đơn vị phải báo cáo;Kỳ trước;Tăng/giảm";

async fn the_spreadsheet_holds_numbers_and_dates_that_can_be_computed_with(app: App) {
    let reply = export(&app, "leader", "period=2026-Q1&format=xlsx").await.expect(200);
    assert_eq!(
        reply.header("Content-Type"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    assert_eq!(reply.header("Content-Disposition"), "attachment; filename=\"long-my_2026-Q1_bao-cao.xlsx\"");
    assert_eq!(reply.header("Cache-Control"), "no-store");
    let range = sheet(&reply, "Chỉ tiêu");
    let head: Vec<Vec<String>> = range.rows().take(8).map(|row| texts(&row[..2])).collect();
    assert_eq!(head[1][1], "Phường Long Mỹ");
    assert!(head[2][1].starts_with("Kế hoạch cải cách hành chính phường Long Mỹ năm 2026"), "{head:?}");
    assert_eq!(head[3][1], "quý I năm 2026 (2026-Q1)");
    assert_eq!(head[6][1], "Số liệu đã được phê duyệt");
    assert!(head[7][1].ends_with("ngày 15/06/2026"), "{head:?}");
    // Days since the end of 1899: 15/12/2025 and 14/03/2026.
    let days = [4, 5].map(|row| match range[(row, 1)] {
        Data::DateTime(day) => day.as_f64(),
        ref other => panic!("{other} is no date"),
    });
    assert_eq!(days, [46006.0, 46095.0]);
    assert_eq!(range.rows().nth(8).map(|row| texts(row).join(";")).as_deref(), Some(COLUMNS));
    let on_time = row(&range, "II.2.k");
    assert_eq!((&on_time[3], &on_time[4]), (&Data::Float(1571.0), &Data::Float(1664.0)));
    assert_eq!((&on_time[5], &on_time[6]), (&Data::Float(94.41), &Data::String("%".into())));
    assert_eq!(texts(&on_time[7..11]), ["≥ 90%", "Đạt", "≥ 98%", "Gần đạt"]);
    assert_eq!((&on_time[11], &on_time[12]), (&Data::Float(3.0), &Data::Float(3.0)));
    assert_eq!(texts(&row(&range, "V.5-3")[5..9]), ["", "xếp loại", "từ Tốt trở lên", "Chưa đến kỳ"]);
    assert_eq!(range.rows().skip(9).count(), 34);
    let tasks = sheet(&export(&app, "leader", "period=2026-H1&format=xlsx").await.expect(200), "Nhiệm vụ");
    let reported = row(&tasks, "V.4.a");
    assert_eq!(texts(&reported[3..4]), ["Phòng Kinh tế, Hạ tầng và Đô thị"]);
    assert_eq!((&reported[5], &reported[6]), (&Data::String("Đang thực hiện".into()), &Data::Float(50.0)));
    assert_eq!(row(&tasks, "V.7-1")[5], "Chưa có số liệu", "a draft counts for nobody");
}

async fn csv_opens_in_a_vietnamese_spreadsheet(app: App) {
    let reply = export(&app, "leader", "period=2026-Q1&format=csv").await.expect(200);
    assert_eq!(reply.header("Content-Type"), "text/csv; charset=utf-8");
    assert_eq!(reply.header("Content-Disposition"), "attachment; filename=\"long-my_2026-Q1_bao-cao.csv\"");
    let text = String::from_utf8(reply.bytes).unwrap();
    let mut lines = text.strip_prefix('\u{FEFF}').expect("a byte order mark").split("\r\n");
    assert_eq!(lines.next(), Some(COLUMNS));
    let line = lines.find(|line| line.starts_with("II.2.k;")).expect("the row");
    assert_eq!(
        line,
        "II.2.k;Hồ sơ TTHC giải quyết đúng và trước hạn;Cải cách thủ tục hành chính;1571;1664;94,41;%;≥ 90%;Đạt;\
         ≥ 98%;Gần đạt;3;3;;"
    );
    assert_eq!(text.lines().count(), 35);
}

async fn json_holds_the_rows_of_the_summary(app: App) {
    let reply = export(&app, "leader", "period=2026-H1&format=json").await.expect(200);
    assert_eq!(reply.header("Content-Type"), "application/json");
    assert_eq!((&reply["period_code"], &reply["basis"]), (&json!("2026-H1"), &json!("approved")));
    let leader = app.sign_in("leader").await;
    let summary = leader.get(&format!("/api/v1/plans/{}/summary?period=2026-H1", app.plan())).await;
    let same = ["item_id", "code", "numerator", "denominator", "rate", "verdicts", "coverage", "trend"];
    let pick = |row: &Value| same.map(|name| row[name].clone());
    let rows: Vec<_> = reply.items().iter().map(pick).collect();
    assert_eq!(rows, summary.expect(200).items().iter().map(pick).collect::<Vec<_>>());
    let online = reply.items().iter().find(|row| row["code"] == "II.6.e").expect("the row");
    assert_eq!((&online["numerator"], &online["rate"]), (&json!(2980), &json!(70.78)));
    // The quarter before was 1263/1880 = 67.18 %.
    assert_eq!((&online["previous_rate"], &online["trend"]), (&json!(67.18), &json!(3.6)));
    let of_field =
        export(&app, "leader", "period=2026-H1&format=json&field=public_finance").await.expect(200);
    let codes: Vec<&Value> = of_field.items().iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, ["II.5.a", "II.5.b"]);
    assert!(of_field["tasks"].as_array().unwrap().iter().all(|task| task["field"] == "public_finance"));
}

async fn the_document_has_the_form_of_the_decree(app: App) {
    let reply = export(&app, "leader", "period=2026-Q1&format=docx").await.expect(200);
    assert_eq!(reply.header("Content-Disposition"), "attachment; filename=\"long-my_2026-Q1_bao-cao.docx\"");
    let xml = part_of(&reply.bytes, "word/document.xml");
    assert!(xml.contains("w:w=\"11906\" w:h=\"16838\""), "A4 upright");
    assert!(xml.contains("w:top=\"1134\" w:right=\"850\" w:bottom=\"1134\" w:left=\"1701\""), "margins");
    assert!(xml.contains("<w:titlePg"), "no page number on the first page");
    assert!(part_of(&reply.bytes, "word/styles.xml").contains("Times New Roman"));
    let words = words_of(&reply.bytes);
    let order = [
        "ỦY BAN NHÂN DÂN",
        "PHƯỜNG LONG MỸ",
        "/BC-UBND",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Long Mỹ, ngày … tháng … năm 2026",
        "BÁO CÁO",
        "Kết quả công tác cải cách hành chính quý I năm 2026",
        "số liệu từ ngày 15 tháng 12 năm 2025 đến ngày 14 tháng 3 năm 2026",
        "I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH",
        "II. KẾT QUẢ THỰC HIỆN CÁC LĨNH VỰC",
        "2. Cải cách thủ tục hành chính",
        "1.571/1.664 hồ sơ, đạt 94,41%; kế hoạch ≥ 90%: Đạt; mức điều hành ≥ 98%: Gần đạt.",
        "6. Xây dựng, phát triển chính quyền điện tử, chính quyền số",
        "III. ĐÁNH GIÁ CHUNG",
        "Theo dõi 34 chỉ tiêu",
        "chỉ tiêu chưa đạt ít nhất một mức đã giao",
        "IV. PHƯƠNG HƯỚNG, NHIỆM VỤ KỲ TỚI",
        "V. KIẾN NGHỊ, ĐỀ XUẤT",
        "Nơi nhận:",
        "- Lưu: VT, VHXH.",
        "TM. ỦY BAN NHÂN DÂN",
        "CHỦ TỊCH",
        "PHỤ LỤC I",
        "1.571/1.664",
        "PHỤ LỤC II",
    ];
    let mut rest = words.as_str();
    for expected in order {
        let at = rest.find(expected).unwrap_or_else(|| panic!("{expected:?} is missing or out of order"));
        rest = &rest[at + expected.len()..];
    }
}

async fn a_school_exports_what_is_published_and_nothing_of_others(app: App) {
    for format in ["xlsx", "docx", "csv", "json"] {
        let query = format!("period=2026-H1&format={format}&basis=approved");
        export(&app, "thcs.staff", &query).await.refused(403, "forbidden");
    }
    let query = "period=2026-H1&format=json";
    let tasks = |reply: &Reply| reply["tasks"].as_array().expect("tasks").clone();
    let before = export(&app, "thcs.staff", query).await.expect(200);
    assert_eq!(before["basis"], "published");
    assert!(
        before.items().iter().all(|row| row["numerator"].is_null()),
        "nothing of H1 is published\n{before}"
    );
    let table = export(&app, "thcs.staff", "period=2026-H1&format=xlsx").await.expect(200);
    assert_eq!(book(&table).sheet_names(), ["Chỉ tiêu"], "no task that it may read");
    let leader = app.sign_in("leader").await;
    let path = format!("/api/v1/periods/{}/publications", app.period("2026-H1"));
    leader.post_empty(&path).await.expect(201);
    let after = export(&app, "thcs.staff", query).await.expect(200);
    assert!(after.items().iter().any(|row| row["numerator"] == 2980));
    assert!(tasks(&after).is_empty(), "another unit's task\n{after}");
    // The unit itself reads its own task, whatever others may know.
    let own = tasks(&export(&app, "ktht.staff", query).await.expect(200));
    assert_eq!(own.len(), 1);
    assert_eq!((&own[0]["code"], &own[0]["percent"]), (&json!("V.4.a"), &json!(50)));
}

async fn more_than_the_approved_figures_is_for_those_who_see_the_ward(app: App) {
    app.carry_free_figure_to("submitted").await;
    let numerator = |reply: Reply| {
        reply.items().iter().find(|row| row["code"] == "II.2.k").expect("the row")["numerator"].clone()
    };
    let approved = export(&app, "vhxh.head", "period=2026-H1&format=json").await.expect(200);
    assert_eq!(numerator(approved), json!(null));
    let all = export(&app, "vhxh.head", "period=2026-H1&format=json&basis=submitted").await.expect(200);
    assert_eq!(numerator(all), json!(905 + 1240 + 1176));
    export(&app, "supervisor", "period=2026-H1&format=json&basis=submitted").await.refused(403, "forbidden");
}

async fn names_that_look_like_formulas_come_out_harmless(app: App) {
    let title = "=HYPERLINK(\"http://x\";\"y\")";
    app.sql(&format!("UPDATE plan_items SET title = '{title}' WHERE code = 'II.2.k'"));
    app.sql("UPDATE plan_items SET title = '+1+1' WHERE code = 'II.2.h'");
    app.sql("UPDATE units SET name = '@SUM(A1)' WHERE code = 'KTHTDT'");
    app.sql("UPDATE wards SET name = '-1+1' WHERE code = 'long-my'");
    let reply = export(&app, "leader", "period=2026-H1&format=xlsx").await.expect(200);
    let range = sheet(&reply, "Chỉ tiêu");
    assert_eq!(row(&range, "II.2.k")[1], format!("'{title}").as_str());
    assert_eq!(row(&range, "II.2.h")[1], "'+1+1");
    assert_eq!(range[(1, 1)], "'-1+1");
    assert_eq!(row(&sheet(&reply, "Nhiệm vụ"), "V.4.a")[3], "'@SUM(A1)");
    let mut book = book(&reply);
    for name in book.sheet_names() {
        let formulas = book.worksheet_formula(&name).expect("formulas");
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "a formula in {name}");
    }
    let text = export(&app, "leader", "period=2026-H1&format=csv").await.expect(200).text;
    assert!(text.contains("II.2.k;\"'=HYPERLINK(\"\"http://x\"\";\"\"y\"\")\";"), "{text}");
    assert!(text.contains("II.2.h;'+1+1;"), "{text}");
    // A change for the worse is a number, and stays one.
    app.sql("UPDATE submission_revisions SET numerator = 10000000 WHERE numerator = 29800000");
    let text = export(&app, "leader", "period=2026-H1&format=csv").await.expect(200).text;
    assert!(
        text.lines().any(|line| line.starts_with("II.6.e;") && line.ends_with(";67,18;-43,43")),
        "{text}"
    );
}

async fn explanations_notes_and_persons_are_in_no_file(app: App) {
    let secrets = ["Thiếu nhân sự một cửa", "Ghi chú riêng của đơn vị", "Lý do riêng"];
    let content = json!({
        "numerator": 628, "denominator": 699, "note": secrets[1], "applicability_reason": secrets[2],
        "explanation": {
            "cause": "subjective", "what_happened": secrets[0], "remedy": secrets[0], "new_date": "2026-06-30"
        },
        "progress": { "state": "in_progress", "percent": 50 },
    });
    assert!(app.sql(&format!("UPDATE submission_revisions SET content = '{content}'")) > 30);
    for format in ["xlsx", "docx", "csv", "json"] {
        let reply = export(&app, "leader", &format!("period=2026-H1&format={format}")).await.expect(200);
        let text = match format {
            "xlsx" => ["Chỉ tiêu", "Nhiệm vụ"]
                .iter()
                .flat_map(|name| sheet(&reply, name).rows().flat_map(texts).collect::<Vec<_>>())
                .collect::<Vec<_>>()
                .join("\n"),
            "docx" => words_of(&reply.bytes),
            _ => reply.text.clone(),
        };
        assert!(text.contains("Giao dịch thanh toán trực tuyến"), "{format} holds the rows");
        let people = app.sql_texts("SELECT full_name AS value FROM accounts");
        for secret in secrets.iter().map(ToString::to_string).chain(people) {
            assert!(!text.contains(&secret), "{format} tells {secret:?}");
        }
    }
}

async fn what_cannot_be_exported_is_refused_with_its_parameter(app: App) {
    export(&app, "leader", "period=2026-Q1")
        .await
        .refused(400, "malformed_query")
        .at_field("?format", "missing_field");
    export(&app, "leader", "format=xlsx")
        .await
        .refused(400, "malformed_query")
        .at_field("?period", "missing_field");
    export(&app, "leader", "period=2026-Q1&format=pdf").await.refused(400, "malformed_query");
    let unknown = export(&app, "leader", "period=2031-Q1&format=xlsx").await;
    unknown.refused(422, "invalid").at_field("?period", "unknown_reference");
    export(&app, "lb.leader", "period=2026-Q1&format=xlsx").await.refused(404, "not_found");
}

async fn a_withdrawn_indicator_is_named_as_such(app: App) {
    amend(&app, "2026-06-12", json!([{ "op": "withdraw", "item_id": "II.2.c" }])).await;
    let reply = export(&app, "leader", "period=2026-H1&format=docx").await.expect(200);
    let words = words_of(&reply.bytes);
    let sentence = "(II.2.c): đã đưa ra khỏi kế hoạch từ ngày 12 tháng 6 năm 2026.";
    assert!(words.contains(sentence) && words.contains("Theo dõi 33 chỉ tiêu"), "{words}");
    let book = export(&app, "leader", "period=2026-H1&format=xlsx").await.expect(200);
    let range = sheet(&book, "Chỉ tiêu");
    assert!(row(&range, "II.2.c").iter().any(|cell| *cell == "Đã đưa ra khỏi kế hoạch"));
}

async fn a_withdrawn_task_on_which_nobody_reported_is_not_open(app: App) {
    let has = |reply: &Reply| reply["tasks"].as_array().unwrap().iter().any(|task| task["code"] == "V.2.i");
    assert!(has(&export(&app, "leader", "period=2026-H1&format=json").await.expect(200)));
    amend(&app, "2026-06-12", json!([{ "op": "withdraw", "item_id": "V.2.i" }])).await;
    assert!(!has(&export(&app, "leader", "period=2026-H1&format=json").await.expect(200)));
    assert!(has(&export(&app, "leader", "period=2026-Q1&format=json").await.expect(200)));
}

async fn a_plan_without_figures_makes_files_too(app: App) {
    let foreign = app.sign_in("lb.leader").await;
    let plan = foreign.get("/api/v1/plans").await.expect(200).items()[0]["id"].as_str().unwrap().to_owned();
    for format in ["xlsx", "docx", "csv", "json"] {
        let path = format!("/api/v1/plans/{plan}/export?period=2026-H1&format={format}");
        let reply = foreign.get(&path).await.expect(200);
        if format == "docx" {
            let words = words_of(&reply.bytes);
            assert!(words.contains("PHƯỜNG LONG BÌNH") && !words.contains("LONG MỸ"), "{words}");
        }
    }
}

both_databases!(
    the_spreadsheet_holds_numbers_and_dates_that_can_be_computed_with,
    csv_opens_in_a_vietnamese_spreadsheet,
    json_holds_the_rows_of_the_summary,
    the_document_has_the_form_of_the_decree,
    a_school_exports_what_is_published_and_nothing_of_others,
    more_than_the_approved_figures_is_for_those_who_see_the_ward,
    names_that_look_like_formulas_come_out_harmless,
    explanations_notes_and_persons_are_in_no_file,
    what_cannot_be_exported_is_refused_with_its_parameter,
    a_withdrawn_indicator_is_named_as_such,
    a_withdrawn_task_on_which_nobody_reported_is_not_open,
    a_plan_without_figures_makes_files_too,
);

/// The files are what office programs open, not only what our own reader does.
#[test]
fn an_office_program_shows_the_document() {
    let Some(office) = Office::with_writer() else { return };
    run(Backend::Sqlite, |app: App| async move {
        let docx = export(&app, "leader", "period=2026-H1&format=docx").await.expect(200).bytes;
        assert!(office.convert(&docx, "docx", "pdf").starts_with(b"%PDF-"));
        let text = office.convert(&docx, "docx", "txt:Text (encoded):UTF8");
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), "{text}");
        assert!(text.contains("6 tháng đầu năm 2026"), "{text}");
    });
}

#[test]
fn an_office_program_shows_the_spreadsheets_numbers_the_vietnamese_way() {
    let Some(office) = Office::with_calc() else { return };
    run(Backend::Sqlite, |app: App| async move {
        let xlsx = export(&app, "leader", "period=2026-H1&format=xlsx").await.expect(200).bytes;
        // 59 is `;`, 34 the quote, 76 UTF-8; the last word asks for cells as they are shown.
        let shown = office.convert(&xlsx, "xlsx", "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true");
        let shown = String::from_utf8(shown).unwrap();
        assert!(shown.contains("Từ ngày;15/12/2025"), "{shown}");
        let line = shown.lines().find(|line| line.starts_with("II.6.e;")).expect("the row");
        assert!(line.contains(";2.980;4.210;70,78;%;≥ 60%;Đạt;"), "{line}");
    });
}
