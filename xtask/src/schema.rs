//! Schemas of OpenAPI 3.0 as JSON Schema 2020-12, and validators of the result.
//!
//! OpenAPI 3.0 has its own dialect: validators ignore `nullable` and `discriminator` and refuse a boolean
//! `exclusiveMinimum`. So every keyword is converted or refused; none is passed over in silence.

use serde_json::{Map, Value, json};

use crate::document::{Document, join};

/// The dialect of a bundle.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Where the components' schemas stand in a document.
pub const COMPONENTS: &str = "/components/schemas";

/// The prefix of a reference to a component's schema.
const REFERENCE: &str = "#/components/schemas/";

/// Keywords that mean the same in both dialects and hold no schema.
const SAME: &[&str] = &[
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "required",
];

/// Keywords that describe a value and refuse none.
const ANNOTATIONS: &[&str] =
    &["title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"];

/// The types of OpenAPI 3.0.
const TYPES: &[&str] = &["array", "boolean", "integer", "number", "object", "string"];

/// Formats known to OpenAPI 3.0 and not to JSON Schema. Numbers get their range as bounds; `byte` is checked
/// by the validator; the others tell of no limit.
const OPENAPI_FORMATS: &[&str] = &["int32", "int64", "float", "double", "byte", "binary", "password"];

/// Formats that the validator knows by itself.
const JSON_SCHEMA_FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
    "regex",
    "time",
    "uri",
    "uri-reference",
    "uuid",
];

/// A schema that has no equivalent in JSON Schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A keyword that OpenAPI 3.0 schemas do not have, that means nothing for JSON, or that is ignored.
    #[error("{pointer}: `{keyword}` {why}")]
    Keyword {
        /// The schema's place in the document.
        pointer: String,
        /// The keyword.
        keyword: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A reference to something else than a component's schema of the same document.
    #[error("{pointer}: {reference} is no schema component of this document")]
    Reference {
        /// The schema's place in the document.
        pointer: String,
        /// The reference as written.
        reference: String,
    },
    /// A keyword whose value makes no sense.
    #[error("{pointer}: {message}")]
    Value {
        /// The schema's place in the document.
        pointer: String,
        /// What is wrong.
        message: String,
    },
    /// No such component, when a validator was asked for.
    #[error("the bundle has no schema of the name {name}")]
    Name {
        /// The name asked for.
        name: String,
    },
    /// A converted schema that the validator refuses, such as one with a broken pattern.
    #[error("no validator takes {place}: {message}")]
    Refused {
        /// The place in the bundle.
        place: String,
        /// What the validator said.
        message: String,
    },
}

/// All component schemas of a document as one JSON Schema with a `$defs` member for each.
pub fn bundle(document: &Document) -> Result<Value, SchemaError> {
    let mut definitions = Map::new();
    if let Some(schemas) = document.value.pointer(COMPONENTS) {
        for (name, schema) in object(schemas, COMPONENTS)? {
            definitions.insert(name.clone(), convert(document, schema, &join(COMPONENTS, name))?);
        }
    }
    Ok(json!({ "$schema": DIALECT, "$defs": definitions }))
}

/// Converts one schema; its references point into the bundle's `$defs`. `pointer` is its place, for messages.
pub fn convert(document: &Document, schema: &Value, pointer: &str) -> Result<Value, SchemaError> {
    Converter { document, schema: object(schema, pointer)?, pointer }.run()
}

/// A validator for one component of a bundle: formats are asserted, nothing is ever fetched.
pub fn validator(bundle: &Value, name: &str) -> Result<jsonschema::Validator, SchemaError> {
    if bundle.get("$defs").and_then(|definitions| definitions.get(name)).is_none() {
        return Err(SchemaError::Name { name: name.to_owned() });
    }
    validator_of(bundle, &json!({ "$ref": format!("#/$defs/{name}") }))
}

/// A validator for a converted schema that refers to the definitions of a bundle.
pub fn validator_of(bundle: &Value, converted: &Value) -> Result<jsonschema::Validator, SchemaError> {
    let mut root = object(converted, "")?.clone();
    root.insert("$schema".to_owned(), DIALECT.into());
    root.insert("$defs".to_owned(), bundle.get("$defs").cloned().unwrap_or_else(|| json!({})));
    let root = Value::Object(root);
    let mut options = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .offline();
    for format in OPENAPI_FORMATS {
        options = match *format {
            "byte" => options.with_format(*format, is_base64),
            _ => options.with_format(*format, |_| true),
        };
    }
    options.build(&root).map_err(|error| SchemaError::Refused {
        place: error.instance_path().to_string(),
        message: error.to_string(),
    })
}

/// Padded base64 as in RFC 4648, section 4.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn object<'a>(value: &'a Value, pointer: &str) -> Result<&'a Map<String, Value>, SchemaError> {
    value.as_object().ok_or_else(|| wrong(pointer, "must be an object"))
}

fn wrong(pointer: &str, message: impl Into<String>) -> SchemaError {
    SchemaError::Value { pointer: pointer.to_owned(), message: message.into() }
}

/// One schema on its way.
struct Converter<'a> {
    document: &'a Document,
    schema: &'a Map<String, Value>,
    pointer: &'a str,
}

impl Converter<'_> {
    fn run(&self) -> Result<Value, SchemaError> {
        if let Some(reference) = self.schema.get("$ref") {
            return self.reference(reference);
        }
        let mut converted = Map::new();
        for (keyword, value) in self.schema {
            self.keyword(&mut converted, keyword, value)?;
        }
        self.ranges(&mut converted);
        if self.flag("nullable")? {
            converted = nullable(converted);
        }
        Ok(Value::Object(converted))
    }

    fn reference(&self, reference: &Value) -> Result<Value, SchemaError> {
        // In OpenAPI 3.0 whatever stands beside a `$ref` is ignored, in 2020-12 it is not.
        if let Some(keyword) = self.schema.keys().find(|keyword| *keyword != "$ref") {
            return Err(SchemaError::Keyword {
                pointer: self.pointer.to_owned(),
                keyword: keyword.clone(),
                why: "is ignored beside a $ref; wrap the $ref in allOf",
            });
        }
        match self.component(reference) {
            Some(name) => Ok(json!({ "$ref": format!("#/$defs/{name}") })),
            None => Err(SchemaError::Reference {
                pointer: self.pointer.to_owned(),
                reference: reference.as_str().map_or_else(|| reference.to_string(), str::to_owned),
            }),
        }
    }

    /// The name of the schema component that a reference stands for.
    fn component<'v>(&self, reference: &'v Value) -> Option<&'v str> {
        let name = reference.as_str()?.strip_prefix(REFERENCE)?;
        self.document.value.pointer(COMPONENTS)?.get(name).map(|_| name)
    }

    fn keyword(
        &self,
        into: &mut Map<String, Value>,
        keyword: &str,
        value: &Value,
    ) -> Result<(), SchemaError> {
        let place = join(self.pointer, keyword);
        let converted = match keyword {
            // Read by `ranges`, `bounds` and `nullable` together with their neighbours; or documentation.
            "nullable" | "externalDocs" => return Ok(()),
            "discriminator" => return self.discriminator(value).map(|_| ()),
            _ if keyword.starts_with("x-") => return Ok(()),
            "exclusiveMinimum" | "exclusiveMaximum" => return self.exclusive(into, keyword),
            "minimum" if self.flag("exclusiveMinimum")? => return Ok(()),
            "maximum" if self.flag("exclusiveMaximum")? => return Ok(()),
            "example" => {
                into.insert("examples".to_owned(), json!([value]));
                return Ok(());
            }
            "type" if value.as_str().is_some_and(|name| TYPES.contains(&name)) => value.clone(),
            "type" => {
                return Err(wrong(&place, format!("{value} is not one of {}", TYPES.join(", "))));
            }
            "format" if value.as_str().is_some_and(is_format) => value.clone(),
            "format" => {
                return Err(wrong(&place, format!("{value} is a format that no validator here knows")));
            }
            "enum" if value.is_array() => value.clone(),
            "minimum" | "maximum" if value.is_number() => value.clone(),
            "enum" | "minimum" | "maximum" => {
                return Err(wrong(&place, format!("{value} makes no sense here")));
            }
            "properties" => self.members(value, &place)?,
            "items" | "not" => convert(self.document, value, &place)?,
            "additionalProperties" if value.is_boolean() => value.clone(),
            "additionalProperties" => convert(self.document, value, &place)?,
            "allOf" | "anyOf" | "oneOf" => self.branches(value, &place, keyword)?,
            _ if SAME.contains(&keyword) => value.clone(),
            _ => {
                return Err(SchemaError::Keyword {
                    pointer: self.pointer.to_owned(),
                    keyword: keyword.to_owned(),
                    why: "cannot be converted to JSON Schema; remove it",
                });
            }
        };
        into.insert(keyword.to_owned(), converted);
        Ok(())
    }

    fn flag(&self, keyword: &str) -> Result<bool, SchemaError> {
        match self.schema.get(keyword) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong(&join(self.pointer, keyword), format!("{other} is not true or false"))),
        }
    }

    /// `minimum: 0, exclusiveMinimum: true` becomes `exclusiveMinimum: 0`.
    fn exclusive(&self, into: &mut Map<String, Value>, keyword: &str) -> Result<(), SchemaError> {
        if self.flag(keyword)? {
            let bound = if keyword == "exclusiveMinimum" { "minimum" } else { "maximum" };
            match self.schema.get(bound) {
                Some(limit) if limit.is_number() => into.insert(keyword.to_owned(), limit.clone()),
                _ => {
                    return Err(wrong(&join(self.pointer, keyword), format!("needs `{bound}` beside it")));
                }
            };
        }
        Ok(())
    }

    /// The ranges that `int32` and `int64` stand for: formats are asserted on strings only.
    fn ranges(&self, into: &mut Map<String, Value>) {
        let (least, most) = match self.schema.get("format").and_then(Value::as_str) {
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            Some("int64") => (i64::MIN, i64::MAX),
            _ => return,
        };
        for (inclusive, exclusive, bound) in
            [("minimum", "exclusiveMinimum", least), ("maximum", "exclusiveMaximum", most)]
        {
            if !into.contains_key(inclusive) && !into.contains_key(exclusive) {
                into.insert(inclusive.to_owned(), bound.into());
            }
        }
    }

    fn members(&self, value: &Value, place: &str) -> Result<Value, SchemaError> {
        let mut members = Map::new();
        for (name, schema) in object(value, place)? {
            members.insert(name.clone(), convert(self.document, schema, &join(place, name))?);
        }
        Ok(Value::Object(members))
    }

    fn branches(&self, value: &Value, place: &str, keyword: &str) -> Result<Value, SchemaError> {
        let list = value.as_array().ok_or_else(|| wrong(place, "must be a list"))?;
        let discriminator = match self.schema.get("discriminator") {
            Some(value) if keyword != "allOf" => Some(self.discriminator(value)?),
            _ => None,
        };
        let mut branches = Vec::new();
        for (at, schema) in list.iter().enumerate() {
            let place = join(place, &at.to_string());
            let converted = convert(self.document, schema, &place)?;
            branches.push(match discriminator {
                None => converted,
                Some(discriminator) => self.discriminated(discriminator, schema, converted, &place)?,
            });
        }
        Ok(Value::Array(branches))
    }

    fn discriminator<'v>(&self, value: &'v Value) -> Result<(&'v str, Option<&'v Value>), SchemaError> {
        let place = join(self.pointer, "discriminator");
        let name = value.get("propertyName").and_then(Value::as_str);
        let name = name.ok_or_else(|| wrong(&place, "needs a `propertyName`"))?;
        Ok((name, value.get("mapping")))
    }

    /// A branch of a discriminated union also names itself, so that overlapping branches stay apart.
    fn discriminated(
        &self,
        (property, mapping): (&str, Option<&Value>),
        schema: &Value,
        converted: Value,
        place: &str,
    ) -> Result<Value, SchemaError> {
        let name = schema.get("$ref").and_then(|reference| self.component(reference));
        let name = name.ok_or_else(|| wrong(place, "a branch beside a discriminator must be a $ref"))?;
        let named = |target: &Value| {
            target.as_str().is_some_and(|target| target.strip_prefix(REFERENCE).unwrap_or(target) == name)
        };
        let mapping = mapping.and_then(Value::as_object).into_iter().flatten();
        let mut values =
            mapping.filter(|(_, target)| named(target)).map(|(value, _)| json!(value)).collect::<Vec<_>>();
        if values.is_empty() {
            values.push(json!(name));
        }
        let own = match values.as_slice() {
            [value] => json!({ "const": value }),
            _ => json!({ "enum": values }),
        };
        let own = json!({ "properties": { property: own }, "required": [property] });
        Ok(json!({ "allOf": [converted, own] }))
    }
}

fn is_format(name: &str) -> bool {
    OPENAPI_FORMATS.contains(&name) || JSON_SCHEMA_FORMATS.contains(&name)
}

/// Lets a converted schema take null as well.
fn nullable(mut schema: Map<String, Value>) -> Map<String, Value> {
    if ["allOf", "anyOf", "oneOf", "not"].iter().any(|keyword| schema.contains_key(*keyword)) {
        // Null would fail in a branch, so null stands beside the whole; what describes it stays outside.
        let mut outside = Map::new();
        let mut inside = Map::new();
        for (keyword, value) in schema {
            let side = if ANNOTATIONS.contains(&keyword.as_str()) { &mut outside } else { &mut inside };
            side.insert(keyword, value);
        }
        outside.insert("anyOf".to_owned(), json!([inside, { "type": "null" }]));
        return outside;
    }
    if let Some(name) = schema.get_mut("type") {
        *name = json!([name.take(), "null"]);
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}
