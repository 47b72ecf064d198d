//! The profile file of the official SDKs, `~/.huaweicloud/credentials`.
//!
//! Sections in brackets with settings `key = value`, as an INI file. How exactly it is read is ours, close to what
//! Python's `configparser` does by default: section names are compared exactly, keys without case; a section, or a
//! key within one, stands once. A line that starts with `#` or `;` is a comment. There are none behind a value, and
//! neither quotes nor escapes: a secret may hold any of these characters.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::file;
use crate::error::{Error, ErrorKind};

/// The section of the documentation, then those that the official SDKs themselves look for when they come to the
/// file without being told to: the Python SDK lower-cases the name of a class, the Go SDK has a name of its own. A
/// file made to please one of them has no `[basic]`.
const SECTIONS: [&str; 3] = ["basic", "basiccredentials", "basic.credentials"];

/// Keys with a meaning to the official SDKs. Other keys are not named in errors: in a broken file, the part of a
/// secret before a `=` would be one.
const KEYS: [&str; 8] =
    ["ak", "sk", "security_token", "project_id", "iam_endpoint", "domain_id", "idp_id", "id_token_file"];

/// What a section says.
#[derive(Debug)]
pub(crate) struct Found {
    /// `ak`, not empty.
    pub(crate) access_key: String,
    /// `sk`, not empty.
    pub(crate) secret_key: SecretString,
    /// `security_token`. This and what follows is `None` when it is empty, too.
    pub(crate) security_token: Option<SecretString>,
    /// `project_id`.
    pub(crate) project_id: Option<String>,
    /// `iam_endpoint`.
    pub(crate) iam_endpoint: Option<String>,
    /// The section's name, without brackets.
    pub(crate) section: String,
    /// The line of the section's name, from 1.
    pub(crate) line: usize,
}

/// What was read from the disk.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What a section says.
    pub(crate) found: Found,
    /// Whether others than the owner may do anything with the file; see [`file::is_readable_by_others`].
    pub(crate) readable_by_others: bool,
}

/// Where the file is: `HUAWEICLOUD_SDK_CREDENTIALS_FILE`, else `.huaweicloud/credentials` in the home directory.
pub(crate) fn default_path(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    file::path(variable, "HUAWEICLOUD_SDK_CREDENTIALS_FILE", [".huaweicloud", "credentials"])
}

/// Reads the file; `None` when there is none. See [`parse`].
pub(crate) fn load(path: &Path, profile: Option<&str>) -> Result<Option<Loaded>, Error> {
    let Some(contents) = file::read(path)? else { return Ok(None) };
    let found = parse_bytes(&contents.bytes, &path.display().to_string(), profile)?;
    Ok(Some(Loaded { found, readable_by_others: contents.readable_by_others }))
}

/// As [`parse`], of bytes that may not be UTF-8.
pub(crate) fn parse_bytes(bytes: &[u8], path: &str, profile: Option<&str>) -> Result<Found, Error> {
    parse(file::text(bytes, path)?, path, profile)
}

/// Finds the credentials in the text of the file: in the section `profile`, else in the first of [`SECTIONS`] that
/// there is. `path` is for errors, which name the line too.
///
/// # Errors
/// [`ErrorKind::Credentials`]. The whole file is held to the format; what it has to say, only the one section.
pub(crate) fn parse(text: &str, path: &str, profile: Option<&str>) -> Result<Found, Error> {
    let sections = sections(text, path)?;
    choose(&sections, path, profile)?.found(path)
}

struct Section<'a> {
    name: &'a str,
    line: usize,
    /// By key in lower case.
    settings: HashMap<String, Setting<'a>>,
}

#[derive(Clone, Copy)]
struct Setting<'a> {
    value: &'a str,
    line: usize,
}

fn fault(path: &str, line: usize, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Credentials, format!("{path}:{line}: {what}"))
}

fn sections<'a>(text: &'a str, path: &str) -> Result<Vec<Section<'a>>, Error> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (line, content) in (1..).zip(file::without_mark(text).lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = content.strip_prefix('[') {
            let name = rest.strip_suffix(']').map(str::trim).filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| {
                fault(path, line, "not a section, which is a name in brackets and nothing behind them")
            })?;
            if let Some(first) = seen.insert(name, line) {
                return Err(fault(path, line, format!("the same section as in line {first}")));
            }
            sections.push(Section { name, line, settings: HashMap::new() });
            continue;
        }
        let (key, value) = content
            .split_once('=')
            .map(|(key, value)| (key.trim_end().to_ascii_lowercase(), value.trim_start()))
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| fault(path, line, "neither a comment, a [section] nor key = value"))?;
        let section = sections.last_mut().ok_or_else(|| {
            fault(path, line, "a setting before the first section")
                .with_hint(format!("put a line [{}] before it", SECTIONS[0]))
        })?;
        let what = KEYS.iter().find(|known| **known == key).copied().unwrap_or("a key");
        if let Some(first) = section.settings.insert(key, Setting { value, line }) {
            return Err(fault(path, line, format!("{what} is there twice, in line {} already", first.line)));
        }
    }
    Ok(sections)
}

fn choose<'a, 'b>(
    sections: &'b [Section<'a>],
    path: &str,
    profile: Option<&str>,
) -> Result<&'b Section<'a>, Error> {
    let get = |name: &str| sections.iter().find(|section| section.name == name);
    // One that is asked for by name is taken as it is, [global] too.
    let found = match profile {
        Some(name) => get(name),
        None => SECTIONS.into_iter().find_map(get),
    };
    if let Some(section) = found {
        return Ok(section);
    }
    let wanted = profile.unwrap_or(SECTIONS[0]);
    if let ([only], None) = (sections, profile)
        && only.name == "global"
    {
        return Err(fault(path, only.line, "[global] is for services without a project, such as IAM")
            .with_hint(format!(
                "put the keys into a section [{wanted}], with the project_id if it is not given elsewhere"
            )));
    }
    let error =
        Error::new(ErrorKind::Credentials, format!("{path}: there is no section {}", file::quote(wanted)));
    Err(error.with_hint(match sections {
        [] => format!("the file needs a line [{wanted}], and below it ak = … and sk = …"),
        _ => file::instead(wanted, sections.iter().map(|section| section.name)),
    }))
}

impl Section<'_> {
    fn get(&self, key: &str) -> Option<Setting<'_>> {
        self.settings.get(key).copied().filter(|setting| !setting.value.is_empty())
    }

    fn found(&self, path: &str) -> Result<Found, Error> {
        for key in ["ak", "sk"] {
            if let Some(setting) = self.settings.get(key).filter(|setting| setting.value.is_empty()) {
                return Err(fault(path, setting.line, format!("{key} is empty")));
            }
        }
        let half = |setting: Setting<'_>, key: &str, other: &str| {
            fault(path, setting.line, format!("{key} is set, but {other} is not"))
                .with_hint("a key pair is an access key and its secret key: put both into the section")
        };
        // Keys come before a federation, unlike in the official SDKs, as we know no federation.
        let (access_key, secret_key) = match (self.get("ak"), self.get("sk")) {
            (Some(access_key), Some(secret_key)) => (access_key.value, secret_key.value),
            (Some(access_key), None) => return Err(half(access_key, "ak", "sk")),
            (None, Some(secret_key)) => return Err(half(secret_key, "sk", "ak")),
            (None, None) => return Err(self.without_keys(path)),
        };
        let optional = |key: &str| self.get(key).map(|setting| setting.value.to_owned());
        Ok(Found {
            access_key: access_key.to_owned(),
            secret_key: secret_key.into(),
            security_token: self.get("security_token").map(|setting| setting.value.into()),
            project_id: optional("project_id"),
            iam_endpoint: optional("iam_endpoint"),
            section: self.name.to_owned(),
            line: self.line,
        })
    }

    fn without_keys(&self, path: &str) -> Error {
        let federation = ["idp_id", "id_token_file"];
        let federation = federation.into_iter().find_map(|key| Some((key, self.settings.get(key)?)));
        if let Some((key, setting)) = federation {
            return fault(path, setting.line, format!("{key}: federated identities are not supported"))
                .with_hint("put ak and sk into the section, or use credentials from elsewhere");
        }
        match self.get("security_token") {
            Some(token) => fault(path, token.line, "security_token is set, but ak and sk are not").with_hint(
                "a security token belongs to a temporary key pair: put all three into the section",
            ),
            None => fault(path, self.line, "the section has neither ak nor sk"),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const PATH: &str = "/home/u/.huaweicloud/credentials";

    fn message(text: &str, profile: Option<&str>) -> String {
        let error = parse(text, PATH, profile).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let hint = error.hint().map(|hint| format!(" | {hint}")).unwrap_or_default();
        let text = format!("{error}{hint}");
        text.strip_prefix(PATH).unwrap_or_else(|| panic!("no path: {text}")).to_owned()
    }

    #[test]
    fn the_documented_file_is_read() {
        let text = "# from the console\n\n[basic]\nak = AK\nsk = SK\nsecurity_token = ST\nproject_id = P\n\
                    iam_endpoint = https://iam.example\n; and another\n[global]\nak = AK2\nsk = SK2\ndomain_id = D\n";
        let found = parse(text, PATH, None).unwrap();
        assert_eq!(found.access_key, "AK");
        assert_eq!(found.secret_key.expose_secret(), "SK");
        assert_eq!(found.security_token.as_ref().unwrap().expose_secret(), "ST");
        assert_eq!(found.project_id.as_deref(), Some("P"));
        assert_eq!(found.iam_endpoint.as_deref(), Some("https://iam.example"));
        assert_eq!((found.section.as_str(), found.line), ("basic", 3));
        let global = parse(text, PATH, Some("global")).unwrap();
        assert_eq!((global.access_key.as_str(), global.line), ("AK2", 10));
        assert!(global.security_token.is_none() && global.project_id.is_none());
    }

    #[test]
    fn the_documented_section_comes_before_the_odd_ones_and_a_name_before_all() {
        let section = |name: &str| format!("[{name}]\nak=A\nsk=S\n");
        let all = ["other", "basic.credentials", "basiccredentials", "basic"].map(section).concat();
        let chosen = |text: &str, profile| parse(text, PATH, profile).unwrap().section;
        assert_eq!(chosen(&all, None), "basic");
        assert_eq!(chosen(&all[..all.len() - section("basic").len()], None), "basiccredentials");
        assert_eq!(chosen(&["other", "basic.credentials"].map(section).concat(), None), "basic.credentials");
        assert_eq!(chosen(&all, Some("other")), "other");
        assert!(message(&all, Some("Basic")).starts_with(": there is no section \"Basic\""));
    }

    #[test]
    fn what_editors_and_people_leave_in_a_file_is_no_matter() {
        let cases = [
            "\u{feff}[basic]\nak=AK\nsk=S#;=K=\n",
            "[basic]\r\nak=AK\r\nsk=S#;=K=\r\n",
            "  [ basic ]  \n\tAK  =  AK\t\n sK= S#;=K= \n  # comment = 1\n ;[basic]\nunknown = x\nregion=",
            "[basic]\nak = AK\nsk = S#;=K=\nsecurity_token =\nproject_id = \n[other]\nak =\n",
            "[basic]\nak = AK\nsk = S#;=K=\nidp_id = i\nid_token_file = f",
        ];
        for text in cases {
            let found = parse(text, PATH, None).unwrap();
            assert_eq!(
                (found.access_key.as_str(), found.secret_key.expose_secret()),
                ("AK", "S#;=K="),
                "{text:?}"
            );
            assert!(found.security_token.is_none() && found.project_id.is_none());
        }
    }

    #[test]
    fn every_error_names_the_line() {
        let pair = "a key pair is an access key and its secret key: put both into the section";
        let cases = [
            ("[basic]\nak = A\n", format!(":2: ak is set, but sk is not | {pair}")),
            ("[basic]\n\nsk = s3cret\n", format!(":3: sk is set, but ak is not | {pair}")),
            ("[basic]\nak = A\nidp_id = i\n", format!(":2: ak is set, but sk is not | {pair}")),
            ("[basic]\nak =\nsk = s3cret\n", ":2: ak is empty".to_owned()),
            ("[basic]\nak = A\nsk = \n", ":3: sk is empty".to_owned()),
            (
                "[basic]\nsecurity_token = s3cret\n",
                ":2: security_token is set, but ak and sk are not | a security token belongs to a temporary key \
                 pair: put all three into the section"
                    .to_owned(),
            ),
            ("\n[basic]\nproject_id = P\n", ":2: the section has neither ak nor sk".to_owned()),
            ("[basic]\nak=A\nsk=s3cret\nSK=s3cret", ":4: sk is there twice, in line 3 already".to_owned()),
            ("[basic]\ns3cret=\nS3CRET==", ":3: a key is there twice, in line 2 already".to_owned()),
            ("[basic]\nak=A\nsk=s3cret\n[a]\n[basic]", ":5: the same section as in line 1".to_owned()),
            ("[basic]\ns3cret\n", ":2: neither a comment, a [section] nor key = value".to_owned()),
            ("[basic]\n= s3cret\n", ":2: neither a comment, a [section] nor key = value".to_owned()),
            (
                "[basic] # s3cret",
                ":1: not a section, which is a name in brackets and nothing behind them".to_owned(),
            ),
            ("[]", ":1: not a section, which is a name in brackets and nothing behind them".to_owned()),
            (
                "ak = s3cret\n",
                ":1: a setting before the first section | put a line [basic] before it".to_owned(),
            ),
            (
                "[basic]\nidp_id = i\n",
                ":2: idp_id: federated identities are not supported | put ak and sk into the section, or use \
                 credentials from elsewhere"
                    .to_owned(),
            ),
            (
                "[basic]\nid_token_file = /f\n",
                ":2: id_token_file: federated identities are not supported | put ak and sk into the section, or \
                 use credentials from elsewhere"
                    .to_owned(),
            ),
            (
                "# a\n[global]\nak = A\nsk = s3cret\n",
                ":2: [global] is for services without a project, such as IAM | put the keys into a section \
                 [basic], with the project_id if it is not given elsewhere"
                    .to_owned(),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text, None), expected, "{text:?}");
        }
    }

    #[test]
    fn a_section_that_is_not_there_is_told_with_those_that_are() {
        let text = "[dev]\nak=A\nsk=S\n[prod]\nak=A\nsk=S\n";
        assert_eq!(message(text, None), ": there is no section \"basic\" | there is \"dev\", \"prod\"");
        assert_eq!(
            message(text, Some("pord")),
            ": there is no section \"pord\" | did you mean \"prod\"? there is \"dev\", \"prod\""
        );
        assert_eq!(
            message("# empty\n", None),
            ": there is no section \"basic\" | the file needs a line [basic], and below it ak = … and sk = …"
        );
        assert_eq!(message("[dev]\n", None), ": there is no section \"basic\" | there is \"dev\"");
        // Only one of several: the others are worth telling.
        assert_eq!(
            message("[global]\n[dev]\n", None),
            ": there is no section \"basic\" | there is \"global\", \"dev\""
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_told_with_their_line() {
        let error = parse_bytes(b"[basic]\nak = A\nsk = s3\xffcret\n", PATH, None).unwrap_err();
        assert_eq!(error.to_string(), format!("{PATH}:3: not UTF-8"));
        // As PowerShell's redirection writes it.
        let error = parse_bytes(b"\xff\xfe[\0b\0a\0s\0i\0c\0]\0", PATH, None).unwrap_err();
        assert_eq!(error.to_string(), format!("{PATH}:1: not UTF-8"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let found = parse("[basic]\nak=AK\nsk=the-secret\nsecurity_token=the-token", PATH, None).unwrap();
        let shown = format!("{found:?}");
        assert!(
            shown.contains("AK") && !shown.contains("the-secret") && !shown.contains("the-token"),
            "{shown}"
        );
    }

    #[test]
    fn a_file_is_loaded_with_its_permissions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials");
        assert!(load(&path, None).unwrap().is_none());
        std::fs::write(&path, "[basic]\nak = A\nsk = S\n").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let loaded = load(&path, None).unwrap().unwrap();
        assert_eq!((loaded.found.access_key.as_str(), loaded.readable_by_others), ("A", cfg!(unix)));
        let error = load(&path, Some("dev")).unwrap_err();
        assert!(error.to_string().starts_with(&path.display().to_string()), "{error}");
    }

    #[test]
    fn the_path_is_the_official_one() {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let path = default_path(|name| (name == home).then(|| "/home/u".to_owned())).unwrap();
        assert_eq!(path, Path::new("/home/u").join(".huaweicloud").join("credentials"));
        let path =
            default_path(|name| (name == "HUAWEICLOUD_SDK_CREDENTIALS_FILE").then(|| "keys".to_owned()));
        assert_eq!(path.as_deref(), Some(Path::new("keys")));
    }
}
