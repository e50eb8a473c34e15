//! `berth`: the queue from a shell. A client of the server functions and nothing else.
//!
//! Exit codes: 0 done, 1 refused, 2 wrong usage, 3 server unreachable; `berth run` ends with the
//! job's own.

mod args;
mod commands;
mod connect;
mod failure;
mod follow;
mod login_file;
mod output;
mod package;
mod session;
mod slurm;
mod suggest;
mod table;
mod terminal;
mod time;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Verb};
use crate::failure::Failure;
use crate::session::Session;

fn main() -> ExitCode {
    let Cli {
        connection,
        json,
        verb,
    } = line();
    // These need no server.
    if let Verb::Completions(args) = verb {
        return commands::completions::run(&args);
    }
    if let Verb::Man(args) = verb {
        let result = commands::man::run(&args);
        return result.map_or_else(|failure| failure.report(json), |()| ExitCode::SUCCESS);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Other(format!("cannot start: {error}.")).report(json),
    };
    let result = runtime.block_on(async {
        match &verb {
            Verb::Login(args) => {
                commands::login::run(&connection, args).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Verb::Logout => {
                commands::login::forget()?;
                return Ok(ExitCode::SUCCESS);
            }
            _ => {}
        }
        let session = Session::open(&connection, json)?;
        commands::run(verb, &session).await
    });
    // A request that still waits for its answer must not hold up the end.
    runtime.shutdown_background();
    result.unwrap_or_else(|failure| failure.report(json))
}

/// What is to be done: a verb of ours, or one of Slurm's commands where we are called by its name.
fn line() -> Cli {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    let Some(name) = slurm::called_as(&program) else {
        return Cli::parse();
    };
    let words = words.map(|word| word.to_string_lossy().into_owned());
    Cli::slurm(name, words.collect())
}
