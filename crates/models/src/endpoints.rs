//! Several endpoints, asked in order: the next where one does not answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use genai::Client;
use reqwest::redirect::Policy;
use tokio::time::{Instant, sleep};

use crate::bill::Bill;
use crate::call::call;
use crate::config::NotUsable;
use crate::endpoint::Endpoint;
use crate::prompt::{Called, Prompt};
use crate::trouble::Trouble;

/// How often one endpoint is asked.
const TRIES: usize = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(10);

/// All that can be asked. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    client: Client,
    all: Arc<[Endpoint]>,
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter()).finish()
    }
}

/// What a model said, and what it wants to have called.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub text: String,
    pub calls: Vec<Called>,
    /// It had more to say than it may at once.
    pub cut: bool,
    /// Which endpoint answered.
    pub model: String,
}

impl Endpoints {
    /// Asked in this order.
    ///
    /// # Errors
    /// When this host has nothing to make connections with.
    pub fn new(all: Vec<Endpoint>) -> Result<Self, NotUsable> {
        // Where an endpoint sends us elsewhere the key would go along.
        let http = reqwest::Client::builder()
            .user_agent(concat!("berth/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .build()
            .map_err(|error| NotUsable(format!("models: connections cannot be made: {error}.")))?;
        let client = Client::builder().with_reqwest(http).build();
        let client =
            client.map_err(|_| NotUsable("models: connections cannot be made.".to_owned()))?;
        Ok(Endpoints {
            client,
            all: all.into(),
        })
    }

    /// Whether there is nobody to ask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// In the order in which they are asked.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.all
            .iter()
            .map(|endpoint| endpoint.name.as_str())
            .collect()
    }

    /// How many tokens each of them can be told at once.
    #[must_use]
    pub fn room(&self) -> u64 {
        self.all
            .iter()
            .map(Endpoint::room)
            .min()
            .unwrap_or_default()
    }

    /// Asks until one answers. `left` is what it may cost, in millionths of a dollar; `heard` gets the
    /// text as it comes. Once something was heard nobody else is asked: what was said stays said.
    ///
    /// The bill is right whatever happens, also where this is given up in the middle.
    ///
    /// # Errors
    /// Why the last one did not answer.
    pub async fn ask(
        &self,
        prompt: &Prompt,
        left: Option<u64>,
        bill: &mut Bill,
        mut heard: impl FnMut(&str) + Send,
    ) -> Result<Answer, Trouble> {
        let before = bill.count().micros;
        let mut last = Trouble::None;
        for endpoint in self.all.iter() {
            let mut spoke = false;
            let mut ear = |text: &str| {
                spoke = true;
                heard(text);
            };
            let asked = self.ask_one(endpoint, prompt, (left, before), bill, &mut ear);
            match asked.await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => {
                    tracing::warn!(%trouble, "a model does not answer");
                    if spoke {
                        return Err(trouble);
                    }
                    last = trouble;
                }
            }
        }
        Err(last)
    }

    async fn ask_one(
        &self,
        endpoint: &Endpoint,
        prompt: &Prompt,
        (left, before): (Option<u64>, u64),
        bill: &mut Bill,
        ear: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Answer, Trouble> {
        let until = Instant::now() + endpoint.limits.total;
        let mut pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(TRIES - 1)
            .with_jitter()
            .build();
        loop {
            let spent = bill.count().micros - before;
            let left = left.map(|left| left.saturating_sub(spent));
            let Some(max_tokens) = endpoint.affords(left, prompt.tokens()) else {
                let name = endpoint.name.clone();
                return Err(Trouble::TooDear { name });
            };
            let mut spoke = false;
            let mut here = |text: &str| {
                spoke = true;
                ear(text);
            };
            let asked = call(
                &self.client,
                endpoint,
                prompt,
                (max_tokens, until),
                bill,
                &mut here,
            );
            let trouble = match asked.await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => trouble,
            };
            if spoke || !trouble.may_pass() {
                return Err(trouble);
            }
            let Some(pause) = pauses.next() else {
                return Err(trouble);
            };
            let pause = trouble
                .retry_after()
                .map_or(pause, |after| after.max(pause));
            // Who wants to be left alone for longer than there is time is not asked again.
            if Instant::now() + pause >= until {
                return Err(trouble);
            }
            sleep(pause).await;
        }
    }
}
