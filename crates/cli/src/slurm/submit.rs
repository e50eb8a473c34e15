//! What `sbatch`, `srun` and `salloc` do alike with a job that was translated.

use berth_domain::{Dependency, SubmitRequest};
use jiff::Zoned;

use super::flags::JobFlags;
use super::translate::{Here, Translated, translate};
use super::{exclusive, ids};
use crate::commands::job_args;
use crate::failure::Failure;
use crate::output::note;
use crate::session::Session;

/// The words of a command line, as clap reads them; what it has to say it says, and ends.
pub fn parse<A: clap::Parser>(name: &str, words: &[String]) -> A {
    let words = std::iter::once(name.to_owned()).chain(words.iter().cloned());
    A::parse_from(words)
}

/// This machine, now.
pub fn here() -> Result<Here, Failure> {
    let folder = std::env::current_dir().map_err(|error| {
        Failure::Other(format!(
            "The current folder is gone ({error}); go to another one."
        ))
    })?;
    let host = nix::unistd::gethostname().unwrap_or_default();
    Ok(Here {
        folder,
        host: host.to_string_lossy().into_owned(),
        now: Zoned::now(),
        env: std::env::vars_os().collect(),
    })
}

/// Translates the flags, asks the server for what they refer to, and says what is different here.
pub async fn request(
    session: &Session,
    flags: &JobFlags,
) -> Result<(SubmitRequest, Translated), Failure> {
    let job = translate(flags, &here()?).map_err(Failure::Usage)?;
    if !flags.quiet {
        for line in &job.notes {
            note(line);
        }
    }
    exclusive::check(session, &job).await?;
    let request = SubmitRequest {
        after: after(session, &job).await?,
        idempotency_key: Some(job_args::new_key()),
        ..job.request.clone()
    };
    Ok((request, job))
}

/// What the job waits for: of an array every task.
async fn after(session: &Session, job: &Translated) -> Result<Vec<String>, Failure> {
    let mut all = vec![];
    for after in &job.after {
        for row in ids::rows(session, after.task).await? {
            let one = Dependency {
                job: row.id,
                kind: after.kind,
            };
            all.push(one.to_string());
        }
    }
    Ok(all)
}
