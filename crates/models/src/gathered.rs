//! Calls of tools, put together from the pieces in which they are streamed.
//!
//! It is done here and not by `genai`, since endpoints number the pieces as they like: some give every
//! call the number 0, and a number of billions would be taken for as many calls.

use std::collections::HashSet;

use genai::chat::ToolCall;

use crate::prompt::{Arguments, Called};

/// Of one answer.
const MOST_CALLS: usize = 32;
const MOST_BYTES: usize = 256 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Gathered {
    calls: Vec<Piece>,
    bytes: usize,
}

#[derive(Debug)]
struct Piece {
    id: String,
    tool: String,
    arguments: String,
}

impl Gathered {
    /// Takes a piece: with a name it begins a call or, with the identity of one, goes on with it. Without
    /// a name and an identity `genai` calls it `call_N`, which is the N-th.
    ///
    /// # Errors
    /// When it is too much.
    pub fn take(&mut self, piece: &ToolCall) -> Result<(), &'static str> {
        let text = piece.fn_arguments.as_str().unwrap_or_default();
        self.bytes += text.len();
        if self.bytes > MOST_BYTES {
            return Err("its calls are too long");
        }
        let known = self.calls.iter().position(|call| call.id == piece.call_id);
        let numbered = || {
            let number: usize = piece.call_id.strip_prefix("call_")?.parse().ok()?;
            (number < self.calls.len()).then_some(number)
        };
        let begins = !piece.fn_name.is_empty();
        let place = match (known, begins) {
            // The same identity twice, with whole calls: two calls.
            (Some(place), true) if Self::is_whole(&self.calls[place]) => None,
            (Some(place), _) => Some(place),
            (None, true) => None,
            (None, false) => numbered().or(self.calls.len().checked_sub(1)),
        };
        match place {
            Some(place) => self.calls[place].arguments.push_str(text),
            None if !begins => {}
            None if self.calls.len() == MOST_CALLS => {
                return Err("it calls too many tools at once");
            }
            None => self.calls.push(Piece {
                id: piece.call_id.clone(),
                tool: piece.fn_name.clone(),
                arguments: text.to_owned(),
            }),
        }
        Ok(())
    }

    fn is_whole(piece: &Piece) -> bool {
        serde_json::from_str::<serde_json::Value>(&piece.arguments).is_ok()
    }

    /// The calls, each with an identity of its own.
    pub fn calls(self) -> Vec<Called> {
        let mut seen = HashSet::new();
        let named = self.calls.into_iter().enumerate().map(|(number, piece)| {
            let id = if seen.insert(piece.id.clone()) {
                piece.id
            } else {
                format!("{}-{number}", piece.id)
            };
            Called {
                id,
                tool: piece.tool,
                arguments: Arguments::read(&piece.arguments),
            }
        });
        named.collect()
    }
}

/// Calls as `genai` put them together itself.
pub(crate) fn whole(calls: Vec<ToolCall>) -> Vec<Called> {
    let called = calls.into_iter().take(MOST_CALLS).map(|call| Called {
        id: call.call_id,
        tool: call.fn_name,
        arguments: match call.fn_arguments {
            serde_json::Value::String(text) => Arguments::read(&text),
            other => Arguments::read(&other.to_string()),
        },
    });
    called.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn gather(pieces: &[(&str, &str, &str)]) -> Vec<(String, String, Value)> {
        let mut gathered = Gathered::default();
        for (id, name, text) in pieces {
            let piece = ToolCall {
                call_id: (*id).to_owned(),
                fn_name: (*name).to_owned(),
                fn_arguments: Value::String((*text).to_owned()),
                thought_signatures: None,
            };
            gathered.take(&piece).unwrap();
        }
        let calls = gathered
            .calls()
            .into_iter()
            .map(|call| match call.arguments {
                Arguments::Object(fields) => (call.id, call.tool, Value::Object(fields)),
                Arguments::Unreadable(text) => (call.id, call.tool, Value::String(text)),
            });
        calls.collect()
    }

    fn call(id: &str, tool: &str, arguments: Value) -> (String, String, Value) {
        (id.to_owned(), tool.to_owned(), arguments)
    }

    #[test]
    fn pieces_find_their_call() {
        let interleaved = [
            ("a", "job", ""),
            ("b", "queue", ""),
            ("call_0", "", "{\"id\""),
            ("call_1", "", "{}"),
            ("call_0", "", ": 7}"),
        ];
        let found = gather(&interleaved);
        assert_eq!(
            found,
            [
                call("a", "job", json!({"id": 7})),
                call("b", "queue", json!({}))
            ]
        );
        // The identity again with each piece, and the name with it.
        let again = [("a", "job", "{\"id\""), ("a", "job", ": 7}")];
        assert_eq!(gather(&again), [call("a", "job", json!({"id": 7}))]);
        // No identity at all, and every call whole.
        let whole = [("call_0", "job", "{\"id\": 7}"), ("call_0", "queue", "{}")];
        let found = gather(&whole);
        assert_eq!(
            found,
            [
                call("call_0", "job", json!({"id": 7})),
                call("call_0-1", "queue", json!({}))
            ]
        );
        assert_eq!(
            gather(&[("a", "job", "{\"id\"")]),
            [call("a", "job", json!("{\"id\""))]
        );
        assert_eq!(gather(&[("call_9", "", "{}")]), []);
    }

    #[test]
    fn too_much_is_too_much() {
        let mut gathered = Gathered::default();
        let piece = |number: usize, text: &str| ToolCall {
            call_id: format!("c{number}"),
            fn_name: "job".to_owned(),
            fn_arguments: Value::String(text.to_owned()),
            thought_signatures: None,
        };
        for number in 0..MOST_CALLS {
            gathered.take(&piece(number, "{}")).unwrap();
        }
        assert!(gathered.take(&piece(99, "{}")).is_err());
        assert!(
            Gathered::default()
                .take(&piece(0, &"x".repeat(MOST_BYTES + 1)))
                .is_err()
        );
    }
}
