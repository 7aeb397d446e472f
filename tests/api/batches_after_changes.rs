//! Promises about many figures in one call after the plan or the ward's units changed (RULES §4, §6).

use serde_json::json;

use super::{
    amendments::{amend, redefinition},
    batches::{expect_faults, faults, outcomes, row, send},
    reorganisations::merge,
};
use crate::support::{App, both_databases};

async fn amendments_bind_a_batch_as_they_bind_a_single_draft(app: App) {
    let reporters = json!([
        { "unit_id": app.unit("VP"), "frequency": "quarterly", "obligation": "must" },
        { "unit_id": app.unit("HCC"), "frequency": "quarterly", "obligation": "must" },
    ]);
    let mut changes = redefinition();
    changes.as_array_mut().unwrap().extend([
        json!({ "op": "assign", "item_id": "II.2.k", "assignments": reporters }),
        json!({ "op": "withdraw", "item_id": "II.2.c" }),
    ]);
    amend(&app, "2026-07-01", changes).await;
    let of_year = |item: &str| json!({ "item": item, "period": "2026-Y", "numerator": 1, "denominator": 2, "note": "Mới" });
    let staff = app.sign_in("ktht.staff").await;
    let reply = send(&staff, "", json!([of_year("II.2.k"), of_year("II.2.c")])).await.expect(200);
    expect_faults(&reply, &[("/rows/0/item", "not_assigned"), ("/rows/1/item", "item_withdrawn")]);
    // Until the day of the change all is as it was.
    let reply = send(&staff, "", json!([row("II.2.k", 1, 1)])).await.expect(200);
    assert_eq!(outcomes(&reply), ["created"], "{reply}");
    let rows = json!([of_year("II.2.k"), row("II.2.h", 1, 2), of_year("II.2.h")]);
    let reply = send(&app.sign_in("hcc.staff").await, "", rows).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "created", "rejected"], "{reply}");
    assert!(faults(&reply).contains(&("/rows/2/numerator".into(), "not_applicable_here".into())), "{reply}");
}

async fn the_people_of_a_merged_unit_finish_its_figures_in_a_batch(app: App) {
    merge(&app, "2026-07-01").await.expect(200);
    let staff = app.sign_in("ktht.staff").await;
    let of = |period: &str| json!({ "unit": "KTHTDT", "item": "II.2.k", "period": period, "numerator": 1, "denominator": 1 });
    let reply = send(&staff, "", json!([of("2026-H1"), of("2026-Q3")])).await.expect(200);
    assert_eq!(outcomes(&reply), ["created", "rejected"], "{reply}");
    expect_faults(&reply, &[("/rows/1/period", "unit_not_active")]);
    let form = format!("/api/v1/plans/{}/template?period=2026-H1&unit=KTHTDT", app.plan());
    staff.get(&form).await.expect(200);
    let other = app.sign_in("vp.staff").await;
    let reply = send(&other, "", json!([of("2026-H1")])).await.expect(200);
    expect_faults(&reply, &[("/rows/0/unit", "forbidden")]);
}

both_databases!(
    amendments_bind_a_batch_as_they_bind_a_single_draft,
    the_people_of_a_merged_unit_finish_its_figures_in_a_batch,
);
