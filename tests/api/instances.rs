//! Promises about several instances over one database: what runs now and then may run at all of them at once.

use cchc::{documents::filing, webhooks::worker::Worker};
use serde_json::json;

use super::webhooks::{path_of, reader, subscribe};
use crate::support::{App, both_databases};

async fn sweeps_of_two_instances_remove_all_that_is_old_and_neither_fails(app: App) {
    let other = app.beside(app.services.clock);
    let ward = app.ward("long-my");
    let folder = app.files().join("files").join(&ward);
    std::fs::create_dir_all(&folder).unwrap();
    for n in 0..200 {
        std::fs::write(folder.join(format!("orphan-{n}")), "x").unwrap();
    }
    let hook = subscribe(&reader(&app), "https://1.1.1.1/x", &["publication.published"]).await.expect(201);
    for n in 0..200 {
        app.sql(&format!(
            "INSERT INTO outbox_events (id, ward_id, seq, kind, data, at) VALUES ('old-{n}', '{ward}', {n} + 1000, \
             'publication.published', '{{}}', '2026-01-01 00:00:00')"
        ));
        app.sql(&format!(
            "INSERT INTO webhook_deliveries (id, subscription_id, event_id, queue, seq, state, attempts, queued_at, \
             next_attempt_at) VALUES ('old-{n}', '{}', 'old-{n}', '{ward}', {n} + 1000, 'delivered', 1, \
             '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
            hook.id(),
        ));
    }
    // The next second: a file that was written this moment is not older than it.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let worker = |app: &App| Worker::new(app.services.clone()).unwrap();
    let (one, two) = (worker(&app), worker(&other));
    let (here, there) = futures_util::join!(one.sweep(), two.sweep());
    assert_eq!(here.expect("the sweep here") + there.expect("the sweep there"), 200);
    let (here, there) =
        futures_util::join!(filing::sweep(&app.services, 0), filing::sweep(&other.services, 0));
    assert!(here.expect("the sweep here") + there.expect("the sweep there") >= 200);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    let left = app.sql_texts("SELECT id AS value FROM outbox_events WHERE id LIKE 'old-%'");
    assert_eq!(left, Vec::<String>::new());
    let list = reader(&app).get(&format!("{}/deliveries", path_of(&hook))).await.expect(200);
    assert_eq!(list.items().len(), 0);
}

async fn what_one_instance_was_told_holds_at_the_other_at_once(app: App) {
    let other = app.beside(app.services.clock);
    let fields = [("grant_type", "password"), ("username", "ktht.staff"), ("password", "long-my-2026")];
    let tokens = app.anonymous().form("/api/v1/auth/token", &fields).await.expect(200);
    let there = other.with_token(tokens.text_at("access_token"));
    // Whatever it remembers of the token, it has seen it before.
    there.get("/api/v1/me").await.expect(200);
    let here = app.with_token(tokens.text_at("access_token"));
    let change = json!({ "current_password": "long-my-2026", "new_password": "mot-mat-khau-moi-2026" });
    here.put("/api/v1/me/password", None, change).await.expect(204);
    there.get("/api/v1/me").await.refused(401, "unauthenticated");
    let admin = other.sign_in("admin").await;
    admin.get("/api/v1/me").await.expect(200);
    let id = app.account("admin");
    app.sql(&format!("UPDATE accounts SET active = FALSE WHERE id = '{id}'"));
    admin.get("/api/v1/me").await.refused(401, "unauthenticated");
}

async fn a_write_repeated_at_the_other_instance_is_not_done_twice(app: App) {
    let other = app.beside(app.services.clock);
    let here = app.sign_in("admin").await;
    let there = other.with_token(here.token().unwrap());
    let unit =
        json!({ "code": "HAI-NOI", "name": "Đơn vị", "kind": "department", "active_from": "2026-01-01" });
    let first = here.post("/api/v1/units", &unit).key("once").await.expect(201);
    let again = there.post("/api/v1/units", &unit).key("once").await.expect(201);
    assert_eq!(first.id(), again.id());
}

both_databases!(
    sweeps_of_two_instances_remove_all_that_is_old_and_neither_fails,
    what_one_instance_was_told_holds_at_the_other_at_once,
    a_write_repeated_at_the_other_instance_is_not_done_twice,
);
