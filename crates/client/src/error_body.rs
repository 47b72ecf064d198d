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

    /// The fields of the documented shape.
    fn to_object(&self) -> Map<String, Value> {
        let fields = [
            ("error_code", &self.error_code),
            ("error_msg", &self.error_msg),
            ("request_id", &self.request_id),
            ("encoded_authorization_message", &self.encoded_authorization_message),
        ];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value.clone()?))))
            .collect()
    }
}

/// A body in a shape that the error type of each document takes, whatever it was.
///
/// IAM's own object `error` stays beside the fields that all have in common, as far as it is what its document says:
/// a code that is no number would cost the whole answer.
pub(crate) fn documented(body: &[u8]) -> Vec<u8> {
    let mut object = ErrorBody::parse(body).to_object();
    if let Ok(Value::Object(mut original)) = serde_json::from_slice(body)
        && let Some(Value::Object(mut error)) = original.remove("error")
    {
        error.retain(|name, value| match name.as_str() {
            "code" => value.is_i64(),
            "message" | "title" => value.is_string(),
            _ => false,
        });
        object.insert("error".to_owned(), Value::Object(error));
    }
    Value::Object(object).to_string().into_bytes()
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
    use serde_json::json;

    use proptest::prelude::*;

    use super::*;

    /// JSON of any shape, with the keys that mean something more often than by chance.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            "error(_code|_msg|Code|Msg)?",
            Just("code".to_owned()),
            Just("message".to_owned()),
            Just("request_id".to_owned()),
            ".{0,5}",
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            ErrorBody::parse(&bytes);
        }

        #[test]
        fn any_json_is_read_and_survives(json in json()) {
            let once = ErrorBody::parse(json.to_string().as_bytes());
            for text in [&once.error_code, &once.error_msg, &once.request_id].into_iter().flatten() {
                prop_assert!(!text.is_empty());
            }
        }
    }

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
        assert_eq!(documented(body.as_bytes()), body.as_bytes());
    }

    /// Decodes what becomes of a body with the error type of each document.
    fn decoded(body: &str) -> [serde_json::Result<Value>; 3] {
        use crate::{iam, iam_sync_user, mrs_clusters};
        fn round_trip<T: serde::Serialize + serde::de::DeserializeOwned>(
            body: &[u8],
        ) -> serde_json::Result<Value> {
            serde_json::to_value(serde_json::from_slice::<T>(body)?)
        }
        let body = documented(body.as_bytes());
        [
            round_trip::<iam::types::ErrorResponse>(&body),
            round_trip::<iam_sync_user::types::ErrorResponse>(&body),
            round_trip::<mrs_clusters::types::ErrorResponse>(&body),
        ]
    }

    #[test]
    fn each_document_takes_what_it_becomes() {
        let [iam, others @ ..] = decoded(
            r#"{"error":{"message":"Authentication failed","code":401,"title":"Unauthorized","more":1}}"#,
        );
        let common = json!({ "error_code": "401", "error_msg": "Authentication failed" });
        let mut all = common.clone();
        all["error"] = json!({ "code": 401, "message": "Authentication failed", "title": "Unauthorized" });
        assert_eq!(iam.unwrap(), all);
        assert_eq!(others.map(Result::unwrap), [common.clone(), common]);
        for odd in [
            "",
            "<html>502</html>",
            r#"{"error":"invalid"}"#,
            r#"{"error":{"code":"401","message":{"a":1},"title":[]}}"#,
            r#"{"error":{"code":18446744073709551615}}"#,
            r#"{"error":{"code":4.5}}"#,
            r#"{"error_code":17,"error_msg":{"a":1},"request_id":5}"#,
        ] {
            for result in decoded(odd) {
                result.unwrap_or_else(|error| panic!("{odd}: {error}"));
            }
        }
    }
}
