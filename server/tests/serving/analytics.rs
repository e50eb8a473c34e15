//! What was, in numbers: jobs that ran, waited and failed are found again, in the answer and in the
//! files, and by whom and where they are asked for.

use crate::support::{Server, get, refused, shell, submit, until, until_finished};
use berth_api::analytics::{Analytics, AnalyticsArg, ENDS, GetAnalytics};
use berth_api::{Berth, ErrorCode};
use berth_domain::{JobId, StateName, SubmitRequest};

fn call(asked: AnalyticsArg) -> GetAnalytics {
    GetAnalytics {
        range: asked.range,
        from: asked.from,
        to: asked.to,
        user: asked.user,
        project: asked.project,
        node: asked.node,
        utc_offset: asked.utc_offset,
    }
}

async fn told(berth: &Berth, asked: AnalyticsArg) -> Analytics {
    berth.call(call(asked)).await.unwrap()
}

fn ended(told: &Analytics, token: &str) -> u32 {
    let place = ENDS.iter().position(|(known, ..)| *known == token).unwrap();
    told.periods.iter().map(|one| one.ends[place]).sum()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

async fn file(server: &Server, name: &str) -> (u16, String, String) {
    let url = format!("{}/api/analytics/{name}", server.url);
    let answer = reqwest::Client::new()
        .get(url)
        .bearer_auth(&server.token)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    (status, kind, answer.text().await.unwrap())
}

/// One that held both GPUs for a while, one that waited for it and then failed, one of somebody else.
async fn a_past(server: &Server) -> [JobId; 3] {
    let berth = server.client();
    let ben = Berth::new(&server.url, &server.add_user("ben")).unwrap();
    let go = server.dir.path().join("go");
    let line = format!("while ! test -e {}; do sleep 0.02; done", go.display());
    let holder = SubmitRequest {
        gpus: Some(2),
        project: Some("vision".to_owned()),
        ..shell(&line)
    };
    let first = submit(&berth, holder).await.id;
    until(&berth, async |berth: &Berth| {
        get(berth, first).await.row.state == StateName::Running
    })
    .await;
    let waiting = SubmitRequest {
        gpus: Some(1),
        ..shell("exit 3")
    };
    let second = submit(&berth, waiting).await.id;
    let others = SubmitRequest {
        gpus: Some(1),
        project: Some("=audio, \"loud\"".to_owned()),
        ..shell("true")
    };
    let third = submit(&ben, others).await.id;
    // Until what the GPUs do was seen for a while.
    until(&berth, async |berth: &Berth| {
        let used = get(berth, first).await.usage;
        used.is_some_and(|one| one.gpu_hours_allocated - one.gpu_hours_unobserved > 2.0 / 3600.0)
    })
    .await;
    std::fs::write(go, "").unwrap();
    until_finished(&berth, &[first, second, third]).await;
    [first, second, third]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_is_found_again() {
    let server = Server::with("1x2", &[]);
    let berth = server.client();
    let empty = told(&berth, AnalyticsArg::default()).await;
    assert_eq!((empty.totals.starts, empty.totals.waits.jobs), (0, 0));
    assert_eq!(empty.before, None, "nothing was before");

    let jobs = a_past(&server).await;
    let all = told(&berth, AnalyticsArg::default()).await;
    assert_eq!(
        (all.totals.starts, all.totals.ends, all.totals.failures),
        (3, 3, 1)
    );
    assert_eq!((ended(&all, "Succeeded"), ended(&all, "Failed")), (2, 1));
    assert_eq!(all.totals.at_once, 2, "two of one GPU each, or one of two");
    // What was held is what the attempts say.
    let mut held_s = 0.0;
    for job in jobs {
        for attempt in get(&berth, job).await.attempts {
            let gpus: usize = attempt.lease.iter().map(|part| part.gpus.len()).sum();
            let time = attempt.ended_at.unwrap().duration_since(attempt.granted_at);
            held_s += time.as_secs_f64() * f64::from(u32::try_from(gpus).unwrap());
        }
    }
    let used = &all.totals.used;
    assert!(
        near(used.allocated_h * 3600.0, held_s),
        "{used:?}, held {held_s} s"
    );
    assert!(
        used.busy_h.unwrap() > 0.0 && used.wasted_h.is_some(),
        "{used:?}"
    );
    assert!(all.totals.share.allocated_pct.unwrap() > 0.0);
    assert!(
        all.totals.energy_kwh.unwrap() > 0.0,
        "of the GPUs, idle or not"
    );
    let names = |groups: &berth_api::analytics::Groups| -> Vec<Option<String>> {
        groups.rows.iter().map(|row| row.name.clone()).collect()
    };
    assert_eq!(names(&all.by_user)[0].as_deref(), Some("admin"));
    assert_eq!(names(&all.by_project)[0].as_deref(), Some("vision"));
    assert_eq!(all.users, ["admin", "ben"]);
    assert_eq!(all.nodes, ["node-1"]);
    // The two that waited did so as long as the first held everything.
    let one_gpu = all
        .waits_by_size
        .iter()
        .find(|one| one.name == "1 GPU")
        .unwrap();
    assert!(
        one_gpu.jobs == 2 && one_gpu.p50_min.unwrap() > 0.0,
        "{one_gpu:?}"
    );
    let submit = all
        .scoreboard
        .iter()
        .find(|one| one.name == "submit")
        .unwrap();
    assert_eq!(submit.met, Some(true), "{submit:?}");

    // By whom and where.
    let of = |asked| told(&berth, asked);
    let ben = of(AnalyticsArg {
        user: Some("ben".to_owned()),
        ..AnalyticsArg::default()
    })
    .await;
    assert_eq!((ben.totals.starts, ben.by_user.rows.len()), (1, 1));
    let vision = of(AnalyticsArg {
        project: Some("vision".to_owned()),
        range: Some("24h".to_owned()),
        ..AnalyticsArg::default()
    })
    .await;
    assert_eq!((vision.totals.starts, vision.totals.failures), (1, 0));
    let there = of(AnalyticsArg {
        node: Some("node-1".to_owned()),
        ..AnalyticsArg::default()
    })
    .await;
    assert_eq!(there.totals.used, all.totals.used);
    let nowhere = of(AnalyticsArg {
        node: Some("node-9".to_owned()),
        ..AnalyticsArg::default()
    })
    .await;
    assert_eq!((nowhere.totals.starts, nowhere.totals.waits.jobs), (0, 0));
    let wrong = AnalyticsArg {
        range: Some("3d".to_owned()),
        ..AnalyticsArg::default()
    };
    assert_eq!(
        refused(berth.call(call(wrong)).await).field(),
        Some("range")
    );

    files_say_the_same(&server, &all).await;
}

async fn files_say_the_same(server: &Server, all: &Analytics) {
    let (status, kind, csv) = file(server, "gpu-hours-by-project.csv?range=7d").await;
    assert_eq!((status, kind.as_str()), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = csv.lines().collect();
    assert!(
        lines[0].starts_with("Project,busy (GPU-h),wasted (GPU-h)"),
        "{csv}"
    );
    let allocated: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(allocated[0], "vision");
    assert!(
        near(
            allocated[4].parse().unwrap(),
            all.by_project.rows[0].allocated_h
        ),
        "{csv}"
    );
    assert!(
        csv.contains("\"'=audio, \"\"loud\"\"\""),
        "no formula: {csv}"
    );
    let (status, kind, svg) = file(server, "waits-by-size.svg").await;
    assert_eq!((status, kind.as_str()), (200, "image/svg+xml"));
    assert!(
        svg.starts_with("<svg ") && svg.contains("Wait by size"),
        "{svg}"
    );
    let (status, _, said) = file(server, "nothing.pdf").await;
    assert_eq!(status, ErrorCode::NotFound.status().as_u16());
    assert!(said.contains("utilisation-by-hour"), "{said}");
    let (status, ..) = file(server, "energy.csv?range=3d").await;
    assert_eq!(status, ErrorCode::Invalid.status().as_u16());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_cost_is_known_where_prices_are_set() {
    let mut server = Server::with("1x2", &[]);
    let berth = server.client();
    assert_eq!(told(&berth, AnalyticsArg::default()).await.prices.kwh, None);
    let (status, ..) = file(&server, "cost.csv").await;
    assert_eq!(status, 404, "no price, no cost");
    server.kill();
    let prices = "[prices]\nkwh = 0.3\ngpu_hour = 2.5\ncurrency = \"€\"\n";
    std::fs::write(server.dir.path().join("berth.toml"), prices).unwrap();
    server.boot(&[]);
    let done = submit(
        &server.client(),
        SubmitRequest {
            gpus: Some(2),
            ..shell("sleep 0.2")
        },
    )
    .await;
    until_finished(&server.client(), &[done.id]).await;
    let all = told(&server.client(), AnalyticsArg::default()).await;
    assert_eq!(
        (all.prices.kwh, all.prices.gpu_hour),
        (Some(0.3), Some(2.5))
    );
    let (_, _, csv) = file(&server, "cost.csv").await;
    assert!(
        csv.starts_with("Day (UTC),cost of energy (€),cost of GPU-hours (€)"),
        "{csv}"
    );
    let last: Vec<&str> = csv.lines().last().unwrap().split(',').collect();
    let cost: f64 = last[2].parse().unwrap();
    let held: f64 = all.periods.last().unwrap().allocated_h;
    assert!(cost > 0.0 && near(cost, held * 2.5), "{csv}");
}
