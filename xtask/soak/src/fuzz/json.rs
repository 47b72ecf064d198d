//! JSON that is nearly what is expected.

use fastrand::Rng;
use serde_json::Value;

/// Values that somebody's reader has stumbled over.
const ODD: &[&[u8]] = &[
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"1e999999",
    b"-1E+400",
    b"0.1e-99999",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"9007199254740993",
    b"01",
    b"+1",
    b".5",
    b"NaN",
    b"Infinity",
    b"''",
    b"\"\"",
    b"\" \"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\"\\udc00\\ud800\"",
    b"\"\\uD83D\\uDE00\"",
    b"\"\\uD83\"",
    b"\"\\x41\"",
    b"\"\xff\xfe\"",
    b"\"\xc0\x80\"",
    b"\"\xed\xa0\x80\"",
    b"\"\x00\"",
    b"\"\n\"",
    b"\"\xe2\x80\xae\xef\xbb\xbf\"",
    b"\"$ref\"",
    b"\"unterminated",
    b"[]",
    b"{}",
    b"[[]]",
    b"[{}]",
    b"{\"\":{}}",
    b"[null]",
    b"[\"user01\",1,null]",
    b"[,]",
    b"[1,]",
    b"{\"a\":1,}",
    b"{\"a\"}",
    b"{1:2}",
    b"/* */ 1",
    b"",
];

/// The text of a value, as it is or with a few things wrong with it.
pub(super) fn mutated(rng: &mut Rng, base: &Value) -> Vec<u8> {
    let mut writer = Writer { targets: Vec::new(), place: 0, out: Vec::new(), rng };
    let nodes = count(base);
    let wrong = match writer.rng.u8(..10) {
        0 => 0,
        1..=6 => 1,
        7..=8 => 2,
        _ => 3,
    };
    writer.targets = (0..wrong).map(|_| writer.rng.usize(..nodes)).collect();
    writer.value(base);
    let mut out = writer.out;
    if rng.u8(..5) == 0 {
        wrong_text(rng, &mut out);
    }
    out
}

/// Bytes changed wherever they are.
pub(super) fn wrong_text(rng: &mut Rng, out: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..=3) {
        let place = rng.usize(..=out.len());
        match rng.u8(..7) {
            0 => out.truncate(place),
            1 => out.insert(place, rng.u8(..)),
            2 => out.extend_from_slice(b"{}"),
            3 => drop(out.splice(..0, *b"\xef\xbb\xbf")),
            4 if place < out.len() => drop(out.remove(place)),
            5 => drop(out.splice(place..place, b" \t\r\n\x0b".repeat(rng.usize(1..20)))),
            _ => {
                if let Some(byte) = out.get_mut(place) {
                    *byte ^= 1 << rng.u8(..8);
                }
            }
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

struct Writer<'a> {
    /// Nodes to get wrong.
    targets: Vec<usize>,
    /// The node that is written.
    place: usize,
    out: Vec<u8>,
    rng: &'a mut Rng,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        let wrong = self.targets.contains(&self.place);
        self.place += 1;
        if !wrong {
            return self.right(value, None);
        }
        match self.rng.u8(..10) {
            0 => self.nested(),
            1 => self.number(),
            2 => self.text(),
            3 => self.many(value),
            4..=6 if value.is_object() => {
                let kind = self.rng.u8(..4);
                self.right(value, Some(kind));
            }
            4..=6 if value.is_array() => self.many(value),
            _ => {
                let odd = ODD.get(self.rng.usize(..ODD.len())).copied().unwrap_or_default();
                self.out.extend_from_slice(odd);
            }
        }
    }

    fn right(&mut self, value: &Value, wrong: Option<u8>) {
        match value {
            Value::Array(items) => {
                self.out.push(b'[');
                for (number, item) in items.iter().enumerate() {
                    if number > 0 {
                        self.out.push(b',');
                    }
                    self.value(item);
                }
                self.out.push(b']');
            }
            Value::Object(fields) => {
                let chosen = self.rng.usize(..fields.len().max(1));
                self.out.push(b'{');
                for (number, (name, item)) in fields.iter().enumerate() {
                    let here = wrong.filter(|_| number == chosen);
                    if here == Some(0) {
                        continue;
                    }
                    if !self.out.ends_with(b"{") {
                        self.out.push(b',');
                    }
                    self.name(name, here);
                    self.value(item);
                    if here == Some(1) {
                        self.out.push(b',');
                        self.name(name, None);
                        self.value(item);
                    }
                }
                if wrong == Some(3) {
                    let comma: &[u8] = if self.out.ends_with(b"{") { b"" } else { b"," };
                    self.out.extend_from_slice(comma);
                    self.out.extend_from_slice(b"\"__proto__\":");
                    self.text();
                }
                self.out.push(b'}');
            }
            other => self.out.extend_from_slice(other.to_string().as_bytes()),
        }
    }

    fn name(&mut self, name: &str, wrong: Option<u8>) {
        let text = match wrong {
            Some(2) if self.rng.bool() => format!("\"{}\"", name.to_uppercase()),
            // The same name, for whoever reads escapes.
            Some(2) => {
                format!("\"\\u{:04x}{}\"", name.bytes().next().unwrap_or(b'x'), name.get(1..).unwrap_or(""))
            }
            _ => Value::from(name).to_string(),
        };
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b':');
    }

    /// How long something is: mostly short, sometimes long, seldom very long.
    fn length(&mut self) -> usize {
        match self.rng.u16(..2000) {
            0 => self.rng.usize(..300_000),
            1..=20 => self.rng.usize(..20_000),
            21..=600 => self.rng.usize(..600),
            _ => self.rng.usize(..80),
        }
    }

    fn nested(&mut self) {
        let depth = self.length();
        let (open, close): (&[u8], &[u8]) = if self.rng.bool() { (b"[", b"]") } else { (b"{\"a\":", b"}") };
        self.out.extend_from_slice(&open.repeat(depth));
        if self.rng.bool() {
            self.out.extend_from_slice(b"1");
            self.out.extend_from_slice(&close.repeat(depth));
        }
    }

    fn number(&mut self) {
        let digits = self.length();
        if self.rng.bool() {
            self.out.push(b'-');
        }
        for place in 0..digits.max(1) {
            let digit = self.rng.u8(b'0'..=b'9');
            self.out.push(if place == 0 { digit.max(b'1') } else { digit });
            if place == digits / 2 && self.rng.u8(..4) == 0 {
                self.out.extend_from_slice(b".0");
            }
        }
        if self.rng.bool() {
            let exponent = self.rng.i64(..);
            self.out.extend_from_slice(format!("e{exponent}").as_bytes());
        }
    }

    fn text(&mut self) {
        let length = self.length();
        let range = [' '..='~', '\u{80}'..='\u{2fff}', '\u{1f000}'..='\u{1ffff}'];
        let chosen = self.rng.usize(..4);
        let text: String = match range.get(chosen) {
            Some(range) => (0..length).map(|_| self.rng.char(range.clone())).collect(),
            None => "user01".repeat(length / 6 + 1),
        };
        self.out.extend_from_slice(Value::from(text).to_string().as_bytes());
    }

    /// A list of many: around the most names that are taken, too.
    fn many(&mut self, value: &Value) {
        let size = match self.rng.u8(..40) {
            0 => self.rng.usize(990..1010),
            1..=5 => self.rng.usize(..200),
            _ => self.rng.usize(..12),
        };
        let first = value.as_array().and_then(|items| items.first()).cloned();
        self.out.push(b'[');
        for number in 0..size {
            if number > 0 {
                self.out.push(b',');
            }
            match &first {
                Some(item) if self.rng.u8(..8) > 0 => self.out.extend_from_slice(item.to_string().as_bytes()),
                _ => self.out.extend_from_slice(format!("\"user{number:02}\"").as_bytes()),
            }
        }
        self.out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_follows_from_the_seed_and_is_both_right_and_wrong() {
        let base = json!({ "user_names": ["user01", "user02"], "is_all_sync": false });
        let texts = |seed| {
            let mut rng = Rng::with_seed(seed);
            (0..500).map(|_| mutated(&mut rng, &base)).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        let right = texts(1).iter().filter(|text| serde_json::from_slice::<Value>(text).is_ok()).count();
        assert!((100..450).contains(&right), "{right} of 500 are JSON");
        let same = texts(1).iter().filter(|text| **text == base.to_string().as_bytes()).count();
        assert!((10..150).contains(&same), "{same} of 500 are unchanged");
    }

    #[test]
    fn what_is_odd_is_in_it() {
        let (base, mut rng) = (json!({ "user_names": ["user01"], "group_names": [] }), Rng::with_seed(7));
        let all: Vec<_> = (0..5000).map(|_| mutated(&mut rng, &base)).collect();
        let has = |what: &[u8]| all.iter().any(|text| text.windows(what.len()).any(|part| part == what));
        for what in
            [b"\\ud800" as &[u8], b"1e999999", b"\xff\xfe", b"[[[[[[[[[[", b"__proto__", b"\xef\xbb\xbf"]
        {
            assert!(has(what), "{}", what.escape_ascii());
        }
        let twice = |text: &Vec<u8>| String::from_utf8_lossy(text).matches("\"user_names\"").count() == 2;
        assert!(all.iter().any(twice));
    }
}
