//! Hexadecimal and percent encoding, the two text forms the algorithm is made of.

const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn upper_digit(nibble: u8) -> char {
    char::from(UPPER[usize::from(nibble & 0x0f)])
}

/// Arithmetic instead of a table, so that it compiles to wide instructions.
const fn lower_digit(nibble: u8) -> u8 {
    nibble + if nibble < 10 { b'0' } else { b'a' - 10 }
}

/// Appends a digest as lower-case hexadecimal.
pub(crate) fn push_hex(out: &mut String, digest: &[u8; 32]) {
    // Digits first, text after: pushing 64 characters one by one costs as much as the hash of a small body.
    let mut digits = [0; 64];
    for (pair, &byte) in digits.chunks_exact_mut(2).zip(digest) {
        pair[0] = lower_digit(byte >> 4);
        pair[1] = lower_digit(byte & 0x0f);
    }
    out.push_str(str::from_utf8(&digits).unwrap_or_default());
}

/// Reads exactly 64 lower-case hexadecimal digits.
pub(crate) fn parse_lower_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    if text.len() != 64 || text.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = hex_pair(pair[0], pair[1])?;
    }
    Some(out)
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some((value(high)? << 4) | value(low)?)
}

/// The byte that `%` and two hexadecimal digits stand for, when `text` begins with these.
fn escaped(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => hex_pair(*high, *low),
        _ => None,
    }
}

/// A table of the ASCII letters, digits and `others`: one look-up for each byte of path, query and header names.
pub(crate) const fn alphanumeric_and(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
}

static UNRESERVED: [bool; 256] = alphanumeric_and(b"-_.~");
static IN_PATH: [bool; 256] = alphanumeric_and(b"-_.~/");

fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[usize::from(byte)]
}

fn push_percent(out: &mut String, byte: u8) {
    if is_unreserved(byte) {
        out.push(char::from(byte));
    } else {
        out.push('%');
        out.push(upper_digit(byte >> 4));
        out.push(upper_digit(byte));
    }
}

/// Appends `raw` (percent-encoded or not) with every byte in its one canonical spelling.
///
/// The bytes in `kept` stay as they are; in a path, that is the `/` between the segments too. A `%2F` is a byte of a
/// segment and stays encoded.
fn push_canonical(out: &mut String, raw: &str, kept: &[bool; 256]) {
    let must_change = |byte: &u8| !kept[usize::from(*byte)];
    let mut rest = raw;
    while let Some(stop) = rest.as_bytes().iter().position(must_change) {
        // Every byte before `stop` is ASCII, so `stop` is a character boundary.
        out.push_str(&rest[..stop]);
        rest = &rest[stop..];
        let taken = if let Some(byte) = escaped(rest.as_bytes()) {
            push_percent(out, byte);
            3
        } else {
            let taken = rest.chars().next().map_or(1, char::len_utf8);
            rest.as_bytes()[..taken].iter().for_each(|&byte| push_percent(out, byte));
            taken
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
}

/// The bytes `raw` stands for. A `%` without two hexadecimal digits behind it stands for itself.
fn decoded(raw: &str) -> impl Iterator<Item = u8> {
    let mut rest = raw.as_bytes();
    std::iter::from_fn(move || {
        let (byte, taken) = match escaped(rest) {
            Some(byte) => (byte, 3),
            None => (*rest.first()?, 1),
        };
        rest = &rest[taken..];
        Some(byte)
    })
}

/// Appends the canonical URI of a path: each segment decoded and encoded again, `/` at both ends.
pub(crate) fn push_path(out: &mut String, path: &str) {
    if !path.starts_with('/') {
        out.push('/');
    }
    push_canonical(out, path, &IN_PATH);
    if !out.ends_with('/') {
        out.push('/');
    }
}

/// Appends the canonical form of a raw query string: parameters ordered by name, then by value.
///
/// The order is that of the decoded bytes, as the official SDKs sort before they encode.
pub(crate) fn push_query(out: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
        .collect();
    pairs.sort_unstable_by(|left, right| {
        decoded(left.0).cmp(decoded(right.0)).then_with(|| decoded(left.1).cmp(decoded(right.1)))
    });
    for (index, (name, value)) in pairs.into_iter().enumerate() {
        if index > 0 {
            out.push('&');
        }
        push_canonical(out, name, &UNRESERVED);
        out.push('=');
        push_canonical(out, value, &UNRESERVED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> String {
        let mut out = String::new();
        push_path(&mut out, raw);
        out
    }

    fn query(raw: &str) -> String {
        let mut out = String::new();
        push_query(&mut out, raw);
        out
    }

    #[test]
    fn paths() {
        for (raw, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("//", "//"),
            ("/v2/a", "/v2/a/"),
            ("/v2/a/", "/v2/a/"),
            ("v2", "/v2/"),
            ("/a//b", "/a//b/"),
            ("/A-z_0.9~", "/A-z_0.9~/"),
            ("/a%20b", "/a%20b/"),
            ("/a b", "/a%20b/"),
            ("/a 00", "/a%2000/"),
            ("/%41%7e", "/A~/"),
            ("/a%2fb", "/a%2Fb/"),
            ("/用", "/%E7%94%A8/"),
            ("/%e7%94%a8", "/%E7%94%A8/"),
            ("/%ff", "/%FF/"),
            ("/..", "/../"),
            ("/a+b", "/a%2Bb/"),
            ("/100%", "/100%25/"),
            ("/%zz%4", "/%25zz%254/"),
            ("/%用", "/%25%E7%94%A8/"),
            ("/%%41", "/%25A/"),
        ] {
            assert_eq!(path(raw), canonical, "path {raw:?}");
        }
    }

    #[test]
    fn queries() {
        for (raw, canonical) in [
            ("", ""),
            ("&", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a", "a="),
            ("a=", "a="),
            ("=", "="),
            ("=v", "=v"),
            ("a=b=c", "a=b%3Dc"),
            ("a=2&a=10&a=1", "a=1&a=10&a=2"),
            ("a=1&&b=2&", "a=1&b=2"),
            ("a=x+y", "a=x%2By"),
            ("a=x%20y", "a=x%20y"),
            ("a=%e7%94%a8", "a=%E7%94%A8"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("b12=1&a=2", "a=2&b12=1"),
            // The decoded bytes decide: encoded, `%` would come before every letter.
            ("%E7%94%A8=1&z=2", "z=2&%E7%94%A8=1"),
            ("z=2&用=1&Z=3", "Z=3&z=2&%E7%94%A8=1"),
            ("a=%zz", "a=%25zz"),
        ] {
            assert_eq!(query(raw), canonical, "query {raw:?}");
        }
    }

    #[test]
    fn hexadecimal() {
        let mut text = String::new();
        let bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        push_hex(&mut text, &bytes);
        assert!(text.starts_with("0008101820"), "{text}");
        assert_eq!(parse_lower_hex(&text), Some(bytes));
        assert_eq!(parse_lower_hex(&text.to_uppercase()), None);
        assert_eq!(parse_lower_hex(&text[1..]), None);
        assert_eq!(parse_lower_hex(&text.replace('8', "g")), None);
        assert_eq!(parse_lower_hex(&format!("é{}", &text[2..])), None);
    }
}
