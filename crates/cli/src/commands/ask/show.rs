//! What is said, as text: the answer on standard output, all else dim on standard error.

use std::io::{self, Write};

use berth_api::talks::{MessageView, Said, TalkAnswer, TalkView, TalksAnswer};
use berth_domain::dollars;

use crate::failure::Failure;
use crate::output;
use crate::table::printable;

const DIM: &str = "\u{1b}[2m";
const PLAIN: &str = "\u{1b}[0m";

pub struct Shown {
    /// Standard error is a terminal.
    colours: bool,
    /// The last line of the answer is not over yet.
    within_line: bool,
}

impl Shown {
    pub fn new(colours: bool) -> Self {
        Shown {
            colours,
            within_line: false,
        }
    }

    pub fn show(&mut self, said: &Said) -> Result<(), Failure> {
        if let Said::Text { text } = said {
            let text = harmless(text);
            if let Some(last) = text.chars().last() {
                self.within_line = last != '\n';
            }
            return output::raw(&text);
        }
        if let Some(line) = line(said) {
            self.end()?;
            self.aside(&line);
        }
        Ok(())
    }

    /// Ends the line that is being written.
    pub fn end(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.within_line) {
            output::raw("\n")?;
        }
        Ok(())
    }

    fn aside(&self, line: &str) {
        let line = printable(line);
        let mut out = io::stderr();
        let _ = match self.colours {
            true => writeln!(out, "{DIM}{line}{PLAIN}"),
            false => writeln!(out, "{line}"),
        };
    }
}

/// What a model says may hold what a job wrote: nothing of it moves the cursor or rings.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|ch| matches!(ch, '\n' | '\t') || !ch.is_control())
        .collect()
}

fn line(said: &Said) -> Option<String> {
    Some(match said {
        Said::Text { .. } => return None,
        Said::Talk { talk } => format!("talk {talk}"),
        Said::ToolCalled { name, arguments } => format!("> {name} {arguments}"),
        Said::ToolAnswered {
            ok, summary, card, ..
        } => {
            let card = card.map_or(String::new(), |card| format!(" (card {card})"));
            let mark = if *ok { "<" } else { "x" };
            format!("{mark} {summary}{card}")
        }
        Said::Approval { card, sentence } => format!("? card {card} waits for you: {sentence}"),
        Said::Note { sentence } => format!("! {sentence}"),
        Said::Cost {
            model,
            input_tokens,
            output_tokens,
            micros,
            estimated,
            left_micros,
        } => {
            let about = if *estimated { "about " } else { "" };
            let left =
                left_micros.map_or(String::new(), |left| format!(", {} left", dollars(left)));
            format!(
                "$ {model}: {input_tokens} tokens in, {output_tokens} out, {about}{}{left}",
                dollars(*micros)
            )
        }
        Said::Done { tool_calls, micros } => {
            let tools = match tool_calls {
                0 => return None,
                1 => "1 tool".to_owned(),
                more => format!("{more} tools"),
            };
            format!("$ {tools} called, {} in all", dollars(*micros))
        }
        Said::Failed { sentence } => format!("berth: {sentence}"),
    })
}

pub fn talks(answer: &TalksAnswer) -> String {
    let mut text = match &answer.model {
        Some(_) => String::new(),
        None => "There is no language model to answer: docs/models.md.\n".to_owned(),
    };
    if answer.talks.is_empty() {
        text.push_str("You have no talks. `berth ask 'what runs?'` begins one.\n");
    }
    let line = |talk: &TalkView| {
        let at = talk.said_at.strftime("%Y-%m-%d %H:%M");
        format!("{:>5}  {at} UTC  {}\n", talk.id, printable(&talk.title))
    };
    text.extend(answer.talks.iter().map(line));
    text
}

pub fn talk(answer: &TalkAnswer) -> String {
    let message = |message: &MessageView| {
        let who = if message.by_person { "You" } else { "Berth" };
        let at = message.at.strftime("%Y-%m-%d %H:%M");
        let notes = message.notes.iter().filter_map(line);
        let notes: String = notes
            .map(|note| format!("  {}\n", printable(&note)))
            .collect();
        format!("{who}, {at} UTC:\n{notes}{}\n\n", harmless(&message.text))
    };
    answer.messages.iter().map(message).collect()
}

#[cfg(test)]
mod tests {
    use berth_domain::CardId;

    use super::*;

    #[test]
    fn what_is_said_cannot_move_the_cursor() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{7}\r\n\tc"), "a[2Jb\n\tc");
    }

    #[test]
    fn each_thing_is_one_line() {
        let answered = Said::ToolAnswered {
            name: "cancel".into(),
            ok: false,
            summary: "A person has to approve it first.".into(),
            card: Some(CardId(12)),
        };
        assert_eq!(
            line(&answered).unwrap(),
            "x A person has to approve it first. (card 12)"
        );
        let cost = Said::Cost {
            model: "big".into(),
            input_tokens: 1000,
            output_tokens: 20,
            micros: 3300,
            estimated: true,
            left_micros: Some(4_996_700),
        };
        assert_eq!(
            line(&cost).unwrap(),
            "$ big: 1000 tokens in, 20 out, about $0.0033, $4.99 left"
        );
        assert_eq!(line(&Said::Text { text: "x".into() }), None);
    }
}
