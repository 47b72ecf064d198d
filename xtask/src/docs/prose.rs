//! The documents' prose: the little of Markdown that it uses, as HTML and as cells of a table.

use minijinja::{Error, ErrorKind};

/// Beginnings of lines that Markdown takes for something else than a paragraph.
const BLOCKS: &[&str] = &["#", "- ", "* ", "+ ", "> ", "|", "```", "~~~", "    ", "---", "==="];

/// Markup within a paragraph, besides code, that HTML would have to know about.
const INLINE: &[&str] = &["](", "**", "__", "![", "<", "~~"];

/// Paragraphs and code spans as HTML.
pub(super) fn html(text: &str) -> Result<String, Error> {
    let paragraphs = paragraphs(text)?;
    Ok(paragraphs.iter().map(|paragraph| format!("<p>{}</p>\n", spans(paragraph))).collect())
}

/// The same within a line: paragraphs have a line break between them.
pub(super) fn inline_html(text: &str) -> Result<String, Error> {
    let paragraphs = paragraphs(text)?;
    Ok(paragraphs.iter().map(|paragraph| spans(paragraph)).collect::<Vec<_>>().join("<br>"))
}

/// The name of a field inside others, which may be broken where one of them ends.
pub(super) fn path_html(name: &str) -> String {
    escape(name).replace('.', ".<wbr>")
}

/// A cell of a Markdown table.
pub(super) fn cell(text: &str) -> Result<String, Error> {
    Ok(paragraphs(text)?.join("<br>").replace('|', "\\|"))
}

/// Each paragraph on one line, or what is in it that is more than a paragraph.
fn paragraphs(text: &str) -> Result<Vec<String>, Error> {
    let refuse = |what: &str| {
        let what =
            format!("{what:?}: the reference has no way to show this Markdown; write plain paragraphs");
        Err(Error::new(ErrorKind::InvalidOperation, what))
    };
    let mut paragraphs = vec![String::new()];
    for line in text.trim_end().lines() {
        if BLOCKS.iter().any(|block| line.starts_with(block)) || is_numbered(line) {
            return refuse(line);
        }
        match paragraphs.last_mut() {
            Some(last) if !line.trim().is_empty() => {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(line.trim());
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    for paragraph in &paragraphs {
        let words = paragraph.split('`').step_by(2).collect::<String>();
        if paragraph.matches('`').count() % 2 == 1 || INLINE.iter().any(|markup| words.contains(markup)) {
            return refuse(paragraph);
        }
    }
    Ok(paragraphs)
}

/// `1. ` and the like, which begin a list.
fn is_numbered(line: &str) -> bool {
    let rest = line.trim_start_matches(|character: char| character.is_ascii_digit());
    rest.len() < line.len() && (rest.starts_with(". ") || rest.starts_with(") "))
}

/// Escapes, and sets what stands between backticks as code.
fn spans(paragraph: &str) -> String {
    let parts = paragraph.split('`').enumerate();
    parts
        .map(|(at, part)| match at % 2 {
            0 => escape(part),
            _ => format!("<code>{}</code>", escape(part)),
        })
        .collect()
}

/// What HTML wants escaped in texts and in attributes between double quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_code() {
        let text = "One `a<b>` line\nand & another.\n\nTwo | three.\n";
        assert_eq!(
            html(text).unwrap(),
            "<p>One <code>a&lt;b&gt;</code> line and &amp; another.</p>\n<p>Two | three.</p>\n"
        );
        assert_eq!(
            inline_html(text).unwrap(),
            "One <code>a&lt;b&gt;</code> line and &amp; another.<br>Two | three."
        );
        assert_eq!(cell(text).unwrap(), "One `a<b>` line and & another.<br>Two \\| three.");
        assert_eq!(html("").unwrap(), "");
    }

    #[test]
    fn other_markup_is_refused_and_not_mangled() {
        for text in ["# A", "- a", "1. a", "a [b](c)", "a **b**", "`a", "a <b>", "| a |", "    a"] {
            assert!(html(text).is_err(), "{text}");
        }
        assert!(html("A number 2.5 and `k1*v1,k2*v2`.").is_ok());
    }
}
