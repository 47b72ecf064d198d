//! From method and path to an operation of the contract.

use http::Method;
use mrs_iam_sync_contract::{Operation, PathParameter, iam_sync_user as api};

use crate::mrs::{self, Handler};

/// The operations that are answered, each with what answers it.
const OPERATIONS: &[(&Operation, Handler)] = &[
    (&api::UPDATE_SYNC_IAM_USER, mrs::update_sync_iam_user),
    (&api::SHOW_SYNC_IAM_USER, mrs::show_sync_iam_user),
    (&api::CANCEL_SYNC_IAM_USER, mrs::cancel_sync_iam_user),
    (&api::LIST_SYNC_STATUS, mrs::list_sync_status),
    (&api::LIST_SYNC_REQUIREMENTS, mrs::list_sync_requirements),
];

/// What a request asks for.
pub(crate) struct Route {
    pub(crate) operation: &'static Operation,
    pub(crate) handler: Handler,
    /// The path's parameters, percent-decoded, in the order of the operation's.
    pub(crate) parameters: Vec<(&'static PathParameter, String)>,
}

impl Route {
    /// The value of a path parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| known.name == name).map_or("", |(_, value)| value)
    }
}

/// Finds the operation of a method and a path as it stands on the wire.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    let segments: Vec<String> = path.split('/').map(decoded).collect();
    OPERATIONS.iter().filter(|(operation, _)| operation.method.as_str() == method.as_str()).find_map(
        |(operation, handler)| {
            let parameters = matched(operation, &segments)?;
            Some(Route { operation, handler: *handler, parameters })
        },
    )
}

fn matched(
    operation: &'static Operation,
    segments: &[String],
) -> Option<Vec<(&'static PathParameter, String)>> {
    let mut parameters = Vec::with_capacity(operation.path_parameters.len());
    let mut template = operation.path.split('/');
    for segment in segments {
        let part = template.next()?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            // An empty parameter would be another path.
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                let parameter = operation.path_parameters.iter().find(|parameter| parameter.name == name)?;
                parameters.push((parameter, segment.clone()));
            }
            None if part != segment => return None,
            None => {}
        }
    }
    template.next().is_none().then_some(parameters)
}

/// Percent-decoded. What is no UTF-8 becomes U+FFFD, which no rule of a path parameter admits.
fn decoded(segment: &str) -> String {
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
            assert_eq!(route.operation.id, operation.id);
            assert_eq!((route.parameter("project_id"), route.parameter("cluster_id")), ("p", "c"));
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
