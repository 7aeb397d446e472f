//! The people and machines of the demo, and others that a test needs.

use cchc::{
    access::{
        actor::{Role, Scope},
        token::{AUDIENCE, Claims},
    },
    kernel::{
        id::{PrincipalId, RawId},
        time::{Clock, Timestamp},
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use super::{
    app::{App, ISSUER, signing_key},
    client::Client,
    locked,
};

/// The password of all demo accounts, and the secret of the city's client.
pub const DEMO_PASSWORD: &str = "long-my-2026";

/// The clock of the demo: the morning the half-year figures are due.
pub fn demo_clock() -> Clock {
    Clock::shifted(Clock::shift_to(Timestamp::parse("2026-06-15T08:00:00+07:00").expect("a time")))
}

/// An account that a test adds past all rules.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    /// Its username; the password is the demo's.
    pub username: &'a str,
    /// Code of its ward.
    pub ward: &'a str,
    /// Code of its unit.
    pub unit: &'a str,
    /// Its roles.
    pub roles: &'a [Role],
}

impl App {
    /// A person who signed in with the demo's password. Signs in once per test.
    pub async fn sign_in(&self, username: &str) -> Client {
        let known = locked(&self.tokens).get(username).cloned();
        let token = match known {
            Some(token) => token,
            None => self.fetch_token("password", ("username", username), ("password", DEMO_PASSWORD)).await,
        };
        locked(&self.tokens).insert(username.to_owned(), token.clone());
        self.with_token(token)
    }

    /// The city's portal, which reads the published figures of all wards.
    pub async fn city_portal(&self) -> Client {
        self.sign_in_client("city-portal", DEMO_PASSWORD).await
    }

    /// A machine client with its secret.
    pub async fn sign_in_client(&self, client_id: &str, secret: &str) -> Client {
        let token =
            self.fetch_token("client_credentials", ("client_id", client_id), ("client_secret", secret)).await;
        self.with_token(token)
    }

    async fn fetch_token(&self, grant: &str, name: (&str, &str), secret: (&str, &str)) -> String {
        let fields = [("grant_type", grant), name, secret];
        self.anonymous().form("/api/v1/auth/token", &fields).await.expect(200).text_at("access_token")
    }

    /// Adds an account past all rules and signs it in.
    pub async fn add_account(&self, new: NewAccount<'_>) -> Client {
        let roles = json!(new.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>());
        let id = PrincipalId::generate();
        let (ward, unit) = (self.ward(new.ward), self.unit_in(new.ward, new.unit));
        self.sql(&format!(
            "INSERT INTO accounts (id, ward_id, unit_id, username, full_name, name_lower, search_key, position, roles, \
             password_hash, credential_version, active, version) \
             SELECT '{id}', '{ward}', '{unit}', '{name}', '{name}', '{name}', '{name}', NULL, '{roles}', \
             password_hash, 1, active, 1 FROM accounts WHERE username = 'ktht.staff'",
            name = new.username,
        ));
        self.sign_in(new.username).await
    }

    /// A machine client added past all rules, with a token. Without a ward it is the city's.
    pub fn add_client(
        &self,
        client_id: &str,
        ward: Option<&str>,
        unit: Option<&str>,
        scopes: &[Scope],
    ) -> Client {
        let ward_id = ward.map(|ward| self.ward(ward));
        let unit_id = ward.zip(unit).map(|(ward, unit)| self.unit_in(ward, unit));
        let scope_names: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        let find = format!("SELECT id AS value FROM clients WHERE client_id = '{client_id}'");
        let id = self.sql_texts(&find).pop().unwrap_or_else(|| {
            let quoted =
                |id: &Option<String>| id.as_ref().map_or_else(|| "NULL".into(), |id| format!("'{id}'"));
            let id = PrincipalId::generate().to_string();
            self.sql(&format!(
                "INSERT INTO clients (id, ward_id, unit_id, client_id, name, scopes, secret_hash, \
                 credential_version, version) \
                 VALUES ('{id}', {}, {}, '{client_id}', '{client_id}', '{}', '-', 1, 1)",
                quoted(&ward_id),
                quoted(&unit_id),
                json!(scope_names),
            ));
            id
        });
        let claims = Claims {
            client: true,
            ward: ward_id,
            unit: unit_id,
            scope: Some(scope_names.join(" ")),
            ..self.claims(&id)
        };
        self.with_token(self.services.tokens.sign(claims).expect("a token"))
    }

    /// Somebody whose token was genuine, and has run out.
    pub fn expired(&self, username: &str) -> Client {
        let now = Clock::real_now().unix_seconds();
        let claims = Claims { iat: now - 960, exp: now - 60, ..self.claims(&self.account(username)) };
        let key = EncodingKey::from_ed_pem(signing_key().as_bytes()).expect("the key");
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &key).expect("a token");
        self.with_token(token)
    }

    fn claims(&self, subject: &str) -> Claims {
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_owned(),
            ward: None,
            unit: None,
            roles: Vec::new(),
            scope: None,
            client: false,
            cv: 1,
            sid: None,
            jti: RawId::generate().to_string(),
            iat: 0,
            exp: 0,
        }
    }
}
