//! GPUs, nodes and tasks: what Slurm's flags for them come to.

use super::flags::JobFlags;

/// How large a job is, in Berth's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// `None`: as few as hold the GPUs.
    pub nodes: Option<i64>,
    /// On each node where `nodes` is there, else in all.
    pub gpus: i64,
    pub models: Vec<String>,
    /// As they were asked for.
    pub tasks: Tasks,
}

/// How many tasks `srun` starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tasks {
    pub all: Option<i64>,
    pub per_node: Option<i64>,
}

/// Reads them.
pub fn size(flags: &JobFlags) -> Result<Size, String> {
    let mut models = vec![];
    let mut count = |flag: &str, text: Option<&String>| {
        text.map(|text| gpus(flag, text, &mut models)).transpose()
    };
    let gres = flags.gres.as_ref().map(|text| gres(text)).transpose()?;
    let total = count("--gpus", flags.gpus.as_ref())?;
    let per_node = count("--gpus-per-node", flags.gpus_per_node.as_ref())?;
    let per_task = count("--gpus-per-task", flags.gpus_per_task.as_ref())?;
    let gres = gres.flatten();
    let gres_count = match gres {
        Some(text) => Some(gpus("--gres", &text, &mut models)?),
        None => None,
    };
    let per_node = per_node.or(gres_count);
    models.dedup();
    let tasks = Tasks {
        all: flags.ntasks.map(i64::from),
        per_node: flags.ntasks_per_node.map(i64::from),
    };
    let named = flags
        .nodelist
        .as_ref()
        .map(|list| super::hostlist::expand(list).map(|hosts| hosts.len() as i64))
        .transpose()
        .map_err(|why| format!("--nodelist: {why}."))?;
    let nodes = flags.nodes.as_deref().map(nodes).transpose()?;
    let nodes = match (nodes, named) {
        (Some(nodes), Some(named)) if nodes != named => {
            return Err(format!(
                "--nodelist names {named} nodes and --nodes asks for {nodes}: in Slurm the job has each \
                 of those it names, so ask for as many."
            ));
        }
        (nodes, named) => nodes.or(named),
    };
    let by_tasks = match (tasks.all, tasks.per_node) {
        (Some(all), Some(each)) if each > 0 && all > 0 => Some((all + each - 1) / each),
        _ => None,
    };
    let nodes = nodes.or(by_tasks);
    let (nodes, gpus) = in_all(nodes, total, per_node, per_task, flags, tasks)?;
    Ok(Size {
        nodes,
        gpus,
        models,
        tasks,
    })
}

/// Nodes, and GPUs on each of them or in all.
fn in_all(
    nodes: Option<i64>,
    total: Option<i64>,
    per_node: Option<i64>,
    per_task: Option<i64>,
    flags: &JobFlags,
    tasks: Tasks,
) -> Result<(Option<i64>, i64), String> {
    let tasks_each = |nodes: i64| {
        let all = tasks.all.map(|all| (all + nodes - 1) / nodes);
        tasks.per_node.or(all).unwrap_or(1)
    };
    let of_tasks_per_gpu = || {
        let each = i64::from(flags.ntasks_per_gpu.filter(|each| *each > 0)?);
        let on_nodes = tasks.per_node.map(|each| each * nodes.unwrap_or(1));
        let all = tasks.all.or(on_nodes)?;
        Some((all + each - 1) / each)
    };
    if let Some(per_node) = per_node {
        let fitting = total.map(|total| {
            if per_node > 0 && total % per_node == 0 && nodes.is_none_or(|n| n * per_node == total)
            {
                Ok(total / per_node)
            } else {
                Err(format!(
                    "{total} GPUs in all and {per_node} on each node do not fit together."
                ))
            }
        });
        let fitting = fitting.transpose()?;
        return Ok((Some(nodes.or(fitting).unwrap_or(1)), per_node));
    }
    if let Some(per_task) = per_task {
        return Ok(match (nodes, tasks.all) {
            (Some(nodes), _) => (Some(nodes), per_task * tasks_each(nodes)),
            (None, Some(all)) => (None, per_task * all),
            (None, None) => (Some(1), per_task * tasks_each(1)),
        });
    }
    let total = total.or_else(of_tasks_per_gpu);
    match (nodes, total) {
        (Some(nodes), Some(total)) if nodes > 0 && total % nodes == 0 => {
            Ok((Some(nodes), total / nodes))
        }
        (Some(nodes), Some(total)) => Err(format!(
            "{total} GPUs do not divide evenly over {nodes} nodes, and Berth gives each node of a job \
             as many."
        )),
        (None, Some(total)) => Ok((None, total)),
        // Without a word about GPUs Slurm gives none.
        (nodes, None) => Ok((Some(nodes.unwrap_or(1)), 0)),
    }
}

/// The part about GPUs: `gpu:2` of `gpu:2,nvme:1`.
fn gres(text: &str) -> Result<Option<String>, String> {
    let mut found = None;
    for part in text.split(',').map(str::trim) {
        let part = part
            .strip_prefix("gres/")
            .or(part.strip_prefix("gres:"))
            .unwrap_or(part);
        if matches!(part, "none" | "NONE" | "") {
            continue;
        }
        let (kind, rest) = part.split_once([':', '=']).unwrap_or((part, "1"));
        if kind != "gpu" {
            return Err(format!(
                "--gres={part}: Berth gives GPUs and nothing else; write gpu:N or gpu:MODEL:N."
            ));
        }
        if found.replace(rest.to_owned()).is_some() {
            return Err(format!(
                "--gres={text}: a job has GPUs of one kind; for either of two models write \
                 --constraint='h100|a100'."
            ));
        }
    }
    Ok(found)
}

/// `2`, `h100`, `h100:2`.
fn gpus(flag: &str, text: &str, models: &mut Vec<String>) -> Result<i64, String> {
    // What stands in brackets binds them to sockets.
    let text = text.split('(').next().unwrap_or(text);
    if text.contains(',') {
        return Err(format!(
            "{flag}={text}: a job has GPUs of one kind; for either of two models write \
             --constraint='h100|a100'."
        ));
    }
    let (model, count) = match text.rsplit_once(':') {
        Some((model, count)) => (Some(model), count),
        None if text.starts_with(|ch: char| ch.is_ascii_digit()) => (None, text),
        None => (Some(text), "1"),
    };
    models.extend(model.map(str::to_owned));
    count
        .parse()
        .map_err(|_| format!("{flag}={text}: '{count}' is not a number of GPUs."))
}

/// `2`; of `2-4` the first, which Slurm may give as well.
fn nodes(text: &str) -> Result<i64, String> {
    let least = text.split_once('-').map_or(text, |(least, _)| least);
    let count = least.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("--nodes={text}: write a number of nodes."))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: JobFlags,
    }

    fn of(line: &str) -> Result<(Option<i64>, i64, String), String> {
        let words = ["x"].into_iter().chain(line.split_whitespace());
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        size(&line.flags).map(|size| (size.nodes, size.gpus, size.models.join(",")))
    }

    #[test]
    fn sizes_as_slurm_means_them() {
        for (line, nodes, gpus, models) in [
            ("", Some(1), 0, ""),
            ("--gres=gpu:2", Some(1), 2, ""),
            ("--gres gpu", Some(1), 1, ""),
            ("--gres=gpu:h100:4 -N2", Some(2), 4, "h100"),
            ("--gres=none", Some(1), 0, ""),
            ("-G 4", None, 4, ""),
            ("-G4 -N 2", Some(2), 2, ""),
            ("--gpus=a100:3", None, 3, "a100"),
            ("--gpus=a100", None, 1, "a100"),
            ("--gpus-per-node=8 --nodes=2", Some(2), 8, ""),
            ("--gpus-per-task=2 -n 4", None, 8, ""),
            ("--gpus-per-task=1 -N 2 --ntasks-per-node=4", Some(2), 4, ""),
            ("--gpus-per-task=1 -N 2 -n 8", Some(2), 4, ""),
            ("-n 16 --ntasks-per-node=8 --gres=gpu:8", Some(2), 8, ""),
            ("-n 8 --ntasks-per-gpu=2", None, 4, ""),
            ("-G 16 --gpus-per-node=8", Some(2), 8, ""),
            ("-w node-[1-2] --gres=gpu:1", Some(2), 1, ""),
            ("-N 2-4 --gres=gpu:1", Some(2), 1, ""),
            ("-N 2 -n 2", Some(2), 0, ""),
        ] {
            assert_eq!(of(line), Ok((nodes, gpus, models.to_owned())), "{line}");
        }
    }

    #[test]
    fn what_berth_could_not_give_is_refused() {
        for (line, says) in [
            ("-G 5 -N 2", "do not divide evenly"),
            ("-G 5 --gpus-per-node=2", "do not fit together"),
            ("--gres=gpu:1,nvme:1", "GPUs and nothing else"),
            ("--gres=gpu:a100:1,gpu:h100:1", "of one kind"),
            ("--gres=gpu:x:y", "'y' is not a number"),
            ("-N x", "--nodes=x"),
            ("-w a,b -N 1", "names 2 nodes and --nodes asks for 1"),
        ] {
            let said = of(line).unwrap_err();
            assert!(said.contains(says), "{line}: {said}");
        }
    }
}
