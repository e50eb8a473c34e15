//! What runs: the environment and the files that scripts of Slurm look for, `srun` outside and inside of
//! jobs, and exit codes.

use std::collections::BTreeSet;

use super::Login;
use super::support::get;
use crate::shell::Person;
use berth_domain::JobId;

#[tokio::test(flavor = "multi_thread")]
async fn scripts_find_what_they_look_for() {
    let login = Login::at("2x8");
    // 25
    let line =
        "sbatch -W -J hello -o out/%x-%j.txt --wrap 'echo hi $SLURM_JOB_ID in $SLURM_SUBMIT_DIR'";
    let (id, _) = login.submits(line);
    let home = login.home.display();
    assert_eq!(
        login.read(&format!("out/hello-{id}.txt")),
        format!("hi {id} in {home}\n")
    );
    // 26
    let (id, _) = login.submits(
        "sbatch -W --array=1-3 --wrap 'echo $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_TASK_COUNT'",
    );
    for task in 1..=3 {
        assert_eq!(
            login.read(&format!("slurm-{id}_{task}.out")),
            format!("{task} of 3\n")
        );
    }
    // 27
    let said = login.run("sbatch -W --wrap 'exit 3'");
    assert_eq!(said.code, 3, "{said:?}");
    // 28
    login.write(
        "count.py",
        "#!/usr/bin/env python3\n#SBATCH -o py.out\nimport sys\nprint(sys.argv[1:])\n",
    );
    login.submits("sbatch -W count.py a 'b c'");
    assert_eq!(login.read("py.out"), "['a', 'b c']\n");
    // 29
    login.write("job.sh", "#!/bin/bash\n#SBATCH -o seen.out --gres=gpu:2 --ntasks-per-node=2\nsource part.sh\necho \"$0\" $SLURM_NTASKS $SLURM_JOB_NUM_NODES $SLURM_GPUS_ON_NODE $SLURM_JOB_NODELIST\n");
    login.write("part.sh", "echo sourced\n");
    login.submits("sbatch -W job.sh");
    assert_eq!(
        login.read("seen.out"),
        format!("sourced\n{home}/job.sh 2 1 2 node-1\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn srun_runs_here_and_in_jobs() {
    let login = Login::at("2x8");
    // 30
    let said = login.run("srun --gres=gpu:2 -t 5 sh -c 'echo gpus=$CUDA_VISIBLE_DEVICES; exit 7'");
    assert_eq!(
        (said.code, said.out.as_str()),
        (7, "gpus=0,1\n"),
        "{said:?}"
    );
    // 31
    let said =
        login.done("srun -n 4 --gpus-per-task=1 sh -c 'echo task $SLURM_PROCID/$SLURM_NTASKS'");
    let lines: BTreeSet<&str> = said.out.lines().collect();
    let expected = (0..4).map(|rank| format!("[rank {rank}] task {rank}/4"));
    assert_eq!(
        lines,
        expected
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect()
    );
    // 32
    let said = login.done("srun -n3 sh -c 'echo $SLURM_LOCALID'");
    let lines: BTreeSet<&str> = said.out.lines().collect();
    assert_eq!(lines, ["0", "1", "2"].into());
    // 33: steps of a job take turns on its GPUs.
    login.write(
        "steps.sh",
        "#!/bin/bash\n#SBATCH --gres=gpu:2 -o steps.out\nfor i in 1 2; do\n  srun --exclusive -n1 --gres=gpu:1 \
         sh -c 'echo $CUDA_VISIBLE_DEVICES; sleep 0.5' &\ndone\nwait\n",
    );
    login.submits("sbatch -W steps.sh");
    let both = login.read("steps.out");
    let both: BTreeSet<&str> = both.lines().collect();
    assert_eq!(both, ["0", "1"].into());
    // 34: tasks over nodes, and the first one's address.
    login.write(
        "gang.sh",
        "#!/bin/bash\n#SBATCH -N 2 --ntasks-per-node=2 --gres=gpu:2\n\
         first=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)\n\
         srun sh -c \"echo \\$SLURM_PROCID \\$SLURM_LOCALID \\$SLURMD_NODENAME $first > rank-\\$SLURM_PROCID\"\n\
         srun -N1 -n1 -w node-2 touch only-node-2\n",
    );
    let (_, said) = login.submits("sbatch -W gang.sh");
    assert!(said.err.contains("runs on each of its 2 nodes"), "{said:?}");
    for (rank, expected) in [
        (0, "0 0 node-1 node-1\n"),
        (1, "1 1 node-1 node-1\n"),
        (2, "2 0 node-2 node-1\n"),
        (3, "3 1 node-2 node-1\n"),
    ] {
        assert_eq!(login.read(&format!("rank-{rank}")), expected);
    }
    assert_eq!(login.read("only-node-2"), "");
    // 35: the code of a step is the script's.
    login.write(
        "fails.sh",
        "#!/bin/bash\n#SBATCH -o /dev/null\nsrun -n 2 sh -c 'exit $SLURM_PROCID'\n",
    );
    let said = login.run("sbatch -W fails.sh");
    assert_eq!(said.code, 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn salloc_is_a_shell_on_the_gpus() {
    let login = Login::at("1x4");
    // 36
    let words = ["slurm", "salloc", "--gres=gpu:2", "-t", "30"];
    let mut person = Person::runs(&login.server, &words);
    person.sees("[berth-1");
    person.types("echo a''lloc $SLURM_JOB_ID $CUDA_VISIBLE_DEVICES\r");
    person.sees("alloc 1 0,1");
    person.types("exit\r");
    assert!(person.leaves().success());
    let one = get(&login.server.client(), JobId(1)).await;
    assert_eq!((one.row.time_limit_s, one.interactive), (1800, true));
}
