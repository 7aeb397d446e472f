//! Passwords: Argon2id in a bounded pool of its own, so that a thousand sign-ins do not starve the readers.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    error::{Code, Error, Result},
    kernel::threads::Threads,
};

/// Shortest password, in characters.
pub const MIN_LENGTH: usize = 12;
/// Longest password, in characters.
pub const MAX_LENGTH: usize = 128;

/// Hashes that may be computed or waited for at once, before sign-ins are told to come back.
const MAX_WAITING: usize = 1024;

/// How long a sign-in waits for its turn, before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much hashing gives way to all else (`nice(2)`): beside readings that want all cores it gets about a tenth.
const NICE: i32 = 7;

/// Computes and checks password hashes.
#[derive(Clone)]
pub struct Hasher {
    argon2: Argon2<'static>,
    /// One per core.
    threads: Arc<Threads>,
    /// One permit per thread: who hangs up while it waits for one leaves nothing in the threads' queue.
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    cores: usize,
    /// The hash that an unknown username is checked against, so that it costs the same time.
    decoy: Arc<str>,
}

/// The pool of password hashes at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasherState {
    /// Hashes that are computed.
    pub running: usize,
    /// Sign-ins that wait for their turn.
    pub waiting: usize,
    /// Hashes that are computed at once, at most.
    pub max_running: usize,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// A hasher that takes this much memory (KiB) and this many passes per hash.
    ///
    /// # Errors
    /// Internal, when Argon2 does not take these parameters.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self> {
        let params = Params::new(memory_kib, passes, 1, None).map_err(Error::internal)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let decoy = hash_with(&argon2, "decoy")?.into();
        Ok(Self {
            argon2,
            threads: Arc::new(Threads::new(cores, Some(NICE))?),
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
            cores,
            decoy,
        })
    }

    /// The PHC string of a password.
    ///
    /// # Errors
    /// Busy, when too many wait already.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.run(move |hasher| hash_with(&hasher.argon2, password.expose_secret())).await
    }

    /// [`Hasher::hash`] for commands and start-up.
    ///
    /// # Errors
    /// Internal, when Argon2 fails.
    pub fn hash_blocking(&self, password: &SecretString) -> Result<String> {
        hash_with(&self.argon2, password.expose_secret())
    }

    /// Whether the password fits the hash. Without a hash it takes the same time and says no.
    ///
    /// # Errors
    /// Busy, when too many wait already.
    pub async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool> {
        self.run(move |hasher| {
            let known = hash.is_some();
            let text = hash.as_deref().unwrap_or(&hasher.decoy);
            let parsed = PasswordHash::new(text).map_err(|e| Error::internal(e.to_string()))?;
            let fits = hasher.argon2.verify_password(password.expose_secret().as_bytes(), &parsed).is_ok();
            Ok(known && fits)
        })
        .await
    }

    /// How many hashes are computed at this moment, and how many wait for their turn.
    #[must_use]
    pub fn state(&self) -> HasherState {
        let running = self.cores.saturating_sub(self.running.available_permits());
        let here = MAX_WAITING.saturating_sub(self.waiting.available_permits());
        HasherState { running, waiting: here.saturating_sub(running), max_running: self.cores }
    }

    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T> + Send + 'static,
    {
        let _place = self.waiting.try_acquire().map_err(|_| Error::new(Code::Busy))?;
        let core = timeout(PATIENCE, Arc::clone(&self.running).acquire_owned());
        let core = core.await.map_err(|_| Error::new(Code::Busy))?.map_err(Error::internal)?;
        let hasher = self.clone();
        let done = self.threads.run(PATIENCE, move || {
            let _core = core;
            work(&hasher)
        });
        done.await?.ok_or_else(|| Error::new(Code::Busy))
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &str) -> Result<String> {
    argon2
        .hash_password(password.as_bytes())
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|error| Error::internal(error.to_string()))
}

/// Whether a new password is good enough: long enough (NIST SP 800-63B asks for length, not for signs) and not the name.
///
/// # Errors
/// `weak_password` at this pointer.
pub fn check_strength(pointer: &str, password: &SecretString, username: &str) -> Result<()> {
    let password = password.expose_secret();
    let length = password.chars().count();
    let differs = password.to_lowercase() != username.to_lowercase();
    if (MIN_LENGTH..=MAX_LENGTH).contains(&length) && differs {
        Ok(())
    } else {
        Err(Error::field(pointer, Code::WeakPassword))
    }
}

/// 256 random bits as text, for refresh tokens, client secrets and one-time passwords.
///
/// # Errors
/// Internal, when the operating system has no randomness to give.
pub fn random_secret() -> Result<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// SHA-256 of a random secret: enough where the secret has 256 bits of its own.
#[must_use]
pub fn digest(secret: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(secret.as_bytes()))
}
