//! Every change leaves its event, and the chain of events holds (RULES §9).

use cchc::{audit::verify_chain, kernel::id::WardId};

use super::recipes::{changes, prepare_change};
use crate::support::{App, both_databases};

both_databases!(each_change_leaves_its_event_and_the_chains_hold, a_changed_event_is_found);

async fn each_change_leaves_its_event_and_the_chains_hold(app: App) {
    for operation in changes() {
        let app = app.another();
        let call = prepare_change(&app, &operation).await;
        let reply = call.by(&call.client).await;
        assert!(reply.is_success(), "{} must succeed for its recipe\n{reply}", operation.key());
        let request = reply.header("X-Request-Id");
        let events =
            app.sql_texts(&format!("SELECT kind AS value FROM audit_events WHERE request_id = '{request}'"));
        assert!(!events.is_empty(), "{} left no audit event", operation.key());
        expect_intact(&app, &operation.key());
    }
}

fn expect_intact(app: &App, after: &str) {
    let wards = app.sql_texts("SELECT id AS value FROM wards");
    let wards = wards.iter().map(|id| Some(WardId::parse(id).expect("an id"))).chain([None]);
    for ward in wards {
        let report = app.services.db.read_blocking(ward.into(), |c| verify_chain(c, ward)).expect("a report");
        assert!(report.intact, "after {after} the chain of {ward:?} is broken: {report:?}");
    }
}

async fn a_changed_event_is_found(app: App) {
    let auditor = app.sign_in("auditor").await;
    let path = "/api/v1/audit-events/verify";
    assert_eq!(auditor.get(path).await.expect(200)["intact"], true);
    let ward = app.ward("long-my");
    app.unlock_audit();
    let changed = app
        .sql(&format!("UPDATE audit_events SET actor_name = 'ai khác' WHERE chain = '{ward}' AND seq = 2"));
    assert_eq!(changed, 1);
    let report = auditor.get(path).await.expect(200);
    assert_eq!(report["intact"], false, "{report}");
    assert_eq!(report["first_broken_seq"], 2, "{report}");
}
