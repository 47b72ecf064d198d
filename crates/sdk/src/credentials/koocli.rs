//! The configuration of Huawei Cloud's command line KooCLI (`hcloud`), `~/.hcloud/config.json`.
//!
//! Its shape is the one that the Terraform provider reads. KooCLI keeps the secrets in it encrypted by default, with
//! a key of the machine; other programs can read them only after `hcloud configure set --cli-auth-encrypt=false`.
//!
//! Not documented, and so a guess of ours or left alone:
//! - How encrypted secrets are told from plain ones; see [`parse`]. Those that look like plain ones are taken for
//!   such: the service then refuses the signature.
//! - What the agency fields mean beside the mode `AKSK`: they are not read.
//! - How long the temporary keys of the mode `SSO` are good for, and where that stands.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::file;
use crate::error::{Error, ErrorKind};

/// What makes the secrets readable.
const DECRYPT: &str = "KooCLI keeps secrets encrypted by default, which no other program can read: run `hcloud configure set --cli-auth-encrypt=false`";

/// What a profile says.
#[derive(Debug)]
pub(crate) struct Found {
    /// `accessKeyId`, not empty.
    pub(crate) access_key: String,
    /// `secretAccessKey`, not empty.
    pub(crate) secret_key: SecretString,
    /// `securityToken`; always there for the mode `SSO`. This and what follows is `None` when it is empty, too.
    pub(crate) security_token: Option<SecretString>,
    /// `region`.
    pub(crate) region: Option<String>,
    /// `projectId`.
    pub(crate) project_id: Option<String>,
    /// The profile's name.
    pub(crate) profile: String,
}

/// What was read from the disk.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// What a profile says.
    pub(crate) found: Found,
    /// Whether others than the owner may do anything with the file; see [`file::is_readable_by_others`].
    pub(crate) readable_by_others: bool,
}

/// Where the file is: `HW_SHARED_CONFIG_FILE` as for the Terraform provider, else `.hcloud/config.json` in the home
/// directory.
pub(crate) fn default_path(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    file::path(variable, "HW_SHARED_CONFIG_FILE", [".hcloud", "config.json"])
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

/// Finds the credentials in the text of the file: those of `profile`, else of the current one. `path` is for errors.
///
/// Ours: the secrets count as encrypted when a field with `encrypt` in its name is on, and the hint of an error
/// speaks of it when the keys are empty or hold what no key can hold.
///
/// # Errors
/// [`ErrorKind::Credentials`]. Where the JSON is wrong, it names line and column.
pub(crate) fn parse(text: &str, path: &str, profile: Option<&str>) -> Result<Found, Error> {
    let text = file::without_mark(text);
    let config: Config = serde_json::from_str(text).map_err(|error| broken(path, &error))?;
    let profile = config.choose(path, profile)?;
    let encrypted = is_encrypted(text).map_err(|error| broken(path, &error))?;
    profile.found(path, encrypted)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    current: Option<String>,
    profiles: Option<Vec<Profile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    name: Option<String>,
    mode: Option<String>,
    access_key_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    secret_access_key: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    security_token: Option<SecretString>,
    region: Option<String>,
    project_id: Option<String>,
    sso_auth: Option<SsoAuth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SsoAuth {
    sts_token: Option<StsToken>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StsToken {
    access_key_id: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    secret_access_key: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    security_token: Option<SecretString>,
}

/// A secret, which is overwritten when dropped: those of the other profiles at once.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// The error of the JSON, of which nothing but the place is used: its text may quote a value.
fn broken(path: &str, error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        serde_json::error::Category::Data => "not the form of KooCLI's configuration",
        serde_json::error::Category::Eof => "JSON that ends too early",
        _ => "not JSON, or nested too deeply",
    };
    let (line, column) = (error.line(), error.column());
    Error::new(ErrorKind::Credentials, format!("{path}:{line}:{column}: {what}"))
}

impl Config {
    fn choose(self, path: &str, wanted: Option<&str>) -> Result<Profile, Error> {
        let fault = |what: String| Error::new(ErrorKind::Credentials, format!("{path}: {what}"));
        let mut profiles = self.profiles.unwrap_or_default();
        let current = self.current.filter(|name| !name.is_empty());
        let (name, shown) = match (wanted, &current) {
            (Some(name), _) => (name, format!("profile {}", file::quote(name))),
            (None, Some(name)) => (name.as_str(), format!("current profile {}", file::shown(name))),
            (None, None) => {
                let error = fault("there is no current profile".to_owned());
                return Err(error.with_hint("name the profile"));
            }
        };
        let mut places =
            profiles.iter().enumerate().filter(|(_, profile)| profile.name.as_deref() == Some(name));
        match (places.next().map(|(place, _)| place), places.next()) {
            (Some(place), None) => Ok(profiles.swap_remove(place)),
            (Some(_), Some(_)) => Err(fault(format!("there is more than one {shown}"))),
            (None, _) => {
                let error = fault(format!("there is no {shown}"));
                Err(error.with_hint(match profiles.as_slice() {
                    [] => "there is none at all: `hcloud configure init` makes one".to_owned(),
                    _ => file::instead(name, profiles.iter().filter_map(|profile| profile.name.as_deref())),
                }))
            }
        }
    }
}

impl Profile {
    fn found(self, path: &str, encrypted: bool) -> Result<Found, Error> {
        let profile = self.name.unwrap_or_default();
        let fault = |what: &str| {
            let message = format!("{path}: profile {}: {what}", file::shown(&profile));
            Error::new(ErrorKind::Credentials, message)
        };
        let mode = self.mode.filter(|mode| !mode.is_empty());
        // Ours: keys without a mode are what the mode for keys holds; letter case does not matter.
        let mode = mode.as_deref().unwrap_or("AKSK");
        let is_sso = mode.eq_ignore_ascii_case("SSO");
        if !is_sso && !mode.eq_ignore_ascii_case("AKSK") {
            return Err(fault(&format!("the mode {} is not supported", file::shown(mode)))
                .with_hint("use a profile of the mode AKSK or SSO, or credentials from elsewhere"));
        }
        let (access_key, secret_key, security_token) = if is_sso {
            let Some(token) = self.sso_auth.and_then(|sso| sso.sts_token) else {
                return Err(fault("mode SSO without ssoAuth.stsToken").with_hint("sign in with KooCLI first"));
            };
            (token.access_key_id, token.secret_access_key, token.security_token)
        } else {
            (self.access_key_id, self.secret_access_key, self.security_token)
        };
        if encrypted {
            return Err(fault("its secrets are encrypted").with_hint(DECRYPT));
        }
        let check = |field: &str, value: &str| {
            let what = match value {
                "" => "is empty",
                _ if !value.bytes().all(|byte| byte.is_ascii_graphic()) => "has characters that no key has",
                _ => return Ok(()),
            };
            Err(fault(&format!("{field} {what}")).with_hint(DECRYPT))
        };
        let access_key = access_key.unwrap_or_default();
        let secret_key = secret_key.unwrap_or_default();
        let security_token = security_token.filter(|token| !token.expose_secret().is_empty());
        check("accessKeyId", &access_key)?;
        check("secretAccessKey", secret_key.expose_secret())?;
        match &security_token {
            Some(token) => check("securityToken", token.expose_secret())?,
            // Those keys are temporary, and of no use without their token.
            None if is_sso => check("securityToken", "")?,
            None => {}
        }
        let optional = |value: Option<String>| value.filter(|value| !value.is_empty());
        Ok(Found {
            access_key,
            secret_key,
            security_token,
            region: optional(self.region),
            project_id: optional(self.project_id),
            profile,
        })
    }
}

/// Whether a field with `encrypt` in its name is on, wherever it stands.
fn is_encrypted(text: &str) -> Result<bool, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Switch { is_named: false }.deserialize(&mut deserializer)
}

/// Looks for a value `true` within a field of the name, without keeping a copy of the other values.
#[derive(Clone, Copy)]
struct Switch {
    is_named: bool,
}

impl<'de> DeserializeSeed<'de> for Switch {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Switch {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(self.is_named && value)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, value: &str) -> Result<bool, E> {
        Ok(self.is_named && value.eq_ignore_ascii_case("true"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut is_on = false;
        while let Some(item) = items.next_element_seed(self)? {
            is_on |= item;
        }
        Ok(is_on)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<bool, A::Error> {
        let mut is_on = false;
        while let Some(name) = fields.next_key::<String>()? {
            let is_named = self.is_named || name.to_ascii_lowercase().contains("encrypt");
            is_on |= fields.next_value_seed(Switch { is_named })?;
        }
        Ok(is_on)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PATH: &str = "/home/u/.hcloud/config.json";

    fn config() -> Value {
        json!({
            "language": "en",
            "current": "dev",
            "profiles": [
                {
                    "name": "dev", "mode": "AKSK", "accessKeyId": "AK", "secretAccessKey": "s3cret",
                    "securityToken": "", "region": "cn-north-4", "projectId": "P", "domainId": "D",
                    "agencyName": "", "ssoAuth": {"stsToken": {"accessKeyId": ""}}, "readTimeout": 10,
                },
                {
                    "name": "sso", "mode": "SSO", "accessKeyId": "", "secretAccessKey": "", "region": "",
                    "ssoAuth": {
                        "stsToken": {"accessKeyId": "AK2", "secretAccessKey": "s3cret2", "securityToken": "t0ken"},
                    },
                },
                {"name": "ecs", "mode": "ecsAgency", "accessKeyId": "AK3", "secretAccessKey": "s3cret3"},
            ],
        })
    }

    fn read(config: &Value, profile: Option<&str>) -> Result<Found, Error> {
        parse(&config.to_string(), PATH, profile)
    }

    /// The message and the hint, without the path.
    fn told(error: &Error) -> (String, Option<&str>) {
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let message = error.to_string();
        assert!(!format!("{message} {error:?}").contains("s3cret"), "{error:?}");
        (message.strip_prefix(PATH).unwrap_or_else(|| panic!("no path: {message}")).to_owned(), error.hint())
    }

    #[test]
    fn the_current_profile_is_read_or_the_one_named() {
        let found = read(&config(), None).unwrap();
        assert_eq!((found.access_key.as_str(), found.secret_key.expose_secret()), ("AK", "s3cret"));
        assert!(found.security_token.is_none());
        assert_eq!((found.region.as_deref(), found.project_id.as_deref()), (Some("cn-north-4"), Some("P")));
        assert_eq!(found.profile, "dev");

        let found = read(&config(), Some("sso")).unwrap();
        assert_eq!((found.access_key.as_str(), found.secret_key.expose_secret()), ("AK2", "s3cret2"));
        assert_eq!(found.security_token.unwrap().expose_secret(), "t0ken");
        assert_eq!((found.region, found.project_id), (None, None));
    }

    #[test]
    fn temporary_keys_a_byte_order_mark_and_no_mode_are_read() {
        let mut config = config();
        config["profiles"][0]["securityToken"] = json!("t0ken");
        config["profiles"][0]["mode"] = json!(null);
        let found = parse(&format!("\u{feff}{config:#}\r\n"), PATH, None).unwrap();
        assert_eq!(found.security_token.unwrap().expose_secret(), "t0ken");
        config["profiles"][0]["mode"] = json!("aksk");
        assert!(read(&config, None).is_ok());
    }

    #[test]
    fn other_modes_are_refused() {
        let error = read(&config(), Some("ecs")).unwrap_err();
        let (message, hint) = told(&error);
        assert_eq!(message, ": profile \"ecs\": the mode \"ecsAgency\" is not supported");
        assert_eq!(hint, Some("use a profile of the mode AKSK or SSO, or credentials from elsewhere"));
    }

    #[test]
    fn what_may_be_a_misplaced_secret_is_hidden() {
        let mut config = config();
        config["profiles"][0]["mode"] = json!("s3cret+/");
        let error = read(&config, None).unwrap_err();
        assert_eq!(told(&error).0, ": profile \"dev\": the mode \"***\" is not supported");
        config["profiles"][0]["name"] = json!("dev/s3cret");
        let error = read(&config, Some("dev/s3cret")).unwrap_err();
        assert_eq!(told(&error).0, ": profile \"***\": the mode \"***\" is not supported");
        config["current"] = json!("s3cret+/");
        let error = read(&config, None).unwrap_err();
        let hint = Some(r#"there is "sso", "ecs""#);
        assert_eq!(told(&error), (": there is no current profile \"***\"".to_owned(), hint));
    }

    #[test]
    fn a_profile_that_is_not_there_is_told_with_those_that_are() {
        let listed = r#"there is "dev", "sso", "ecs""#;
        let error = read(&config(), Some("dve")).unwrap_err();
        let hint = format!("did you mean \"dev\"? {listed}");
        assert_eq!(told(&error), (": there is no profile \"dve\"".to_owned(), Some(hint.as_str())));

        let mut gone = config();
        gone["current"] = json!("removed");
        let error = read(&gone, None).unwrap_err();
        assert_eq!(told(&error), (": there is no current profile \"removed\"".to_owned(), Some(listed)));

        for current in [json!(null), json!("")] {
            gone["current"] = current;
            let error = read(&gone, None).unwrap_err();
            assert_eq!(told(&error), (": there is no current profile".to_owned(), Some("name the profile")));
        }

        let error = read(&json!({"profiles": null}), Some("dev")).unwrap_err();
        let hint = "there is none at all: `hcloud configure init` makes one";
        assert_eq!(told(&error), (": there is no profile \"dev\"".to_owned(), Some(hint)));

        let mut twice = config();
        twice["profiles"][1]["name"] = json!("dev");
        let error = read(&twice, None).unwrap_err();
        assert_eq!(told(&error).0, ": there is more than one current profile \"dev\"");
    }

    #[test]
    fn secrets_that_seem_encrypted_are_told_with_the_remedy() {
        let of = |profile: usize, pointer: &str, value: Value| {
            let mut config = config();
            *config["profiles"][profile].pointer_mut(pointer).unwrap() = value;
            config
        };
        let sts = |field: &str, value| of(1, &format!("/ssoAuth/stsToken/{field}"), value);
        let cases = [
            (of(0, "/accessKeyId", json!("")), None, "profile \"dev\": accessKeyId is empty"),
            (of(0, "/accessKeyId", json!(null)), None, "profile \"dev\": accessKeyId is empty"),
            (of(0, "/secretAccessKey", json!("")), None, "profile \"dev\": secretAccessKey is empty"),
            (
                of(0, "/accessKeyId", json!("s3cret\u{1}")),
                None,
                "profile \"dev\": accessKeyId has characters that no key has",
            ),
            (
                of(0, "/secretAccessKey", json!("s3cret ö")),
                None,
                "profile \"dev\": secretAccessKey has characters that no key has",
            ),
            (
                of(0, "/securityToken", json!("s3cret ö")),
                None,
                "profile \"dev\": securityToken has characters that no key has",
            ),
            (sts("accessKeyId", json!("")), Some("sso"), "profile \"sso\": accessKeyId is empty"),
            (sts("securityToken", json!(null)), Some("sso"), "profile \"sso\": securityToken is empty"),
        ];
        for (config, profile, expected) in cases {
            let error = read(&config, profile).unwrap_err();
            assert_eq!(told(&error), (format!(": {expected}"), Some(DECRYPT)));
        }
        let error = read(&of(1, "/ssoAuth", json!({})), Some("sso")).unwrap_err();
        assert_eq!(told(&error).0, ": profile \"sso\": mode SSO without ssoAuth.stsToken");
    }

    #[test]
    fn a_field_that_says_encrypted_is_believed() {
        let with = |pointer: &str, name: &str, value: Value| {
            let mut config = config();
            config.pointer_mut(pointer).unwrap()[name] = value;
            config
        };
        for encrypted in [
            with("", "authEncrypt", json!(true)),
            with("", "auth-encrypt", json!("True")),
            with("", "Encryption", json!({"auth": [false, true]})),
            with("/profiles/0", "isEncrypted", json!(true)),
        ] {
            let error = read(&encrypted, None).unwrap_err();
            let expected = ": profile \"dev\": its secrets are encrypted".to_owned();
            assert_eq!(told(&error), (expected, Some(DECRYPT)), "{encrypted}");
        }
        for plain in [
            with("", "authEncrypt", json!(false)),
            with("", "authEncrypt", json!("false")),
            with("", "encryptRounds", json!([1, -1, 1.5, null])),
            with("", "verbose", json!(true)),
        ] {
            assert!(read(&plain, None).is_ok(), "{plain}");
        }
    }

    #[test]
    fn broken_json_is_told_by_its_place_alone() {
        let deep = format!(r#"{{"profiles": {}"#, "[".repeat(500));
        let ignored =
            config().to_string().replace("\"en\"", &format!("{}{}", "[".repeat(500), "]".repeat(500)));
        let cases = [
            ("", ":1:0: JSON that ends too early"),
            ("{\n \"current\": \"s3cret", ":2:19: JSON that ends too early"),
            ("{\n s3cret", ":2:2: not JSON, or nested too deeply"),
            ("{} s3cret", ":1:4: not JSON, or nested too deeply"),
            (
                r#"{"profiles": [{"accessKeyId": {"s3cret": 1}}]}"#,
                ":1:30: not the form of KooCLI's configuration",
            ),
            (r#"{"profiles": "s3cret"}"#, ":1:21: not the form of KooCLI's configuration"),
            (r#"{"current": "a", "current": "s3cret"}"#, ":1:26: not the form of KooCLI's configuration"),
            (deep.as_str(), ":1:15: not the form of KooCLI's configuration"),
            (ignored.as_str(), ":1:139: not JSON, or nested too deeply"),
        ];
        for (text, expected) in cases {
            let error = parse(text, PATH, None).map(|_| ()).unwrap_err();
            assert_eq!(told(&error), (expected.to_owned(), None), "{text}");
        }
        let error = parse_bytes(b"{\n\"current\": \"s3cret\xff", PATH, None).unwrap_err();
        assert_eq!(told(&error).0, ":2: not UTF-8");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", read(&config(), Some("sso")).unwrap());
        assert!(shown.contains("AK2") && !shown.contains("s3cret2") && !shown.contains("t0ken"), "{shown}");
    }

    #[test]
    fn a_file_is_loaded_with_its_permissions() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        assert!(load(&path, None).unwrap().is_none());
        std::fs::write(&path, config().to_string()).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let loaded = load(&path, Some("sso")).unwrap().unwrap();
        assert_eq!((loaded.found.access_key.as_str(), loaded.readable_by_others), ("AK2", cfg!(unix)));
    }

    #[test]
    fn the_path_is_that_of_koocli_or_as_for_terraform() {
        let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let path = default_path(|name| (name == home).then(|| "/home/u".to_owned())).unwrap();
        assert_eq!(path, Path::new("/home/u").join(".hcloud").join("config.json"));
        let path = default_path(|name| (name == "HW_SHARED_CONFIG_FILE").then(|| "shared.json".to_owned()));
        assert_eq!(path.as_deref(), Some(Path::new("shared.json")));
    }
}
