//! What came of it: one table.

use std::fmt::Write as _;

/// One line of the closing table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// What was measured or counted.
    pub(crate) figures: String,
    /// Why it fails; nothing when it passes.
    pub(crate) failures: Vec<String>,
}

impl Row {
    pub(crate) fn new(name: impl Into<String>, outcome: Result<(String, Vec<String>), String>) -> Self {
        let (figures, failures) = outcome.unwrap_or_else(|error| ("broken off".to_owned(), vec![error]));
        Self { name: name.into(), figures, failures }
    }
}

/// The table, with the failures below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for row in rows {
        let verdict = if row.failures.is_empty() { "PASS" } else { "FAIL" };
        let mut lines = row.figures.lines();
        let first = lines.next().unwrap_or_default();
        // Writing to a String does not fail.
        let _ = writeln!(text, "{verdict}  {:<width$}  {first}", row.name);
        for line in lines {
            let _ = writeln!(text, "{:6}{:<width$}  {line}", "", "");
        }
        for failure in &row.failures {
            let _ = writeln!(text, "      {failure}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_says_why() {
        let rows = [
            Row::new("starts", Ok(("7 ms\nat most 9 ms".to_owned(), Vec::new()))),
            Row::new("fuzz", Ok(("10 requests".to_owned(), vec!["number 3: no answer".to_owned()]))),
            Row::new("kill", Err("it does not start".to_owned())),
        ];
        assert_eq!(
            table(&rows),
            "PASS  starts  7 ms\n              at most 9 ms\nFAIL  fuzz    10 requests\n      number 3: no answer\n\
             FAIL  kill    broken off\n      it does not start\n"
        );
    }
}
