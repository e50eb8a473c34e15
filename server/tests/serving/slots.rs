//! 40 jobs on 16 GPUs: all end, and no GPU is ever used twice at a moment.

use std::collections::BTreeMap;

use crate::support::{Server, all, shell, submit, until_finished};
use berth_api::jobs::JobEvents;
use berth_domain::{JobId, SubmitRequest};

/// One rank's own record of when it used which GPU.
#[derive(Debug)]
struct Use {
    job: String,
    gpu: String,
    from: u128,
    to: u128,
}

fn uses(records: &str) -> Vec<Use> {
    let mut open: BTreeMap<(String, String), u128> = BTreeMap::new();
    let mut uses = Vec::new();
    for line in records.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, at, job, node, devices] = words[..] else {
            panic!("a torn line: {line}")
        };
        let at: u128 = at.parse().unwrap();
        for index in devices.split(',') {
            let gpu = format!("{node}:{index}");
            let key = (job.to_owned(), gpu.clone());
            match what {
                "start" => assert_eq!(open.insert(key, at), None, "{line}"),
                _ => uses.push(Use {
                    from: open.remove(&key).unwrap(),
                    to: at,
                    job: key.0,
                    gpu,
                }),
            }
        }
    }
    assert!(
        open.is_empty(),
        "some jobs did not record their end: {open:?}"
    );
    uses
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_jobs_share_sixteen_slots() {
    let server = Server::start();
    let berth = server.client();
    let records = server.dir.path().join("records");
    let sizes = [1, 2, 4, 8, 16, 1, 3, 2];
    let mut ids = Vec::new();
    for n in 0..40u64 {
        let tenths = 2 + (n * 7) % 19;
        let line = format!(
            "r() {{ echo $1 $(date +%s%N) $BERTH_JOB_ID $BERTH_NODE $CUDA_VISIBLE_DEVICES >> {}; }}; \
             r start; sleep {}.{}; r end",
            records.display(),
            tenths / 10,
            tenths % 10
        );
        let gpus = Some(sizes[usize::try_from(n).unwrap() % sizes.len()]);
        ids.push(
            submit(
                &berth,
                SubmitRequest {
                    gpus,
                    ..shell(&line)
                },
            )
            .await
            .id,
        );
    }
    let jobs = until_finished(&berth, &ids).await;
    for job in &jobs {
        assert_eq!(job.row.outcome.as_deref(), Some("Succeeded"), "{job:?}");
        assert_eq!(job.attempts.len(), 1);
    }

    // What the jobs themselves recorded.
    let mut uses = uses(&std::fs::read_to_string(&records).unwrap());
    let wanted: i64 = (0..40).map(|n| sizes[n % sizes.len()]).sum();
    assert_eq!(
        i64::try_from(uses.len()).unwrap(),
        wanted,
        "each GPU of each lease was used"
    );
    uses.sort_by_key(|used| (used.gpu.clone(), used.from));
    for pair in uses.windows(2).filter(|pair| pair[0].gpu == pair[1].gpu) {
        assert!(pair[0].to <= pair[1].from, "one GPU, two jobs: {pair:?}");
    }

    // What the journal says: at each moment at most 16 leased, each GPU once.
    let mut moments = Vec::new();
    for job in &jobs {
        let mut devices: Vec<String> = job.attempts[0]
            .lease
            .iter()
            .flat_map(|part| part.gpus.iter().map(|gpu| format!("{}:{gpu}", part.node)))
            .collect();
        devices.sort();
        let mut used: Vec<String> = uses
            .iter()
            .filter(|used| used.job == job.row.id.to_string())
            .map(|used| used.gpu.clone())
            .collect();
        used.sort();
        assert_eq!(
            used, devices,
            "job {} saw what it was leased, and nothing else",
            job.row.id
        );
        for device in devices {
            moments.push((job.attempts[0].ended_at.unwrap(), false, device.clone()));
            moments.push((job.attempts[0].granted_at, true, device));
        }
    }
    // At the same instant an end comes before a start.
    moments.sort();
    let mut held = std::collections::BTreeSet::new();
    for (_, begins, device) in moments {
        if begins {
            assert!(held.insert(device.clone()), "{device} is leased twice");
            assert!(held.len() <= 16);
        } else {
            assert!(held.remove(&device));
        }
    }
    let events = berth
        .call(JobEvents {
            id: JobId(1),
            after: None,
        })
        .await
        .unwrap()
        .events;
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "job_submitted",
            "attempt_starting",
            "attempt_running",
            "attempt_exited"
        ]
    );
    assert_eq!(all(&berth).await.len(), 40);
}
