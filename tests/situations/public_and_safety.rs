//! Situations 9 and 32 to 38: evidence, the public side, and hostile or clumsy input (RULES §7, §8, §10).

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

const RESULTS: &str = "/public/v1/wards/long-my/results?year=2026&period=2026-Q1";
const BATCH: &str = "/api/v1/submissions/batch";

/// A multipart body with one file.
fn multipart(name: &str, media_type: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    let mut body = format!(
        "--vien\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: {media_type}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--vien--\r\n");
    ("multipart/form-data; boundary=vien".to_owned(), body)
}

async fn upload(client: &Client, name: &str, media_type: &str, bytes: &[u8]) -> Reply {
    let (content_type, body) = multipart(name, media_type, bytes);
    client.call(reqwest::Method::POST, "/api/v1/documents").raw(&content_type, body).await
}

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n";

async fn situation_09_evidence_is_not_replaced_after_verification(app: App) {
    let submission = app.draft_free_figure().await;
    let staff = app.sign_in("ktht.staff").await;
    let document = upload(&staff, "bien-ban.pdf", "application/pdf", PDF).await.expect(201).id();
    let evidence = format!("/api/v1/submissions/{submission}/evidence/{document}");
    let version = staff.get(&format!("/api/v1/submissions/{submission}")).await.expect(200).version();
    assert!(staff.put(&evidence, version, json!({})).await.is_success());
    for (who, action) in [("ktht.head", "submit"), ("hcc.staff", "verify")] {
        let client = app.sign_in(who).await;
        app.decide(&client, &submission, action).await.expect(201);
    }
    let version = staff.get(&format!("/api/v1/submissions/{submission}")).await.expect(200).version();
    staff.delete(&evidence, version).await.refused(409, "not_editable");
    let coordinator = app.sign_in("vhxh.head").await;
    app.decide(&coordinator, &submission, "return").await.expect(201);
    let version = staff.get(&format!("/api/v1/submissions/{submission}")).await.expect(200).version();
    assert!(staff.delete(&evidence, version).await.is_success(), "return first, then change");
    let first = staff.get(&format!("/api/v1/submissions/{submission}/revisions/1")).await.expect(200);
    assert_eq!(first["evidence"][0]["document_id"], json!(document), "what was verified stays to be seen");
}

async fn situation_32_publication_is_an_act_and_withdrawal_leaves_a_tombstone(app: App) {
    let portal = app.city_portal().await;
    let half = "/public/v1/wards/long-my/results?year=2026&period=2026-H1";
    app.carry_free_figure_to("approved").await;
    portal.get(half).await.refused(404, "not_found");
    let leader = app.sign_in("leader").await;
    let publish = format!("/api/v1/periods/{}/publications", app.period("2026-H1"));
    let published = leader.post(&publish, json!({})).await.expect(201);
    portal.get(half).await.expect(200);
    let withdraw = format!("/api/v1/publications/{}/withdraw", published.id());
    leader.post(&withdraw, json!({ "reason": "Sai kỳ số liệu" })).await.expect(200);
    portal.get(half).await.refused(404, "not_found");
    let list = leader.get(&publish).await.expect(200);
    assert_eq!(list.items()[0]["withdrawn_reason"], "Sai kỳ số liệu", "{list}");
}

async fn situation_33_no_explanation_and_no_name_in_public_answers(app: App) {
    let portal = app.city_portal().await;
    for path in ["/public/v1/wards", "/public/v1/wards/long-my/plans/2026", RESULTS] {
        let reply = portal.get(path).await.expect(200);
        for word in [
            "explanation",
            "remedy",
            "what_happened",
            "note",
            "submitted_by",
            "published_by",
            "full_name",
            "username",
        ] {
            assert!(!reply.text.contains(&format!("\"{word}\"")), "{word} in {path}\n{reply}");
        }
    }
}

async fn situation_34_filters_sorts_counts_exports_and_error_texts_obey_scope(app: App) {
    let school = app.sign_in("thcs.head").await;
    let others = app.submission("II.2.k", "2026-Q1", "KTHTDT");
    let foreign = school.get(&format!("/api/v1/submissions/{others}")).await.refused(404, "not_found");
    assert!(!foreign.text.contains("KTHTDT"), "{foreign}");
    for filter in ["unit=KTHTDT", "item=II.2.k", "state=approved", "q=dung han", "late=true"] {
        let list = school.get(&format!("/api/v1/submissions?{filter}")).await.expect(200);
        assert!(list.items().iter().all(|row| row["unit_code"] == "TH-THCS"), "{filter}\n{list}");
    }
    let counts =
        school.get(&format!("/api/v1/plans/{}/completeness?period=2026-H1", app.plan())).await.expect(200);
    let units = counts["units"].as_array().expect("units");
    assert!(units.iter().all(|row| row["unit_code"] == "TH-THCS"), "{counts}");
    let overdue =
        school.get(&format!("/api/v1/plans/{}/overdue?as_of=2026-12-31", app.plan())).await.expect(200);
    assert!(overdue.items().iter().all(|row| row["unit_code"] == "TH-THCS"), "{overdue}");
    // An export shows what the summary shows: to a school the published figures, so nothing of the half year yet.
    let export = format!("/api/v1/plans/{}/export?period=2026-H1&format=csv", app.plan());
    let to_school = school.get(&export).await.expect(200);
    let to_leader = app.sign_in("leader").await.get(&export).await.expect(200);
    assert!(to_leader.text.contains("2980") && !to_school.text.contains("2980"), "{to_school}");
    let stranger = app.sign_in("lb.leader").await;
    stranger.get(&export).await.refused(404, "not_found");
}

async fn situation_35_cells_that_look_like_formulas_come_out_harmless(app: App) {
    app.sql(&format!(
        "UPDATE plan_items SET title = '=HYPERLINK(\"http://x\")' WHERE id = '{}'",
        app.item("II.6.e", "indicator")
    ));
    let leader = app.sign_in("leader").await;
    let export = format!("/api/v1/plans/{}/export?period=2026-H1&format=csv", app.plan());
    let csv = leader.get(&export).await.expect(200);
    assert!(csv.text.contains("'=HYPERLINK"), "{csv}");
    assert!(!csv.text.contains(";=HYPERLINK") && !csv.text.contains(";\"=HYPERLINK"), "{csv}");
}

fn csv_of(rows: &[&str]) -> Vec<u8> {
    format!("\u{FEFF}item;period;unit;numerator;denominator;note\r\n{}\r\n", rows.join("\r\n")).into_bytes()
}

async fn send(client: &Client, rows: &[&str]) -> Reply {
    client.call(reqwest::Method::POST, BATCH).raw("text/csv", csv_of(rows)).await
}

async fn situation_36_nfc_a_byte_order_mark_and_both_decimal_marks_are_read_and_1_234_is_refused(app: App) {
    let staff = app.sign_in("hcc.staff").await;
    // The code and the note typed in decomposed letters.
    let decomposed = "II.2.\u{64}\u{323}";
    assert!(decomposed.chars().count() > 6);
    let rows = ["II.2.h;2026-H1;HCC;98,5;98.5;Đu\u{323}ng ha\u{323}n"];
    let reply = send(&staff, &rows).await.expect(200);
    assert_eq!(reply["rows"][0]["outcome"], "created", "{reply}");
    let draft = app.submission("II.2.h", "2026-H1", "HCC");
    let draft = staff.get(&format!("/api/v1/submissions/{draft}")).await.expect(200);
    assert_eq!((&draft["numerator"], &draft["denominator"]), (&json!(98.5), &json!(98.5)));
    assert_eq!(draft["note"], "Đụng hạn", "composed");
    let reply = send(&staff, &["II.2.h;2026-H1;HCC;1.234;2000;"]).await.expect(200);
    assert_eq!(reply["rows"][0]["outcome"], "rejected");
    assert_eq!(reply["rows"][0]["errors"][0]["code"], "ambiguous_number", "{reply}");
    let legacy = staff.call(reqwest::Method::POST, BATCH).raw("text/csv", vec![b'a', 0xB5, b'\n']).await;
    legacy.refused(422, "legacy_encoding");
}

async fn situation_37_the_same_idempotency_key_twice_at_once_acts_once(app: App) {
    let staff = app.sign_in("hcc.staff").await;
    let body = json!({
        "item_id": app.item("II.2.h", "indicator"), "period_id": app.period("2026-H1"),
        "numerator": 10, "denominator": 10
    });
    let send = || {
        let call = staff.post("/api/v1/submissions", &body).key("mot-lan");
        async move { call.await }
    };
    let (one, two) = tokio::join!(send(), send());
    assert_eq!((one.status, two.status), (201, 201), "{one}\n{two}");
    assert_eq!(one.id(), two.id());
    let rows = csv_of(&["II.2.d.2;2026-H1;HCC;10;10;"]);
    let send = || {
        let call = staff.call(reqwest::Method::POST, BATCH).raw("text/csv", rows.clone()).key("hai-lan");
        async move { call.await }
    };
    let (one, two) = tokio::join!(send(), send());
    assert_eq!((one.status, two.status), (200, 200), "{one}\n{two}");
    assert_eq!(
        (&one["rows"][0]["outcome"], &two["rows"][0]["outcome"]),
        (&json!("created"), &json!("created"))
    );
}

async fn situation_38_a_file_whose_name_or_type_lies_is_refused(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let page: &[u8] = b"<html><script>alert(1)</script></html>";
    for (name, media_type, bytes) in [
        ("bao-cao.pdf", "application/pdf", page),
        ("anh.png", "image/png", PDF),
        ("bao-cao.exe", "application/octet-stream", b"MZ\x90\x00\x03\x00\x00\x00".as_slice()),
        ("trang.html", "text/html", page),
    ] {
        let refused = upload(&staff, name, media_type, bytes).await;
        assert!(matches!(refused.status, 415 | 422), "{name}\n{refused}");
    }
    assert!(app.sql_texts("SELECT id AS value FROM documents").is_empty(), "nothing is kept");
    let named = upload(&staff, "../../etc/\u{202E}fdp.pdf", "application/pdf", PDF).await.expect(201);
    let name: &Value = &named["name"];
    assert!(!name.as_str().expect("a name").contains(['/', '\\', '\u{202E}']), "{named}");
    assert!(!name.as_str().expect("a name").contains(".."), "{named}");
}

both_databases!(
    situation_09_evidence_is_not_replaced_after_verification,
    situation_32_publication_is_an_act_and_withdrawal_leaves_a_tombstone,
    situation_33_no_explanation_and_no_name_in_public_answers,
    situation_34_filters_sorts_counts_exports_and_error_texts_obey_scope,
    situation_35_cells_that_look_like_formulas_come_out_harmless,
    situation_36_nfc_a_byte_order_mark_and_both_decimal_marks_are_read_and_1_234_is_refused,
    situation_37_the_same_idempotency_key_twice_at_once_acts_once,
    situation_38_a_file_whose_name_or_type_lies_is_refused,
);
