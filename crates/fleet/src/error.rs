//! What is wrong with a fleet file, with the place in it.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_saphyr::Location;

/// What is wrong with a fleet file or a file that it names. Nothing was sent.
///
/// `Display` is one line, `fleet.yaml:4:9: …`; [`FileError::excerpt`] shows the line with a caret below it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
#[non_exhaustive]
pub struct FileError {
    /// The file as it was given.
    pub file: String,
    /// Line and column, counted from 1; `None` when it is about the file as a whole.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The place shown, several lines; `None` when there is no line to show.
    pub excerpt: Option<String>,
}

impl FileError {
    pub(crate) fn new(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: None, message: message.into(), hint: None, excerpt: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn place(&self) -> String {
        match self.at {
            Some((line, column)) => format!("{}:{line}:{column}", self.file),
            None => self.file.clone(),
        }
    }
}

/// A file's text, to show places of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// An error at a place, `length` characters wide.
    pub(crate) fn error(self, at: Location, length: usize, message: impl Into<String>) -> FileError {
        let message = message.into();
        let (line, column) = (number(at.line()), number(at.column()));
        let mut error = FileError::new(self.file, message.clone());
        if line == 0 {
            return error;
        }
        error.at = Some((line, column.max(1)));
        error.excerpt = self.excerpt(line, column.max(1), length.max(1));
        error
    }

    /// The line with a caret, under it a mark as wide as the value. A line may be long: what is shown of it is not.
    fn excerpt(self, line: usize, column: usize, length: usize) -> Option<String> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let shown: String =
            text.split('\n').nth(line - 1)?.trim_end_matches('\r').chars().take(400).collect();
        let byte = |characters: usize| {
            shown.char_indices().nth(characters).map_or(shown.len(), |(offset, _)| offset)
        };
        let span = byte(column - 1)..byte(column - 1 + length);
        let snippet = Snippet::source(shown.as_str())
            .line_start(line)
            .path(self.file)
            .annotation(AnnotationKind::Primary.span(span));
        let report = &[Level::ERROR.no_name().primary_title("").element(snippet)];
        let drawn = Renderer::plain().render(report);
        // Its title is the error's own line.
        Some(
            drawn
                .lines()
                .skip_while(|line| !line.trim_start().starts_with("-->"))
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }
}

fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
