//! Rules about the shape of the document: known keywords, with values of their types, where they belong.

use super::Findings;
use super::model::{Flaw, Model};
use crate::document::DocumentError;

pub(super) fn openapi_version(model: &Model<'_>, findings: &mut Findings<'_>) {
    if let Some(version) = model.document.value.get("openapi").and_then(|version| version.as_str()) {
        let patch = version.strip_prefix("3.0.").unwrap_or_default();
        if patch.is_empty() || !patch.bytes().all(|byte| byte.is_ascii_digit()) {
            findings.add("/openapi", format!("{version} is not 3.0.x; write 3.0.3"));
        }
    }
}

pub(super) fn wrong_type(model: &Model<'_>, findings: &mut Findings<'_>) {
    report(model, Flaw::WrongType, findings);
}

pub(super) fn missing_keyword(model: &Model<'_>, findings: &mut Findings<'_>) {
    report(model, Flaw::MissingKeyword, findings);
}

pub(super) fn unknown_keyword(model: &Model<'_>, findings: &mut Findings<'_>) {
    report(model, Flaw::UnknownKeyword, findings);
}

pub(super) fn unknown_extension(model: &Model<'_>, findings: &mut Findings<'_>) {
    report(model, Flaw::UnknownExtension, findings);
}

/// What the rules above do not know of and the generator's reader still refuses. It tells no place, so the
/// rules above go first.
pub(super) fn unreadable(model: &Model<'_>, findings: &mut Findings<'_>) {
    if model.flaws.is_empty()
        && let Err(error) = model.document.openapi()
    {
        let message = match error {
            DocumentError::OpenApi { message, .. } => message,
            other => other.to_string(),
        };
        findings.add("", format!("the openapiv3 crate refuses it: {message}"));
    }
}

fn report(model: &Model<'_>, wanted: Flaw, findings: &mut Findings<'_>) {
    for (_, pointer, message) in model.flaws.iter().filter(|(flaw, ..)| *flaw == wanted) {
        findings.add(pointer, message.as_str());
    }
}
