//! Code samples for the values of the form.

use axum::http::Uri;
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

/// With the explorer's own endpoint, where samples and their language can be given it.
fn with_or_without<T>(
    values: SampleValues,
    endpoint: Option<&str>,
    make: impl Fn(&SampleValues) -> Result<T, SampleError>,
) -> Result<(T, bool), Refusal> {
    let Some(endpoint) = endpoint else {
        return Ok((make(&values).map_err(refused)?, false));
    };
    match make(&values.clone().with_endpoint(plain(endpoint))) {
        Err(SampleError::Endpoint(_) | SampleError::Value { field: "endpoint", .. }) => {
            Ok((make(&values).map_err(refused)?, true))
        }
        made => Ok((made.map_err(refused)?, false)),
    }
}

/// Scheme and authority of an endpoint that has nothing else, as samples want it; others as they are.
fn plain(endpoint: &str) -> String {
    let parsed = endpoint.parse::<Uri>().ok().filter(|uri| uri.path() == "/" && uri.query().is_none());
    match parsed.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?))) {
        Some((scheme, authority)) => format!("{scheme}://{authority}"),
        None => endpoint.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_given_to_samples_as_they_want_it() {
        for (given, wanted) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
            ("HTTP://[::1]:1/", "http://[::1]:1"),
            ("https://gw.example.com:443/", "https://gw.example.com:443"),
            ("https://gw.example.com/mrs", "https://gw.example.com/mrs"),
            ("https://gw.example.com/?a", "https://gw.example.com/?a"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(plain(given), wanted);
        }
    }

    #[test]
    fn an_endpoint_that_samples_cannot_have_is_left_out_and_told() {
        let made = |endpoint| {
            let (values, _) = filled(&UPDATE_SYNC_IAM_USER, &Values::default());
            with_or_without(values, Some(endpoint), |values| {
                render(Language::Curl, "UpdateSyncIamUser", values)
            })
            .unwrap()
        };
        let (code, without) = made("http://127.0.0.1:1/");
        assert!(!without && code.contains("http://127.0.0.1:1"), "{code}");
        let (code, without) = made("https://gw.example.com/mrs");
        assert!(without && !code.contains("gw.example.com"), "{code}");
    }
}
