//! Submits a command for one GPU, shows what becomes of it, and cancels it on Ctrl-C.
//!
//!     BERTH_URL=… BERTH_TOKEN=… cargo run -p berth-api --features native --example submit_and_follow -- python train.py

use std::pin::pin;

use berth_api::jobs::{CancelJob, JobArg, SubmitJob};
use berth_api::{ApiError, Berth, Happening};
use berth_domain::SubmitRequest;

#[tokio::main]
async fn main() -> Result<(), ApiError> {
    let berth = Berth::from_env()?;
    let command = std::env::args().skip(1).collect();
    let request = SubmitRequest {
        command,
        gpus: Some(1),
        ..SubmitRequest::default()
    };
    let id = berth.call(SubmitJob { body: request }).await?.job.id;
    println!("job {id}");
    let mut job = berth.follow(id);
    // Made once: a Ctrl-C that comes while a line is printed counts.
    let (mut stop, mut stops) = (pin!(tokio::signal::ctrl_c()), false);
    loop {
        let next = tokio::select! {
            next = job.next() => next?,
            _ = &mut stop, if !stops => {
                stops = true;
                berth.call(CancelJob { body: JobArg { id } }).await?;
                continue;
            }
        };
        match next {
            Some(Happening::State(job)) => println!(
                "{}",
                job.outcome_text.as_deref().unwrap_or(job.state.as_str())
            ),
            Some(Happening::Log(piece)) => print!("{}", piece.text),
            None => return Ok(()),
        }
    }
}
