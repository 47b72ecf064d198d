//! From method and path to an operation.

use http::Method;
use mrs_iam_sync_contract::{
    Document, Operation, Source, iam as iam_api, iam_sync_user as api, mrs_clusters as clusters_api,
};

use crate::mrs::{self, Handler};
use crate::{clusters, iam};

/// What answers each operation of the contract. An operation that a document lacks cannot stand here, and one that
/// lacks here fails a test.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint::mrs(api::DOCUMENT, &api::UPDATE_SYNC_IAM_USER, mrs::update_sync_iam_user),
    Endpoint::mrs(api::DOCUMENT, &api::SHOW_SYNC_IAM_USER, mrs::show_sync_iam_user),
    Endpoint::mrs(api::DOCUMENT, &api::CANCEL_SYNC_IAM_USER, mrs::cancel_sync_iam_user),
    Endpoint::mrs(api::DOCUMENT, &api::LIST_SYNC_STATUS, mrs::list_sync_status),
    Endpoint::mrs(api::DOCUMENT, &api::LIST_SYNC_REQUIREMENTS, mrs::list_sync_requirements),
    Endpoint::mrs(clusters_api::DOCUMENT, &clusters_api::LIST_CLUSTERS, clusters::list_clusters)
        .taking(&["enterpriseProjectId"]),
    Endpoint::mrs(
        clusters_api::DOCUMENT,
        &clusters_api::SHOW_CLUSTER_DETAILS,
        clusters::show_cluster_details,
    ),
    Endpoint::iam(&iam_api::KEYSTONE_CREATE_USER_TOKEN_BY_PASSWORD, iam::create_token),
    Endpoint::iam(&iam_api::KEYSTONE_LIST_PROJECTS, iam::list_projects).taking(&[
        "domain_id",
        "enabled",
        "page",
        "parent_id",
        "per_page",
    ]),
    Endpoint::iam(&iam_api::KEYSTONE_LIST_USERS, iam::list_users).taking(&["domain_id", "enabled"]),
    Endpoint::iam(&iam_api::KEYSTONE_LIST_GROUPS, iam::list_groups).taking(&["domain_id"]),
    Endpoint::iam(&iam_api::KEYSTONE_LIST_GROUPS_FOR_USER, iam::list_groups_for_user),
    Endpoint::iam(&iam_api::KEYSTONE_LIST_USERS_FOR_GROUP_BY_ADMIN, iam::list_users_for_group),
];

/// Who answers behind the gateway, which decides the form of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Mrs,
    Iam,
}

/// An operation with what answers it.
pub(crate) struct Endpoint {
    pub(crate) document: &'static Document,
    pub(crate) operation: &'static Operation,
    pub(crate) service: Service,
    /// Parameters of the query that the service's pages have and our documents leave out.
    also: &'static [&'static str],
    pub(crate) handler: Handler,
}

impl Endpoint {
    const fn mrs(document: &'static Document, operation: &'static Operation, handler: Handler) -> Self {
        Self { document, operation, service: Service::Mrs, also: &[], handler }
    }

    const fn iam(operation: &'static Operation, handler: Handler) -> Self {
        Self { service: Service::Iam, ..Self::mrs(iam_api::DOCUMENT, operation, handler) }
    }

    const fn taking(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }

    /// The component that holds the rule of a path parameter.
    pub(crate) fn component(&self, parameter: &str) -> Option<&'static str> {
        self.operation
            .path_parameters
            .iter()
            .find(|known| known.name == parameter)
            .map(|known| known.component)
    }

    /// The parameters that the query may have, those of the document with the component that holds their rule.
    pub(crate) fn query(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let documented =
            self.operation.query_parameters.iter().map(|known| (known.name, Some(known.component)));
        documented.chain(self.also.iter().map(|name| (*name, None)))
    }

    /// Requests a minute, where there is a quota. Of IAM nothing is documented.
    pub(crate) fn per_minute(&self) -> Option<u32> {
        let limit = self.operation.rate_limit;
        (self.service == Service::Mrs || limit.source == Source::Documented).then_some(limit.per_minute)
    }

    /// Whether it is one of the two that older services lack.
    pub(crate) fn is_status_operation(&self) -> bool {
        [api::LIST_SYNC_STATUS.id, api::LIST_SYNC_REQUIREMENTS.id].contains(&self.operation.id)
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
    ENDPOINTS.iter().filter(|endpoint| endpoint.operation.method.as_str() == method.as_str()).find_map(
        |endpoint| {
            let parameters = matched(endpoint.operation.path, &segments)?;
            Some(Route { endpoint, parameters })
        },
    )
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
    ENDPOINTS.iter().any(|endpoint| endpoint.operation.id == id)
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
    use mrs_iam_sync_contract::DOCUMENTS;

    use super::*;

    #[test]
    fn every_operation_of_every_document_is_answered() {
        let mut answered = 0;
        for (document, operation) in DOCUMENTS
            .iter()
            .flat_map(|document| document.operations.iter().map(move |known| (document, known)))
        {
            let names: Vec<_> =
                operation.path_parameters.iter().map(|known| (known.name, known.name)).collect();
            let method = operation.method.as_str().parse().unwrap();
            let route = route(&method, &operation.path_with(&names))
                .unwrap_or_else(|| panic!("{} is not answered", operation.id));
            assert_eq!((route.endpoint.operation, route.endpoint.document), (operation, *document));
            for known in operation.path_parameters {
                assert_eq!(route.endpoint.component(known.name), Some(known.component));
                assert_eq!(route.parameter(known.name), known.name);
            }
            answered += 1;
        }
        assert_eq!(ENDPOINTS.len(), answered, "one for each");
    }

    #[test]
    fn what_is_taken_beyond_a_document_is_not_in_it() {
        for endpoint in ENDPOINTS {
            let names: Vec<_> = endpoint.query().map(|(name, _)| name).collect();
            let unique: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(names.len(), unique.len(), "{}", endpoint.operation.id);
        }
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
