//! Why there is no sample.

/// Why there is no sample for what was asked. A sample that would send something else is never made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// There is no operation with this operationId.
    #[error("there is no operation {0:?}; there are {all}", all = crate::operation::list())]
    UnknownOperation(String),
    /// A value breaks the rule of its field.
    #[error("{field} {value:?}: {rule}")]
    Value {
        /// The field of [`Values`](crate::Values).
        field: &'static str,
        /// The value, as it was given.
        value: String,
        /// What the value has to be.
        rule: &'static str,
    },
    /// The operation does not take these values together.
    #[error("{operation}: {problem}")]
    Combination {
        /// Its operationId.
        operation: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// The language's way of calling cannot be given another endpoint.
    #[error("how {0} is given another endpoint is not known: leave the endpoint out")]
    Endpoint(&'static str),
    /// A defect of this crate: a template failed.
    #[error("defect in a template: {0}")]
    Template(String),
}
