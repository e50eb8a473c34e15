//! A folder that is uploaded with a job: the job runs in a copy of it, without what is ignored.

use std::process::Output;

use crate::support::{Server, get, shell, submit, until_finished};
use berth_domain::{JobId, SubmitRequest};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_in_a_copy_of_the_folder() {
    let server = Server::with("2x8", &[("BERTH_PACKAGE_LIMIT_MIB", "1")]);
    let berth = server.client();
    let work = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(work.path().join(name), bytes).unwrap();
    write(".gitignore", b"secret\n");
    write("secret", b"x");
    write("greeting", b"hello from a copy\n");
    let submit_here = |line: &str| -> Output {
        let mut cli = server.cli();
        cli.current_dir(work.path());
        cli.args(["submit", "--upload", "-g", "1", "--", "sh", "-c", line]);
        cli.output().unwrap()
    };
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let first = submit_here("cat greeting; ls -A; echo changed > greeting");
    assert!(first.status.success(), "{first:?}");
    assert!(said(&first).starts_with("Uploaded 2 files"), "{first:?}");
    until_finished(&berth, &[JobId(1)]).await;
    let log = server.cli().args(["logs", "1"]).output().unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    assert_eq!(log, "hello from a copy\n.gitignore\ngreeting\n");
    let here = std::fs::read_to_string(work.path().join("greeting")).unwrap();
    assert_eq!(here, "hello from a copy\n", "only the copy was changed");

    // What is there is not sent again, and each job has a copy of its own.
    let second = submit_here("cat greeting");
    assert_eq!(said(&second), "");
    let job = &until_finished(&berth, &[JobId(2)]).await[0];
    assert_eq!(job.row.exit_code, Some(0));
    let log = server.cli().args(["logs", "2"]).output().unwrap();
    assert_eq!(log.stdout, b"hello from a copy\n");

    // Submitted again as it was.
    let request = get(&berth, JobId(2)).await.request;
    assert!(request.package.is_some() && request.workdir.is_none());
    let again = submit(&berth, request).await.id;
    until_finished(&berth, &[again]).await;

    // What no compression makes smaller.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    })
    .take(2_000_000)
    .collect();
    write("data", &noise);
    let large = submit_here("true");
    assert_eq!(large.status.code(), Some(1), "{large:?}");
    assert!(said(&large).contains("larger than 1 MiB"), "{large:?}");

    let unknown = SubmitRequest {
        package: Some("0".repeat(64)),
        ..shell("true")
    };
    let body = berth_api::jobs::SubmitJob { body: unknown };
    let refused = berth.call(body).await.unwrap_err().to_string();
    assert!(refused.contains("upload it first"), "{refused}");
    let wrong = berth.upload(&"1".repeat(64), b"other".to_vec()).await;
    assert!(wrong.unwrap_err().to_string().contains("another sha256"));
    let odd = berth.upload("../../etc", b"x".to_vec()).await;
    assert!(odd.is_err());
    let left = std::fs::read_dir(server.data().join("packages")).unwrap();
    assert_eq!(left.count(), 1, "what was refused is not kept");
}
