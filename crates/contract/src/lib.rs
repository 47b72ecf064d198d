#![doc = include_str!("../README.md")]

mod codes;
mod facts;
#[rustfmt::skip]
mod generated;
mod regions;

pub use codes::{ErrorCode, Kind, StatusCode};
pub use facts::{
    Document, ListLimit, Method, Operation, PathParameter, QueryParameter, RateLimit, RequestBody,
    RequestExample, ResponseExample, Server, Source, StringRule,
};
pub use generated::{iam, iam_sync_user, mrs_clusters};
pub use regions::{Region, nearest_regions};

/// Every document of the contract, in the order of their files' names.
pub const DOCUMENTS: &[&Document] = generated::DOCUMENTS;

/// Finds an operation of any document by its operationId, or by another official name of it.
///
/// ```
/// let operation = mrs_iam_sync_contract::operation("ListClusterSyncTaskStatus").unwrap();
/// assert_eq!(operation.id, "ListSyncStatus");
/// ```
pub fn operation(name: &str) -> Option<&'static Operation> {
    DOCUMENTS
        .iter()
        .flat_map(|document| document.operations)
        .find(|operation| operation.id == name || operation.aliases.contains(&name))
}
