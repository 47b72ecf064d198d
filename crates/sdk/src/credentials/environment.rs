//! Credentials from environment variables.

use super::{Credentials, PasswordLogin, Source};
use crate::error::{Error, ErrorKind};

/// An IAM token; ours, as neither the official SDKs nor Terraform have a variable for one.
pub const TOKEN_VARIABLE: &str = "MRS_IAM_SYNC_TOKEN";

/// Names of the variables for access key, secret key and security token: those of the official SDKs first, those
/// of the Terraform provider second.
const KEY_VARIABLES: [[&str; 3]; 2] = [
    ["HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN"],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"],
];

/// User name, password and account (IAM: domain) of the Terraform provider.
const LOGIN_VARIABLES: [&str; 3] = ["HW_USER_NAME", "HW_USER_PASSWORD", "HW_DOMAIN_NAME"];

impl Credentials {
    /// Credentials from environment variables.
    ///
    /// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and, for temporary keys, `HUAWEICLOUD_SDK_SECURITY_TOKEN` as in
    /// the official SDKs; else `HW_ACCESS_KEY`, `HW_SECRET_KEY`, `HW_SECURITY_TOKEN` as in the Terraform provider;
    /// or a token in `MRS_IAM_SYNC_TOKEN`. A variable that is empty counts as not set.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when none is set, a key pair is set by half, or a token is set beside a key; the
    /// message names the variables.
    pub fn from_env() -> Result<Self, Error> {
        check_text()?;
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`Credentials::from_env`], with the variables looked up by `variable`.
    ///
    /// # Errors
    /// As [`Credentials::from_env`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        Self::in_variables(variable)?.ok_or_else(|| {
            Error::new(ErrorKind::Credentials, "no credentials found in the environment").with_hint(format!(
                "set {} and {}, or {TOKEN_VARIABLE}",
                KEY_VARIABLES[0][0], KEY_VARIABLES[0][1]
            ))
        })
    }

    /// As [`Credentials::from_variables`]; `None` when no variable is set.
    pub(crate) fn in_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut key = None;
        for [ak, sk, security_token] in KEY_VARIABLES {
            let (access_key, secret_key, token) = (get(ak), get(sk), get(security_token));
            key = match (access_key, secret_key) {
                (None, None) if token.is_some() => {
                    return Err(half(security_token, &format!("{ak} and {sk} are")));
                }
                (None, None) => continue,
                (Some(_), None) => return Err(half(ak, &format!("{sk} is"))),
                (None, Some(_)) => return Err(half(sk, &format!("{ak} is"))),
                (Some(access_key), Some(secret_key)) => {
                    let mut names = vec![ak, sk];
                    names.extend(token.is_some().then_some(security_token));
                    Some((access_key, secret_key, token, names))
                }
            };
            break;
        }
        match (key, get(TOKEN_VARIABLE)) {
            (Some((_, _, _, names)), Some(_)) => Err(Error::new(
                ErrorKind::Credentials,
                format!("{TOKEN_VARIABLE} is set beside {}", names.join(" and ")),
            )
            .with_hint("unset one of them: requests either carry a token or are signed")),
            (Some((access_key, secret_key, token, names)), None) => {
                Self::key(&access_key, secret_key, token, Source::Environment(names)).map(Some)
            }
            (None, Some(token)) => {
                Self::from_token(token, Source::Environment(vec![TOKEN_VARIABLE])).map(Some)
            }
            (None, None) => Ok(None),
        }
    }
}

/// That no variable of this process is something else than text: to pass over it could use other credentials.
pub(super) fn check_text() -> Result<(), Error> {
    let names = KEY_VARIABLES.iter().flatten().chain([&TOKEN_VARIABLE]).chain(&LOGIN_VARIABLES);
    for name in names {
        if std::env::var_os(name).is_some_and(|value| value.to_str().is_none()) {
            return Err(Error::new(ErrorKind::Credentials, format!("{name} is not UTF-8")));
        }
    }
    Ok(())
}

/// A user name and a password; `None` when neither is set.
pub(super) fn login(variable: impl Fn(&str) -> Option<String>) -> Result<Option<PasswordLogin>, Error> {
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    let [user, password, account] = LOGIN_VARIABLES;
    match (get(user), get(password), get(account)) {
        // The account alone is set for other programs.
        (None, None, _) => Ok(None),
        (Some(user), Some(password), Some(account)) => Ok(Some(PasswordLogin::new(account, user, password))),
        (name, secret, domain) => {
            let lacking = [(user, name.is_none()), (password, secret.is_none()), (account, domain.is_none())];
            let lacking: Vec<&str> =
                lacking.into_iter().filter(|(_, lacks)| *lacks).map(|(name, _)| name).collect();
            let set = if get(user).is_some() { user } else { password };
            let verb = if lacking.len() == 1 { "is" } else { "are" };
            let message = format!("{set} is set, but {} {verb} not", lacking.join(" and "));
            Err(Error::new(ErrorKind::Credentials, message).with_hint(
                "a login is a user name, its password and the account's name: set all three, or none",
            ))
        }
    }
}

fn half(set: &str, lacking: &str) -> Error {
    Error::new(ErrorKind::Credentials, format!("{set} is set, but {lacking} not"))
        .with_hint("a key pair is an access key and its secret key: set both, or neither")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Credentials, Error> {
        Credentials::from_variables(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_names_of_the_sdks_come_before_those_of_terraform() {
        let both = [
            ("HUAWEICLOUD_SDK_AK", "A1"),
            ("HUAWEICLOUD_SDK_SK", "s1"),
            ("HW_ACCESS_KEY", "A2"),
            ("HW_SECRET_KEY", "s2"),
        ];
        assert_eq!(from(&both).unwrap().access_key_id(), Some("A1"));
        assert_eq!(from(&both[2..]).unwrap().access_key_id(), Some("A2"));
        let empty = [("HUAWEICLOUD_SDK_AK", ""), ("HW_ACCESS_KEY", "A2"), ("HW_SECRET_KEY", "s2")];
        assert_eq!(from(&empty).unwrap().access_key_id(), Some("A2"));
    }

    #[test]
    fn a_login_is_all_of_it_or_none() {
        let from = |variables: &[(&str, &str)]| {
            login(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let all = [("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "the-password"), ("HW_DOMAIN_NAME", "d")];
        let found = from(&all).unwrap().unwrap();
        assert!(!format!("{found:?}").contains("the-password"));
        assert!(from(&all[2..]).unwrap().is_none());
        for (variables, message) in [
            (&all[..1], "HW_USER_NAME is set, but HW_USER_PASSWORD and HW_DOMAIN_NAME are not"),
            (&all[..2], "HW_USER_NAME is set, but HW_DOMAIN_NAME is not"),
            (&all[1..], "HW_USER_PASSWORD is set, but HW_USER_NAME is not"),
        ] {
            assert_eq!(from(variables).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn half_and_double_credentials_are_errors_that_name_the_variables() {
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[], "no credentials found in the environment"),
            (&[("HUAWEICLOUD_SDK_AK", "A")], "HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not"),
            (&[("HW_SECRET_KEY", "s")], "HW_SECRET_KEY is set, but HW_ACCESS_KEY is not"),
            (
                &[("HW_SECURITY_TOKEN", "t")],
                "HW_SECURITY_TOKEN is set, but HW_ACCESS_KEY and HW_SECRET_KEY are not",
            ),
            (
                &[("HUAWEICLOUD_SDK_AK", "A"), ("HUAWEICLOUD_SDK_SK", "s"), ("MRS_IAM_SYNC_TOKEN", "t")],
                "MRS_IAM_SYNC_TOKEN is set beside HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
            ),
            (&[("HUAWEICLOUD_SDK_AK", "A B"), ("HUAWEICLOUD_SDK_SK", "s")], "the credentials (environment"),
        ];
        for (variables, message) in cases {
            let error = from(variables).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
