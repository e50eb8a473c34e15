//! `berth-server`: configuration, start-up, identity and routes around the library crates.

mod agent;
mod args;
mod clock;
mod config;
mod crash;
mod identity;
mod inventory;
mod listen;
mod node;
mod people;
mod picture;
mod replay;
mod serve;
mod simulate;
mod telling;
mod web;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};

fn main() -> ExitCode {
    // The shim is started for every rank of every job: before anything that costs time. Neither it
    // nor the agent reads any configuration.
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(verb), Some(folder)) = (arguments.next(), arguments.next()) {
        match verb.to_str() {
            Some("shim") => return berth_executors::shim::main(Path::new(&folder)),
            Some("agent") => return agent::main(Path::new(&folder)),
            Some("follow") => return berth_executors::shim::follow(&folder.to_string_lossy()),
            _ => {}
        }
    }
    let args = Args::parse();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("berth-server: {error}");
            ExitCode::FAILURE
        }
    }
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn run(args: Args) -> Result<(), AnyError> {
    let loaded = config::load(&args.settings)?;
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
    };
    match args.verb {
        Verb::Serve => runtime()?.block_on(serve::serve(loaded.config)),
        Verb::Config { json } => loaded.print(json),
        Verb::LoginLink { user } => runtime()?.block_on(people::login_link(&loaded.config, user)),
        Verb::NodeToken(args) => runtime()?.block_on(people::node_token(&loaded.config, args)),
        Verb::User(verb) => runtime()?.block_on(people::user(&loaded.config, verb)),
        Verb::Simulate(args) => simulate::run(&args),
        Verb::Replay(args) => runtime()?.block_on(replay::run(&loaded.config, &args)),
        Verb::Node(args) => node::run(&loaded.config, args),
        Verb::Shim { folder } | Verb::Agent { folder } => {
            Err(format!("no run folder at {}", folder.display()).into())
        }
        Verb::Follow { who } => Err(format!("'{who}' is not PID:STARTED").into()),
    }
}
