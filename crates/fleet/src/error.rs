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
        self.error_at((number(at.line()), number(at.column())), length, message)
    }

    /// The same, by line and column.
    pub(crate) fn error_at(
        self,
        (line, column): (usize, usize),
        length: usize,
        message: impl Into<String>,
    ) -> FileError {
        let mut error = FileError::new(self.file, message);
        if line == 0 {
            return error;
        }
        let column = column.max(1);
        error.at = Some((line, column));
        error.excerpt = self.excerpt(line, column, length.max(1));
        error
    }

    /// The first tab from this place on: the reader tells where what stands before it began.
    pub(crate) fn tab(self, at: Location) -> (usize, usize) {
        let (line, column) = (number(at.line()), number(at.column()));
        for (further, text) in self.text.split('\n').skip(line.saturating_sub(1)).enumerate() {
            let from = if further == 0 { column.saturating_sub(1) } else { 0 };
            if let Some(tab) = text.chars().skip(from).position(|character| character == '\t') {
                return (line + further, from + tab + 1);
            }
        }
        (line, column)
    }

    /// The line with a caret, under it a mark as wide as the value. A line may be long: what is shown of it is not.
    fn excerpt(self, line: usize, column: usize, length: usize) -> Option<String> {
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let whole = text.split('\n').nth(line - 1)?.trim_end_matches('\r');
        // So much stands before the place, so much after it.
        let skipped = (column - 1).saturating_sub(200);
        let shown: String = whole.chars().skip(skipped).take(400).collect();
        let byte = |characters: usize| {
            shown.char_indices().nth(characters).map_or(shown.len(), |(offset, _)| offset)
        };
        let before = column - 1 - skipped;
        let span = byte(before)..byte(before + length);
        let snippet = Snippet::source(shown.as_str())
            .line_start(line)
            .path(self.file)
            .annotation(AnnotationKind::Primary.span(span));
        let report = &[Level::ERROR.no_name().primary_title("").element(snippet)];
        let drawn = Renderer::plain().render(report);
        // Its title is the error's own line, and the column it names is that of what is shown.
        let mut lines: Vec<String> = drawn
            .lines()
            .skip_while(|line| !line.trim_start().starts_with("-->"))
            .map(str::to_owned)
            .collect();
        let first = lines.first_mut()?;
        let margin = first.len() - first.trim_start().len();
        *first = format!("{:margin$}--> {}:{line}:{column}", "", self.file);
        Some(lines.join("\n"))
    }
}

fn number(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
