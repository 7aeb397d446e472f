//! Sending a browser to the identity provider, and receiving it.

use super::{
    model::Attempt,
    provider::Provider,
    rules::{self, Claims},
    store,
};
use crate::{
    access::password,
    accounts::{self, Account},
    audit::Event,
    context::Ctx,
    db::Scope,
    error::{Code, Error, FieldError, Kind, Result, text},
    kernel::time::Clock,
    sessions::{self, actions::Tokens, rules::BY_PROVIDER},
    settings::SignOn,
};

/// A browser that leaves.
#[derive(Debug)]
pub struct Begun {
    /// The provider's page.
    pub url: String,
    /// What the browser keeps, to show that it is the one that left.
    pub state: String,
}

/// With what a browser came back.
#[derive(Debug)]
pub struct Return {
    /// Which attempt this is.
    pub state: String,
    /// What the browser kept.
    pub kept: Vec<String>,
    /// Who says so (RFC 9207).
    pub issuer: Option<String>,
    /// What to ask the provider with; none where it refused.
    pub code: Option<String>,
}

/// What comes of it.
#[derive(Debug)]
pub enum Arrival {
    /// A session, for who asked without a front end.
    Tokens(Tokens),
    /// The front end's page, with a one-time code or the reason why there is none.
    Page(String),
}

/// The configured provider.
///
/// # Errors
/// Not found, where there is none.
pub fn require_provider(ctx: &Ctx) -> Result<&SignOn> {
    ctx.services.settings.sign_on.as_ref().ok_or_else(|| {
        Error::because(
            Code::NotFound,
            text(
                "Hệ thống này chưa nối với cổng định danh nào; hãy đăng nhập bằng tên và mật khẩu",
                "No identity provider is configured here; sign in with username and password",
            ),
        )
    })
}

/// Draws state, nonce and verifier, keeps them, and says where the browser goes.
///
/// # Errors
/// Not found, `invalid`, `sign_on_unavailable`.
pub async fn begin_sign_on(
    ctx: &Ctx,
    provider: &Provider,
    return_to: Option<String>,
    code_challenge: Option<String>,
) -> Result<Begun> {
    let settings = require_provider(ctx)?;
    check_request(settings, return_to.as_deref(), code_challenge.as_deref())?;
    let departure = provider.depart(settings).await?;
    let attempt = Attempt {
        state_hash: password::digest(&departure.state),
        nonce: departure.nonce,
        pkce_verifier: departure.pkce_verifier,
        return_to,
        code_challenge,
        created_at: Clock::real_now(),
    };
    // Nobody has done anything yet, so the audit trail, which anybody could fill like this, hears of it at the end.
    // Nobody is known yet, and neither is a ward.
    let write = ctx.services.db.write(Scope::All, move |c| store::insert_attempt(c, &attempt));
    if write.await? {
        Ok(Begun { url: departure.url, state: departure.state })
    } else {
        Err(Error::new(Code::Busy))
    }
}

fn check_request(settings: &SignOn, return_to: Option<&str>, code_challenge: Option<&str>) -> Result<()> {
    let mut faults = Vec::new();
    if return_to.is_some_and(|url| !settings.return_urls.iter().any(|known| known == url)) {
        faults.push(FieldError::because(
            "?return_to",
            Code::UnknownReference,
            text(
                "Trang này không nằm trong danh sách trang được quay về; hãy hỏi người vận hành hệ thống",
                "This page is not one of those to which a browser may be sent back; ask the operator",
            ),
        ));
    }
    match code_challenge {
        Some(_) if return_to.is_none() => {
            faults.push(FieldError::new("?code_challenge", Code::NotApplicableHere));
        }
        Some(challenge) if !rules::is_challenge(challenge) => {
            faults.push(FieldError::new("?code_challenge", Code::OutOfRange));
        }
        _ => {}
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::fields(Code::Invalid, faults)) }
}

/// Receives a browser: asks the provider who it is, and starts the session of the account that is named so.
///
/// # Errors
/// Not found, `sign_on_expired`, `sign_on_refused`, `sign_on_unavailable`.
pub async fn finish_sign_on(ctx: &Ctx, provider: &Provider, back: Return) -> Result<Arrival> {
    let settings = require_provider(ctx)?;
    let attempt = take_attempt(ctx, &back).await?;
    let (return_to, challenge) = (attempt.return_to.clone(), attempt.code_challenge.clone());
    let account = identify(ctx, settings, provider, attempt, back).await;
    let sign_ins = &ctx.services.metrics.sign_ins;
    if let Err(error) = &account {
        let failed = matches!(error.code.kind(), Kind::Internal | Kind::Unavailable);
        sign_ins.count(["sign_on", if failed { "failed" } else { "refused" }]);
    }
    let Some(page) = return_to else {
        let tokens = sessions::actions::start_session(ctx, account?.id).await?;
        sign_ins.count(["sign_on", if tokens.is_some() { "granted" } else { "refused" }]);
        return tokens.map(Arrival::Tokens).ok_or_else(|| Error::new(Code::SignOnRefused));
    };
    let (name, value) = match account {
        Ok(account) => ("code", sessions::codes::draw_code(ctx, account, challenge).await?),
        Err(error) => {
            tracing::warn!(%error, "a browser is sent back without a code");
            ("error", error.code.as_str().to_owned())
        }
    };
    let page = rules::with_parameter(&page, name, &value);
    page.map(Arrival::Page).ok_or_else(|| Error::internal("a return address that is none"))
}

/// The attempt that this browser began, once.
async fn take_attempt(ctx: &Ctx, back: &Return) -> Result<Attempt> {
    let expired = || Error::new(Code::SignOnExpired);
    // Somebody else's answer must not sign this browser in.
    if !back.kept.contains(&back.state) {
        return Err(expired());
    }
    let digest = password::digest(&back.state);
    // As in `begin_sign_on`.
    let taken =
        ctx.services.db.write(Scope::All, move |c| store::delete_attempt(c, &digest, Clock::real_now()));
    taken.await?.ok_or_else(expired)
}

/// The active account that the provider names.
async fn identify(
    ctx: &Ctx,
    settings: &SignOn,
    provider: &Provider,
    attempt: Attempt,
    back: Return,
) -> Result<Account> {
    let foreign = back.issuer.is_some_and(|issuer| issuer != settings.issuer);
    let Some(code) = back.code.filter(|_| !foreign) else {
        return Err(refuse(ctx, "provider", &settings.issuer, None).await);
    };
    let claims = match provider.identify(settings, code, attempt.pkce_verifier, attempt.nonce).await {
        Ok(claims) => claims,
        Err(error) if error.code == Code::SignOnRefused => {
            return Err(refuse(ctx, "provider", &settings.issuer, None).await);
        }
        Err(error) => return Err(error),
    };
    find_account(ctx, settings, &claims).await
}

async fn find_account(ctx: &Ctx, settings: &SignOn, claims: &Claims) -> Result<Account> {
    let Some(username) = rules::username_of(claims, &settings.claim) else {
        return Err(refuse(ctx, "claim", &settings.claim, None).await);
    };
    let name = username.clone();
    let account = ctx.read(move |c| accounts::actions::find_account_by_username(c, &name)).await?;
    match account {
        Some(account) if account.active => Ok(account),
        known => Err(refuse(ctx, "username", &username, known).await),
    }
}

/// Writes a refusal into the audit trail. To the person all look alike.
async fn refuse(ctx: &Ctx, kind: &'static str, subject: &str, account: Option<Account>) -> Error {
    let subject: String = subject.chars().take(64).collect();
    let written = ctx.write_value(move |tx| {
        tx.record_for(account.as_ref().map(|account| account.ward_id));
        let event = match account {
            Some(account) => Event::new("session.refused", "user", account.id),
            None => Event::new("session.refused", kind, subject),
        };
        tx.record(event.with("via", BY_PROVIDER));
        Ok(())
    });
    written.await.err().unwrap_or_else(|| Error::new(Code::SignOnRefused))
}
