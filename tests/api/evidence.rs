//! Promises about what submissions cite: when it may change, and that revisions keep it (RULES §3, §8).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{App, Client, Form, Reply, both_databases, pdf, sha256};

fn path(submission: &str) -> String {
    format!("/api/v1/submissions/{submission}")
}

/// Brings a PDF in that says this; gives its id.
async fn bring_in(client: &Client, text: &str) -> String {
    client.upload(&Form::of(&format!("{text}.pdf"), &pdf(text))).await.expect(201).id()
}

/// Cites (`PUT`) or takes off (`DELETE`) a document, over the version that is there now.
async fn change(client: &Client, method: Method, submission: &str, document: &str) -> Reply {
    let version = client.get(&path(submission)).await.expect(200).version();
    let call = client.call(method, &format!("{}/evidence/{document}", path(submission)));
    call.if_match(version).await
}

fn cited(view: &Value) -> Vec<&str> {
    let evidence = view["evidence"].as_array().expect("a list");
    evidence.iter().map(|one| one["document_id"].as_str().expect("an id")).collect()
}

async fn decide(app: &App, username: &str, submission: &str, action: &str) {
    app.decide(&app.sign_in(username).await, submission, action).await.expect(201);
}

async fn a_draft_cites_documents_and_counts_it_as_a_change(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let (first, second) = (bring_in(&staff, "một").await, bring_in(&staff, "hai").await);
    let draft = app.draft_free_figure().await;
    let evidence = format!("{}/evidence/{first}", path(&draft));
    staff.call(Method::PUT, &evidence).if_match(7).await.refused(412, "version_stale");
    let attached = staff.call(Method::PUT, &evidence).if_match(1).await.expect(200);
    assert_eq!(attached.version(), 2);
    let expected = json!([{ "document_id": first, "name": "một.pdf", "sha256": sha256(&pdf("một")) }]);
    assert_eq!(attached["evidence"], expected);
    // The same again changes nothing but the version.
    assert_eq!(staff.call(Method::PUT, &evidence).await.expect(200)["evidence"], expected);
    let both = change(&staff, Method::PUT, &draft, &second).await.expect(200);
    assert_eq!(cited(&both.body), [&first, &second]);
    let listed = staff.get("/api/v1/submissions?item=II.2.k&period=2026-H1").await.expect(200);
    assert_eq!(cited(&listed.items()[0]), [&first, &second]);
    let left = change(&staff, Method::DELETE, &draft, &first).await.expect(200);
    assert_eq!(cited(&left.body), [&second]);
    change(&staff, Method::DELETE, &draft, &first).await.refused(404, "not_found");
    let kinds = "SELECT kind AS value FROM audit_events WHERE kind LIKE 'submission.evidence%' ORDER BY seq";
    let (on, off) = ("submission.evidence_attached", "submission.evidence_detached");
    assert_eq!(app.sql_texts(kinds), [on, on, on, off]);
    staff.delete(&path(&draft), left.version()).await.expect(204);
    assert_eq!(app.rows_of("submission_evidence"), Vec::<String>::new());
}

async fn evidence_changes_only_after_the_figure_is_returned(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let (old, new) = (bring_in(&staff, "cũ").await, bring_in(&staff, "mới").await);
    let figure = app.draft_free_figure().await;
    change(&staff, Method::PUT, &figure, &old).await.expect(200);
    for (username, action) in
        [("ktht.head", "submit"), ("hcc.staff", "verify"), ("vhxh.head", "endorse"), ("leader", "approve")]
    {
        decide(&app, username, &figure, action).await;
        change(&staff, Method::PUT, &figure, &new).await.refused(409, "not_editable");
        change(&staff, Method::DELETE, &figure, &old).await.refused(409, "not_editable");
    }
    decide(&app, "leader", &figure, "reopen").await;
    change(&staff, Method::PUT, &figure, &new).await.expect(200);
    decide(&app, "ktht.head", &figure, "submit").await;
    // The verification of before counts no longer.
    let again = staff.get(&path(&figure)).await.expect(200);
    assert_eq!((&again["state"], &again["waiting_on"]["step"]), (&json!("submitted"), &json!("verify")));
}

async fn revisions_keep_what_they_were_sent_with(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let (old, new) = (bring_in(&staff, "cũ").await, bring_in(&staff, "mới").await);
    let figure = app.draft_free_figure().await;
    change(&staff, Method::PUT, &figure, &old).await.expect(200);
    decide(&app, "ktht.head", &figure, "submit").await;
    decide(&app, "hcc.staff", &figure, "return").await;
    change(&staff, Method::DELETE, &figure, &old).await.expect(200);
    change(&staff, Method::PUT, &figure, &new).await.expect(200);
    decide(&app, "ktht.head", &figure, "submit").await;
    let revisions = staff.get(&format!("{}/revisions", path(&figure))).await.expect(200);
    let by_number: Vec<Vec<&str>> = revisions.items().iter().map(cited).collect();
    assert_eq!(by_number, [[&new], [&old]]);
    let first = staff.get(&format!("{}/revisions/1", path(&figure))).await.expect(200);
    assert_eq!(cited(&first.body), [&old]);
    // The tracking unit can still look at what it judged, and nobody takes it away.
    let content = format!("/api/v1/documents/{old}/content");
    assert_eq!(app.sign_in("hcc.staff").await.get(&content).await.expect(200).bytes, pdf("cũ"));
    let kept = staff.delete(&format!("/api/v1/documents/{old}"), 1).await.refused(409, "in_use");
    assert_eq!(kept["link"], path(&figure));
}

async fn a_cited_document_stays_until_it_is_taken_off(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let id = bring_in(&staff, "một").await;
    let document = format!("/api/v1/documents/{id}");
    let draft = app.draft_free_figure().await;
    change(&staff, Method::PUT, &draft, &id).await.expect(200);
    let refused = staff.delete(&document, 1).await.refused(409, "in_use");
    assert_eq!(refused["link"], path(&draft));
    staff.get(&document).await.expect(200);
    change(&staff, Method::DELETE, &draft, &id).await.expect(200);
    staff.delete(&document, None).await.refused(428, "if_match_required");
    staff.delete(&document, 9).await.refused(412, "version_stale");
    staff.delete(&document, 1).await.expect(204);
    for gone in [document.clone(), format!("{document}/content")] {
        staff.get(&gone).await.refused(404, "not_found");
    }
    change(&staff, Method::PUT, &draft, &id).await.refused(404, "not_found");
    let kept = app.sql_texts("SELECT id AS value FROM documents WHERE deleted_at IS NOT NULL");
    assert_eq!(kept, [id], "the row stays");
}

async fn citing_and_deleting_at_once_never_both_succeed(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft_free_figure().await;
    for round in 0..8 {
        let id = bring_in(&staff, &format!("lần {round}")).await;
        let version = staff.get(&path(&draft)).await.expect(200).version();
        let call = staff.call(Method::PUT, &format!("{}/evidence/{id}", path(&draft))).if_match(version);
        let cite = tokio::spawn(async move { call.await });
        let call = staff.delete(&format!("/api/v1/documents/{id}"), 1);
        let delete = tokio::spawn(async move { call.await });
        let (cite, delete) = (cite.await.unwrap(), delete.await.unwrap());
        assert!(cite.is_success() != delete.is_success(), "{cite}\n{delete}");
    }
    let gone = "SELECT documents.id AS value FROM documents JOIN submission_evidence ON document_id = documents.id \
                WHERE deleted_at IS NOT NULL";
    assert_eq!(app.sql_texts(gone), Vec::<String>::new());
}

async fn whoever_cites_has_a_hand_in_the_figure(app: App) {
    let coordinator = app.sign_in("vhxh.staff").await;
    let id = bring_in(&coordinator, "nhập thay").await;
    let figure = app.draft_free_figure().await;
    change(&coordinator, Method::PUT, &figure, &id).await.expect(200);
    // The unit reads what was added to its figure.
    app.sign_in("ktht.staff").await.get(&format!("/api/v1/documents/{id}/content")).await.expect(200);
    decide(&app, "ktht.head", &figure, "submit").await;
    decide(&app, "hcc.staff", &figure, "verify").await;
    app.decide(&coordinator, &figure, "endorse").await.refused(403, "acted_before");
}

async fn only_who_may_draft_cites_and_only_what_they_may_read(app: App) {
    let (ktht, school) = (app.sign_in("ktht.staff").await, app.sign_in("thcs.staff").await);
    let (own, foreign) = (bring_in(&ktht, "của mình").await, bring_in(&school, "của trường").await);
    let draft = app.draft_free_figure().await;
    change(&ktht, Method::PUT, &draft, &foreign).await.refused(404, "not_found");
    let evidence = format!("{}/evidence/{own}", path(&draft));
    // HCC tracks the leaf: it sees the draft, and may not touch it.
    let hcc = app.sign_in("hcc.staff").await;
    let its = bring_in(&hcc, "của HCC").await;
    change(&hcc, Method::PUT, &draft, &its).await.refused(403, "forbidden");
    for stranger in [&school, &app.sign_in("lb.coordinator").await] {
        stranger.call(Method::PUT, &evidence).if_match(1).await.refused(404, "not_found");
        stranger.call(Method::DELETE, &evidence).if_match(1).await.refused(404, "not_found");
    }
    app.sign_in("leader").await.call(Method::PUT, &evidence).if_match(1).await.refused(403, "forbidden");
    let machine = app.add_client(
        "ward-system",
        Some("long-my"),
        Some("KTHTDT"),
        &[cchc::access::Scope::SubmissionsWrite],
    );
    let sent = bring_in(&machine, "máy gửi").await;
    assert_eq!(cited(&change(&machine, Method::PUT, &draft, &sent).await.expect(200).body), [&sent]);
}

async fn a_submission_cites_a_bounded_number_of_documents(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let draft = app.draft_free_figure().await;
    for number in 0..50 {
        let id = app.add_document("KTHTDT", "ktht.staff", &pdf(&format!("số {number}")));
        app.sql(&format!("INSERT INTO submission_evidence VALUES ('{draft}', '{id}')"));
    }
    let one_more = bring_in(&staff, "thêm").await;
    change(&staff, Method::PUT, &draft, &one_more).await.refused(422, "out_of_range");
}

both_databases!(
    a_draft_cites_documents_and_counts_it_as_a_change,
    evidence_changes_only_after_the_figure_is_returned,
    revisions_keep_what_they_were_sent_with,
    a_cited_document_stays_until_it_is_taken_off,
    citing_and_deleting_at_once_never_both_succeed,
    whoever_cites_has_a_hand_in_the_figure,
    only_who_may_draft_cites_and_only_what_they_may_read,
    a_submission_cites_a_bounded_number_of_documents,
);
