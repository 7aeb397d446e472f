//! The process says whether it lives and whether it can serve.

use crate::support::{App, both_databases};

both_databases! {
    async fn a_running_server_is_live_and_ready(app: App) {
        for path in ["/health/live", "/health/ready"] {
            let reply = app.anonymous().get(path).await.expect(200);
            assert_eq!(reply["status"], "ok");
            assert!(!reply.header("X-Request-Id").is_empty());
        }
    }

    async fn the_served_document_is_the_committed_one(app: App) {
        let served = app.anonymous().get("/api-docs/openapi.json").await.expect(200);
        assert_eq!(served.text, cchc::server::document_text());
    }
}
