//! Configuration: defaults < `berth.toml` < `BERTH_*` < flags.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use berth_api::analytics::Prices;
use berth_detect::{ByHand, Choice};
use berth_domain::Ladder;
use berth_executors::ssh;
use berth_health::{RuleChange, Rules};
use berth_models::{Endpoints, ModelConfig};
use berth_orchestrator::Grace;
use figment::providers::{Env, Format, Serialized, Toml};
use figment::{Figment, Source};
use serde::{Deserialize, Serialize};

use crate::AnyError;
use crate::args::Flags;
use crate::identity::oidc::OidcConfig;

/// Everything that can be set. The field's name is the key in `berth.toml`, and in capitals after
/// `BERTH_` the environment variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub addr: String,
    /// Where database, logs and run folders are kept.
    pub data: PathBuf,
    /// `NxG`: pretend to have this hardware. Where none of `simulate`, `ray`, `ssh` and `local` is set, the
    /// server looks around and chooses.
    pub simulate: String,
    /// `http://HEAD:8265`: run jobs on this Ray cluster. The data folder must then be on a file
    /// system that all its nodes see. Ray's token is taken from where Ray takes it:
    /// `RAY_AUTH_TOKEN`, `RAY_AUTH_TOKEN_PATH`, `~/.ray/auth_token`.
    pub ray: String,
    /// Run jobs on this host's own GPUs, whatever else is there.
    pub local: bool,
    /// The NVIDIA driver's library. Empty: `libnvidia-ml.so.1`, as drivers install it. In the
    /// environment also `BERTH_NVML_LIB`.
    pub nvml: String,
    /// Where Ray's nodes find this binary. Empty: where it is here.
    pub ray_shim: String,
    /// `host1,host2`: run jobs on these hosts, reached over SSH as `ssh` reaches them for the user
    /// that the server runs as. Nothing has to be installed there but tmux.
    pub ssh: String,
    /// The file that `ssh` is told to use in place of `~/.ssh/config`. Empty: that one.
    pub ssh_config: String,
    /// How long a node of Ray, or a host, may be away before what ran on it is lost, in seconds.
    pub node_grace_s: f64,
    /// The URL that people reach the server by. Empty: `http://` and the address.
    pub url: String,
    /// `/run/berth/berth.sock`: where people on this host reach the server without a login, each as whom
    /// they are here. Empty: `berth.sock` in the data folder, for who can look into it.
    pub socket: String,
    /// Certificate and key, in PEM, to be reached by HTTPS without a proxy. Empty: HTTP.
    pub tls_cert: String,
    pub tls_key: String,
    /// Addresses of proxies that say truly, as `X-Forwarded-For`, whom they were called by.
    pub proxies: Vec<IpAddr>,
    /// Single sign-on: see docs/people.md.
    pub oidc: OidcConfig,
    /// Who is admin from the first start on.
    pub admin: String,
    /// Between SIGTERM and SIGKILL, in seconds; at a time limit as long also before SIGTERM.
    pub grace_s: f64,
    /// How long a job that is preempted has to save its work before SIGTERM, in seconds, if it did not
    /// say how long it takes.
    pub preempt_grace_s: f64,
    /// The pause before the first retry of a failed job, in seconds; doubled for each further one.
    pub retry_base_s: f64,
    /// Of each rank's log, in MiB; of a longer one head and tail are kept.
    pub log_limit_mib: u64,
    /// Of an uploaded folder, compressed, in MiB.
    pub package_limit_mib: u64,
    /// How many jobs without GPUs one node runs at once.
    pub cpu_jobs_per_node: u32,
    /// What is looked for, by rule: see docs/alerts.md. `[alerts.temperature]` with `on`, `limit`,
    /// `lasts_s`, `shown_s`.
    pub alerts: BTreeMap<String, RuleChange>,
    /// How far Berth goes by itself when nobody answers for a job that holds GPUs without work:
    /// `ask`, `preemptible`, `checkpoint` or `requeue`.
    pub idle_ladder: String,
    /// How long it waits for an answer before each further step, in seconds.
    pub idle_ladder_step_s: u64,
    /// Whether Berth looks by itself for what should be done: see docs/autopilot.md. How far each rule goes
    /// is set apart.
    pub autopilot: bool,
    /// How often it looks, in seconds.
    pub autopilot_every_s: u64,
    /// The server that mail is sent through: `smtp://HOST:25`, `smtps://USER:PASSWORD@HOST`. Empty: no
    /// mail.
    pub notify_smtp: String,
    /// Whom mail is from.
    pub notify_from: String,
    /// A Slack incoming webhook where the whole team is told of alerts. Empty: none.
    pub notify_slack: String,
    /// A webhook that is told the same, and what its messages are signed with. Empty: none.
    pub notify_webhook: String,
    pub notify_webhook_secret: String,
    /// What a kilowatt-hour and an hour of a GPU cost, for the page `/history`: `[prices]` with `kwh`,
    /// `gpu_hour`, `currency`. What is not set is not counted.
    pub prices: Prices,
    /// The language models that the assistant asks, in this order: `[[models]]`, see docs/models.md.
    pub models: Vec<ModelConfig>,
    /// Where the built pages are. Empty: found beside the binary.
    pub site: String,
}

const KEYS: [&str; 31] = [
    "addr",
    "data",
    "simulate",
    "ray",
    "local",
    "nvml",
    "ray_shim",
    "ssh",
    "ssh_config",
    "node_grace_s",
    "url",
    "socket",
    "tls_cert",
    "tls_key",
    "admin",
    "grace_s",
    "preempt_grace_s",
    "retry_base_s",
    "log_limit_mib",
    "package_limit_mib",
    "cpu_jobs_per_node",
    "idle_ladder",
    "idle_ladder_step_s",
    "autopilot",
    "autopilot_every_s",
    "notify_smtp",
    "notify_from",
    "notify_slack",
    "notify_webhook",
    "notify_webhook_secret",
    "site",
];

/// Another name of `BERTH_NVML`, as scripts know it.
const NVML_LIB: &str = "BERTH_NVML_LIB";

impl Default for Config {
    fn default() -> Self {
        Config {
            addr: "127.0.0.1:3000".to_owned(),
            data: default_data(),
            simulate: String::new(),
            ray: String::new(),
            local: false,
            nvml: String::new(),
            ray_shim: String::new(),
            ssh: String::new(),
            ssh_config: String::new(),
            node_grace_s: 60.0,
            url: String::new(),
            socket: String::new(),
            tls_cert: String::new(),
            tls_key: String::new(),
            proxies: Vec::new(),
            oidc: OidcConfig::default(),
            admin: "admin".to_owned(),
            grace_s: 10.0,
            preempt_grace_s: 60.0,
            retry_base_s: 10.0,
            log_limit_mib: 256,
            package_limit_mib: 100,
            cpu_jobs_per_node: 16,
            alerts: BTreeMap::new(),
            idle_ladder: "ask".to_owned(),
            idle_ladder_step_s: 1800,
            autopilot: true,
            autopilot_every_s: 30,
            notify_smtp: String::new(),
            notify_from: "berth@localhost".to_owned(),
            notify_slack: String::new(),
            notify_webhook: String::new(),
            notify_webhook_secret: String::new(),
            prices: Prices::default(),
            models: Vec::new(),
            site: String::new(),
        }
    }
}

/// `$XDG_DATA_HOME/berth` or `~/.local/share/berth`.
fn default_data() -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = absolute("XDG_DATA_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
        .unwrap_or_else(|| PathBuf::from("."));
    base.join("berth")
}

/// The configuration and where it comes from.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    figment: Figment,
}

/// # Errors
/// A sentence that names the key, its origin and what is wrong with it.
pub fn load(flags: &Flags) -> Result<Loaded, AnyError> {
    let file = match &flags.config {
        Some(file) if !file.is_file() => {
            return Err(format!("there is no configuration file {}", file.display()).into());
        }
        Some(file) => Toml::file_exact(file),
        None => Toml::file("berth.toml"),
    };
    let figment = Figment::new()
        .merge(Serialized::defaults(Config::default()))
        .merge(file)
        .merge(Env::prefixed("BERTH_").only(&KEYS))
        .merge(Env::raw().only(&[NVML_LIB]).map(|_| "nvml".into()))
        .merge(Serialized::defaults(flags));
    let config: Config = figment.extract().map_err(|error| {
        let each: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
        format!("the configuration is wrong: {}", each.join("; "))
    })?;
    let day = 0.0..=86_400.0;
    if !day.contains(&config.grace_s) || !day.contains(&config.preempt_grace_s) {
        let sentence = "grace_s and preempt_grace_s must be between 0 and 86400 seconds";
        return Err(sentence.into());
    }
    if !(config.retry_base_s.is_finite() && (0.0..=86_400.0).contains(&config.retry_base_s)) {
        return Err("retry_base_s must be between 0 and 86400 seconds".into());
    }
    if !day.contains(&config.node_grace_s) {
        return Err("node_grace_s must be between 0 and 86400 seconds".into());
    }
    let by_hand = [
        !config.ray.is_empty(),
        !config.ssh.is_empty(),
        !config.simulate.is_empty(),
        config.local,
    ];
    if by_hand.into_iter().filter(|set| *set).count() > 1 {
        return Err(
            "ray, ssh, simulate and local exclude each other: jobs run on one of them".into(),
        );
    }
    if !config.ssh.is_empty() {
        ssh::parse_hosts(&config.ssh)?;
    }
    let price = |price: Option<f64>| price.is_none_or(|price| price.is_finite() && price >= 0.0);
    if !price(config.prices.kwh) || !price(config.prices.gpu_hour) {
        return Err("prices: kwh and gpu_hour are amounts of 0 or more".into());
    }
    if config.autopilot_every_s == 0 {
        return Err("autopilot_every_s must be at least 1".into());
    }
    if config.tls_cert.is_empty() != config.tls_key.is_empty() {
        return Err("tls_cert and tls_key belong together: set both, or neither".into());
    }
    // Said now, and not when it is first needed.
    config.health()?;
    config.ladder()?;
    Ok(Loaded { config, figment })
}

impl Config {
    /// What is looked for.
    pub fn health(&self) -> Result<Rules, AnyError> {
        Rules::changed(&self.alerts).map_err(|why| format!("alerts: {why}").into())
    }

    /// The language models, with their keys; also that of `BERTH_LLM_BASE_URL`.
    pub fn endpoints(&self) -> Result<Endpoints, AnyError> {
        let env = |name: &str| std::env::var(name).ok();
        Ok(Endpoints::configured(&self.models, env)?)
    }

    /// What Berth does by itself when nobody answers.
    pub fn ladder(&self) -> Result<Ladder, AnyError> {
        if self.idle_ladder_step_s == 0 {
            return Err("idle_ladder_step_s must be at least 1".into());
        }
        let top = self.idle_ladder.parse();
        Ok(Ladder {
            top: top.map_err(|why: String| format!("idle_ladder: {why}"))?,
            every: Duration::from_secs(self.idle_ladder_step_s),
        })
    }

    /// Where jobs run, if a person said so.
    pub fn by_hand(&self) -> Option<ByHand> {
        if !self.ray.is_empty() {
            return Some(ByHand::Ray(self.ray.clone()));
        }
        if !self.ssh.is_empty() {
            return Some(ByHand::Ssh(self.hosts()));
        }
        if !self.simulate.is_empty() {
            return Some(ByHand::Simulate(self.simulate.clone()));
        }
        self.local.then_some(ByHand::Local)
    }

    /// As if what was chosen had been set.
    pub fn settle(&mut self, choice: Choice) {
        match choice {
            Choice::Ray { address } => self.ray = address,
            Choice::Simulated { size } => self.simulate = size,
            Choice::Local => self.local = true,
            Choice::Ssh { hosts } => self.ssh = hosts.join(","),
        }
    }

    /// The hosts over SSH, as they were when the configuration was read.
    pub fn hosts(&self) -> Vec<String> {
        ssh::parse_hosts(&self.ssh).unwrap_or_default()
    }

    pub fn grace(&self) -> Grace {
        Grace {
            usual: Duration::from_secs_f64(self.grace_s),
            preempted: Duration::from_secs_f64(self.preempt_grace_s),
        }
    }

    pub fn node_grace(&self) -> Duration {
        Duration::from_secs_f64(self.node_grace_s)
    }

    pub fn retry_base(&self) -> Duration {
        Duration::from_secs_f64(self.retry_base_s)
    }

    pub fn database(&self) -> PathBuf {
        self.data.join("berth.db")
    }
}

impl Loaded {
    /// Prints each key, its value and its origin.
    pub fn print(&self, json: bool) -> Result<(), AnyError> {
        let values = serde_json::to_value(&self.config)?;
        let rows = KEYS.map(|key| (key, values[key].clone(), self.origin(key)));
        if json {
            let object: serde_json::Map<String, serde_json::Value> = rows
                .into_iter()
                .map(|(key, value, origin)| {
                    (
                        key.to_owned(),
                        serde_json::json!({ "value": value, "origin": origin }),
                    )
                })
                .collect();
            println!("{}", serde_json::to_string_pretty(&object)?);
        } else {
            for (key, value, origin) in rows {
                println!("{key:<18} {:<40} {origin}", value.to_string());
            }
        }
        Ok(())
    }

    fn origin(&self, key: &str) -> String {
        let Some(metadata) = self.figment.find_metadata(key) else {
            return "default".to_owned();
        };
        if metadata.name.contains("environment") {
            if key == "nvml" && std::env::var_os(NVML_LIB).is_some() {
                return format!("environment {NVML_LIB}");
            }
            return format!("environment BERTH_{}", key.to_uppercase());
        }
        match &metadata.source {
            Some(Source::File(path)) => format!("file {}", path.display()),
            _ if metadata.name.contains("Flags") => format!("flag --{key}"),
            _ => "default".to_owned(),
        }
    }
}
