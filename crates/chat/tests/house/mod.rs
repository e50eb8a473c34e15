//! A server of nothing: a door that records what is called and tells a log and nothing else, and books that
//! are kept in memory.

use std::any::Any;
use std::sync::{Arc, Mutex};

use berth_api::logs::LogText;
use berth_api::{ApiError, ErrorCode};
use berth_chat::{Host, SeenCard};
use berth_domain::agent::CardState;
use berth_domain::{CardId, Timestamp};
use berth_mcp::{Door, House};
use rmcp::model::Extensions;
use server_fn::ServerFn;

#[derive(Clone)]
pub struct Recorder {
    log: Arc<str>,
    /// It never answers.
    silent: bool,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Recorder {
    pub fn new(log: &str) -> Self {
        Recorder {
            log: log.into(),
            silent: false,
            calls: Arc::default(),
        }
    }

    pub fn silent() -> Self {
        Recorder {
            silent: true,
            ..Recorder::new("")
        }
    }

    pub fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }
}

impl House for Recorder {
    type Door = Recorder;

    fn door(&self, _: &Extensions) -> Result<Recorder, ApiError> {
        Ok(self.clone())
    }
}

impl Door for Recorder {
    async fn call<F>(&self, _: F) -> Result<F::Output, ApiError>
    where
        F: ServerFn<Error = ApiError> + 'static,
    {
        self.calls.lock().unwrap().push(F::PATH);
        if self.silent {
            std::future::pending::<()>().await;
        }
        let log = LogText {
            job: 17,
            attempt: 1,
            next: self.log.len() as u64,
            total: self.log.len() as u64,
            text: self.log.to_string(),
            ..LogText::default()
        };
        let log: Box<dyn Any> = Box::new(log);
        match log.downcast::<F::Output>() {
            Ok(log) => Ok(*log),
            Err(_) => Err(ApiError::new(ErrorCode::NotFound, "Nothing is here.")),
        }
    }
}

/// The first card that is written has number 5.
#[derive(Clone)]
pub struct Books(Arc<Mutex<Kept>>);

struct Kept {
    budget: Option<u64>,
    spent: u64,
    stopped: Option<String>,
    card: Option<SeenCard>,
}

impl Books {
    pub fn new(budget: Option<u64>) -> Self {
        Books(Arc::new(Mutex::new(Kept {
            budget,
            spent: 0,
            stopped: None,
            card: None,
        })))
    }

    pub fn spent(&self) -> u64 {
        self.0.lock().unwrap().spent
    }

    pub fn stop(&self, why: &str) {
        self.0.lock().unwrap().stopped = Some(why.to_owned());
    }

    pub fn will_write(&self, state: CardState, title: &str) {
        self.0.lock().unwrap().card = Some(SeenCard {
            id: CardId(5),
            state,
            title: title.to_owned(),
        });
    }
}

impl Host for Books {
    fn now(&self) -> Timestamp {
        "2026-11-26T09:40:00Z".parse().unwrap()
    }

    async fn may_go_on(&self) -> Result<(), String> {
        match &self.0.lock().unwrap().stopped {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    async fn left(&self) -> Result<Option<u64>, String> {
        let kept = self.0.lock().unwrap();
        match kept.budget.map(|budget| budget.saturating_sub(kept.spent)) {
            Some(0) => Err("There is nothing left for models".to_owned()),
            left => Ok(left),
        }
    }

    async fn spent(&self, micros: u64) -> Result<(), String> {
        self.0.lock().unwrap().spent += micros;
        Ok(())
    }

    async fn cards(&self, after: Option<CardId>) -> Vec<SeenCard> {
        let Some(after) = after else { return vec![] };
        let card = self.0.lock().unwrap().card.clone();
        card.into_iter().filter(|card| card.id > after).collect()
    }
}
