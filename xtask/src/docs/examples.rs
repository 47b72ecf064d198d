//! Every documented example as a file.

use serde_json::{Map, Value};

use super::Artifact;
use super::reference::{Operation, Reference};

pub(super) fn artifacts(reference: &Reference) -> Vec<Artifact> {
    reference.operations.iter().flat_map(of_operation).collect()
}

fn of_operation(operation: &Operation) -> Vec<Artifact> {
    let requests = operation.request.iter().flat_map(|body| &body.examples);
    let answers = operation.answers.iter().flat_map(|answer| &answer.examples);
    let mut artifacts: Vec<Artifact> = requests
        .chain(answers)
        .map(|example| Artifact::text(example.file.as_str(), format!("{}\n", example.json)))
        .collect();
    let parameters: Map<String, Value> = operation
        .parameters
        .iter()
        .filter_map(|parameter| Some((parameter.name.clone(), parameter.example.clone()?)))
        .collect();
    if !parameters.is_empty() {
        let path = format!("examples/{}/parameters.json", operation.id);
        artifacts.push(Artifact::json(path, &Value::Object(parameters)));
    }
    artifacts
}
