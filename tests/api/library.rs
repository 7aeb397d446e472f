//! Promises about who finds which documents, and who describes them (RULES §8).

use serde_json::{Value, json};

use crate::support::{App, Client, Form, Reply, both_databases, pdf};

const DOCUMENTS: &str = "/api/v1/documents";

fn path(id: &str) -> String {
    format!("{DOCUMENTS}/{id}")
}

fn content(id: &str) -> String {
    format!("{DOCUMENTS}/{id}/content")
}

/// The ids that a caller's list shows.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let reply = client.get(&format!("{DOCUMENTS}{query}")).await.expect(200);
    reply.items().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Lets a submission cite a document.
async fn cite(client: &Client, submission: &str, document: &str) -> Reply {
    let path = format!("/api/v1/submissions/{submission}");
    let version = client.get(&path).await.expect(200).version();
    client.call(reqwest::Method::PUT, &format!("{path}/evidence/{document}")).if_match(version).await
}

async fn units_see_their_own_and_what_their_submissions_cite(app: App) {
    let ktht = app.sign_in("ktht.staff").await;
    let cited = ktht.upload(&Form::of("cited.pdf", &pdf("kèm"))).await.expect(201).id();
    let loose = ktht.upload(&Form::of("loose.pdf", &pdf("rời"))).await.expect(201).id();
    let draft = app.draft_free_figure().await;
    cite(&ktht, &draft, &cited).await.expect(200);
    assert_eq!(listed(&ktht, "").await, [loose.clone(), cited.clone()]);
    // HCC tracks the leaf.
    let hcc = app.sign_in("hcc.staff").await;
    assert_eq!(listed(&hcc, "").await, [cited.as_str()]);
    hcc.get(&content(&cited)).await.expect(200);
    hcc.get(&content(&loose)).await.refused(404, "not_found");
    hcc.patch(&path(&cited), 1, json!({ "title": "x" })).await.refused(403, "forbidden");
    hcc.delete(&path(&cited), 1).await.refused(403, "forbidden");
    for username in ["thcs.head", "mn.head", "mttq.head", "lb.leader", "lb.coordinator"] {
        let stranger = app.sign_in(username).await;
        assert_eq!(listed(&stranger, "").await, Vec::<String>::new(), "{username}");
        for id in [&cited, &loose] {
            stranger.get(&path(id)).await.refused(404, "not_found");
            stranger.get(&content(id)).await.refused(404, "not_found");
        }
    }
    for username in ["leader", "auditor", "vhxh.staff"] {
        let all = app.sign_in(username).await;
        assert_eq!(listed(&all, "").await, [loose.clone(), cited.clone()], "{username}");
        all.get(&content(&loose)).await.expect(200);
    }
    app.sign_in("admin").await.get(DOCUMENTS).await.refused(403, "forbidden");
}

async fn a_supervisor_sees_what_approved_figures_cite(app: App) {
    let ktht = app.sign_in("ktht.staff").await;
    let [first, second] = [pdf("sai"), pdf("đúng")];
    let first = ktht.upload(&Form::of("sai.pdf", &first)).await.expect(201).id();
    let second = ktht.upload(&Form::of("dung.pdf", &second)).await.expect(201).id();
    let figure = app.draft_free_figure().await;
    cite(&ktht, &figure, &first).await.expect(200);
    let supervisor = app.sign_in("supervisor").await;
    for (username, action) in [("ktht.head", "submit"), ("hcc.staff", "return")] {
        app.decide(&app.sign_in(username).await, &figure, action).await.expect(201);
        assert_eq!(listed(&supervisor, "").await, Vec::<String>::new(), "{action}");
    }
    let evidence = format!("/api/v1/submissions/{figure}/evidence/{first}");
    let version = ktht.get(&format!("/api/v1/submissions/{figure}")).await.version();
    ktht.delete(&evidence, version).await.expect(200);
    cite(&ktht, &figure, &second).await.expect(200);
    for (username, action) in
        [("ktht.head", "submit"), ("hcc.staff", "verify"), ("vhxh.head", "endorse"), ("leader", "approve")]
    {
        supervisor.get(&path(&second)).await.refused(404, "not_found");
        app.decide(&app.sign_in(username).await, &figure, action).await.expect(201);
    }
    assert_eq!(listed(&supervisor, "").await, [second.as_str()], "not what was sent back");
    supervisor.get(&content(&second)).await.expect(200);
    supervisor.get(&content(&first)).await.refused(404, "not_found");
    // What is opened again is public no longer than the revision that was approved.
    app.decide(&app.sign_in("leader").await, &figure, "reopen").await.expect(201);
    assert_eq!(listed(&supervisor, "").await, Vec::<String>::new());
}

async fn filters_find_by_words_submission_and_unit(app: App) {
    let (ktht, leader) = (app.sign_in("ktht.staff").await, app.sign_in("leader").await);
    let form =
        |name: &str, title: &str| Form::of(name, &pdf(name)).text("title", title).text("number", "7/KH-UBND");
    let loose = ktht.upload(&form("a.pdf", "Biên ban họp")).await.expect(201).id();
    let exact = ktht.upload(&form("b.pdf", "Biên bản họp")).await.expect(201).id();
    let other = app.sign_in("thcs.staff").await.upload(&form("c.pdf", "Kế hoạch")).await.expect(201).id();
    let draft = app.draft_free_figure().await;
    cite(&ktht, &draft, &exact).await.expect(200);
    assert_eq!(
        listed(&leader, "?q=bi%C3%AAn%20b%E1%BA%A3n").await,
        [exact.clone(), loose.clone()],
        "exact first"
    );
    assert_eq!(listed(&leader, "?q=KE%20HOACH").await, [other.as_str()]);
    assert_eq!(listed(&leader, "?q=7%2Fkh").await.len(), 3);
    assert_eq!(listed(&leader, "?q=%25").await, Vec::<String>::new());
    assert_eq!(listed(&leader, &format!("?submission={draft}")).await, [exact.as_str()]);
    assert_eq!(listed(&leader, "?unit=TH-THCS").await, [other]);
    // Whoever may not know of the submission does not learn that it cites a document of theirs.
    let school = app.sign_in("thcs.staff").await;
    let own = listed(&school, "").await.remove(0);
    app.sql(&format!("INSERT INTO submission_evidence VALUES ('{draft}', '{own}')"));
    assert_eq!(listed(&school, &format!("?submission={draft}")).await, Vec::<String>::new());
    let first = leader.get(&format!("{DOCUMENTS}?limit=2")).await.expect(200);
    let rest = listed(&leader, &format!("?limit=2&cursor={}", first.text_at("next_cursor"))).await;
    assert_eq!((first.items().len(), rest), (2, vec![loose]));
}

async fn a_description_changes_over_the_version_that_was_read(app: App) {
    let staff = app.sign_in("ktht.staff").await;
    let form = Form::of("a.pdf", &pdf("a")).text("title", "Cũ").text("number", "1");
    let id = staff.upload(&form).await.expect(201).id();
    staff.patch(&path(&id), None, json!({ "title": "Mới" })).await.refused(428, "if_match_required");
    let changed = staff.patch(&path(&id), 1, json!({ "title": "Mới", "number": null })).await.expect(200);
    assert_eq!((&changed["title"], &changed["number"], changed.version()), (&json!("Mới"), &Value::Null, 2));
    staff.patch(&path(&id), 1, json!({ "title": "Trễ" })).await.refused(412, "version_stale");
    staff.patch(&path(&id), 2, json!({ "name": "x.exe" })).await.refused(400, "malformed_body");
    let long = json!({ "number": "a".repeat(61) });
    staff.patch(&path(&id), 2, long).await.refused(422, "invalid").at_field("/number", "too_long");
    assert_eq!(listed(&staff, "?q=moi").await, [id.as_str()]);
    let coordinator = app.sign_in("vhxh.staff").await;
    coordinator.patch(&path(&id), 2, json!({ "issued_on": "2026-06-10" })).await.expect(200);
    app.sign_in("leader").await.patch(&path(&id), 3, json!({ "title": "x" })).await.refused(403, "forbidden");
}

both_databases!(
    units_see_their_own_and_what_their_submissions_cite,
    a_supervisor_sees_what_approved_figures_cite,
    filters_find_by_words_submission_and_unit,
    a_description_changes_over_the_version_that_was_read,
);
