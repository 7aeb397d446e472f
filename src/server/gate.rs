//! The gate in front of every handler: who is it, may that role call this operation, and is the call well formed?
//!
//! It reads its rules from the OpenAPI document, that is, from the annotations. What is not there is denied.

use std::sync::Arc;

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    web::{self, Bytes, Data},
};

use super::{
    caller::{authenticate, check_caller, peer_of},
    deprecation::Notice,
    observe::Observation,
    rules::{Rule, Rules},
};
use crate::{
    access::{Actor, ActorKind, Permission, token::Tokens},
    audit::{self, Event},
    context::{Ctx, Idempotency, Precondition, Services},
    error::{Code, Error, FieldError, Result},
    http::{
        extract,
        problem::{self, RequestId},
    },
    kernel::id::RawId,
};

/// The middleware: admits or refuses, then dresses the answer.
pub(super) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let request_id = request_id_of(&request);
    request.extensions_mut().insert(RequestId(request_id.clone()));
    let seen = Observation::begin(&request, &request_id);
    let response = seen.watch(pass(request, next, &request_id, &seen)).await?;
    seen.answered(&response);
    Ok(response)
}

async fn pass(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    request_id: &str,
    seen: &Observation,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let outcome = if is_static(&request) {
        seen.on_static(request.path());
        Ok(None)
    } else {
        admit(&mut request, request_id, seen).await.map(Some)
    };
    let mut response = match outcome {
        Ok(ctx) => {
            if let Some(ctx) = ctx {
                request.extensions_mut().insert(ctx);
            }
            finish(next.call(request).await?)
        }
        Err(error) => refuse(request, &error),
    };
    if response.status() == StatusCode::FORBIDDEN {
        record_denied(&response).await;
    }
    dress(&mut response, request_id);
    if let Some(notice) = notice_of(&response) {
        notice.write(response.headers_mut());
    }
    Ok(response)
}

/// Swagger UI's own files need no rule, and metrics have a token of their own; everything else does.
fn is_static(request: &ServiceRequest) -> bool {
    request.method() == Method::GET
        && (request.path().starts_with("/swagger-ui/")
            || matches!(request.path(), "/" | "/swagger-ui" | "/api-docs/openapi.json" | "/metrics"))
}

async fn admit(request: &mut ServiceRequest, request_id: &str, seen: &Observation) -> Result<Ctx> {
    let rules = shared::<Rules>(request)?;
    let rule = rules.find(request.request())?;
    request.extensions_mut().insert(Arc::clone(&rule));
    let services = shared::<Services>(request)?;
    seen.on_route(&rule.route);
    let actor = if rule.permission == Permission::Public {
        Actor::anonymous()
    } else {
        authenticate(request, &services).await?
    };
    seen.by(&actor);
    let mut ctx = Ctx {
        peer: peer_of(request, &services),
        services,
        actor: Arc::new(actor),
        request_id: request_id.to_owned(),
        precondition: Precondition::None,
        idempotency: None,
    };
    if let Err(error) = check_caller(&ctx, rule.permission) {
        request.extensions_mut().insert(ctx);
        return Err(error);
    }
    tracing::debug!(operation = rule.operation, name = ctx.actor.name, "admitted");
    check_query(request, &rule)?;
    ctx.precondition = precondition_of(request)?;
    if request.method() == Method::POST && rule.permission != Permission::Public {
        ctx.idempotency = idempotency_of(request, &ctx.services.tokens, rule.body).await?;
    }
    Ok(ctx)
}

fn shared<T: 'static>(request: &ServiceRequest) -> Result<Arc<T>> {
    request
        .app_data::<Data<T>>()
        .map(|data| Arc::clone(data))
        .ok_or_else(|| Error::internal("the server was put together without its parts"))
}

/// Unknown query parameters are refused, so that a mistyped filter does not silently return everything.
fn check_query(request: &ServiceRequest, rule: &Rule) -> Result<()> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(request.query_string()).map_err(|_| Error::new(Code::MalformedQuery))?;
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.contains('\0')) {
        return Err(Error::fields(
            Code::MalformedQuery,
            vec![FieldError::new(format!("?{name}"), Code::ControlCharacter)],
        ));
    }
    let faults: Vec<FieldError> = pairs
        .iter()
        .filter_map(|(name, value)| {
            let code = match rule.query.get(name) {
                None => Code::UnknownField,
                Some(longest) if value.chars().count() > *longest => Code::TooLong,
                Some(_) => return None,
            };
            Some(FieldError::new(format!("?{name}"), code))
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(Code::MalformedQuery, faults)) }
}

fn precondition_of(request: &ServiceRequest) -> Result<Precondition> {
    let Some(value) = request.headers().get(header::IF_MATCH) else {
        return Ok(Precondition::None);
    };
    let value = value.to_str().map_err(|_| Error::new(Code::InvalidHeader))?.trim();
    if value == "*" {
        return Ok(Precondition::Any);
    }
    let version = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|version| version.parse().ok());
    Ok(version.map_or(Precondition::Foreign, Precondition::Version))
}

/// A streamed body is not part of the fingerprint here; its handler adds the digest of what it received.
async fn idempotency_of(
    request: &mut ServiceRequest,
    tokens: &Tokens,
    limit: Option<usize>,
) -> Result<Option<Idempotency>> {
    let Some(value) = request.headers().get("Idempotency-Key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim().to_owned();
    if key.is_empty() || key.len() > 200 {
        return Err(Error::new(Code::InvalidHeader));
    }
    let head = [request.method().as_str(), request.path(), request.query_string()].join("\0");
    let fingerprint = match limit {
        Some(limit) => {
            let body = take_body(request, limit).await?;
            let fingerprint = tokens.keyed_digest(&[head.as_bytes(), &body]);
            request.set_payload(body.into());
            fingerprint
        }
        None => tokens.keyed_digest(&[head.as_bytes()]),
    };
    Ok(Some(Idempotency { key, fingerprint }))
}

async fn take_body(request: &mut ServiceRequest, limit: usize) -> Result<Bytes> {
    extract::check_announced(request.headers(), limit)?;
    let payload = request.extract::<web::Payload>().await.map_err(|_| Error::new(Code::MalformedRequest))?;
    extract::collect(payload, limit, extract::time_for(limit)).await
}

fn refuse(request: ServiceRequest, error: &Error) -> ServiceResponse<BoxBody> {
    let (request, _) = request.into_parts();
    let response = problem::respond(&request, error);
    ServiceResponse::new(request, response)
}

/// Turns errors of handlers, and the bare refusals that actix makes itself, into problems.
fn finish(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    let error = match response.response().error() {
        Some(error) => match problem::from_actix(error) {
            Some(error) => Some(problem::respond(response.request(), error)),
            None => {
                tracing::error!(%error, "unexpected error");
                let code = problem::code_of_status(error.as_response_error().status_code());
                Some(problem::respond(response.request(), &Error::new(code)))
            }
        },
        None => None,
    };
    match error {
        Some(problem) => ServiceResponse::new(response.request().clone(), problem),
        None => response.map_into_boxed_body(),
    }
}

/// Writes a refused attempt into the audit trail (RULES §9).
async fn record_denied(response: &ServiceResponse<BoxBody>) {
    let Some(ctx) = response.request().extensions().get::<Ctx>().cloned() else { return };
    let request = response.request();
    let mut event = Event::new("access.denied", "request", &ctx.request_id)
        .with("method", request.method().as_str())
        .with("path", request.path());
    if ctx.actor.kind == ActorKind::Client {
        event = event.with("address", ctx.peer);
    }
    let now = ctx.services.clock.now();
    let actor = Arc::clone(&ctx.actor);
    let request_id = ctx.request_id.clone();
    let recorded = ctx.services.db.write(actor.ward_id.into(), move |connection| {
        audit::append_events(connection, actor.ward_id, &actor, &request_id, now, vec![event])
    });
    if let Err(error) = recorded.await {
        tracing::error!(%error, "a denied attempt was not recorded");
    }
}

fn dress(response: &mut ServiceResponse<BoxBody>, request_id: &str) {
    let allow = (response.status() == StatusCode::METHOD_NOT_ALLOWED)
        .then(|| allowed_methods(response.request()))
        .flatten();
    let is_public = response.request().path().starts_with("/public/");
    let is_page = response.request().path().starts_with("/swagger-ui");
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = header::HeaderValue::from_str(value) {
            headers.insert(header::HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", request_id);
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "no-referrer");
    set("x-frame-options", "DENY");
    set(
        "content-security-policy",
        if is_page {
            // Swagger UI sets inline styles and draws its icons from data: URLs.
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        } else {
            "default-src 'none'; frame-ancestors 'none'"
        },
    );
    if is_public {
        // What a token opened is kept for that token only.
        set("vary", "authorization, accept-encoding");
    }
    if let Some(allow) = allow {
        set("allow", &allow);
    }
}

fn notice_of(response: &ServiceResponse<BoxBody>) -> Option<Notice> {
    response.request().extensions().get::<Arc<Rule>>()?.notice.clone()
}

fn allowed_methods(request: &HttpRequest) -> Option<String> {
    let methods = request.app_data::<Data<Rules>>()?.methods(request)?;
    Some(methods.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
}

/// The caller's request id, if it is a harmless word; else a new one.
fn request_id_of(request: &ServiceRequest) -> String {
    request
        .headers()
        .get("X-Request-Id")
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=64).contains(&id.len()))
        .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)))
        .map_or_else(|| RawId::generate().to_string(), str::to_owned)
}
