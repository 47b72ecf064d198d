//! For each rule, edits of the base document that break it and nothing else.

/// One edit of the base document. Every text in it must occur there exactly once.
#[derive(Debug)]
pub(crate) enum Edit {
    /// Replaces a text.
    Swap(&'static str, &'static str),
    /// Removes the line of a text, and the lines below it that are indented deeper.
    Drop(&'static str),
    /// Adds lines below the line of a text, indented like it; their own indentation comes on top.
    Add(&'static str, &'static [&'static str]),
}

/// A rule, what breaks it, and a text on the line of each finding.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) edits: &'static [Edit],
    pub(crate) at: &'static [&'static str],
}

const fn case(rule: &'static str, edits: &'static [Edit], at: &'static [&'static str]) -> Case {
    Case { rule, edits, at }
}

use Edit::{Add, Drop, Swap};

const NAME_REF: &str = "$ref: '#/components/schemas/ThingName'";
const LIMIT_REF: &str = "$ref: '#/components/schemas/Limit'";
const PASSWORD_REF: &str = "$ref: '#/components/schemas/Password'";
const TOP: &str = "# The smallest document";

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    case("openapi-version", &[Swap("openapi: 3.0.3", "openapi: 3.1.0")], &["openapi: 3.1.0"]),
    case("openapi-version", &[Swap("openapi: 3.0.3", "openapi: 3.0.")], &["openapi: 3.0."]),
    case("wrong-type", &[Swap("maxLength: 8", "maxLength: eight")], &["maxLength: eight"]),
    case("wrong-type", &[Swap("description: A service of things.", "description: 5")], &["description: 5"]),
    case("wrong-type", &[Swap("required: [names]", "required: names")], &["required: names"]),
    case("wrong-type", &[Drop("servers:"), Add("openapi: 3.0.3", &["servers: here"])], &["servers: here"]),
    case("wrong-type", &[Swap("The id of the call.", "[id]")], &["description: [id]"]),
    case("wrong-type", &[Swap("in: query", "in: query\n          content: [1]")], &["content: [1]"]),
    case("missing-keyword", &[Drop("title: Things")], &["info:"]),
    case("missing-keyword", &[Drop("description: The things.")], &["'200':"]),
    case("missing-keyword", &[Drop("type: apiKey")], &["    Token:"]),
    case("missing-keyword", &[Swap("type: boolean", "type: array")], &["is_token_free:"]),
    case("unknown-keyword", &[Swap("maxItems: 2", "maxItem: 2")], &["maxItem: 2"]),
    case("unknown-keyword", &[Add("operationId: ListThings", &["sumary: Lists"])], &["sumary: Lists"]),
    case("unknown-keyword", &[Add("    post:", &["  colour: red"])], &["colour: red"]),
    case("unknown-keyword", &[Add("The things will be made.", &["schema: {}"])], &["schema: {}"]),
    case("unknown-keyword", &[Swap("202:", "20X:\n          description: D\n        202:")], &["20X:"]),
    case("unknown-keyword", &[Add("paths:", &["  v1: {}"])], &["v1: {}"]),
    // Tools ignore what stands beside a $ref.
    case("unknown-keyword", &[Add(PASSWORD_REF, &["minLength: 5"])], &["minLength: 5"]),
    case("unknown-extension", &[Add("x-idempotent: true", &["x-idempotant: true"])], &["x-idempotant: true"]),
    case("unknown-extension", &[Add("paths:", &["  x-paths: 1"])], &["x-paths: 1"]),
    case("unreadable", &[Swap("in: query", "in: body")], &[TOP]),
    case("ref-not-local", &[Swap(LIMIT_REF, "$ref: 'b.yaml#/L'"), Drop("    Limit:")], &["b.yaml#/L"]),
    case("ref-dangling", &[Swap(NAME_REF, "$ref: '#/components/schemas/No'"), Drop("    ThingName:")], &["/No'"]),
    case("ref-dangling", &[Add("  - Token: []", &["- Tokn: []"])], &["- Tokn: []"]),
    case("ref-dangling", &[
        Add("- $ref: '#/components/parameters/ProjectId'", &["- $ref: '#/components/schemas/Limit'"]),
    ], &["- $ref: '#/components/schemas/Limit'"]),
    case("ref-dangling", &[
        Drop("    Password:"),
        Add("  schemas:", &["  Password: {$ref: '#/components/schemas/Again'}"]),
        Add("  schemas:", &["  Again: {$ref: '#/components/schemas/Password'}"]),
    ], &["Again: {", "Password: {", "      $ref: '#/components/schemas/Password'"]),
    case("server-variable", &[Swap("{region}.things", "{zone}.{region}.things")], &["- url: https://{zone}"]),
    case("server-variable", &[Swap("{region}.things", "other.things")], &["      region:"]),
    case("server-variable", &[Drop("    variables:")], &["- url: https://{region}"]),
    case("server-variable", &[Swap("default: north", "default: west")], &["default: west"]),
    case("component-unused", &[Add("  schemas:", &["  Alone: {type: string}"])], &["Alone:"]),
    // What only an unused component refers to is unused too, even in a circle.
    case("component-unused", &[
        Add("  schemas:", &["  Left: {type: array, items: {$ref: '#/components/schemas/Right'}}"]),
        Add("  schemas:", &["  Right: {type: array, items: {$ref: '#/components/schemas/Left'}}"]),
    ], &["Left: {", "Right: {"]),
    case("component-unused", &[Drop("security:")], &["    Token:"]),
    case("info-version", &[Swap("version: 1.0.0", "version: \"1.0\"")], &["version: \"1.0\""]),
    case("info-version", &[Swap("version: 1.0.0", "version: 1.02.0")], &["version: 1.02.0"]),
    case("schema-base", &[Drop("x-schema-base:")], &[TOP]),
    case("schema-base", &[Swap("https://schemas.example.com/", "https://a.HuaweiCloud.com/")], &["x-schema-base:"]),
    case("schema-base", &[Swap("https://schemas.example.com/things/", "/things/")], &["x-schema-base:"]),
    case("error-codes", &[Swap("code: THING.0001", "code: '0192'")], &["code: '0192'"]),
    case("error-codes", &[Swap("code: THING.0001", "code: 17")], &["code: 17"]),
    case("error-codes", &[Swap("http: [401, 403]", "http: [401, no]")], &["code: THING.0001"]),
    case("error-codes", &[Drop("remedy: Ask.")], &["code: THING.0001"]),
    case("error-codes", &[Swap("kind: permission", "kind: success")], &["code: THING.0001"]),
    case("error-codes", &[Drop("x-error-codes:"), Add("x-schema-base:", &["x-error-codes: {}"])], &["x-error-codes: {}"]),
    case("status-codes", &[Swap("status: 404", "status: 202 # twice")], &["status: 202 # twice"]),
    case("status-codes", &[Swap("status: 404", "status: '404'")], &["status: '404'"]),
    case("status-codes", &[Drop("meaning: No such thing.")], &["status: 404"]),
    case("status-codes", &[Swap("kind: not_found", "kind: lost")], &["status: 404"]),
    case("operation-id-missing", &[Drop("operationId: ListThings")], &["    get:"]),
    case("operation-id-duplicate", &[Swap("Id: CreateThings", "Id: ListThings")], &["    post:"]),
    case("operation-id-case", &[Swap("Id: CreateThings", "Id: createThings")], &["    post:"]),
    case("operation-id-case", &[Swap("Id: CreateThings", "Id: Create_Things")], &["    post:"]),
    case("operation-summary", &[Drop("summary: Lists things")], &["    get:"]),
    case("operation-description", &[Swap("Lists the things of a project.", "' '")], &["    get:"]),
    case("operation-tag", &[Drop("tags: [Things] # get")], &["    get:"]),
    case("operation-tag", &[Swap("tags: [Things] # post", "tags: []")], &["    post:"]),
    case("operation-docs", &[Drop("externalDocs: # get")], &["    get:"]),
    case("rate-limit", &[Drop("x-rate-limit: {per_minute: 60")], &["    get:"]),
    case("rate-limit", &[Swap("source: assumed", "source: guessed")], &["    post:"]),
    case("rate-limit", &[Swap("per_minute: 30", "per_minute: 0")], &["    post:"]),
    case("idempotent", &[Drop("x-idempotent: true")], &["    post:"]),
    case("idempotent", &[Swap("x-idempotent: true", "x-idempotent: yes")], &["    post:"]),
    case("path-parameter-undeclared", &[Swap("}/things:", "}/{kind}:")], &["    get:", "    post:"]),
    case("path-parameter-unused", &[Swap("/{project_id}/things:", "/things:")], &["    get:", "    post:"]),
    case("path-parameter-optional", &[Drop("required: true # path")], &["    ProjectId: # parameter"]),
    case("parameter-description", &[Drop("description: How many to list.")], &["- name: limit"]),
    case("parameter-schema", &[Swap(LIMIT_REF, "type: integer"), Drop("    Limit:")], &["- name: limit"]),
    case("request-media-type", &[Swap("json;charset=UTF-8:", "json;charset=utf-8:")], &["content: # request"]),
    case("request-media-type", &[
        Add("content: # request", &["  text/plain:", "    example: none"]),
    ], &["content: # request"]),
    case("success-response", &[Drop("202:")], &["    post:"]),
    case("success-response", &[Swap("202:", "204:\n          description: D\n        202:")], &["    post:"]),
    case("default-response", &[
        Swap("202:", "default:\n          $ref: '#/components/responses/Failure'\n        202:"),
    ], &["default:\n"]),
    case("error-responses", &[Drop("4XX: # post")], &["    post:"]),
    case("error-responses", &[Swap("5XX: # get", "500:")], &["    get:"]),
    // Used in four places, told once.
    case("error-schema", &[
        Swap("schemas/ErrorResponse'", "schemas/Failed'"),
        Swap("    ErrorResponse:", "    Failed:"),
    ], &["    Failure:"]),
    case("error-schema", &[Swap("202:", "409:\n          description: D\n        202:")], &["409:"]),
    case("request-example", &[Drop("example: # request")], &["application/json;charset=UTF-8:"]),
    case("response-example", &[Drop("examples: # response")], &["application/json: # response"]),
    case("example-refused", &[Swap("names: [chair, table]", "names: [bookshelves]")], &["example: # request"]),
    case("example-refused", &[Swap("{name: table}], next: null", "{name: 5}], next: []")], &["value: {things"]),
    case("example-refused", &[Swap("example: 10", "example: 101")], &["example: 101"]),
    case("example-refused", &[Swap("example: 0ab1", "example: A")], &["example: A"]),
    case("example-refused", &[Swap("default: 10", "default: 0")], &["default: 0"]),
    case("example-refused", &[Swap("error_msg: The thing is broken.", "error_msg: 1")], &["error_msg: 1"]),
    case("schema-unsound", &[Swap("'^[a-z0-9]{1,64}$'", "'['")], &["pattern: '['"]),
    case("schema-unsound", &[Swap("format: int32", "format: int31")], &["format: int31"]),
    case("schema-unsound", &[Swap("minimum: 1\n", "exclusiveMinimum: true\n")], &["exclusiveMinimum: true"]),
    case("schema-unsound", &[Add("x-secret: true", &["xml: {name: p}"])], &["xml: {name: p}"]),
    case("property-description", &[Drop("description: How it is called.")], &["              name:"]),
    case("property-description", &[Drop("description: A password, never shown.")], &["        owner_password:\n"]),
    case("name-schema", &[Swap(NAME_REF, "type: string"), Drop("    ThingName:")], &["items: # request"]),
    case("response-constraint", &[Add("description: How it is called.", &["enum: [chair, table]"])], &["enum: [chair"]),
    case("response-constraint", &[Add("nullable: true", &["format: date-time"])], &["format: date-time"]),
    case("response-constraint", &[
        Add("required: [things]", &["additionalProperties: false", "minProperties: 1"]),
    ], &["additionalProperties: false", "minProperties: 1"]),
    case("response-constraint", &[Add("type: string # header", &["pattern: a"])], &["pattern: a"]),
    case("response-constraint", &[Add("description: What happened.", &["maxLength: 99"])], &["maxLength: 99"]),
    // A component that a request uses too: fine there, not in an answer.
    case("response-constraint", &[
        Drop("type: string # name"),
        Swap("description: How it is called.", "$ref: '#/components/schemas/ThingName' # again"),
    ], &["minLength: 1", "maxLength: 8"]),
    case("secret-component", &[Add("x-secret: true", &["maxLength: 64", "example: tr0ub4dor"])], &[
        "maxLength: 64", "example: tr0ub4dor",
    ]),
    case("secret-component", &[
        Swap("type: string\n      x-secret: true", "type: integer\n      x-secret: true"),
        Swap("owner_password: correct horse", "owner_password: 17"),
    ], &["    Password:"]),
    case("secret-component", &[
        Drop("type: string # name"),
        Swap("description: How it is called.", "$ref: '#/components/schemas/Password' # again"),
    ], &["    Password:"]),
    case("secret-unmarked", &[
        Swap("type: boolean", "type: string\n          x-secret: true"),
        Swap("is_token_free:", "nickname:"),
    ], &["        nickname:"]),
    case("secret-unmarked", &[Drop("x-secret: true")], &["        owner_password:\n"]),
    case("secret-unmarked", &[Swap("type: boolean", "type: string")], &["is_token_free:"]),
    case("secret-unmarked", &[
        Swap("is_token_free:", "secretKey:"),
        Swap("type: boolean", "type: string\n          x-secret: true"),
    ], &["secretKey:"]),
    case("secret-unmarked", &[
        Swap("is_token_free:", "sk:"),
        Swap("type: boolean", "type: string"),
    ], &["        sk:"]),
];
