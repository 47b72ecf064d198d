//! What the rules look at: every object of a document with its kind, the operations, and the schemas that
//! requests and responses reach.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::extensions::{EXTENSIONS, nearest};
use super::keywords::{Kind, Layout, Shape};
use crate::document::{Document, join};

/// The keys of a path item that are operations.
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An object of the document, or a reference that stands for one.
pub(super) struct Place<'a> {
    pub(super) kind: Kind,
    pub(super) pointer: String,
    pub(super) value: &'a Map<String, Value>,
    pub(super) is_reference: bool,
}

/// What kind of flaw the shape of the document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    WrongType,
    MissingKeyword,
    UnknownKeyword,
    UnknownExtension,
}

/// One operation of the document.
pub(super) struct Operation<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) pointer: String,
    pub(super) value: &'a Map<String, Value>,
    /// The parameters that stand beside the operation, in its path item, come first.
    pub(super) parameters: Vec<Spot<'a>>,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub(super) pointer: String,
    pub(super) value: &'a Value,
}

/// A schema that an operation's request or response reaches.
pub(super) struct Reached<'a> {
    pub(super) spot: Spot<'a>,
    /// The request body or response that reaches it first, for messages.
    pub(super) origin: String,
}

/// A document, taken apart.
pub(super) struct Model<'a> {
    pub(super) document: &'a Document,
    pub(super) places: Vec<Place<'a>>,
    pub(super) flaws: Vec<(Flaw, String, String)>,
    pub(super) operations: Vec<Operation<'a>>,
}

impl<'a> Model<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut model = Model { document, places: Vec::new(), flaws: Vec::new(), operations: Vec::new() };
        model.visit(Kind::OpenApi, &document.value, "");
        model.operations = model.read_operations();
        model
    }

    /// All objects of a kind that are written out.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Place<'a>> {
        self.places.iter().filter(move |place| place.kind == kind && !place.is_reference)
    }

    /// Follows a reference to the place of what it stands for.
    pub(super) fn follow(&self, mut spot: Spot<'a>) -> Option<Spot<'a>> {
        for _ in 0..16 {
            let Some(target) = spot.value.get("$ref") else {
                return Some(spot);
            };
            let pointer = target.as_str()?.strip_prefix('#')?;
            spot = Spot { pointer: pointer.to_owned(), value: self.document.value.pointer(pointer)? };
        }
        None
    }

    /// The responses of an operation: status, where it is listed, and the response itself.
    pub(super) fn responses(&self, operation: &Operation<'a>) -> Vec<(&'a str, String, Spot<'a>)> {
        let listed = members(operation.value.get("responses"), &join(&operation.pointer, "responses"));
        listed
            .filter(|(status, _)| !status.starts_with("x-"))
            .filter_map(|(status, spot)| Some((status, spot.pointer.clone(), self.follow(spot)?)))
            .collect()
    }

    /// The request body of an operation.
    pub(super) fn request(&self, operation: &Operation<'a>) -> Option<Spot<'a>> {
        let pointer = join(&operation.pointer, "requestBody");
        self.follow(Spot { pointer, value: operation.value.get("requestBody")? })
    }

    /// All schemas that request bodies reach.
    pub(super) fn request_schemas(&self) -> Vec<Reached<'a>> {
        self.reached(|operation| {
            self.request(operation).map(|body| ("the request".to_owned(), body)).into_iter().collect()
        })
    }

    /// All schemas that responses of any status reach.
    pub(super) fn response_schemas(&self) -> Vec<Reached<'a>> {
        self.reached(|operation| {
            let responses = self.responses(operation).into_iter();
            responses.map(|(status, _, response)| (format!("response {status}"), response)).collect()
        })
    }

    fn reached(&self, bodies: impl Fn(&Operation<'a>) -> Vec<(String, Spot<'a>)>) -> Vec<Reached<'a>> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for operation in &self.operations {
            for (name, body) in bodies(operation) {
                let headers = members(body.value.get("headers"), &join(&body.pointer, "headers"));
                let headers = headers.filter_map(|(_, header)| self.follow(header));
                let content = headers.chain(content(&body).map(|(_, media)| media));
                let origin = format!("{name} of {}", operation.name());
                for holder in content {
                    if let Some(schema) = holder.value.get("schema") {
                        let spot = Spot { pointer: join(&holder.pointer, "schema"), value: schema };
                        self.reach(spot, &origin, &mut seen, &mut all);
                    }
                }
            }
        }
        all
    }

    fn reach(&self, spot: Spot<'a>, origin: &str, seen: &mut BTreeSet<String>, all: &mut Vec<Reached<'a>>) {
        let Some(spot) = self.follow(spot) else { return };
        // Schemas may refer to themselves.
        if !seen.insert(spot.pointer.clone()) {
            return;
        }
        let inner = inner_schemas(&spot);
        all.push(Reached { spot, origin: origin.to_owned() });
        for schema in inner {
            self.reach(schema, origin, seen, all);
        }
    }

    fn read_operations(&self) -> Vec<Operation<'a>> {
        let mut operations = Vec::new();
        for (path, item) in members(self.document.value.get("paths"), "/paths") {
            let beside = list(item.value.get("parameters"), &join(&item.pointer, "parameters"));
            for &method in METHODS {
                let Some(value) = item.value.get(method).and_then(Value::as_object) else {
                    continue;
                };
                let pointer = join(&item.pointer, method);
                let own = list(value.get("parameters"), &join(&pointer, "parameters"));
                let parameters = beside.iter().cloned().chain(own);
                let parameters = parameters.filter_map(|parameter| self.follow(parameter)).collect();
                operations.push(Operation { method, path, pointer, value, parameters });
            }
        }
        operations
    }

    fn flaw(&mut self, flaw: Flaw, pointer: &str, message: impl Into<String>) {
        self.flaws.push((flaw, pointer.to_owned(), message.into()));
    }

    fn visit(&mut self, kind: Kind, value: &'a Value, pointer: &str) {
        let Some(object) = value.as_object() else {
            self.flaw(Flaw::WrongType, pointer, format!("must be an object, is {}", type_of(value)));
            return;
        };
        let is_reference = kind.may_be_reference() && object.contains_key("$ref");
        self.places.push(Place { kind, pointer: pointer.to_owned(), value: object, is_reference });
        if is_reference {
            for keyword in object.keys().filter(|keyword| *keyword != "$ref") {
                let message = format!("`{keyword}` is ignored beside a $ref; wrap the $ref in allOf");
                self.flaw(Flaw::UnknownKeyword, &join(pointer, keyword), message);
            }
            return;
        }
        match kind.layout() {
            Layout::Keys { fits, wanted, kind } => {
                for (key, value) in object {
                    let place = join(pointer, key);
                    if key.starts_with("x-") {
                        self.extension(key, &place);
                    } else if fits(key) {
                        self.visit(kind, value, &place);
                    } else {
                        self.flaw(Flaw::UnknownKeyword, &place, format!("`{key}` is not {wanted}"));
                    }
                }
            }
            Layout::Fields(_) if kind == Kind::SecurityRequirement => {}
            Layout::Fields(fields) => {
                for field in fields.iter().filter(|field| field.required && !object.contains_key(field.name))
                {
                    let message = format!("needs `{}`, as every {kind:?} object does", field.name);
                    self.flaw(Flaw::MissingKeyword, pointer, message);
                }
                let is_array = object.get("type").is_some_and(|kind| kind == "array");
                if kind == Kind::Schema && is_array && !object.contains_key("items") {
                    self.flaw(Flaw::MissingKeyword, pointer, "needs `items`, as every array does".to_owned());
                }
                for (key, value) in object {
                    let place = join(pointer, key);
                    match fields.iter().find(|field| field.name == key) {
                        Some(field) => self.shape(field.shape, value, &place),
                        None if key.starts_with("x-") => self.extension(key, &place),
                        None => {
                            let meant = nearest(key, fields.iter().map(|field| field.name));
                            let message =
                                format!("`{key}` is no keyword of {kind:?} objects{}", suggestion(meant));
                            self.flaw(Flaw::UnknownKeyword, &place, message);
                        }
                    }
                }
            }
        }
    }

    fn extension(&mut self, key: &str, pointer: &str) {
        let mut known = EXTENSIONS.iter().map(|extension| extension.name);
        if !known.clone().any(|name| name == key) {
            let message = format!("`{key}` is no known extension{}", suggestion(nearest(key, &mut known)));
            self.flaw(Flaw::UnknownExtension, pointer, message);
        }
    }

    fn shape(&mut self, shape: Shape, value: &'a Value, pointer: &str) {
        let is_texts =
            |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        let is_text_map =
            |value: &Value| value.as_object().is_some_and(|map| map.values().all(Value::is_string));
        let (fits, wanted) = match shape {
            Shape::Any => return,
            Shape::AnyList => (value.is_array(), "a list"),
            Shape::Text => (value.is_string(), "text"),
            Shape::TextList => (is_texts(value), "a list of texts"),
            Shape::TextMap => (is_text_map(value), "an object of texts"),
            Shape::Flag => (value.is_boolean(), "true or false"),
            Shape::Count => (value.is_u64(), "an integer from 0"),
            Shape::Number => (value.is_number(), "a number"),
            Shape::OneOrFlag(_) if value.is_boolean() => return,
            Shape::One(kind) | Shape::OneOrFlag(kind) => return self.visit(kind, value, pointer),
            Shape::List(kind) => {
                if value.is_array() {
                    for spot in list(Some(value), pointer) {
                        self.visit(kind, spot.value, &spot.pointer);
                    }
                }
                (value.is_array(), "a list")
            }
            Shape::Map(kind) => {
                for (_, spot) in members(Some(value), pointer) {
                    self.visit(kind, spot.value, &spot.pointer);
                }
                (value.is_object(), "an object")
            }
        };
        if !fits {
            self.flaw(Flaw::WrongType, pointer, format!("must be {wanted}, is {}", type_of(value)));
        }
    }
}

impl Operation<'_> {
    /// The operationId, or method and path for one that has none.
    pub(super) fn name(&self) -> String {
        match self.value.get("operationId").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("{} {}", self.method, self.path),
        }
    }
}

/// The members of an object; none of anything else.
pub(super) fn members<'a>(
    value: Option<&'a Value>,
    pointer: &str,
) -> impl Iterator<Item = (&'a str, Spot<'a>)> + use<'a> {
    let pointer = pointer.to_owned();
    let all = value.and_then(Value::as_object).into_iter().flatten();
    all.map(move |(name, value)| (name.as_str(), Spot { pointer: join(&pointer, name), value }))
}

/// The items of a list; none of anything else.
pub(super) fn list<'a>(value: Option<&'a Value>, pointer: &str) -> Vec<Spot<'a>> {
    let all = value.and_then(Value::as_array).into_iter().flatten().enumerate();
    all.map(|(at, value)| Spot { pointer: join(pointer, &at.to_string()), value }).collect()
}

/// The media types of a request body or response.
pub(super) fn content<'a>(body: &Spot<'a>) -> impl Iterator<Item = (&'a str, Spot<'a>)> + use<'a> {
    members(body.value.get("content"), &join(&body.pointer, "content"))
}

/// The names in the braces of a path or URL.
pub(super) fn template(path: &str) -> BTreeSet<&str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// A text that says something.
pub(super) fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn inner_schemas<'a>(spot: &Spot<'a>) -> Vec<Spot<'a>> {
    let under = |keyword: &str| join(&spot.pointer, keyword);
    let mut inner =
        members(spot.value.get("properties"), &under("properties")).map(|(_, spot)| spot).collect::<Vec<_>>();
    for keyword in ["items", "additionalProperties", "not"] {
        let one = spot.value.get(keyword).filter(|value| value.is_object());
        inner.extend(one.map(|value| Spot { pointer: under(keyword), value }));
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        inner.extend(list(spot.value.get(keyword), &under(keyword)));
    }
    inner
}

fn suggestion(meant: Option<&str>) -> String {
    meant.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
