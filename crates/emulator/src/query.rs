//! The query of a request.

use http::Uri;

use crate::router::decoded;

/// Longest list of parameter names in a message, in characters.
const LONGEST: usize = 100;

/// Its parameters, decoded, in their order.
#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query that may have these parameters, each once. The error says what is wrong.
    pub(crate) fn read(uri: &Uri, allowed: &[&str]) -> Result<Self, String> {
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs: Vec<_> = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (plain(name), plain(value))
            })
            .collect();
        let unknown: Vec<_> =
            pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !allowed.contains(name)).collect();
        if !unknown.is_empty() {
            let shown: String = unknown.iter().take(3).copied().collect::<Vec<_>>().join("`, `");
            let shown: String = shown.chars().take(LONGEST).collect();
            return Err(format!("the operation has no query parameter `{shown}`"));
        }
        let names = pairs.iter().map(|(name, _)| name);
        for (place, name) in names.clone().enumerate() {
            if names.clone().take(place).any(|before| before == name) {
                return Err(format!("query parameter `{name}` is there more than once"));
            }
        }
        Ok(Self(pairs))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A number of these; the error names the parameter.
    pub(crate) fn number(
        &self,
        name: &str,
        allowed: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, String> {
        let number = |text: &str| text.parse().ok().filter(|number| allowed.contains(number));
        let wrong = || format!("{name}: not a number from {} to {}", allowed.start(), allowed.end());
        self.get(name).map(|text| number(text).ok_or_else(wrong)).transpose()
    }
}

/// As forms encode it: `+` is a space too.
fn plain(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

/// The part of a list that is on one page, counted from 1.
pub(crate) fn page<T>(mut all: Vec<T>, page: usize, size: usize) -> Vec<T> {
    let start = (page - 1).saturating_mul(size).min(all.len());
    let mut rest = all.split_off(start);
    rest.truncate(size);
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Query, String> {
        Query::read(&format!("/x?{query}").parse().unwrap(), &["name", "page"])
    }

    #[test]
    fn parameters_are_decoded_and_strict() {
        assert_eq!(read("name=a+b%20c%2B&page=2").unwrap().get("name"), Some("a b c+"));
        assert_eq!(read("&name&").unwrap().get("name"), Some(""));
        assert_eq!(read("name=").unwrap().get("page"), None);
        assert!(read("name=a&name=b").is_err() && read("Name=a").is_err() && read("na%6De=a").is_ok());
        assert!(read(&format!("{}=a", "x".repeat(5000))).err().unwrap().len() < 200);
        let number = |query: &str| read(query).unwrap().number("page", 1..=20);
        assert_eq!((number("page=20"), number("name=x")), (Ok(Some(20)), Ok(None)));
        for wrong in ["page=0", "page=21", "page=", "page=-1", "page=1.0"] {
            assert_eq!(number(wrong).unwrap_err(), "page: not a number from 1 to 20");
        }
    }

    #[test]
    fn pages() {
        assert_eq!(page(vec![1, 2, 3, 4, 5], 2, 2), [3, 4]);
        assert_eq!(page(vec![1, 2, 3], 2, 2), [3]);
        assert_eq!(page(vec![1, 2, 3], 3, 2), [0; 0]);
        assert_eq!(page(vec![1], usize::MAX, usize::MAX), [0; 0]);
    }
}
