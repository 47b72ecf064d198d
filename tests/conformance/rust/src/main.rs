//! This workspace's SDK's side of `cargo xtask conformance`: makes the calls that stdin names, one in a line.
//!
//! What the SDK has no call for goes through its `execute_raw`, which signs and sends any request.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use mrs_iam_sync::{Accepted, Client, Cluster, Credentials, Error, Names, Selection, http};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Step {
    step: String,
    call: String,
    arguments: Arguments,
    client: Way,
}

/// How a client is made: by `keys` and ids, with the project looked up (`lookup`), or by the `environment` alone.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
struct Way {
    way: String,
    endpoint: String,
    region: String,
    ak: String,
    sk: String,
    security_token: Option<String>,
    project_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Arguments {
    #[serde(default)]
    cluster_id: String,
    #[serde(default)]
    user_id: String,
    #[serde(default)]
    group_id: String,
    name: Option<String>,
    #[serde(rename = "clusterName")]
    cluster_name: Option<String>,
    #[serde(default)]
    body: Body,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    is_all_sync: bool,
    user_names: Vec<String>,
    group_names: Vec<String>,
}

impl Body {
    fn names(self) -> Result<Names, Error> {
        Names::builder().users(self.user_names).groups(self.group_names).build()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let mut out = std::io::stdout().lock();
    let mut say = |message: &Value| writeln!(out, "{message}").and_then(|()| out.flush());
    // The version of the compiler, which a program does not know.
    let language = std::env::var("CONFORMANCE_LANGUAGE").unwrap_or_else(|_| "Rust".to_owned());
    say(&json!({ "sdk": env!("CARGO_PKG_VERSION"), "language": language }))?;
    let mut clients = HashMap::new();
    for line in std::io::stdin().lock().lines() {
        let step: Step = serde_json::from_str(&line?)?;
        let answer = match taken(&mut clients, &step.call, step.client, step.arguments).await {
            Ok((status, body)) => json!({ "step": step.step, "ok": true, "status": status, "body": body }),
            Err(error) => json!({
                "step": step.step,
                "ok": false,
                "status": error.status(),
                "error_code": error.error_code(),
                "error_msg": error.to_string(),
                "request_id": error.request_id(),
            }),
        };
        say(&answer)?;
    }
    Ok(())
}

/// Makes a call; status and body of its answer. The SDK tells no status of an answer that is the documented one.
async fn taken(
    clients: &mut HashMap<Way, Client>,
    call: &str,
    way: Way,
    arguments: Arguments,
) -> Result<(u16, Value), Error> {
    let client = match clients.get(&way) {
        Some(known) => known.clone(),
        None => {
            let made = connected(&way).await?;
            clients.insert(way, made.clone());
            made
        }
    };
    let cluster = || -> Result<Cluster, Error> { client.cluster(&arguments.cluster_id) };
    let body = match call {
        "UpdateSyncIamUser" => {
            let cluster = cluster()?;
            let selection = match arguments.body.is_all_sync {
                true => Selection::Everything,
                false => Selection::Named(arguments.body.names()?),
            };
            return Ok((202, state(&cluster.sync(selection).send().await?)));
        }
        "CancelSyncIamUser" => {
            let cluster = cluster()?;
            return Ok((202, state(&cluster.cancel(arguments.body.names()?).send().await?)));
        }
        "ShowSyncIamUser" => {
            let found = cluster()?.synchronized().await?;
            json!({ "user_names": found.users, "group_names": found.groups })
        }
        "ListSyncStatus" => json!({ "is_synchronizing": cluster()?.is_synchronizing().await? }),
        "ListSyncRequirements" => json!({ "is_synchronous": cluster()?.is_synchronous().await? }),
        "KeystoneListProjects" => {
            json!({ "projects": client.iam()?.projects(arguments.name.as_deref()).await? })
        }
        "KeystoneListGroups" => json!({ "groups": client.iam()?.groups().await? }),
        "KeystoneListGroupsForUser" => {
            json!({ "groups": client.iam()?.groups_of(&arguments.user_id).await? })
        }
        "KeystoneListUsersForGroupByAdmin" => {
            json!({ "users": client.iam()?.members_of(&arguments.group_id).await? })
        }
        "KeystoneListUsers" => match &arguments.name {
            None => json!({ "users": client.iam()?.users().await? }),
            Some(name) => return raw(&client, &with_query("/v3/users", "name", name)).await,
        },
        "ListClusters" | "ShowClusterDetails" => {
            let list = format!("/v1.1/{}/cluster_infos", client.project_id());
            let path = match (&arguments.cluster_name, arguments.cluster_id.as_str()) {
                (Some(name), _) => with_query(&list, "clusterName", name),
                (None, "") => list,
                (None, id) => format!("{list}/{id}"),
            };
            return raw(&client, &path).await;
        }
        _ => json!(null),
    };
    Ok((200, body))
}

async fn connected(way: &Way) -> Result<Client, Error> {
    let mut builder = Client::builder().endpoint(&way.endpoint).with_iam_endpoint(&way.endpoint);
    // It is the service's refusals that are looked at: no limit of our own, one attempt, and no time for the shortest
    // rest after which a running synchronization or too many requests would be tried again.
    builder = builder.without_rate_limits().with_max_attempts(1).with_timeout(Duration::from_secs(2));
    if way.way == "environment" {
        return builder.connect().await;
    }
    builder = builder.credentials(match &way.security_token {
        None => Credentials::access_key(&way.ak, &way.sk)?,
        Some(token) => Credentials::temporary(&way.ak, &way.sk, token)?,
    });
    match &way.project_id {
        Some(project_id) => builder.project_id(project_id).build(),
        None => builder.region(&way.region).connect().await,
    }
}

async fn raw(client: &Client, path: &str) -> Result<(u16, Value), Error> {
    let answer = client.execute_raw(http::Method::GET, path, None).await?;
    Ok((answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default()))
}

fn with_query(path: &str, name: &str, value: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    // A form's space is not a query's.
    format!("{path}?{}", query.replace('+', "%20"))
}

fn state(accepted: &[Accepted]) -> Value {
    json!({ "state": accepted.first().map(|one| &one.state) })
}
