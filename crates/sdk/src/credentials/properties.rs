//! What holds of every file and answer, tried with random ones; `PROPTEST_CASES` sets how many.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{koocli, metadata, profile};
use crate::error::Error;

/// Each six characters of them hold one that no name in a message has, so that what is found is a leak.
const SECRET: &str = "aB1+cD2/eF3+gH4/iJ5+kL6/mN7+oP8/qR9+sT0/";
const TOKEN: &str = "Zy1/Xw2+Vu3/Ts4+Rq5/Po6+Nm7/Lk8+Ji9/Hg0+";

const PATH: &str = "/home/u/file";

fn config() -> ProptestConfig {
    // The seeds of failures would be written beside the sources.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// All that an error says.
fn text(error: &Error) -> String {
    format!("{error} | {:?} | {error:?}", error.hint())
}

/// The part of a secret that a text holds, in whatever case.
fn leak(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    [SECRET, TOKEN].into_iter().find_map(|secret| {
        let parts = (0..=secret.len() - 6).map(|from| &secret[from..from + 6]);
        parts.into_iter().find(|part| text.contains(&part.to_ascii_lowercase()))
    })
}

fn a_profile_file() -> Vec<u8> {
    format!(
        "# keys\n[dev]\nak = AK1\nsk = {SECRET}\n\n[basic]\nak = AK\nsk = {SECRET}\nsecurity_token = {TOKEN}\n\
         project_id = P\n[global]\nak = AK\nsk = {SECRET}\ndomain_id = D\n"
    )
    .into_bytes()
}

fn a_configuration() -> Vec<u8> {
    let config = json!({
        "current": "dev",
        "profiles": [
            {"name": "dev", "mode": "AKSK", "accessKeyId": "AK", "secretAccessKey": SECRET, "securityToken": TOKEN},
            {
                "name": "sso", "mode": "SSO", "secretAccessKey": SECRET,
                "ssoAuth": {"stsToken": {"accessKeyId": "AK", "secretAccessKey": SECRET, "securityToken": TOKEN}},
            },
        ],
    });
    format!("{config:#}").into_bytes()
}

fn an_answer() -> Vec<u8> {
    let keys = json!({
        "access": "AK", "secret": SECRET, "securitytoken": TOKEN, "expires_at": "2026-11-23T12:00:00.000000Z",
    });
    json!({ "credential": keys }).to_string().into_bytes()
}

/// Pieces that mean something in one of the formats.
const PIECES: [&str; 27] = [
    "\n",
    "\r\n",
    "[",
    "]",
    "[basic]\n",
    "=",
    " = ",
    "#",
    ";",
    "ak",
    "sk = ",
    "security_token = ",
    "idp_id = ",
    "\u{feff}",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "null",
    "1e999",
    "\"mode\": \"",
    "\"current\": \"",
    "\"encrypt\": true, ",
    "\"expires_at\": ",
];

/// One change: at a place, some bytes are taken out and others put in.
fn change() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let piece = select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec());
    let put_in = prop_oneof![Just(Vec::new()), piece, prop::collection::vec(any::<u8>(), 1..4)];
    (any::<Index>(), prop_oneof![Just(0), 1..4_usize, 4..80_usize], put_in)
}

fn changed(mut bytes: Vec<u8>, changes: Vec<(Index, usize, Vec<u8>)>) -> Vec<u8> {
    for (place, taken_out, put_in) in changes {
        let from = place.index(bytes.len() + 1);
        let to = bytes.len().min(from + taken_out);
        bytes.splice(from..to, put_in);
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(Index, usize, Vec<u8>)>> {
    prop::collection::vec(change(), 1..6)
}

/// Which profile is asked for.
fn wanted() -> impl Strategy<Value = Option<&'static str>> {
    select(&[None, Some("dev"), Some("sso"), Some("none")][..])
}

/// Bytes without any order, and pieces of the formats.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(select(&PIECES[..]), 0..40);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        pieces.prop_map(|pieces| pieces.concat().into_bytes())
    ]
}

/// A value as it stands in a profile file: no space at either end.
fn value() -> impl Strategy<Value = String> {
    "[!-~]([ -~]{0,30}[!-~])?"
}

/// How a setting is written.
fn spaces() -> impl Strategy<Value = [&'static str; 4]> {
    let space = || select(&["", " ", "\t", "  "][..]);
    [space(), space(), space(), space()]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_panics(bytes in any_bytes(), wanted in wanted()) {
        for error in [
            profile::parse_bytes(&bytes, PATH, wanted).map(|_| ()),
            koocli::parse_bytes(&bytes, PATH, wanted).map(|_| ()),
        ].into_iter().filter_map(Result::err) {
            prop_assert!(error.to_string().starts_with(PATH), "{}", error);
        }
        let _ = metadata::parse_security_key(&bytes);
        let _ = metadata::may_renew_token(401, &bytes);
    }

    #[test]
    fn an_error_of_a_broken_profile_file_holds_no_secret(changes in changes(), wanted in wanted()) {
        let bytes = changed(a_profile_file(), changes);
        if let Err(error) = profile::parse_bytes(&bytes, PATH, wanted) {
            prop_assert_eq!(leak(&text(&error)), None, "{}", text(&error));
        }
    }

    #[test]
    fn an_error_of_a_broken_configuration_holds_no_secret(changes in changes(), wanted in wanted()) {
        let bytes = changed(a_configuration(), changes);
        if let Err(error) = koocli::parse_bytes(&bytes, PATH, wanted) {
            prop_assert_eq!(leak(&text(&error)), None, "{}", text(&error));
        }
    }

    #[test]
    fn an_error_of_a_broken_answer_holds_no_secret(changes in changes()) {
        if let Err(error) = metadata::parse_security_key(&changed(an_answer(), changes)) {
            prop_assert_eq!(leak(&text(&error)), None, "{}", text(&error));
        }
    }

    #[test]
    fn a_profile_that_is_written_is_read_back(
        section in "[A-Za-z0-9._-]{1,12}",
        ak in value(),
        sk in value(),
        token in prop::option::of(value()),
        project in prop::option::of(value()),
        order in Just(["ak", "sk", "security_token", "project_id"]).prop_shuffle(),
        spaces in spaces(),
        upper in any::<bool>(),
        end in select(&["\n", "\r\n", "\n\n# = [\n; a\n"][..]),
    ) {
        // Sections around it, whose name it cannot have.
        let mut text = format!("[a a]{end}ak = A{end}sk = S{end}[{section}]{end}");
        for key in order {
            let value = match key {
                "ak" => Some(&ak),
                "sk" => Some(&sk),
                "security_token" => token.as_ref(),
                _ => project.as_ref(),
            };
            let key = if upper { key.to_ascii_uppercase() } else { key.to_owned() };
            if let Some(value) = value {
                let [first, second, third, last] = spaces;
                text += &format!("{first}{key}{second}={third}{value}{last}{end}");
            }
        }
        text += &format!("[b b]{end}ak = B{end}sk = S");
        let found = profile::parse(&text, PATH, Some(&section)).map_err(|error| {
            TestCaseError::fail(format!("{error} in {text}"))
        })?;
        prop_assert_eq!(found.access_key, ak);
        prop_assert_eq!(found.secret_key.expose_secret(), sk);
        prop_assert_eq!(found.security_token.as_ref().map(|token| token.expose_secret()), token.as_deref());
        prop_assert_eq!(found.project_id, project);
        let line = text.lines().position(|line| line == format!("[{section}]")).map(|place| place + 1);
        prop_assert_eq!((found.section, Some(found.line)), (section, line));
    }

    #[test]
    fn a_configuration_that_is_written_is_read_back(
        name in "\\PC{1,12}",
        is_sso in any::<bool>(),
        is_named in any::<bool>(),
        ak in "[!-~]{1,30}",
        sk in "[!-~]{1,30}",
        token in "[!-~]{1,30}",
        region in prop::option::of("\\PC{1,12}"),
    ) {
        let keys = json!({"accessKeyId": &ak, "secretAccessKey": &sk, "securityToken": &token});
        let mut written = if is_sso { json!({"mode": "SSO", "ssoAuth": {"stsToken": keys}}) } else { keys };
        written["name"] = json!(&name);
        written["region"] = json!(&region);
        let current = if is_named { "" } else { name.as_str() };
        // Longer than any name above.
        let other = json!({"name": "0123456789 other", "mode": "AKSK"});
        let text = json!({"profiles": [other, written], "current": current}).to_string();
        let found = koocli::parse(&text, PATH, is_named.then_some(name.as_str())).map_err(|error| {
            TestCaseError::fail(format!("{error} in {text}"))
        })?;
        prop_assert_eq!(found.access_key, ak);
        prop_assert_eq!(found.secret_key.expose_secret(), sk);
        prop_assert_eq!(found.security_token.as_ref().map(|token| token.expose_secret()), Some(token.as_str()));
        prop_assert_eq!((found.region, found.profile), (region, name));
    }
}

/// The properties of broken files would hold of nothing if the files were not read in the first place.
#[test]
fn the_files_that_are_changed_are_right_before() {
    assert!(profile::parse_bytes(&a_profile_file(), PATH, None).is_ok());
    assert!(koocli::parse_bytes(&a_configuration(), PATH, None).is_ok());
    assert!(koocli::parse_bytes(&a_configuration(), PATH, Some("sso")).is_ok());
    assert!(metadata::parse_security_key(&an_answer()).is_ok());
    assert_eq!(leak("no section \"cd2/EF\""), Some("cD2/eF"));
    assert_eq!(leak("no section \"basic\""), None);
}
