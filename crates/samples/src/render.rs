//! The templates, and what they are filled with.

use std::sync::OnceLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, context};

use crate::error::SampleError;
use crate::escape::Literal;
use crate::language::Language;
use crate::operation::{Kind, Operation};
use crate::values::{Values, region_endpoint};

/// The widest a list of names is on one line.
const LIST_WIDTH: usize = 60;

/// The source of a sample: what a page shows, and the main file of its [`folder`](crate::folder()).
///
/// ```
/// use mrs_iam_sync_samples::{Language, Values, render};
///
/// let values = Values::example("CancelSyncIamUser").unwrap();
/// let source = render(Language::Python, "CancelSyncIamUser", &values)?;
/// assert!(source.contains(r#"user_names=["user1", "user2"]"#));
/// # Ok::<(), mrs_iam_sync_samples::SampleError>(())
/// ```
///
/// # Errors
/// [`SampleError`] for an unknown operation, and for values that break a rule or that the operation does not take.
pub fn render(language: Language, operation_id: &str, values: &Values) -> Result<String, SampleError> {
    let context = context(language, operation_id, values)?;
    fill(main_template(language), &context)
}

pub(crate) const fn main_template(language: Language) -> &'static str {
    match language {
        Language::Curl => "curl/sample.sh",
        Language::Cli => "cli/sample.sh",
        Language::Rust => "rust/main.rs",
        Language::Python => "python/sample.py",
        Language::Go => "go/main.go",
        Language::Java => "java/Sample.java",
        Language::Node => "node/sample.mjs",
        Language::KooCli => "koocli/sample.sh",
    }
}

pub(crate) fn fill(template: &str, context: &Value) -> Result<String, SampleError> {
    let filled = environment().get_template(template).and_then(|template| template.render(context));
    filled.map_err(|error| SampleError::Template(format!("{error:#}")))
}

/// What templates are filled with, once it is checked.
///
/// What comes from outside stays a plain string, which is written as a literal wherever a template has it. What is
/// from here, or has been checked to consist of letters, digits and the like, is marked as safe: it is written as it is.
pub(crate) fn context(language: Language, operation_id: &str, values: &Values) -> Result<Value, SampleError> {
    let operation = Operation::find(operation_id)
        .ok_or_else(|| SampleError::UnknownOperation(operation_id.to_owned()))?;
    values.check(operation)?;
    if language == Language::KooCli && values.endpoint.is_some() {
        return Err(SampleError::Endpoint(language.title()));
    }
    let safe = |text: &str| Value::from_safe_string(text.to_owned());
    let (body, flag) = match operation.kind {
        Kind::Update => (Some("UpdateSyncRequest"), None),
        Kind::Cancel => (Some("CancelSyncRequest"), None),
        Kind::Names => (None, None),
        Kind::Flag(field) => (None, Some(field)),
    };
    let (project_id, cluster_id) = (&values.project_id, &values.cluster_id);
    let path = format!("/v2/{project_id}/clusters/{cluster_id}/{}", operation.resource);
    let region_variable = values.region.to_uppercase().replace('-', "_");
    Ok(context! {
        language => context! { title => safe(language.title()), main_file => safe(language.main_file()) },
        operation => context! {
            id => safe(operation.id),
            summary => safe(operation.summary),
            snake => safe(&snake_case(operation.id)),
            camel => safe(&camel_case(operation.id)),
            method => safe(operation.method),
            resource => safe(operation.resource),
            writes => operation.is_write(),
            body => body.map(safe),
            flag => flag.map(safe),
            flag_camel => flag.map(|flag| safe(&camel_case(&pascal_case(flag)))),
            flag_pascal => flag.map(|flag| safe(&pascal_case(flag))),
        },
        path => safe(&path),
        region => values.region.clone(),
        region_variable => safe(&format!("HUAWEICLOUD_SDK_REGION_MRS_{region_variable}")),
        region_endpoint => region_endpoint(&values.region).map(|endpoint| safe(&endpoint)),
        endpoint => values.endpoint.as_deref().map(safe),
        project_id => project_id.clone(),
        cluster_id => cluster_id.clone(),
        cluster_id_is_uuid => is_uuid(cluster_id),
        everything => values.everything,
        user_names => values.user_names.clone(),
        group_names => values.group_names.clone(),
    })
}

/// `UpdateSyncIamUser` as `update_sync_iam_user`.
fn snake_case(pascal: &str) -> String {
    let mut snake = String::new();
    for character in pascal.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// `UpdateSyncIamUser` as `updateSyncIamUser`.
fn camel_case(pascal: &str) -> String {
    let mut camel = pascal.to_owned();
    if let Some(first) = camel.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    camel
}

/// `is_synchronizing` as `IsSynchronizing`.
fn pascal_case(snake: &str) -> String {
    let upper = |word: &str| [word[..1].to_uppercase(), word[1..].to_owned()].concat();
    snake.split('_').filter(|word| !word.is_empty()).map(upper).collect()
}

/// What the command line takes for an id without being told.
fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each template.
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../templates/", $name, ".j2")))),*];
    };
}

templates!(
    "cli/sample.sh",
    "common/README.md",
    "common/env",
    "common/gitignore",
    "common/run.sh",
    "curl/sample.sh",
    "go/main.go",
    "java/Sample.java",
    "koocli/sample.sh",
    "node/sample.mjs",
    "python/sample.py",
    "rust/main.rs",
);

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax =
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
        // Templates escape nothing themselves, so that none can forget to.
        environment.set_auto_escape_callback(|name| match name.split('/').next() {
            Some("cli" | "koocli") => AutoEscape::Custom("shell".into()),
            Some("rust") => AutoEscape::Custom("rust".into()),
            Some("python" | "go") => AutoEscape::Custom("code points".into()),
            Some("curl" | "java" | "node") => AutoEscape::Custom("utf-16".into()),
            _ => AutoEscape::Custom("nothing from outside".into()),
        });
        environment.set_formatter(|output, state, value| {
            let text = written(state, value)?;
            output.write_str(&text).map_err(Error::from)
        });
        environment.add_filter("items", items);
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).expect("each template is rendered by a test");
        }
        environment
    })
}

/// How the template that is being filled writes text.
fn literal(state: &State) -> Option<Literal> {
    match state.auto_escape() {
        AutoEscape::Custom(name) => match name.as_ref() {
            "shell" => Some(Literal::Shell),
            "rust" => Some(Literal::Rust),
            "code points" => Some(Literal::CodePoints),
            "utf-16" => Some(Literal::Utf16),
            _ => None,
        },
        _ => None,
    }
}

fn written(state: &State, value: &Value) -> Result<String, Error> {
    match (value.as_str(), literal(state)) {
        (Some(text), _) if value.is_safe() => Ok(text.to_owned()),
        (Some(text), Some(literal)) => Ok(literal.write(text)),
        (Some(_), None) => {
            Err(Error::new(ErrorKind::InvalidOperation, "text from outside has no place here"))
        }
        (None, _) if value.is_number() => Ok(value.to_string()),
        (None, _) => Err(Error::new(ErrorKind::InvalidOperation, format!("cannot write {value:?}"))),
    }
}

/// The items of a list, on one line or, when that gets too long, on one each. `indent` is that of the line on which
/// the list begins, `step` how much farther its items are.
fn items(
    state: &State,
    list: Vec<Value>,
    indent: &str,
    step: &str,
    last_comma: bool,
) -> Result<Value, Error> {
    let written = list.iter().map(|value| written(state, value)).collect::<Result<Vec<_>, _>>()?;
    let line = written.join(", ");
    if line.chars().count() <= LIST_WIDTH {
        return Ok(Value::from_safe_string(line));
    }
    let lines = written.join(&format!(",\n{indent}{step}"));
    let comma = if last_comma { "," } else { "" };
    Ok(Value::from_safe_string(format!("\n{indent}{step}{lines}{comma}\n{indent}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        assert_eq!(snake_case("UpdateSyncIamUser"), "update_sync_iam_user");
        assert_eq!(camel_case("UpdateSyncIamUser"), "updateSyncIamUser");
        assert_eq!(pascal_case("is_synchronizing"), "IsSynchronizing");
    }

    #[test]
    fn templates_that_write_no_literals_refuse_text_from_outside() {
        let mut environment = environment().clone();
        environment.add_template("common/bad", "{{ project_id }}").unwrap();
        let context = context(Language::Go, "ListSyncStatus", &Values::example("ListSyncStatus").unwrap());
        assert!(environment.get_template("common/bad").unwrap().render(context.unwrap()).is_err());
    }
}
