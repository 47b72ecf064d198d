//! Access key (AK), secret key (SK) and security token.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::KeyError;

pub(crate) const REDACTED: &str = "** redacted **";

/// A secret key (SK).
///
/// Its bytes are the HMAC key as they are; nothing is derived from them. The text itself is not kept: it is
/// overwritten with zeros as soon as HMAC is set up with it, and so is that state when the last clone is dropped.
/// There is no way to read the text back, no `Display`, and `Debug` shows nothing of it. What the caller keeps of
/// the text it passed in is the caller's to erase.
#[derive(Clone)]
pub struct SecretKey(Arc<Hmac<Sha256>>);

impl SecretKey {
    /// Takes over a secret key. A `String` is moved, not copied.
    ///
    /// # Errors
    ///
    /// [`KeyError::SecretKey`] when it is empty, holds a control character or has white space around it.
    pub fn new(secret: impl Into<String>) -> Result<Self, KeyError> {
        let secret = Zeroizing::new(secret.into());
        let usable =
            !secret.is_empty() && !secret.contains(char::is_control) && secret.trim() == secret.as_str();
        if !usable {
            return Err(KeyError::SecretKey);
        }
        Hmac::new_from_slice(secret.as_bytes()).map(Arc::new).map(Self).map_err(|_| KeyError::SecretKey)
    }

    /// HMAC-SHA256 of `text` under this key.
    pub(crate) fn hmac_sha256(&self, text: &str) -> [u8; 32] {
        let mut mac = Hmac::clone(&self.0);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretKey({REDACTED})")
    }
}

/// What a client signs with: access key (AK), secret key (SK) and, for temporary ones, a security token.
///
/// Cloning is cheap and makes no second copy of a secret. `Debug` shows the access key only.
///
/// ```
/// use sdk_hmac_sha256::Credentials;
///
/// let credentials = Credentials::new("AKEXAMPLE", "example secret")?.with_security_token("example-token")?;
/// let shown = format!("{credentials:?}");
/// assert!(shown.contains("AKEXAMPLE"));
/// assert!(!shown.contains("example secret") && !shown.contains("example-token"));
/// # Ok::<(), sdk_hmac_sha256::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    access_key: Arc<str>,
    secret_key: SecretKey,
    security_token: Option<SecurityToken>,
}

impl Credentials {
    /// A permanent pair of access key and secret key.
    ///
    /// # Errors
    ///
    /// [`KeyError::AccessKey`] when the access key is empty or not visible ASCII without a comma (it has to fit into
    /// the `Authorization` header), and what [`SecretKey::new`] refuses.
    pub fn new(access_key: impl AsRef<str>, secret_key: impl Into<String>) -> Result<Self, KeyError> {
        // First, so that a secret passed as `String` is erased whatever else is wrong.
        let secret_key = SecretKey::new(secret_key)?;
        let access_key = access_key.as_ref();
        if !is_access_key(access_key) {
            return Err(KeyError::AccessKey);
        }
        Ok(Self { access_key: access_key.into(), secret_key, security_token: None })
    }

    /// Adds the security token that belongs to temporary keys, sent and signed as `X-Security-Token`.
    ///
    /// # Errors
    ///
    /// [`KeyError::SecurityToken`] when it is empty or not visible ASCII.
    pub fn with_security_token(mut self, token: impl Into<String>) -> Result<Self, KeyError> {
        let token = Zeroizing::new(token.into());
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::SecurityToken);
        }
        self.security_token = Some(SecurityToken(Arc::new(token)));
        Ok(self)
    }

    /// The access key (AK). It is sent with each request and no secret.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret key (SK), for [`StringToSign::signature`](crate::StringToSign::signature) or a receiver's lookup.
    #[must_use]
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret_key
    }

    /// Whether these are temporary keys, sent with a security token.
    #[must_use]
    pub fn has_security_token(&self) -> bool {
        self.security_token.is_some()
    }

    pub(crate) fn security_token(&self) -> Option<&SecurityToken> {
        self.security_token.as_ref()
    }
}

/// The token of temporary keys. Clones share one copy, overwritten with zeros when the last of them is dropped.
#[derive(Clone)]
pub(crate) struct SecurityToken(Arc<Zeroizing<String>>);

impl SecurityToken {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecurityToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecurityToken({REDACTED})")
    }
}

/// Whether `text` can stand as `Access=<text>,` in a header.
pub(crate) fn is_access_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_cannot_be_sent() {
        for access_key in ["", "A K", "AK\n", "AK,SignedHeaders=x", "ÄK", "AK\0"] {
            let error = Credentials::new(access_key, "secret").unwrap_err();
            assert_eq!(error, KeyError::AccessKey, "{access_key:?}");
        }
        for secret in ["", " secret", "secret ", "secret\n", "sec\u{1}ret", "\u{7f}"] {
            let error = Credentials::new("AK", secret).unwrap_err();
            assert_eq!(error, KeyError::SecretKey, "{secret:?}");
        }
        let credentials = Credentials::new("AK", "secret").unwrap();
        for token in ["", "to ken", "token\r\n", "tökén"] {
            let error = credentials.clone().with_security_token(token).unwrap_err();
            assert_eq!(error, KeyError::SecurityToken, "{token:?}");
        }
    }

    #[test]
    fn the_state_is_erased_on_drop() {
        // HMAC's state is two of SHA-256 and a buffer; the `zeroize` feature of sha2 covers all of them.
        fn is_erased<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        is_erased(&Sha256::default());
    }

    #[test]
    fn clones_share_one_secret() {
        let credentials = Credentials::new("AK", "secret").unwrap();
        let copy = credentials.clone();
        assert!(Arc::ptr_eq(&credentials.secret_key.0, &copy.secret_key.0));
    }
}
