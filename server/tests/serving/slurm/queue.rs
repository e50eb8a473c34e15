//! What is submitted: `sbatch` with options on the line, in the script and both.

use berth_api::views::JobDetail;
use berth_domain::{JobId, PriorityClass, StateName, Timestamp};
use jiff::ToSpan;

use super::Login;
use super::support::{all, get};

const TRAIN: &str = "\
#!/bin/bash
#SBATCH --job-name=train
#SBATCH --gres=gpu:4            # one island
#SBATCH --time=0-06:30
#SBATCH --output=\"logs/%x-%j.out\"
#SBATCH --mem=64G --cpus-per-task=8
#SBATCH --mail-type=END,FAIL --mail-user=ana@example.org

set -e
#SBATCH --gres=gpu:8
echo training with \"$@\"
";

/// Jobs wait behind one that holds everything, so that they stay as they were submitted.
async fn full(login: &Login) {
    let (id, _) = login.submits("sbatch -N 2 --gres=gpu:8 --wrap 'sleep 600'");
    let berth = login.server.client();
    super::support::until(&berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

async fn job(login: &Login, line: &str) -> (JobDetail, String) {
    let (id, said) = login.submits(line);
    (get(&login.server.client(), id).await, said.err)
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_become_the_jobs_that_they_mean() {
    let login = Login::at("2x8");
    login.write("train.sh", TRAIN);
    std::fs::create_dir(login.home.join("sub")).unwrap();
    // 1
    full(&login).await;

    // 2
    let (one, _) = job(&login, "sbatch --wrap=\"hostname\"").await;
    assert_eq!((one.row.gpus, one.row.nodes), (0, 1));
    assert_eq!(one.row.name, "wrap");
    assert_eq!(one.command, ["/bin/sh", "-c", "hostname", "wrap"]);
    // 3
    let (one, _) = job(
        &login,
        "sbatch --gres=gpu:h100:4 -N 2 -t 1-00:00:00 -J big train.sh",
    )
    .await;
    assert_eq!((one.row.nodes, one.row.gpus_per_node), (2, 4));
    assert_eq!(one.constraints.gpu_models, ["h100"]);
    assert_eq!(
        (one.row.name.as_str(), one.row.time_limit_s),
        ("big", 86_400)
    );
    // 4
    let (one, _) = job(
        &login,
        "sbatch --gres=none -G 16 --gpus-per-node=8 -t 90 train.sh",
    )
    .await;
    assert_eq!((one.row.nodes, one.row.gpus_per_node), (2, 8));
    assert_eq!(one.row.time_limit_s, 90 * 60);
    // 5
    let line = "sbatch --gres=none -n 8 --gpus-per-task=1 -N1 -c 8 --mem=64G -p gpu train.sh";
    let (one, said) = job(&login, line).await;
    assert_eq!((one.row.nodes, one.row.gpus_per_node), (1, 8));
    assert_eq!(one.env["SLURM_NTASKS"], "8");
    assert_eq!(one.env["SLURM_CPUS_PER_TASK"], "8");
    assert!(
        said.contains("not counted") && said.contains("no partitions"),
        "{said}"
    );
    // 6
    let (one, said) = job(&login, "sbatch train.sh --lr 3e-4").await;
    assert_eq!((one.row.name.as_str(), one.row.gpus), ("train", 4));
    assert_eq!(one.row.time_limit_s, 6 * 3600 + 30 * 60);
    assert_eq!(one.env["BERTH_OUTPUT"], "logs/%x-%j.out");
    assert_eq!(one.command[..2], ["/bin/bash", "-c"]);
    assert_eq!(one.command[4..], ["--lr", "3e-4"]);
    assert!(
        said.contains("line 10") && said.contains("berth notify"),
        "{said}"
    );
    assert_eq!(one.workdir.as_deref(), login.home.to_str());
    // 7
    let (one, _) = job(&login, "sbatch --time=10 -J other train.sh").await;
    assert_eq!(
        (one.row.name.as_str(), one.row.time_limit_s),
        ("other", 600)
    );
    // 8
    let said = login.done("sbatch --parsable -A llm --qos=high train.sh");
    let id: JobId = said.out.trim().parse().unwrap();
    let one = get(&login.server.client(), id).await;
    assert_eq!(one.row.project.as_deref(), Some("llm"));
    assert_eq!(one.row.class, PriorityClass::High);
    // 9
    let (array, _) = job(
        &login,
        "sbatch --array=0-9%2 --wrap 'echo $SLURM_ARRAY_TASK_ID'",
    )
    .await;
    let place = array.row.array.unwrap();
    assert_eq!((place.array, place.index), (array.row.id, 0));
    assert_eq!(array.env["SLURM_ARRAY_TASK_MAX"], "9");
    // 10
    let line = format!("sbatch -d afterany:{},afternotok:1 train.sh", array.row.id);
    let (one, _) = job(&login, &line).await;
    assert_eq!(one.after.len(), 11);
    assert_eq!(one.after[10], "afternotok:1");
    // 11
    let line = "jid=$(sbatch --parsable train.sh) && sbatch --dependency=afterok:$jid train.sh";
    let (one, _) = job(&login, line).await;
    assert_eq!(one.after, [format!("afterok:{}", one.row.id.0 - 1)]);
    // 12
    let (one, _) = job(
        &login,
        &format!("sbatch --dependency=afterok:{}_3 train.sh", array.row.id),
    )
    .await;
    assert_eq!(one.after, [format!("afterok:{}", array.row.id.0 + 3)]);
    // 13
    let (one, _) = job(&login, "sbatch --begin=now+1hour train.sh").await;
    let hour = Timestamp::now() + 1.hour();
    let early = hour.duration_since(one.begin.unwrap()).as_secs();
    assert!((-5..60).contains(&early), "{early}");
    // 14
    let (one, _) = job(&login, "sbatch --hold train.sh").await;
    assert_eq!(one.row.state, StateName::Held);
    // 15
    let (one, _) = job(
        &login,
        "export SECRET=x; sbatch -D sub --export=A=1,B=two train.sh",
    )
    .await;
    assert_eq!(
        one.workdir,
        login.home.join("sub").to_str().map(str::to_owned)
    );
    assert_eq!((one.env["A"].as_str(), one.env["B"].as_str()), ("1", "two"));
    assert!(!one.env.contains_key("SECRET") && !one.env.contains_key("PATH"));
    // 16
    let (one, _) = job(&login, "export LR=3; sbatch -w node-2 -x node-1 train.sh").await;
    assert_eq!(one.request.nodelist, ["node-2"]);
    assert_eq!(one.request.exclude, ["node-1"]);
    assert_eq!(one.env["LR"], "3");
    assert!(!one.env.contains_key("HOME") && !one.env.contains_key("BERTH_URL"));
    // 17
    let (one, _) = job(&login, "sbatch --signal=B:USR1@120 --no-requeue train.sh").await;
    assert_eq!(one.notice.to_string(), "B:USR1@120");
    // 18
    let line = "sbatch --exclusive <<'EOF'\n#!/bin/sh\n#SBATCH -J 'from stdin' --gres=gpu:8\nhostname\nEOF";
    let (one, _) = job(&login, line).await;
    assert_eq!((one.row.name.as_str(), one.row.gpus), ("from stdin", 8));
    // 19
    let (one, _) = job(
        &login,
        "SBATCH_TIMELIMIT=7 sbatch -C h100 --comment='a b' --nice=100 train.sh",
    )
    .await;
    assert_eq!(one.row.time_limit_s, 7 * 60);
    assert_eq!(one.constraints.gpu_models, ["h100"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_berth_cannot_honour_is_said_and_not_done() {
    let login = Login::at("2x8");
    login.write("train.sh", TRAIN);
    login.write("plain.txt", "echo no interpreter\n");
    for (line, code, says) in [
        // 20
        (
            "sbatch --time=UNLIMITED train.sh",
            2,
            "cannot be planned around",
        ),
        // 21
        ("sbatch -L matlab:1 train.sh", 2, "counts no licenses"),
        // 22
        ("sbatch --exclusive train.sh", 1, "--gres=gpu:8"),
        // 23
        (
            "sbatch --dependency=singleton train.sh",
            2,
            "one array with %1",
        ),
        ("sbatch --no-such-option train.sh", 2, "unexpected argument"),
        ("sbatch missing.sh", 1, "missing.sh cannot be read"),
        ("sbatch plain.txt", 1, "does not look like a batch script"),
        ("sbatch -d afterok:999 train.sh", 1, "no job 999"),
        ("sbatch --gres=gpu:9 train.sh", 1, "the largest node has 8"),
        ("srun --pty bash", 2, "needs a terminal"),
        ("scancel 999", 1, "no job 999"),
        ("squeue -t NOTHING", 2, "is not a state"),
        ("sacct -o Nothing", 2, "is not a field"),
        ("scontrol suspend 1", 2, "scontrol requeue"),
    ] {
        let said = login.run(line);
        assert_eq!(said.code, code, "{line}: {said:?}");
        assert!(said.err.contains(says), "{line}: {said:?}");
        assert_eq!(said.out, "", "{line}");
    }
    // 24
    let said = login.done("sbatch --test-only --gres=gpu:8 -N 2 train.sh");
    assert!(said.err.contains("the job would start at"), "{said:?}");
    assert!(all(&login.server.client()).await.is_empty());
}
