//! The gateway's authentication: tokens, signatures, and the lock of access keys.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sdk_hmac_sha256::{
    AUTHORIZATION, Authorization, Credentials, MAX_SKEW, SecretKey, SignableRequest, SigningDate,
    VerifyError, X_SECURITY_TOKEN, verify,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::Refusal;
use crate::mask;
use crate::request::Received;

/// After so many failures in a row an access key is locked (document, security scheme `AkSk`).
const FAILURES_BEFORE_LOCK: u32 = 5;
/// For so long.
const LOCK: Duration = Duration::from_secs(5 * 60);

/// Most issued tokens that are known; the oldest are forgotten.
const MOST_TOKENS: usize = 10_000;

/// An access key that is accepted.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) secret_key: SecretKey,
    /// Of temporary keys.
    pub(crate) security_token: Option<SecretString>,
    pub(crate) caller: Caller,
}

/// An access key as it was configured.
#[derive(Clone)]
pub(crate) struct AccessKey {
    pub(crate) access_key: String,
    pub(crate) secret_key: SecretString,
    pub(crate) security_token: Option<SecretString>,
    pub(crate) caller: Caller,
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The account itself, which may do everything and is none of its IAM users.
    Account,
    /// An IAM user.
    User(String),
}

/// Who may call.
pub(crate) struct Authenticator {
    keys: BTreeMap<String, Key>,
    /// Accepted for ever.
    tokens: Vec<(SecretString, Caller)>,
    token_lifetime: Duration,
    /// Whether a refused signature is explained.
    explain: bool,
    issued: Mutex<VecDeque<Issued>>,
    failures: Mutex<BTreeMap<String, Failures>>,
}

/// A token that IAM has issued.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Issued {
    /// In its place.
    digest: [u8; 32],
    /// Counts them.
    number: u64,
    user: String,
    /// Of the user, when it was issued.
    standing: [u8; 32],
    /// `None`: never.
    expires: Option<SystemTime>,
}

impl Issued {
    pub(crate) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// What issuing a token comes to.
pub(crate) struct Issuance {
    pub(crate) token: String,
    /// From then on it is refused.
    pub(crate) expires: Option<SystemTime>,
    pub(crate) issued: Issued,
    /// Tokens that had to make room.
    pub(crate) forgotten: Vec<[u8; 32]>,
}

/// Failures in a row of one access key.
#[derive(Default)]
struct Failures {
    count: u32,
    locked_until: Option<SystemTime>,
}

impl Authenticator {
    pub(crate) fn new(
        keys: BTreeMap<String, Key>,
        tokens: Vec<(SecretString, Caller)>,
        token_lifetime: Duration,
        explain: bool,
    ) -> Self {
        Self { keys, tokens, token_lifetime, explain, issued: Mutex::default(), failures: Mutex::default() }
    }

    /// Forgets failures and issued tokens, and unlocks all keys.
    pub(crate) fn reset(&self) {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Knows these tokens again.
    pub(crate) fn restore(&self, mut tokens: Vec<Issued>) {
        tokens.sort_unstable_by_key(|issued| issued.number);
        *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = tokens.into();
    }

    /// Issues a token to a user of this standing.
    pub(crate) fn issue(&self, user: &str, standing: [u8; 32], now: SystemTime) -> Issuance {
        // Does not follow from the seed: whoever sees the records must not be able to work it out.
        let token: String =
            (0..4).map(|part| format!("{:016x}", RandomState::new().hash_one(part))).collect();
        let expires = now.checked_add(self.token_lifetime);
        let digest = Sha256::digest(&token).into();
        let mut all = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let number = all.back().map_or(0, |latest| latest.number + 1);
        let issued = Issued { digest, number, user: user.to_owned(), standing, expires };
        all.push_back(issued.clone());
        let surplus = all.len().saturating_sub(MOST_TOKENS);
        let forgotten = all.drain(..surplus).map(|issued| issued.digest).collect();
        Issuance { token, expires, issued, forgotten }
    }

    /// Whose credentials the request carries, if they hold. `signed_by` is the time by which clients sign, `now` that of
    /// all else; `standing` is that of a user now, none without the user.
    pub(crate) fn check(
        &self,
        received: &Received,
        signed_by: SystemTime,
        now: SystemTime,
        standing: impl Fn(&str) -> Option<[u8; 32]>,
    ) -> Result<Caller, Refusal> {
        if let Some(token) = received.header("x-auth-token") {
            return self.check_token(token, now, standing);
        }
        let Some(authorization) = received.header(AUTHORIZATION) else {
            return Err(refuse("x-auth-token not found"));
        };
        let exists = |key: &Key| match &key.caller {
            Caller::Account => true,
            Caller::User(name) => standing(name).is_some(),
        };
        // Only a key that exists can be locked.
        let claimed = str::from_utf8(authorization).ok().and_then(|text| text.parse::<Authorization>().ok());
        let known = claimed
            .as_ref()
            .and_then(|claimed| Some((claimed.access_key(), self.keys.get(claimed.access_key())?)))
            .filter(|(_, key)| exists(key));
        let Some((access_key, key)) = known else {
            return self.check_signature(received, None, signed_by);
        };
        if self.is_locked(access_key, now) {
            return Err(refuse("AK access failed to reach the limit,forbidden"));
        }
        let outcome = self.check_signature(received, Some(key), signed_by);
        self.count(access_key, outcome.is_ok(), now);
        outcome
    }

    fn check_token(
        &self,
        sent: &[u8],
        now: SystemTime,
        standing: impl Fn(&str) -> Option<[u8; 32]>,
    ) -> Result<Caller, Refusal> {
        let renew = || Refusal::new("APIGW.0307", "The token must be updated");
        if let Some((_, caller)) = self.tokens.iter().find(|(token, _)| same(token, sent)) {
            return match caller {
                Caller::User(name) if standing(name).is_none() => Err(renew()),
                caller => Ok(caller.clone()),
            };
        }
        let digest: [u8; 32] = Sha256::digest(sent).into();
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let found = issued.iter().find(|issued| issued.digest == digest).cloned();
        // Whoever issues one has locked the world before: it must not be asked for meanwhile.
        drop(issued);
        let Some(Issued { user, standing: before, expires, .. }) = found else {
            return Err(refuse("decrypt token fail"));
        };
        if expires.is_none_or(|expires| now < expires) && standing(&user) == Some(before) {
            Ok(Caller::User(user))
        } else {
            Err(renew())
        }
    }

    /// `key` is the one that the request names, where there is such a key.
    fn check_signature(
        &self,
        received: &Received,
        key: Option<&Key>,
        now: SystemTime,
    ) -> Result<Caller, Refusal> {
        let headers: Vec<(&str, &[u8])> =
            received.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = SignableRequest::new(received.method.as_str(), received.uri.path())
            .with_query(received.uri.query())
            .with_headers(&headers)
            .with_body(&received.body);
        let now = SigningDate::try_from(now).map_err(|_| refuse("the emulator's clock is out of range"))?;
        let key_of = |_: &str| key.map(|key| key.secret_key.clone());
        let verified = verify(&request, now, MAX_SKEW, key_of).map_err(|error| {
            let mut refusal = refuse(reason(&error));
            refusal.explanation = self.explain.then(|| explanation(&request, now)).flatten().map(Box::new);
            refusal
        })?;
        let expected = key.and_then(|key| key.security_token.as_ref());
        match (expected, received.header(X_SECURITY_TOKEN)) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(refuse("the access key is temporary, X-Security-Token not found")),
            (None, Some(_)) => {
                Err(refuse("the access key is permanent, X-Security-Token does not belong to it"))
            }
            (Some(_), Some(_)) if !verified.is_signed(X_SECURITY_TOKEN) => {
                Err(refuse("X-Security-Token is not among the signed headers"))
            }
            (Some(token), Some(sent)) if same(token, sent) => Ok(()),
            (Some(_), Some(_)) => Err(refuse("X-Security-Token does not belong to the access key")),
        }?;
        // A key was found, or nothing would have been verified.
        Ok(key.map_or(Caller::Account, |key| key.caller.clone()))
    }

    fn is_locked(&self, access_key: &str, now: SystemTime) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let until = failures.get(access_key).and_then(|failures| failures.locked_until);
        let locked = until.is_some_and(|until| now < until);
        if until.is_some() && !locked {
            failures.remove(access_key);
        }
        locked
    }

    fn count(&self, access_key: &str, succeeded: bool, now: SystemTime) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if succeeded {
            failures.remove(access_key);
        } else {
            let failures = failures.entry(access_key.to_owned()).or_default();
            failures.count += 1;
            if failures.count == FAILURES_BEFORE_LOCK {
                failures.locked_until = now.checked_add(LOCK);
            }
        }
    }
}

fn same(secret: &SecretString, sent: &[u8]) -> bool {
    secret.expose_secret().as_bytes().ct_eq(sent).into()
}

fn refuse(reason: impl AsRef<str>) -> Refusal {
    Refusal::new("APIGW.0301", format!("Incorrect IAM authentication information: {}", reason.as_ref()))
}

/// What the emulator computed of a request that it refused, for whoever debugs a signer: neither a secret nor a
/// signature is in it. `None` for a request that has no canonical form.
fn explanation(request: &SignableRequest<'_>, now: SigningDate) -> Option<Value> {
    // Made with a key that nobody has, at any time: only the texts are wanted, whatever was refused.
    let nobody = Credentials::new("nobody", "nobody's").ok()?.secret_key().clone();
    let Err(VerifyError::SignatureMismatch(mismatch)) = verify(request, now, Duration::MAX, |_| Some(nobody))
    else {
        return None;
    };
    let canonical_request = mask::canonical(mismatch.canonical_request().as_str());
    let masked = canonical_request != mismatch.canonical_request().to_string();
    let string_to_sign = mismatch.string_to_sign().to_string();
    tracing::warn!(canonical_request, string_to_sign, "signature refused");
    let note =
        "as the emulator computed them; the last line of string_to_sign is the SHA-256 of canonical_request";
    let note = if masked { format!("{note} before secrets were masked") } else { note.to_owned() };
    Some(json!({ "note": note, "canonical_request": canonical_request, "string_to_sign": string_to_sign }))
}

/// In the gateway's words where they are known: of the signing guide's FAQ, and of huaweicloud-sdk-java-v3 issue 44.
fn reason(error: &VerifyError) -> String {
    match error {
        VerifyError::SignatureMismatch(mismatch) => {
            let canonical = mask::canonical(mismatch.canonical_request().as_str()).replace('\n', "|");
            format!("verify aksk signature fail, canonicalRequest:{canonical}")
        }
        VerifyError::UnknownAccessKey { access_key } => {
            format!("Get secretKey failed,ak:{access_key},err:ak not exist")
        }
        VerifyError::DateSkew { signed, now, .. } => {
            format!("calc aksk signature fail:signature expired, signature time:{signed},server time:{now}")
        }
        other => {
            let source =
                std::error::Error::source(other).map(|source| format!(": {source}")).unwrap_or_default();
            format!("calc aksk signature fail:{other}{source}")
        }
    }
}
