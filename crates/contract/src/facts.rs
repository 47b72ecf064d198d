//! What the generated facts are made of.

use crate::{ErrorCode, Region, StatusCode};

/// One OpenAPI document and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// File name without its ending, `iam-sync-user` for example.
    pub name: &'static str,
    /// `info.version`; ends in `-dev` between releases.
    pub version: &'static str,
    /// SHA-256 of the document as maintained by hand, in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// The whole document as JSON.
    pub json: &'static str,
    /// Its component schemas as one JSON Schema 2020-12 text with a `$defs` entry for each.
    pub schemas: &'static str,
    /// Its operations, in the document's order.
    pub operations: &'static [Operation],
    /// The rules that text values of requests obey, one for each constrained component.
    pub rules: &'static [StringRule],
    /// Error codes that the operations may answer with; empty in a document that leaves them to `iam-sync-user`.
    pub error_codes: &'static [ErrorCode],
    /// HTTP statuses in general; empty as above.
    pub status_codes: &'static [StatusCode],
    /// Servers as templates.
    pub servers: &'static [Server],
    /// Regions with their endpoints, in alphabetical order.
    pub regions: &'static [Region],
}

impl Document {
    /// Finds an operation by the name that the generated client uses for it, `update_sync_iam_user` for example.
    pub fn operation_by_rust_name(&self, rust_name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.rust_name == rust_name)
    }

    /// The endpoint that serves every region without one of its own: the first server without variables.
    ///
    /// ```
    /// use mrs_iam_sync_contract::{iam, iam_sync_user};
    ///
    /// assert_eq!(iam::DOCUMENT.default_endpoint(), Some("https://iam.myhuaweicloud.com"));
    /// assert_eq!(iam_sync_user::DOCUMENT.default_endpoint(), None);
    /// ```
    pub fn default_endpoint(&self) -> Option<&'static str> {
        self.servers.iter().map(|server| server.template).find(|template| !template.contains('{'))
    }

    /// Finds the rule of a text component, `ClusterId` for example.
    pub fn rule(&self, component: &str) -> Option<&'static StringRule> {
        self.rules.iter().find(|rule| rule.name == component)
    }
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// operationId, the name that the official SDKs use.
    pub id: &'static str,
    /// The name of its method in the generated client.
    pub rust_name: &'static str,
    /// Other official names of the same operation.
    pub aliases: &'static [&'static str],
    /// HTTP method.
    pub method: Method,
    /// Path template with its parameters in braces.
    pub path: &'static str,
    /// One line that says what it does.
    pub summary: &'static str,
    /// The documentation page it comes from.
    pub documentation: &'static str,
    /// Whether the request must carry credentials.
    pub authenticated: bool,
    /// Whether sending the same request twice does no harm. Reads are; for writes the document says so.
    pub idempotent: bool,
    /// How often a tenant may call it.
    pub rate_limit: RateLimit,
    /// Parameters of the path, in its order.
    pub path_parameters: &'static [PathParameter],
    /// Parameters of the query, in the document's order.
    pub query_parameters: &'static [QueryParameter],
    /// The JSON body of the request, where it has one.
    pub request: Option<RequestBody>,
    /// The one status that means success.
    pub success: u16,
    /// Component schema of the answer on success.
    pub response_schema: &'static str,
    /// Documented answers: of success, and of errors with the status range they stand under.
    pub response_examples: &'static [ResponseExample],
}

impl Operation {
    /// Fills the path template.
    ///
    /// Values are put in as they are: check them against the rules of [`Operation::path_parameters`] first.
    /// A parameter without a value stays in braces.
    ///
    /// ```
    /// # let operation = mrs_iam_sync_contract::operation("ListSyncStatus").unwrap();
    /// let path = operation.path_with(&[("project_id", "p1"), ("cluster_id", "c1")]);
    /// assert_eq!(path, "/v2/p1/clusters/c1/iam-sync");
    /// ```
    pub fn path_with(&self, values: &[(&str, &str)]) -> String {
        values
            .iter()
            .fold(self.path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    }

    /// Whether a request is one of this operation: its method, and its path as it is sent, without a query.
    ///
    /// A parameter stands for one segment, whatever is in it but nothing. The path is not decoded, so that an encoded
    /// slash in a value is part of its segment.
    ///
    /// ```
    /// # let operation = mrs_iam_sync_contract::operation("ListSyncStatus").unwrap();
    /// assert!(operation.matches("GET", "/v2/p1/clusters/c1/iam-sync"));
    /// assert!(!operation.matches("GET", "/v2/p1/clusters/c1/iam-sync-user"));
    /// ```
    pub fn matches(&self, method: &str, path: &str) -> bool {
        let (wanted, given) = (self.path.split('/'), path.split('/'));
        method == self.method.as_str()
            && wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| match wanted.starts_with('{') {
                true => !given.is_empty(),
                false => wanted == given,
            })
    }

    /// Whether it changes something.
    pub fn is_write(&self) -> bool {
        self.method != Method::Get
    }
}

/// HTTP method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// DELETE, which may have a JSON body in this API.
    Delete,
    /// GET.
    Get,
    /// POST.
    Post,
}

impl Method {
    /// The method as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How often a tenant may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests in a minute.
    pub per_minute: u32,
    /// Where the figure comes from.
    pub source: Source,
}

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// From the published documentation.
    Documented,
    /// An assumption of this project, as the documentation is silent.
    Assumed,
}

/// A parameter of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathParameter {
    /// Its name in the template.
    pub name: &'static str,
    /// The component that holds its rule, `ClusterId` for example.
    pub component: &'static str,
    /// The documented example.
    pub example: Option<&'static str>,
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryParameter {
    /// Its name in the query.
    pub name: &'static str,
    /// The component that holds its rule, `PageSize` for example.
    pub component: &'static str,
    /// Whether each request must have it.
    pub required: bool,
    /// What it means.
    pub description: &'static str,
    /// The documented example.
    pub example: Option<&'static str>,
}

/// The JSON body of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestBody {
    /// Content type as the official SDKs define it.
    pub content_type: &'static str,
    /// Component schema of the body.
    pub schema: &'static str,
    /// Limits of its lists, which the generated types do not enforce.
    pub lists: &'static [ListLimit],
    /// Documented requests.
    pub examples: &'static [RequestExample],
}

impl RequestBody {
    /// Finds the limits of a list field.
    pub fn list(&self, field: &str) -> Option<&'static ListLimit> {
        self.lists.iter().find(|list| list.field == field)
    }
}

/// Limits of a list of names in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListLimit {
    /// The field, `user_names` for example.
    pub field: &'static str,
    /// The component of its entries, `UserName` for example.
    pub component: &'static str,
    /// Most entries a request may have.
    pub max_items: Option<usize>,
    /// Whether an entry may occur once only.
    pub unique: bool,
}

/// The rule of a text value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StringRule {
    /// The component, `ClusterId` for example.
    pub name: &'static str,
    /// Fewest characters (Unicode scalar values).
    pub min_length: Option<usize>,
    /// Most characters (Unicode scalar values).
    pub max_length: Option<usize>,
    /// Regular expression (ECMAScript) that the whole value matches.
    pub pattern: Option<&'static str>,
    /// The rule in words.
    pub words: &'static str,
}

/// A documented request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestExample {
    /// Its key in the document.
    pub name: &'static str,
    /// The body as compact JSON, fields in the document's order.
    pub json: &'static str,
}

/// A documented answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseExample {
    /// The status or range it stands under: `202`, `4XX`.
    pub status: &'static str,
    /// Its key in the document.
    pub name: &'static str,
    /// The component schema it belongs to.
    pub schema: &'static str,
    /// The body as compact JSON, fields in the document's order.
    pub json: &'static str,
}

/// A server of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// URL with its variables in braces.
    pub template: &'static str,
    /// What it serves.
    pub description: &'static str,
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_request_is_one_of_one_operation() {
        let all = || crate::DOCUMENTS.iter().flat_map(|document| document.operations);
        for operation in all() {
            let values: Vec<_> =
                operation.path_parameters.iter().map(|parameter| (parameter.name, "a%2Fb.c")).collect();
            let path = operation.path_with(&values);
            let found: Vec<_> =
                all().filter(|other| other.matches(operation.method.as_str(), &path)).collect();
            assert_eq!(found, [operation], "{path}");
        }
    }

    #[test]
    fn what_is_no_request_of_an_operation() {
        let operation = &crate::mrs_clusters::SHOW_CLUSTER_DETAILS;
        for (method, path) in [
            ("POST", "/v1.1/p/cluster_infos/c"),
            ("get", "/v1.1/p/cluster_infos/c"),
            ("GET", "/v1.1/p/cluster_infos/"),
            ("GET", "/v1.1//cluster_infos/c"),
            ("GET", "/v1.1/p/cluster_infos/c/"),
            ("GET", "/v1.1/p/cluster_infos"),
            ("GET", "v1.1/p/cluster_infos/c"),
            ("GET", "/V1.1/p/cluster_infos/c"),
            ("GET", ""),
        ] {
            assert!(!operation.matches(method, path), "{method} {path}");
        }
    }

    /// An endpoint with a variable left in it would be no URL.
    #[test]
    fn endpoints_are_whole() {
        for document in crate::DOCUMENTS {
            let endpoints =
                document.regions.iter().map(|region| region.endpoint).chain(document.default_endpoint());
            for endpoint in endpoints {
                assert!(endpoint.starts_with("https://") && !endpoint.contains(['{', '}']), "{endpoint}");
                assert!(!endpoint.ends_with('/'), "{endpoint}");
            }
        }
    }
}
