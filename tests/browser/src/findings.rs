//! What axe-core finds, and what of it is accepted.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// A finding that stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Accepted {
    /// The published page, `index.html` for example.
    page: String,
    /// axe-core's name of the rule.
    rule: String,
    /// Part of the place, as axe-core writes it; any unless given.
    #[serde(default)]
    at: String,
    reason: String,
}

impl std::fmt::Display for Accepted {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}, {} at {:?}: {}", self.page, self.rule, self.at, self.reason.trim())
    }
}

/// Reads `accepted.yaml`.
pub(crate) fn accepted(file: &Path) -> Result<Vec<Accepted>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// All that is critical or serious, a line each.
pub(crate) fn bad(violations: &[Value]) -> Vec<String> {
    nodes(violations).filter(|node| node.grave()).map(|node| node.to_string()).collect()
}

/// What is bad of a page, without what is accepted of it; and the accepted that was found, by number.
pub(crate) fn unaccepted(
    page: &str,
    violations: &[Value],
    accepted: &[Accepted],
) -> (Vec<String>, Vec<usize>) {
    let (mut bad, mut used) = (Vec::new(), Vec::new());
    for node in nodes(violations).filter(Node::grave) {
        let fits = |it: &Accepted| it.page == page && it.rule == node.rule && node.at.contains(&it.at);
        // What keeps somebody out is never accepted.
        match accepted.iter().position(fits).filter(|_| node.impact != "critical") {
            Some(number) => used.push(number),
            None => bad.push(node.to_string()),
        }
    }
    (bad, used)
}

/// Accepted findings that nobody found, a line each: what was cured is to be taken off the list.
pub(crate) fn stale(accepted: &[Accepted], used: &[usize]) -> Vec<String> {
    let unused = accepted.iter().enumerate().filter(|(number, _)| !used.contains(number));
    unused
        .map(|(_, it)| format!("{} of {} at {:?} is accepted, but not found", it.rule, it.page, it.at))
        .collect()
}

#[derive(Debug)]
struct Node<'a> {
    rule: &'a str,
    impact: &'a str,
    at: &'a str,
    why: &'a str,
}

impl Node<'_> {
    fn grave(&self) -> bool {
        // What has no impact is not known to be harmless.
        !matches!(self.impact, "minor" | "moderate")
    }
}

impl std::fmt::Display for Node<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {} at {}: {}", self.impact, self.rule, self.at, self.why)
    }
}

fn nodes(violations: &[Value]) -> impl Iterator<Item = Node<'_>> {
    violations.iter().flat_map(|violation| {
        let nodes = violation["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        nodes.iter().map(move |node| Node {
            rule: text(&violation["id"]),
            impact: text(&violation["impact"]),
            at: text(&node["at"]),
            why: text(&node["why"]),
        })
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations() -> Vec<Value> {
        let violation = |id: &str, impact: Value, at: &str| json!({ "id": id, "impact": impact, "nodes": [{ "at": at, "why": "w" }] });
        vec![
            violation("region", json!("moderate"), "main"),
            violation("color-contrast", json!("serious"), ".a > .b"),
            violation("label", json!("critical"), "input"),
            violation("new-rule", Value::Null, "p"),
        ]
    }

    fn accept(page: &str, rule: &str, at: &str) -> Accepted {
        let [page, rule, at] = [page, rule, at].map(str::to_owned);
        Accepted { page, rule, at, reason: "r".to_owned() }
    }

    #[test]
    fn what_is_grave_is_bad() {
        let expected =
            ["serious color-contrast at .a > .b: w", "critical label at input: w", " new-rule at p: w"];
        assert_eq!(bad(&violations()), expected);
    }

    #[test]
    fn what_is_critical_is_never_accepted() {
        let accepted =
            [accept("a", "color-contrast", ".b"), accept("a", "label", ""), accept("b", "new-rule", "")];
        let (bad, used) = unaccepted("a", &violations(), &accepted);
        assert_eq!(bad, ["critical label at input: w", " new-rule at p: w"]);
        assert_eq!(used, [0]);
        let stale = stale(&accepted, &used);
        assert_eq!(
            stale,
            [
                "label of a at \"\" is accepted, but not found",
                "new-rule of b at \"\" is accepted, but not found"
            ]
        );
    }
}
