//! Outside its hours an agent may only stop things: nothing of its begins then, by no way.

use berth_domain::agent::{Act, Bar, Mandate};
use berth_domain::campaign::{CampaignChange, Steering};
use berth_domain::{ArrayChange, CampaignId, Command, JobId, MoveTo, SubmitRequest};

use super::{World, ana, bot, every, submit, train};

#[test]
fn to_stop_something_is_never_too_late() {
    let job = JobId(1);
    let why = || "a look".to_owned();
    let campaign = |change| Command::ChangeCampaign(CampaignId(1), change);
    let tries = [
        (Command::Cancel(job), true),
        (Command::Hold(job), true),
        (Command::Array(job, ArrayChange::Cancel), true),
        (Command::Array(job, ArrayChange::Hold), true),
        (campaign(CampaignChange::Pause { why: why() }), true),
        (
            campaign(CampaignChange::End {
                why: why(),
                jobs: true,
            }),
            true,
        ),
        (Command::Release(job), false),
        (Command::Array(job, ArrayChange::Release), false),
        (Command::Array(job, ArrayChange::RetryFailed), false),
        (Command::Requeue(job), false),
        (Command::Move(job, MoveTo::Top), false),
        (submit(train(1, "1h")), false),
        (campaign(CampaignChange::Resume), false),
        (
            campaign(CampaignChange::Steer(Box::<Steering>::default())),
            false,
        ),
    ];
    for (command, stops) in tries {
        let act = Act::of(&command).unwrap();
        assert_eq!(act.stops(), stops, "{act:?}");
    }
}

#[test]
fn what_it_holds_by_night_begins_by_day() {
    let mut world = World::new(every());
    let job = world.submit(&bot(), train(1, "1h")).unwrap();
    let array = SubmitRequest {
        array: Some("0-1".to_owned()),
        ..train(1, "1h")
    };
    let first = world.submit(&bot(), array).unwrap();
    // It is noon.
    let night = Mandate {
        hours: Some("22:00-06:00".parse().unwrap()),
        ..every()
    };
    world.mandate(night);
    let hold_all = Command::Array(first, ArrayChange::Hold);
    world.send(&bot(), Command::Hold(job)).unwrap();
    world.send(&bot(), hold_all).unwrap();
    let release_all = || Command::Array(first, ArrayChange::Release);
    for command in [Command::Release(job), release_all()] {
        let bar = world.bar(command);
        assert!(matches!(bar, Bar::Hours { .. }), "{bar}");
    }
    // Its person is not bound by that.
    world.send(&ana(), release_all()).unwrap();
    world.send(&bot(), Command::Cancel(job)).unwrap();
}
