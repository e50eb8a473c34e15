//! One endpoint: where it is, what it costs, and how long it may take.

use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use genai::resolver::{AuthData, Endpoint as Address};
use genai::{ModelIden, ServiceTarget};
use reqwest::Url;

use crate::config::{Kind, ModelConfig};
use crate::key::{Key, scrub_alike};

/// What an endpoint says about itself is cut after so many characters.
const SAID: usize = 300;

/// What holds for one question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub total: Duration,
    pub first: Duration,
    pub silence: Duration,
    pub max_tokens: u32,
    pub context_tokens: u32,
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    pub name: String,
    /// As the endpoint calls it.
    pub model: String,
    pub(crate) kind: Kind,
    pub(crate) limits: Limits,
    base: Url,
    key: Option<Key>,
    /// Dollars for a million tokens, which is millionths of a dollar for one.
    price_in: f64,
    price_out: f64,
}

impl Endpoint {
    pub(crate) fn new(
        config: &ModelConfig,
        limits: Limits,
        key: Option<Key>,
    ) -> Result<Self, String> {
        let name = config.name.trim();
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return Err("A name has 1 to 64 characters.".to_owned());
        }
        let model = config.model.trim();
        if model.is_empty() || model.chars().any(char::is_control) {
            return Err("model must say how the endpoint calls its model.".to_owned());
        }
        for (what, price) in [
            ("dollars_in", config.dollars_in),
            ("dollars_out", config.dollars_out),
        ] {
            if !(0.0..=1e6).contains(&price) {
                return Err(format!("{what} must be between 0 and a million dollars."));
            }
        }
        if limits.max_tokens == 0 || limits.context_tokens <= limits.max_tokens {
            return Err("max_tokens must be at least 1 and below context_tokens.".to_owned());
        }
        Ok(Endpoint {
            name: name.to_owned(),
            model: model.to_owned(),
            kind: config.kind,
            limits,
            base: base(&config.base_url)?,
            key,
            price_in: config.dollars_in,
            price_out: config.dollars_out,
        })
    }

    /// Millionths of a dollar, rounded up.
    #[must_use]
    pub fn cost(&self, input: u64, output: u64) -> u64 {
        whole(tokens(input) * self.price_in + tokens(output) * self.price_out)
    }

    /// How many tokens it can be told at once.
    #[must_use]
    pub fn room(&self) -> u64 {
        u64::from(self.limits.context_tokens - self.limits.max_tokens)
    }

    /// How much it may say when there is so much left in millionths of a dollar; `None`: even what it
    /// is told costs more.
    pub(crate) fn affords(&self, left: Option<u64>, input: u64) -> Option<u32> {
        let most = self.limits.max_tokens;
        let Some(left) = left else { return Some(most) };
        let left = left.checked_sub(self.cost(input, 0))?;
        if self.cost(0, most.into()) <= left {
            return Some(most);
        }
        let said = whole((tokens(left) / self.price_out).floor());
        let said = u32::try_from(said).unwrap_or(most).min(most);
        Some(said).filter(|said| *said > 0)
    }

    /// As `genai` wants it.
    pub(crate) fn target(&self) -> ServiceTarget {
        let adapter = match self.kind {
            Kind::Openai => AdapterKind::OpenAI,
            Kind::Anthropic => AdapterKind::Anthropic,
        };
        // What wants no key is sent one that is none: without any nothing is sent at all.
        let key = self.key.as_ref().map_or("none", Key::reveal);
        ServiceTarget {
            endpoint: Address::from_owned(self.base.as_str()),
            auth: AuthData::from_single(key),
            model: ModelIden::new(adapter, self.plain_name()),
        }
    }

    /// `genai` takes the end of some names for a wish (`-high`) and what is before `::` for a provider. A
    /// model that is really called so is named in the body instead: see [`Self::named_in_body`].
    fn plain_name(&self) -> &str {
        if self.is_misread() {
            "model"
        } else {
            &self.model
        }
    }

    pub(crate) fn named_in_body(&self) -> Option<serde_json::Value> {
        self.is_misread()
            .then(|| serde_json::json!({ "model": self.model }))
    }

    fn is_misread(&self) -> bool {
        let (wish, _) = ReasoningEffort::from_model_name(&self.model);
        wish.is_some() || self.model.contains("::")
    }

    /// What an endpoint said, fit to be shown: without keys, on one line, and short.
    pub(crate) fn fit(&self, said: &str) -> String {
        let said = match &self.key {
            Some(key) => key.scrub(said),
            None => said.to_owned(),
        };
        let said = scrub_alike(&said);
        let said = said.replace(char::is_control, " ");
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut short: String = line.chars().take(SAID).collect();
        if short.len() < line.len() {
            short.push('…');
        }
        short
    }

    /// Where it is, for people: without a path or a query.
    pub(crate) fn place(&self) -> String {
        let host = self.base.host_str().unwrap_or("nowhere");
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// With the slash at its end, to which paths are joined.
fn base(text: &str) -> Result<Url, String> {
    let mut url = Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or("base_url is not a URL such as http://127.0.0.1:8000/v1.")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "base_url holds a name or a password: keys go into key_env or key_file.".to_owned(),
        );
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url.set_fragment(None);
    Ok(url)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn tokens(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float that is out of range becomes the nearest number, which is right here"
)]
fn whole(value: f64) -> u64 {
    value.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(change: impl Fn(&mut ModelConfig)) -> Endpoint {
        let mut config = ModelConfig::new("big", "https://llm.lab.example/v1", "m");
        (config.dollars_in, config.dollars_out) = (3.0, 15.0);
        config.max_tokens = 1000;
        change(&mut config);
        config.endpoint(|_| None).unwrap()
    }

    #[test]
    fn a_price_is_for_a_million_tokens() {
        let big = endpoint(|_| {});
        assert_eq!(big.cost(1_000_000, 0), 3_000_000);
        assert_eq!(big.cost(10, 2), 60);
        assert_eq!(
            endpoint(|m| m.dollars_in = 0.15).cost(1, 0),
            1,
            "rounded up"
        );
        let free = endpoint(|m| (m.dollars_in, m.dollars_out) = (0.0, 0.0));
        assert_eq!(free.cost(u64::MAX, u64::MAX), 0);
        assert_eq!(free.affords(Some(0), 1_000_000), Some(1000));
    }

    #[test]
    fn what_is_left_bounds_what_is_said() {
        let big = endpoint(|_| {});
        assert_eq!(big.affords(None, 1), Some(1000));
        assert_eq!(big.affords(Some(1_000_000), 1000), Some(1000));
        assert_eq!(big.affords(Some(3000 + 150), 1000), Some(10));
        assert_eq!(big.affords(Some(3000 + 14), 1000), None);
        assert_eq!(big.affords(Some(2999), 1000), None);
    }

    #[test]
    fn names_that_would_be_misread_are_named_in_the_body() {
        assert_eq!(
            endpoint(|m| m.model = "qwen3-8b".into()).named_in_body(),
            None
        );
        for name in ["team::qwen", "solver-high"] {
            let odd = endpoint(|m| m.model = name.into());
            assert_eq!(odd.named_in_body().unwrap()["model"], name);
        }
    }

    #[test]
    fn what_an_endpoint_says_is_made_fit() {
        let big = endpoint(|_| {});
        assert_eq!(big.fit("a\n\u{7} b  sk-1234567890"), "a b [key]");
        let long = big.fit(&"x".repeat(1000));
        assert_eq!(long.chars().count(), SAID + 1);
    }
}
