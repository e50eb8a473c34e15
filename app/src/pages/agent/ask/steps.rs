//! What an answer rests on and what it cost, made out of the notes that came with it.

use berth_api::talks::Said;
use berth_domain::CardId;

/// A call of a tool, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub tool: String,
    /// JSON; empty where nothing was said.
    pub arguments: String,
    pub came: Option<Came>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    pub ok: bool,
    pub summary: String,
    pub card: Option<CardId>,
}

/// In the order of their calls.
pub fn steps(notes: &[Said]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for note in notes {
        match note {
            Said::ToolCalled { name, arguments } => all.push(Step {
                tool: name.clone(),
                arguments: match arguments.as_str() {
                    "{}" => String::new(),
                    said => said.to_owned(),
                },
                came: None,
            }),
            Said::ToolAnswered {
                name,
                ok,
                summary,
                card,
            } => {
                let open = |step: &&mut Step| step.tool == *name && step.came.is_none();
                if let Some(step) = all.iter_mut().find(open) {
                    step.came = Some(Came {
                        ok: *ok,
                        summary: summary.clone(),
                        card: *card,
                    });
                }
            }
            _ => {}
        }
    }
    all
}

/// What has to be approved first: the card, and what would be done.
pub fn approvals(notes: &[Said]) -> Vec<(CardId, String)> {
    let asked = notes.iter().filter_map(|note| match note {
        Said::Approval { card, sentence } => Some((*card, sentence.clone())),
        _ => None,
    });
    asked.collect()
}

/// What is worth knowing, and why it failed if it did: with whether it did.
pub fn sentences(notes: &[Said]) -> Vec<(bool, String)> {
    let said = notes.iter().filter_map(|note| match note {
        Said::Note { sentence } => Some((false, sentence.clone())),
        Said::Failed { sentence } => Some((true, sentence.clone())),
        _ => None,
    });
    said.collect()
}

/// What all that was asked of models came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Each once, in the order in which they answered.
    pub models: Vec<String>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub micros: u64,
    /// Some of it is a guess.
    pub estimated: bool,
    /// What the assistant may spend still, if that has a limit.
    pub left_micros: Option<u64>,
}

/// `None` where no model was asked.
pub fn bill(notes: &[Said]) -> Option<Bill> {
    let mut all = Bill::default();
    for note in notes {
        let Said::Cost {
            model,
            input_tokens,
            output_tokens,
            micros,
            estimated,
            left_micros,
        } = note
        else {
            continue;
        };
        if !all.models.contains(model) {
            all.models.push(model.clone());
        }
        all.input_tokens = all.input_tokens.saturating_add(*input_tokens);
        all.output_tokens = all.output_tokens.saturating_add(*output_tokens);
        all.micros = all.micros.saturating_add(*micros);
        all.estimated |= estimated;
        all.left_micros = *left_micros;
    }
    (!all.models.is_empty()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(name: &str) -> Said {
        Said::ToolCalled {
            name: name.into(),
            arguments: "{}".into(),
        }
    }

    fn answered(name: &str, summary: &str) -> Said {
        Said::ToolAnswered {
            name: name.into(),
            ok: true,
            summary: summary.into(),
            card: None,
        }
    }

    #[test]
    fn each_answer_belongs_to_its_call() {
        let notes = [
            called("job"),
            called("queue"),
            called("job"),
            answered("queue", "nothing"),
            answered("job", "first"),
        ];
        let all = steps(&notes);
        let came: Vec<(&str, Option<&str>)> = all
            .iter()
            .map(|step| {
                let came = step.came.as_ref().map(|came| came.summary.as_str());
                (step.tool.as_str(), came)
            })
            .collect();
        assert_eq!(
            came,
            [
                ("job", Some("first")),
                ("queue", Some("nothing")),
                ("job", None),
            ]
        );
        assert_eq!(all[0].arguments, "");
    }

    #[test]
    fn a_bill_adds_up() {
        let cost = |model: &str, left_micros| Said::Cost {
            model: model.into(),
            input_tokens: 1000,
            output_tokens: 20,
            micros: 3300,
            estimated: left_micros == Some(7),
            left_micros,
        };
        assert_eq!(bill(&[called("job")]), None);
        let all = bill(&[
            cost("big", Some(7)),
            cost("big", Some(4)),
            cost("small", Some(1)),
        ]);
        let expected = Bill {
            models: vec!["big".into(), "small".into()],
            input_tokens: 3000,
            output_tokens: 60,
            micros: 9900,
            estimated: true,
            left_micros: Some(1),
        };
        assert_eq!(all, Some(expected));
    }
}
