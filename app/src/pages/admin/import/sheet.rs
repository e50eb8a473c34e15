//! The file that is looked at, what a person says of it, and what the server makes of it.

use berth_api::imports::{ImportAnswer, ImportArg, import_apply, import_preview};
use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::Clock;
use crate::texts::imports as t;

/// Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    /// What is said to the server; without a file nothing was chosen yet.
    pub arg: RwSignal<ImportArg>,
    /// What the file is called.
    pub name: RwSignal<Option<String>>,
    pub answer: RwSignal<Option<ImportAnswer>>,
    pub problem: RwSignal<Option<ApiError>>,
    pub asking: RwSignal<bool>,
    /// Of two questions the later one is answered.
    turn: StoredValue<u64>,
    clock: Clock,
}

impl Sheet {
    pub fn new() -> Self {
        Sheet {
            arg: RwSignal::new(ImportArg::default()),
            name: RwSignal::new(None),
            answer: RwSignal::new(None),
            problem: RwSignal::new(None),
            asking: RwSignal::new(false),
            turn: StoredValue::new(0),
            clock: Clock::here(),
        }
    }

    /// Whether there is something to show of it.
    pub fn is_read(self) -> bool {
        self.answer.with(Option::is_some)
    }

    /// Another file: what was said of the columns of the one before is forgotten.
    pub fn take(self, name: &str, text: Option<String>, base64: Option<String>) {
        self.name.set(Some(name.to_owned()));
        self.answer.set(None);
        let zone = self.clock.zone();
        self.arg.update(|arg| {
            arg.text = text;
            arg.base64 = base64;
            arg.columns.clear();
            arg.time_zone.get_or_insert(zone);
        });
        self.look();
    }

    /// A file that is none.
    pub fn refuse(self, name: &str, code: ErrorCode, why: &str) {
        self.turn.update_value(|turn| *turn += 1);
        self.name.set(Some(name.to_owned()));
        self.answer.set(None);
        self.asking.set(false);
        self.problem.set(Some(ApiError::new(code, why)));
    }

    /// Says something of the file, and looks again.
    pub fn say(self, change: impl FnOnce(&mut ImportArg)) {
        self.arg.update(change);
        self.look();
    }

    fn look(self) {
        self.send(false);
    }

    /// Makes what is new.
    pub fn apply(self) {
        if !self.asking.get_untracked() {
            self.send(true);
        }
    }

    fn send(self, apply: bool) {
        self.turn.update_value(|turn| *turn += 1);
        let turn = self.turn.get_value();
        let arg = self.arg.get_untracked();
        self.asking.set(true);
        spawn_local(async move {
            let answer = match apply {
                true => import_apply(arg).await,
                false => import_preview(arg).await,
            };
            // The page was left, or something else was asked since.
            if self.turn.try_get_value() != Some(turn) {
                return;
            }
            self.asking.set(false);
            match answer {
                Ok(answer) => {
                    self.problem.set(None);
                    self.answer.set(Some(answer));
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }

    /// What it is called, for a sentence.
    pub fn called(self) -> Option<String> {
        self.name.get().map(|name| t::looked_at(&name))
    }
}
