//! Endpoints as they are configured: `[[models]]` in `berth.toml`, and one more from `BERTH_LLM_…`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Endpoint, Limits};
use crate::endpoints::Endpoints;
use crate::key::Key;

/// In the environment; together they are one endpoint, which is asked before all others.
const BASE_URL: &str = "BERTH_LLM_BASE_URL";
const MODEL: &str = "BERTH_LLM_MODEL";
const API_KEY: &str = "BERTH_LLM_API_KEY";

/// Variables of this kind are not handed to jobs; all others are.
const OURS: &str = "BERTH_";

/// Which protocol an endpoint speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Chat completions, as vLLM, Ollama and most hosted models have them.
    #[default]
    Openai,
    /// Anthropic's messages.
    Anthropic,
}

/// One of `[[models]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// What people call it.
    pub name: String,
    /// `http://127.0.0.1:8000/v1`.
    pub base_url: String,
    /// As the endpoint calls it.
    pub model: String,
    #[serde(default)]
    pub kind: Kind,
    /// The variable that holds its key: `BERTH_…`, since all others are handed to jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// The file that holds its key, mode 0600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Dollars for a million tokens of what it is told and of what it says; left out: nothing.
    #[serde(default)]
    pub dollars_in: f64,
    #[serde(default)]
    pub dollars_out: f64,
    /// How long one question to it may take in all, with all tries.
    #[serde(default = "timeout_s")]
    pub timeout_s: f64,
    /// How long it may think before it says anything.
    #[serde(default = "first_token_s")]
    pub first_token_s: f64,
    /// How long it may pause while it speaks.
    #[serde(default = "silence_s")]
    pub silence_s: f64,
    /// It says no more than this at once.
    #[serde(default = "max_tokens")]
    pub max_tokens: u32,
    /// What it can be told at once, with what it says.
    #[serde(default = "context_tokens")]
    pub context_tokens: u32,
}

fn timeout_s() -> f64 {
    180.0
}

fn first_token_s() -> f64 {
    90.0
}

fn silence_s() -> f64 {
    30.0
}

fn max_tokens() -> u32 {
    4096
}

fn context_tokens() -> u32 {
    64_000
}

/// Why the configuration cannot be used: a whole sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUsable(pub String);

impl ModelConfig {
    /// One with what is needed, and the rest as usual.
    #[must_use]
    pub fn new(name: &str, base_url: &str, model: &str) -> Self {
        ModelConfig {
            name: name.to_owned(),
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            kind: Kind::default(),
            key_env: None,
            key_file: None,
            dollars_in: 0.0,
            dollars_out: 0.0,
            timeout_s: timeout_s(),
            first_token_s: first_token_s(),
            silence_s: silence_s(),
            max_tokens: max_tokens(),
            context_tokens: context_tokens(),
        }
    }

    /// The endpoint, with its key; `env` looks up a variable.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn endpoint(&self, env: impl Fn(&str) -> Option<String>) -> Result<Endpoint, NotUsable> {
        let key = match (&self.key_env, &self.key_file) {
            (Some(_), Some(_)) => Err("Set key_env or key_file, not both.".to_owned()),
            (Some(name), None) => from_env(name, env).map(Some),
            (None, Some(file)) => Key::read(file).map(Some),
            (None, None) => Ok(None),
        };
        let made = key.and_then(|key| self.with_key(key));
        made.map_err(|why| NotUsable(format!("models, {}: {why}", self.name)))
    }

    fn with_key(&self, key: Option<Key>) -> Result<Endpoint, String> {
        let seconds = |what: &str, value: f64| {
            if value.is_finite() && value > 0.0 && value <= 3600.0 {
                return Ok(std::time::Duration::from_secs_f64(value));
            }
            Err(format!(
                "{what} must be above 0 and no more than 3600 seconds."
            ))
        };
        let limits = Limits {
            total: seconds("timeout_s", self.timeout_s)?,
            first: seconds("first_token_s", self.first_token_s)?,
            silence: seconds("silence_s", self.silence_s)?,
            max_tokens: self.max_tokens,
            context_tokens: self.context_tokens,
        };
        Endpoint::new(self, limits, key)
    }
}

fn from_env(name: &str, env: impl Fn(&str) -> Option<String>) -> Result<Key, String> {
    if !name.starts_with(OURS) {
        return Err(format!(
            "The variable {name} would be handed to jobs with the rest of the environment. Give it a name that \
             begins with {OURS}, which is not, or use key_file."
        ));
    }
    let text = env(name).ok_or_else(|| format!("The variable {name} is not set."))?;
    Key::new(&text).map_err(|why| format!("{why} It was read from {name}."))
}

/// The endpoint that the environment names, if it names one.
fn of_environment(env: impl Fn(&str) -> Option<String>) -> Option<ModelConfig> {
    let set = |name: &str| {
        env(name)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
    };
    let base_url = set(BASE_URL)?;
    let of_anthropic = base_url.contains("://api.anthropic.com");
    Some(ModelConfig {
        kind: if of_anthropic {
            Kind::Anthropic
        } else {
            Kind::Openai
        },
        key_env: set(API_KEY).map(|_| API_KEY.to_owned()),
        ..ModelConfig::new("environment", &base_url, &set(MODEL).unwrap_or_default())
    })
}

impl Endpoints {
    /// Those of the environment and of the configuration, in the order in which they are asked; there
    /// may be none.
    ///
    /// # Errors
    /// What is wrong with which.
    pub fn configured(
        models: &[ModelConfig],
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, NotUsable> {
        let first = of_environment(&env);
        if first.as_ref().is_some_and(|first| first.model.is_empty()) {
            return Err(NotUsable(format!(
                "{BASE_URL} is set, and {MODEL} is not: name the model."
            )));
        }
        let all = first.iter().chain(models);
        let all = all.map(|model| model.endpoint(&env));
        Endpoints::new(all.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_environment_is_one_endpoint_before_all_others() {
        let set = [
            (BASE_URL, "http://127.0.0.1:8000/v1"),
            (MODEL, "qwen"),
            (API_KEY, "geheim"),
        ];
        let other = ModelConfig::new("other", "https://llm.lab.example/v1", "big");
        let both = Endpoints::configured(std::slice::from_ref(&other), env(&set)).unwrap();
        assert_eq!(both.names(), ["environment", "other"]);
        assert!(!format!("{both:?}").contains("geheim"));
        let one = Endpoints::configured(&[other], env(&[])).unwrap();
        assert_eq!(one.names(), ["other"]);
        assert!(Endpoints::configured(&[], env(&[])).unwrap().is_empty());
        let why = Endpoints::configured(&[], env(&set[..1])).unwrap_err();
        assert!(why.to_string().contains(MODEL), "{why}");
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let wrong = |change: &dyn Fn(&mut ModelConfig)| {
            let mut model = ModelConfig::new("big", "https://llm.lab.example/v1", "m");
            change(&mut model);
            let set = [("BERTH_KEY", "geheim"), ("OPENAI_API_KEY", "geheim")];
            let why = model.endpoint(env(&set)).unwrap_err().to_string();
            assert!(
                why.starts_with("models, big: ") && !why.contains("geheim"),
                "{why}"
            );
            why
        };
        assert!(wrong(&|m| m.base_url = "llm.lab".into()).contains("is not a URL"));
        assert!(
            wrong(&|m| m.base_url = "https://me:geheim@llm.lab/v1".into()).contains("key_file")
        );
        assert!(wrong(&|m| m.key_env = Some("OPENAI_API_KEY".into())).contains("handed to jobs"));
        assert!(wrong(&|m| m.key_env = Some("BERTH_NONE".into())).contains("is not set"));
        assert!(wrong(&|m| m.key_file = Some("/nowhere".into())).contains("cannot be read"));
        assert!(wrong(&|m| m.timeout_s = 0.0).contains("timeout_s"));
        assert!(wrong(&|m| m.dollars_in = -1.0).contains("dollars_in"));
        assert!(wrong(&|m| m.max_tokens = 0).contains("max_tokens"));
        assert!(wrong(&|m| m.model = " ".into()).contains("model"));
        assert!(
            serde_json::from_str::<ModelConfig>(
                r#"{"name":"a","base_url":"b","model":"c","key":"d"}"#
            )
            .is_err()
        );
    }
}
