//! What the metadata service of an ECS says of the agency that the server runs with.
//!
//! First a token is asked for, by a `PUT` to [`TOKEN_PATH`] with [`TOKEN_TTL_HEADER`]; then the temporary keys, by
//! a `GET` of [`SECURITY_KEY_PATH`] with the token in [`TOKEN_HEADER`]. Where there is no token ([`needs_no_token`]),
//! the keys are given without one. Here is the part that needs no network.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde_json::Value;

use crate::error::{Error, ErrorKind};

/// The service, reached from within the server only: plain `http` does not leave the host.
pub(crate) const BASE_URL: &str = "http://169.254.169.254";

/// Where a `PUT` gives a token.
pub(crate) const TOKEN_PATH: &str = "/meta-data/latest/api/token";

/// Where a `GET` gives the temporary keys.
pub(crate) const SECURITY_KEY_PATH: &str = "/openstack/latest/securitykey";

/// Header of the `PUT`: [`TOKEN_TTL`] in seconds.
pub(crate) const TOKEN_TTL_HEADER: &str = "x-metadata-token-ttl-seconds";

/// How long the token is to be good for, as the official SDKs ask.
pub(crate) const TOKEN_TTL: Duration = Duration::from_secs(21_600);

/// Header of the `GET`: the token.
pub(crate) const TOKEN_HEADER: &str = "x-metadata-token";

/// How long the official SDKs wait for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);

/// What a 401 says when the server has no agency; a new token would not help then.
const NO_AGENCY: &str = "Please configure Cloud Service Agency first";

/// The names of a value: that of the documentation first, then those that newer SDKs accept.
///
/// Ours: of the newer ones, only the styles of the access key's are known; the others are formed after them.
const ACCESS_KEY: [&str; 3] = ["access", "accessKeyId", "access_key_id"];
const SECRET_KEY: [&str; 3] = ["secret", "secretAccessKey", "secret_access_key"];
const SECURITY_TOKEN: [&str; 3] = ["securitytoken", "securityToken", "security_token"];
const EXPIRES_AT: [&str; 2] = ["expires_at", "expiresAt"];

/// A temporary key pair with its token.
#[derive(Debug)]
pub(crate) struct Temporary {
    pub(crate) access_key: String,
    pub(crate) secret_key: SecretString,
    pub(crate) security_token: SecretString,
    /// When it ends.
    pub(crate) expires_at: SystemTime,
}

/// Whether the answer to the `PUT` means that this service gives keys without a token.
pub(crate) fn needs_no_token(status: u16) -> bool {
    matches!(status, 404 | 405 | 503)
}

/// Whether a new token may help after this answer to the `GET`; to be tried once.
pub(crate) fn may_renew_token(status: u16, body: &[u8]) -> bool {
    status == 401 && !body.windows(NO_AGENCY.len()).any(|part| part == NO_AGENCY.as_bytes())
}

/// Reads the answer to the `GET`, a success.
///
/// # Errors
/// [`ErrorKind::Credentials`], which never quotes the answer.
pub(crate) fn parse_security_key(body: &[u8]) -> Result<Temporary, Error> {
    let fault = |what: String| {
        let message = format!("the metadata service ({BASE_URL}) answered with {what}");
        Error::new(ErrorKind::Credentials, message)
    };
    // The error itself is dropped, as it may quote a value.
    let mut answer: HashMap<String, Value> = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        fault(format!("something else than a JSON object, by line {line}, column {column} of it"))
    })?;
    let Some(Value::Object(mut values)) = answer.remove("credential") else {
        return Err(fault("JSON that lacks \"credential\"".to_owned()));
    };
    let mut take = |names: &[&str]| {
        let value = names.iter().find_map(|name| match values.remove(*name) {
            Some(Value::String(value)) if !value.is_empty() => Some(value),
            _ => None,
        });
        value.ok_or_else(|| fault(format!("credentials that lack {:?}", names[0])))
    };
    let access_key = take(&ACCESS_KEY)?;
    let secret_key = SecretString::from(take(&SECRET_KEY)?);
    let security_token = SecretString::from(take(&SECURITY_TOKEN)?);
    let expires_at = take(&EXPIRES_AT)?.parse().ok().and_then(|at: jiff::Timestamp| at.try_into().ok());
    let expires_at = expires_at
        .ok_or_else(|| fault(format!("credentials whose {:?} is no time as in RFC 3339", EXPIRES_AT[0])))?;
    Ok(Temporary { access_key, secret_key, security_token, expires_at })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const DOCUMENTED: &str = r#"{"credential":{"access":"AK","secret":"s3cret","securitytoken":"t0ken",
        "expires_at":"2026-11-23T12:00:00.123456Z"}}"#;

    /// The end of [`DOCUMENTED`].
    fn end() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::new(1_795_435_200, 123_456_000)
    }

    #[test]
    fn the_documented_answer_is_read() {
        let keys = parse_security_key(DOCUMENTED.as_bytes()).unwrap();
        assert_eq!((keys.access_key.as_str(), keys.secret_key.expose_secret()), ("AK", "s3cret"));
        assert_eq!((keys.security_token.expose_secret(), keys.expires_at), ("t0ken", end()));
        let shown = format!("{keys:?}");
        assert!(shown.contains("AK") && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }

    #[test]
    fn newer_names_and_other_fields_are_read() {
        let styles = [
            ["accessKeyId", "secretAccessKey", "securityToken", "expiresAt"],
            ["access_key_id", "secret_access_key", "security_token", "expires_at"],
        ];
        for [access, secret, token, expires] in styles {
            let keys = format!(
                r#""{access}":"AK","{secret}":"s3cret","{token}":"t0ken","{expires}":"2026-11-23T12:00:00.123456Z""#
            );
            for body in [
                format!(r#"{{"credential":{{{keys}}}}}"#),
                format!(r#"{{"v":1,"credential":{{"access":"","secret":null,"x":[{{}}],{keys}}},"w":null}}"#),
            ] {
                let keys = parse_security_key(body.as_bytes()).unwrap();
                assert_eq!((keys.access_key.as_str(), keys.secret_key.expose_secret()), ("AK", "s3cret"));
                assert_eq!((keys.security_token.expose_secret(), keys.expires_at), ("t0ken", end()));
            }
        }
        // Both at once: the documented name counts.
        let both = DOCUMENTED.replace("\"access\"", "\"accessKeyId\":\"other\",\"access\"");
        assert_eq!(parse_security_key(both.as_bytes()).unwrap().access_key, "AK");
    }

    #[test]
    fn an_end_may_stand_in_another_zone_or_without_microseconds() {
        for (text, nanoseconds) in [
            ("2026-11-23T12:00:00Z", 0),
            ("2026-11-23T20:00:00.123456+08:00", 123_456_000),
            ("2026-11-23t12:00:00.1z", 100_000_000),
        ] {
            let body = DOCUMENTED.replace("2026-11-23T12:00:00.123456Z", text);
            let end = SystemTime::UNIX_EPOCH + Duration::new(1_795_435_200, nanoseconds);
            assert_eq!(parse_security_key(body.as_bytes()).unwrap().expires_at, end, "{text}");
        }
    }

    #[test]
    fn another_answer_is_an_error_that_does_not_quote_it() {
        let without = |name: &str| DOCUMENTED.replace(&format!("\"{name}\""), "\"other\"");
        let ending = |text: &str| DOCUMENTED.replace("2026-11-23T12:00:00.123456Z", text);
        let no_time = "credentials whose \"expires_at\" is no time as in RFC 3339";
        let cases = [
            (String::new(), "something else than a JSON object, by line 1, column 0 of it"),
            ("<html>s3cret".to_owned(), "something else than a JSON object, by line 1, column 1 of it"),
            ("\"s3cret\"".to_owned(), "something else than a JSON object, by line 1, column 8 of it"),
            (format!("[{DOCUMENTED}]"), "something else than a JSON object, by line 1, column 0 of it"),
            (DOCUMENTED.replace("}}", "}"), "something else than a JSON object, by line 2, column 51 of it"),
            ("{\"s3cret\":1}".to_owned(), "JSON that lacks \"credential\""),
            ("{\"credential\":\"s3cret\"}".to_owned(), "JSON that lacks \"credential\""),
            (without("access"), "credentials that lack \"access\""),
            (without("secret"), "credentials that lack \"secret\""),
            (without("securitytoken"), "credentials that lack \"securitytoken\""),
            (without("expires_at"), "credentials that lack \"expires_at\""),
            (DOCUMENTED.replace("\"s3cret\"", "[\"s3cret\"]"), "credentials that lack \"secret\""),
            (ending("s3cret"), no_time),
            (ending("2026-11-23T12:00:00"), no_time),
            (ending("2026-13-23T12:00:00Z"), no_time),
        ];
        for (body, expected) in cases {
            let error = parse_security_key(body.as_bytes()).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            let expected = format!("the metadata service (http://169.254.169.254) answered with {expected}");
            assert_eq!(error.to_string(), expected, "{body}");
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
        assert!(parse_security_key(b"{\"\xff").is_err());
    }

    #[test]
    fn a_token_is_done_without_when_the_service_has_none() {
        let without: Vec<u16> = (100..600).filter(|status| needs_no_token(*status)).collect();
        assert_eq!(without, [404, 405, 503]);
    }

    #[test]
    fn a_token_is_renewed_unless_an_agency_is_what_lacks() {
        assert!(may_renew_token(401, b""));
        assert!(may_renew_token(401, b"{\"error\": \"token expired \xff\"}"));
        assert!(!may_renew_token(401, b"{\"error\": \"Please configure Cloud Service Agency first.\"}"));
        assert!(!may_renew_token(403, b""));
        assert!(!may_renew_token(200, b""));
    }

    #[test]
    fn the_addresses_and_headers_are_the_documented_ones() {
        let url = |path: &str| format!("{BASE_URL}{path}");
        assert_eq!(url(TOKEN_PATH), "http://169.254.169.254/meta-data/latest/api/token");
        assert_eq!(url(SECURITY_KEY_PATH), "http://169.254.169.254/openstack/latest/securitykey");
        for (ours, documented) in
            [(TOKEN_TTL_HEADER, "X-Metadata-Token-Ttl-Seconds"), (TOKEN_HEADER, "X-Metadata-Token")]
        {
            assert_eq!(http::HeaderName::from_static(ours), documented);
        }
        assert_eq!((TOKEN_TTL.as_secs(), TIMEOUT.as_secs()), (21_600, 3));
    }
}
