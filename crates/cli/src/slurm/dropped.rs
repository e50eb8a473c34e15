//! One line for each kind of flag that is accepted and not used.

use super::flags::JobFlags;

/// What to say of them.
pub fn notes(flags: &JobFlags) -> Vec<String> {
    let one = &flags.dropped;
    let given = |list: &[(&str, bool)]| -> Vec<String> {
        let given = list.iter().filter(|(_, given)| *given);
        given.map(|(name, _)| (*name).to_owned()).collect()
    };
    let mut notes = vec![];
    let mut say = |names: Vec<String>, why: &str| {
        if !names.is_empty() {
            notes.push(format!("{}: {why}.", names.join(", ")));
        }
    };
    say(
        given(&[
            ("--cpus-per-task", one.cpus_per_task.is_some()),
            ("--cpus-per-gpu", one.cpus_per_gpu.is_some()),
            ("--mincpus", one.mincpus.is_some()),
            ("--mem", one.mem.is_some()),
            ("--mem-per-cpu", one.mem_per_cpu.is_some()),
            ("--mem-per-gpu", one.mem_per_gpu.is_some()),
            ("--tmp", one.tmp.is_some()),
            ("--threads-per-core", one.threads_per_core.is_some()),
            ("--cores-per-socket", one.cores_per_socket.is_some()),
            ("--sockets-per-node", one.sockets_per_node.is_some()),
            ("--ntasks-per-socket", one.ntasks_per_socket.is_some()),
            ("--ntasks-per-core", one.ntasks_per_core.is_some()),
            ("--extra-node-info", one.extra_node_info.is_some()),
            ("--core-spec", one.core_spec.is_some()),
            ("--hint", one.hint.is_some()),
        ]),
        "not counted; Berth shares out GPUs, not processors or memory",
    );
    say(
        given(&[("--partition", one.partition.is_some())]),
        "Berth has one queue and no partitions; a GPU model is chosen with --gres=gpu:h100:1",
    );
    say(
        given(&[
            ("--mail-type", one.mail_type.is_some()),
            ("--mail-user", one.mail_user.is_some()),
        ]),
        "what you are told and where is set once, with `berth notify`",
    );
    say(
        given(&[("--reservation", one.reservation.is_some())]),
        "whose reservation it is uses it without being asked",
    );
    say(
        given(&[
            ("--nice", one.nice.is_some()),
            ("--priority", one.priority.is_some()),
        ]),
        "the order is changed with --qos, or later with `berth move`",
    );
    say(
        given(&[("--requeue", one.requeue)]),
        "what made room for others is queued again anyway; for more tries: `berth update ID --retries 1`",
    );
    say(
        given(&[
            ("--oversubscribe", one.oversubscribe),
            ("--overcommit", one.overcommit),
        ]),
        "no GPU is given twice",
    );
    say(
        given(&[
            ("--gpu-bind", one.gpu_bind.is_some()),
            ("--gpu-freq", one.gpu_freq.is_some()),
            ("--cpu-freq", one.cpu_freq.is_some()),
            ("--cpu-bind", one.cpu_bind.is_some()),
            ("--mem-bind", one.mem_bind.is_some()),
            ("--distribution", one.distribution.is_some()),
            ("--switches", one.switches.is_some()),
            ("--contiguous", one.contiguous),
            ("--spread-job", one.spread_job),
            ("--time-min", one.time_min.is_some()),
            ("--comment", one.comment.is_some()),
            ("--profile", one.profile.is_some()),
            ("--acctg-freq", one.acctg_freq.is_some()),
            ("--wckey", one.wckey.is_some()),
        ]),
        "not used",
    );
    if flags.error.is_some() && flags.error != flags.output {
        notes.push("--error: a job has one log, in which errors stand too.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::flags::Dropped;

    #[test]
    fn each_kind_is_one_line() {
        let flags = JobFlags {
            error: Some("err".into()),
            dropped: Dropped {
                cpus_per_task: Some(8),
                mem: Some("64G".into()),
                partition: Some("gpu".into()),
                no_requeue: true,
                verbose: 2,
                ..Dropped::default()
            },
            ..JobFlags::default()
        };
        assert_eq!(
            notes(&flags),
            [
                "--cpus-per-task, --mem: not counted; Berth shares out GPUs, not processors or memory.",
                "--partition: Berth has one queue and no partitions; a GPU model is chosen with \
                 --gres=gpu:h100:1.",
                "--error: a job has one log, in which errors stand too.",
            ]
        );
        assert!(notes(&JobFlags::default()).is_empty());
    }
}
