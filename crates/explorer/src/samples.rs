//! Code samples for the values of the form.

use mrs_iam_sync_contract::Operation;
use mrs_iam_sync_contract::iam_sync_user::UPDATE_SYNC_IAM_USER;
use mrs_iam_sync_samples::{Language, SampleError, Values as SampleValues, archive, render};
use serde::Serialize;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::values::Values;

/// A sample, and what is said beside it.
#[derive(Debug, Serialize)]
pub(crate) struct Sample {
    code: String,
    file: &'static str,
    /// Values that were not given: something stands in their place.
    placeholders: Vec<&'static str>,
    /// Whether the endpoint of the explorer had to be left out.
    without_endpoint: bool,
}

/// The languages, for the page's tabs.
pub(crate) fn languages() -> Value {
    let shown = Language::ALL.iter().map(|language| {
        json!({
            "slug": language.slug(),
            "title": language.title(),
            "executed": language.is_executed(),
        })
    });
    shown.collect()
}

fn language(slug: &str) -> Result<Language, Refusal> {
    Language::from_slug(slug).ok_or_else(|| Refusal::value("language", "there are no samples in it"))
}

/// A sample of the values as far as they are given.
pub(crate) fn sample(
    slug: &str,
    operation: &Operation,
    values: &Values,
    endpoint: Option<&str>,
) -> Result<Sample, Refusal> {
    let language = language(slug)?;
    let (filled, placeholders) = filled(operation, values);
    let (code, without_endpoint) =
        with_or_without(filled, endpoint, |values| render(language, operation.id, values))?;
    Ok(Sample { code, file: language.main_file(), placeholders, without_endpoint })
}

/// The folder of such a sample as a .zip, and its name.
pub(crate) fn folder(
    slug: &str,
    operation: &Operation,
    values: &Values,
    endpoint: Option<&str>,
) -> Result<(String, Vec<u8>), Refusal> {
    let language = language(slug)?;
    let (filled, _) = filled(operation, values);
    let (bytes, _) = with_or_without(filled, endpoint, |values| archive(language, operation.id, values))?;
    Ok((format!("{}-{}.zip", operation.id, language.slug()), bytes))
}

/// With the explorer's own endpoint, but for a language that cannot be given one.
fn with_or_without<T>(
    values: SampleValues,
    endpoint: Option<&str>,
    make: impl Fn(&SampleValues) -> Result<T, SampleError>,
) -> Result<(T, bool), Refusal> {
    let Some(endpoint) = endpoint else {
        return Ok((make(&values).map_err(refused)?, false));
    };
    match make(&values.clone().with_endpoint(endpoint)) {
        Err(SampleError::Endpoint(_)) => Ok((make(&values).map_err(refused)?, true)),
        made => Ok((made.map_err(refused)?, false)),
    }
}

fn refused(error: SampleError) -> Refusal {
    let field = match &error {
        SampleError::Value { field, .. } => field,
        _ => "operation_id",
    };
    Refusal::value(field, error.to_string())
}

/// The values, with something in place of those that are missing.
fn filled(operation: &Operation, values: &Values) -> (SampleValues, Vec<&'static str>) {
    let mut placeholders = Vec::new();
    let mut or = |field: &'static str, value: &str, placeholder: &str| match value {
        "" => {
            placeholders.push(field);
            placeholder.to_owned()
        }
        value => value.to_owned(),
    };
    let mut filled = SampleValues::new(
        or("region", &values.region, "cn-north-4"),
        or("project_id", &values.project_id, "PROJECTID"),
        or("cluster_id", &values.cluster_id, "CLUSTER_ID"),
    );
    if operation.request.is_none() {
        return (filled, placeholders);
    }
    if values.everything && operation.id == UPDATE_SYNC_IAM_USER.id {
        return (filled.with_everything(), placeholders);
    }
    filled =
        filled.with_users(values.user_names.iter().cloned()).with_groups(values.group_names.iter().cloned());
    if filled.user_names.is_empty() && filled.group_names.is_empty() {
        placeholders.push("user_names");
        filled = filled.with_users(["user1"]);
    }
    (filled, placeholders)
}
