//! Rules about `info`, the servers and the tables at the root of a document.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::Findings;
use super::keywords::Kind;
use super::model::{Model, Spot, list, members, template, text};
use crate::document::join;

/// What a code can mean for a caller, in the tables of error and status codes. Status codes can mean `success` too;
/// an error code that the gateway uses for several statuses is told `by_status`.
pub const KINDS: &[&str] = &[
    "authentication",
    "permission",
    "not_found",
    "sync_running",
    "throttled",
    "unavailable",
    "invalid_request",
    "internal",
];

pub(super) fn info_version(model: &Model<'_>, findings: &mut Findings<'_>) {
    let version = model.document.value.pointer("/info/version");
    if let Some(version) = version.and_then(Value::as_str)
        && semver::Version::parse(version).is_err()
    {
        findings.add("/info/version", format!("{version} is no semantic version; write one such as 1.0.0"));
    }
}

/// Endpoints are made by putting a variable's values into the URL.
pub(super) fn server_variable(model: &Model<'_>, findings: &mut Findings<'_>) {
    for place in model.of(Kind::Server) {
        let names = template(text(place.value.get("url")).unwrap_or_default());
        let pointer = join(&place.pointer, "variables");
        let variables = members(place.value.get("variables"), &pointer).collect::<Vec<_>>();
        for name in names.iter().filter(|name| !variables.iter().any(|(variable, _)| variable == *name)) {
            findings.add(&place.pointer, format!("{{{name}}} is in the URL and no variable; declare it"));
        }
        for (name, variable) in &variables {
            if !names.contains(name) {
                findings.add(&variable.pointer, format!("the variable {name} is not in the URL"));
            }
            let (default, values) = (variable.value.get("default"), variable.value.get("enum"));
            if let (Some(default), Some(values)) = (default, values.and_then(Value::as_array))
                && !values.contains(default)
            {
                findings.add(&join(&variable.pointer, "default"), "the default is none of the values");
            }
        }
    }
}

/// The hosts of the vendor, subdomains included.
const VENDOR: &[&str] = &["huaweicloud.com", "myhuaweicloud.com", "huawei.com"];

/// The published schemas are ours, so their base must not look like the vendor's.
pub(super) fn schema_base(model: &Model<'_>, findings: &mut Findings<'_>) {
    let Some(base) = model.document.value.get("x-schema-base") else {
        findings.add("", "there is no x-schema-base; give the URI below which the schemas are published");
        return;
    };
    match base.as_str().map(Url::parse) {
        Some(Ok(url)) => {
            let host = url.host_str().unwrap_or_default();
            let is_below = |vendor: &&str| {
                host.strip_suffix(*vendor).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            if VENDOR.iter().any(is_below) {
                findings.add(
                    "/x-schema-base",
                    format!("{host} is not ours to publish under; use a host of our own"),
                );
            }
        }
        _ => findings.add("/x-schema-base", format!("{base} is no absolute URI")),
    }
}

pub(super) fn error_codes(model: &Model<'_>, findings: &mut Findings<'_>) {
    table(model, findings, "x-error-codes", "by_status", |row| {
        let code = text(row.get("code")).ok_or("`code` must be a text; put numbers in quotes")?;
        let http = row.get("http");
        let is_list =
            |value: &Value| value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_status));
        if !http.is_some_and(is_list) {
            return Err("`http` must be a list of statuses");
        }
        Ok(code.to_owned())
    });
}

pub(super) fn status_codes(model: &Model<'_>, findings: &mut Findings<'_>) {
    table(model, findings, "x-status-codes", "success", |row| match row.get("status") {
        Some(status) if is_status(status) => Ok(status.to_string()),
        _ => Err("`status` must be a status such as 202"),
    });
}

/// Checks the rows of a table; `key` checks what is special about them and gives what must be unique.
fn table(
    model: &Model<'_>,
    findings: &mut Findings<'_>,
    name: &str,
    own_kind: &str,
    key: impl Fn(&Value) -> Result<String, &'static str>,
) {
    let pointer = join("", name);
    let Some(table) = model.document.value.get(name) else {
        return;
    };
    if !table.is_array() {
        findings.add(&pointer, "must be a list of rows");
    }
    let mut seen = BTreeSet::new();
    for Spot { pointer, value: row } in list(Some(table), &pointer) {
        match key(row) {
            Err(message) => findings.add(&pointer, message),
            Ok(key) if seen.contains(&key) => {
                findings.add(&pointer, format!("{key} has a row already; make them one"));
            }
            Ok(key) => {
                seen.insert(key);
            }
        }
        for column in ["meaning", "remedy"] {
            if text(row.get(column)).is_none() {
                findings.add(&pointer, format!("needs a `{column}`"));
            }
        }
        if !text(row.get("kind")).is_some_and(|kind| kind == own_kind || KINDS.contains(&kind)) {
            findings.add(&pointer, format!("`kind` must be one of {}, {own_kind}", KINDS.join(", ")));
        }
    }
}

fn is_status(value: &Value) -> bool {
    value.as_u64().is_some_and(|status| (100..600).contains(&status))
}
