//! The shapes in which MRS, the API gateway, IAM and others report errors.

use serde_json::{Map, Value};

/// What an error's body says, whichever of the known shapes it has.
///
/// MRS and the gateway send `error_code` and `error_msg`, some services `errorCode` and `errorMsg`, IAM an object
/// `error` with a number `code` and a `message`. A body that is none of them (HTML of a load balancer, nothing at
/// all) leaves every field empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The error code, as text.
    pub error_code: Option<String>,
    /// The message.
    pub error_msg: Option<String>,
    /// The request id, where it stands in the body.
    pub request_id: Option<String>,
    /// Details of a denial under identity policies, to be decoded with IAM.
    pub encoded_authorization_message: Option<String>,
}

/// Names of the code and the message in each shape, the documented one first.
const SHAPES: [(&str, &str); 3] =
    [("error_code", "error_msg"), ("errorCode", "errorMsg"), ("code", "message")];

impl ErrorBody {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Self {
        // Deep nesting is refused by serde_json itself, which bounds the search below.
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Self::from_object(&object).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    fn from_object(object: &Map<String, Value>) -> Option<Self> {
        let here = SHAPES.into_iter().find_map(|(code, message)| {
            let (error_code, error_msg) = (text(object.get(code)), text(object.get(message)));
            (error_code.is_some() || error_msg.is_some()).then_some((error_code, error_msg))
        });
        match here {
            Some((error_code, error_msg)) => Some(Self {
                error_code,
                error_msg,
                request_id: text(object.get("request_id")),
                encoded_authorization_message: text(object.get("encoded_authorization_message")),
            }),
            None => object.values().filter_map(Value::as_object).find_map(Self::from_object),
        }
    }

    /// The body in the documented shape, for the generated types.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let fields = [
            ("error_code", &self.error_code),
            ("error_msg", &self.error_msg),
            ("request_id", &self.request_id),
            ("encoded_authorization_message", &self.encoded_authorization_message),
        ];
        let object: Map<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value.clone()?))))
            .collect();
        Value::Object(object).to_string().into_bytes()
    }
}

/// A text, or a number as text; an empty text says nothing.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> (Option<String>, Option<String>) {
        let body = ErrorBody::parse(body.as_bytes());
        (body.error_code, body.error_msg)
    }

    #[test]
    fn each_known_shape_is_read() {
        let both = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        let cases = [
            (
                r#"{"error_code":"12000002","error_msg":"Invalid cluster name."}"#,
                both("12000002", "Invalid cluster name."),
            ),
            (r#"{"errorCode":"A.1","errorMsg":"no"}"#, both("A.1", "no")),
            (
                r#"{"error":{"message":"Authentication failed","code":401,"title":"Unauthorized"}}"#,
                both("401", "Authentication failed"),
            ),
            (r#"{"error_code":"12000004"}"#, (Some("12000004".into()), None)),
            (r#"{"error_code":null,"error_msg":"only words"}"#, (None, Some("only words".into()))),
        ];
        for (body, expected) in cases {
            assert_eq!(parse(body), expected, "{body}");
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        let deep = "[".repeat(200_000);
        for body in
            ["", "<html>502</html>", "{}", "[]", "null", "{\"a\":", "\u{0}", &deep, r#"{"error_code":""}"#]
        {
            assert_eq!(parse(body), (None, None), "{:.40}", body);
        }
        assert_eq!(ErrorBody::parse(&[0xff, 0xfe]), ErrorBody::default());
    }

    #[test]
    fn the_documented_shape_survives() {
        let body = r#"{"error_code":"APIGW.0308","error_msg":"slow down","request_id":"r1","encoded_authorization_message":"m"}"#;
        assert_eq!(ErrorBody::parse(body.as_bytes()).to_json(), body.as_bytes());
    }
}
