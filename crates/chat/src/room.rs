//! What a model is told is kept within what it can be told: the oldest answers of tools go first, then
//! the oldest of what was said before.

use berth_models::{Prompt, Turn};

/// Put where an answer was.
const LEFT_OUT: &str =
    "[This answer was left out, since the talk is long. Call the tool again if it matters.]";

/// Makes the prompt no longer than this. Whether something had to go.
pub(crate) fn fit(prompt: &mut Prompt, tokens: u64) -> bool {
    let mut cut = false;
    while prompt.tokens() > tokens && (leave_out_answer(prompt) || forget_oldest(prompt)) {
        cut = true;
    }
    cut
}

fn leave_out_answer(prompt: &mut Prompt) -> bool {
    let oldest = prompt.turns.iter_mut().find_map(|turn| match turn {
        Turn::Tool { text, .. } if text.len() > LEFT_OUT.len() => Some(text),
        _ => None,
    });
    oldest.is_some_and(|text| {
        LEFT_OUT.clone_into(text);
        true
    })
}

/// A question of before and what was answered to it. The last question stays, and what came of it.
fn forget_oldest(prompt: &mut Prompt) -> bool {
    let is_question = |turn: &Turn| matches!(turn, Turn::Person(_));
    let mut questions = prompt
        .turns
        .iter()
        .enumerate()
        .filter(|(_, turn)| is_question(turn));
    let (Some(_), Some((second, _))) = (questions.next(), questions.next()) else {
        return false;
    };
    prompt.turns.drain(..second);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first_and_the_question_stays() {
        let answer = |number: usize| Turn::Tool {
            call: number.to_string(),
            tool: "queue".to_owned(),
            text: "x".repeat(4000),
        };
        let said = |text: &str| Turn::Model {
            text: text.to_owned(),
            calls: vec![],
        };
        let mut prompt = Prompt {
            system: "s".repeat(400),
            turns: vec![
                Turn::Person("before".repeat(100)),
                said("answer"),
                Turn::Person("now".to_owned()),
                answer(1),
                answer(2),
            ],
            ..Prompt::default()
        };
        assert!(!fit(&mut prompt, 5000));
        assert!(fit(&mut prompt, 1500));
        let texts: Vec<usize> = prompt
            .turns
            .iter()
            .map(|turn| match turn {
                Turn::Tool { text, .. } => text.len(),
                _ => 0,
            })
            .collect();
        assert_eq!(texts, [0, 0, 0, LEFT_OUT.len(), 4000]);
        assert!(fit(&mut prompt, 200));
        assert_eq!(prompt.turns[0], Turn::Person("now".to_owned()));
        assert_eq!(prompt.turns.len(), 3);
        // What cannot be made shorter is as short as it can be.
        assert!(!fit(&mut prompt, 1));
    }
}
