//! Promises about the ward's library of evidence (RULES §8).

use std::{io::Write, net::TcpStream, time::Duration};

use cchc::documents::filing::{SWEEP_AGE_SECONDS, sweep};
use serde_json::json;

use crate::support::{App, Form, MAX_DOCUMENT_BYTES, both_databases, docx, jpg, pdf, png, sha256, xlsx};

const DOCUMENTS: &str = "/api/v1/documents";

fn path(id: &str) -> String {
    format!("{DOCUMENTS}/{id}")
}

fn content(id: &str) -> String {
    format!("{DOCUMENTS}/{id}/content")
}

async fn a_file_is_described_and_handed_out_as_it_came(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let bytes = pdf("kiểm tra");
    let form = Form::default()
        .text("title", "  Biên bản kiểm tra quý II ")
        .file("../Tài liệu/Biên bản.PDF", "application/pdf", &bytes)
        .text("number", "12/BB-UBND")
        .text("issued_on", "2026-06-10");
    let made = staff.upload(&form).await.expect(201);
    let expected = json!({
        "id": made.id(), "unit_id": app.unit("KTHTDT"), "name": "Biên bản.pdf", "kind": "pdf",
        "media_type": "application/pdf", "size_bytes": bytes.len(), "sha256": sha256(&bytes),
        "title": "Biên bản kiểm tra quý II", "number": "12/BB-UBND", "issued_on": "2026-06-10",
        "uploaded_by": app.account("ktht.staff"), "uploaded_at": made["uploaded_at"], "version": 1
    });
    assert_eq!(made.body, expected);
    assert_eq!(made.header("Location"), path(&made.id()));
    assert_eq!(staff.get(&path(&made.id())).await.expect(200).body, expected);
    let got = staff.get(&content(&made.id())).header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(got.bytes, bytes);
    for (name, value) in [
        ("Content-Type", "application/pdf"),
        ("Content-Length", &bytes.len().to_string()),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "private, no-store"),
        (
            "Content-Disposition",
            "attachment; filename=\"bien ban.pdf\"; filename*=UTF-8''Bi%C3%AAn%20b%E1%BA%A3n.pdf",
        ),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
    let event = "SELECT kind AS value FROM audit_events WHERE subject_kind = 'document'";
    assert_eq!(app.sql_texts(event), ["document.uploaded"], "downloads leave no event");
}

async fn the_kind_is_told_by_the_content(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    for (bytes, kind, media_type) in [
        (pdf("a"), "pdf", "application/pdf"),
        (docx(&[]), "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (xlsx(), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (jpg(), "jpg", "image/jpeg"),
        (png(), "png", "image/png"),
    ] {
        let made = staff.upload(&Form::of("khong-duoi", &bytes)).await.expect(201);
        assert_eq!(made["kind"], kind);
        assert_eq!(made["name"], format!("khong-duoi.{kind}"));
        let got = staff.get(&content(&made.id())).await.expect(200);
        assert_eq!((got.header("Content-Type"), &got.bytes), (media_type, &bytes));
    }
}

async fn what_lies_or_is_not_taken_leaves_nothing(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let any = "application/octet-stream";
    let page = b"<html><script>alert(1)</script></html>".as_slice();
    for (name, media_type, bytes, status, code) in [
        ("bao-cao.pdf", any, &docx(&[])[..], 422, "file_kind_mismatch"),
        ("bao-cao.pdf.exe", any, &pdf("a"), 422, "file_kind_mismatch"),
        ("bao-cao.\u{202E}fdp.exe", any, &pdf("a"), 422, "file_kind_mismatch"),
        ("bao-cao.pdf", "text/html", &pdf("a"), 422, "file_kind_mismatch"),
        ("bao-cao.docx", any, &docx(&["word/vbaProject.bin"]), 422, "file_has_macros"),
        ("bao-cao.pdf", "application/pdf", page, 415, "unsupported_file_kind"),
        ("bao-cao.docx", any, b"PK\x03\x04 cut", 415, "unsupported_file_kind"),
        ("bao-cao.doc", any, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 415, "unsupported_file_kind"),
        ("anh.svg", "image/svg+xml", b"<svg/>", 415, "unsupported_file_kind"),
        ("bao-cao.pdf", any, b"", 422, "empty_file"),
    ] {
        let reply = staff.upload(&Form::default().file(name, media_type, bytes)).await;
        reply.refused(status, code).at_field("/file", code);
    }
    assert_eq!(app.settled_files(0).await, Vec::<String>::new());
    assert_eq!(app.rows_of("documents"), Vec::<String>::new());
}

async fn a_form_that_does_not_fit_names_its_field(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let file = Form::of("a.pdf", &pdf("a"));
    for (form, status, code, pointer, field) in [
        (Form::default().text("title", "x"), 400, "malformed_body", "/file", "missing_field"),
        (file.clone().text("khong_co", "x"), 400, "malformed_body", "/khong_co", "unknown_field"),
        (
            file.clone().text("title", "x").text("title", "y"),
            400,
            "malformed_body",
            "/title",
            "invalid_value",
        ),
        (
            file.clone().file("b.pdf", "application/pdf", b"%PDF-"),
            400,
            "malformed_body",
            "/file",
            "invalid_value",
        ),
        (file.clone().text("issued_on", "10/06/2026"), 400, "malformed_body", "/issued_on", "invalid_value"),
        (file.clone().text("issued_on", "0026-06-10"), 422, "invalid", "/issued_on", "out_of_range"),
        (file.clone().text("title", &"a".repeat(301)), 422, "invalid", "/title", "too_long"),
        (file.clone().text("title", &"a".repeat(5000)), 422, "invalid", "/title", "too_long"),
        (file.clone().text("number", "a\0b"), 422, "invalid", "/number", "control_character"),
    ] {
        staff.upload(&form).await.refused(status, code).at_field(pointer, field);
    }
    let refused = staff.upload(&file.clone().text("issued_on", "10/06/2026")).await;
    let detail = refused["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("2026-06-10"), "a clerk reads how a date is written: {detail}");
    let whole = file.bytes();
    let cut = whole[..whole.len() - 10].to_vec();
    staff
        .call(reqwest::Method::POST, DOCUMENTS)
        .raw(&Form::media_type(), cut)
        .await
        .refused(400, "upload_broken");
    assert_eq!(app.settled_files(0).await, Vec::<String>::new());
    assert_eq!(app.rows_of("documents"), Vec::<String>::new());
}

async fn a_file_over_the_limit_is_refused_while_it_comes(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let limit = usize::try_from(MAX_DOCUMENT_BYTES).unwrap();
    let mut bytes = pdf("vừa đủ");
    bytes.resize(limit, b' ');
    staff.upload(&Form::of("vua-du.pdf", &bytes)).await.expect(201);
    bytes.push(b' ');
    let reply = staff.upload(&Form::of("qua-lon.pdf", &bytes)).await.refused(413, "body_too_large");
    assert!(reply["detail"].as_str().unwrap().contains("2 MB"), "{reply}");
    assert_eq!(app.settled_files(1).await.len(), 1);
}

async fn the_same_bytes_are_stored_once_and_no_other_ward_can_tell(app: App) {
    let (ktht, hcc) = (app.sign_in("ktht.staff").await, app.sign_in("hcc.staff").await);
    let form = Form::of("bien-ban.pdf", &pdf("chung"));
    let first = ktht.upload(&form).await.expect(201);
    let second = hcc.upload(&form).await.expect(201);
    assert_ne!(first.id(), second.id());
    assert_eq!(app.settled_files(1).await.len(), 1, "two documents, one file");
    let again = app.sign_in("ktht.head").await.upload(&form).await.refused(409, "document_exists");
    assert_eq!(again["link"], path(&first.id()));
    // Another ward gets a document and a file of its own, as if nobody had it.
    let foreign = app.sign_in("lb.staff").await.upload(&form).await.expect(201);
    assert_eq!(app.settled_files(2).await.len(), 2);
    app.sign_in("lb.leader").await.get(&content(&first.id())).await.refused(404, "not_found");
    ktht.get(&content(&foreign.id())).await.refused(404, "not_found");
    // Taken out by one unit, it is still the other's; and it may be brought in anew.
    ktht.delete(&path(&first.id()), 1).await.expect(204);
    hcc.get(&content(&second.id())).await.expect(200);
    let anew = ktht.upload(&form).await.expect(201);
    ktht.get(&content(&anew.id())).await.expect(200);
}

async fn a_repeated_key_makes_one_document(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let form = Form::of("bien-ban.pdf", &pdf("một")).text("title", "Biên bản");
    let first = staff.upload(&form).key("lan-1").await.expect(201);
    let again = staff.upload(&form).key("lan-1").await.expect(201);
    assert_eq!(first.body, again.body);
    for other in [
        Form::of("bien-ban.pdf", &pdf("hai")).text("title", "Biên bản"),
        Form::of("bien-ban.pdf", &pdf("một")).text("title", "Biên bản khác"),
        Form::of("ban-khac.pdf", &pdf("một")).text("title", "Biên bản"),
    ] {
        staff.upload(&other).key("lan-1").await.refused(422, "idempotency_key_reused");
    }
    assert_eq!(app.rows_of("documents").len(), 1);
    assert_eq!(app.settled_files(1).await.len(), 1);
}

/// Two units bring the same bytes in at the same moment.
async fn uploads_at_once_end_with_one_file(app: App) {
    let form = Form::of("bien-ban.pdf", &pdf("cùng lúc"));
    let mut clients = Vec::new();
    for username in ["ktht.staff", "hcc.staff", "thcs.staff", "mn.head", "vp.staff"] {
        clients.push(app.sign_in(username).await);
    }
    let uploads = clients.iter().map(|client| {
        let call = client.upload(&form);
        tokio::spawn(async move { call.await })
    });
    for upload in uploads.collect::<Vec<_>>() {
        upload.await.unwrap().expect(201);
    }
    assert_eq!(app.rows_of("document_files").len(), 1);
    assert_eq!(app.settled_files(1).await.len(), 1);
}

async fn an_upload_that_breaks_off_leaves_nothing(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let body = Form::of("bien-ban.pdf", &vec![b'a'; 1_500_000]).bytes();
    let head = format!(
        "POST {DOCUMENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\n\r\n",
        staff.token().unwrap(),
        Form::media_type(),
        body.len()
    );
    let mut line = TcpStream::connect(app.address.trim_start_matches("http://")).unwrap();
    line.write_all(head.as_bytes()).unwrap();
    line.write_all(&body[..1_200_000]).unwrap();
    line.flush().unwrap();
    for _ in 0..200 {
        if !app.stored_files().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(app.stored_files().len(), 1, "the upload has begun");
    drop(line);
    assert_eq!(app.settled_files(0).await, Vec::<String>::new());
    assert_eq!(app.rows_of("documents"), Vec::<String>::new());
}

async fn the_sweep_removes_what_has_no_row_and_is_old_enough(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let made = staff.upload(&Form::of("bien-ban.pdf", &pdf("giữ"))).await.expect(201);
    let kept = app.settled_files(1).await;
    // As a killed process leaves them: half an upload, a whole one, and a file that got no row.
    let ward = app.ward("long-my");
    let left = ["incoming/nua#1".to_owned(), "incoming/du".to_owned(), format!("files/{ward}/abc.def")];
    for name in &left {
        std::fs::write(app.files().join(name), b"x").unwrap();
    }
    assert_eq!(sweep(&app.services, SWEEP_AGE_SECONDS).await.unwrap(), 0, "somebody may be at it right now");
    assert_eq!(app.stored_files().len(), 4);
    assert_eq!(sweep(&app.services, -1).await.unwrap(), 3);
    assert_eq!(app.stored_files(), kept);
    staff.get(&content(&made.id())).await.expect(200);
    // A file that was taken out of the library is still evidence of what was.
    staff.delete(&path(&made.id()), 1).await.expect(204);
    assert_eq!(sweep(&app.services, -1).await.unwrap(), 0);
    assert_eq!(app.stored_files(), kept);
}

async fn a_storage_that_fails_is_told_without_its_paths(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let form = Form::of("bien-ban.pdf", &pdf("mất"));
    let made = staff.upload(&form).await.expect(201);
    let file = app.settled_files(1).await.remove(0);
    std::fs::remove_file(&file).unwrap();
    let lost = staff.get(&content(&made.id())).await.refused(500, "internal");
    assert!(!lost.text.contains("files/") && !lost.text.contains("/tmp"), "{lost}");
    // Whoever has the file still may bring it in again, and heals the library.
    let healed = app.sign_in("hcc.staff").await.upload(&form).await.expect(201);
    app.sign_in("hcc.staff").await.get(&content(&healed.id())).await.expect(200);
    staff.get(&content(&made.id())).await.expect(200);
    // Where the folder should be there is a file: nothing can be written.
    std::fs::remove_dir_all(app.files().join("incoming")).unwrap();
    std::fs::write(app.files().join("incoming"), b"x").unwrap();
    let full = staff.upload(&Form::of("b.pdf", &pdf("khác"))).await.refused(503, "storage_unavailable");
    assert!(!full.header("Retry-After").is_empty() && !full.text.contains("/tmp"), "{full}");
    assert_eq!(app.rows_of("documents").len(), 2);
}

both_databases!(
    a_file_is_described_and_handed_out_as_it_came,
    the_kind_is_told_by_the_content,
    what_lies_or_is_not_taken_leaves_nothing,
    a_form_that_does_not_fit_names_its_field,
    a_file_over_the_limit_is_refused_while_it_comes,
    the_same_bytes_are_stored_once_and_no_other_ward_can_tell,
    a_repeated_key_makes_one_document,
    uploads_at_once_end_with_one_file,
    an_upload_that_breaks_off_leaves_nothing,
    the_sweep_removes_what_has_no_row_and_is_old_enough,
    a_storage_that_fails_is_told_without_its_paths,
);
