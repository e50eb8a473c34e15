//! Reservations: what may be promised, when it comes again, and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::time::Duration;

use berth_domain::decide::{Input, Report};
use berth_domain::reservation::{
    Day, Occurrence, OccurrenceState, Promised, Recurrence, ReserveRequest, WhyOver,
};
use berth_domain::{
    Actor, Command, Event, Exit, Gpu, GpuRef, GpuUuid, Holder, JobId, Lease, Node, NodeLease,
    NodeName, NodeSource, Record, Refusal, Reservation, ReservationId, Role, Rules, State,
    SubmitRequest, Timestamp, decide,
};
use jiff::ToSpan;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

/// Two nodes of eight, and a clock that tests move.
struct House {
    state: State,
    journal: Vec<Record>,
    now: Timestamp,
}

fn user(name: &str, admin: bool) -> Actor {
    Actor::user(name, if admin { Role::Admin } else { Role::Member })
}

impl House {
    fn new() -> Self {
        let mut house = House {
            state: State::default(),
            journal: Vec::new(),
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
        };
        let node = |name: &str| {
            let gpus = (0..8).map(|index| {
                let uuid = GpuUuid(format!("{name}-{index}"));
                Gpu::new(index, uuid, "H100", 80 << 30)
            });
            Node::new(NodeName::from(name), NodeSource::Simulated, gpus.collect())
        };
        let nodes = vec![node("node-1"), node("node-2")];
        house.take(Input::Inventory(nodes)).unwrap();
        house
    }

    fn take(&mut self, input: Input) -> Result<Vec<Event>, Refusal> {
        let decision = decide(&self.state, &Rules::default(), input, self.now)?;
        let mut records = Vec::new();
        for event in &decision.events {
            records.push(Record {
                seq: berth_domain::Seq(self.state.seq.0 + 1 + records.len() as u64),
                at: self.now,
                actor: Actor::Berth,
                event: event.clone(),
            });
        }
        let changes = self.state.project(&records).unwrap();
        for record in records {
            self.state.apply(&record).unwrap();
            self.journal.push(record);
        }
        for reservation in &changes.reservations {
            assert_eq!(self.state.reservation(reservation.id), Some(reservation));
        }
        Ok(decision.events)
    }

    fn ask(&mut self, actor: Actor, command: Command) -> Result<Vec<Event>, Refusal> {
        self.take(Input::Command { actor, command })
    }

    fn reserve(&mut self, who: &str, request: ReserveRequest) -> Result<ReservationId, Refusal> {
        let command = Command::Reserve(None, Box::new(request));
        let events = self.ask(user(who, who == "root"), command)?;
        Ok(events.iter().find_map(Event::reservation).unwrap())
    }

    fn pass(&mut self, seconds: u64) -> Vec<Event> {
        self.now += Duration::from_secs(seconds);
        self.take(Input::Clock).unwrap()
    }

    /// Starts a job of so many GPUs from this one on, on the first node.
    fn start(&mut self, who: &str, first: u32, gpus: u32) -> JobId {
        let request = SubmitRequest {
            command: vec!["true".to_owned()],
            gpus: Some(i64::from(gpus)),
            ..SubmitRequest::default()
        };
        self.ask(user(who, false), Command::Submit(Box::new(request)))
            .unwrap();
        let job = JobId(self.state.next_job().0 - 1);
        let gpu = |index| GpuRef {
            index,
            uuid: GpuUuid(format!("node-1-{index}")),
        };
        let part = NodeLease {
            node: NodeName::from("node-1"),
            gpus: (first..first + gpus).map(gpu).collect(),
        };
        self.take(Input::Starts(vec![(job, Lease(vec![part]))]))
            .unwrap();
        job
    }

    fn exit(&mut self, job: JobId) {
        let attempt = self.state.live_job(job).unwrap().attempt_id().unwrap();
        let report = Report::Exited(Exit::code(0));
        self.take(Input::Reports([(attempt, report)].into()))
            .unwrap();
    }

    fn get(&self, id: ReservationId) -> &Reservation {
        self.state.reservation(id).unwrap()
    }

    fn state_now(&self, id: ReservationId) -> OccurrenceState {
        let one = self.get(id);
        let first = Occurrence {
            start: one.start,
            end: one.end,
        };
        one.state_of(first, self.now)
    }
}

impl Drop for House {
    /// Whatever happened: the journal tells all of it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(State::replay(&self.journal).unwrap(), self.state);
        }
    }
}

fn gpus(gpus: i64, start: &str, length: &str) -> ReserveRequest {
    ReserveRequest {
        gpus: Some(gpus),
        start: Some(start.to_owned()),
        length: Some(length.to_owned()),
        ..ReserveRequest::default()
    }
}

fn exact(names: &[&str], start: &str, length: &str) -> ReserveRequest {
    ReserveRequest {
        gpus: None,
        exact: names.iter().map(|name| (*name).to_owned()).collect(),
        ..gpus(0, start, length)
    }
}

const ONE: &str = "2026-11-24T13:00:00Z";
const TWO: &str = "2026-11-24T14:00:00Z";

#[test]
fn nobody_promises_more_than_there_is() {
    let mut house = House::new();
    let demo = ReserveRequest {
        note: Some("demo".to_owned()),
        ..gpus(8, ONE, "2h")
    };
    house.reserve("ana", demo).unwrap();
    // Beside it, before it and after it.
    house.reserve("bo", gpus(8, ONE, "1h")).unwrap();
    house
        .reserve("bo", gpus(16, "2026-11-24T12:00:00Z", "1h"))
        .unwrap();
    house
        .reserve("bo", gpus(16, "2026-11-24T15:00:00Z", "1h"))
        .unwrap();
    let error = house.reserve("cleo", gpus(9, TWO, "1h")).unwrap_err();
    assert!(matches!(error, Refusal::Invalid { .. }), "9 do not divide");
    let error = house.reserve("cleo", gpus(16, TWO, "10m")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "At 2026-11-24 14:00:00 UTC ana's reservation 'demo' (number 1) keeps 8 GPUs of 16, and 8 \
         GPUs on each of 2 nodes cannot be kept beside it. Choose another time, or fewer GPUs."
    );
    house.reserve("cleo", gpus(8, TWO, "10m")).unwrap();
    // By name: what is left is one node, which cannot be told yet, so both names clash.
    let clash = house.reserve("cleo", exact(&["node-1:0"], TWO, "5m"));
    assert!(matches!(clash, Err(Refusal::Promised { .. })), "{clash:?}");
}

#[test]
fn exact_gpus_are_promised_once() {
    let mut house = House::new();
    let first = house.reserve("ana", exact(&["node-2:4-6", "node-1:1,0"], ONE, "1h"));
    let first = first.unwrap();
    assert_eq!(house.get(first).what.summary(), "node-1:0,1 node-2:4,5,6");
    house
        .reserve("bo", exact(&["node-1:2-7"], ONE, "1h"))
        .unwrap();
    let clash = house.reserve("bo", exact(&["node-2:0,6"], ONE, "1h"));
    let Err(Refusal::Promised { id, .. }) = clash else {
        panic!("{clash:?}")
    };
    assert_eq!(id, first);
    // Five are left on the second node.
    house.reserve("cleo", gpus(5, ONE, "1h")).unwrap();
    assert!(house.reserve("cleo", gpus(1, ONE, "1h")).is_err());
}

#[test]
fn what_cannot_be_is_refused_with_a_sentence() {
    let mut house = House::new();
    house.reserve("ana", gpus(2, ONE, "1h")).unwrap();
    let weekly = |days: &[&str], length: &str| ReserveRequest {
        every: days.iter().map(|day| (*day).to_owned()).collect(),
        ..gpus(1, ONE, length)
    };
    let cases = [
        (gpus(0, ONE, "1h"), "0 GPUs"),
        (gpus(17, ONE, "1h"), "the cluster has 16"),
        (gpus(1, "2026-11-24T11:58:00Z", "1h"), "in the past"),
        (gpus(1, "2028-01-01T00:00:00Z", "1h"), "more than a year"),
        (gpus(1, "tomorrow", "1h"), "'tomorrow' is not a time"),
        (gpus(1, ONE, "0"), "not after its start"),
        (gpus(1, ONE, "32d"), "31 days at most"),
        (gpus(1, ONE, "99999999999d"), "31 days at most"),
        (gpus(1, ONE, "soon"), "not a time"),
        (
            ReserveRequest {
                length: None,
                ..gpus(1, ONE, "")
            },
            "how long",
        ),
        (
            ReserveRequest {
                end: Some(TWO.into()),
                ..gpus(1, ONE, "1h")
            },
            "not both",
        ),
        (
            ReserveRequest {
                length: None,
                end: Some(ONE.into()),
                ..gpus(1, TWO, "")
            },
            "not after its start",
        ),
        (
            ReserveRequest {
                node: Some("node-9".into()),
                ..gpus(1, ONE, "1h")
            },
            "'node-9'",
        ),
        (
            ReserveRequest {
                node: Some("node-1".into()),
                ..gpus(16, ONE, "1h")
            },
            "node-1 has 8",
        ),
        (exact(&["node-1"], ONE, "1h"), "does not name GPUs"),
        (exact(&["node-1:8"], ONE, "1h"), "no GPU 8"),
        (exact(&["node-1:0", "node-1:1"], ONE, "1h"), "named twice"),
        (
            exact(&["node-1:0-4000000000"], ONE, "1h"),
            "does not name GPUs",
        ),
        (
            ReserveRequest {
                exact: vec!["node-1:0".into()],
                ..gpus(1, ONE, "1h")
            },
            "leave out",
        ),
        (
            ReserveRequest {
                no_show: Some("1h".into()),
                ..gpus(1, ONE, "1h")
            },
            "no-show",
        ),
        (
            ReserveRequest {
                no_show: Some("0".into()),
                ..gpus(1, ONE, "1h")
            },
            "no-show",
        ),
        (
            ReserveRequest {
                note: Some("a\nb".into()),
                ..gpus(1, ONE, "1h")
            },
            "control",
        ),
        (
            ReserveRequest {
                until: Some("2026-12-01".into()),
                ..gpus(1, ONE, "1h")
            },
            "come again",
        ),
        (weekly(&["someday"], "1h"), "'someday' is not a day"),
        (weekly(&["mon", "wed"], "1h"), "begins on a tue"),
        (weekly(&["tue", "wed"], "25h"), "again before it is over"),
        (weekly(&["day"], "24h1m"), "again before it is over"),
        (
            ReserveRequest {
                zone: Some("Mars/Base".into()),
                ..weekly(&["day"], "1h")
            },
            "Mars/Base",
        ),
        (
            ReserveRequest {
                until: Some("2026-11-23".into()),
                ..weekly(&["day"], "1h")
            },
            "before",
        ),
        (
            ReserveRequest {
                until: Some("soon".into()),
                ..weekly(&["day"], "1h")
            },
            "not a date",
        ),
        (
            ReserveRequest {
                user: Some("bo".into()),
                ..gpus(1, ONE, "1h")
            },
            "Only a lead or an admin",
        ),
        (
            ReserveRequest {
                user: Some("ana".into()),
                project: Some("x".into()),
                ..gpus(1, ONE, "1h")
            },
            "not for both",
        ),
    ];
    for (request, says) in cases {
        let error = house.reserve("ana", request.clone()).unwrap_err();
        assert!(error.to_string().contains(says), "{request:?}: {error}");
        assert!(error.field().is_some(), "{error}");
    }
    assert_eq!(house.state.reservations().count(), 1);

    let id = ReservationId(1);
    for command in [Command::CancelReservation(id), Command::EndReservation(id)] {
        let error = house.ask(user("bo", false), command).unwrap_err();
        assert!(
            matches!(error, Refusal::ReservationNotYours { .. }),
            "{error}"
        );
    }
    let error = house.ask(user("ana", false), Command::EndReservation(id));
    assert_eq!(error.unwrap_err(), Refusal::NotUnderWay { id });
    let missing = ReservationId(9);
    let error = house.ask(user("ana", false), Command::CancelReservation(missing));
    assert_eq!(
        error.unwrap_err(),
        Refusal::NoSuchReservation { id: missing }
    );
    house
        .ask(user("root", true), Command::CancelReservation(id))
        .unwrap();
    // Its place is free again, and its number is not given again.
    assert_eq!(
        house.reserve("bo", gpus(16, ONE, "1h")),
        Ok(ReservationId(2))
    );
}

#[test]
fn nobody_came_so_it_is_released_and_stays_so() {
    let mut house = House::new();
    let request = ReserveRequest {
        no_show: Some("15m".to_owned()),
        ..gpus(4, ONE, "2h")
    };
    let id = house.reserve("ana", request).unwrap();
    // Somebody else's job is nobody's showing up.
    house.start("bo", 0, 4);
    assert_eq!(
        house.get(id).next_turn(house.now),
        Some(ONE.parse().unwrap())
    );
    assert_eq!(house.pass(3600), []);
    assert_eq!(house.state_now(id), OccurrenceState::Active);
    assert_eq!(house.pass(899), []);
    let events = house.pass(1);
    let [Event::ReservationOver { over, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (over.why, over.idle_gpu_seconds),
        (WhyOver::NoShow, 4 * 900)
    );
    assert_eq!(house.state_now(id), OccurrenceState::NoShow);
    // Who comes later finds it gone.
    house.start("ana", 4, 4);
    assert_eq!(house.pass(60), []);
    assert_eq!(house.pass(7200), []);
    assert_eq!(house.get(id).ahead(house.now, Timestamp::MAX), []);
}

#[test]
fn who_came_keeps_it_and_what_idled_is_counted() {
    let mut house = House::new();
    let request = ReserveRequest {
        no_show: Some("15m".to_owned()),
        ..gpus(4, ONE, "2h")
    };
    let id = house.reserve("ana", request).unwrap();
    house.pass(3600);
    // Two GPUs for ten minutes, and nothing after that.
    let job = house.start("ana", 0, 2);
    house.now += Duration::from_secs(600);
    house.exit(job);
    assert!(house.pass(600).is_empty(), "she was there");
    // And three from the last half hour on.
    house.pass(4200);
    house.start("ana", 0, 3);
    let events = house.pass(1800);
    let [Event::ReservationOver { over, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    let used = 2 * 600 + 3 * 1800;
    assert_eq!(over.why, WhyOver::Ended);
    assert_eq!(over.idle_gpu_seconds, 4 * 7200 - used);
    assert_eq!(house.state_now(id), OccurrenceState::Used);
}

#[test]
fn what_is_given_back_early_is_not_counted_after() {
    let mut house = House::new();
    let id = house.reserve("ana", gpus(4, ONE, "2h")).unwrap();
    house.pass(3600);
    house.pass(600);
    let events = house.ask(user("ana", false), Command::EndReservation(id));
    let Event::ReservationOver { over, .. } = &events.unwrap()[0] else {
        panic!()
    };
    assert_eq!(
        (over.why, over.idle_gpu_seconds),
        (WhyOver::EndedEarly, 4 * 600)
    );
    assert_eq!(house.pass(10_000), []);
    assert_eq!(house.state_now(id), OccurrenceState::EndedEarly);
}

#[test]
fn a_job_that_began_before_counts_and_other_gpus_do_not() {
    let mut house = House::new();
    let request = ReserveRequest {
        no_show: Some("5m".to_owned()),
        ..exact(&["node-1:0,1"], ONE, "1h")
    };
    let id = house.reserve("ana", request).unwrap();
    let elsewhere = house.start("ana", 4, 2);
    house.pass(3600);
    assert!(!house.get(id).log.values().any(|log| log.used));
    house.exit(elsewhere);
    // The next one holds one of the two.
    house.start("ana", 1, 2);
    assert!(house.get(id).log.values().any(|log| log.used));
    let events = house.pass(3600);
    let Event::ReservationOver { over, .. } = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(over.idle_gpu_seconds, 3600, "one of two");
}

#[test]
fn occurrences_that_passed_while_nobody_looked_are_settled_in_order() {
    let mut house = House::new();
    let request = ReserveRequest {
        every: vec!["day".to_owned()],
        no_show: Some("30m".to_owned()),
        until: Some("2026-11-27".to_owned()),
        ..gpus(2, ONE, "1h")
    };
    let id = house.reserve("ana", request).unwrap();
    // Three days later, in the middle of the last one.
    let events = house.pass(3 * 86_400 + 3600 + 60);
    let why = |event: &Event| match event {
        Event::ReservationOver { over, .. } => over.why,
        _ => panic!("{event:?}"),
    };
    let whys: Vec<WhyOver> = events.iter().map(why).collect();
    assert_eq!(whys, [WhyOver::NoShow; 3]);
    assert_eq!(house.get(id).open(house.now).len(), 1);
    house.pass(1800);
    assert_eq!(house.get(id).next_turn(house.now), None, "it was the last");
}

#[test]
fn a_change_keeps_what_was_and_moves_the_rest() {
    let mut house = House::new();
    let id = house.reserve("ana", gpus(8, ONE, "1h")).unwrap();
    house.reserve("bo", gpus(8, ONE, "1h")).unwrap();
    let change = |request| Command::Reserve(Some(id), Box::new(request));
    // It is not in its own way; the other one is.
    house
        .ask(user("ana", false), change(gpus(4, ONE, "2h")))
        .unwrap();
    let error = house.ask(user("ana", false), change(gpus(16, ONE, "2h")));
    assert!(matches!(error, Err(Refusal::Promised { .. })), "{error:?}");
    let error = house.ask(user("bo", false), change(gpus(1, ONE, "2h")));
    assert!(
        matches!(error, Err(Refusal::ReservationNotYours { .. })),
        "{error:?}"
    );
    // Under way it may be made longer, though its start is past.
    house.pass(3600);
    house.pass(1800);
    let longer = change(gpus(4, ONE, "3h"));
    let events = house.ask(user("ana", false), longer.clone()).unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(
        house.ask(user("ana", false), longer),
        Ok(vec![]),
        "nothing to change"
    );
    assert_eq!(house.state_now(id), OccurrenceState::Active);
    // Or put off: what was of it counts.
    let later = gpus(4, "2026-11-24T18:00:00Z", "1h");
    let events = house.ask(user("ana", false), change(later)).unwrap();
    let Event::ReservationOver { over, .. } = &events[1] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (over.why, over.idle_gpu_seconds),
        (WhyOver::Cancelled, 4 * 1800)
    );
    assert_eq!(house.state_now(id), OccurrenceState::Upcoming);
}

#[test]
fn quotas_are_for_admins_to_set() {
    use berth_domain::quota::{Allow, Budget, Period, Quota, SetTo, Whose};
    let mut house = House::new();
    let eight = SetTo::Gpus(Allow::This(Quota {
        gpus: 8,
        hard: false,
    }));
    let error = house.ask(
        user("ana", false),
        Command::SetQuota(Whose::EveryUser, eight),
    );
    assert_eq!(error, Err(Refusal::QuotaNotAllowed));
    let mut set = |whose: Whose, to| {
        house
            .ask(user("root", true), Command::SetQuota(whose, to))
            .unwrap()
            .len()
    };
    let ana = || Whose::User("ana".into());
    assert_eq!(set(Whose::EveryUser, eight), 1);
    assert_eq!(set(Whose::EveryUser, eight), 0, "as it was");
    assert_eq!(set(ana(), SetTo::Gpus(Allow::Unlimited)), 1);
    assert_eq!(
        set(
            Whose::User("bo".into()),
            SetTo::Gpus(Allow::This(Quota {
                gpus: 2,
                hard: true
            }))
        ),
        1
    );
    let quotas = house.state.quotas();
    let of = |name: &str| {
        quotas
            .gpus
            .of_user(&name.into(), None)
            .map(|quota| quota.gpus)
    };
    assert_eq!((of("ana"), of("bo"), of("cleo")), (None, Some(2), Some(8)));
    let command = Command::SetQuota(ana(), SetTo::Gpus(Allow::Default));
    house.ask(user("root", true), command).unwrap();
    assert_eq!(house.state.quotas().gpus.users.len(), 1);
    let mut refused = |to| {
        let asked = house.ask(user("root", true), Command::SetQuota(ana(), to));
        asked.unwrap_err().to_string()
    };
    let hours = |gpu_hours| {
        SetTo::Hours(Allow::This(Budget {
            gpu_hours,
            period: Period::Week,
            hard: false,
        }))
    };
    assert!(refused(hours(u32::MAX)).contains("too many"));
    assert!(refused(SetTo::Shares(Some(0))).contains("use 1 to"));
}

fn again(first: Date, from: Time, minutes: i64, days: &[Day], zone: &str) -> Reservation {
    let zone_of = TimeZoneDatabase::bundled().get(zone).unwrap();
    let start = first.to_datetime(from);
    let at = |time: jiff::civil::DateTime| time.to_zoned(zone_of.clone()).unwrap().timestamp();
    let mut days = days.to_vec();
    days.sort_unstable();
    days.dedup();
    Reservation {
        id: ReservationId(1),
        note: None,
        holder: Holder::Project("vision".to_owned()),
        what: Promised::Count {
            nodes: 1,
            gpus_per_node: 1,
            node: None,
        },
        start: at(start),
        end: at(start + minutes.minutes()),
        every: Some(Recurrence {
            days,
            zone: zone.to_owned(),
            until: None,
        }),
        no_show: None,
        created_by: "ana".into(),
        created_at: at(start),
        agent: None,
        cancelled: None,
        log: std::collections::BTreeMap::new(),
    }
}

#[test]
fn nine_oclock_stays_nine_oclock() {
    let daily = again(
        date(2026, 10, 23),
        time(9, 0, 0, 0),
        480,
        &[],
        "Europe/Berlin",
    );
    let from: Timestamp = "2026-10-24T00:00:00Z".parse().unwrap();
    let to: Timestamp = "2026-10-27T00:00:00Z".parse().unwrap();
    let starts: Vec<String> = daily
        .occurrences(from, to)
        .iter()
        .map(|one| one.start.to_string())
        .collect();
    // The clocks go back on the 25th.
    let expected = [
        "2026-10-24T07:00:00Z",
        "2026-10-25T08:00:00Z",
        "2026-10-26T08:00:00Z",
    ];
    assert_eq!(starts, expected);
}

#[test]
fn the_hour_that_is_skipped_takes_nothing_away() {
    // Half past two to half past three does not exist on 2027-03-28.
    let daily = again(
        date(2027, 3, 27),
        time(2, 15, 0, 0),
        30,
        &[],
        "Europe/Berlin",
    );
    let from: Timestamp = "2027-03-28T00:00:00Z".parse().unwrap();
    let one = daily.occurrences(from, from + 86_000.seconds())[0];
    assert_eq!(one.end.duration_since(one.start).as_mins(), 30);
    let swallowed = again(
        date(2027, 3, 27),
        time(2, 30, 0, 0),
        40,
        &[],
        "Europe/Berlin",
    );
    let one = swallowed.occurrences(from, from + 86_000.seconds())[0];
    assert_eq!(one.end.duration_since(one.start).as_mins(), 40);
}

proptest! {
    /// Whatever the clocks do: they begin at the hour that was asked for, or at the first that there
    /// is; each begins after the one before is over; and asking for a part shows what is in all.
    #[test]
    fn occurrences_never_drift(
        (month, day) in (1i8..=12, 1i8..=28),
        minute in 0i64..1440,
        length in 1i64..=1440,
        week in prop::collection::vec(0usize..7, 0..4),
        zone in prop::sample::select(vec![
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu",
            "Pacific/Apia", "Africa/Casablanca",
        ]),
        (skip, window) in (0i64..400, 1i64..30),
    ) {
        let first = date(2026, month, day);
        let weekday = first.weekday().to_monday_zero_offset();
        let all = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
        let mut days: Vec<Day> = week.iter().map(|place| all[*place]).collect();
        if !days.is_empty() {
            days.push(all[usize::try_from(weekday).unwrap()]);
        }
        let from = time(0, 0, 0, 0) + minute.minutes();
        let pattern = again(first, from, length, &days, zone);
        let zone_of = TimeZoneDatabase::bundled().get(zone).unwrap();
        let end = pattern.start + (400 * 24).hours();
        let found = pattern.occurrences(pattern.start, end);
        prop_assert_eq!(found.first().map(|one| one.start), Some(pattern.start));
        for one in &found {
            prop_assert!(one.start < one.end);
            let local = one.start.to_zoned(zone_of.clone());
            if local.time() != from {
                // Only where that time was skipped on that day.
                let wanted = local.date().to_datetime(from);
                let ambiguous = zone_of.to_ambiguous_timestamp(wanted);
                prop_assert!(ambiguous.is_ambiguous(), "{local} instead of {from}");
            }
            let day = Day::to_string(&all[usize::try_from(
                local.date().weekday().to_monday_zero_offset()).unwrap()]);
            prop_assert!(days.is_empty() || days.iter().any(|one| one.to_string() == day));
        }
        for pair in found.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start, "{pair:?}");
        }
        if days.is_empty() {
            prop_assert!(found.len() >= 399, "every day: {}", found.len());
        }
        let from = pattern.start + (skip * 24).hours();
        let to = from + (window * 24).hours();
        let part = pattern.occurrences(from, to);
        let expected: Vec<Occurrence> = pattern
            .occurrences(pattern.start, to)
            .into_iter()
            .filter(|one| one.end > from)
            .collect();
        prop_assert_eq!(part, expected);
    }

    /// What is promised at once fits on the two nodes in some way.
    #[test]
    fn what_is_promised_can_be_kept(sizes in prop::collection::vec(1i64..=8, 1..8)) {
        let mut house = House::new();
        let mut promised = Vec::new();
        for size in sizes {
            if house.reserve("root", gpus(size, ONE, "1h")).is_ok() {
                promised.push(size);
            }
        }
        let all: i64 = promised.iter().sum();
        let on_the_first = |choice: usize| -> i64 {
            let chosen = promised.iter().enumerate().filter(|(n, _)| choice >> n & 1 == 1);
            chosen.map(|(_, size)| size).sum()
        };
        let mut ways = (0..1usize << promised.len()).map(on_the_first);
        prop_assert!(ways.any(|first| first <= 8 && all - first <= 8), "{promised:?}");
    }
}

#[test]
fn times_without_an_offset_are_of_the_zone() {
    let mut house = House::new();
    let request = ReserveRequest {
        gpus: Some(4),
        start: Some("2026-11-30T18:00".into()),
        end: Some("2026-11-30T20:30".into()),
        zone: Some("Europe/Berlin".into()),
        ..ReserveRequest::default()
    };
    let id = house.reserve("ana", request.clone()).unwrap();
    let made = house.get(id);
    assert_eq!(made.start.to_string(), "2026-11-30T17:00:00Z");
    assert_eq!(made.end.to_string(), "2026-11-30T19:30:00Z");
    for (start, zone, says) in [
        ("2026-11-30T18:00+26:00", "UTC", "not a time"),
        ("2026-11-30T18:00[Mars/Base]", "UTC", "not a time"),
        ("2026-11-31T18:00", "UTC", "not a time"),
        ("2026-11-30T18:00", "Mars/Base", "not a time zone"),
    ] {
        let wrong = ReserveRequest {
            start: Some(start.into()),
            zone: Some(zone.into()),
            ..request.clone()
        };
        let refused = house.reserve("ana", wrong).unwrap_err().to_string();
        assert!(refused.contains(says), "{start}: {refused}");
    }
}

/// What a form shows of a reservation, sent back, changes nothing; also of one that is under way and
/// began between two minutes.
#[test]
fn a_form_that_is_sent_back_changes_nothing() {
    let mut house = House::new();
    house.now = "2026-11-24T12:00:17.5Z".parse().unwrap();
    let now = ReserveRequest {
        gpus: Some(2),
        nodes: Some(2),
        length: Some("90m".into()),
        note: Some("demo".into()),
        ..ReserveRequest::default()
    };
    let exact = ReserveRequest {
        exact: vec!["node-1:0-1,5".into(), "node-2:7".into()],
        start: Some("2026-11-25T09:00:00+01:00".into()),
        length: Some("2h".into()),
        every: vec!["mon".into(), "wed".into()],
        zone: Some("Europe/Berlin".into()),
        until: Some("2026-12-31".into()),
        no_show: Some("15m".into()),
        project: Some("vision".into()),
        ..ReserveRequest::default()
    };
    let daily = ReserveRequest {
        gpus: Some(1),
        node: Some("node-2".into()),
        start: Some("2026-11-25T20:00:00Z".into()),
        length: Some("1h".into()),
        every: vec!["day".into()],
        ..ReserveRequest::default()
    };
    for request in [now, exact, daily] {
        let id = house.reserve("ana", request).unwrap();
        let before = house.get(id).clone();
        house.now += Duration::from_secs(120);
        let command = Command::Reserve(Some(id), Box::new(before.request()));
        assert_eq!(
            house.ask(user("ana", false), command),
            Ok(vec![]),
            "{before:?}"
        );
        assert_eq!(*house.get(id), before);
    }
}
