//! One message of a talk: what is said and, in an answer, what was called, done and paid for it.

use berth_api::talks::{MessageView, Said};
use berth_domain::{TalkId, Timestamp};
use leptos::prelude::*;

/// No two turns have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// By its talk and its number there.
    Kept(TalkId, u32),
    /// Said in this browser since the app was loaded, and counted.
    Here(u64),
}

/// Cheap to clone. An answer goes on to be written also where nobody looks at it.
#[derive(Clone, Debug)]
pub struct Turn {
    pub key: Key,
    pub by_person: bool,
    pub at: Timestamp,
    pub text: ArcRwSignal<String>,
    pub notes: ArcRwSignal<Vec<Said>>,
}

impl Turn {
    pub fn new(key: Key, by_person: bool, at: Timestamp, text: String) -> Self {
        Turn {
            key,
            by_person,
            at,
            text: ArcRwSignal::new(text),
            notes: ArcRwSignal::new(vec![]),
        }
    }

    pub fn kept(talk: TalkId, message: MessageView) -> Self {
        let key = Key::Kept(talk, message.number);
        Turn {
            notes: ArcRwSignal::new(message.notes),
            ..Turn::new(key, message.by_person, message.at, message.text)
        }
    }

    /// Takes in what came, all of it at once.
    #[cfg(any(feature = "hydrate", test))]
    pub fn take(&self, all: Vec<Said>) {
        let mut more = String::new();
        let mut notes = Vec::new();
        for said in all {
            match said {
                Said::Text { text } => more.push_str(&text),
                Said::Talk { .. } => {}
                note => notes.push(note),
            }
        }
        if !more.is_empty() {
            self.text.update(|text| text.push_str(&more));
        }
        if !notes.is_empty() {
            self.notes.update(|all| all.extend(notes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_text_are_one_text_and_all_else_is_noted_in_order() {
        let turn = Turn::new(Key::Here(1), false, Timestamp::UNIX_EPOCH, String::new());
        let text = |text: &str| Said::Text { text: text.into() };
        let note = |sentence: &str| Said::Note {
            sentence: sentence.into(),
        };
        turn.take(vec![
            Said::Talk { talk: TalkId(3) },
            text("Job 17 "),
            note("a"),
            text("waits"),
        ]);
        turn.take(vec![note("b"), text(".")]);
        assert_eq!(turn.text.get_untracked(), "Job 17 waits.");
        assert_eq!(turn.notes.get_untracked(), [note("a"), note("b")]);
    }
}
