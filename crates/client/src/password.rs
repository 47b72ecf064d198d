//! A password on its way into a request.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// A password. It is written into the request and shown nowhere else: `Debug` hides it, and its memory is cleared
/// when it is dropped.
#[derive(Clone)]
pub struct Password(SecretString);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self(password.into())
    }
}

impl FromStr for Password {
    type Err = Infallible;

    fn from_str(password: &str) -> Result<Self, Infallible> {
        Ok(Self(password.into()))
    }
}

/// For the generated types, which compare; how long it takes depends on the length alone.
impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.0.expose_secret().as_bytes(), other.0.expose_secret().as_bytes());
        mine.len() == theirs.len() && mine.iter().zip(theirs).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }
}

/// The only way out: into the body of the request.
impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The reader's own message would quote what it refuses.
        String::deserialize(deserializer)
            .map(Self::from)
            .map_err(|_| D::Error::custom("a password is a text"))
    }
}

impl JsonSchema for Password {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Password".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A password, never shown.", "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::types;

    const SECRET: &str = "correct horse";

    fn request() -> types::CreateTokenRequest {
        let user = types::PasswordUser {
            name: "user1".to_owned(),
            password: Password::from(SECRET.to_owned()),
            domain: types::UserDomain { name: "account".to_owned() },
        };
        types::CreateTokenRequest {
            auth: types::TokenAuth {
                identity: types::TokenIdentity {
                    methods: [types::TokenMethod::Password],
                    password: types::PasswordIdentity { user },
                },
                scope: types::TokenScope { project: None },
            },
        }
    }

    #[test]
    fn debug_hides_it_however_deep_it_is() {
        let request = request();
        let builder = types::CreateTokenRequest::builder().auth(request.auth.clone());
        for shown in [format!("{request:?}"), format!("{request:#?}"), format!("{builder:?}")] {
            assert!(shown.contains("***") && !shown.contains(SECRET), "{shown}");
        }
    }

    #[test]
    fn the_request_holds_it() {
        assert!(serde_json::to_string(&request()).unwrap().contains(r#""password":"correct horse""#));
    }

    #[test]
    fn an_error_does_not_quote_it() {
        let error = serde_json::from_str::<Password>("12345").unwrap_err();
        assert!(!error.to_string().contains("12345"), "{error}");
    }

    #[test]
    fn equal_means_equal() {
        let password = |text: &str| text.parse::<Password>().unwrap();
        assert_eq!(password(SECRET), password(SECRET));
        for other in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert_ne!(password(SECRET), password(other));
        }
    }
}
