//! Files of names: one name a line.

use std::fmt;

/// Far more than any list of names that can be sent.
pub const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// A name, and the line that it stands on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileName {
    /// The line.
    pub line: usize,
    /// The name as it stands, spaces included.
    pub name: String,
}

/// Why bytes are no file of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamesFileError {
    /// They are not UTF-8.
    NotUtf8 {
        /// The line, counted from 1.
        line: usize,
        /// Offset of the first byte that is wrong.
        offset: usize,
        /// Whether they begin as UTF-16 does.
        utf16: bool,
    },
    /// There is no name in them.
    Empty,
}

impl NamesFileError {
    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NotUtf8 { utf16: true, .. } => "it looks like UTF-16: save it as UTF-8",
            Self::NotUtf8 { .. } => "save it as UTF-8",
            Self::Empty => "write one name a line; empty lines and lines that begin with # do not count",
        }
    }
}

impl fmt::Display for NamesFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { line, offset, .. } => {
                write!(f, "is not UTF-8: line {line}, byte offset {offset}")
            }
            Self::Empty => f.write_str("has no name in it"),
        }
    }
}

impl std::error::Error for NamesFileError {}

/// Reads the names: UTF-8, with or without a byte order mark, lines ended by LF or CRLF. Blank lines and lines that
/// begin with `#` are passed over; every other line is a name as it stands.
///
/// # Errors
/// [`NamesFileError`], also when there is no name.
pub fn parse_names(bytes: &[u8]) -> Result<Vec<FileName>, NamesFileError> {
    let contents = str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        let utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        NamesFileError::NotUtf8 { line, offset, utf16 }
    })?;
    let contents = contents.strip_prefix('\u{feff}').unwrap_or(contents);
    let names: Vec<FileName> = (1..)
        .zip(contents.split('\n'))
        .map(|(line, text)| (line, text.strip_suffix('\r').unwrap_or(text)))
        .filter(|(_, text)| !text.trim().is_empty() && !text.starts_with('#'))
        .map(|(line, name)| FileName { line, name: name.to_owned() })
        .collect();
    if names.is_empty() { Err(NamesFileError::Empty) } else { Ok(names) }
}
