//! Which source stands for a GPU, and what is kept of each.

use berth_domain::{Gpu, NodeSource};
use proptest::prelude::*;

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_000_000 + ms).unwrap()
}

fn gpu(uuid: &str, index: u32) -> Gpu {
    Gpu::new(index, uuid.into(), "H100", 80 << 30)
}

fn node(name: &str, gpus: &[&str]) -> Node {
    let gpus = (0..).zip(gpus).map(|(index, uuid)| gpu(uuid, index));
    Node::new(name.into(), NodeSource::Ray, gpus.collect())
}

fn hello(name: &str, gpus: &[&str]) -> Hello {
    let gpus = (0..).zip(gpus).map(|(index, uuid)| gpu(uuid, index));
    Hello {
        protocol: 1,
        name: name.into(),
        version: "0.1.0".to_owned(),
        gpus: gpus.collect(),
        driver: None,
        problems: vec![],
    }
}

fn busy(uuid: &str, busy: f32, source: SampleSource) -> GpuSample {
    GpuSample {
        busy_pct: Some(busy),
        source,
        ..GpuSample::of(uuid.into())
    }
}

/// From the daemon of node `a`, which looked at this time.
fn batch(ms: i64, samples: Vec<GpuSample>) -> Batch {
    Batch {
        at: at(ms).as_millisecond(),
        samples,
        ..Batch::default()
    }
}

fn shown(hub: &mut Hub, gpu: &str, ms: i64) -> Option<f32> {
    hub.picture(at(ms))[&GpuUuid::from(gpu)].busy_pct
}

const FINE: SampleSource = SampleSource::Nvml;
const COARSE: SampleSource = SampleSource::Ray;

#[test]
fn a_daemon_stands_above_the_coarser_source_until_it_is_silent() {
    let mut hub = Hub::default();
    let a = NodeName::from("a");
    hub.inventory(&[node("a", &["GPU-1"]), node("b", &["GPU-2"])]);
    let own = |percent| {
        vec![
            busy("GPU-1", percent, COARSE),
            busy("GPU-2", percent, COARSE),
        ]
    };
    assert_eq!(hub.own(own(10.0), at(0)).len(), 2, "all is kept");
    assert_eq!(shown(&mut hub, "GPU-1", 0), Some(10.0));

    hub.hello(1, hello("a", &["GPU-1"]), at(500));
    let seen = vec![busy("GPU-1", 90.0, FINE)];
    assert_eq!(
        hub.batch(&a, batch(1000, seen.clone()), at(1010)),
        (at(1000), seen)
    );
    let kept = hub.own(own(20.0), at(2000));
    assert_eq!(kept, own(20.0)[1..], "the finer is kept already");
    assert_eq!(shown(&mut hub, "GPU-1", 2000), Some(90.0));
    assert_eq!(shown(&mut hub, "GPU-2", 2000), Some(20.0));
    let heard = hub.heard(at(0));
    assert_eq!(
        (heard.nodes[&a].source, heard.nodes[&a].last),
        (FINE, at(1000))
    );
    assert_eq!(heard.nodes[&a].daemon.as_ref().unwrap().lag_ms, 10);
    assert_eq!(heard.nodes[&"b".into()].daemon, None);

    // Silent, but it will come back and tell: what stands in for it is shown only.
    assert_eq!(hub.own(own(30.0), at(7000)).len(), 1);
    assert_eq!(shown(&mut hub, "GPU-1", 7000), Some(30.0));
    assert_eq!(hub.heard(at(0)).nodes[&a].source, COARSE);
    // It does not come back.
    assert_eq!(hub.own(own(40.0), at(62_000)).len(), 2);
    // It does after all. What it saw long ago is kept, and not shown.
    hub.left(&a, 1);
    hub.hello(2, hello("a", &["GPU-1"]), at(63_000));
    let (when, kept) = hub.batch(&a, batch(3000, vec![busy("GPU-1", 91.0, FINE)]), at(63_000));
    assert_eq!((when, kept.len()), (at(3000), 1));
    assert_eq!(shown(&mut hub, "GPU-1", 63_000), Some(40.0));
    hub.batch(
        &a,
        batch(63_000, vec![busy("GPU-1", 92.0, FINE)]),
        at(63_020),
    );
    assert_eq!(shown(&mut hub, "GPU-1", 63_020), Some(92.0));
}

#[test]
fn daemons_that_were_there_are_waited_for() {
    let mut hub = Hub::default();
    hub.inventory(&[node("a", &["GPU-1"])]);
    hub.expect(["a".into()], at(0));
    let own = || vec![busy("GPU-1", 1.0, COARSE)];
    assert_eq!(hub.own(own(), at(1000)), []);
    assert_eq!(shown(&mut hub, "GPU-1", 1000), Some(1.0));
    assert_eq!(hub.own(own(), at(61_000)), own());
}

#[test]
fn where_uuids_are_made_up_the_index_counts() {
    let mut hub = Hub::default();
    let a = NodeName::from("a");
    hub.inventory(&[node("a", &["GPU-a-0", "GPU-a-1"]), node("b", &["GPU-b-0"])]);
    hub.hello(1, hello("a", &["GPU-x", "GPU-y", "GPU-z"]), at(0));
    let seen = ["GPU-y", "GPU-z", "GPU-w"].map(|uuid| busy(uuid, 5.0, FINE));
    let (_, kept) = hub.batch(&a, batch(0, seen.to_vec()), at(5));
    assert_eq!(kept, [busy("GPU-a-1", 5.0, FINE)]);
    let heard = hub.heard(at(0));
    let daemon = heard.nodes[&a].daemon.as_ref().unwrap();
    let stranger = "Its daemon tells of a GPU that is not part of the cluster.";
    assert_eq!(daemon.problems, [stranger]);
    assert!(heard.unknown.is_empty());
}

/// Ray calls the second of two hosts of one name by its address.
#[test]
fn a_daemon_of_another_name_is_known_by_its_gpus() {
    let mut hub = Hub::default();
    hub.inventory(&[node("10.0.0.1", &["GPU-1"])]);
    hub.hello(1, hello("gpu", &["GPU-1"]), at(0));
    hub.batch(
        &"gpu".into(),
        batch(0, vec![busy("GPU-1", 5.0, FINE)]),
        at(0),
    );
    let heard = hub.heard(at(0));
    assert!(heard.unknown.is_empty());
    assert!(heard.nodes[&"10.0.0.1".into()].daemon.is_some());
    let own = vec![busy("GPU-1", 1.0, COARSE)];
    assert_eq!(hub.own(own, at(1000)), []);
}

#[test]
fn a_daemon_that_nobody_knows_is_told_of() {
    let mut hub = Hub::default();
    hub.inventory(&[node("a", &["GPU-1"])]);
    let stranger = NodeName::from("stranger");
    hub.hello(7, hello("stranger", &["GPU-8", "GPU-9"]), at(0));
    let (_, kept) = hub.batch(&stranger, batch(0, vec![busy("GPU-8", 5.0, FINE)]), at(0));
    assert_eq!(kept, []);
    let daemon = UnknownDaemon {
        gpus: 2,
        version: "0.1.0".to_owned(),
    };
    assert_eq!(
        hub.heard(at(0)).unknown,
        BTreeMap::from([(stranger.clone(), daemon)])
    );
    // A connection before it ends only now.
    hub.left(&stranger, 6);
    assert_eq!(hub.heard(at(0)).unknown.len(), 1);
    hub.left(&stranger, 7);
    assert!(hub.heard(at(0)).unknown.is_empty());
    // Now its node joins the cluster.
    hub.hello(8, hello("stranger", &["GPU-8", "GPU-9"]), at(0));
    hub.inventory(&[node("stranger", &["GPU-8", "GPU-9"])]);
    assert!(hub.heard(at(0)).unknown.is_empty());
}

#[test]
fn clocks_that_differ_are_a_problem_and_nothing_is_of_the_future() {
    let mut hub = Hub::default();
    let a = NodeName::from("a");
    hub.inventory(&[node("a", &["GPU-1"])]);
    hub.hello(1, hello("a", &["GPU-1"]), at(0));
    let mut problems = |skew_ms| {
        let samples = vec![busy("GPU-1", 5.0, FINE)];
        let batch = Batch {
            skew_ms,
            ..batch(9000, samples)
        };
        assert_eq!(hub.batch(&a, batch, at(10)).0, at(10));
        hub.heard(at(0)).nodes[&a].daemon.clone().unwrap().problems
    };
    assert_eq!(problems(2000), [""; 0]);
    assert!(problems(2600)[0].starts_with("Its clock is 3 s ahead of the server's."));
    assert!(problems(i64::MIN)[0].contains("behind the server's"));
}

#[test]
fn what_is_not_heard_of_is_not_shown_as_it_was() {
    let mut hub = Hub::default();
    hub.inventory(&[node("a", &["GPU-1"])]);
    hub.own(vec![busy("GPU-1", 5.0, COARSE)], at(0));
    assert_eq!(shown(&mut hub, "GPU-1", 20_000), Some(5.0));
    let silent = |hub: &Hub, ms| hub.heard(at(ms)).nodes[&"a".into()].silent;
    assert_eq!((silent(&hub, 20_000), silent(&hub, 20_001)), (false, true));
    let late = &hub.picture(at(20_001))[&GpuUuid::from("GPU-1")];
    assert_eq!(late.busy_pct, None);
    assert!(late.unknown().unwrap().contains("nothing was heard of it"));
    hub.inventory(&[node("a", &["GPU-2"])]);
    assert!(hub.picture(at(20_001)).is_empty());
}

proptest! {
    /// Whatever is said again, and whenever somebody looks: each error that a driver told of is shown
    /// for some seconds from when it was first heard of, and once.
    #[test]
    fn errors_are_shown_for_some_seconds(steps in proptest::collection::vec(0..4u32, 1..40)) {
        let mut hub = Hub::default();
        let a = NodeName::from("a");
        hub.inventory(&[node("a", &["GPU-1"])]);
        hub.hello(1, hello("a", &["GPU-1"]), at(0));
        let look = |number: u32| GpuSample {
            xids: vec![number],
            ..busy("GPU-1", 1.0, FINE)
        };
        for (number, back) in (1u32..).zip(steps) {
            // One a second, with what was not acknowledged before it.
            let now = i64::from(number) * 1000;
            for number in number.saturating_sub(back).max(1)..=number {
                hub.batch(&a, batch(i64::from(number) * 1000, vec![look(number)]), at(now));
            }
            let picture = hub.picture(at(now + 999)).remove(&GpuUuid::from("GPU-1")).unwrap();
            let expected: Vec<u32> = (number.saturating_sub(4).max(1)..=number).collect();
            prop_assert_eq!(picture.xids, expected);
        }
    }
}
