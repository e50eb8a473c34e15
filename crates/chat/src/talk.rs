//! One question: the model is asked, what it wants called is called, and so on until it only answers.
//!
//! All of it runs in a task of its own, which ends when nobody listens any more; what the model cost
//! until then is counted also then.

use std::pin::pin;

use berth_api::talks::Said;
use berth_domain::agent::CardState;
use berth_domain::{CardId, Timestamp, UserName};
use berth_mcp::{Agent, House};
use berth_models::{Arguments, Bill, Called, Endpoints, Marks, Prompt, Turn};
use futures::Stream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::host::Host;
use crate::limits::Limits;
use crate::room::fit;
use crate::short::{cut, line};
use crate::tools::{Came, Tools};

const PROMPT: &str = include_str!("../prompts/assistant.md");
/// What people are shown of arguments and answers.
const SHOWN: usize = 300;

/// What is asked, by whom, and what was said before.
#[derive(Clone, Debug)]
pub struct Question {
    pub person: UserName,
    /// Oldest first.
    pub history: Vec<Turn>,
    pub text: String,
}

/// Answers a question with the tools of this agent. What is dropped before its end is given up.
pub fn talk<H: House, O: Host>(
    endpoints: Endpoints,
    agent: Agent<H>,
    host: O,
    question: Question,
    limits: Limits,
) -> impl Stream<Item = Said> + Send + Unpin + 'static {
    let (said, heard) = mpsc::unbounded_channel();
    let talker = Talker {
        endpoints,
        host,
        limits,
        said,
        marks: Marks::fresh(),
        bill: Bill::default(),
        micros: 0,
        tool_calls: 0,
        last_card: None,
    };
    tokio::spawn(talker.answer(agent, question));
    let next = |mut heard: mpsc::UnboundedReceiver<Said>| async move {
        let said = heard.recv().await?;
        Some((said, heard))
    };
    Box::pin(futures::stream::unfold(heard, next))
}

struct Talker<O> {
    endpoints: Endpoints,
    host: O,
    limits: Limits,
    said: mpsc::UnboundedSender<Said>,
    marks: Marks,
    /// What was not counted yet.
    bill: Bill,
    /// What was.
    micros: u64,
    tool_calls: u32,
    last_card: Option<CardId>,
}

impl<O: Host> Talker<O> {
    async fn answer<H: House>(mut self, agent: Agent<H>, question: Question) {
        let said = self.said.clone();
        let total = self.limits.total;
        let ended = {
            let steps = pin!(timeout(total, self.steps(agent, question)));
            tokio::select! {
                ended = steps => ended.unwrap_or_else(|_| Err(format!(
                    "The answer took longer than {} minutes.",
                    total.as_secs().div_ceil(60)
                ))),
                () = said.closed() => Err("Nobody listens.".to_owned()),
            }
        };
        // What was given up in the middle has to be paid too.
        let paid = self.pay("").await;
        self.say(match ended.and(paid) {
            Ok(()) => Said::Done {
                tool_calls: self.tool_calls,
                micros: self.micros,
            },
            Err(sentence) => Said::Failed { sentence },
        });
    }

    async fn steps<H: House>(&mut self, agent: Agent<H>, question: Question) -> Result<(), String> {
        self.host.may_go_on().await?;
        let tools = Tools::open(agent).await?;
        self.last_card = self.host.cards(None).await.last().map(|card| card.id);
        let mut prompt = self.prompt(&tools, question);
        loop {
            self.host.may_go_on().await?;
            let left = self.host.left().await?;
            prompt.may_call = self.tool_calls < self.limits.tool_calls;
            if fit(&mut prompt, self.endpoints.room()) {
                let sentence =
                    "The talk is long: what tools answered first was left out.".to_owned();
                self.say(Said::Note { sentence });
            }
            let said = self.said.clone();
            let heard = |text: &str| {
                let text = text.to_owned();
                let _ = said.send(Said::Text { text });
            };
            let answer = self
                .endpoints
                .ask(&prompt, left, &mut self.bill, heard)
                .await;
            let model = answer
                .as_ref()
                .map_or(String::new(), |answer| answer.model.clone());
            self.pay(&model).await?;
            let answer = answer.map_err(|trouble| trouble.to_string())?;
            if answer.calls.is_empty() {
                if answer.cut {
                    let sentence = "The answer is longer than it may be, and ends here.".to_owned();
                    self.say(Said::Note { sentence });
                }
                return Ok(());
            }
            if !prompt.may_call {
                return Err(format!(
                    "The model called {} tools for this question and wants more. Ask for less at once.",
                    self.tool_calls
                ));
            }
            // What is said next is a sentence of its own.
            if !answer.text.is_empty() {
                self.say(Said::Text {
                    text: "\n\n".to_owned(),
                });
            }
            prompt.turns.push(Turn::Model {
                text: answer.text,
                calls: answer.calls.clone(),
            });
            for call in answer.calls {
                self.host.may_go_on().await?;
                let text = self.call(&tools, &call).await;
                prompt.turns.push(Turn::Tool {
                    call: call.id,
                    tool: call.tool,
                    text,
                });
            }
        }
    }

    fn prompt(&self, tools: &Tools, question: Question) -> Prompt {
        let system = system(&question.person, self.host.now(), &self.marks, self.limits);
        let mut turns = question.history;
        turns.push(Turn::Person(question.text));
        Prompt {
            system,
            turns,
            tools: tools.specs.clone(),
            may_call: true,
        }
    }

    /// Calls a tool and tells of it. What it came to, for the model.
    async fn call(&mut self, tools: &Tools, call: &Called) -> String {
        if self.tool_calls >= self.limits.tool_calls {
            return "Not called: that would be one tool too many. Answer with what you know."
                .to_owned();
        }
        self.tool_calls += 1;
        let known = tools.is_known(&call.tool);
        let name = if known {
            call.tool.clone()
        } else {
            line(&call.tool, 64)
        };
        self.say(Said::ToolCalled {
            name: name.clone(),
            arguments: shown(&call.arguments),
        });
        let came = match &call.arguments {
            _ if !known => failed("There is no such tool."),
            Arguments::Unreadable(_) => {
                failed("Its arguments are no JSON object. Call it again with one.")
            }
            Arguments::Object(fields) => {
                tools
                    .call(&call.tool, fields.clone(), self.limits.tool)
                    .await
            }
        };
        self.tell(&name, &came).await;
        let text = cut(&came.text, self.limits.answer_bytes);
        let whose = match (known, came.ok) {
            (true, true) => format!("what {name} answered"),
            (true, false) => format!("why {name} was not done"),
            (false, _) => "why nothing was done".to_owned(),
        };
        self.marks.wrap(&whose, &text)
    }

    /// What was called, with the cards that came of it.
    async fn tell(&mut self, name: &str, came: &Came) {
        let after = self.last_card.unwrap_or_default();
        let cards = self.host.cards(Some(after)).await;
        self.say(Said::ToolAnswered {
            name: name.to_owned(),
            ok: came.ok,
            summary: line(came.text.lines().next().unwrap_or_default(), SHOWN),
            card: cards.first().map(|card| card.id),
        });
        for card in cards {
            self.last_card = self.last_card.max(Some(card.id));
            if card.state == CardState::Suggested {
                self.say(Said::Approval {
                    card: card.id,
                    sentence: line(&card.title, SHOWN),
                });
            }
        }
    }

    /// Counts what was not counted yet.
    async fn pay(&mut self, model: &str) -> Result<(), String> {
        let count = self.bill.take();
        if count.input_tokens == 0 && count.output_tokens == 0 {
            return Ok(());
        }
        self.micros += count.micros;
        self.host.spent(count.micros).await?;
        // Nothing left is no error here; the next question to a model is refused.
        let left_micros = self.host.left().await.unwrap_or(Some(0));
        self.say(Said::Cost {
            model: model.to_owned(),
            input_tokens: count.input_tokens,
            output_tokens: count.output_tokens,
            micros: count.micros,
            estimated: count.estimated,
            left_micros,
        });
        Ok(())
    }

    fn say(&self, said: Said) {
        // Where nobody listens the task ends soon.
        let _ = self.said.send(said);
    }
}

fn failed(why: &str) -> Came {
    Came {
        ok: false,
        text: why.to_owned(),
    }
}

fn shown(arguments: &Arguments) -> String {
    match arguments {
        Arguments::Object(fields) => {
            line(&serde_json::to_string(fields).unwrap_or_default(), SHOWN)
        }
        Arguments::Unreadable(text) => line(text, SHOWN),
    }
}

fn system(person: &UserName, now: Timestamp, marks: &Marks, limits: Limits) -> String {
    PROMPT
        .replace("{person}", person.as_str())
        .replace("{now}", &now.strftime("%A, %Y-%m-%d %H:%M").to_string())
        .replace("{clock}", &now.strftime("%H:%M").to_string())
        .replace("{calls}", &limits.tool_calls.to_string())
        .replace("{tag}", marks.tag())
}
