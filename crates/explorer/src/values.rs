//! What the page sends: an operation's name and values, never a path. What comes out has passed the contract's rules.

use mrs_iam_sync::http::Method;
use mrs_iam_sync::{Names, check_cluster_id, check_project_id};
use mrs_iam_sync_contract::iam_sync_user::{DOCUMENT, UPDATE_SYNC_IAM_USER};
use mrs_iam_sync_contract::{self as contract, Operation};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// Values of the form, as they are typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) region: String,
    pub(crate) project_id: String,
    pub(crate) cluster_id: String,
    #[serde(default)]
    pub(crate) everything: bool,
    #[serde(default)]
    pub(crate) user_names: Vec<String>,
    #[serde(default)]
    pub(crate) group_names: Vec<String>,
}

/// A request that may be signed.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) operation: &'static Operation,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<String>,
}

/// One of the five operations, by its operationId.
pub(crate) fn operation(id: &str) -> Result<&'static Operation, Refusal> {
    DOCUMENT.operations.iter().find(|operation| operation.id == id).ok_or_else(|| {
        let known: Vec<&str> = DOCUMENT.operations.iter().map(|operation| operation.id).collect();
        Refusal::value("operation_id", format!("there is no such operation; there are {}", known.join(", ")))
    })
}

/// A region: one of the contract's, whose endpoint is known; `any` where the endpoint does not depend on it.
pub(crate) fn region(given: &str, any: bool) -> Result<(), Refusal> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let usable = match any {
        true => (1..=64).contains(&given.len()) && given.bytes().all(word),
        false => DOCUMENT.region(given).is_some(),
    };
    match usable {
        true => Ok(()),
        false => Err(Refusal::value("region", "this is none of the regions whose endpoint is known")),
    }
}

pub(crate) fn project_id(given: &str) -> Result<(), Refusal> {
    check_project_id(given).map_err(|error| Refusal::of_value("project_id", &error))
}

impl Values {
    /// The request that an operation makes of them.
    pub(crate) fn prepare(
        &self,
        operation: &'static Operation,
        any_region: bool,
    ) -> Result<Prepared, Refusal> {
        region(&self.region, any_region)?;
        project_id(&self.project_id)?;
        check_cluster_id(&self.cluster_id).map_err(|error| Refusal::of_value("cluster_id", &error))?;
        let body = match operation.request {
            Some(request) => Some(self.body(operation, &request)?),
            None if self.has_names() || self.everything => {
                return Err(Refusal::value("user_names", format!("{} takes no names", operation.id)));
            }
            None => None,
        };
        Ok(Prepared {
            operation,
            method: match operation.method {
                contract::Method::Post => Method::POST,
                contract::Method::Delete => Method::DELETE,
                _ => Method::GET,
            },
            path: operation.path_with(&[("project_id", &self.project_id), ("cluster_id", &self.cluster_id)]),
            body,
        })
    }

    fn has_names(&self) -> bool {
        !self.user_names.is_empty() || !self.group_names.is_empty()
    }

    /// The body, its fields in the document's order, as the SDK sends it.
    fn body(&self, operation: &Operation, request: &contract::RequestBody) -> Result<String, Refusal> {
        let takes_everything = operation.id == UPDATE_SYNC_IAM_USER.id;
        if self.everything {
            return match (takes_everything, self.has_names()) {
                (true, false) => Ok(r#"{"is_all_sync":true}"#.to_owned()),
                (true, true) => {
                    Err(Refusal::value("is_all_sync", "a request takes names or everything, not both"))
                }
                (false, _) => {
                    Err(Refusal::value("is_all_sync", format!("{} takes names only", operation.id)))
                }
            };
        }
        for (field, names) in [("user_names", &self.user_names), ("group_names", &self.group_names)] {
            let most = request.list(field).and_then(|list| list.max_items).unwrap_or(usize::MAX);
            if names.len() > most {
                let message = format!("{} names are given, a request takes {most}", names.len());
                return Err(Refusal::value(field, message));
            }
            // The document allows them; in what a person types they are a mistake.
            if names.iter().any(|name| name.chars().any(char::is_control)) {
                return Err(Refusal::value(field, "a name has a control character in it"));
            }
            if let Some(name) = twice(names) {
                return Err(Refusal::value(field, format!("{name:?} is named twice")));
            }
        }
        let field = if self.user_names.is_empty() { "group_names" } else { "user_names" };
        Names::builder()
            .users(self.user_names.iter().cloned())
            .groups(self.group_names.iter().cloned())
            .build()
            .map_err(|error| {
                Refusal::of_value(if self.has_names() { field } else { "user_names" }, &error)
            })?;
        let mut body = Map::new();
        if takes_everything {
            body.insert("is_all_sync".to_owned(), false.into());
        }
        for (field, names) in [("group_names", &self.group_names), ("user_names", &self.user_names)] {
            if !names.is_empty() {
                body.insert(field.to_owned(), names.clone().into());
            }
        }
        Ok(Value::Object(body).to_string())
    }
}

fn twice(names: &[String]) -> Option<&String> {
    let mut seen = std::collections::HashSet::with_capacity(names.len());
    names.iter().find(|name| !seen.insert(name.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        let text = |text: &str| text.to_owned();
        Values {
            region: text("cn-north-4"),
            project_id: text("p1"),
            cluster_id: text("c1"),
            ..Values::default()
        }
    }

    fn named(users: &[&str], groups: &[&str]) -> Values {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Values { user_names: owned(users), group_names: owned(groups), ..values() }
    }

    fn prepare(id: &str, values: &Values) -> Result<Prepared, Refusal> {
        values.prepare(operation(id)?, false)
    }

    #[test]
    fn the_documented_requests() {
        let sync = prepare("UpdateSyncIamUser", &named(&["user1", "user2"], &["groups1"])).unwrap();
        assert_eq!((sync.method, sync.path.as_str()), (Method::POST, "/v2/p1/clusters/c1/iam-sync-user"));
        let documented = UPDATE_SYNC_IAM_USER.request.unwrap().examples[0].json;
        assert_eq!(sync.body.as_deref(), Some(documented));
        let everything = Values { everything: true, ..values() };
        let sync = prepare("UpdateSyncIamUser", &everything).unwrap();
        assert_eq!(sync.body.as_deref(), Some(r#"{"is_all_sync":true}"#));
        let cancel = prepare("CancelSyncIamUser", &named(&["a\"b"], &[])).unwrap();
        assert_eq!(cancel.body.as_deref(), Some(r#"{"user_names":["a\"b"]}"#));
        for id in ["ShowSyncIamUser", "ListSyncStatus", "ListSyncRequirements"] {
            let read = prepare(id, &values()).unwrap();
            assert_eq!((read.method, read.body), (Method::GET, None), "{id}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_never_prepared() {
        let many: Vec<String> = (0..1001).map(|number| format!("u{number}")).collect();
        let everything = Values { everything: true, ..named(&["a"], &[]) };
        let of = |change: fn(&mut Values)| {
            let mut values = named(&["a"], &[]);
            change(&mut values);
            values
        };
        for (field, values) in [
            ("user_names", values()),
            ("user_names", named(&[""], &[])),
            ("user_names", named(&["a", "a"], &[])),
            ("user_names", named(&["a\r\nX-Evil: 1"], &[])),
            ("group_names", named(&[], &["g\n"])),
            ("group_names", named(&[], &[&"g".repeat(65)])),
            ("user_names", Values { user_names: many, ..self::values() }),
            ("is_all_sync", everything),
            ("project_id", of(|it| it.project_id = "..".to_owned())),
            ("project_id", of(|it| it.project_id = "p1\r\nX-Evil: 1".to_owned())),
            ("project_id", of(|it| it.project_id = String::new())),
            ("cluster_id", of(|it| it.cluster_id = "a/../b".to_owned())),
            ("cluster_id", of(|it| it.cluster_id = "%2e%2e".to_owned())),
            ("region", of(|it| it.region = "evil.example/".to_owned())),
            ("region", of(|it| it.region = "xx-nowhere-1".to_owned())),
        ] {
            let refusal = prepare("UpdateSyncIamUser", &values).unwrap_err();
            let shown = serde_json::to_value(&refusal).unwrap();
            assert_eq!((refusal.status.as_u16(), &shown["field"]), (400, &field.into()), "{values:?}");
        }
        prepare("ListSyncStatus", &named(&["a"], &[])).unwrap_err();
        prepare("CancelSyncIamUser", &Values { everything: true, ..self::values() }).unwrap_err();
        for id in ["", "listsyncstatus", "ListClusters", "KeystoneListUsers", "../UpdateSyncIamUser"] {
            prepare(id, &self::values()).unwrap_err();
        }
    }

    /// What the contract says of an operation's body.
    fn schema(operation: &Operation) -> Option<jsonschema::Validator> {
        let schema = operation.request?.schema;
        let mut document: Value = serde_json::from_str(DOCUMENT.schemas).unwrap();
        document["$ref"] = format!("#/$defs/{schema}").into();
        Some(jsonschema::validator_for(&document).unwrap())
    }

    fn id() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[A-Za-z0-9]{1,64}", 1 => "[-_A-Za-z0-9]{0,66}", 1 => any::<String>(), 1 => "[./%2eE\\\\?#]{1,9}"]
    }

    fn names() -> impl Strategy<Value = Vec<String>> {
        let name = prop_oneof![4 => "[^\\p{Cc}]{1,64}", 1 => any::<String>(), 1 => Just("twice".to_owned())];
        prop_oneof![1 => Just(Vec::new()), 2 => proptest::collection::vec(name, 0..4)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is typed: it is refused, or the request is one of the operation, by the contract's schema.
        #[test]
        fn what_is_prepared_is_what_the_contract_says(
            which in 0..5_usize, project_id in id(), cluster_id in id(), everything: bool,
            user_names in names(), group_names in names(),
        ) {
            let operation = &DOCUMENT.operations[which];
            let values = Values {
                project_id, cluster_id, everything, user_names, group_names, ..self::values()
            };
            if let Ok(prepared) = values.prepare(operation, false) {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte);
                prop_assert!(prepared.path.bytes().all(plain) && !prepared.path.contains(".."), "{}", prepared.path);
                prop_assert!(operation.matches(prepared.method.as_str(), &prepared.path), "{}", prepared.path);
                let body = prepared.body.map(|body| serde_json::from_str::<Value>(&body).unwrap());
                match (schema(operation), body) {
                    (Some(schema), Some(body)) => prop_assert!(schema.is_valid(&body), "{body}"),
                    (None, None) => {}
                    (_, body) => prop_assert!(false, "{body:?}"),
                }
            }
        }
    }

    #[test]
    fn an_endpoint_of_ones_own_takes_any_region_that_is_a_word() {
        region("tr-central-201", true).unwrap();
        region("tr-central-201", false).unwrap_err();
        region("a b", true).unwrap_err();
        region("", true).unwrap_err();
    }
}
