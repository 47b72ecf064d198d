//! What two documents differ in, member by member: what the crate `drift` does not look at, and whether it has looked.
//!
//! drift compares parameters, bodies and schemas. It says nothing of servers, security, operationIds, headers and some
//! members of schemas, so what differs there and nobody has classified is told as such.

use serde_json::{Map, Value};

use super::{Class, Finding};

/// What is there for people to read: no program depends on it.
const PROSE: [&str; 8] =
    ["description", "example", "examples", "externalDocs", "info", "summary", "tags", "title"];

/// Members whose own members are named by the document, so that none of those is a word of OpenAPI.
const NAMES: [&str; 13] = [
    "callbacks",
    "content",
    "headers",
    "links",
    "parameters",
    "paths",
    "properties",
    "requestBodies",
    "responses",
    "schemas",
    "scopes",
    "securitySchemes",
    "variables",
];

/// Of those, where something more than before may reach who does not know it.
const OPEN: [&str; 3] = ["content", "properties", "responses"];

/// Adds what differs to the findings of drift, which has seen changes of the `seen` places.
pub(super) fn add(document: &str, old: &Value, new: &Value, seen: &[String], findings: &mut Vec<Finding>) {
    let mut walk = Walk { document, seen, findings };
    walk.value("", "", false, old, new);
}

struct Walk<'a> {
    document: &'a str,
    seen: &'a [String],
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    /// `key` is the last part of the place; `named` says that the document chose it.
    fn value(&mut self, place: &str, key: &str, named: bool, was: &Value, is: &Value) {
        if was == is {
            return;
        }
        if !named {
            match (key, was, is) {
                ("servers", Value::Array(was), Value::Array(is)) => return self.servers(place, was, is),
                ("security", Value::Array(was), Value::Array(is)) => return self.security(place, was, is),
                ("operationId", ..) => {
                    let message = format!("{was} is {is} now, and so is what is generated from it");
                    return self.tell(Class::Breaking, place, message);
                }
                ("deprecated", ..) => return self.tell(Class::Compatible, place, format!("{is} now")),
                _ if key.starts_with("x-") => return self.extension(place, was, is),
                _ => {}
            }
        }
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                let names = !named && NAMES.contains(&key);
                self.object(place, if names { key } else { "" }, was, is);
            }
            (Value::Array(was), Value::Array(is)) if alike(was, is) => {}
            (Value::Array(was), Value::Array(is))
                if was.len() == is.len() && was.iter().chain(is).all(Value::is_object) =>
            {
                for (index, (was, is)) in was.iter().zip(is).enumerate() {
                    self.value(&format!("{place}/{index}"), "", false, was, is);
                }
            }
            _ => self.unseen(Class::Unclassified, place, "changed"),
        }
    }

    /// `names` is what the object's members are names of, or empty.
    fn object(&mut self, place: &str, names: &str, was: &Map<String, Value>, is: &Map<String, Value>) {
        let named = !names.is_empty();
        let matters = |key: &str| named || !PROSE.contains(&key);
        for (key, value) in was.iter().filter(|(key, _)| matters(key)) {
            let place = step(place, key);
            match is.get(key) {
                Some(now) => self.value(&place, key, named, value, now),
                None if !named && key.starts_with("x-") => {
                    self.tell(Class::Unclassified, &place, "the extension is gone");
                }
                None => self.unseen(Class::Unclassified, &place, "gone"),
            }
        }
        for key in is.keys().filter(|key| matters(key) && !was.contains_key(*key)) {
            let place = step(place, key);
            match () {
                () if !named && key.starts_with("x-") => {
                    self.tell(Class::Compatible, &place, "the extension is new");
                }
                () if named && !OPEN.contains(&names) => self.unseen(Class::Compatible, &place, "new"),
                () if !named && key == "deprecated" => self.tell(Class::Compatible, &place, "new"),
                () => self.unseen(Class::Unclassified, &place, "new"),
            }
        }
    }

    /// Where requests go to. Regions are values of a server's variable.
    fn servers(&mut self, place: &str, was: &[Value], is: &[Value]) {
        for (index, server) in was.iter().enumerate() {
            let place = format!("{place}/{index}");
            let Some(now) = is.iter().find(|now| now["url"] == server["url"]) else {
                self.tell(Class::Breaking, &place, format!("the server {} is gone", server["url"]));
                continue;
            };
            let none = Map::new();
            let [before, today] = [server, now].map(|it| it["variables"].as_object().unwrap_or(&none));
            for (name, variable) in before {
                let place = format!("{}/{}", step(&place, "variables"), name);
                match today.get(name) {
                    Some(now) => self.variable(&place, variable, now),
                    None => self.tell(Class::Unclassified, &place, "gone"),
                }
            }
            for name in today.keys().filter(|name| !before.contains_key(*name)) {
                self.tell(Class::Unclassified, &format!("{place}/variables/{name}"), "new");
            }
        }
        for server in is.iter().filter(|server| was.iter().all(|known| known["url"] != server["url"])) {
            self.tell(Class::Compatible, place, format!("the server {} is new", server["url"]));
        }
    }

    fn variable(&mut self, place: &str, was: &Value, is: &Value) {
        if was["default"] != is["default"] {
            self.tell(Class::Unclassified, &step(place, "default"), "changed");
        }
        let place = step(place, "enum");
        match (was["enum"].as_array(), is["enum"].as_array()) {
            (Some(was), Some(is)) => {
                for value in was.iter().filter(|value| !is.contains(value)) {
                    self.tell(Class::Breaking, &place, format!("{value} is gone"));
                }
                for value in is.iter().filter(|value| !was.contains(value)) {
                    self.tell(Class::Compatible, &place, format!("{value} is new"));
                }
            }
            (None, Some(_)) => self.tell(Class::Breaking, &place, "new: it took any value"),
            (Some(_), None) => self.tell(Class::Compatible, &place, "gone: it takes any value"),
            (None, None) => {}
        }
    }

    /// Each entry is one way to be let in; no entry lets everybody in.
    fn security(&mut self, place: &str, was: &[Value], is: &[Value]) {
        let everybody = [Value::Object(Map::new())];
        let [was, is] = [was, is].map(|ways| if ways.is_empty() { &everybody } else { ways });
        for way in was.iter().filter(|way| !is.contains(way)) {
            self.tell(Class::Breaking, place, format!("{way} lets nobody in any more"));
        }
        for way in is.iter().filter(|way| !was.contains(way)) {
            self.tell(Class::Compatible, place, format!("{way} lets in, too"));
        }
    }

    /// Facts in extensions, which no tool knows: what is added does no harm, everything else might.
    fn extension(&mut self, place: &str, was: &Value, is: &Value) {
        if was == is {
            return;
        }
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                for (key, value) in was {
                    match is.get(key) {
                        Some(now) => self.extension(&step(place, key), value, now),
                        None => self.tell(Class::Unclassified, &step(place, key), "gone"),
                    }
                }
                for key in is.keys().filter(|key| !was.contains_key(*key)) {
                    self.tell(Class::Compatible, place, format!("`{key}` is new"));
                }
            }
            (Value::Array(was), Value::Array(is)) if was.iter().all(|value| is.contains(value)) => {
                let more = is.len().saturating_sub(was.len());
                self.tell(Class::Compatible, place, format!("{more} more entries"));
            }
            _ => self.tell(Class::Unclassified, place, "changed"),
        }
    }

    fn tell(&mut self, class: Class, place: &str, message: impl Into<String>) {
        self.findings.push(Finding {
            class,
            document: self.document.to_owned(),
            place: place.to_owned(),
            message: message.into(),
        });
    }

    /// The same of what drift has not spoken of.
    fn unseen(&mut self, class: Class, place: &str, message: &str) {
        if !self.seen.iter().any(|seen| is_about(seen, place)) {
            self.tell(class, place, message);
        }
    }
}

/// Whether a finding of drift is about a place: below it, or just above. It tells of a property at its schema, and of
/// an answer at its operation.
fn is_about(seen: &str, place: &str) -> bool {
    let rest = |whole: &str, part: &str| {
        let rest = whole.strip_prefix(part)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.matches('/').count())
    };
    rest(place, seen).is_some_and(|steps| steps <= 2) || rest(seen, place).is_some()
}

/// The same entries, in whatever order.
fn alike(was: &[Value], is: &[Value]) -> bool {
    was.len() == is.len()
        && was.iter().all(|value| is.contains(value))
        && is.iter().all(|value| was.contains(value))
}

fn step(place: &str, key: &str) -> String {
    format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"))
}
