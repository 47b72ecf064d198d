//! `api`.

use std::io::{self, IsTerminal as _};

use http::Method;
use mrs_iam_sync::RawAnswer;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::args::{Api, Globals};
use crate::context::Context;
use crate::error::{CliError, Result};
use crate::interrupt::{Progressing, Stage};
use crate::output::{Format, Output};
use crate::text;

/// Result of `api`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "api")]
pub(crate) struct ApiResult {
    /// HTTP status.
    status: u16,
    /// The request id to quote when asking support.
    request_id: Option<String>,
    /// Present, and true, when nothing real was changed or read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    emulated: bool,
    /// The body: as JSON where it is JSON, else as a text; null when it is empty.
    body: Value,
}

impl Api {
    /// The method and the body, checked. May read stdin, sends nothing.
    pub(crate) fn request(&self) -> Result<(Method, Option<String>)> {
        let method = Method::from_bytes(self.method.to_ascii_uppercase().as_bytes()).map_err(|_| {
            CliError::usage(format!("{:?} is not an HTTP method", self.method))
                .with_hint("GET, POST, PUT and DELETE are the usual ones")
        })?;
        let text = match self.body.as_deref() {
            None => return Ok((method, None)),
            Some("-") => io::read_to_string(io::stdin())
                .map_err(|error| CliError::usage("the body cannot be read from stdin").with_cause(&error))?,
            Some(text) => text.to_owned(),
        };
        serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| {
            CliError::usage("the body is not JSON")
                .with_cause(&error)
                .with_hint("quote it for the shell: --body '{\"is_all_sync\":true}'")
        })?;
        Ok((method, Some(text)))
    }

    pub(crate) async fn run(
        self,
        globals: &Globals,
        output: Output,
        (method, body): (Method, Option<String>),
        stage: &Progressing,
    ) -> Result<()> {
        let context = Context::new(globals, output, &self.service).await?;
        let path = self.path.replace("{project_id}", context.client.project_id());
        if !method.is_safe() {
            stage.set(Stage::Writing);
        }
        let answer = context.client.execute_raw(method, &path, body.as_deref()).await?;
        match output.format {
            Format::Json => output.json(&ApiResult {
                status: answer.status.as_u16(),
                request_id: answer.request_id.clone(),
                emulated: context.emulated,
                body: structured(&answer),
            }),
            Format::Table if io::stdout().is_terminal() => output.data(shown(&answer).as_bytes()),
            Format::Table => output.data(&answer.body),
        }
    }
}

fn structured(answer: &RawAnswer) -> Value {
    if answer.body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(&answer.body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&answer.body).into_owned()))
}

/// For a terminal.
fn shown(answer: &RawAnswer) -> String {
    let text = match structured(answer) {
        Value::Null if answer.body.is_empty() => return String::new(),
        Value::String(plain) if serde_json::from_slice::<Value>(&answer.body).is_err() => text::lines(&plain),
        json => text::json(&format!("{json:#}")),
    };
    format!("{}\n", text.trim_end())
}
