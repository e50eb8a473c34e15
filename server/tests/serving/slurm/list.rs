//! What is looked at and changed: `squeue`, `sinfo`, `sacct`, `scontrol`, `scancel`, `sshare`.

use berth_api::Berth;
use berth_domain::{JobId, StateName};

use super::Login;
use super::support::{get, until, until_finished};

async fn until_running(berth: &Berth, id: JobId) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == StateName::Running
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_and_the_nodes_look_as_slurms() {
    let login = Login::at("2x8");
    let berth = login.server.client();
    let (runs, _) = login.submits("sbatch -J runs --gres=gpu:8 --wrap 'sleep 600'");
    until_running(&berth, runs).await;
    // 37
    let nodes = login.done("sinfo").out;
    let lines: Vec<&str> = nodes.lines().collect();
    assert_eq!(
        lines[0],
        "PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST"
    );
    assert_eq!(lines[1], "berth*       up 366-00:00:      1  alloc node-1");
    assert_eq!(lines[2], "berth*       up 366-00:00:      1   idle node-2");
    // 38
    let by_node = login.done("sinfo -N -h -o '%n %t %G'").out;
    assert_eq!(by_node, "node-1 alloc gpu:h100:8\nnode-2 idle gpu:h100:8\n");
    // 39
    login.done("scontrol update NodeName=node-2 State=DRAIN Reason=\"new fans\"");
    let reasons = login.done("sinfo -R").out;
    assert!(
        reasons.contains("new fans") && reasons.trim_end().ends_with("node-2"),
        "{reasons}"
    );
    let (array, _) = login.submits("sbatch -J sweep --array=0-4 --gres=gpu:8 --wrap 'sleep 600'");
    until(&berth, async |berth: &Berth| {
        get(berth, array).await.row.reason.is_some()
    })
    .await;
    // 40
    let queue = login.done("squeue").out;
    let lines: Vec<&str> = queue.lines().collect();
    assert_eq!(
        lines[0],
        "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)"
    );
    let pending: Vec<&str> = lines
        .iter()
        .filter(|line| line.contains(" PD "))
        .copied()
        .collect();
    assert!(
        pending[0].contains(&format!("{array}_[")) || pending.len() > 1,
        "{queue}"
    );
    assert!(lines.last().unwrap().ends_with(" 1 node-1"), "{queue}");
    // 41
    let one = login
        .done(&format!("squeue -h -j {runs} -o \"%i|%T|%D|%b|%l|%N\""))
        .out;
    assert_eq!(
        one,
        format!("{runs}|RUNNING|1|gres/gpu:8|1-00:00:00|node-1\n")
    );
    // 42
    let tasks = login
        .done("squeue --me -t PD -r --noheader --format=%i")
        .out;
    assert_eq!(tasks.lines().count(), 5, "{tasks}");
    assert!(tasks.contains(&format!("{array}_4\n")), "{tasks}");
    // 43
    let named = login
        .done("squeue -u nobody,admin -n runs -h -O jobid:8,state:12,username")
        .out;
    assert_eq!(named, format!("{:<8}{:<12}admin\n", runs.0, "RUNNING"));
    // 44
    let start = login.done("squeue --start").out;
    assert!(
        start.lines().next().unwrap().contains("START_TIME"),
        "{start}"
    );
    assert!(!start.contains("runs"), "{start}");
    // 45
    login.done("scontrol update nodename=node-2 state=resume");
    let node = login.done("scontrol show node node-2").out;
    assert!(node.starts_with("NodeName=node-2\n"), "{node}");
    assert!(
        node.contains("Gres=gpu:h100:8") && !node.contains("Reason="),
        "{node}"
    );
    // 46
    let part = login.done("scontrol -o show partition").out;
    assert!(
        part.contains("Nodes=node-[1-2]") && part.lines().count() == 1,
        "{part}"
    );
    // 47
    assert!(login.done("scontrol ping").out.contains("is UP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_changed_cancelled_and_accounted_for() {
    let login = Login::at("1x8");
    let berth = login.server.client();
    let (first, _) = login.submits("sbatch -J first --gres=gpu:8 -t 60 --wrap 'sleep 600'");
    until_running(&berth, first).await;
    let (second, _) = login.submits("sbatch -J second --gres=gpu:8 -A llm --wrap true");
    let (array, _) = login.submits("sbatch --array=0-3 -J many --gres=gpu:8 --wrap true");
    // 48
    login.done(&format!("scontrol hold {second}"));
    assert_eq!(get(&berth, second).await.row.state, StateName::Held);
    // 49
    let held = login.done(&format!("squeue -h -j {second} -o '%t %r'")).out;
    assert_eq!(held, "PD JobHeldUser\n");
    // 50
    let line = format!("scontrol update JobId={second} TimeLimit=2:00:00 JobName=renamed QOS=low");
    login.done(&line);
    let job = get(&berth, second).await.row;
    assert_eq!(
        (job.name.as_str(), job.time_limit_s, job.class.as_str()),
        ("renamed", 7200, "low")
    );
    // 51
    let shown = login.done(&format!("scontrol show job {second}")).out;
    for part in [
        format!("JobId={second} JobName=renamed\n"),
        "JobState=PENDING Reason=JobHeldUser".to_owned(),
        "TimeLimit=02:00:00".to_owned(),
        "Account=llm QOS=low".to_owned(),
        "gres/gpu=8".to_owned(),
    ] {
        assert!(shown.contains(&part), "{part} is not in {shown}");
    }
    // 52
    login.done(&format!("scancel {array}_2"));
    let task = get(&berth, JobId(array.0 + 2)).await.row;
    assert_eq!(task.outcome.as_deref(), Some("Cancelled"));
    assert_eq!(
        get(&berth, JobId(array.0 + 1)).await.row.state,
        StateName::Queued
    );
    // 53
    login.done(&format!("scancel {array}"));
    for id in array.0..array.0 + 4 {
        assert_eq!(get(&berth, JobId(id)).await.row.state, StateName::Finished);
    }
    // 54
    login.done(&format!("scontrol release {second}"));
    login.done("scancel --user=admin --state=PENDING -n renamed");
    assert_eq!(
        get(&berth, second).await.row.outcome.as_deref(),
        Some("Cancelled")
    );
    assert_eq!(get(&berth, first).await.row.state, StateName::Running);
    // 55
    login.done("scancel -n first --me");
    until_finished(&berth, &[first]).await;
    let said = login.done(&format!("scancel {first}"));
    assert!(said.err.contains("is over already"), "{said:?}");
    let (fails, _) = {
        let said = login.run("sbatch -W -J fails --wrap 'exit 5'");
        assert_eq!(said.code, 5, "{said:?}");
        let id = said.out.trim().rsplit(' ').next().unwrap();
        (id.parse::<JobId>().unwrap(), said)
    };
    // 56
    let line = format!(
        "sacct -j {first},{fails} -X -n -P -o JobID,JobName,State,ExitCode,Timelimit,NNodes"
    );
    let lines = login.done(&line).out;
    let expected = format!("{fails}|fails|FAILED|5:0|1-00:00:00|1\n");
    assert!(
        lines.starts_with(&format!("{first}|first|CANCELLED|")),
        "{lines}"
    );
    assert!(lines.ends_with(&expected), "{lines}");
    // 57
    let today = login.done("sacct -S now-1hour -s F").out;
    let lines: Vec<&str> = today.lines().collect();
    assert!(lines[0].starts_with("JobID           JobName"), "{today}");
    assert!(
        lines.len() == 3 && lines[2].starts_with(&fails.to_string()),
        "{today}"
    );
    // 58
    let share = login.done("sshare -n -P").out;
    assert!(share.starts_with("berth|admin|1|"), "{share}");
    // 59
    login.done(&format!("scontrol requeue {fails}"));
    let again = until_finished(&berth, &[fails]).await.remove(0);
    assert!(!again.attempts.is_empty());
}
