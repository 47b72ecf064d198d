//! Every keyword of OpenAPI 3.0.3, by the object that it stands in.

/// The objects of OpenAPI 3.0.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    OpenApi,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Components,
    Paths,
    PathItem,
    Operation,
    ExternalDocs,
    Parameter,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Callback,
    Example,
    Link,
    Header,
    Tag,
    Schema,
    Discriminator,
    Xml,
    SecurityScheme,
    OauthFlows,
    OauthFlow,
    SecurityRequirement,
}

/// What a keyword's value looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Any,
    AnyList,
    Text,
    TextList,
    TextMap,
    Flag,
    Count,
    Number,
    One(Kind),
    /// An object or a boolean.
    OneOrFlag(Kind),
    List(Kind),
    Map(Kind),
}

/// One keyword of an object.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

/// The keys that an object may have.
pub(super) enum Layout {
    /// Fixed keywords.
    Fields(&'static [Field]),
    /// Keys of a pattern, all with values of one kind.
    Keys { fits: fn(&str) -> bool, wanted: &'static str, kind: Kind },
}

const fn may(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

const fn must(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

impl Kind {
    /// Whether a Reference Object may stand in its place.
    pub(super) fn may_be_reference(self) -> bool {
        self.section().is_some()
    }

    /// The section of `components` that holds objects of this kind.
    pub(super) fn section(self) -> Option<&'static str> {
        Some(match self {
            Kind::Schema => "schemas",
            Kind::Response => "responses",
            Kind::Parameter => "parameters",
            Kind::Example => "examples",
            Kind::RequestBody => "requestBodies",
            Kind::Header => "headers",
            Kind::SecurityScheme => "securitySchemes",
            Kind::Link => "links",
            Kind::Callback => "callbacks",
            _ => return None,
        })
    }

    /// The keys of this kind of object.
    pub(super) fn layout(self) -> Layout {
        match self {
            Kind::Paths => Layout::Keys {
                fits: |key| key.starts_with('/'),
                wanted: "a path, which starts with /",
                kind: Kind::PathItem,
            },
            Kind::Responses => {
                Layout::Keys { fits: is_status, wanted: "a status such as 202 or 4XX", kind: Kind::Response }
            }
            Kind::Callback => {
                Layout::Keys { fits: |_| true, wanted: "a runtime expression", kind: Kind::PathItem }
            }
            _ => Layout::Fields(self.fields()),
        }
    }

    fn fields(self) -> &'static [Field] {
        use Shape::{Any, AnyList, Count, Flag, List, Map, Number, One, OneOrFlag, Text, TextList, TextMap};
        match self {
            Kind::OpenApi => {
                const {
                    &[
                        must("openapi", Text),
                        must("info", One(Kind::Info)),
                        may("servers", List(Kind::Server)),
                        must("paths", One(Kind::Paths)),
                        may("components", One(Kind::Components)),
                        may("security", List(Kind::SecurityRequirement)),
                        may("tags", List(Kind::Tag)),
                        may("externalDocs", One(Kind::ExternalDocs)),
                    ]
                }
            }
            Kind::Info => {
                const {
                    &[
                        must("title", Text),
                        may("description", Text),
                        may("termsOfService", Text),
                        may("contact", One(Kind::Contact)),
                        may("license", One(Kind::License)),
                        must("version", Text),
                    ]
                }
            }
            Kind::Contact => const { &[may("name", Text), may("url", Text), may("email", Text)] },
            Kind::License => const { &[must("name", Text), may("url", Text)] },
            Kind::Server => {
                const {
                    &[
                        must("url", Text),
                        may("description", Text),
                        may("variables", Map(Kind::ServerVariable)),
                    ]
                }
            }
            Kind::ServerVariable => {
                const { &[may("enum", TextList), must("default", Text), may("description", Text)] }
            }
            Kind::Components => {
                const {
                    &[
                        may("schemas", Map(Kind::Schema)),
                        may("responses", Map(Kind::Response)),
                        may("parameters", Map(Kind::Parameter)),
                        may("examples", Map(Kind::Example)),
                        may("requestBodies", Map(Kind::RequestBody)),
                        may("headers", Map(Kind::Header)),
                        may("securitySchemes", Map(Kind::SecurityScheme)),
                        may("links", Map(Kind::Link)),
                        may("callbacks", Map(Kind::Callback)),
                    ]
                }
            }
            // Without `$ref`: the generator cannot follow one here.
            Kind::PathItem => {
                const {
                    &[
                        may("summary", Text),
                        may("description", Text),
                        may("get", One(Kind::Operation)),
                        may("put", One(Kind::Operation)),
                        may("post", One(Kind::Operation)),
                        may("delete", One(Kind::Operation)),
                        may("options", One(Kind::Operation)),
                        may("head", One(Kind::Operation)),
                        may("patch", One(Kind::Operation)),
                        may("trace", One(Kind::Operation)),
                        may("servers", List(Kind::Server)),
                        may("parameters", List(Kind::Parameter)),
                    ]
                }
            }
            Kind::Operation => {
                const {
                    &[
                        may("tags", TextList),
                        may("summary", Text),
                        may("description", Text),
                        may("externalDocs", One(Kind::ExternalDocs)),
                        may("operationId", Text),
                        may("parameters", List(Kind::Parameter)),
                        may("requestBody", One(Kind::RequestBody)),
                        must("responses", One(Kind::Responses)),
                        may("callbacks", Map(Kind::Callback)),
                        may("deprecated", Flag),
                        may("security", List(Kind::SecurityRequirement)),
                        may("servers", List(Kind::Server)),
                    ]
                }
            }
            Kind::ExternalDocs => const { &[may("description", Text), must("url", Text)] },
            Kind::Parameter => {
                const {
                    &[
                        must("name", Text),
                        must("in", Text),
                        may("description", Text),
                        may("required", Flag),
                        may("deprecated", Flag),
                        may("allowEmptyValue", Flag),
                        may("style", Text),
                        may("explode", Flag),
                        may("allowReserved", Flag),
                        may("schema", One(Kind::Schema)),
                        may("example", Any),
                        may("examples", Map(Kind::Example)),
                        may("content", Map(Kind::MediaType)),
                    ]
                }
            }
            Kind::RequestBody => {
                const { &[may("description", Text), must("content", Map(Kind::MediaType)), may("required", Flag)] }
            }
            Kind::MediaType => {
                const {
                    &[
                        may("schema", One(Kind::Schema)),
                        may("example", Any),
                        may("examples", Map(Kind::Example)),
                        may("encoding", Map(Kind::Encoding)),
                    ]
                }
            }
            Kind::Encoding => {
                const {
                    &[
                        may("contentType", Text),
                        may("headers", Map(Kind::Header)),
                        may("style", Text),
                        may("explode", Flag),
                        may("allowReserved", Flag),
                    ]
                }
            }
            Kind::Response => {
                const {
                    &[
                        must("description", Text),
                        may("headers", Map(Kind::Header)),
                        may("content", Map(Kind::MediaType)),
                        may("links", Map(Kind::Link)),
                    ]
                }
            }
            Kind::Example => {
                const {
                    &[
                        may("summary", Text),
                        may("description", Text),
                        may("value", Any),
                        may("externalValue", Text),
                    ]
                }
            }
            Kind::Link => {
                const {
                    &[
                        may("operationRef", Text),
                        may("operationId", Text),
                        may("parameters", Any),
                        may("requestBody", Any),
                        may("description", Text),
                        may("server", One(Kind::Server)),
                    ]
                }
            }
            Kind::Header => {
                const {
                    &[
                        may("description", Text),
                        may("required", Flag),
                        may("deprecated", Flag),
                        may("allowEmptyValue", Flag),
                        may("style", Text),
                        may("explode", Flag),
                        may("allowReserved", Flag),
                        may("schema", One(Kind::Schema)),
                        may("example", Any),
                        may("examples", Map(Kind::Example)),
                        may("content", Map(Kind::MediaType)),
                    ]
                }
            }
            Kind::Tag => {
                const {
                    &[
                        must("name", Text),
                        may("description", Text),
                        may("externalDocs", One(Kind::ExternalDocs)),
                    ]
                }
            }
            Kind::Schema => {
                const {
                    &[
                        may("title", Text),
                        may("multipleOf", Number),
                        may("maximum", Number),
                        may("exclusiveMaximum", Flag),
                        may("minimum", Number),
                        may("exclusiveMinimum", Flag),
                        may("maxLength", Count),
                        may("minLength", Count),
                        may("pattern", Text),
                        may("maxItems", Count),
                        may("minItems", Count),
                        may("uniqueItems", Flag),
                        may("maxProperties", Count),
                        may("minProperties", Count),
                        may("required", TextList),
                        may("enum", AnyList),
                        may("type", Text),
                        may("allOf", List(Kind::Schema)),
                        may("oneOf", List(Kind::Schema)),
                        may("anyOf", List(Kind::Schema)),
                        may("not", One(Kind::Schema)),
                        may("items", One(Kind::Schema)),
                        may("properties", Map(Kind::Schema)),
                        may("additionalProperties", OneOrFlag(Kind::Schema)),
                        may("description", Text),
                        may("format", Text),
                        may("default", Any),
                        may("nullable", Flag),
                        may("discriminator", One(Kind::Discriminator)),
                        may("readOnly", Flag),
                        may("writeOnly", Flag),
                        may("xml", One(Kind::Xml)),
                        may("externalDocs", One(Kind::ExternalDocs)),
                        may("example", Any),
                        may("deprecated", Flag),
                    ]
                }
            }
            Kind::Discriminator => const { &[must("propertyName", Text), may("mapping", TextMap)] },
            Kind::Xml => {
                const {
                    &[
                        may("name", Text),
                        may("namespace", Text),
                        may("prefix", Text),
                        may("attribute", Flag),
                        may("wrapped", Flag),
                    ]
                }
            }
            Kind::SecurityScheme => {
                const {
                    &[
                        must("type", Text),
                        may("description", Text),
                        may("name", Text),
                        may("in", Text),
                        may("scheme", Text),
                        may("bearerFormat", Text),
                        may("flows", One(Kind::OauthFlows)),
                        may("openIdConnectUrl", Text),
                    ]
                }
            }
            Kind::OauthFlows => {
                const {
                    &[
                        may("implicit", One(Kind::OauthFlow)),
                        may("password", One(Kind::OauthFlow)),
                        may("clientCredentials", One(Kind::OauthFlow)),
                        may("authorizationCode", One(Kind::OauthFlow)),
                    ]
                }
            }
            Kind::OauthFlow => {
                const {
                    &[
                        may("authorizationUrl", Text),
                        may("tokenUrl", Text),
                        may("refreshUrl", Text),
                        must("scopes", TextMap),
                    ]
                }
            }
            // Its keys are names of security schemes, see the rule `ref-dangling`; the others have no fields.
            Kind::SecurityRequirement | Kind::Paths | Kind::Responses | Kind::Callback => &[],
        }
    }
}

/// `default`, `202`, `4XX`.
pub(super) fn is_status(key: &str) -> bool {
    let rest = match key.as_bytes() {
        [b'1'..=b'5', rest @ ..] => rest,
        _ => return key == "default",
    };
    rest == b"XX" || (rest.len() == 2 && rest.iter().all(u8::is_ascii_digit))
}
