//! IAM: tokens, and the ids of projects, users and groups.

use http::header::{HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::auth::Issuance;
use crate::error::Refusal;
use crate::mrs::{Call, Changed, check_content_type};
use crate::query::page;
use crate::time::iam_time;

const CONTENT_TYPE: &str = "application/json;charset=UTF-8";
const MOST_PAGES: usize = 2_147_483_647;
/// When groups were made, in milliseconds: the same for all.
const CREATED: u64 = 1_767_225_600_000;

pub(crate) fn create_token(call: &mut Call<'_>) -> Result<Value, Refusal> {
    check_content_type(CONTENT_TYPE, call.received.header("content-type"))
        .map_err(|refusal| invalid(refusal.message))?;
    // Nothing of the body gets into a message: it holds a password.
    let body: Value =
        serde_json::from_slice(&call.received.body).map_err(|_| invalid("The body is not JSON."))?;
    check_login(call, body.clone())?;
    let user = &body["auth"]["identity"]["password"]["user"];
    let (Some(name), Some(password), Some(domain)) =
        (user["name"].as_str(), user["password"].as_str(), user["domain"]["name"].as_str())
    else {
        return Err(invalid("auth.identity.password.user: name, password and domain.name are expected."));
    };
    let password = SecretString::from(password);
    if domain != call.world.domain_name() || !call.world.is_password(name, &password) {
        return Err(unauthorized("The username or password is wrong."));
    }
    let scope = scope(call, &body["auth"]["scope"])?;
    let standing = call.world.standing(name).unwrap_or_default();
    let Issuance { token, expires, issued, forgotten } = call.authenticator.issue(name, standing, call.now);
    call.changed = Changed::Token { issued, forgotten };
    // Made of hexadecimal digits.
    if let Ok(mut value) = HeaderValue::from_str(&token) {
        value.set_sensitive(true);
        call.headers.insert(HeaderName::from_static("x-subject-token"), value);
    }
    let mut answer = json!({
        "expires_at": iam_time(expires),
        "issued_at": iam_time(Some(call.now)),
        "methods": ["password"],
        "roles": [],
        "user": { "id": call.world.user_id(name), "name": name, "domain": domain_of(call) },
    });
    answer[scope.0] = scope.1;
    if call.query.get("nocatalog").is_none() {
        answer["catalog"] = json!([]);
    }
    Ok(json!({ "token": answer }))
}

/// Whether a login is what the document has. Of the scope the pages have the account too, which the document leaves
/// out; an account is named or not, and nothing else.
fn check_login(call: &Call<'_>, mut body: Value) -> Result<(), Refusal> {
    let scope = body.pointer_mut("/auth/scope").and_then(Value::as_object_mut);
    let domain = scope.and_then(|scope| scope.remove("domain"));
    let is_domain = |domain: &Value| {
        domain.as_object().is_some_and(|fields| {
            fields.iter().all(|(name, value)| ["id", "name"].contains(&name.as_str()) && value.is_string())
        })
    };
    let endpoint = call.route.endpoint;
    let schema = endpoint.operation.request.map_or("", |request| request.schema);
    let valid = call.schemas.check(endpoint.document, schema, &body).is_ok();
    // What exactly is wrong could quote the password.
    if valid && domain.as_ref().is_none_or(is_domain) {
        Ok(())
    } else {
        Err(invalid(
            "The body is not as documented: auth.identity with the method password alone and a user's name, password \
             and domain.name, and auth.scope with nothing but a project or a domain are expected.",
        ))
    }
}

/// What a token is for, as a field of the answer: a project where one is named, else the account.
fn scope(call: &Call<'_>, scope: &Value) -> Result<(&'static str, Value), Refusal> {
    let project = &scope["project"];
    if !project.is_null() {
        let (id, name) = (project["id"].as_str(), project["name"].as_str());
        let asked = |(known_id, known_name): &(&str, &str)| match (id, name) {
            (Some(id), _) => id == *known_id,
            (None, Some(name)) => name == *known_name,
            (None, None) => false,
        };
        let (id, name) = call
            .world
            .projects()
            .find(asked)
            .ok_or_else(|| unauthorized("auth.scope.project: there is no such project."))?;
        return Ok(("project", json!({ "id": id, "name": name, "domain": domain_of(call) })));
    }
    let domain = &scope["domain"];
    let is_it = |field: &str, value: &str| domain[field].as_str().is_none_or(|asked| asked == value);
    if is_it("id", &call.world.domain_id()) && is_it("name", call.world.domain_name()) {
        Ok(("domain", domain_of(call)))
    } else {
        Err(unauthorized("auth.scope.domain: it is another one."))
    }
}

pub(crate) fn list_projects(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let numbers = (
        call.query.number("page", 1..=MOST_PAGES).map_err(invalid)?,
        call.query.number("per_page", 1..=5000).map_err(invalid)?,
    );
    let domain_id = call.world.domain_id();
    let there = is_ours(call, "domain_id") && is_ours(call, "parent_id") && enabled(call)?;
    let name = call.query.get("name");
    let found: Vec<_> = call
        .world
        .projects()
        .filter(|(_, known)| there && name.is_none_or(|name| name == *known))
        .map(|(id, name)| {
            json!({
                "id": id,
                "name": name,
                "domain_id": domain_id,
                "parent_id": domain_id,
                "is_domain": false,
                "enabled": true,
                "description": "",
                "links": { "self": format!("{}/v3/projects/{id}", call.base_url) },
            })
        })
        .collect();
    let found = match numbers {
        (None, None) => found,
        (Some(number), Some(size)) => page(found, number, size),
        _ => return Err(invalid("page and per_page: one without the other.")),
    };
    Ok(list(call, "projects", found))
}

pub(crate) fn list_users(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let there = is_ours(call, "domain_id") && enabled(call)?;
    let name = call.query.get("name");
    let names = call.world.users().filter(|known| there && name.is_none_or(|name| name == *known));
    let found = names.map(|name| user(call, name)).collect();
    Ok(list(call, "users", found))
}

pub(crate) fn list_groups(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let there = is_ours(call, "domain_id");
    let name = call.query.get("name");
    let names = call.world.groups().filter(|known| there && name.is_none_or(|name| name == *known));
    let found = names.map(|name| group(call, name)).collect();
    Ok(list(call, "groups", found))
}

pub(crate) fn list_groups_for_user(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = call.route.parameter("user_id");
    let name = call.world.user_of_id(id).ok_or_else(|| not_found("user", id))?;
    let found = call.world.groups_of(name).map(|name| group(call, name)).collect();
    Ok(list(call, "groups", found))
}

pub(crate) fn list_users_for_group(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let id = call.route.parameter("group_id");
    let group = call.world.group_of_id(id).ok_or_else(|| not_found("group", id))?;
    let is_member = |name: &&str| call.world.groups_of(name).any(|known| known == group);
    let found = call.world.users().filter(is_member).map(|name| user(call, name)).collect();
    Ok(list(call, "users", found))
}

/// Whether a parameter is left out, or the id of the account, which is everything's domain and parent.
fn is_ours(call: &Call<'_>, parameter: &str) -> bool {
    call.query.get(parameter).is_none_or(|id| id == call.world.domain_id())
}

/// Whether what is enabled is asked for: everything is.
fn enabled(call: &Call<'_>) -> Result<bool, Refusal> {
    match call.query.get("enabled") {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(invalid("enabled: neither true nor false.")),
    }
}

fn domain_of(call: &Call<'_>) -> Value {
    json!({ "id": call.world.domain_id(), "name": call.world.domain_name() })
}

fn user(call: &Call<'_>, name: &str) -> Value {
    let id = call.world.user_id(name).unwrap_or_default();
    json!({
        "id": id,
        "name": name,
        "enabled": true,
        "domain_id": call.world.domain_id(),
        "description": "",
        "links": { "self": format!("{}/v3/users/{id}", call.base_url) },
    })
}

fn group(call: &Call<'_>, name: &str) -> Value {
    let id = call.world.group_id(name).unwrap_or_default();
    json!({
        "id": id,
        "name": name,
        "domain_id": call.world.domain_id(),
        "description": "",
        "create_time": CREATED,
        "links": { "self": format!("{}/v3/groups/{id}", call.base_url) },
    })
}

fn list(call: &Call<'_>, field: &str, found: Vec<Value>) -> Value {
    let links = json!({
        "self": format!("{}{}", call.base_url, call.received.target()),
        "previous": null,
        "next": null,
    });
    let mut answer = json!({ "links": links });
    answer[field] = Value::Array(found);
    answer
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::iam(400, message)
}

fn unauthorized(message: &str) -> Refusal {
    Refusal::iam(401, message)
}

fn not_found(kind: &str, id: &str) -> Refusal {
    let shown: String = id.chars().take(64).collect();
    Refusal::iam(404, format!("Could not find {kind}: {shown}."))
}
