//! One JSON value by a schema: for whoever wants a model to choose something, and not to talk.
//!
//! The schema stands in the prompt, and what comes back is looked at here, since endpoints differ in
//! what they make of schemas. A model that got it wrong is told what was wrong, and asked again.

use jsonschema::Validator;
use serde_json::Value;

use crate::bill::Bill;
use crate::endpoints::Endpoints;
use crate::prompt::{Prompt, Turn};
use crate::trouble::Trouble;

/// How often it is asked in all.
const TRIES: usize = 3;
/// How much of what is wrong it is told.
const MOST_WRONG: usize = 8;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProposed {
    /// No model answered.
    #[error(transparent)]
    Unanswered(#[from] Trouble),
    /// What was answered is not what was asked for; a sentence.
    #[error("{0}")]
    Useless(String),
}

impl NotProposed {
    /// Whether a model may answer later although nobody changes anything.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        matches!(self, NotProposed::Unanswered(trouble) if trouble.may_heal())
    }
}

/// Asks for a value by this schema. `left` is what it may cost, in millionths of a dollar. The bill is
/// right whatever happens, also where this is given up in the middle.
///
/// Whatever of the prompt was written by jobs or people has to be between [`Marks`](crate::Marks).
///
/// # Errors
/// When there is no such value.
pub async fn propose(
    endpoints: &Endpoints,
    (system, prompt): (&str, &str),
    schema: &Value,
    left: Option<u64>,
    bill: &mut Bill,
) -> Result<Value, NotProposed> {
    let useless = NotProposed::Useless;
    let validator = jsonschema::validator_for(schema);
    let validator =
        validator.map_err(|error| useless(format!("The schema itself is wrong: {error}.")))?;
    let mut asked = Prompt {
        system: format!(
            "{system}\n\nAnswer with one JSON value and nothing else: no words around it, no marks. It has to \
             be as this JSON schema says:\n{schema}"
        ),
        turns: vec![Turn::Person(prompt.to_owned())],
        ..Prompt::default()
    };
    let mut wrong = String::new();
    for _ in 0..TRIES {
        let rest = left.map(|left| left.saturating_sub(bill.count().micros));
        let answer = endpoints.ask(&asked, rest, bill, |_| {}).await;
        let answer = answer?;
        wrong = match read(&answer.text, &validator) {
            Ok(value) => return Ok(value),
            Err(why) => why,
        };
        asked.turns.push(Turn::Model {
            text: answer.text,
            calls: vec![],
        });
        asked.turns.push(Turn::Person(format!(
            "That is not as asked for: {wrong}. Answer again, with the whole JSON value and nothing else."
        )));
    }
    Err(useless(format!(
        "The model did not propose what was asked for: {wrong}."
    )))
}

fn read(text: &str, validator: &Validator) -> Result<Value, String> {
    let value = json_in(text).ok_or_else(|| "it is no JSON".to_owned())?;
    let wrong: Vec<String> = validator
        .iter_errors(&value)
        .take(MOST_WRONG)
        .map(|error| error.to_string())
        .collect();
    if wrong.is_empty() {
        return Ok(value);
    }
    Err(wrong.join("; "))
}

/// The JSON value in a text; many models put marks or a few words around it.
fn json_in(text: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text.trim()) {
        return Some(value);
    }
    let begins = text
        .char_indices()
        .filter(|(_, ch)| matches!(ch, '{' | '['));
    begins.into_iter().find_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        values.next()?.ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_found_among_words() {
        for text in [
            r#"{"lr": 0.1}"#,
            "```json\n{\"lr\": 0.1}\n```",
            "I propose {\"lr\": 0.1}, because it is small.",
            "By the log [sic: {\"lr\": 0.1}",
        ] {
            assert_eq!(json_in(text), Some(json!({"lr": 0.1})), "{text}");
        }
        assert_eq!(json_in("no value {here"), None);
    }
}
