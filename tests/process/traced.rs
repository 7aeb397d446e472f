//! Traces as a collector gets them: over OTLP, in the trace of the caller, and nobody's business in them.

use std::time::Duration;

use crate::{
    server::{block_on, free_address, is_ready},
    watched::{Caller, PASSWORD, Ward, by_request, receiver},
};

fn holds(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_request_becomes_a_trace_that_goes_on_from_its_caller_and_is_sent_before_the_end() {
    let ward = Ward::new();
    let (collector, calls) = receiver();
    let environment = [("CCHC_OTLP_ENDPOINT", collector.as_str()), ("OTEL_SERVICE_NAME", "cchc-of-a-test")];
    let server = ward.start("serve", &environment);
    block_on(async {
        assert!(is_ready(&server.address).await);
        let caller = Caller::new(&server.address);
        let form = [("grant_type", "password"), ("username", "admin"), ("password", PASSWORD)];
        let (_, tokens) = caller.token("sign-in", &form).await;
        let token = tokens["access_token"].as_str().unwrap();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let ask = |request: reqwest::RequestBuilder| request.bearer_auth(token).header("traceparent", parent);
        assert_eq!(caller.call("traced", ask, ("GET", "/api/v1/users?limit=1")).await.0, 200);
    });
    server.stop();
    let calls = calls.lock().unwrap();
    let all: Vec<u8> = calls.iter().flat_map(|(_, body)| body.clone()).collect();
    assert!(calls.iter().all(|(head, _)| head.starts_with("POST /v1/traces ")), "{:?}", calls.first());
    assert!(calls.iter().all(|(head, _)| head.to_ascii_lowercase().contains("application/x-protobuf")));
    let trace_id = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes();
    let caller_span = 0xb7ad_6b71_6920_3331_u64.to_be_bytes();
    for part in [
        "cchc-of-a-test".as_bytes(),
        b"GET /api/v1/users",
        b"/api/v1/auth/token",
        b"http.response.status_code",
        b"traced",
        b"db.read",
        b"db.wait",
        &trace_id,
        &caller_span,
    ] {
        assert!(holds(&all, part), "no {} in the spans", String::from_utf8_lossy(part));
    }
    for part in ["admin", "Lê Văn", PASSWORD, "SELECT", "limit=1", "actor_id"] {
        assert!(!holds(&all, part.as_bytes()), "{part} stands in the spans");
    }
}

#[test]
fn a_collector_that_is_down_breaks_nothing() {
    let ward = Ward::new();
    let nobody = format!("http://{}", free_address());
    let server = ward.start("serve", &[("CCHC_OTLP_ENDPOINT", &nobody), ("CCHC_LOG_FORMAT", "json")]);
    block_on(async {
        assert!(is_ready(&server.address).await);
        let caller = Caller::new(&server.address);
        for _ in 0..50 {
            assert_eq!(caller.call("live", |request| request, ("GET", "/health/ready")).await.0, 200);
        }
        // Until a batch has failed.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(caller.call("live", |request| request, ("GET", "/health/ready")).await.0, 200);
    });
    let lines = by_request(&server.stop());
    let warned = lines[""].iter().filter(|line| line["message"] == "traces cannot be sent; requests go on");
    assert_eq!(warned.count(), 1, "{:?}", lines[""]);
}
