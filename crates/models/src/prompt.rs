//! What a model is told, whichever protocol it speaks.

use genai::chat::{
    ChatMessage, ChatRequest, ContentPart, MessageContent, Tool, ToolCall, ToolResponse,
};
use serde_json::{Map, Value, json};

use crate::bill::estimate;

/// One question with everything that a model has to know for it.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    pub system: String,
    /// Oldest first; the last one is answered.
    pub turns: Vec<Turn>,
    /// What it may call; nothing: it can only say something.
    pub tools: Vec<ToolSpec>,
    /// Without this it is told of the tools, since earlier calls stand in its turns, and calls none.
    pub may_call: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// Said by a person.
    Person(String),
    /// Said by the model, and what it wanted to have called.
    Model { text: String, calls: Vec<Called> },
    /// What a call came to.
    Tool {
        call: String,
        tool: String,
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToolSpec {
    pub name: String,
    pub about: String,
    /// A JSON schema.
    pub input: Value,
}

/// What a model wants to have called.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    /// Told back with the answer.
    pub id: String,
    pub tool: String,
    pub arguments: Arguments,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    Object(Map<String, Value>),
    /// What it wrote is no JSON object.
    Unreadable(String),
}

impl Arguments {
    /// As a model wrote them; nothing at all is no arguments.
    pub(crate) fn read(text: &str) -> Self {
        if text.trim().is_empty() {
            return Arguments::Object(Map::new());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Arguments::Object(fields),
            Ok(Value::Null) => Arguments::Object(Map::new()),
            _ => Arguments::Unreadable(text.to_owned()),
        }
    }

    fn value(&self) -> Value {
        match self {
            Arguments::Object(fields) => Value::Object(fields.clone()),
            // Protocols want an object here.
            Arguments::Unreadable(text) => json!({ "unreadable": text }),
        }
    }
}

impl Turn {
    fn bytes(&self) -> usize {
        match self {
            Turn::Person(text) => text.len(),
            Turn::Model { text, calls } => {
                let call =
                    |call: &Called| call.tool.len() + call.arguments.value().to_string().len() + 16;
                text.len() + calls.iter().map(call).sum::<usize>()
            }
            Turn::Tool { text, .. } => text.len() + 16,
        }
    }

    fn message(&self) -> ChatMessage {
        match self {
            Turn::Person(text) => ChatMessage::user(text.as_str()),
            Turn::Model { text, calls } => {
                let said =
                    (!text.is_empty() || calls.is_empty()).then(|| ContentPart::from_text(text));
                let calls = calls.iter().map(|call| {
                    ContentPart::ToolCall(ToolCall {
                        call_id: call.id.clone(),
                        fn_name: call.tool.clone(),
                        fn_arguments: call.arguments.value(),
                        thought_signatures: None,
                    })
                });
                ChatMessage::assistant(said.into_iter().chain(calls).collect::<MessageContent>())
            }
            Turn::Tool { call, tool, text } => {
                ChatMessage::from(ToolResponse::new(call, text).with_fn_name(tool))
            }
        }
    }
}

impl Prompt {
    /// How many tokens it is, more or less.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        let tool =
            |tool: &ToolSpec| tool.name.len() + tool.about.len() + tool.input.to_string().len();
        let tools: usize = self.tools.iter().map(tool).sum();
        let turns: usize = self.turns.iter().map(Turn::bytes).sum();
        estimate(self.system.len() + tools + turns)
    }

    pub(crate) fn request(&self) -> ChatRequest {
        let messages = self.turns.iter().map(Turn::message).collect();
        let request = ChatRequest::new(messages).with_system(&self.system);
        if self.tools.is_empty() {
            return request;
        }
        let tool = |tool: &ToolSpec| {
            Tool::new(tool.name.as_str())
                .with_description(&tool.about)
                .with_schema(tool.input.clone())
        };
        request.with_tools(self.tools.iter().map(tool).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_or_nothing() {
        let none = Arguments::Object(Map::new());
        for text in ["", " ", "{}", "null"] {
            assert_eq!(Arguments::read(text), none, "{text}");
        }
        for text in ["[1]", "7", "{\"id\": 1", "cancel everything"] {
            assert_eq!(
                Arguments::read(text),
                Arguments::Unreadable(text.to_owned())
            );
        }
    }
}
