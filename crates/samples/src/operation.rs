//! The operations, as far as samples need them. The tests compare them with the contract.

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) method: &'static str,
    /// What the path has after that of the cluster.
    pub(crate) resource: &'static str,
    pub(crate) kind: Kind,
}

/// What an operation takes and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Takes names, or everything; answers a state.
    Update,
    /// Takes names; answers a state.
    Cancel,
    /// Takes nothing; answers names.
    Names,
    /// Takes nothing; answers this field, a boolean.
    Flag(&'static str),
}

pub(crate) static OPERATIONS: [Operation; 5] = [
    Operation {
        id: "UpdateSyncIamUser",
        summary: "Synchronize IAM users and user groups to Manager",
        method: "POST",
        resource: "iam-sync-user",
        kind: Kind::Update,
    },
    Operation {
        id: "ShowSyncIamUser",
        summary: "List the users and user groups that are on Manager",
        method: "GET",
        resource: "iam-sync-user",
        kind: Kind::Names,
    },
    Operation {
        id: "CancelSyncIamUser",
        summary: "Remove users and user groups from Manager",
        method: "DELETE",
        resource: "iam-sync-user",
        kind: Kind::Cancel,
    },
    Operation {
        id: "ListSyncStatus",
        summary: "Tell whether a synchronization is running",
        method: "GET",
        resource: "iam-sync",
        kind: Kind::Flag("is_synchronizing"),
    },
    Operation {
        id: "ListSyncRequirements",
        summary: "Tell whether the cluster is in line with IAM",
        method: "GET",
        resource: "iam-sync/is-synchronous",
        kind: Kind::Flag("is_synchronous"),
    },
];

impl Operation {
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.id == id)
    }

    pub(crate) fn is_write(&self) -> bool {
        matches!(self.kind, Kind::Update | Kind::Cancel)
    }
}

/// The operationIds that there are samples for, in the document's order.
pub fn operation_ids() -> impl ExactSizeIterator<Item = &'static str> + Clone {
    OPERATIONS.iter().map(|operation| operation.id)
}

/// The same for a message.
pub(crate) fn list() -> String {
    operation_ids().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use mrs_iam_sync_contract::iam_sync_user::DOCUMENT;

    use super::*;
    use crate::values::{REGIONS, Values, region_endpoint};

    #[test]
    fn operations_are_those_of_the_document() {
        assert!(operation_ids().eq(DOCUMENT.operations.iter().map(|operation| operation.id)));
        for (ours, theirs) in OPERATIONS.iter().zip(DOCUMENT.operations) {
            let path = format!("/v2/{{project_id}}/clusters/{{cluster_id}}/{}", ours.resource);
            assert_eq!(
                (ours.summary, ours.method, path.as_str()),
                (theirs.summary, theirs.method.as_str(), theirs.path)
            );
            assert_eq!(ours.is_write(), theirs.is_write());
            let body = theirs.request.map(|request| request.schema);
            let answer: serde_json::Value = theirs
                .response_examples
                .iter()
                .find(|example| example.schema == theirs.response_schema)
                .map(|example| serde_json::from_str(example.json).unwrap())
                .unwrap();
            match ours.kind {
                Kind::Update => assert_eq!(body, Some("UpdateSyncRequest")),
                Kind::Cancel => assert_eq!(body, Some("CancelSyncRequest")),
                Kind::Names => assert!(answer["user_names"].is_array() && answer["group_names"].is_array()),
                Kind::Flag(field) => assert!(answer[field].is_boolean()),
            }
        }
    }

    #[test]
    fn regions_are_those_of_the_document() {
        let mut ours: Vec<&str> = REGIONS.iter().flat_map(|(_, regions)| regions.iter().copied()).collect();
        ours.sort_unstable();
        assert!(ours.iter().copied().eq(DOCUMENT.regions.iter().map(|region| region.id)));
        for region in DOCUMENT.regions {
            assert_eq!(region_endpoint(region.id).as_deref(), Some(region.endpoint));
        }
    }

    /// Examples and limits, too.
    #[test]
    fn values_are_those_of_the_document() {
        for operation in DOCUMENT.operations {
            let values = Values::example(operation.id).unwrap();
            for parameter in operation.path_parameters {
                let ours =
                    if parameter.name == "project_id" { &values.project_id } else { &values.cluster_id };
                assert_eq!(Some(ours.as_str()), parameter.example);
                let rule = DOCUMENT.rule(parameter.component).unwrap();
                assert_eq!((rule.min_length, rule.max_length), (Some(1), Some(64)));
            }
            let Some(request) = operation.request else { continue };
            let example = request.examples.iter().find(|example| example.name == "documented").unwrap();
            let example: serde_json::Value = serde_json::from_str(example.json).unwrap();
            assert_eq!(example["user_names"], serde_json::json!(values.user_names));
            assert_eq!(example["group_names"], serde_json::json!(values.group_names));
            for list in request.lists {
                assert_eq!((list.max_items, list.unique), (Some(1000), true));
                let rule = DOCUMENT.rule(list.component).unwrap();
                assert_eq!((rule.min_length, rule.max_length, rule.pattern), (Some(1), Some(64), None));
            }
        }
    }
}
