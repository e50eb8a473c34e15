//! What the job page asks for: places and texts in a log, what GPUs did, files of the run folder, and
//! why a job waited.

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::charts::{ChartMetric, JobCharts};
use berth_api::files::{FileKind, FilesAnswer, JobFiles};
use berth_api::logs::{LinePlace, LogHits, LogPlace, SearchLog};
use berth_api::waits::JobWaits;
use berth_api::{Berth, ErrorCode};
use berth_domain::{JobId, StateName, SubmitRequest};

fn charts(id: JobId, gpu: Option<&str>) -> JobCharts {
    JobCharts {
        id,
        attempt: None,
        gpu: gpu.map(str::to_owned),
        points: None,
    }
}

async fn place(berth: &Berth, id: JobId, line: Option<u64>, offset: Option<u64>) -> LinePlace {
    let call = LogPlace {
        id,
        attempt: None,
        rank: None,
        line,
        offset,
    };
    berth.call(call).await.unwrap()
}

async fn search(berth: &Berth, id: JobId, text: &str, from: Option<u64>) -> LogHits {
    let call = SearchLog {
        id,
        text: text.to_owned(),
        attempt: None,
        rank: None,
        from,
    };
    berth.call(call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn places_and_texts_in_a_log() {
    let server = Server::start();
    let berth = server.client();
    let line = r"printf 'one\n\033[31mEr\033[0mror 1\nthree\nerror 2\n'";
    let id = submit(&berth, shell(line)).await.id;
    let waits = submit(
        &berth,
        SubmitRequest {
            hold: true,
            ..shell("true")
        },
    )
    .await
    .id;
    until_finished(&berth, &[id]).await;

    let second = place(&berth, id, Some(2), None).await;
    assert_eq!((second.offset, second.line), (4, Some(2)));
    let within = place(&berth, id, None, Some(9)).await;
    assert_eq!(within, second);
    let beyond = place(&berth, id, Some(1_000_000), None).await;
    assert_eq!(beyond.line, Some(4));
    assert_eq!(
        place(&berth, waits, Some(5), None).await,
        LinePlace::default()
    );

    let found = search(&berth, id, "ERROR", None).await;
    assert_eq!(found.lines, [4, beyond.offset], "in colours, in any case");
    assert_eq!(found.next, found.total);
    let rest = search(&berth, id, "error", Some(beyond.offset)).await;
    assert_eq!(rest.lines, [beyond.offset]);
    assert_eq!(search(&berth, id, "[31m", None).await.lines, [] as [u64; 0]);
    assert_eq!(search(&berth, waits, "x", None).await, LogHits::default());
    let empty = SearchLog {
        id,
        text: String::new(),
        attempt: None,
        rank: None,
        from: None,
    };
    assert_eq!(refused(berth.call(empty).await).code(), ErrorCode::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gpus_did_over_a_life() {
    let server = Server::with("2x2", &[]);
    let berth = server.client();
    let never = SubmitRequest {
        hold: true,
        ..shell("true")
    };
    let never = submit(&berth, never).await.id;
    assert_eq!(berth.call(charts(never, None)).await.unwrap(), None);

    let asks = SubmitRequest {
        gpus: Some(2),
        ..shell("sleep 600")
    };
    let id = submit(&berth, asks).await.id;
    until(&berth, async |berth: &Berth| {
        let charts = berth.call(charts(id, None)).await.unwrap();
        charts.is_some_and(|charts| charts.of(ChartMetric::Busy).is_some())
    })
    .await;
    let all = berth.call(charts(id, None)).await.unwrap().unwrap();
    assert_eq!(all.gpus.len(), 2, "{all:?}");
    assert_eq!(all.usage.as_ref().map(|usage| usage.gpus), Some(2));
    for series in &all.series {
        assert_eq!(series.bands.len(), all.steps);
        for [min, avg, max] in series.bands.iter().flatten() {
            assert!(min <= avg && avg <= max, "{series:?}");
        }
    }
    let held = |metric: &berth_api::charts::ChartSeries| {
        let most = metric.bands.iter().flatten().map(|band| band[2]);
        most.fold(0.0_f32, f32::max)
    };
    assert!((held(all.of(ChartMetric::Allocated).unwrap()) - 2.0).abs() < 0.01);
    let one = berth.call(charts(id, Some(&all.gpus[1]))).await.unwrap();
    let one = one.unwrap();
    assert!((held(one.of(ChartMetric::Allocated).unwrap()) - 1.0).abs() < 0.01);
    let job = get(&berth, id).await;
    assert!(job.attempts[0].usage.is_some());

    let nowhere = berth.call(charts(id, Some("node-9:0"))).await;
    assert_eq!(refused(nowhere).code(), ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_those_of_the_run_folder() {
    let server = Server::start();
    let berth = server.client();
    let stranger = Berth::new(&server.url, &server.add_user("bo")).unwrap();
    let secret = server.data().join("cli.token");
    let line = format!(
        "cd \"$BERTH_RUN_DIR\"; mkdir sub; echo inside > sub/a.txt; ln -s sub/a.txt near; ln -s {} far; \
         head -c 300000 /dev/zero | tr '\\0' x > long.txt; printf 'a\\0b' > bin",
        secret.display()
    );
    let id = submit(&berth, shell(&line)).await.id;
    until_finished(&berth, &[id]).await;
    let files = |path: &str| JobFiles {
        id,
        path: Some(path.to_owned()),
    };

    let FilesAnswer::Folder { entries, left_out } = berth.call(files("")).await.unwrap() else {
        panic!("a folder");
    };
    let kinds: Vec<_> = entries
        .iter()
        .map(|one| (one.name.as_str(), one.kind))
        .collect();
    let file = FileKind::File;
    assert_eq!(
        kinds,
        [
            ("sub", FileKind::Folder),
            ("bin", file),
            ("far", FileKind::Link),
            ("long.txt", file),
            ("near", file)
        ]
    );
    assert_eq!(left_out, 0);
    let text = async |path: &str| match berth.call(files(path)).await.unwrap() {
        FilesAnswer::File(file) => file,
        other => panic!("a file: {other:?}"),
    };
    assert_eq!(text("near").await.text.as_deref(), Some("inside\n"));
    assert_eq!(text("bin").await.text, None, "no text");
    let long = text("long.txt").await;
    assert!(long.cut && long.bytes == 300_000);
    assert_eq!(long.text.unwrap().len(), 256 * 1024);
    for path in [
        "far",
        "..",
        "../../../cli.token",
        "/etc/passwd",
        "sub/../../x",
    ] {
        let error = refused(berth.call(files(path)).await);
        assert_eq!(error.code(), ErrorCode::Forbidden, "{path}: {error}");
    }
    let missing = refused(berth.call(files("nothing")).await);
    assert_eq!(missing.code(), ErrorCode::NotFound);
    let error = refused(stranger.call(files("")).await);
    assert_eq!(error.code(), ErrorCode::Forbidden, "{error}");

    let held = SubmitRequest {
        hold: true,
        ..shell("true")
    };
    let held = submit(&berth, held).await.id;
    let call = JobFiles {
        id: held,
        path: None,
    };
    let answer = berth.call(call).await.unwrap();
    assert!(matches!(answer, FilesAnswer::Nowhere { .. }), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_job_waited() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let gpus = |count: i64, line: &str| SubmitRequest {
        gpus: Some(count),
        ..shell(line)
    };
    let first = submit(&berth, gpus(2, "sleep 600")).await.id;
    until(&berth, async |berth: &Berth| {
        get(berth, first).await.row.state == StateName::Running
    })
    .await;
    let second = submit(&berth, gpus(1, "true")).await.id;
    // The live stream says something each second, so that this is asked again.
    until(&berth, async |berth: &Berth| {
        let waits = berth.call(JobWaits { id: second }).await.unwrap().waits;
        waits.first().is_some_and(|wait| wait.reason == "Resources")
    })
    .await;
    let waits = berth.call(JobWaits { id: second }).await.unwrap().waits;
    assert_eq!(waits[0].from, get(&berth, second).await.row.submitted_at);
    assert!(waits.windows(2).all(|pair| pair[0].until <= pair[1].from));
    let never = berth.call(JobWaits { id: first }).await.unwrap().waits;
    assert_eq!(never, []);
}
