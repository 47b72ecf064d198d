//! From method and path to an operation.

use http::Method;
use mrs_iam_sync_contract::{Operation, PathParameter, RequestBody, iam_sync_user as api};

use crate::mrs::{self, Handler};
use crate::{clusters, iam};

/// The operations that are answered: the contract's, and those by which ids are found.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint::of(&api::UPDATE_SYNC_IAM_USER, mrs::update_sync_iam_user),
    Endpoint::of(&api::SHOW_SYNC_IAM_USER, mrs::show_sync_iam_user),
    Endpoint::of(&api::CANCEL_SYNC_IAM_USER, mrs::cancel_sync_iam_user),
    Endpoint::of(&api::LIST_SYNC_STATUS, mrs::list_sync_status),
    Endpoint::of(&api::LIST_SYNC_REQUIREMENTS, mrs::list_sync_requirements),
    Endpoint::mrs("ListClusters", "/v1.1/{project_id}/cluster_infos", clusters::list_clusters)
        .with_query(clusters::LIST_QUERY),
    Endpoint::mrs(
        "ShowClusterDetails",
        "/v1.1/{project_id}/cluster_infos/{cluster_id}",
        clusters::show_cluster_details,
    ),
    Endpoint::iam("KeystoneCreateUserTokenByPassword", "/v3/auth/tokens", iam::create_token)
        .without_credentials("POST", 201)
        .with_query(&["nocatalog"]),
    Endpoint::iam("KeystoneListProjects", "/v3/projects", iam::list_projects).with_query(&[
        "domain_id",
        "enabled",
        "name",
        "page",
        "parent_id",
        "per_page",
    ]),
    Endpoint::iam("KeystoneListUsers", "/v3/users", iam::list_users).with_query(&[
        "domain_id",
        "enabled",
        "name",
    ]),
    Endpoint::iam("KeystoneListGroups", "/v3/groups", iam::list_groups).with_query(&["domain_id", "name"]),
    Endpoint::iam("KeystoneListGroupsForUser", "/v3/users/{user_id}/groups", iam::list_groups_for_user),
    Endpoint::iam(
        "KeystoneListUsersForGroupByAdmin",
        "/v3/groups/{group_id}/users",
        iam::list_users_for_group,
    ),
];

/// Who answers behind the gateway, which decides the form of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Mrs,
    Iam,
}

/// An operation with what answers it.
pub(crate) struct Endpoint {
    pub(crate) id: &'static str,
    method: &'static str,
    path: &'static str,
    pub(crate) service: Service,
    pub(crate) authenticated: bool,
    pub(crate) success: u16,
    /// Requests a minute, where there is a quota.
    pub(crate) per_minute: Option<u32>,
    pub(crate) request: Option<RequestBody>,
    /// Parameters that the query may have.
    pub(crate) query: &'static [&'static str],
    /// Whose rules the parameters of the path obey; those that are not among them have none.
    parameters: &'static [PathParameter],
    pub(crate) handler: Handler,
}

impl Endpoint {
    /// An operation of MRS that the contract has.
    const fn of(operation: &'static Operation, handler: Handler) -> Self {
        Self {
            id: operation.id,
            method: operation.method.as_str(),
            path: operation.path,
            service: Service::Mrs,
            authenticated: operation.authenticated,
            success: operation.success,
            per_minute: Some(operation.rate_limit.per_minute),
            request: operation.request,
            query: &[],
            parameters: operation.path_parameters,
            handler,
        }
    }

    /// A read of MRS that the contract does not have; project and cluster ids are the same there.
    const fn mrs(id: &'static str, path: &'static str, handler: Handler) -> Self {
        let like = &api::SHOW_SYNC_IAM_USER;
        Self { id, path, handler, ..Self::of(like, handler) }
    }

    /// A read of IAM, which has no quota.
    const fn iam(id: &'static str, path: &'static str, handler: Handler) -> Self {
        Self { service: Service::Iam, per_minute: None, parameters: &[], ..Self::mrs(id, path, handler) }
    }

    const fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn without_credentials(self, method: &'static str, success: u16) -> Self {
        Self { method, success, authenticated: false, ..self }
    }

    /// The component that holds the rule of a path parameter.
    pub(crate) fn component(&self, parameter: &str) -> Option<&'static str> {
        self.parameters.iter().find(|known| known.name == parameter).map(|known| known.component)
    }

    /// Whether it is one of the two that older services lack.
    pub(crate) fn is_status_operation(&self) -> bool {
        [api::LIST_SYNC_STATUS.id, api::LIST_SYNC_REQUIREMENTS.id].contains(&self.id)
    }
}

/// What a request asks for.
pub(crate) struct Route {
    pub(crate) endpoint: &'static Endpoint,
    /// The path's parameters, percent-decoded, in its order.
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Route {
    /// The value of a path parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Finds the operation of a method and a path as it stands on the wire.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    let segments: Vec<String> = path.split('/').map(decoded).collect();
    ENDPOINTS.iter().filter(|endpoint| endpoint.method == method.as_str()).find_map(|endpoint| {
        let parameters = matched(endpoint.path, &segments)?;
        Some(Route { endpoint, parameters })
    })
}

fn matched(path: &'static str, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
    let mut parameters = Vec::new();
    let mut template = path.split('/');
    for segment in segments {
        let part = template.next()?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            // An empty parameter would be another path.
            Some(_) if segment.is_empty() => return None,
            Some(name) => parameters.push((name, segment.clone())),
            None if part != segment => return None,
            None => {}
        }
    }
    template.next().is_none().then_some(parameters)
}

/// Whether there is an operation of that id.
pub(crate) fn is_operation(id: &str) -> bool {
    ENDPOINTS.iter().any(|endpoint| endpoint.id == id)
}

/// Percent-decoded. What is no UTF-8 becomes U+FFFD, which no rule of a path parameter admits.
pub(crate) fn decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let digit = |place: usize| bytes.get(place).and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        match (byte, digit(place + 1), digit(place + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high * 16 + low) as u8);
                place += 3;
            }
            _ => {
                plain.push(byte);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_document_is_answered() {
        for operation in api::DOCUMENT.operations {
            let path = operation.path_with(&[("project_id", "p"), ("cluster_id", "c")]);
            let method = operation.method.as_str().parse().unwrap();
            let route = route(&method, &path).unwrap_or_else(|| panic!("{} is not answered", operation.id));
            assert_eq!(route.endpoint.id, operation.id);
            let components = operation.path_parameters.iter().map(|parameter| Some(parameter.component));
            assert!(components.eq(["project_id", "cluster_id"].map(|name| route.endpoint.component(name))));
            assert_eq!((route.parameter("project_id"), route.parameter("cluster_id")), ("p", "c"));
        }
    }

    #[test]
    fn so_are_those_by_which_ids_are_found() {
        for (method, path, id, parameter) in [
            (Method::GET, "/v1.1/p/cluster_infos", "ListClusters", "project_id"),
            (Method::GET, "/v1.1/x/cluster_infos/p", "ShowClusterDetails", "cluster_id"),
            (Method::POST, "/v3/auth/tokens", "KeystoneCreateUserTokenByPassword", ""),
            (Method::GET, "/v3/users/p/groups", "KeystoneListGroupsForUser", "user_id"),
            (Method::GET, "/v3/groups/p/users", "KeystoneListUsersForGroupByAdmin", "group_id"),
        ] {
            let route = route(&method, path).unwrap_or_else(|| panic!("{path} is not answered"));
            assert_eq!(route.endpoint.id, id);
            assert_eq!(route.parameter(parameter), if parameter.is_empty() { "" } else { "p" });
        }
        assert!(route(&Method::GET, "/v3/auth/tokens").is_none());
    }

    #[test]
    fn neighbours_are_not() {
        for path in [
            "",
            "/",
            "*",
            "/v2/p/clusters/c",
            "/v2/p/clusters/c/iam-sync/",
            "/v2/p/clusters/c/iam-sync-user/x",
            "/v2/p/clusters//iam-sync",
            "//v2/p/clusters/c/iam-sync",
            "v2/p/clusters/c/iam-sync",
            "/V2/p/clusters/c/iam-sync",
            "/v2/p/clusters/c/d/iam-sync",
        ] {
            assert!(route(&Method::GET, path).is_none(), "{path}");
        }
        assert!(route(&Method::PUT, "/v2/p/clusters/c/iam-sync-user").is_none());
        assert!(route(&Method::HEAD, "/v2/p/clusters/c/iam-sync").is_none());
    }

    #[test]
    fn parameters_are_decoded_after_the_path_was_split() {
        for (segment, expected) in
            [("a%2Fb", "a/b"), ("%41", "A"), ("%", "%"), ("%4", "%4"), ("%FF", "\u{fffd}")]
        {
            let route = route(&Method::GET, &format!("/v2/p/clusters/{segment}/iam%2Dsync")).unwrap();
            assert_eq!(route.parameter("cluster_id"), expected);
        }
    }
}
