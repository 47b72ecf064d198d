//! What may be shown of a request: everything but secrets, by whatever name they come.

use bytes::Bytes;
use http::HeaderMap;
use sdk_hmac_sha256::{Authorization, is_sensitive_header};
use serde_json::Value;

use crate::router::decoded;

const MASK: &str = "***";

/// Parts of names, without hyphens and underscores, whose values are secrets.
const SECRET: [&str; 9] =
    ["password", "passwd", "passcode", "pwd", "secret", "token", "credential", "apikey", "appcode"];
/// Of objects that are called like a secret, the fields that hold none: Keystone's `password` is one with a user.
const PUBLIC: [&str; 2] = ["user", "domain"];

fn is_secret(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|letter| !['-', '_'].contains(letter)).flat_map(char::to_lowercase).collect();
    plain == "sk" || SECRET.iter().any(|word| plain.contains(word))
}

/// Headers as they may be shown.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = |name: &str, value: &[u8]| header(name, &String::from_utf8_lossy(value));
    headers.iter().map(|(name, value)| (name.to_string(), shown(name.as_str(), value.as_bytes()))).collect()
}

fn header(name: &str, value: &str) -> String {
    let hidden = is_sensitive_header(name)
        || is_secret(name)
        || matches!(name, "cookie" | "set-cookie" | "proxy-authorization");
    match value.parse::<Authorization>() {
        Ok(claimed) if name == "authorization" => authorization(&claimed),
        _ if hidden => MASK.to_owned(),
        _ if name == "referer" => target(value),
        _ => value.to_owned(),
    }
}

/// Which key signed which headers is worth knowing in a test; the signature could be sent again.
fn authorization(claimed: &Authorization) -> String {
    let text = claimed.as_str();
    let signature = text.rfind("Signature=").map_or(0, |start| start + "Signature=".len());
    format!("{}{MASK}", &text[..signature])
}

/// Path and query as they may be shown.
pub(crate) fn target(target: &str) -> String {
    match target.split_once('?') {
        Some((path, parameters)) => format!("{path}?{}", query(parameters)),
        None => target.to_owned(),
    }
}

fn query(parameters: &str) -> String {
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(&decoded(name)) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    parameters.split('&').map(shown).collect::<Vec<_>>().join("&")
}

/// A canonical request as it may be shown.
pub(crate) fn canonical(request: &str) -> String {
    let mut in_headers = true;
    let shown = |(index, line): (usize, &str)| {
        in_headers &= index < 3 || !line.is_empty();
        match line.split_once(':') {
            _ if index == 2 => query(line),
            Some((name, value)) if index > 2 && in_headers => format!("{name}:{}", header(name, value)),
            _ => line.to_owned(),
        }
    };
    request.split('\n').enumerate().map(shown).collect::<Vec<_>>().join("\n")
}

/// A body as it may be shown: byte by byte where it speaks of no secret, else the same JSON with masks, and nothing of
/// what speaks of one, or is for a login, and is no JSON.
pub(crate) fn body(path: &str, body: &Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            // Of a field that is there twice only the last one was read.
            if mask(&mut value, false) || speaks_of_one(body) {
                Bytes::from(value.to_string())
            } else {
                body.clone()
            }
        }
        Err(_) if !body.is_empty() && (speaks_of_one(body) || decoded(path).contains("/auth")) => {
            Bytes::from_static(MASK.as_bytes())
        }
        Err(_) => body.clone(),
    }
}

fn speaks_of_one(body: &[u8]) -> bool {
    is_secret(&decoded(&String::from_utf8_lossy(body)))
}

/// Whether there was anything to mask.
fn mask(value: &mut Value, is_hidden: bool) -> bool {
    match value {
        Value::Object(fields) => fields.iter_mut().fold(false, |any, (name, value)| {
            let is_hidden = is_secret(name) || is_hidden && !PUBLIC.contains(&name.as_str());
            any | mask(value, is_hidden)
        }),
        Value::Array(values) => values.iter_mut().fold(false, |any, value| any | mask(value, is_hidden)),
        value if is_hidden => {
            *value = Value::from(MASK);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_whatever_the_body_is() {
        for (text, is_json) in [
            (r#"{"password":{"user":{"name":"u", "password":"hush"}}}"#, true),
            (r#"{"pass\u0077ord":"hush"}"#, true),
            (r#"{"password":"hush","password":{}}"#, true),
            (r#"{"password":["hush"]}"#, true),
            (r#"{"password":{"value":"hush"}}"#, true),
            (r#"{"token":{"id":"hush"},"totp":{"passcode":"hush"}}"#, true),
            (
                r#"{"User_Password":"hush","secret-key":1234,"sk":"hush","a":{"credential":{"value":"hush"}}}"#,
                true,
            ),
            (r#"[{"Passwd":"hush"},{"pwd":"hush"}]"#, true),
            (r#"{"auth":{"password":"hush"#, false),
            ("password=hush", false),
            ("p%61ssword=hush", false),
        ] {
            let shown = body("/", &Bytes::from(text));
            let shown = std::str::from_utf8(&shown).unwrap();
            assert!(!shown.contains("hush") && !shown.contains("1234"), "{shown}");
            assert_eq!(serde_json::from_str::<Value>(shown).is_ok(), is_json, "{shown}");
        }
        let shown = body("/", &Bytes::from(r#"{"password":{"user":{"name":"u"}}}"#));
        assert_eq!(shown, r#"{"password":{"user":{"name":"u"}}}"#);
        for plain in [r#"{ "user_names": ["passenger"] }"#, "no JSON", ""] {
            assert_eq!(body("/", &Bytes::from(plain)), plain, "byte by byte");
        }
        let named = r#"{"user_names":["password"],"methods":["password"]}"#;
        assert_eq!(body("/", &Bytes::from(named)), named);
        assert_eq!(body("/v3/%61uth/tokens", &Bytes::from("hush")), "***");
    }

    #[test]
    fn secrets_are_masked_in_targets_and_headers() {
        assert_eq!(
            target("/v3/users?X-Auth-Token=hush&name=a&p%61ssword=hush&access_token=hush&=x&y"),
            "/v3/users?X-Auth-Token=***&name=a&p%61ssword=***&access_token=***&=x&y"
        );
        let mut sent = HeaderMap::new();
        for name in [
            "authorization",
            "x-auth-token",
            "x-user-token",
            "x-api-key",
            "x-apig-appcode",
            "cookie",
            "set-cookie",
            "proxy-authorization",
            "x-subject-token",
            "x-security-token",
        ] {
            sent.insert(name, "Bearer hush".parse().unwrap());
        }
        sent.insert("referer", "https://h/?password=hush&a=b".parse().unwrap());
        let shown = headers(&sent);
        assert!(!format!("{shown:?}").contains("hush"), "{shown:?}");
        assert!(shown.contains(&("referer".to_owned(), "https://h/?password=***&a=b".to_owned())));
        assert_eq!(header("x-sdk-date", "20260102T030405Z"), "20260102T030405Z");
    }

    #[test]
    fn secrets_are_masked_in_canonical_requests() {
        let request =
            "GET\n/p/\nname=a&password=hush\ncookie:hush\nhost:h:80\nx-api-key:hush\n\ncookie;host\ndigest:x";
        let expected =
            "GET\n/p/\nname=a&password=***\ncookie:***\nhost:h:80\nx-api-key:***\n\ncookie;host\ndigest:x";
        assert_eq!(canonical(request), expected);
    }
}
