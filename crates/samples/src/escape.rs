//! Text as a literal of a language: what a compiler, a shell or a JSON reader makes of it is that text again, and no
//! more. What cannot be seen, or changes how its neighbours are shown, is written as an escape.

use std::fmt::Write;

/// How to write text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literal {
    /// A word for bash, zsh and ksh.
    Shell,
    Rust,
    /// Python and Go: characters by number, `\u202e` and `\U000e0001`.
    CodePoints,
    /// JSON, JavaScript and Java: units of UTF-16 by number, `\u202e` and `\udb40\udc01`.
    Utf16,
}

impl Literal {
    /// Writes the text, with its quotes.
    pub(crate) fn write(self, text: &str) -> String {
        match self {
            Self::Shell => shell_word(text),
            _ => self.quoted(text),
        }
    }

    fn quoted(self, text: &str) -> String {
        let mut quoted = String::with_capacity(text.len() + 2);
        quoted.push('"');
        for character in text.chars() {
            match character {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                _ if is_visible(character) => quoted.push(character),
                _ => self.escape(character, &mut quoted),
            }
        }
        quoted.push('"');
        quoted
    }

    /// Writes a character as its number.
    fn escape(self, character: char, to: &mut String) {
        let code = u32::from(character);
        let written = match self {
            Self::Rust => write!(to, "\\u{{{code:x}}}"),
            Self::CodePoints if code > 0xffff => write!(to, "\\U{code:08x}"),
            // Java replaces these before it looks for the ends of literals and of lines: quotes, backslashes and line
            // breaks never get here.
            _ => character.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(to, "\\u{unit:04x}")),
        };
        debug_assert!(written.is_ok(), "a String takes whatever is written");
    }
}

/// Whether a character shows as itself wherever it stands: it is assigned, no control or format character (which
/// includes those of writing direction), no line or paragraph separator, and no space other than the common one.
fn is_visible(character: char) -> bool {
    // The standard library knows. It writes an escape for marks that combine as well when they come first; here they
    // follow a letter, as they do in names.
    let mut buffer = [b'a'; 5];
    let length = 1 + character.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..length]).unwrap_or_default();
    matches!(character, '"' | '\'' | '\\') || text.escape_debug().skip(1).eq([character])
}

/// A word of a shell.
fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    if text.chars().all(is_visible) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    // $'...' knows bytes in any locale; characters by number are not written in each one.
    let mut word = String::from("$'");
    for character in text.chars() {
        match character {
            '\'' => word.push_str("\\'"),
            '\\' => word.push_str("\\\\"),
            '\n' => word.push_str("\\n"),
            '\r' => word.push_str("\\r"),
            '\t' => word.push_str("\\t"),
            // Typed at a prompt it stands for an earlier command in some shells, even within these quotes.
            '!' => word.push_str("\\x21"),
            _ if is_visible(character) => word.push(character),
            _ => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    let written = write!(word, "\\x{byte:02x}");
                    debug_assert!(written.is_ok(), "a String takes whatever is written");
                }
            }
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text of all that a language may trip over, more often than chance would have it.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]",
            prop::sample::select(vec![
                "\\",
                "\"",
                "'",
                "`",
                "$",
                "$(",
                "${x}",
                "!",
                "%s",
                "\n",
                "\r\n",
                "\t",
                "{{ x }}",
                "{%",
                "#{",
                "//",
                "*/",
                "\u{1}",
                "\u{1b}",
                "\u{7f}",
                "\u{85}",
                "\u{a0}",
                "\u{200f}",
                "\u{202e}",
                "\u{2028}",
                "\u{2066}",
                "\u{feff}",
                "\u{e0001}",
                "\u{10ffff}",
                "e\u{301}",
                "\\u0022",
                "\\x41",
                "\\n",
                "</script>",
                "\u{1f600}",
                "漢",
                "f",
                "0",
            ])
            .prop_map(String::from),
        ];
        prop::collection::vec(pieces, 0..20).prop_map(|pieces| pieces.concat().replace('\0', ""))
    }

    /// What a shell makes of a word: quotes, `$'...'` and backslashes, as bash reads them.
    fn read_shell(word: &str) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = word;
        while !rest.is_empty() {
            if let Some(quoted) = rest.strip_prefix('\'') {
                let (text, after) = quoted.split_once('\'')?;
                bytes.extend_from_slice(text.as_bytes());
                rest = after;
            } else if let Some(quoted) = rest.strip_prefix("$'") {
                rest = quoted;
                loop {
                    let character = rest.chars().next()?;
                    rest = &rest[character.len_utf8()..];
                    match character {
                        '\'' => break,
                        '\\' => {
                            let escape = rest.chars().next()?;
                            rest = &rest[escape.len_utf8()..];
                            bytes.push(match escape {
                                'n' => b'\n',
                                'r' => b'\r',
                                't' => b'\t',
                                '\'' => b'\'',
                                '\\' => b'\\',
                                'x' => {
                                    let (digits, after) = rest.split_at_checked(2)?;
                                    rest = after;
                                    u8::from_str_radix(digits, 16).ok()?
                                }
                                _ => return None,
                            });
                        }
                        _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
            } else if let Some(after) = rest.strip_prefix("\\'") {
                bytes.push(b'\'');
                rest = after;
            } else {
                let byte = rest.as_bytes()[0];
                if !byte.is_ascii_alphanumeric() && !b"-_./:@%+,".contains(&byte) {
                    return None;
                }
                bytes.push(byte);
                rest = &rest[1..];
            }
        }
        String::from_utf8(bytes).ok()
    }

    /// What Python and Go make of a literal: JSON's escapes, and those with eight digits.
    fn read_code_points(literal: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            if character != '\\' {
                if character == '"' {
                    return None;
                }
                text.push(character);
                continue;
            }
            let escape = rest.chars().next()?;
            rest = &rest[escape.len_utf8()..];
            let length = match escape {
                'u' => 4,
                'U' => 8,
                _ => {
                    text.push(match escape {
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        '"' | '\\' => escape,
                        _ => return None,
                    });
                    continue;
                }
            };
            let (digits, after) = rest.split_at_checked(length)?;
            rest = after;
            text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
        }
        Some(text)
    }

    proptest! {
        #[test]
        fn each_language_reads_what_was_meant(text in hostile()) {
            prop_assert_eq!(read_shell(&Literal::Shell.write(&text)), Some(text.clone()));
            let json: String = serde_json::from_str(&Literal::Utf16.write(&text)).unwrap();
            prop_assert_eq!(&json, &text);
            let rust: syn::LitStr = syn::parse_str(&Literal::Rust.write(&text)).unwrap();
            prop_assert_eq!(rust.value(), text.clone());
            prop_assert_eq!(read_code_points(&Literal::CodePoints.write(&text)), Some(text));
        }

        /// What is written is one line, with nothing in it that hides, or turns the writing around.
        #[test]
        fn all_of_it_can_be_seen(text in hostile()) {
            for literal in [Literal::Shell, Literal::Rust, Literal::CodePoints, Literal::Utf16] {
                let written = literal.write(&text);
                prop_assert!(written.chars().all(is_visible), "{}", written.escape_debug());
            }
        }
    }

    #[test]
    fn what_hides_or_turns_the_writing_around_is_not_visible() {
        let hidden = "\u{0}\u{9}\u{a}\u{1b}\u{7f}\u{85}\u{a0}\u{ad}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\
                      \u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{3000}\u{feff}\
                      \u{e0001}\u{e000}\u{10ffff}";
        for character in hidden.chars() {
            assert!(!is_visible(character), "{character:?}");
        }
        for character in " !\"$'\\`~aé漢😀\u{301}\u{939}\u{93f}\u{5d0}".chars() {
            assert!(is_visible(character), "{character:?}");
        }
    }

    #[test]
    fn as_people_write_it() {
        for (text, shell, rust, code_points, utf16) in [
            ("user1", "user1", r#""user1""#, r#""user1""#, r#""user1""#),
            ("", "''", r#""""#, r#""""#, r#""""#),
            ("it's", r"'it'\''s'", r#""it's""#, r#""it's""#, r#""it's""#),
            ("a b$\"", "'a b$\"'", r#""a b$\"""#, r#""a b$\"""#, r#""a b$\"""#),
            ("é 😀", "'é 😀'", r#""é 😀""#, r#""é 😀""#, r#""é 😀""#),
            ("a\nb!", r"$'a\nb\x21'", r#""a\nb!""#, r#""a\nb!""#, r#""a\nb!""#),
            ("\u{1b}f", r"$'\x1bf'", r#""\u{1b}f""#, r#""\u001bf""#, r#""\u001bf""#),
            ("\u{202e}1", r"$'\xe2\x80\xae1'", r#""\u{202e}1""#, r#""\u202e1""#, r#""\u202e1""#),
            ("\u{e0001}", r"$'\xf3\xa0\x80\x81'", r#""\u{e0001}""#, r#""\U000e0001""#, r#""\udb40\udc01""#),
            (r"\u0022", r"'\u0022'", r#""\\u0022""#, r#""\\u0022""#, r#""\\u0022""#),
        ] {
            let written =
                [Literal::Shell, Literal::Rust, Literal::CodePoints, Literal::Utf16].map(|it| it.write(text));
            assert_eq!(written, [shell, rust, code_points, utf16], "{text:?}");
        }
    }
}
