//! What waits for the person who asks: on a terminal they are asked, elsewhere told how to answer.

use std::io::{self, BufRead, IsTerminal, Write};

use berth_api::agents::{AnswerCard, AnswerCardArg};
use berth_domain::CardId;

use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;
use crate::table::printable;

enum Word {
    Yes,
    No,
    /// Not now: the card waits on.
    Later,
}

pub async fn all(session: &Session, cards: Vec<(CardId, String)>) -> Result<(), Failure> {
    let on_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    for (card, sentence) in cards {
        let sentence = printable(&sentence);
        let word = match on_terminal {
            true => ask(card, &sentence),
            false => Word::Later,
        };
        let approve = match word {
            Word::Yes => true,
            Word::No => false,
            Word::Later => {
                note(&format!(
                    "card {card} waits ({sentence}): berth agent approve {card}, or berth agent decline {card}"
                ));
                continue;
            }
        };
        let body = AnswerCardArg { card, approve };
        match session.once(session.berth.call(AnswerCard { body })).await {
            Ok(_) if approve => note(&format!("card {card} is done.")),
            Ok(_) => note(&format!("card {card} is not done.")),
            // The other cards can still be answered.
            Err(Failure::Refused(error)) => note(&error.to_string()),
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// `Card 12: Cancel job 17. Do it? [y/N]`
fn ask(card: CardId, sentence: &str) -> Word {
    let mut out = io::stderr();
    let _ = write!(out, "Card {card}: {sentence}. Do it? [y/N] ").and_then(|()| out.flush());
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
        return Word::Later;
    }
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Word::Yes,
        "n" | "no" => Word::No,
        _ => Word::Later,
    }
}
