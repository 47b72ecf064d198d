//! The OpenAPI documents as maintained by hand: text, value and the line of every place.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{MergeKeyPolicy, Spanned};
use sha2::{Digest, Sha256};

/// The folder of the documents, below the workspace's root.
pub const FOLDER: &str = "openapi";

/// One OpenAPI document as maintained by hand.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file's stem, such as `iam-sync-user`.
    pub name: String,
    /// The path shown in messages, relative to the workspace's root, with forward slashes.
    pub path: String,
    /// The file's text.
    pub text: String,
    /// The text as a value, keys in the order of the file.
    pub value: Value,
    /// The line of each JSON pointer.
    lines: HashMap<String, usize>,
}

/// A document that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// A file or folder that cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file or folder.
        path: String,
        /// What the machine said.
        source: std::io::Error,
    },
    /// No document at all: a moved folder must not look like a clean run.
    #[error("{folder}: no *.yaml document here")]
    None {
        /// The folder that was searched.
        folder: String,
    },
    /// Text that is not the YAML wanted here: syntax, a duplicate key, a merge key, two documents.
    #[error("{path}:{line}:{column}: {message}")]
    Yaml {
        /// The document.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the YAML reader said.
        message: String,
    },
    /// A document that the generator's own reader, the `openapiv3` crate, refuses.
    #[error("{path}: not an OpenAPI 3.0 document: {message}")]
    OpenApi {
        /// The document.
        path: String,
        /// What `openapiv3` said.
        message: String,
    },
}

impl Document {
    /// Reads a document from its text; `path` is the one shown in messages.
    pub fn parse(path: impl Into<String>, text: impl Into<String>) -> Result<Document, DocumentError> {
        let (path, text) = (path.into(), text.into());
        let options = serde_saphyr::options! {
            // Only `true` and `false` are booleans: `no` is a word, as in YAML 1.2 and in JSON tools.
            strict_booleans: true,
            // An error code such as 0192 keeps its zero, quoted or not.
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
            // `<<` is not YAML 1.2, and other readers of the documents would see a key of that name.
            merge_keys: MergeKeyPolicy::Error,
            with_snippet: false,
        };
        let root = match serde_saphyr::from_str_with_options::<Node>(&text, options) {
            Ok(root) => root,
            Err(error) => return Err(yaml_error(path, &error)),
        };
        let mut lines = HashMap::from([(String::new(), 1)]);
        let value = root.into_value("", &mut lines);
        let file = path.rsplit('/').next().unwrap_or_default();
        let name = file.strip_suffix(".yaml").unwrap_or(file).to_owned();
        Ok(Document { name, path, text, value, lines })
    }

    /// Reads the document in `file`, naming it by its path below `root`.
    pub fn load(root: &Path, file: &Path) -> Result<Document, DocumentError> {
        let path = shown(root, file);
        match std::fs::read_to_string(file) {
            Ok(text) => Document::parse(path, text),
            Err(source) => Err(DocumentError::Read { path, source }),
        }
    }

    /// Reads every `openapi/*.yaml` below `root`, sorted by name; none at all is an error.
    pub fn load_all(root: &Path) -> Result<Vec<Document>, DocumentError> {
        let folder = root.join(FOLDER);
        let read = |source| DocumentError::Read { path: FOLDER.to_owned(), source };
        let mut files = Vec::<PathBuf>::new();
        for entry in std::fs::read_dir(&folder).map_err(read)? {
            let file = entry.map_err(read)?.path();
            if file.extension().is_some_and(|extension| extension == "yaml") {
                files.push(file);
            }
        }
        if files.is_empty() {
            return Err(DocumentError::None { folder: FOLDER.to_owned() });
        }
        files.sort();
        files.iter().map(|file| Document::load(root, file)).collect()
    }

    /// The line, from 1, of the place that a JSON pointer names: of the key for a member of an object.
    pub fn line_of(&self, pointer: &str) -> Option<usize> {
        self.lines.get(pointer).copied()
    }

    /// Follows a local `$ref` (`#/...`), chains included, to what it stands for; anything else is returned
    /// as it is. `None` for a reference that is not local, dangling or circular.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        // A chain longer than this is a circle.
        for _ in 0..16 {
            match value.get("$ref") {
                None => return Some(value),
                Some(target) => value = self.value.pointer(target.as_str()?.strip_prefix('#')?)?,
            }
        }
        None
    }

    /// The SHA-256 of the text's bytes, in hex.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.text.as_bytes()))
    }

    /// The document as the generator reads it.
    pub fn openapi(&self) -> Result<openapiv3::OpenAPI, DocumentError> {
        serde_json::from_value(self.value.clone())
            .map_err(|error| DocumentError::OpenApi { path: self.path.clone(), message: error.to_string() })
    }
}

/// Adds one member or index to a JSON pointer.
pub fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// The path relative to the root, with forward slashes on every machine.
fn shown(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn yaml_error(path: String, error: &serde_saphyr::Error) -> DocumentError {
    let (line, column) = match error.location() {
        Some(location) => (location.line(), location.column()),
        None => (1, 1),
    };
    let mut message = error.to_string();
    // The position stands in front already, and the advice is for programs that call the reader.
    let position = format!(" at line {line}, column {column}");
    for tail in [position.as_str(), ", set DuplicateKeyPolicy", "; use from_str_multiple"] {
        message.truncate(message.rfind(tail).unwrap_or(message.len()));
    }
    let number = |position| usize::try_from(position).unwrap_or(usize::MAX);
    DocumentError::Yaml { path, line: number(line), column: number(column), message }
}

/// A YAML node with the line of each member.
enum Node {
    Scalar(Value),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Node)>),
}

impl Node {
    fn into_value(self, pointer: &str, lines: &mut HashMap<String, usize>) -> Value {
        let mut member = |token: &str, line: u64, node: Node| {
            let inner = join(pointer, token);
            lines.insert(inner.clone(), usize::try_from(line).unwrap_or(usize::MAX));
            node.into_value(&inner, lines)
        };
        match self {
            Node::Scalar(value) => value,
            Node::List(items) => {
                let items = items.into_iter().enumerate();
                Value::Array(
                    items
                        .map(|(at, item)| member(&at.to_string(), item.referenced.line(), item.value))
                        .collect(),
                )
            }
            Node::Map(members) => {
                let mut map = Map::new();
                for (key, node) in members {
                    let value = member(&key.value, key.referenced.line(), node);
                    map.insert(key.value, value);
                }
                Value::Object(map)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number that JSON does not have"))?;
        Ok(Node::Scalar(number.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut map = Vec::<(Spanned<String>, Node)>::new();
        while let Some((key, value)) = members.next_entry::<Spanned<String>, Node>()? {
            // The reader compares typed keys, so `1` and `"1"` pass it; as JSON they are one key.
            if map.iter().any(|(other, _)| other.value == key.value) {
                let line = key.referenced.line();
                return Err(A::Error::custom(format!(
                    "duplicate mapping key: {}, again on line {line}",
                    key.value
                )));
            }
            map.push((key, value));
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        Document::parse("openapi/a.yaml", text).unwrap().value
    }

    fn refused(text: &str) -> String {
        Document::parse("openapi/a.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn keys_are_strings_and_values_are_what_json_tools_read() {
        let text = "responses:\n  202: {a: no}\n  4XX: yes\n  true: 1\ncodes: [0192, \"0192\", 12, -1, 1.5, 1_0, ~, true]\n";
        assert_eq!(
            value(text),
            json!({
                "responses": { "202": { "a": "no" }, "4XX": "yes", "true": 1 },
                "codes": ["0192", "0192", 12, -1, 1.5, "1_0", null, true],
            })
        );
    }

    #[test]
    fn keys_keep_their_order() {
        assert_eq!(value("b: 1\na: 2\n").to_string(), r#"{"b":1,"a":2}"#);
    }

    #[test]
    fn every_place_has_its_line() {
        let text = "# comment\npaths:\n  /v2/{id}/a~b:\n    get:\n      tags:\n        - one\n\n        - two\n      deep: {a: 1,\n        b: 2}\n";
        let document = Document::parse("openapi/a.yaml", text).unwrap();
        let lines = ["", "/paths", "/paths/~1v2~1{id}~1a~0b", "/paths/~1v2~1{id}~1a~0b/get/tags/1"];
        assert_eq!(lines.map(|pointer| document.line_of(pointer)), [Some(1), Some(2), Some(3), Some(8)]);
        assert_eq!(document.line_of("/paths/~1v2~1{id}~1a~0b/get/deep/b"), Some(10));
        assert_eq!(document.line_of("/nothing"), None);
    }

    #[test]
    fn an_anchored_value_has_the_line_where_it_is_used() {
        let document = Document::parse("openapi/a.yaml", "a: &x\n  b: 1\nc: *x\nd:\n  - *x\n").unwrap();
        assert_eq!(document.value["c"], json!({ "b": 1 }));
        assert_eq!(document.line_of("/c"), Some(3));
        assert_eq!(document.line_of("/d/0"), Some(5));
    }

    #[test]
    fn bad_yaml_is_refused_with_its_place() {
        let all = [
            ("duplicate", "a: 1\nb: 2\na: 3\n"),
            ("duplicate in depth", "a:\n  - b: {c: 1, c: 2}\n"),
            ("duplicate after typing", "a:\n  1: x\n  \"1\": y\n"),
            ("syntax", "a: [1, 2\nb: 3\n"),
            ("merge key", "a: &x {b: 1}\nc:\n  <<: *x\n"),
            ("two documents", "a: 1\n---\nb: 2\n"),
            ("not a number of JSON", "a: .inf\n"),
        ];
        let shown = all.map(|(name, text)| format!("{name}: {}", refused(text))).join("\n");
        let expected = [
            "duplicate: openapi/a.yaml:3:1: duplicate mapping key: a",
            "duplicate in depth: openapi/a.yaml:2:15: duplicate mapping key: c",
            "duplicate after typing: openapi/a.yaml:2:3: duplicate mapping key: 1, again on line 3",
            "syntax: openapi/a.yaml:2:2: illegal placement of ':' indicator",
            "merge key: openapi/a.yaml:3:3: YAML merge keys are not allowed by configured policy",
            "two documents: openapi/a.yaml:3:1: multiple YAML documents detected",
            "not a number of JSON: openapi/a.yaml:1:4: non-finite float `.inf` rejected by the configured policy",
        ];
        assert_eq!(shown, expected.join("\n"));
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let text = "a: {$ref: '#/b'}\nb: {$ref: '#/c~1d'}\nc/d: {x: 1}\ne: {$ref: '#/e'}\nf: {$ref: 'other.yaml#/a'}\n";
        let document = Document::parse("openapi/a.yaml", text).unwrap();
        let resolved = ["a", "e", "f"].map(|name| document.resolve(&document.value[name]));
        assert_eq!(resolved, [Some(&json!({ "x": 1 })), None, None]);
        assert_eq!(document.resolve(&json!("plain")), Some(&json!("plain")));
    }

    #[test]
    fn documents_are_read_from_the_folder_in_order() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDER);
        assert!(matches!(Document::load_all(root.path()), Err(DocumentError::Read { .. })));
        std::fs::create_dir(&folder).unwrap();
        assert!(matches!(Document::load_all(root.path()), Err(DocumentError::None { .. })));
        for name in ["b.yaml", "a.yaml", "notes.md"] {
            std::fs::write(folder.join(name), "openapi: 3.0.3\n").unwrap();
        }
        let read = Document::load_all(root.path()).unwrap();
        let names = read.iter().map(|document| (document.name.as_str(), document.path.as_str()));
        assert_eq!(names.collect::<Vec<_>>(), [("a", "openapi/a.yaml"), ("b", "openapi/b.yaml")]);
    }

    #[test]
    fn the_hash_is_of_the_bytes() {
        let document = Document::parse("openapi/a.yaml", "abc").unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(document.sha256(), known);
    }

    #[test]
    fn the_generators_reader_takes_unquoted_status_codes() {
        let text = "openapi: 3.0.3\ninfo: {title: T, version: 1.0.0}\npaths:\n  /a:\n    get:\n      responses:\n        202: {description: D}\n";
        let openapi = Document::parse("openapi/a.yaml", text).unwrap().openapi().unwrap();
        assert_eq!(openapi.operations().count(), 1);
        let refused = Document::parse("openapi/a.yaml", "openapi: 3.0.3\n").unwrap().openapi().unwrap_err();
        assert_eq!(refused.to_string(), "openapi/a.yaml: not an OpenAPI 3.0 document: missing field `info`");
    }
}
