//! The talk that is shown, what is typed, and all talks. Cheap to copy.

use berth_api::ApiError;
use berth_api::talks::{
    AskArg, ForgetTalkArg, TalkAnswer, TalkView, TalksAnswer, forget_talk, talks,
};
use berth_domain::{TalkId, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::answering::{Answering, UnderWay};
use super::composer::FIELD;
use super::find;
use super::turn::{Key, Turn};
use crate::clock::wall_seconds;
use crate::components::confirm::Ask;
use crate::pages::agent::desk::{Desk, focus};
use crate::texts::agent::ask as t;

const PATH: &str = "/agent/ask";

/// The page of a talk.
pub fn page_of(talk: TalkId) -> String {
    format!("{PATH}/{talk}")
}

#[derive(Clone, Copy, Debug)]
pub struct Chat {
    pub desk: Desk,
    pub answering: Answering,
    pub talks: RwSignal<TalksAnswer>,
    /// Which talk is shown, as the address has it; empty: a new one.
    pub at: RwSignal<String>,
    pub turns: RwSignal<Vec<Turn>>,
    /// Its turns are on their way; until they are there, those of the one before are shown.
    pub loads: RwSignal<bool>,
    /// Why the talk cannot be shown.
    pub problem: RwSignal<Option<ApiError>>,
    /// What is typed.
    pub draft: RwSignal<String>,
    /// Goes to another address of this page.
    pub go: Callback<String>,
}

impl Chat {
    /// `under_way` is what was being answered when `found` was asked for.
    pub fn new(
        desk: Desk,
        talks: TalksAnswer,
        at: String,
        found: Option<Result<TalkAnswer, ApiError>>,
        under_way: Option<&UnderWay>,
    ) -> Self {
        let navigate = use_navigate();
        let go = Callback::new(move |href: String| {
            let options = NavigateOptions {
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&href, options);
        });
        let chat = Chat {
            desk,
            answering: Answering::here(),
            talks: RwSignal::new(talks),
            at: RwSignal::new(at),
            turns: RwSignal::new(vec![]),
            loads: RwSignal::new(false),
            problem: RwSignal::new(None),
            draft: RwSignal::new(String::new()),
            go,
        };
        if let Some(found) = found {
            chat.show(found, under_way);
        }
        chat
    }

    /// Shows the talk that the address names, whenever that is another one; and which talks there are, once
    /// an answer is over.
    pub fn follow(self, wanted: Memo<String>) {
        Effect::new(move |_| {
            let wanted = wanted.get();
            if self.at.with_untracked(|at| *at != wanted) {
                self.open(wanted);
            }
        });
        Effect::new(move |before: Option<bool>| {
            let answers = self.answering.is_under_way();
            if before == Some(true) && !answers {
                self.list_again();
            }
            answers
        });
    }

    fn open(self, at: String) {
        self.at.set(at.clone());
        self.problem.set(None);
        self.loads.set(!at.is_empty());
        if at.is_empty() {
            self.turns.set(vec![]);
            return;
        }
        let under_way = self.answering.way.get_untracked();
        spawn_local(async move {
            let found = find(&at).await;
            // Another may be shown by now, or nobody looks any more.
            if self.at.try_get_untracked() == Some(at) {
                self.loads.set(false);
                self.show(found, under_way.as_ref());
            }
        });
    }

    fn show(self, found: Result<TalkAnswer, ApiError>, under_way: Option<&UnderWay>) {
        let turns = match found {
            Ok(found) => turns_of(found, under_way),
            Err(error) => {
                self.problem.set(Some(error));
                vec![]
            }
        };
        self.turns.set(turns);
    }

    /// Which talks there are. Where the server does not answer, what is known stays.
    pub fn list_again(self) {
        spawn_local(async move {
            if let Ok(answer) = talks().await {
                // The page may be gone by now.
                self.talks.try_set(answer);
            }
        });
    }

    /// Whether this is a turn of the talk that is shown, and anybody looks.
    pub fn shows(self, turn: &Turn) -> bool {
        let is_there = |turns: &Vec<Turn>| turns.iter().any(|one| one.key == turn.key);
        self.turns.try_with_untracked(is_there).unwrap_or_default()
    }

    /// Whether this talk is the one where an answer is under way.
    pub fn answers_in(self, talk: TalkId) -> bool {
        let in_it = |way: &UnderWay| way.talk == Some(talk);
        self.answering
            .way
            .with(|way| way.as_ref().is_some_and(in_it))
    }

    /// The talk where an answer is under way, where that is another one than is shown.
    pub fn answers_elsewhere(self) -> Option<TalkId> {
        let talk = self.answering.way.with(|way| way.as_ref()?.talk)?;
        let here = self.at.with(|at| *at == talk.to_string());
        (!here).then_some(talk)
    }

    /// Whether an answer is under way in the talk that is shown.
    pub fn answers_here(self) -> bool {
        self.answering.is_under_way() && self.answers_elsewhere().is_none()
    }

    /// Asks what is typed, if anything is, nothing is being answered, and the talk is there.
    pub fn ask(self) {
        let question = self.draft.with_untracked(|draft| draft.trim().to_owned());
        let answers = self.answering.way.with_untracked(Option::is_some);
        if question.is_empty() || answers || self.loads.get_untracked() {
            return;
        }
        let way = UnderWay {
            talk: self.at.with_untracked(|at| at.parse().ok()),
            question: self.said_now(true, question.clone()),
            answer: self.said_now(false, String::new()),
        };
        self.draft.set(String::new());
        self.turns
            .update(|turns| turns.extend([way.question.clone(), way.answer.clone()]));
        self.answering.way.set(Some(way.clone()));
        come_to(&way.question);
        let arg = AskArg {
            question,
            talk: way.talk,
        };
        self.send(arg, way);
    }

    fn said_now(self, by_person: bool, text: String) -> Turn {
        let now = Timestamp::from_second(wall_seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
        Turn::new(self.answering.next_key(), by_person, now, text)
    }

    fn send(self, arg: AskArg, way: UnderWay) {
        #[cfg(feature = "hydrate")]
        super::stream::begin(self, arg, way);
        #[cfg(not(feature = "hydrate"))]
        let _ = (arg, way);
    }

    /// Forgets a talk, after a question.
    pub fn forget(self, talk: &TalkView) {
        let id = talk.id;
        let ask = Ask {
            title: t::forget_asked(&talk.title),
            text: t::FORGET_TOLD.to_owned(),
            verb: t::FORGET_IT,
        };
        let then = Callback::new(move |()| {
            spawn_local(async move {
                match forget_talk(ForgetTalkArg { talk: id }).await {
                    Ok(answer) => self.forgotten(id, answer),
                    Err(error) => self.desk.notices.refuse(&error),
                }
            });
        });
        self.desk.confirm.ask(ask, then);
    }

    fn forgotten(self, talk: TalkId, answer: TalksAnswer) {
        self.desk.notices.say(t::FORGOTTEN);
        // The page may be gone by now.
        self.talks.try_set(answer);
        let at = self.at.try_get_untracked();
        if at.is_some_and(|at| at == talk.to_string()) {
            self.go.run(PATH.to_owned());
        }
        focus(FIELD);
    }
}

/// An answer is kept when it is over: one that was under way when the talk was asked for may have ended since.
fn turns_of(found: TalkAnswer, under_way: Option<&UnderWay>) -> Vec<Turn> {
    let talk = found.talk.id;
    let kept = found.messages.into_iter();
    let mut turns: Vec<Turn> = kept.map(|message| Turn::kept(talk, message)).collect();
    if turns.last().is_some_and(|turn| turn.by_person) {
        let here = under_way.filter(|way| way.talk == Some(talk));
        turns.extend(here.map(|way| way.answer.clone()));
    }
    turns
}

/// The element of a turn.
pub fn element_of(turn: &Turn) -> String {
    match turn.key {
        Key::Kept(talk, number) => format!("turn-{talk}-{number}"),
        Key::Here(number) => format!("turn-{number}"),
    }
}

/// Shows a question with the place where its answer will be.
fn come_to(turn: &Turn) {
    let id = element_of(turn);
    request_animation_frame(move || {
        if let Some(element) = document().get_element_by_id(&id) {
            element.scroll_into_view();
        }
    });
}
