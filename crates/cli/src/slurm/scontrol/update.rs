//! `scontrol update`: change a job, or take a node out of use and back.

use berth_api::cluster::{Cordon, CordonArg, PlaceArg, Uncordon};
use berth_api::jobs::{UpdateArg, UpdateJob};
use berth_domain::JobId;
use jiff::Zoned;

use super::super::{dependency, hostlist, ids, times, translate};
use crate::failure::Failure;
use crate::session::Session;

pub async fn run(session: &Session, words: &[String]) -> Result<(), Failure> {
    let pairs = pairs(words).map_err(Failure::Usage)?;
    let of = |name: &str| {
        let found = pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    if let Some(nodes) = of("nodename") {
        return node(session, &nodes, of("state"), of("reason")).await;
    }
    let Some(jobs) = of("jobid").or_else(|| of("job")) else {
        return Err(Failure::Usage(
            "scontrol update: name a job or a node: JobId=17 or NodeName=node-1.".to_owned(),
        ));
    };
    let now = Zoned::now();
    let change = body(&pairs, &now).map_err(Failure::Usage)?;
    let mut after = vec![];
    if let Some(text) = of("dependency").filter(|text| !text.is_empty()) {
        for one in dependency::read(&text).map_err(Failure::Usage)? {
            for row in ids::rows(session, one.task).await? {
                after.push(format!("{}:{}", one.kind.as_str(), row.id));
            }
        }
    }
    let after = of("dependency").map(|_| after);
    for task in ids::list(&jobs).map_err(Failure::Usage)? {
        for row in ids::rows(session, task).await? {
            let body = UpdateArg {
                id: row.id,
                after: after.clone(),
                ..change.clone()
            };
            session.once(session.berth.call(UpdateJob { body })).await?;
        }
    }
    Ok(())
}

/// `Name=value`, names in small letters; what has no `=` belongs to the value before it.
fn pairs(words: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut pairs: Vec<(String, String)> = vec![];
    for word in words {
        match (word.split_once(['=']), pairs.last_mut()) {
            (Some((name, value)), _) => {
                let name = name.trim_end_matches('+').to_lowercase();
                pairs.push((name, value.to_owned()));
            }
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => return Err(format!("'{word}' is not NAME=VALUE.")),
        }
    }
    Ok(pairs)
}

/// What is to change of a job, but for what it waits for.
fn body(pairs: &[(String, String)], now: &Zoned) -> Result<UpdateArg, String> {
    let mut body = UpdateArg::of(JobId(0));
    let number = |name: &str, text: &str| {
        let least = text.split('-').next().unwrap_or(text);
        least
            .parse::<i64>()
            .map_err(|_| format!("{name}={text}: write a number."))
    };
    for (name, value) in pairs {
        match name.as_str() {
            "jobid" | "job" | "dependency" => {}
            "timelimit" if value.starts_with(['+', '-']) => {
                return Err(format!(
                    "TimeLimit={value}: write the whole limit, not what is added to it."
                ));
            }
            "timelimit" => body.time_limit = Some(translate::limit(value)?),
            "name" | "jobname" => body.name = Some(value.clone()),
            "qos" => body.class = Some(value.clone()),
            "numnodes" => body.nodes = Some(number("NumNodes", value)?),
            "starttime" | "eligibletime" => {
                let begin = times::begin(value, now).map_err(|why| format!("StartTime: {why}."))?;
                body.begin = Some(begin.unwrap_or_default());
            }
            "deadline" => {
                let at = times::begin(value, now).map_err(|why| format!("Deadline: {why}."))?;
                body.deadline = Some(at.unwrap_or_default());
            }
            "reqnodelist" | "nodelist" => body.nodelist = Some(hosts(name, value)?),
            "excnodelist" => body.exclude = Some(hosts(name, value)?),
            "features" => body.gpu_model = Some(value.split('|').map(str::to_owned).collect()),
            "gres" | "trespernode" => {
                let count = value.rsplit([':', '=']).next().unwrap_or(value);
                body.gpus = Some(number("Gres", count)?);
            }
            "requeue" => {
                // Slurm queues again what its node lost; Berth tries again what failed as well.
                return Err("Requeue: use `berth update ID --retries N`.".to_owned());
            }
            "nice" | "priority" => {
                return Err(format!(
                    "{name}: Berth has classes and an order: QOS=high, or `berth move ID --top`."
                ));
            }
            "account" | "wckey" | "comment" | "partition" => {
                return Err(format!("{name} cannot be changed once a job is submitted."));
            }
            other => {
                return Err(format!(
                    "{other} cannot be changed here; TimeLimit, JobName, QOS, NumNodes, Gres, StartTime, \
                     Deadline, Dependency, ReqNodeList, ExcNodeList and Features can."
                ));
            }
        }
    }
    Ok(body)
}

fn hosts(name: &str, value: &str) -> Result<Vec<String>, String> {
    if value.is_empty() {
        return Ok(vec![]);
    }
    hostlist::expand(value).map_err(|why| format!("{name}: {why}."))
}

async fn node(
    session: &Session,
    names: &str,
    state: Option<String>,
    reason: Option<String>,
) -> Result<(), Failure> {
    let usage = |why: String| Err(Failure::Usage(why));
    let Some(state) = state else {
        return usage("scontrol update NodeName: only State can be changed.".to_owned());
    };
    let names = hostlist::expand(names).map_err(|why| Failure::Usage(format!("{why}.")))?;
    for place in names {
        match state.to_lowercase().as_str() {
            "drain" | "drng" | "draining" | "down" | "fail" => {
                let Some(reason) = reason.clone().filter(|text| !text.trim().is_empty()) else {
                    return usage("You must specify a Reason=… when draining a node.".to_owned());
                };
                if state.eq_ignore_ascii_case("down") {
                    crate::output::note(
                        "State=DOWN: what runs there goes on to its end; cancel it with scancel -w.",
                    );
                }
                let body = CordonArg {
                    place,
                    reason,
                    drain: true,
                };
                session.once(session.berth.call(Cordon { body })).await?;
            }
            "resume" | "idle" | "undrain" | "up" => {
                let body = PlaceArg { place };
                session.once(session.berth.call(Uncordon { body })).await?;
            }
            other => {
                return usage(format!("State={other}: there are DRAIN and RESUME."));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<UpdateArg, String> {
        let words: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let now = "2026-11-24T12:00:00+00:00[UTC]".parse().unwrap();
        body(&pairs(&words)?, &now)
    }

    #[test]
    fn what_slurm_calls_it() {
        let expected = UpdateArg {
            time_limit: Some("2:00:00".into()),
            name: Some("two words".into()),
            class: Some("high".into()),
            nodes: Some(2),
            gpus: Some(4),
            begin: Some("2026-11-24T13:00:00Z".into()),
            exclude: Some(vec!["n1".into(), "n2".into()]),
            ..UpdateArg::of(JobId(0))
        };
        let line = [
            "JobId=17",
            "TimeLimit=2:00:00",
            "JobName=two",
            "words",
            "QOS=high",
            "NumNodes=2",
            "Gres=gpu:h100:4",
            "StartTime=now+1hour",
            "ExcNodeList=n[1-2]",
        ];
        assert_eq!(read(&line), Ok(expected));
        assert_eq!(read(&["StartTime=now"]).unwrap().begin.as_deref(), Some(""));
    }

    #[test]
    fn what_cannot_be_changed_is_said() {
        for (line, says) in [
            (&["Priority=9"][..], "berth move"),
            (&["Account=x"], "cannot be changed once"),
            (&["TimeLimit=+10"], "the whole limit"),
            (&["Shared=1"], "TimeLimit, JobName"),
            (&["17"], "not NAME=VALUE"),
        ] {
            let said = read(line).unwrap_err();
            assert!(said.contains(says), "{line:?}: {said}");
        }
    }
}
