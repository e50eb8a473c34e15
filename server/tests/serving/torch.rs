//! Distributed PyTorch on two simulated nodes, with nothing said but how large it is. Debian's
//! `python3-torch` does; where no torch is installed these say that they test nothing.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Server, get, log, submit, until_within};
use berth_domain::SubmitRequest;

/// Loading torch takes seconds on a busy machine, and there are four of it.
const PATIENCE: Duration = Duration::from_secs(300);
const PYTHON: &str = "/usr/bin/python3";
const TRAIN: &str = r#"
import torch
import torch.distributed as dist
dist.init_process_group("gloo")
sum = torch.tensor([float(dist.get_rank() + 1)])
dist.all_reduce(sum)
print(f"rank {dist.get_rank()} of {dist.get_world_size()}: {sum.item()}", flush=True)
"#;

fn has_torch() -> bool {
    let found = Command::new(PYTHON)
        .args(["-c", "import torch.distributed.run"])
        .stderr(Stdio::null())
        .status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("NOT TESTED: there is no torch here: scripts/setup");
    }
    found
}

/// Runs it on two nodes with two GPUs each, and gives what the nodes wrote.
async fn run(server: &Server, words: &[&str], per_gpu: bool, port: u16) -> Vec<String> {
    let berth = server.client();
    let request = SubmitRequest {
        command: words.iter().map(|word| (*word).to_owned()).collect(),
        gpus: Some(2),
        nodes: Some(2),
        per_gpu,
        // Another server of these tests may have a job of that number on this host.
        env: [("MASTER_PORT".to_owned(), port.to_string())].into(),
        workdir: Some(server.dir.path().display().to_string()),
        ..SubmitRequest::default()
    };
    let id = submit(&berth, request).await.id;
    until_within(PATIENCE, &berth, async |berth: &berth_api::Berth| {
        get(berth, id).await.row.finished_at.is_some()
    })
    .await;
    let logs = [log(&berth, id, 0).await, log(&berth, id, 1).await];
    let job = get(&berth, id).await;
    assert_eq!(job.row.exit_code, Some(0), "{logs:?}");
    let lines = logs.iter().flat_map(|log| log.lines());
    let mut results: Vec<String> = lines
        .filter(|line| line.contains(" of 4: "))
        .map(str::to_owned)
        .collect();
    results.sort();
    results
}

#[tokio::test(flavor = "multi_thread")]
async fn torchrun_needs_to_be_told_nothing() {
    if !has_torch() {
        return;
    }
    let server = Server::start();
    std::fs::write(server.dir.path().join("train.py"), TRAIN).unwrap();
    let torchrun = [PYTHON, "-m", "torch.distributed.run"];
    // Debian's torch 1.13 cannot do without them on its Python 3.11.
    let bug = ["--redirects", "1", "--tee", "1"];
    let plain = [&torchrun[..], &bug, &["train.py"]].concat();
    let rendezvous = [&torchrun[..], &bug, &["--rdzv_backend", "c10d", "train.py"]].concat();
    for (words, port) in [(plain, 29_611), (rendezvous, 29_612)] {
        let results = run(&server, &words, false, port).await;
        let mut expected: Vec<String> = (0..4)
            .map(|rank| format!("[default{}]:rank {rank} of 4: 10.0", rank % 2))
            .collect();
        expected.sort();
        assert_eq!(results, expected, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_for_each_gpu_finds_the_others_by_its_environment() {
    if !has_torch() {
        return;
    }
    let server = Server::start();
    std::fs::write(server.dir.path().join("train.py"), TRAIN).unwrap();
    let results = run(&server, &[PYTHON, "train.py"], true, 29_613).await;
    let expected: Vec<String> = (0..4)
        .map(|rank| format!("[rank {rank}] rank {rank} of 4: 10.0"))
        .collect();
    assert_eq!(results, expected);
}
