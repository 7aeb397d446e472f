//! Promises about comments: whoever reads a figure may say something about it, and what was said stays.

use serde_json::json;

use crate::support::{App, both_databases};

fn path(submission: &str) -> String {
    format!("/api/v1/submissions/{submission}/comments")
}

both_databases! {
    async fn readers_comment_and_the_oldest_comes_first(app: App) {
        let figure = path(&app.submission("II.2.k", "2026-Q1", "KTHTDT"));
        let leader = app.sign_in("leader").await;
        let first = leader.post(&figure, json!({ "text": " Đối chiếu\u{200b} với sổ " })).await.expect(201);
        assert_eq!(first["text"], "Đối chiếu với sổ", "{first}");
        assert_eq!((first["position"].as_str(), first["revision"].as_i64()), (Some("Chủ tịch UBND"), Some(1)));
        assert_eq!(first["author_id"], app.account("leader"));
        assert_eq!(first["unit_id"], app.unit("UBND"));
        for user in ["ktht.staff", "hcc.staff", "vhxh.head", "supervisor"] {
            app.sign_in(user).await.post(&figure, json!({ "text": user })).await.expect(201);
        }
        let page = leader.get(&format!("{figure}?limit=2")).await.expect(200);
        let texts = |page: &crate::support::Reply| -> Vec<String> {
            page.items().iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(texts(&page), ["Đối chiếu với sổ", "ktht.staff"]);
        let cursor = page.text_at("next_cursor");
        let rest = leader.get(&format!("{figure}?cursor={cursor}")).await.expect(200);
        assert_eq!(texts(&rest), ["hcc.staff", "vhxh.head", "supervisor"]);
        app.sign_in("auditor").await.get(&figure).await.expect(200);
    }

    async fn comments_stay_as_they_were_written(app: App) {
        let figure = path(&app.submission("II.2.k", "2026-Q1", "KTHTDT"));
        let staff = app.sign_in("ktht.staff").await;
        staff.post(&figure, json!({ "text": "Đã rà soát" })).await.expect(201);
        staff.patch(&figure, 1, json!({ "text": "khác" })).await.refused(405, "method_not_allowed");
        staff.delete(&figure, 1).await.refused(405, "method_not_allowed");
        let leader = app.sign_in("leader").await;
        let events = leader.get("/api/v1/audit-events?kind=comment.added").await.expect(200);
        assert_eq!(events.items()[0]["changes"]["text"]["after"], "Đã rà soát", "{events}");
    }

    async fn a_comment_without_words_is_refused(app: App) {
        let figure = path(&app.submission("II.2.k", "2026-Q1", "KTHTDT"));
        let staff = app.sign_in("ktht.staff").await;
        let empty = staff.post(&figure, json!({ "text": " \u{200b} " })).await.refused(422, "invalid");
        empty.at_field("/text", "required");
        let long = staff.post(&figure, json!({ "text": "a".repeat(2001) })).await.refused(422, "invalid");
        long.at_field("/text", "too_long");
        assert!(staff.get(&figure).await.expect(200).items().is_empty());
    }

    async fn who_does_not_see_the_figure_neither_reads_nor_comments(app: App) {
        let approved = path(&app.submission("II.2.k", "2026-Q1", "KTHTDT"));
        let draft = path(&app.submission("II.2.a", "2026-H1", "KTHTDT"));
        let hidden = [
            ("thcs.head", &approved),
            ("vp.staff", &approved),
            ("lb.leader", &approved),
            ("lb.coordinator", &approved),
            ("supervisor", &draft),
        ];
        for (user, figure) in hidden {
            let client = app.sign_in(user).await;
            client.get(figure).await.refused(404, "not_found");
            client.post(figure, json!({ "text": "Xin hỏi" })).await.refused(404, "not_found");
        }
        for user in ["auditor", "admin"] {
            let client = app.sign_in(user).await;
            client.post(&approved, json!({ "text": "Xin hỏi" })).await.refused(403, "forbidden");
        }
        assert!(app.rows_of("comments").is_empty());
    }

    async fn a_repeated_comment_is_written_once(app: App) {
        let figure = path(&app.submission("II.2.k", "2026-Q1", "KTHTDT"));
        let staff = app.sign_in("ktht.staff").await;
        let body = json!({ "text": "Đã rà soát" });
        let first = staff.post(&figure, &body).key("k1").await.expect(201);
        let again = staff.post(&figure, &body).key("k1").await.expect(201);
        assert_eq!(first.id(), again.id());
        assert_eq!(app.rows_of("comments").len(), 1);
    }

    async fn a_draft_takes_its_comments_along_when_it_is_deleted(app: App) {
        let submission = app.draft_free_figure().await;
        let staff = app.sign_in("ktht.staff").await;
        staff.post(&path(&submission), json!({ "text": "Chờ số của Trung tâm" })).await.expect(201);
        staff.delete(&format!("/api/v1/submissions/{submission}"), 1).await.expect(204);
        assert!(app.rows_of("comments").is_empty());
    }
}
