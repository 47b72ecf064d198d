//! Regions and their endpoints.

use crate::Document;

/// A region in which a document's servers exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Region {
    /// Region id, `cn-north-4` for example.
    pub id: &'static str,
    /// Base URL without a trailing slash.
    pub endpoint: &'static str,
}

impl Document {
    /// Finds a region by its id.
    ///
    /// ```
    /// let document = mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
    /// let region = document.region("eu-west-101").unwrap();
    /// assert_eq!(region.endpoint, "https://mrs.eu-west-101.myhuaweicloud.eu");
    /// ```
    pub fn region(&self, id: &str) -> Option<&'static Region> {
        self.regions.iter().find(|region| region.id == id)
    }
}

/// The region ids nearest to one that is not known, best first, at most three.
///
/// ```
/// let document = mrs_iam_sync_contract::iam_sync_user::DOCUMENT;
/// let nearest = mrs_iam_sync_contract::nearest_regions(document, "cn-nroth-4");
/// assert_eq!(nearest[0], "cn-north-4");
/// ```
pub fn nearest_regions(document: &Document, id: &str) -> Vec<&'static str> {
    let mut near: Vec<(usize, &'static str)> = document
        .regions
        .iter()
        .map(|region| (strsim::damerau_levenshtein(id, region.id), region.id))
        .filter(|(distance, _)| *distance <= 4)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}
