//! The identity provider as this client knows it: what it says of itself is fetched when needed and kept for minutes.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AsyncHttpClient, AuthType, AuthenticationFlow, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError, TokenResponse,
    UserInfoClaims,
    core::{
        CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreIdToken,
        CoreIdTokenClaims, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata,
        CoreResponseType, CoreTokenResponse,
    },
    http,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::rules::{self, Claims};
use crate::{
    access::password,
    error::{Code, Error, Result},
    kernel::time::{Clock, Timestamp},
    settings::SignOn,
};

/// How long what the provider says of itself is believed, keys included.
const KEPT_SECONDS: i64 = 10 * 60;
/// How long a provider that did not answer is left alone, so that a queue of browsers does not wait for it one by one.
const DOWN_SECONDS: i64 = 5;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of one answer; a document of discovery has a few thousand.
const MAX_ANSWER: usize = 1 << 20;

/// Signatures that only the provider can make. With HS256 and its kin the key would be the client's secret.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a browser is sent away with.
pub(super) struct Departure {
    /// The provider's page, with all it needs to know.
    pub url: String,
    /// What the browser brings back.
    pub state: String,
    /// What the ID token must repeat.
    pub nonce: String,
    /// What proves that the code is ours.
    pub pkce_verifier: String,
}

/// The provider, one for all threads of the process.
#[derive(Debug, Default)]
pub struct Provider(Mutex<Known>);

#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    Down(Timestamp),
    Up(Timestamp, Arc<Party>),
}

/// The provider as it described itself, and the way to it.
#[derive(Debug)]
struct Party {
    client: Client,
    http: Http,
}

impl Provider {
    /// Draws what a browser is sent away with.
    ///
    /// # Errors
    /// `sign_on_unavailable`.
    pub(super) async fn depart(&self, settings: &SignOn) -> Result<Departure> {
        let party = self.party(settings, false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (password::random_secret()?, password::random_secret()?);
        let (csrf, once) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let scopes = settings.scopes.iter().cloned().map(Scope::new);
        let (url, ..) = party
            .client
            .authorize_url(flow, || csrf, || once)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        Ok(Departure { url: url.into(), state, nonce, pkce_verifier: verifier.into_secret() })
    }

    /// What the provider says about the person who came back with this code.
    ///
    /// # Errors
    /// `sign_on_refused` where the code or the ID token is not what it should be; `sign_on_unavailable`.
    pub(super) async fn identify(
        &self,
        settings: &SignOn,
        code: String,
        pkce_verifier: String,
        nonce: String,
    ) -> Result<Claims> {
        let party = self.party(settings, false).await?;
        let response = party.exchange(code, pkce_verifier).await?;
        let token = response.id_token().ok_or_else(|| refused("the provider sent no ID token"))?;
        let nonce = Nonce::new(nonce);
        match party.check(token, &response, &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // The provider may have changed its keys since.
                let party = self.party(settings, true).await?;
                party.check(token, &response, &nonce).map_err(refused)?;
            }
            checked => checked.map_err(refused)?,
        }
        party.claims(token, &response, &settings.claim).await
    }

    /// The provider as it is known; it is asked where that is too old, or where it must be asked anew.
    async fn party(&self, settings: &SignOn, anew: bool) -> Result<Arc<Party>> {
        // Whoever comes while it is being asked waits here, and then finds the answer.
        let mut known = self.0.lock().await;
        let now = Clock::real_now();
        match &*known {
            Known::Up(since, party) if !anew && now < since.plus_seconds(KEPT_SECONDS) => {
                return Ok(Arc::clone(party));
            }
            Known::Down(since) if now < since.plus_seconds(DOWN_SECONDS) => {
                return Err(Error::new(Code::SignOnUnavailable));
            }
            _ => {}
        }
        match Party::discover(settings).await {
            Ok(party) => {
                let party = Arc::new(party);
                *known = Known::Up(now, Arc::clone(&party));
                Ok(party)
            }
            Err(error) => {
                *known = Known::Down(Clock::real_now());
                Err(error)
            }
        }
    }
}

impl Party {
    async fn discover(settings: &SignOn) -> Result<Self> {
        let http = Http::new().map_err(unavailable)?;
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(unavailable)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.map_err(unreachable)?;
        let redirect = format!("{}/api/v1/auth/sso/callback", settings.public_url);
        let methods = metadata.token_endpoint_auth_methods_supported().cloned().unwrap_or_default();
        let by_form = methods.contains(&CoreClientAuthMethod::ClientSecretPost)
            && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic);
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(settings.client_id.clone()),
            Some(ClientSecret::new(settings.client_secret.expose_secret().to_owned())),
        )
        .set_auth_type(if by_form { AuthType::RequestBody } else { AuthType::BasicAuth })
        .set_redirect_uri(RedirectUrl::new(redirect).map_err(unavailable)?);
        Ok(Self { client, http })
    }

    async fn exchange(&self, code: String, pkce_verifier: String) -> Result<CoreTokenResponse> {
        let request = self.client.exchange_code(AuthorizationCode::new(code)).map_err(unavailable)?;
        let request = request.set_pkce_verifier(PkceCodeVerifier::new(pkce_verifier));
        request.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(said)
                if *said.error() == CoreErrorResponseType::InvalidGrant =>
            {
                refused("the provider does not take the code")
            }
            RequestTokenError::ServerResponse(said) => unavailable(said.error().to_string()),
            other => unavailable(other),
        })
    }

    /// Signature, issuer, audience, authorized party, expiry, nonce, and that the access token belongs to it.
    fn check(
        &self,
        token: &CoreIdToken,
        response: &CoreTokenResponse,
        nonce: &Nonce,
    ) -> Result<(), ClaimsVerificationError> {
        let verifier: CoreIdTokenVerifier<'_> = self.client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims: &CoreIdTokenClaims = token.claims(&verifier, nonce)?;
        let party = claims.authorized_party().map(|party| party.as_str());
        if !rules::is_for(self.client.client_id(), party, claims.audiences().len()) {
            return Err(ClaimsVerificationError::InvalidAudience("azp".to_owned()));
        }
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let hash = token
            .signing_alg()
            .and_then(|alg| Ok((alg, token.signing_key(&verifier)?)))
            .map_err(ClaimsVerificationError::SignatureVerification)
            .and_then(|(alg, key)| {
                AccessTokenHash::from_token(response.access_token(), alg, key)
                    .map_err(|error| ClaimsVerificationError::Other(error.to_string()))
            })?;
        if hash == *expected { Ok(()) } else { Err(ClaimsVerificationError::Other("at_hash".to_owned())) }
    }

    /// The claims of a checked ID token. Where they lack the one that counts, those that the provider gives on request:
    /// a strict one puts a person's claims there only (OpenID Connect Core §5.4).
    async fn claims(&self, token: &CoreIdToken, response: &CoreTokenResponse, claim: &str) -> Result<Claims> {
        let said = payload_of(&token.to_string()).ok_or_else(|| refused("the ID token holds no claims"))?;
        let subject = said.get("sub").and_then(Value::as_str).map(str::to_owned);
        if said.contains_key(claim) || self.client.user_info_url().is_none() {
            return Ok(said);
        }
        let subject = subject.map(openidconnect::SubjectIdentifier::new);
        let request = self.client.user_info(response.access_token().clone(), subject).map_err(unavailable)?;
        let answer: UserInfoClaims<Others, CoreGenderClaim> =
            request.request_async(&self.http).await.map_err(unavailable)?;
        match serde_json::to_value(&answer).map_err(Error::internal)? {
            Value::Object(claims) => Ok(claims),
            _ => Err(refused("the provider's user info is no object")),
        }
    }
}

/// Claims that the standard does not name.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Others(Claims);

impl AdditionalClaims for Others {}

/// The claims of a signed token, whose signature is checked already.
fn payload_of(token: &str) -> Option<Claims> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// What the provider said is not good enough; the log says why, the person learns nothing that helps to try again.
fn refused(reason: impl std::fmt::Display) -> Error {
    tracing::warn!(%reason, "a sign-on is refused");
    Error::new(Code::SignOnRefused)
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error { cause: Some(cause.into()), ..Error::new(Code::SignOnUnavailable) }
}

/// With all its causes, none of which holds anything secret: the operator has to find out why.
fn unreachable(error: impl std::error::Error) -> Error {
    let mut said = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    unavailable(said.join(": "))
}

/// Why an answer of the provider did not arrive.
#[derive(Debug, thiserror::Error)]
enum HttpFault {
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
    #[error(transparent)]
    Malformed(#[from] http::Error),
    #[error("the answer is too large")]
    TooLarge,
}

/// The way to the provider: no redirects, little patience, no large answers.
#[derive(Debug)]
struct Http(reqwest::Client);

impl Http {
    fn new() -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            // An idle connection belongs to the thread that opened it, and the next sign-on may be another's.
            .pool_max_idle_per_host(0);
        builder.build().map(Self)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpFault> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut builder = http::Response::builder().status(answer.status());
        if let Some(media_type) = answer.headers().get(http::header::CONTENT_TYPE) {
            builder = builder.header(http::header::CONTENT_TYPE, media_type);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(HttpFault::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(builder.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpFault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpFault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
