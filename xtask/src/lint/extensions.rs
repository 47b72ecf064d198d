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
    Extension { name: "x-rule", what: "a rule that no keyword can say" },
    Extension { name: "x-schema-base", what: "the URI below which the schemas are published" },
    Extension { name: "x-secret", what: "a value that is never shown" },
    Extension { name: "x-source", what: "where a statement comes from" },
    Extension { name: "x-sources", what: "the pages and packages that the document was made from" },
    Extension { name: "x-status-codes", what: "the table of status codes" },
];

/// The known name most like `name`, when one is near enough to be meant.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let ranked = known.map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other));
    let (distance, other) = ranked.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.len() / 4).then_some(other)
}

/// How many letters must be added, removed or changed to make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let b = b.chars().collect::<Vec<_>>();
    let mut row = (0..=b.len()).collect::<Vec<_>>();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let change = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
