//! One-time codes: who signed in elsewhere comes back to a front end with one, and the front end gets the tokens for it.

use super::{
    actions::{Tokens, begin_session, issue},
    model::SignInCode,
    rules, store,
};
use crate::{
    access::password, accounts::Account, audit::Event, context::Ctx, error::Result, kernel::time::Clock,
};

/// Draws a code for somebody whom the identity provider vouches for. The session begins when it is exchanged.
///
/// # Errors
/// Internal, when there is no randomness; when the database fails.
pub async fn draw_code(ctx: &Ctx, account: Account, code_challenge: Option<String>) -> Result<String> {
    let code = password::random_secret()?;
    let new = SignInCode {
        code_hash: password::digest(&code),
        account_id: account.id,
        code_challenge,
        created_at: Clock::real_now(),
    };
    ctx.write_value(move |tx| {
        store::insert_code(tx.connection, &new)?;
        tx.record_for(Some(account.ward_id));
        let event = Event::new("session.code_issued", "user", account.id);
        tx.record(event.by(account.to_actor()?).with("via", rules::BY_PROVIDER));
        Ok(())
    })
    .await?;
    Ok(code)
}

/// Exchanges a code for tokens; `None` where it is worth nothing. Whoever shows it uses it up, with the right verifier
/// or without.
///
/// # Errors
/// When the database fails.
pub async fn redeem_code(ctx: &Ctx, code: &str, verifier: Option<String>) -> Result<Option<Tokens>> {
    let digest = password::digest(code);
    let found = ctx
        .read(move |c| {
            let Some(code) = store::find_code(c, &digest, Clock::real_now())? else { return Ok(None) };
            Ok(store::find_account(c, code.account_id)?.map(|account| (code, account)))
        })
        .await?;
    let Some((code, account)) = found else { return Ok(None) };
    let issued = ctx
        .write_value(move |tx| {
            let first = store::delete_code(tx.connection, &code.code_hash)?;
            if first && rules::is_bound(code.code_challenge.as_deref(), verifier.as_deref()) {
                return begin_session(tx, account.id);
            }
            tx.record_for(Some(account.ward_id));
            tx.record(Event::new("session.refused", "user", account.id).with("via", rules::BY_PROVIDER));
            Ok(None)
        })
        .await?;
    issued.map(|issued| issue(ctx, issued)).transpose()
}
