//! A document as the references show it.

use minijinja::Environment;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fields::{Field, Schemas, plain};
use super::samples::{self, Sample};
use super::{Artifact, DocsError, Edition, fact, schemas, templates};
use crate::document::{Document, join};

/// The keys of a path item that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A document.
#[derive(Debug, Serialize)]
pub(super) struct Reference {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) documentation: Option<Link>,
    pub(super) servers: Vec<Server>,
    pub(super) security: Vec<Field>,
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Vec<Schema>,
    pub(super) error_codes: Vec<Row>,
    pub(super) status_codes: Vec<Row>,
}

/// A page of the official documentation.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    pub(super) url: String,
    pub(super) description: String,
}

/// A server, with the endpoint of each of its regions.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Server {
    pub(super) url: String,
    pub(super) description: String,
    pub(super) regions: Vec<Region>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Region {
    pub(super) name: String,
    pub(super) endpoint: String,
}

/// An operation.
#[derive(Debug, Serialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) aliases: Vec<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) documentation: Option<Link>,
    /// Requests in a minute, and where the number comes from.
    pub(super) per_minute: u64,
    pub(super) source: String,
    pub(super) idempotent: bool,
    pub(super) authenticated: bool,
    pub(super) parameters: Vec<Parameter>,
    pub(super) request: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) samples: Vec<Sample>,
}

/// A parameter of the path or of the query.
#[derive(Debug, Serialize)]
pub(super) struct Parameter {
    /// `path` or `query`.
    place: String,
    #[serde(flatten)]
    field: Field,
}

impl std::ops::Deref for Parameter {
    type Target = Field;

    fn deref(&self) -> &Field {
        &self.field
    }
}

/// What is sent.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) description: String,
    #[serde(flatten)]
    pub(super) content: Content,
    pub(super) examples: Vec<Example>,
}

/// What may come back.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    /// `202`, or a range such as `4XX`.
    pub(super) status: String,
    /// Whether the status is one of success.
    pub(super) success: bool,
    pub(super) description: String,
    pub(super) headers: Vec<Field>,
    #[serde(flatten)]
    pub(super) content: Option<Content>,
    pub(super) examples: Vec<Example>,
}

/// A media type with its schema.
#[derive(Debug, Serialize)]
pub(super) struct Content {
    pub(super) content_type: String,
    /// The component, where the schema is one.
    pub(super) schema: Option<String>,
    pub(super) schema_file: Option<String>,
    /// What holds for the whole.
    pub(super) whole: Field,
    pub(super) fields: Vec<Field>,
}

/// A documented example.
#[derive(Debug, Serialize)]
pub(super) struct Example {
    pub(super) summary: String,
    pub(super) description: String,
    /// Laid out as published.
    pub(super) json: String,
    pub(super) file: String,
}

/// A component schema.
#[derive(Debug, Serialize)]
pub(super) struct Schema {
    pub(super) file: String,
    /// What holds for the whole.
    pub(super) whole: Field,
    pub(super) fields: Vec<Field>,
    /// Whether an answer of failure has it.
    pub(super) is_error: bool,
}

/// A row of the tables of codes.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) code: String,
    pub(super) statuses: Vec<String>,
    pub(super) kind: String,
    pub(super) meaning: String,
    pub(super) remedy: String,
}

impl Reference {
    pub(super) fn new(document: &Document) -> Result<Self, DocsError> {
        let reader = Reader { document, schemas: Schemas { document } };
        let root = &document.value;
        let operations = reader.operations()?;
        Ok(Self {
            name: document.name.clone(),
            title: reader.text(root, "/info/title")?,
            version: reader.text(root, "/info/version")?,
            description: reader.text(root, "/info/description")?,
            documentation: link(root),
            servers: reader.servers()?,
            security: reader.security()?,
            schemas: reader.components(&operations)?,
            error_codes: reader.table("/x-error-codes", "code")?,
            status_codes: reader.table("/x-status-codes", "status")?,
            operations,
        })
    }
}

/// The region table of all documents: one column for those that have the same servers.
#[derive(Debug, Serialize)]
struct Endpoints {
    columns: Vec<String>,
    /// A region, and its endpoint in each column.
    rows: Vec<(String, Vec<Option<String>>)>,
    /// What serves a region that is not listed.
    defaults: Vec<Option<String>>,
}

impl Endpoints {
    fn new(references: &[Reference]) -> Self {
        let mut columns: Vec<(String, &[Server])> = Vec::new();
        for reference in references {
            match columns.iter_mut().find(|(_, servers)| *servers == reference.servers) {
                Some((names, _)) => names.push_str(&format!(", {}", reference.name)),
                None => columns.push((reference.name.clone(), &reference.servers)),
            }
        }
        let all = |servers: &'_ [Server]| -> Vec<(String, String)> {
            let regions = servers.iter().flat_map(|server| &server.regions);
            regions.map(|region| (region.name.clone(), region.endpoint.clone())).collect()
        };
        let mut names: Vec<String> =
            columns.iter().flat_map(|(_, servers)| all(servers)).map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        let endpoint = |servers: &[Server], name: &str| {
            all(servers).into_iter().find(|(region, _)| region == name).map(|(_, endpoint)| endpoint)
        };
        let row = |name: String| {
            let endpoints = columns.iter().map(|(_, servers)| endpoint(servers, &name)).collect();
            (name, endpoints)
        };
        let default = |servers: &[Server]| {
            servers.iter().find(|server| server.regions.is_empty()).map(|server| server.url.clone())
        };
        Self {
            rows: names.into_iter().map(row).collect(),
            defaults: columns.iter().map(|(_, servers)| default(servers)).collect(),
            columns: columns.into_iter().map(|(names, _)| names).collect(),
        }
    }
}

pub(super) fn artifacts(
    environment: &Environment<'_>,
    references: &[Reference],
    edition: &Edition,
) -> Result<Vec<Artifact>, DocsError> {
    let endpoints = Endpoints::new(references);
    let values = json!({ "documents": references, "endpoints": endpoints, "edition": edition });
    let render = |name| templates::text(environment, name, values.clone());
    ["reference.html", "reference.md"].into_iter().map(render).collect()
}

fn link(value: &Value) -> Option<Link> {
    let text = |name: &str| value.pointer(&format!("/externalDocs/{name}")).and_then(Value::as_str);
    let url = text("url")?.to_owned();
    Some(Link { description: text("description").unwrap_or(&url).to_owned(), url })
}

/// A text that may be missing.
fn words(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().trim_end().to_owned()
}

/// Takes a document apart, each missing piece an error that says where.
struct Reader<'a> {
    document: &'a Document,
    schemas: Schemas<'a>,
}

impl<'a> Reader<'a> {
    fn text(&self, value: &Value, pointer: &str) -> Result<String, DocsError> {
        let text = value.pointer(pointer).and_then(Value::as_str);
        let text = text.ok_or_else(|| fact(self.document, pointer, "a text is missing"))?;
        Ok(text.trim_end().to_owned())
    }

    fn object(&self, value: &'a Value, pointer: &str) -> Result<&'a Map<String, Value>, DocsError> {
        let object = value.pointer(pointer).and_then(Value::as_object);
        object.ok_or_else(|| fact(self.document, pointer, "an object is missing"))
    }

    fn servers(&self) -> Result<Vec<Server>, DocsError> {
        let servers = self.document.value.get("servers").and_then(Value::as_array);
        let servers = servers.ok_or_else(|| fact(self.document, "/servers", "a list is missing"))?;
        let read = |server: &Value| {
            let url = self.text(server, "/url")?;
            let regions = server.pointer("/variables/region/enum").and_then(Value::as_array);
            let regions = regions.into_iter().flatten().map(|region| {
                let name = plain(region);
                Region { endpoint: url.replace("{region}", &name), name }
            });
            Ok(Server { description: words(server, "description"), regions: regions.collect(), url })
        };
        servers.iter().map(read).collect()
    }

    /// The security schemes: each is a header.
    fn security(&self) -> Result<Vec<Field>, DocsError> {
        let schemes = self.document.value.pointer("/components/securitySchemes").and_then(Value::as_object);
        let schemes = schemes.into_iter().flatten();
        let read = |(name, scheme): (&String, &'a Value)| {
            let mut field = self.schemas.row(&self.text(scheme, "/name")?, scheme, scheme, false)?;
            field.kind = name.clone();
            Ok(field)
        };
        schemes.map(read).collect()
    }

    fn operations(&self) -> Result<Vec<Operation>, DocsError> {
        let mut operations = Vec::new();
        for (path, item) in self.object(&self.document.value, "/paths")? {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if METHODS.contains(&method.as_str()) {
                    operations.push(self.operation(path, method, item, operation)?);
                }
            }
        }
        Ok(operations)
    }

    fn operation(
        &self,
        path: &str,
        method: &str,
        item: &'a Value,
        operation: &'a Value,
    ) -> Result<Operation, DocsError> {
        let id = self.text(operation, "/operationId")?;
        let limit = operation.pointer("/x-rate-limit/per_minute").and_then(Value::as_u64);
        let security = operation.get("security").or_else(|| self.document.value.get("security"));
        let aliases = operation.get("x-aliases").and_then(Value::as_array);
        let idempotent = operation.get("x-idempotent").and_then(Value::as_bool);
        Ok(Operation {
            aliases: aliases.into_iter().flatten().map(plain).collect(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: self.text(operation, "/summary")?,
            description: self.text(operation, "/description")?,
            documentation: link(operation),
            per_minute: limit.ok_or_else(|| fact(self.document, &id, "x-rate-limit is missing"))?,
            source: self.text(operation, "/x-rate-limit/source")?,
            idempotent: idempotent.unwrap_or(method == "get"),
            // An empty list switches the document's security off for this operation.
            authenticated: security.and_then(Value::as_array).is_some_and(|schemes| !schemes.is_empty()),
            parameters: self.parameters(&id, item, operation)?,
            request: operation.get("requestBody").map(|body| self.request(&id, body)).transpose()?,
            answers: self.answers(&id, operation)?,
            samples: samples::of(&id)?,
            id,
        })
    }

    fn parameters(
        &self,
        id: &str,
        item: &'a Value,
        operation: &'a Value,
    ) -> Result<Vec<Parameter>, DocsError> {
        let lists = [item.get("parameters"), operation.get("parameters")];
        let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        let read = |parameter: &'a Value| {
            let parameter = self.schemas.resolve(parameter, id)?;
            let name = self.text(parameter, "/name")?;
            let schema = parameter.get("schema");
            let schema = schema.ok_or_else(|| fact(self.document, id, format!("{name} has no schema")))?;
            let required = parameter.get("required") == Some(&Value::Bool(true));
            let field = self.schemas.row(&name, parameter, schema, required)?;
            Ok(Parameter { place: self.text(parameter, "/in")?, field })
        };
        all.map(read).collect()
    }

    fn request(&self, id: &str, body: &'a Value) -> Result<Body, DocsError> {
        let body = self.schemas.resolve(body, id)?;
        let (content, media) = self
            .content(id, body)?
            .ok_or_else(|| fact(self.document, id, "the request has no media type"))?;
        Ok(Body {
            required: body.get("required") == Some(&Value::Bool(true)),
            description: words(body, "description"),
            content,
            examples: examples(media, &format!("examples/{id}/request")),
        })
    }

    fn answers(&self, id: &str, operation: &'a Value) -> Result<Vec<Answer>, DocsError> {
        let responses = operation.get("responses").and_then(Value::as_object);
        let responses =
            responses.ok_or_else(|| fact(self.document, id, "an object `responses` is missing"))?;
        let read = |(status, response): (&String, &'a Value)| {
            let response = self.schemas.resolve(response, id)?;
            let headers = response.get("headers").and_then(Value::as_object).into_iter().flatten();
            let header = |(name, header): (&String, &'a Value)| {
                let header = self.schemas.resolve(header, id)?;
                self.schemas.row(name, header, header.get("schema").unwrap_or(header), false)
            };
            let (content, media) = self.content(id, response)?.unzip();
            let file = format!("examples/{id}/response-{status}");
            Ok(Answer {
                status: status.clone(),
                success: status.starts_with('2'),
                description: words(response, "description"),
                headers: headers.map(header).collect::<Result<_, DocsError>>()?,
                content,
                examples: media.map(|media| examples(media, &file)).unwrap_or_default(),
            })
        };
        responses.iter().filter(|(status, _)| !status.starts_with("x-")).map(read).collect()
    }

    /// The one media type of a body, if it has one.
    fn content(&self, id: &str, body: &'a Value) -> Result<Option<(Content, &'a Value)>, DocsError> {
        let media = body.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
        let Some((content_type, media)) = media else { return Ok(None) };
        let schema = media.get("schema");
        let schema =
            schema.ok_or_else(|| fact(self.document, id, format!("{content_type} has no schema")))?;
        let component =
            schema.get("$ref").and_then(Value::as_str).and_then(|target| target.rsplit('/').next());
        let content = Content {
            content_type: content_type.clone(),
            schema: component.map(str::to_owned),
            schema_file: component.map(|name| schemas::path(&self.document.name, name)),
            whole: self.schemas.row(component.unwrap_or_default(), schema, schema, false)?,
            fields: self.schemas.rows(schema, id)?,
        };
        Ok(Some((content, media)))
    }

    fn components(&self, operations: &[Operation]) -> Result<Vec<Schema>, DocsError> {
        let failures =
            operations.iter().flat_map(|operation| &operation.answers).filter(|answer| !answer.success);
        let errors: Vec<&str> =
            failures.filter_map(|answer| answer.content.as_ref()?.schema.as_deref()).collect();
        let components = self.document.value.pointer(crate::schema::COMPONENTS).and_then(Value::as_object);
        let read = |(name, schema): (&String, &'a Value)| {
            Ok(Schema {
                file: schemas::path(&self.document.name, name),
                whole: self.schemas.row(name, schema, schema, false)?,
                fields: self.schemas.rows(schema, &join(crate::schema::COMPONENTS, name))?,
                is_error: errors.contains(&name.as_str()),
            })
        };
        components.into_iter().flatten().map(read).collect()
    }

    /// A table of codes; a document may leave it to another one.
    fn table(&self, pointer: &str, key: &str) -> Result<Vec<Row>, DocsError> {
        let Some(table) = self.document.value.pointer(pointer) else { return Ok(Vec::new()) };
        let rows = table.as_array().ok_or_else(|| fact(self.document, pointer, "a list is missing"))?;
        let read = |row: &Value| {
            let code = row.get(key).map(plain);
            let statuses = row.get("http").and_then(Value::as_array);
            Ok(Row {
                code: code.ok_or_else(|| fact(self.document, pointer, format!("a row has no {key}")))?,
                statuses: statuses.into_iter().flatten().map(plain).collect(),
                kind: self.text(row, "/kind")?,
                meaning: self.text(row, "/meaning")?,
                remedy: self.text(row, "/remedy")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

/// The examples of a media type; each is a file whose path begins with `file`.
fn examples(media: &Value, file: &str) -> Vec<Example> {
    let named = media.get("examples").and_then(Value::as_object).into_iter().flatten();
    named
        .filter_map(|(name, example)| {
            Some(Example {
                summary: words(example, "summary"),
                description: words(example, "description"),
                json: format!("{:#}", example.get("value")?),
                file: format!("{file}-{name}.json"),
            })
        })
        .collect()
}
