//! The reviewed scenario: what every witness does, and what it must see.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The scenario's file, whose own comments explain its fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    keys: BTreeMap<String, Keys>,
    region: String,
    project: String,
    /// By the witness: the headers that it signs, those of some requests only in brackets.
    pub(super) signs: BTreeMap<String, String>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    ak: String,
    sk: String,
    security_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub(super) step: String,
    call: String,
    #[serde(default)]
    arguments: serde_json::Map<String, Value>,
    by: Option<String>,
    #[serde(default)]
    client: Client,
    project: Option<String>,
    #[serde(default)]
    pub(super) advance: u32,
    #[serde(default = "once")]
    pub(super) times: usize,
    expect: Expected,
    sends: Option<Vec<String>>,
    #[serde(default)]
    unlike: BTreeMap<String, Unlike>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Client {
    #[default]
    Keys,
    Lookup,
    Environment,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    status: Option<u16>,
    error_code: Option<String>,
    body: Option<Value>,
}

/// What one witness sees instead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlike {
    why: String,
    status: Option<u16>,
    error_code: Option<String>,
    sends: Option<Vec<String>>,
}

const fn once() -> usize {
    1
}

/// What a driver says of a call.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Reply {
    step: String,
    ok: bool,
    status: Option<u16>,
    error_code: Option<String>,
    error_msg: Option<String>,
    request_id: Option<String>,
    #[serde(default)]
    body: Value,
}

impl Reply {
    /// Whether the emulator has answered the call.
    pub(super) const fn is_answered(&self) -> bool {
        self.status.is_some()
    }

    /// The request id that a refusal was reported with; not every SDK tells one.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().filter(|id| !id.is_empty())
    }
}

impl Scenario {
    pub(super) fn read(file: &Path) -> Result<Self, String> {
        let wrong = |what: String| format!("{}: {what}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let scenario: Self = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        match scenario.steps.iter().find(|step| !scenario.keys.contains_key(step.key())) {
            Some(step) => Err(wrong(format!("{}: there are no keys `{}`", step.step, step.key()))),
            None => Ok(scenario),
        }
    }

    /// A step as drivers take it.
    pub(super) fn line(&self, step: &Step, endpoint: &str, domain: &str) -> String {
        let keys = self.keys.get(step.key());
        let project = match step.client {
            Client::Lookup => None,
            _ => Some(step.project.as_ref().unwrap_or(&self.project)),
        };
        let client = serde_json::json!({
            "way": step.client,
            "endpoint": endpoint,
            "region": self.region,
            "ak": keys.map(|keys| &keys.ak),
            "sk": keys.map(|keys| &keys.sk),
            "security_token": keys.map(|keys| &keys.security_token),
            "project_id": project,
            "domain_id": domain,
        });
        let (call, arguments) = (&step.call, &step.arguments);
        serde_json::json!({ "step": step.step, "call": call, "arguments": arguments, "client": client })
            .to_string()
    }
}

impl Step {
    fn key(&self) -> &str {
        self.by.as_deref().unwrap_or("account")
    }

    /// Why this witness sees something else here.
    pub(super) fn remark(&self, witness: &str) -> Option<String> {
        self.unlike.get(witness).map(|unlike| format!("{}: {}", self.step, unlike.why))
    }

    /// What the emulator must have received and answered: operation, status and error code.
    pub(super) fn sends(&self, witness: &str) -> Vec<String> {
        let unlike = self.unlike.get(witness).and_then(|unlike| unlike.sends.clone());
        unlike.or_else(|| self.sends.clone()).unwrap_or_else(|| {
            let status = self.expect.status.map(|status| status.to_string());
            let parts = [Some(self.call.clone()), status, self.expect.error_code.clone()];
            vec![parts.into_iter().flatten().collect::<Vec<_>>().join(" ")]
        })
    }

    /// What is wrong with a reply, if anything.
    pub(super) fn complaint(&self, witness: &str, reply: &Reply) -> Option<String> {
        let expected = match self.unlike.get(witness) {
            None => self.expect.clone(),
            Some(Unlike { status, error_code, .. }) => {
                Expected { status: *status, error_code: error_code.clone(), body: None }
            }
        };
        let shown = |status: Option<u16>, code: &Option<String>| {
            let status = status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
            code.as_ref().map_or(status.clone(), |code| format!("{status} {code}"))
        };
        if reply.step != self.step {
            return Some(format!("an answer to {:?} instead", reply.step));
        }
        let succeeds = expected.status.is_some_and(|status| status < 400);
        let same = reply.ok == succeeds && reply.status == expected.status;
        if !same || reply.error_code != expected.error_code {
            let [saw, wanted] =
                [shown(reply.status, &reply.error_code), shown(expected.status, &expected.error_code)];
            let words = reply.error_msg.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            return Some(format!("{saw} instead of {wanted}{words}"));
        }
        let body = expected.body.as_ref()?;
        difference(body, &reply.body, "").map(|what| format!("the body differs: {what}"))
    }
}

/// Where something is not as expected. Objects may have more fields, lists not more entries.
fn difference(expected: &Value, found: &Value, place: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(name, value)| {
            let place = format!("{place}.{name}");
            difference(value, found.get(name).unwrap_or(&Value::Null), &place)
        }),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut entries = expected.iter().zip(found).enumerate();
            entries.find_map(|(index, (expected, found))| {
                difference(expected, found, &format!("{place}[{index}]"))
            })
        }
        _ if expected == found => None,
        _ => Some(format!("{} is {found} instead of {expected}", place.trim_start_matches('.'))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step() -> Step {
        serde_saphyr::from_str(
            "
step: show
call: ShowSyncIamUser
expect: { status: 200, body: { user_names: [user1] } }
unlike:
  python: { why: it is tired, status: 429, error_code: '429' }
  rust: { why: checks first, sends: [] }
",
        )
        .unwrap()
    }

    fn complaint(witness: &str, reply: Value) -> Option<String> {
        step().complaint(witness, &serde_json::from_value(reply).unwrap())
    }

    #[test]
    fn what_is_expected_and_more_is_fine() {
        let reply = json!({
            "step": "show", "ok": true, "status": 200,
            "body": { "user_names": ["user1"], "group_names": [] },
        });
        assert_eq!(complaint("go", reply), None);
    }

    #[test]
    fn whatever_differs_is_told() {
        let saw = |rest: Value| {
            let mut reply = json!({ "step": "show", "ok": true, "status": 200 });
            reply.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            complaint("go", reply).unwrap()
        };
        let names = |names: Value| saw(json!({ "body": { "user_names": names } }));
        assert_eq!(
            names(json!(["user2"])),
            r#"the body differs: user_names[0] is "user2" instead of "user1""#
        );
        assert_eq!(
            names(json!(["user1", "user2"])),
            r#"the body differs: user_names is ["user1","user2"] instead of ["user1"]"#
        );
        assert_eq!(saw(json!({})), "the body differs:  is null instead of {\"user_names\":[\"user1\"]}");
        assert_eq!(saw(json!({ "status": 202 })), "status 202 instead of status 200");
        assert_eq!(
            saw(json!({ "ok": false, "status": 401, "error_code": "APIGW.0301", "error_msg": "no" })),
            "status 401 APIGW.0301 instead of status 200: no"
        );
        assert_eq!(
            saw(json!({ "ok": false, "status": null, "error_msg": "no route" })),
            "no answer instead of status 200: no route"
        );
        assert_eq!(saw(json!({ "step": "list" })), "an answer to \"list\" instead");
    }

    #[test]
    fn a_witness_may_differ_as_reviewed_and_only_so() {
        let lost = json!({ "step": "show", "ok": false, "status": 429, "error_code": "429" });
        assert_eq!(complaint("python", lost.clone()), None);
        assert!(complaint("go", lost).is_some());
        let unsent = json!({ "step": "show", "ok": false, "error_msg": "a name is empty" });
        assert_eq!(complaint("rust", unsent.clone()), None);
        assert!(complaint("python", unsent).is_some());
        assert_eq!(step().sends("python"), ["ShowSyncIamUser 200"]);
        assert_eq!(step().sends("rust"), [""; 0]);
        assert_eq!(step().remark("python").unwrap(), "show: it is tired");
    }
}
