//! Files of names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use mrs_iam_sync_fleet::{FileName, MOST_BYTES, parse_names};

use crate::error::{CliError, Result};
use crate::text;

/// Whether it stands for stdin.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What messages call it.
pub(crate) fn title(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}

/// Reads the names.
pub(crate) fn read(path: &Path) -> Result<Vec<FileName>> {
    let title = title(path);
    let bytes = if is_stdin(path) { contents(io::stdin().lock()) } else { open(path).and_then(contents) };
    let bytes = bytes.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound => "check the path; it is relative to the current directory",
            io::ErrorKind::IsADirectory => "give a file with one name a line",
            _ => "check that the file can be read",
        };
        CliError::usage(format!("the names file {title} cannot be read")).with_cause(&error).with_hint(hint)
    })?;
    parse(&title, &bytes)
}

fn open(path: &Path) -> io::Result<File> {
    // Not every system refuses to open a directory, or says so when it is read.
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    File::open(path)
}

fn contents(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

fn parse(title: &str, bytes: &[u8]) -> Result<Vec<FileName>> {
    parse_names(bytes)
        .map_err(|error| CliError::usage(format!("the names file {title} {error}")).with_hint(error.hint()))
}

/// Remarks on names that are probably not meant as they stand.
pub(crate) fn remarks(title: &str, names: &[FileName]) -> Option<String> {
    let padded: Vec<&FileName> = names.iter().filter(|line| line.name.trim() != line.name).collect();
    let first = padded.first()?;
    Some(format!(
        "note: {} in {title} with spaces at the beginning or end, kept as they are; the first on line {}",
        text::count(padded.len(), "name"),
        first.line
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_names_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            if let Ok(names) = parse("f", &bytes) {
                prop_assert!(!names.is_empty());
                for name in &names {
                    prop_assert!(!name.name.contains('\n') && !name.name.trim().is_empty());
                    prop_assert!(name.line <= bytes.iter().filter(|byte| **byte == b'\n').count() + 1);
                }
                let _ = remarks("f", &names);
            }
        }

        #[test]
        fn what_is_written_is_read(names in prop::collection::vec("[^\\x00\r\n#\u{feff} ][^\r\n]{0,40}", 1..50), crlf: bool) {
            let names: Vec<String> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
            prop_assume!(!names.is_empty());
            let file = names.join(if crlf { "\r\n" } else { "\n" });
            let read = parse("f", file.as_bytes()).unwrap();
            prop_assert_eq!(read.into_iter().map(|line| line.name).collect::<Vec<_>>(), names);
        }
    }

    fn names(bytes: &[u8]) -> Vec<(usize, String)> {
        parse("f", bytes).unwrap().into_iter().map(|line| (line.line, line.name)).collect()
    }

    #[test]
    fn a_line_is_a_name() {
        let file = "\u{feff}# users\r\nalice\r\n\r\n  \nbob smith\n #1\n用户".as_bytes();
        let expected = [(2, "alice"), (5, "bob smith"), (6, " #1"), (7, "用户")];
        assert_eq!(names(file), expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn spaces_are_kept_and_remarked() {
        let read = parse("f", b"a\nb \n c\n").unwrap();
        assert_eq!(read[1].name, "b ");
        let remark = remarks("f", &read).unwrap();
        assert!(remark.starts_with("note: 2 names in f") && remark.ends_with("line 2"), "{remark}");
        assert!(remarks("f", &read[..1]).is_none());
    }

    #[test]
    fn what_is_not_utf8_is_placed() {
        let error = parse("f", b"a\nb\xff").unwrap_err();
        assert_eq!(error.message(), "the names file f is not UTF-8: line 2, byte offset 3");
        let error = parse("f", b"\xff\xfea\0").unwrap_err();
        assert_eq!(error.hint(), Some("it looks like UTF-16: save it as UTF-8"));
        for empty in [&b""[..], b"\n\r\n", b"# nobody\n", b"\xef\xbb\xbf"] {
            assert!(parse("f", empty).is_err(), "{empty:?}");
        }
    }
}
