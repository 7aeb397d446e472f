//! What is pure computing in a request: no database, no network.

use std::hint::black_box;

use cchc::{
    access::{
        actor::ActorKind,
        token::{Claims, Tokens},
    },
    audit::{AuditEventId, AuditRow, hash_of},
    items::model::TargetId,
    items::{Comparator, ItemId, MeasureKind, Target, TargetTier},
    kernel::{
        id::PrincipalId,
        json::JsonText,
        number::{Percent, Quantity},
        time::Timestamp,
    },
    submissions::Content,
    verdicts::{Figures, rules::decide},
};
use criterion::{Criterion, criterion_group, criterion_main};

fn tokens(c: &mut Criterion) {
    let tokens = Tokens::generate_pem().and_then(|pem| Tokens::from_pem(&pem, "bench")).expect("a key");
    let claims = Claims {
        iss: String::new(),
        aud: String::new(),
        sub: PrincipalId::generate().to_string(),
        ward: None,
        unit: None,
        roles: vec!["leader".to_owned()],
        scope: None,
        client: ActorKind::Account == ActorKind::Client,
        cv: 1,
        sid: None,
        jti: String::new(),
        iat: 0,
        exp: 0,
    };
    let token = tokens.sign(claims.clone()).expect("signs");
    c.bench_function("verify a token", |b| b.iter(|| tokens.verify(black_box(&token))));
    c.bench_function("sign a token", |b| b.iter(|| tokens.sign(black_box(claims.clone()))));
}

fn chain(c: &mut Criterion) {
    let row = AuditRow {
        id: AuditEventId::generate(),
        chain: PrincipalId::generate().to_string(),
        seq: 12_345,
        at: Timestamp::EPOCH,
        kind: "submission.drafted".to_owned(),
        actor_id: Some(PrincipalId::generate()),
        actor_name: Some("Chuyên viên Phòng Văn hóa - Xã hội".to_owned()),
        actor_position: Some("Chuyên viên".to_owned()),
        on_behalf_of: None,
        unit_id: None,
        subject_kind: "submission".to_owned(),
        subject_id: PrincipalId::generate().to_string(),
        changes: JsonText::from_text(
            r#"{"numerator":{"before":null,"after":470},"denominator":{"before":null,"after":500},"item":{"after":"II.2.k"}}"#
                .to_owned(),
        ),
        reason: None,
        request_id: PrincipalId::generate().to_string(),
        previous_hash: "0".repeat(64),
        hash: String::new(),
    };
    c.bench_function("hash an audit event", |b| b.iter(|| hash_of(black_box(&row))));
}

fn figures(c: &mut Criterion) {
    let text = r#"{"numerator":470,"denominator":500,"excluded":null,"value":null,"band":null,"checked":null,
        "applicability":null,"applicability_reason":null,"progress":null,"note":"Theo sổ theo dõi của đơn vị",
        "explanation":null,"survey":null}"#;
    let content = JsonText::from_text(text.to_owned());
    c.bench_function("read what a submission says", |b| b.iter(|| black_box(&content).read::<Content>()));
    let (numerator, denominator) = (Quantity::whole(470), Quantity::whole(500));
    c.bench_function("a rate, exact", |b| {
        b.iter(|| Percent::of(black_box(numerator), black_box(denominator)))
    });
}

fn verdicts(c: &mut Criterion) {
    let target = Target {
        id: TargetId::generate(),
        item_id: ItemId::generate(),
        tier: TargetTier::Plan,
        comparator: Comparator::AtLeast,
        value: Some(Quantity::whole(90)),
        unit: Some("percent".to_owned()),
        band: None,
        effective_from: Timestamp::EPOCH.ward_date(),
    };
    let figures = Figures {
        numerator: Some(Quantity::whole(470)),
        denominator: Some(Quantity::whole(500)),
        value: None,
        band: None,
        yes: None,
        not_applicable: false,
        baseline: None,
    };
    c.bench_function("a verdict", |b| {
        b.iter(|| decide(MeasureKind::Ratio, black_box(&target), black_box(&figures)));
    });
}

criterion_group!(computing, tokens, chain, figures, verdicts);
criterion_main!(computing);
