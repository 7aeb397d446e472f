//! Promises about obstacles: a unit raises one, the standing office answers or brings it before the leaders, they decide.

use serde_json::{Value, json};

use crate::support::{App, Client, Reply, both_databases};

fn list_path(app: &App) -> String {
    format!("/api/v1/plans/{}/obstacles", app.plan())
}

fn body(app: &App) -> Value {
    json!({ "item_id": app.item("II.2.k", "indicator"), "description": "Máy quét hỏng", "proposal": "Mua mới" })
}

async fn raise(app: &App) -> Reply {
    app.sign_in("ktht.staff").await.post(&list_path(app), body(app)).await.expect(201)
}

async fn step(app: &App, user: &str, id: &str, action: &str) -> Reply {
    let words = if action == "withdraw" { json!({ "reason": action }) } else { json!({ "text": action }) };
    app.sign_in(user).await.post(&format!("/api/v1/obstacles/{id}/{action}"), words).await
}

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let page = client.get(path).await.expect(200);
    page.items().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn actions(view: &Value) -> Vec<&str> {
    let actions = view["allowed_actions"].as_array().expect("actions");
    actions.iter().map(|action| action.as_str().unwrap()).collect()
}

async fn a_unit_raises_the_office_escalates_and_the_leader_decides(app: App) {
    let raised = raise(&app).await;
    let path = raised.header("Location").to_owned();
    assert_eq!(path, format!("/api/v1/obstacles/{}", raised.id()));
    assert_eq!((raised["state"].as_str(), raised["unit_code"].as_str()), (Some("open"), Some("KTHTDT")));
    assert_eq!((raised["item_code"].as_str(), raised.version()), (Some("II.2.k"), 1));
    assert_eq!(actions(&raised.body), ["withdraw"]);
    let escalated = step(&app, "vhxh.staff", &raised.id(), "escalate").await.expect(200);
    assert_eq!((escalated["state"].as_str(), escalated.version()), (Some("escalated"), 2));
    let leader = app.sign_in("leader").await;
    assert_eq!(actions(&leader.get(&path).await.expect(200).body), ["decide"]);
    let decided = step(&app, "leader", &raised.id(), "decide").await.expect(200);
    assert_eq!(decided["state"], "decided");
    let steps = decided["steps"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        steps.iter().map(|s| (s["action"].as_str().unwrap(), s["position"].as_str().unwrap())).collect();
    assert_eq!(told, [("escalate", "Chuyên viên"), ("decide", "Chủ tịch UBND")]);
    assert_eq!(steps[1]["taken_by"], app.account("leader"));
    assert_eq!(steps[1]["text"], "decide");
    let kinds = app.sql_texts(&format!(
        "SELECT kind AS value FROM audit_events WHERE subject_id = '{}' ORDER BY seq",
        raised.id()
    ));
    assert_eq!(kinds, ["obstacle.raised", "obstacle.escalated", "obstacle.decided"]);
}

async fn the_standing_office_answers_and_that_ends_it(app: App) {
    let id = raise(&app).await.id();
    let answered = step(&app, "vhxh.head", &id, "answer").await.expect(200);
    assert_eq!((answered["state"].as_str(), actions(&answered.body)), (Some("answered"), vec![]));
    for (user, action) in
        [("vhxh.head", "answer"), ("vhxh.head", "escalate"), ("leader", "decide"), ("ktht.staff", "withdraw")]
    {
        let refused = step(&app, user, &id, action).await.refused(409, "illegal_move");
        assert_eq!(refused["allowed_actions"], json!([]), "{refused}");
    }
}

async fn an_illegal_move_answers_with_the_legal_ones(app: App) {
    let id = raise(&app).await.id();
    let leader = step(&app, "leader", &id, "decide").await.refused(409, "illegal_move");
    assert_eq!(leader["allowed_actions"], json!([]), "the office comes first");
    step(&app, "vhxh.head", &id, "escalate").await.expect(200);
    step(&app, "vhxh.head", &id, "answer").await.refused(409, "illegal_move");
    step(&app, "ktht.head", &id, "withdraw").await.refused(409, "illegal_move");
}

async fn only_the_raising_unit_withdraws_and_only_while_it_is_open(app: App) {
    let id = raise(&app).await.id();
    // HCC tracks the leaf: it sees the obstacle, and may not take it back.
    step(&app, "hcc.head", &id, "withdraw").await.refused(403, "not_your_step");
    step(&app, "leader", &id, "withdraw").await.refused(403, "forbidden");
    let path = format!("/api/v1/obstacles/{id}/withdraw");
    let head = app.sign_in("ktht.head").await;
    let empty = head.post(&path, json!({ "reason": " " })).await.refused(422, "invalid");
    empty.at_field("/reason", "required");
    let withdrawn = step(&app, "ktht.head", &id, "withdraw").await.expect(200);
    assert_eq!(
        (withdrawn["state"].as_str(), &withdrawn["steps"][0]["text"]),
        (Some("withdrawn"), &json!("withdraw"))
    );
    step(&app, "vhxh.head", &id, "answer").await.refused(409, "illegal_move");
}

async fn nobody_answers_their_own_unit(app: App) {
    let own = json!({ "item_id": app.item("V.2.a", "task"), "description": "Thiếu người" });
    let id = app.sign_in("vhxh.head").await.post(&list_path(&app), own).await.expect(201).id();
    step(&app, "vhxh.staff", &id, "answer").await.refused(403, "not_your_step");
    let seen = app.sign_in("vhxh.staff").await.get(&format!("/api/v1/obstacles/{id}")).await.expect(200);
    assert_eq!(actions(&seen.body), ["escalate", "withdraw"]);
    step(&app, "vp.head", &id, "answer").await.expect(200);
}

async fn each_move_belongs_to_its_role(app: App) {
    let id = raise(&app).await.id();
    for user in ["ktht.head", "hcc.staff", "leader", "auditor", "supervisor", "admin"] {
        step(&app, user, &id, "answer").await.refused(403, "forbidden");
        step(&app, user, &id, "escalate").await.refused(403, "forbidden");
    }
    step(&app, "vhxh.head", &id, "decide").await.refused(403, "forbidden");
    for user in ["auditor", "supervisor", "leader", "admin"] {
        app.sign_in(user).await.post(&list_path(&app), body(&app)).await.refused(403, "forbidden");
    }
    assert_eq!(app.rows_of("obstacle_steps"), Vec::<String>::new());
}

async fn an_obstacle_is_raised_at_a_leaf_that_concerns_the_unit(app: App) {
    let path = list_path(&app);
    let school = app.sign_in("thcs.staff").await;
    let at = |code: &str, kind: &str| json!({ "item_id": app.item(code, kind), "description": "Vướng" });
    let refused = school.post(&path, at("II.2.k", "indicator")).await.refused(422, "invalid");
    refused.at_field("/item_id", "not_assigned");
    let refused = school.post(&path, at("II.2", "section")).await.refused(422, "invalid");
    refused.at_field("/item_id", "item_not_leaf");
    let mut wrong = at("V.7-1", "task");
    wrong["item_id"] = json!("00000000-0000-7000-8000-000000000000");
    wrong["description"] = json!("");
    let refused = school.post(&path, wrong).await.refused(422, "invalid");
    refused.at_field("/item_id", "unknown_reference").at_field("/description", "required");
    school.post(&path, at("V.7-1", "task")).await.expect(201);
    // HCC reports nothing for II.2.k, but tracks it.
    app.sign_in("hcc.head").await.post(&path, at("II.2.k", "indicator")).await.expect(201);
    app.sql(&format!("UPDATE plans SET status = 'closed' WHERE id = '{}'", app.plan()));
    school.post(&path, at("V.7-1", "task")).await.refused(409, "plan_not_issued");
}

async fn one_raises_for_ones_own_unit_and_a_coordinator_for_any(app: App) {
    let path = list_path(&app);
    let mut of_hcc = body(&app);
    of_hcc["unit_id"] = json!(app.unit("HCC"));
    app.sign_in("ktht.head").await.post(&path, &of_hcc).await.refused(403, "forbidden");
    let raised = app.sign_in("vhxh.staff").await.post(&path, &of_hcc).await.expect(201);
    assert_eq!(raised["unit_code"], "HCC");
    of_hcc["unit_id"] = json!(app.unit_in("long-binh", "HCC"));
    let foreign = app.sign_in("vhxh.staff").await.post(&path, &of_hcc).await.refused(422, "invalid");
    foreign.at_field("/unit_id", "unknown_reference");
    // Whoever entered it by mistake takes it back; so does the unit itself.
    step(&app, "vhxh.staff", &raised.id(), "withdraw").await.expect(200);
}

async fn obstacles_are_seen_by_unit_tracker_and_the_wards_offices(app: App) {
    let (path, id) = (list_path(&app), raise(&app).await.id());
    for user in ["ktht.head", "hcc.staff", "leader", "vhxh.staff", "auditor"] {
        let client = app.sign_in(user).await;
        assert_eq!(ids(&client, &path).await, [id.as_str()], "{user}");
        client.get(&format!("/api/v1/obstacles/{id}")).await.expect(200);
    }
    for user in ["vp.staff", "thcs.head", "supervisor"] {
        let client = app.sign_in(user).await;
        assert!(ids(&client, &path).await.is_empty(), "{user}");
        client.get(&format!("/api/v1/obstacles/{id}")).await.refused(404, "not_found");
    }
    for user in ["lb.leader", "lb.coordinator", "lb.staff"] {
        let client = app.sign_in(user).await;
        client.get(&path).await.refused(404, "not_found");
        client.get(&format!("/api/v1/obstacles/{id}")).await.refused(404, "not_found");
    }
    step(&app, "lb.coordinator", &id, "answer").await.refused(404, "not_found");
    // A school at a leaf that VHXH tracks: another school does not see it.
    let of_school = json!({ "item_id": app.item("V.7-1", "task"), "description": "Thiếu máy" });
    let school = app.sign_in("thcs.staff").await.post(&path, of_school).await.expect(201).id();
    assert!(ids(&app.sign_in("mn.head").await, &path).await.is_empty());
    assert_eq!(ids(&app.sign_in("thcs.head").await, &path).await, [school]);
}

async fn obstacles_are_filtered_and_paged(app: App) {
    let path = list_path(&app);
    let first = raise(&app).await.id();
    let of_school = json!({ "item_id": app.item("V.7-1", "task"), "description": "Thiếu máy" });
    let second = app.sign_in("thcs.staff").await.post(&path, of_school).await.expect(201).id();
    step(&app, "vhxh.head", &second, "answer").await.expect(200);
    let leader = app.sign_in("leader").await;
    assert_eq!(ids(&leader, &path).await, [second.clone(), first.clone()]);
    assert_eq!(ids(&leader, &format!("{path}?state=open")).await, [first.as_str()]);
    assert_eq!(ids(&leader, &format!("{path}?unit=TH-THCS")).await, [second.as_str()]);
    assert_eq!(ids(&leader, &format!("{path}?item=II.2.k")).await, [first.as_str()]);
    let page = leader.get(&format!("{path}?limit=1")).await.expect(200);
    let next = format!("{path}?limit=1&cursor={}", page.text_at("next_cursor"));
    assert_eq!(ids(&leader, &next).await, [first]);
}

async fn a_step_over_an_old_version_is_refused_and_a_repeated_one_done_once(app: App) {
    let id = raise(&app).await.id();
    let office = app.sign_in("vhxh.head").await;
    let path = format!("/api/v1/obstacles/{id}/answer");
    let words = json!({ "text": "Đã bố trí" });
    office.post(&path, &words).if_match(7).await.refused(412, "version_stale");
    office.post(&path, json!({ "text": "" })).await.refused(422, "invalid").at_field("/text", "required");
    let first = office.post(&path, &words).if_match(1).key("k1").await.expect(200);
    let again = office.post(&path, &words).if_match(1).key("k1").await.expect(200);
    assert_eq!(first.body, again.body);
    assert_eq!(app.rows_of("obstacle_steps").len(), 1);
}

async fn of_two_at_once_exactly_one_moves_it(app: App) {
    let id = raise(&app).await.id();
    let (one, two) = (app.sign_in("vhxh.head").await, app.sign_in("vp.head").await);
    let race = |client: Client, action: &str| {
        let path = format!("/api/v1/obstacles/{id}/{action}");
        tokio::spawn(async move { client.post(&path, json!({ "text": "Ý kiến" })).await })
    };
    let (one, two) = (race(one, "answer"), race(two, "escalate"));
    let mut statuses = [one.await.unwrap().status, two.await.unwrap().status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(app.rows_of("obstacle_steps").len(), 1);
}

both_databases!(
    a_unit_raises_the_office_escalates_and_the_leader_decides,
    the_standing_office_answers_and_that_ends_it,
    an_illegal_move_answers_with_the_legal_ones,
    only_the_raising_unit_withdraws_and_only_while_it_is_open,
    nobody_answers_their_own_unit,
    each_move_belongs_to_its_role,
    an_obstacle_is_raised_at_a_leaf_that_concerns_the_unit,
    one_raises_for_ones_own_unit_and_a_coordinator_for_any,
    obstacles_are_seen_by_unit_tracker_and_the_wards_offices,
    obstacles_are_filtered_and_paged,
    a_step_over_an_old_version_is_refused_and_a_repeated_one_done_once,
    of_two_at_once_exactly_one_moves_it,
);
