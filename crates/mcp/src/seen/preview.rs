//! What something would do that is not done.

use berth_api::ApiError;
use berth_domain::Refusal;
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::job::JobSeen;
use super::words::lines;

/// Why something would be refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The argument to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    pub message: String,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem::from(&ApiError::from(refusal))
    }
}

impl From<&ApiError> for Problem {
    fn from(error: &ApiError) -> Self {
        Problem {
            argument: error.field().map(str::to_owned),
            message: error.to_string(),
        }
    }
}

/// What a change to a job would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangePreview {
    /// Whether it would be accepted, as far as that can be known without doing it.
    pub accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// What would follow, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<String>,
    /// The job as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobSeen>,
}

impl ChangePreview {
    /// It would be refused, so nothing would follow.
    pub fn refused(job: Option<JobSeen>, problem: impl Into<Problem>) -> Self {
        ChangePreview {
            accepted: false,
            problems: vec![problem.into()],
            consequences: vec![],
            job,
        }
    }

    pub fn accepted(job: Option<JobSeen>, consequences: Vec<String>) -> Self {
        ChangePreview {
            accepted: true,
            problems: vec![],
            consequences,
            job,
        }
    }

    pub fn text(&self) -> String {
        if self.accepted {
            lines(
                ["Nothing was changed. This would follow:".to_owned()]
                    .into_iter()
                    .chain(self.consequences.iter().cloned()),
            )
        } else {
            refused(&self.problems)
        }
    }
}

/// What would be refused, in words.
pub fn refused(problems: &[Problem]) -> String {
    let each = problems.iter().map(|problem| match &problem.argument {
        Some(argument) => format!("{} (argument: {argument})", problem.message),
        None => problem.message.clone(),
    });
    let first = "Nothing was changed. It would be refused:".to_owned();
    lines([first].into_iter().chain(each))
}
