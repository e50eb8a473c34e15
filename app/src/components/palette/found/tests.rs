use berth_api::campaigns::{CountsView, SpentView};
use berth_domain::campaign::{Better, Metric, Source, Strategy};
use berth_domain::{CampaignId, Role, StateName, UserName};
use proptest::prelude::*;

use super::*;
use crate::pages::styleguide::sample::row;

const NOW: berth_domain::Timestamp = berth_domain::Timestamp::UNIX_EPOCH;

fn who(role: Role) -> Option<Whoami> {
    Some(Whoami {
        user: UserName::from("ana"),
        admin: role == Role::Admin,
        role,
        projects: Default::default(),
        version: String::new(),
    })
}

fn some(id: u64, name: &str, user: &str, state: StateName) -> JobRow {
    JobRow {
        name: name.to_owned(),
        user: UserName::from(user),
        ..row(id, state, NOW)
    }
}

fn going_on(id: u64, name: &str, user: &str) -> CampaignRow {
    CampaignRow {
        id: CampaignId(id),
        name: name.to_owned(),
        user: UserName::from(user),
        agent: None,
        state: "running".to_owned(),
        why: None,
        waits: None,
        strategy: Strategy::Grid { points: 3 },
        metric: Metric {
            name: "loss".to_owned(),
            better: Better::Lower,
            source: Source::Log {
                pattern: "loss=(.*)".to_owned(),
            },
        },
        best: None,
        counts: CountsView::default(),
        spent: SpentView::default(),
        started_at: NOW,
        ended_at: None,
    }
}

fn known() -> Known {
    Known {
        who: who(Role::Member),
        rows: vec![
            some(170, "reward-model", "kim", StateName::Running),
            some(42, "timeline-export", "ana", StateName::Queued),
            some(17, "eval-mmlu", "ana", StateName::Running),
            some(3, "eval-mmlu", "bo", StateName::Finished),
        ],
        ..Known::default()
    }
}

fn labels(typed: &str, known: &Known, answer: &Answer) -> Vec<String> {
    let groups = find(typed, known, answer);
    let labels = groups.into_iter().flat_map(|group| group.found);
    labels.map(|found| found.label).collect()
}

fn here(typed: &str) -> Vec<String> {
    labels(typed, &known(), &Answer::default())
}

#[test]
fn a_number_is_that_job_and_what_can_be_done_to_it() {
    let found = here("17");
    assert_eq!(found[0], "17 eval-mmlu");
    assert_eq!(found[1], "170 reward-model");
    assert!(
        found.contains(&"Cancel job 17, eval-mmlu".to_owned()),
        "{found:?}"
    );
    // One that is not known here is gone to all the same, until the server says that there is none.
    assert_eq!(here("#99"), ["Job 99"]);
    let no = Answer {
        to: "#99".to_owned(),
        no_such: true,
        ..Answer::default()
    };
    assert_eq!(labels("#99", &known(), &no), [""; 0]);
}

#[test]
fn others_jobs_are_not_to_be_cancelled() {
    assert_eq!(here("cancel 170"), [""; 0]);
    assert_eq!(here("cancel 17"), ["Cancel job 17, eval-mmlu"]);
    let admin = Known {
        who: who(Role::Admin),
        ..known()
    };
    let found = labels("cancel 170", &admin, &Answer::default());
    assert_eq!(found, ["Cancel job 170, reward-model"]);
    // Nor what has ended.
    assert_eq!(labels("cancel 3", &admin, &Answer::default()), [""; 0]);
}

#[test]
fn admins_find_a_page_that_others_do_not() {
    let admin = Known {
        who: who(Role::Admin),
        ..known()
    };
    let found = labels("admin", &admin, &Answer::default());
    assert_eq!(found[0], "Admin");
    assert_eq!(here("admin"), [""; 0]);
}

#[test]
fn mine_come_before_others_of_the_same_name() {
    assert_eq!(here("eval-mmlu")[..2], ["17 eval-mmlu", "3 eval-mmlu"]);
    assert_eq!(here("bo eval"), ["3 eval-mmlu"]);
}

#[test]
fn a_page_comes_before_a_job_that_fits_less_or_alike() {
    let found = here("timeline");
    assert_eq!(found[..2], ["Timeline", "42 timeline-export"]);
    assert_eq!(here("reserve")[0], "Reserve GPUs");
    assert_eq!(here("dark"), ["Dark theme"]);
}

#[test]
fn before_anything_is_typed_the_last_pages_come_first() {
    let known = Known {
        visits: vec![
            "/jobs/17".to_owned(),
            "/queue".to_owned(),
            "/jobs/42".to_owned(),
        ],
        here: known().rows.get(2).cloned(),
        ..known()
    };
    let groups = find("", &known, &Answer::default());
    let titles: Vec<&str> = groups.iter().map(|group| group.title).collect();
    assert_eq!(titles, ["Recent", "This job", "Pages", "Actions"]);
    let recent: Vec<&str> = groups[0]
        .found
        .iter()
        .map(|found| found.label.as_str())
        .collect();
    assert_eq!(recent, ["Queue", "42 timeline-export"]);
}

#[test]
fn what_the_server_adds_moves_nothing() {
    let rows = vec![
        some(900, "eval-old", "bo", StateName::Finished),
        some(17, "eval-mmlu", "ana", StateName::Running),
    ];
    let answer = Answer {
        to: "eval".to_owned(),
        rows,
        ..Answer::default()
    };
    let (before, after) = (here("eval"), labels("eval", &known(), &answer));
    assert_eq!(after[..before.len()], before);
    assert_eq!(after[before.len()..], ["900 eval-old"]);
    // An answer to something else adds nothing.
    assert_eq!(labels("eval-m", &known(), &answer), here("eval-m"));
}

#[test]
fn campaigns_are_found_by_name_owner_and_word_after_all_else() {
    let campaigns = vec![going_on(2, "eval-lr", "kim"), going_on(1, "wd", "bo")];
    let found = |typed: &str| {
        let answer = Answer {
            to: typed.to_owned(),
            campaigns: campaigns.clone(),
            ..Answer::default()
        };
        labels(typed, &known(), &answer)
    };
    assert_eq!(found("campaign kim"), ["Campaign 2 eval-lr"]);
    let all = ["Campaigns", "Campaign 2 eval-lr", "Campaign 1 wd"];
    assert_eq!(found("campaign"), all);
    let jobs = here("eval");
    assert_eq!(found("eval")[..jobs.len()], jobs);
    assert_eq!(found("eval")[jobs.len()..], ["Campaign 2 eval-lr"]);
}

proptest! {
    #[test]
    fn every_option_has_an_id_of_its_own(typed in "[a-z0-9# ]{0,8}") {
        let known = Known { who: who(Role::Admin), visits: vec!["/".to_owned(), "/jobs".to_owned()], ..known() };
        let answer = Answer { to: typed.clone(), rows: known.rows.clone(), ..Answer::default() };
        let groups = find(&typed, &known, &answer);
        let mut ids: Vec<String> = groups.into_iter().flat_map(|group| group.found).map(|found| found.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), count);
        prop_assert!(ids.iter().all(|id| !id.contains(' ')));
    }
}
