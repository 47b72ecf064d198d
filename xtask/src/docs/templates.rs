//! The templates, and what they can do with values.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, escape_formatter};

use super::{Artifact, DocsError, prose};

/// Each by its name; those that end in `html` escape what they show.
const TEMPLATES: &[(&str, &str)] = &[
    ("cli.md", include_str!("../../templates/cli.md")),
    ("index.html", include_str!("../../templates/index.html")),
    ("llms.txt", include_str!("../../templates/llms.txt")),
    ("reference.html", include_str!("../../templates/reference.html")),
    ("reference.md", include_str!("../../templates/reference.md")),
    ("narrow.md", include_str!("../../templates/narrow.md")),
    ("tables.md", include_str!("../../templates/tables.md")),
];

pub(super) fn environment() -> Result<Environment<'static>, DocsError> {
    let mut environment = Environment::new();
    // A misspelt name must not come out as nothing.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax =
        SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(failed)?);
    // The engine's own escapes every slash, too.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            out.write_str(&prose::escape(text)).map_err(Error::from)
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("prose", |text: &str| prose::html(text).map(Value::from_safe_string));
    environment.add_filter("inline", |text: &str| prose::inline_html(text).map(Value::from_safe_string));
    environment.add_filter("path", |name: &str| Value::from_safe_string(prose::path_html(name)));
    environment.add_filter("cell", prose_cell);
    environment.add_filter("lines", trimmed_lines);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(failed)?;
    }
    Ok(environment)
}

fn prose_cell(text: &str) -> Result<String, Error> {
    prose::cell(text)
}

/// Without spaces at the ends of lines, which clap leaves in its help.
fn trimmed_lines(text: &str) -> String {
    text.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A rendered template as a file of the same name.
pub(super) fn text(
    environment: &Environment<'_>,
    name: &str,
    context: serde_json::Value,
) -> Result<Artifact, DocsError> {
    let text = rendered(environment, name, context)?;
    Ok(Artifact::text(name, if name.ends_with(".md") { squeezed(&text) } else { text }))
}

pub(super) fn rendered(
    environment: &Environment<'_>,
    name: &str,
    context: serde_json::Value,
) -> Result<String, DocsError> {
    environment
        .get_template(name)
        .and_then(|template| template.render(Value::from(Serde(context))))
        .map_err(failed)
}

/// With one empty line where a template leaves several, but for code.
fn squeezed(text: &str) -> String {
    let (mut squeezed, mut is_code, mut was_empty) = (String::new(), false, false);
    for line in text.trim_end().lines() {
        is_code ^= line.starts_with("```");
        let is_empty = !is_code && line.is_empty();
        if !(is_empty && was_empty) {
            squeezed.push_str(line);
            squeezed.push('\n');
        }
        was_empty = is_empty;
    }
    squeezed
}

/// The message, with the name and the line of the template in it.
fn failed(error: Error) -> DocsError {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    DocsError::Template(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_empty_lines() {
        assert_eq!(squeezed("a\n\n\nb\n```text\n\n\nc\n```\n\n\n"), "a\n\nb\n```text\n\n\nc\n```\n");
    }

    #[test]
    fn a_misspelt_name_is_an_error() {
        let mut environment = environment().unwrap();
        environment.add_template("a", "{{ document.nme }}").unwrap();
        let error =
            rendered(&environment, "a", serde_json::json!({ "document": {} })).unwrap_err().to_string();
        assert!(error.starts_with("template undefined value"), "{error}");
    }
}
