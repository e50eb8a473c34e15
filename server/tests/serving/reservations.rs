//! Reservations and quotas on a real server: they keep others out, let their holder in, are given
//! back, and survive a crash.

use crate::support::{Server, get, refused, shell, submit, until};
use berth_api::Berth;
use berth_api::quotas::{GetQuotas, QuotaArg, SetQuota};
use berth_api::reservations::{
    CancelReservation, CreateReservation, EndReservation, ListReservations, ReservationArg,
    ReservationList, ReserveAnswer, ReserveArg,
};
use berth_domain::reservation::OccurrenceState;
use berth_domain::{JobId, ReservationId, ReserveRequest, StateName, SubmitRequest};

fn sized(gpus: i64, limit: &str, line: &str) -> SubmitRequest {
    SubmitRequest {
        gpus: Some(gpus),
        time_limit: Some(limit.to_owned()),
        ..shell(line)
    }
}

async fn until_state(berth: &Berth, id: JobId, state: StateName) {
    until(berth, async |berth: &Berth| {
        get(berth, id).await.row.state == state
    })
    .await;
}

/// A job that runs until it is told to end.
fn until_told(server: &Server, gpus: i64, limit: &str, name: &str) -> SubmitRequest {
    let file = server.dir.path().join(name);
    let line = format!("while ! test -e {}; do sleep 0.05; done", file.display());
    sized(gpus, limit, &line)
}

fn tell(server: &Server, name: &str) {
    std::fs::write(server.dir.path().join(name), "").unwrap();
}

fn from_now(gpus: i64, length: &str) -> ReserveRequest {
    ReserveRequest {
        gpus: Some(gpus),
        length: Some(length.to_owned()),
        ..ReserveRequest::default()
    }
}

fn in_an_hour(gpus: i64, length: &str) -> ReserveRequest {
    let start = berth_domain::Timestamp::now() + std::time::Duration::from_secs(3600);
    ReserveRequest {
        start: Some(start.to_string()),
        ..from_now(gpus, length)
    }
}

async fn reserve(berth: &Berth, reservation: ReserveRequest) -> ReserveAnswer {
    let body = ReserveArg {
        reservation,
        ..ReserveArg::default()
    };
    berth.call(CreateReservation { body }).await.unwrap()
}

async fn list(berth: &Berth) -> ReservationList {
    let from = berth_domain::Timestamp::now() - std::time::Duration::from_secs(86_400);
    let call = ListReservations {
        from: Some(from.to_string()),
        to: None,
    };
    berth.call(call).await.unwrap()
}

async fn state(berth: &Berth) -> OccurrenceState {
    list(berth).await.reservations[0].occurrences[0].state
}

async fn reason(berth: &Berth, id: JobId) -> String {
    get(berth, id).await.row.reason.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_others_out_lets_its_holder_in_and_is_given_back() {
    let server = Server::with("1x4", &[]);
    let admin = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let request = ReserveRequest {
        user: Some("ana".to_owned()),
        note: Some("demo".to_owned()),
        ..from_now(3, "1h")
    };
    let made = reserve(&admin, request).await.reservation;
    assert_eq!(made.occurrences[0].state, OccurrenceState::Active);
    assert_eq!((made.user, made.project), (Some("ana".into()), None));

    // One is left for others; two are not, though four are free.
    let two = submit(&admin, sized(2, "1h", "sleep 600")).await.id;
    assert_eq!(reason(&admin, two).await, "Reservation");
    let text = get(&admin, two).await.row.reason_text.unwrap();
    assert!(text.contains("ana's reservation 'demo' from "), "{text}");
    let one = submit(&admin, sized(1, "1h", "sleep 600")).await.id;
    until_state(&admin, one, StateName::Running).await;
    // Within it: the time after its end is promised to the one that waits.
    let hers = submit(&ana, until_told(&server, 3, "30m", "enough"))
        .await
        .id;
    until_state(&ana, hers, StateName::Running).await;
    assert!(list(&ana).await.reservations[0].occurrences[0].used);

    // She is done, and it is still hers.
    tell(&server, "enough");
    until_state(&ana, hers, StateName::Finished).await;
    assert_eq!(reason(&admin, two).await, "Reservation");
    let id = made.id;
    let bo = Berth::new(&server.url, &server.add_user("bo")).unwrap();
    let arg = || ReservationArg { id };
    let error = refused(bo.call(EndReservation { body: arg() }).await);
    assert_eq!(error.code(), berth_api::ErrorCode::Forbidden);
    ana.call(EndReservation { body: arg() }).await.unwrap();
    until_state(&admin, two, StateName::Running).await;
    assert_eq!(state(&ana).await, OccurrenceState::EndedEarly);
    let error = refused(ana.call(EndReservation { body: arg() }).await);
    assert!(error.to_string().contains("not under way"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn until_it_begins_others_run_there_if_they_are_done_in_time() {
    let server = Server::with("1x4", &[]);
    let berth = server.client();
    let request = ReserveRequest {
        gpus: None,
        exact: vec!["node-1:0-1".to_owned()],
        project: Some("vision".to_owned()),
        ..in_an_hour(0, "2h")
    };
    let made = reserve(&berth, request).await.reservation;
    assert_eq!(made.what, "node-1:0,1");
    let short = submit(&berth, sized(4, "30m", "sleep 0.3")).await.id;
    until_state(&berth, short, StateName::Finished).await;
    // Who is not done in time gets the others; who needs more waits.
    let two = submit(&berth, sized(2, "2h", "sleep 600")).await.id;
    until_state(&berth, two, StateName::Running).await;
    let lease = get(&berth, two).await.row.lease.unwrap();
    assert_eq!(lease[0].gpus, [2, 3]);
    let more = submit(&berth, sized(1, "2h", "sleep 600")).await.id;
    assert_eq!(reason(&berth, more).await, "Reservation");
    let theirs = SubmitRequest {
        project: Some("vision".to_owned()),
        ..sized(1, "2h", "sleep 600")
    };
    let theirs = submit(&berth, theirs).await.id;
    until_state(&berth, theirs, StateName::Running).await;
    // Cancelled: it is everybody's again.
    let body = ReservationArg { id: made.id };
    berth.call(CancelReservation { body }).await.unwrap();
    until_state(&berth, more, StateName::Running).await;
    assert_eq!(list(&berth).await, ReservationList::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_came_so_it_is_released_also_for_the_next_server() {
    let mut server = Server::with("1x4", &[]);
    let berth = server.client();
    server.add_user("ana");
    let request = ReserveRequest {
        user: Some("ana".to_owned()),
        no_show: Some("2s".to_owned()),
        ..from_now(4, "1h")
    };
    reserve(&berth, request).await;
    // Nobody does anything more: the clock alone lets it start.
    let waits = submit(&berth, sized(1, "1h", "sleep 600")).await.id;
    assert_eq!(reason(&berth, waits).await, "Reservation");
    until_state(&berth, waits, StateName::Running).await;
    assert_eq!(state(&berth).await, OccurrenceState::NoShow);
    let before = list(&berth).await;

    server.kill();
    server.boot(&[]);
    let berth = server.client();
    assert_eq!(list(&berth).await, before);
    let another = submit(&berth, sized(3, "1h", "sleep 600")).await.id;
    until_state(&berth, another, StateName::Running).await;
    let idle = list(&berth).await.reservations[0].occurrences[0].idle_gpu_seconds;
    assert_eq!(idle, Some(4 * 2), "until it was released");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_a_crash_with_what_comes_again() {
    let mut server = Server::with("2x8", &[]);
    let berth = server.client();
    let request = ReserveRequest {
        every: vec!["day".to_owned()],
        zone: Some("Europe/Berlin".to_owned()),
        ..in_an_hour(8, "2h")
    };
    let made = reserve(&berth, request.clone()).await.reservation;
    assert_eq!(made.occurrences.len(), 31);
    let body = QuotaArg {
        user: Some("ana".to_owned()),
        gpus: Some(3),
        hard: true,
        ..QuotaArg::default()
    };
    let quotas = berth.call(SetQuota { body }).await.unwrap();
    let before = list(&berth).await;
    assert_eq!(before.reservations.len(), 1);

    server.kill();
    server.boot(&[]);
    let berth = server.client();
    assert_eq!(list(&berth).await, before);
    assert_eq!(berth.call(GetQuotas {}).await.unwrap(), quotas);
    // What is promised stays promised, and what is changed is no further promise.
    let both = ReserveRequest {
        nodes: Some(2),
        ..in_an_hour(8, "10m")
    };
    let arg = |reservation, replace| ReserveArg {
        reservation,
        replace,
        preview: false,
    };
    let body = arg(both.clone(), None);
    let error = refused(berth.call(CreateReservation { body }).await);
    assert_eq!(error.code(), berth_api::ErrorCode::Conflict);
    assert!(
        error.to_string().contains("(number 1) keeps 8 GPUs of 16"),
        "{error}"
    );
    let body = arg(both, Some(made.id));
    let changed = berth.call(CreateReservation { body }).await.unwrap();
    assert_eq!(changed.reservation.id, made.id);
    let next = reserve(&berth, from_now(16, "30m")).await.reservation;
    assert_eq!(next.id, ReservationId(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_whose_start_it_changes_and_reserves_nothing() {
    let server = Server::with("1x4", &[]);
    let berth = server.client();
    let holder = submit(&berth, sized(4, "90m", "sleep 600")).await.id;
    until_state(&berth, holder, StateName::Running).await;
    let waits = submit(&berth, sized(4, "2h", "sleep 600")).await.id;
    assert_eq!(reason(&berth, waits).await, "Resources");
    let request = ReserveRequest {
        project: Some("vision".to_owned()),
        length: Some("6h".to_owned()),
        ..in_an_hour(4, "")
    };
    let body = ReserveArg {
        reservation: request,
        preview: true,
        replace: None,
    };
    let answer = berth.call(CreateReservation { body }).await.unwrap();
    assert!(answer.preview);
    assert_eq!(answer.changes.len(), 1, "{answer:?}");
    let change = &answer.changes[0];
    assert!(
        change.job == waits && change.after_p50 > change.before_p50,
        "{change:?}"
    );
    assert_eq!(list(&berth).await, ReservationList::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_borrowed_and_given_back_and_a_cap_is_not() {
    let server = Server::with("1x4", &[]);
    let admin = server.client();
    let ana = Berth::new(&server.url, &server.add_user("ana")).unwrap();
    let quota = |hard| QuotaArg {
        every: Some("user".to_owned()),
        gpus: Some(2),
        hard,
        ..QuotaArg::default()
    };
    let error = refused(ana.call(SetQuota { body: quota(false) }).await);
    assert_eq!(error.code(), berth_api::ErrorCode::Forbidden);
    admin.call(SetQuota { body: quota(false) }).await.unwrap();

    // Nobody else is there: she may have everything.
    let first = submit(&ana, until_told(&server, 2, "1h", "first")).await.id;
    let second = submit(&ana, sized(2, "1h", "sleep 600")).await.id;
    until_state(&ana, first, StateName::Running).await;
    until_state(&ana, second, StateName::Running).await;
    // Her third was there before another's first, and still it is the other's turn.
    let third = submit(&ana, sized(2, "1h", "sleep 600")).await.id;
    let other = submit(&admin, until_told(&server, 2, "1h", "other"))
        .await
        .id;
    assert_eq!(reason(&ana, third).await, "QuotaUser");
    tell(&server, "first");
    until_state(&admin, other, StateName::Running).await;
    assert_eq!(get(&ana, third).await.row.state, StateName::Queued);

    // A cap binds on idle GPUs too.
    admin.call(SetQuota { body: quota(true) }).await.unwrap();
    tell(&server, "other");
    until_state(&admin, other, StateName::Finished).await;
    let text = get(&ana, third).await.row.reason_text.unwrap();
    assert!(
        text.contains("ana uses 2 of 2 GPUs allowed; this job needs 2 GPUs"),
        "{text}"
    );
    let held = admin.call(GetQuotas {}).await.unwrap().users;
    assert_eq!((held[0].name.as_str(), held[0].held), ("ana", 2));
    // And lifted for her alone.
    let body = QuotaArg {
        user: Some("ana".to_owned()),
        unlimited: true,
        ..QuotaArg::default()
    };
    admin.call(SetQuota { body }).await.unwrap();
    until_state(&ana, third, StateName::Running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_do_the_same() {
    let server = Server::with("2x8", &[]);
    let run = |line: &[&str]| {
        let output = server
            .cli()
            .args(line)
            .env("TZ", "Europe/Berlin")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text, error)
    };
    let create = [
        "reserve", "create", "-g", "8", "--from", "+1h", "--for", "8h",
    ];
    let with = |more: &[&str]| run(&[&create[..], more].concat());
    let (code, text, _) = with(&["--note", "demo", "--preview"]);
    assert_eq!(code, 0);
    assert!(
        text.starts_with("Would reserve 8 GPUs for admin, "),
        "{text}"
    );
    let (code, text, error) = with(&["--note", "demo", "--every", "day", "--no-show", "15m"]);
    assert_eq!(code, 0, "{error}");
    assert!(
        text.starts_with("Reservation 1: 8 GPUs for admin, "),
        "{text}"
    );
    assert!(text.trim_end().ends_with(", every day"), "{text}");
    let (code, text, _) = run(&["reserve", "list"]);
    assert_eq!((code, text.lines().count()), (0, 2), "{text}");
    assert!(text.contains("upcoming") && text.contains("demo"), "{text}");
    let (_, text, _) = run(&["reserve", "list", "--times"]);
    assert_eq!(text.lines().count(), 32, "{text}");
    let (_, text, _) = run(&["--json", "reserve", "list"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["reservations"][0]["zone"], "Europe/Berlin");
    let (code, _, error) = run(&["reserve", "end", "1"]);
    assert_eq!(code, 1);
    assert!(error.contains("berth reserve cancel 1"), "{error}");
    assert_eq!(
        run(&["reserve", "cancel", "1"]).1,
        "Cancelled reservation 1\n"
    );
    assert_eq!(run(&["reserve", "list"]).1, "Nothing is reserved.\n");
    assert_eq!(run(&["reserve", "create", "--for", "1h"]).0, 2);

    let (code, text, _) = run(&["quota", "set", "--default", "-g", "8"]);
    assert_eq!(code, 0);
    assert!(text.contains("8, more while nobody waits"), "{text}");
    let (_, text, _) = run(&["quota", "set", "--project", "vision", "-g", "4", "--hard"]);
    assert!(text.contains("4, never more"), "{text}");
    let (code, _, error) = run(&["quota", "set", "--user", "ana", "-g", "-1"]);
    assert_eq!((code, error.contains("-1 GPUs")), (1, true), "{error}");
    assert_eq!(run(&["quota", "set", "--user", "ana"]).0, 2);
    let (_, text, _) = run(&["quota", "show"]);
    assert!(text.contains("project vision"), "{text}");
}
