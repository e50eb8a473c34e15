//! Start-up, in order: data folder, database, people, executor, control loop, feed, listener.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use berth_agent::autopilot::Autopilot;
use berth_api::context::{ApiState, Ground, new_link};
use berth_api::feed::Feed;
use berth_api::terminals::Terminals;
use berth_detect::{Detector, Observer, Surroundings};
use berth_domain::{Role, Rules, UserName};
use berth_executors::{ExecutorEvent, ExecutorHandle, RayConfig, RunConfig, TmuxConfig, ray, tmux};
use berth_orchestrator::{Handle, Settings};
use berth_ray::Ray;
use berth_store::{Store, TokenKind};
use berth_telemetry::LocalGpus;
use tokio::sync::mpsc;

use crate::config::Config;
use crate::identity::login::Logins;
use crate::identity::oidc::Provider;
use crate::identity::pace::Pace;
use crate::inventory::Place;
use crate::listen::Doors;
use crate::web::site::Site;
use crate::{AnyError, clock, crash, inventory, people, telling, web};

pub async fn serve(mut config: Config) -> Result<(), AnyError> {
    log();
    make_private(&config.data)?;
    config.data = fs::canonicalize(&config.data)?;
    let _lock = lock(&config.data)?;
    let site = Site::find(&config.site)?;
    let models = config.endpoints()?;
    let store = Store::open(&config.database()).await?;
    // Before the address is announced: a port of 0 becomes a real one.
    let doors = Doors::open(&config).await?;
    config.addr = doors.address()?.to_string();
    let url = people::public_url(&config);

    let now = clock::now();
    let admin = UserName(config.admin.clone());
    store.ensure_user(&admin, Role::Admin, now).await?;
    let logins = Logins {
        store: store.clone(),
        admin: admin.clone(),
        pace: Pace::default(),
        provider: Provider::configured(&config.oidc, &url)?.map(Arc::new),
        proxies: config.proxies.clone().into(),
    };
    keep_cli_token(&store, &config, &admin).await?;
    fs::write(config.data.join("cli.url"), format!("{url}\n"))?;

    let gpus = inventory::local_gpus(&config);
    let (detector, why) = detect(&mut config, gpus.clone()).await;
    let (events, reports) = mpsc::unbounded_channel();
    let run = RunConfig {
        data_dir: config.data.clone(),
        shim: std::env::current_exe()?,
        server_url: Some(url.clone()),
        log_limit_bytes: config.log_limit_mib * 1024 * 1024,
        gang_grace: config.grace().usual,
        ..RunConfig::default()
    };
    let found = inventory::find(&config, &run, gpus, clock::system()).await?;
    let sentence = format!("{}, {why}", found.sentence);
    let (executor, terminals) = match found.place {
        Place::Ray(ray) => {
            let why = "Jobs run through Ray here, which has no terminals. For a command: berth run; \
                       for its output: berth logs -f; for a look around: ssh to the job's node.";
            let why = why.into();
            let executor = spawn_on_ray(&config, run, ray, events)?;
            (executor, Terminals::Nowhere { why })
        }
        Place::Ssh(hosts) => (hosts.spawn(events)?, Terminals::OnNodes),
        Place::Here => {
            let tmux = TmuxConfig {
                run,
                ..TmuxConfig::default()
            };
            let terminals = Terminals::Tmux {
                host: inventory::hostname().into(),
                socket: Arc::new(tmux.socket()),
            };
            (tmux::spawn(tmux, events)?, terminals)
        }
    };
    let settings = Settings {
        clock: clock::system(),
        rules: Rules {
            retry_base: config.retry_base(),
            ladder: config.ladder()?,
            ..Rules::default()
        },
        cpu_jobs_per_node: config.cpu_jobs_per_node,
        grace: config.grace(),
        health: config.health()?,
        data_dir: config.data.clone(),
        breakpoints: crash::from_env()?,
    };
    let (handle, control) = berth_orchestrator::start(
        store.clone(),
        settings,
        found.nodes,
        found.sampler,
        (executor, reports),
    )
    .await?;
    let epoch = u64::try_from(now.as_millisecond()).unwrap_or(1);
    let feed = Feed::start(handle.clone(), clock::system(), epoch);
    let teller = telling::start(&config, &store, &handle, url.clone())?;
    let campaigns = berth_agent::campaign::start(
        handle.clone(),
        store.clone(),
        config.data.clone(),
        clock::system(),
        models.clone(),
    );
    look_by_itself(&config, &store, &handle)?;
    let data_dir = Arc::new(config.data.clone());
    let api = ApiState {
        handle,
        store: store.clone(),
        feed,
        clock: clock::system(),
        data_dir,
        terminals,
        teller,
        ground: Arc::new(Ground {
            detector,
            kind: found.kind,
            sentence: sentence.clone(),
            heard: found.heard,
        }),
        prices: Arc::new(config.prices.clone()),
        submits: Arc::default(),
        model: models.names().first().map(|name| (*name).into()),
        campaigns,
    };

    println!("Berth {} with {sentence}", env!("CARGO_PKG_VERSION"));
    println!("Data: {}", config.data.display());
    let made = new_link(&store, &url, &admin, now).await?;
    println!("Log in: {}", made.link);
    println!("listening on {url}");

    let app = web::router(
        api,
        logins,
        site,
        models,
        &url,
        config.package_limit_mib * 1024 * 1024,
    );
    tokio::select! {
        result = doors.serve(app) => result?,
        // Open websockets would keep the server up; whatever was promised is on disk already.
        () = async { stop_signal().await; tokio::time::sleep(Duration::from_secs(1)).await } => {}
        // The loop ends by itself only if it panicked.
        _ = control => return Err("the control loop has stopped".into()),
    }
    // Whoever read what was printed may have gone.
    let last = "stopped; running jobs go on and are taken up at the next start";
    let _ = writeln!(std::io::stdout(), "{last}");
    Ok(())
}

/// Starts the autopilot, if it is on.
fn look_by_itself(config: &Config, store: &Store, handle: &Handle) -> Result<(), AnyError> {
    if config.autopilot {
        let autopilot = Autopilot {
            handle: handle.clone(),
            store: store.clone(),
            clock: clock::system(),
            ladder: config.ladder()?,
            every: Duration::from_secs(config.autopilot_every_s),
        };
        tokio::spawn(autopilot.run());
    }
    Ok(())
}

/// To standard error, as much as `RUST_LOG` says.
pub fn log() {
    let asked = tracing_subscriber::EnvFilter::try_from_default_env();
    // A cookie that is no session's is said of each time: whoever sends them would fill the log.
    let usual = "warn,tower_sessions=error,berth=info,server=info";
    let filter = asked.unwrap_or_else(|_| usual.into());
    // It writes what endpoints answer, in which a key may be. What is wrong `berth-models` says.
    let filter = match "genai=off".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// Looks around and, unless it is set, chooses where jobs run; says why.
async fn detect(config: &mut Config, gpus: LocalGpus) -> (Detector, String) {
    let by_hand = config.by_hand();
    let is_set = by_hand.is_some();
    let detector = Detector::new(Observer::new(Surroundings::here(), by_hand, gpus));
    if is_set {
        // What else is here is for whoever asks; nothing waits for it.
        tokio::spawn({
            let detector = detector.clone();
            async move { detector.look().await }
        });
        return (detector, "as asked for".to_owned());
    }
    let (choice, detection) = detector.look().await;
    for signal in &detection.signals {
        tracing::info!(
            signal = signal.name.as_str(),
            found = signal.found,
            "{}",
            signal.sentence
        );
    }
    config.settle(choice);
    (detector, detection.sentence)
}

fn spawn_on_ray(
    config: &Config,
    mut run: RunConfig,
    ray: Ray,
    events: mpsc::UnboundedSender<ExecutorEvent>,
) -> Result<ExecutorHandle, AnyError> {
    if !config.ray_shim.is_empty() {
        run.shim = config.ray_shim.clone().into();
    }
    let ray = RayConfig {
        node_grace: config.node_grace(),
        ..RayConfig::new(run, ray)
    };
    Ok(ray::spawn(ray, events)?)
}

/// Ends on SIGTERM or Ctrl-C.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let term = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = term => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The folder holds tokens and everybody's environment: it is for its owner alone.
fn make_private(folder: &Path) -> Result<(), AnyError> {
    fs::create_dir_all(folder)
        .and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o700)))
        .map_err(|error| format!("cannot use the data folder {}: {error}", folder.display()).into())
}

/// One server a data folder: held until the process ends, however it ends.
fn lock(folder: &Path) -> Result<fs::File, AnyError> {
    let path = folder.join("server.lock");
    let file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(format!(
            "another berth-server uses {}. Stop it, or choose another folder with --data",
            folder.display()
        )
        .into()),
        Err(fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// The token for the CLI on this host, in a file that only its owner can read.
async fn keep_cli_token(store: &Store, config: &Config, admin: &UserName) -> Result<(), AnyError> {
    let path = config.data.join("cli.token");
    let now = clock::now();
    if let Ok(secret) = fs::read_to_string(&path)
        && store.token_user(secret.trim(), now).await?.is_some()
    {
        return Ok(());
    }
    let secret = store
        .create_token(admin, TokenKind::Api, "CLI on this host", None, now)
        .await?;
    let _ = fs::remove_file(&path);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::io::Write::write_all(&mut file, format!("{secret}\n").as_bytes())?;
    Ok(())
}
