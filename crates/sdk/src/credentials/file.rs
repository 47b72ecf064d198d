//! Files that hold credentials: found, read up to a limit, and spoken of without their secrets.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
pub(super) use crate::names::quote;

/// Ours: a file of credentials is some hundred bytes; more is another file, or a device without an end.
pub(super) const LIMIT: usize = 1024 * 1024;

/// A file as it was read; its bytes are overwritten with zeros when dropped.
pub(super) struct Contents {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) readable_by_others: bool,
}

/// Reads a file of credentials; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Contents>, Error> {
    let unreadable = |error: io::Error| {
        Error::new(ErrorKind::Credentials, format!("{} cannot be read", path.display())).with_source(error)
    };
    // Looked at before it is opened: to open a pipe that nobody writes to never ends.
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(Error::new(
                ErrorKind::Credentials,
                format!("{} is not a regular file", path.display()),
            ));
        }
        _ => {}
    }
    let file = match File::open(path) {
        Ok(file) => file,
        // A parent that is no directory: services run with the home directory /dev/null.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    let metadata = file.metadata().map_err(unreadable)?;
    // Room for all of it at once: a vector that grows leaves copies of the secrets behind.
    let room = usize::try_from(metadata.len()).unwrap_or(LIMIT).min(LIMIT) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LIMIT {
        let limit = LIMIT / (1024 * 1024);
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("{} is larger than {limit} MiB, and so no file of credentials", path.display()),
        ));
    }
    Ok(Some(Contents { bytes, readable_by_others: is_readable_by_others(&metadata) }))
}

/// Whether others than the owner may do anything with the file. Told on Unix only; elsewhere always `false`.
pub(crate) fn is_readable_by_others(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0;
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Where a file is: at the path in `setting`, else at `below` in the home directory. An empty variable is none.
pub(super) fn path(
    variable: impl Fn(&str) -> Option<String>,
    setting: &str,
    below: [&str; 2],
) -> Option<PathBuf> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    get(setting).or_else(|| Some(get(home)?.join(below[0]).join(below[1])))
}

/// The text of a file; both formats are UTF-8.
pub(super) fn text<'a>(bytes: &'a [u8], path: &str) -> Result<&'a str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        Error::new(ErrorKind::Credentials, format!("{path}:{line}: not UTF-8"))
            .with_hint("save the file as UTF-8")
    })
}

/// Without the byte order mark that editors on Windows put first.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Quotes a name that stands in the file, or hides it; see [`is_presentable`].
pub(super) fn shown(name: &str) -> String {
    if is_presentable(name) { format!("{name:?}") } else { "\"***\"".to_owned() }
}

/// Which names there are, when one is not; that one's neighbour first, if it has one.
pub(super) fn instead<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.filter(|name| is_presentable(name)).collect();
    if names.is_empty() {
        return "there is none with a usual name".to_owned();
    }
    // Half of the name may differ at most: "x" is near to every short name otherwise.
    let most = (wanted.chars().count() / 2).min(3);
    let nearest = names
        .iter()
        .filter(|_| is_presentable(wanted))
        .map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= most)
        .min();
    let question = nearest.map(|(_, name)| format!("did you mean {name:?}? ")).unwrap_or_default();
    let shown: Vec<String> = names.iter().take(10).map(|name| format!("{name:?}")).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{question}there is {}{more}", shown.join(", "))
}

/// Whether a name of the file may be shown. In a broken file a secret may stand where a name belongs: those are longer, or of
/// other characters.
fn is_presentable(name: &str) -> bool {
    (1..=32).contains(&name.chars().count())
        && name.chars().all(|character| character.is_alphanumeric() || "-_. ".contains(character))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        std::fs::write(&file, "text").unwrap();
        assert_eq!(*read(&file).unwrap().unwrap().bytes, b"text");
        for missing in ["missing", "missing/credentials", "file/credentials"] {
            assert!(read(&directory.path().join(missing)).unwrap().is_none(), "{missing}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_with_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let error = read(directory.path()).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(error.to_string(), format!("{} is not a regular file", directory.path().display()));
        // Longer than any file system takes.
        let path = directory.path().join("x".repeat(5000));
        let error = read(&path).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("{} cannot be read", path.display()));
        assert!(error.source().is_some());
    }

    #[test]
    fn the_limit_is_one_mebibyte() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, vec![b'#'; LIMIT]).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().bytes.len(), LIMIT);
        std::fs::write(&path, vec![b'#'; LIMIT + 1]).unwrap();
        let error = read(&path).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("file is larger than 1 MiB"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_group_and_others_are_seen() {
        use std::os::unix::fs::PermissionsExt as _;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "").unwrap();
        for (mode, others) in [(0o600, false), (0o700, false), (0o640, true), (0o604, true), (0o620, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap().unwrap().readable_by_others, others, "{mode:o}");
        }
    }

    #[test]
    fn the_variable_wins_over_the_home_directory() {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let find = |variables: &[(&str, &str)]| {
            let get = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            path(get, "FILE", [".dir", "name"])
        };
        assert_eq!(find(&[("FILE", "/etc/keys"), (home, "/home/u")]), Some("/etc/keys".into()));
        let below_home = Some(Path::new("/home/u").join(".dir").join("name"));
        assert_eq!(find(&[(home, "/home/u")]), below_home);
        assert_eq!(find(&[("FILE", ""), (home, "/home/u")]), below_home);
        assert_eq!(find(&[(home, "")]), None);
        assert_eq!(find(&[]), None);
    }

    #[test]
    fn the_names_there_are_are_listed_and_the_nearest_is_asked_for() {
        let cases: [(&str, &[&str], &str); 7] = [
            (
                "staging",
                &["stag1ng2", "stag1ng"],
                r#"did you mean "stag1ng"? there is "stag1ng2", "stag1ng""#,
            ),
            ("pord", &["dev", "prod"], r#"did you mean "prod"? there is "dev", "prod""#),
            ("Dev", &["dev", "prod"], r#"did you mean "dev"? there is "dev", "prod""#),
            ("x", &["dev"], r#"there is "dev""#),
            ("x", &[], "there is none with a usual name"),
            (
                "x",
                &["AKIA+SECRET/SECRET", "0123456789012345678901234567890123"],
                "there is none with a usual name",
            ),
            (
                "x",
                &["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3"],
                r#"there is "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1" and 2 more"#,
            ),
        ];
        for (wanted, names, text) in cases {
            assert_eq!(instead(wanted, names.iter().copied()), text);
        }
    }

    #[test]
    fn names_that_may_be_secrets_are_hidden() {
        assert_eq!(shown("dev-1.a_b c"), r#""dev-1.a_b c""#);
        for name in ["", "a/b", "a+b", "a=", "a\nb", "012345678901234567890123456789012"] {
            assert_eq!(shown(name), r#""***""#, "{name:?}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(quote("a\nb"), r#""a\nb""#);
        assert_eq!(quote(&"ä".repeat(1000)), format!("\"{}…\"", "ä".repeat(80)));
    }
}
