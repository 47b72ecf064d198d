//! Schemas of OpenAPI 3.0 become JSON Schema 2020-12 that means the same.

use serde_json::{Value, json};
use xtask::document::Document;
use xtask::schema::{SchemaError, bundle, convert, validator, validator_of};

/// A document with the given text as its schema `S` and some more to refer to.
fn document(schema: &str) -> Document {
    let others = "
    Name: {type: string, maxLength: 3}
    Cat: {type: object, required: [kind], properties: {kind: {type: string}, lives: {type: integer}}}
    Dog: {type: object, required: [kind], properties: {kind: {type: string}}}
";
    let text = format!("components:\n  schemas:\n    S: {schema}{others}");
    Document::parse("openapi/a.yaml", text).expect("the document is YAML")
}

fn refusal(schema: &str) -> String {
    bundle(&document(schema)).expect_err(schema).to_string()
}

/// One conversion: what it gives, and values that show what it means.
struct Case {
    schema: &'static str,
    gives: Value,
    takes: Vec<Value>,
    refuses: Vec<Value>,
}

#[test]
fn each_keyword_keeps_its_meaning() {
    let name = json!({ "$ref": "#/$defs/Name" });
    let cases = [
        Case {
            schema: "{type: string, nullable: true}",
            gives: json!({ "type": ["string", "null"] }),
            takes: vec![json!("a"), json!(null)],
            refuses: vec![json!(1)],
        },
        Case {
            schema: "{type: string, nullable: false}",
            gives: json!({ "type": "string" }),
            takes: vec![json!("a")],
            refuses: vec![json!(null)],
        },
        Case {
            schema: "{type: string, enum: [a], nullable: true}",
            gives: json!({ "type": ["string", "null"], "enum": ["a", null] }),
            takes: vec![json!("a"), json!(null)],
            refuses: vec![json!("b")],
        },
        Case {
            schema: "{type: string, enum: [a, null], nullable: true}",
            gives: json!({ "type": ["string", "null"], "enum": ["a", null] }),
            takes: vec![json!(null)],
            refuses: vec![json!("b")],
        },
        Case {
            schema: "{description: D, allOf: [{$ref: '#/components/schemas/Name'}], nullable: true, example: ab}",
            gives: json!({
                "description": "D", "examples": ["ab"], "anyOf": [{ "allOf": [name] }, { "type": "null" }],
            }),
            takes: vec![json!("abc"), json!(null)],
            refuses: vec![json!("abcd"), json!(1)],
        },
        Case {
            schema: "{type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: true}",
            gives: json!({ "type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9 }),
            takes: vec![json!(1), json!(8)],
            refuses: vec![json!(0), json!(9)],
        },
        Case {
            schema: "{type: integer, minimum: 0, exclusiveMinimum: false, maximum: 9}",
            gives: json!({ "type": "integer", "minimum": 0, "maximum": 9 }),
            takes: vec![json!(0), json!(9)],
            refuses: vec![json!(-1), json!(10)],
        },
        Case {
            schema: "{type: integer, format: int32, minimum: 0}",
            gives: json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": 2147483647 }),
            takes: vec![json!(2147483647)],
            refuses: vec![json!(2147483648_u64), json!(-1)],
        },
        Case {
            schema: "{type: integer, format: int64}",
            gives: json!({
                "type": "integer", "format": "int64",
                "minimum": -9223372036854775808_i64, "maximum": 9223372036854775807_i64,
            }),
            takes: vec![json!(9223372036854775807_i64)],
            refuses: vec![json!(9223372036854775808_u64)],
        },
        Case {
            schema: "{type: string, format: date-time}",
            gives: json!({ "type": "string", "format": "date-time" }),
            takes: vec![json!("2026-11-23T20:00:00Z")],
            refuses: vec![json!("yesterday")],
        },
        Case {
            schema: "{type: string, format: byte}",
            gives: json!({ "type": "string", "format": "byte" }),
            takes: vec![json!("YWI="), json!("")],
            refuses: vec![json!("YWI"), json!("a==="), json!("Y-I=")],
        },
        Case {
            schema: "{type: string, format: password, readOnly: true, writeOnly: false, deprecated: true}",
            gives: json!({
                "type": "string", "format": "password", "readOnly": true, "writeOnly": false, "deprecated": true,
            }),
            takes: vec![json!("x")],
            refuses: vec![json!(1)],
        },
        Case {
            schema: "{type: string, pattern: '^[a-z]+$', minLength: 2, x-rule: R, externalDocs: {url: U}, example: ab}",
            gives: json!({ "type": "string", "pattern": "^[a-z]+$", "minLength": 2, "examples": ["ab"] }),
            takes: vec![json!("ab")],
            refuses: vec![json!("a"), json!("AB")],
        },
        Case {
            schema: "{type: array, items: {$ref: '#/components/schemas/Name'}, maxItems: 2, uniqueItems: true}",
            gives: json!({ "type": "array", "items": name, "maxItems": 2, "uniqueItems": true }),
            takes: vec![json!([]), json!(["a", "b"])],
            refuses: vec![json!(["a", "a"]), json!(["a", "b", "c"]), json!(["abcd"])],
        },
        Case {
            // A property may be called like a keyword.
            schema: "{type: object, required: [example], properties: {example: {type: string, nullable: true}, \
                     nullable: {type: boolean}}, additionalProperties: false}",
            gives: json!({
                "type": "object", "required": ["example"], "additionalProperties": false,
                "properties": { "example": { "type": ["string", "null"] }, "nullable": { "type": "boolean" } },
            }),
            takes: vec![json!({ "example": null, "nullable": true })],
            refuses: vec![json!({}), json!({ "example": "a", "other": 1 })],
        },
        Case {
            schema: "{type: object, additionalProperties: {$ref: '#/components/schemas/Name'}, not: {required: [no]}}",
            gives: json!({ "type": "object", "additionalProperties": name, "not": { "required": ["no"] } }),
            takes: vec![json!({ "a": "b" })],
            refuses: vec![json!({ "a": 1 }), json!({ "no": "b" })],
        },
        Case {
            // Both branches take every animal; only the discriminator tells them apart.
            schema: "{oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}], \
                     discriminator: {propertyName: kind, mapping: {tom: '#/components/schemas/Cat', puss: Cat}}}",
            gives: json!({ "oneOf": [
                { "allOf": [
                    { "$ref": "#/$defs/Cat" },
                    { "properties": { "kind": { "enum": ["tom", "puss"] } }, "required": ["kind"] },
                ] },
                { "allOf": [
                    { "$ref": "#/$defs/Dog" },
                    { "properties": { "kind": { "const": "Dog" } }, "required": ["kind"] },
                ] },
            ] }),
            takes: vec![json!({ "kind": "tom" }), json!({ "kind": "puss" }), json!({ "kind": "Dog" })],
            refuses: vec![json!({ "kind": "Cow" }), json!({})],
        },
        Case {
            schema: "{type: object, properties: {kind: {type: string}}, discriminator: {propertyName: kind}}",
            gives: json!({ "type": "object", "properties": { "kind": { "type": "string" } } }),
            takes: vec![json!({ "kind": "any" })],
            refuses: vec![json!({ "kind": 1 })],
        },
    ];
    for Case { schema, gives, takes, refuses } in cases {
        let bundle = bundle(&document(schema)).unwrap_or_else(|error| panic!("{schema}: {error}"));
        assert_eq!(bundle["$defs"]["S"], gives, "{schema}");
        let validator = validator(&bundle, "S").unwrap_or_else(|error| panic!("{schema}: {error}"));
        for value in takes {
            assert!(validator.is_valid(&value), "{schema} refuses {value}");
        }
        for value in refuses {
            assert!(!validator.is_valid(&value), "{schema} takes {value}");
        }
    }
}

#[test]
fn the_bundle_is_one_schema_with_a_definition_for_each_component() {
    let bundle = bundle(&document("{type: string}")).unwrap();
    assert_eq!(bundle["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let names = bundle["$defs"].as_object().unwrap().keys().collect::<Vec<_>>();
    assert_eq!(names, ["S", "Name", "Cat", "Dog"]);
    jsonschema::meta::validate(&bundle).unwrap();
}

#[test]
fn a_document_without_schemas_gives_an_empty_bundle() {
    let document = Document::parse("openapi/a.yaml", "openapi: 3.0.3\n").unwrap();
    assert_eq!(bundle(&document).unwrap()["$defs"], json!({}));
}

#[test]
fn what_cannot_be_converted_is_refused_with_its_place() {
    let all = [
        "{type: string, maxItem: 1}",
        "{type: string, const: a}",
        "{type: object, xml: {name: a}}",
        "{type: object, properties: {a: {patternProperties: {}}}}",
        "{$ref: '#/components/schemas/Name', description: D}",
        "{$ref: '#/components/schemas/None'}",
        "{$ref: '#/components/parameters/Name'}",
        "{allOf: [{$ref: 'other.yaml#/components/schemas/Name'}]}",
        "{type: [string]}",
        "{type: 'null'}",
        "{type: string, nullable: 'yes'}",
        "{type: integer, exclusiveMinimum: 3}",
        "{type: integer, exclusiveMinimum: true}",
        "{type: integer, minimum: '3'}",
        "{type: string, format: postcode}",
        "{type: string, enum: a}",
        "{type: array, items: [{type: string}]}",
        "{anyOf: {type: string}}",
        "{type: object, properties: [a]}",
        "{oneOf: [{type: object}], discriminator: {propertyName: kind}}",
        "{oneOf: [{$ref: '#/components/schemas/Cat'}], discriminator: {}}",
        "text",
    ];
    let shown = all.map(|schema| format!("{schema}\n    {}", refusal(schema))).join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_validator_needs_a_known_name_and_a_sound_schema() {
    let bundle_ = bundle(&document("{type: string, pattern: '['}")).unwrap();
    assert_eq!(validator(&bundle_, "T").unwrap_err(), SchemaError::Name { name: "T".to_owned() });
    assert!(matches!(validator(&bundle_, "S"), Err(SchemaError::Refused { .. })));
    // The other components stay usable.
    assert!(validator(&bundle_, "Name").unwrap().is_valid(&json!("abc")));
}

#[test]
fn an_inline_schema_uses_the_bundle_too() {
    let document = document("{type: string}");
    let inline =
        json!({ "type": "array", "items": { "$ref": "#/components/schemas/Name" }, "nullable": true });
    let converted = convert(&document, &inline, "/here").unwrap();
    let validator = validator_of(&bundle(&document).unwrap(), &converted).unwrap();
    assert!(validator.is_valid(&json!(["abc"])) && validator.is_valid(&json!(null)));
    assert!(!validator.is_valid(&json!(["abcd"])));
}

#[test]
fn nothing_is_fetched() {
    let bundle = json!({ "$defs": { "S": { "$ref": "https://example.com/schema.json" } } });
    let error = validator(&bundle, "S").unwrap_err().to_string();
    assert!(error.contains("https://example.com/schema.json"), "{error}");
}
