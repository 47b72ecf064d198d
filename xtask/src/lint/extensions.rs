//! The extensions that the documents may use, and what a misspelt keyword may have meant.

/// An extension keyword that the documents may use.
pub struct Extension {
    /// The keyword, `x-` included.
    pub name: &'static str,
    /// What it says.
    pub what: &'static str,
}

/// The extensions in use. One that is not listed here is taken for a typo.
pub const EXTENSIONS: &[Extension] = &[
    Extension { name: "x-aliases", what: "other names of the same thing in the official documentation" },
    Extension { name: "x-error-codes", what: "the table of error codes" },
    Extension { name: "x-idempotent", what: "whether a write may be sent again" },
    Extension { name: "x-rate-limit", what: "how many calls a minute an operation takes" },
    Extension { name: "x-rule", what: "the rule of an id or name in words, for messages" },
    Extension { name: "x-schema-base", what: "the URI below which the schemas are published" },
    Extension { name: "x-secret", what: "a value that is never shown" },
    Extension { name: "x-status-codes", what: "the table of status codes" },
];

/// The known name most like `name`, when one is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let ranked = known.map(|other| (strsim::levenshtein(&name.to_lowercase(), &other.to_lowercase()), other));
    let (distance, other) = ranked.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.len() / 4).then_some(other)
}
