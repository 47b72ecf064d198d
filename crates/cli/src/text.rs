//! Text for people: nothing in it can steer a terminal, columns line up.

use std::fmt::Write as _;

/// Characters that change how a terminal behaves or in which order it shows text: control characters, line and
/// paragraph separators, and what switches the writing direction.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Makes a text from outside safe to show on one line.
pub(crate) fn line(text: &str) -> String {
    shown(text, |_| false)
}

/// Makes a text from outside safe to show; line breaks and tabs stay.
pub(crate) fn lines(text: &str) -> String {
    shown(text, |character| matches!(character, '\n' | '\t'))
}

fn shown(text: &str, harmless: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) && !harmless(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The same JSON, with what could steer a terminal written as `\uXXXX`: JSON itself escapes only the first 32.
pub(crate) fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        // Outside of texts JSON has no such character but line breaks.
        if character != '\n' && steers(character) {
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Rows in columns, two spaces apart; the last column is as wide as it is. Cells are made safe.
pub(crate) fn table<const N: usize>(rows: &[[&str; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.map(line)).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let start = text.len();
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(cell);
            // Not by a format's width, which ends at 65535.
            text.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.truncate(start + text[start..].trim_end().len());
        text.push('\n');
    }
    text
}

/// `1 user`, `2 users`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(line("用户 a"), "用户 a");
        assert_eq!(line("a\u{1b}[2Jb\r\n\u{9b}\u{202e}"), r"a\u{1b}[2Jb\r\n\u{9b}\u{202e}");
        assert_eq!(lines("a\n\u{7}"), "a\n\\u{7}");
    }

    #[test]
    fn json_stays_the_same_in_meaning() {
        let value = serde_json::json!({ "name": "a\u{1b}[2J\u{9b}\u{7f}\u{202e}用\n" });
        let shown = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!shown.chars().any(|character| character != '\n' && steers(character)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }

    #[test]
    fn columns_line_up() {
        let text = table(&[["KIND", "NAME"], ["user", "a\tb"], ["g", ""]]);
        assert_eq!(text, "KIND  NAME\nuser  a\\tb\ng\n");
        let wide = "x".repeat(70_000);
        assert_eq!(table(&[[wide.as_str(), "y"]]), format!("{wide}  y\n"));
    }
}
