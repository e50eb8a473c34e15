//! What the strategies promise, on a made-up executor: trials take as long as is said and come to what is said,
//! and the budget is looked at after each step.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::collections::{BTreeMap, BTreeSet};

use berth_agent::campaign::strategy::{Step, expected, next};
use berth_domain::campaign::{
    Asha, Budget, Campaign, CampaignState, Fidelity, StopRule, Strategy as Chosen, Trial,
    TrialDraft, TrialEnd, TrialState,
};
use berth_domain::{CampaignId, CampaignSpec, JobId, SubmitRequest, Timestamp};
use jiff::SignedDuration;
use proptest::prelude::*;

/// How long an epoch takes on the trial's one GPU, in seconds.
const EPOCH_S: u64 = 10;

fn spec(strategy: Chosen, budget: Budget) -> CampaignSpec {
    let space =
        r#"{"lr": {"from": 1e-5, "to": 0.1, "scale": "log"}, "decay": {"from": 0, "to": 1}}"#;
    let longest = strategy
        .fidelity()
        .map_or(MOST_EPOCHS, |fidelity| fidelity.max);
    CampaignSpec {
        name: "test".to_owned(),
        goal: String::new(),
        template: Box::new(SubmitRequest {
            command: vec!["train".to_owned()],
            time_limit: Some(format!("{}s", longest * EPOCH_S)),
            ..SubmitRequest::default()
        }),
        space: serde_json::from_str(space).unwrap(),
        metric: serde_json::from_str(r#"{"name": "loss", "better": "lower"}"#).unwrap(),
        strategy,
        budget,
        stop: StopRule::default(),
        idempotency_key: None,
    }
}

fn asha(trials: u32, eta: u32, max: u64, seed: u32) -> Chosen {
    Chosen::Asha(Asha {
        trials,
        eta,
        fidelity: Fidelity {
            param: "epochs".to_owned(),
            min: 1,
            max,
            setup_time: Some("0s".to_owned()),
        },
        seed,
    })
}

fn begin(spec: CampaignSpec) -> Campaign {
    let started_at = Timestamp::from_second(1_000_000).unwrap();
    Campaign {
        id: CampaignId(1),
        owner: "ana".into(),
        agent: None,
        space: spec.space.clone(),
        spec,
        state: CampaignState::Running { since: started_at },
        trials: Vec::new(),
        gpu_seconds: 0,
        model_micros: 0,
        notes: Vec::new(),
        started_at,
    }
}

/// What becomes of a trial: seconds, and a result or none.
type Fate<'a> = &'a dyn Fn(&Trial) -> (u64, Option<f64>);

/// A campaign from its start to its end.
struct Story {
    campaign: Campaign,
    /// The last step.
    last: Step,
}

fn play(spec: CampaignSpec, fate: Fate) -> Story {
    played(spec, fate, |_, _| {})
}

/// The same; hands over what is planned, with the trials that there are then.
fn played(spec: CampaignSpec, fate: Fate, mut planned: impl FnMut(&TrialDraft, &[Trial])) -> Story {
    let mut campaign = begin(spec);
    let mut now = campaign.started_at;
    let mut running: BTreeMap<(Timestamp, u32), (u64, Option<f64>)> = BTreeMap::new();
    loop {
        let steps = next(&campaign, now);
        assert_eq!(next(&campaign, now), steps, "the same leads to the same");
        for step in steps {
            let draft = match step {
                Step::Run(draft) => draft,
                last => {
                    return Story { campaign, last };
                }
            };
            assert_eq!(draft.number, campaign.next_trial());
            planned(&draft, &campaign.trials);
            let job = JobId(u64::from(draft.number));
            let trial = draft.submitted(job, now);
            let (seconds, result) = fate(&trial);
            let limit = campaign.spec.time_limit(trial.fidelity).as_secs();
            let seconds = seconds.clamp(1, limit);
            let ends = now + SignedDuration::from_secs(i64::try_from(seconds).unwrap());
            running.insert((ends, trial.number), (seconds, result));
            campaign.trials.push(trial);
            within(&campaign);
        }
        let ((at, number), (seconds, result)) = running
            .pop_first()
            .expect("it goes on, or says that it is over");
        now = at;
        let place = number as usize - 1;
        let end = match result {
            Some(result) => TrialEnd::Done { result },
            None => TrialEnd::Failed {
                why: "It failed.".to_owned(),
            },
        };
        campaign.gpu_seconds += seconds;
        campaign.trials[place] = campaign.trials[place].ended(end, now);
        within(&campaign);
    }
}

/// Whether a campaign is within its budget.
fn within(campaign: &Campaign) {
    let budget = &campaign.spec.budget;
    let kept = campaign.kept();
    assert!(campaign.gpu_seconds + kept.gpu_seconds <= budget.gpu_seconds);
    assert!(budget.gpus_at_once.is_none_or(|most| kept.gpus <= most));
    let live = u32::try_from(campaign.live().count()).unwrap();
    assert!(budget.at_once.is_none_or(|most| live <= most));
    assert!(
        budget
            .trials
            .is_none_or(|most| campaign.trials.len() <= most as usize)
    );
}

fn roots(campaign: &Campaign) -> Vec<&Trial> {
    let roots = campaign
        .trials
        .iter()
        .filter(|trial| trial.parent.is_none());
    roots.collect()
}

/// Whether a promotion is one by the rule: among the first 1/eta of its rung as it was then, and not
/// promoted before; or the last resort, when nothing ran and nothing began any more.
fn check_promotion(asha: &Asha, draft: &TrialDraft, before: &[Trial]) {
    let parent = &before[draft.parent.unwrap() as usize - 1];
    assert_eq!(
        (parent.state, &parent.values),
        (TrialState::Done, &draft.values)
    );
    assert_eq!(draft.rung, parent.rung + 1);
    assert_eq!(
        draft.fidelity,
        asha.rungs().get(draft.rung as usize).copied()
    );
    assert!(
        before.iter().all(|other| other.parent != draft.parent),
        "once"
    );
    let ended = before
        .iter()
        .filter(|one| one.rung == parent.rung && one.ended_at.is_some());
    let first = ended.clone().count() / asha.eta as usize;
    let better = |one: &&Trial| {
        one.result
            .is_some_and(|result| (result, one.number) < (parent.result.unwrap(), parent.number))
    };
    let rank = ended.filter(better).count();
    let live = before.iter().any(|one| one.state == TrialState::Submitted);
    let above = before
        .iter()
        .any(|one| one.rung > parent.rung && one.result.is_some());
    assert!(rank < first || !live && !above, "{rank} of {first}");
}

/// A number from 0 up to 1 that looks random.
fn noise(of: &[u64]) -> f64 {
    let mixed = of.iter().fold(0x2545_f491_4f6c_dd1d_u64, |sum, part| {
        (sum ^ part)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    });
    (mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1u64 << 53) as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_campaign_keeps_to_its_budget_and_its_rules(
        kind in 0u8..3, trials in 1u32..40, eta in 2u32..5, max in 2u64..40, seed in any::<u32>(),
        at_once in 1u32..9, most in prop::option::of(1u32..60), gpus in prop::option::of(1u32..6),
        share in 1u64..120, chaos in any::<u64>(), failing in 0.0f64..0.6,
    ) {
        let strategy = match kind {
            0 => asha(trials, eta, max, seed),
            1 => Chosen::Random { trials, seed },
            _ => Chosen::Grid { points: trials.min(6) },
        };
        let longest = strategy.fidelity().map_or(MOST_EPOCHS, |fidelity| fidelity.max);
        let budget = Budget {
            gpu_seconds: longest * EPOCH_S * share / 4 + longest * EPOCH_S,
            gpus_at_once: gpus,
            at_once: Some(at_once),
            trials: most,
            ..Budget::default()
        };
        let spec = spec(strategy.clone(), budget);
        let fate = |trial: &Trial| {
            let luck = |salt| noise(&[chaos, u64::from(trial.number), salt]);
            // Ties are frequent.
            let result = (luck(2) > failing).then(|| (luck(3) * 8.0).floor());
            (1 + chaos.rotate_left(trial.number) % 299, result)
        };
        let mut planned = Vec::new();
        let story = played(spec.clone(), &fate, |draft, before| {
            planned.push((draft.clone(), before.to_vec()));
        });
        let campaign = &story.campaign;
        // All of them failing is looked at by a person; otherwise it comes to an end.
        let failed = campaign.trials.iter().filter(|one| one.state == TrialState::Failed).count();
        prop_assert!(matches!(story.last, Step::End { .. }) || failed >= 5, "{:?}", story.last);
        if let Step::End { .. } = story.last {
            prop_assert_eq!(campaign.live().count(), 0);
        }
        let asked = match &strategy {
            Chosen::Grid { points } => points * points,
            _ => trials,
        };
        prop_assert!(roots(campaign).len() <= asked as usize);
        let values: BTreeSet<_> = roots(campaign).iter().map(|one| one.values.clone()).collect();
        prop_assert_eq!(values.len(), roots(campaign).len(), "nothing begins twice");
        for (draft, before) in &planned {
            for (name, value) in &draft.values {
                prop_assert!(spec.space[name].holds(value));
            }
            match (&strategy, draft.parent) {
                (Chosen::Asha(asha), Some(_)) => check_promotion(asha, draft, before),
                (_, parent) => prop_assert_eq!(parent, None),
            }
        }
        // The same again; and at another pace the same configurations, in the same order.
        prop_assert_eq!(&play(spec.clone(), &fate).campaign, campaign);
        let slow = play(spec, &|trial: &Trial| (300 - fate(trial).0.min(299), fate(trial).1));
        let both = roots(campaign).into_iter().zip(roots(&slow.campaign));
        for (one, other) in both {
            prop_assert_eq!(&one.values, &other.values);
        }
    }
}

const MOST_EPOCHS: u64 = 27;

/// Learning curves with a bowl below them. A high learning rate is quick and not the best in the end, so that few
/// epochs mislead: somewhat, or much.
#[derive(Clone, Copy)]
struct Curves {
    /// Epochs until a third is left, in the middle, and how many fewer with the highest learning rate.
    pace: (f64, f64),
}

const MILD: Curves = Curves { pace: (6.0, 2.0) };
const MISLEADING: Curves = Curves { pace: (5.2, 4.0) };

impl Curves {
    fn loss(self, lr: f64, decay: f64, epochs: u64) -> f64 {
        let (u, v) = ((lr.log10() + 3.0) / 2.0, decay * 2.0 - 1.0);
        let floor = 1.0 + 2.0 * ((u - 0.3).powi(2) + (v + 0.2).powi(2));
        let pace = self.pace.0 - self.pace.1 * u;
        floor + 3.0 * (-(epochs as f64) / pace).exp()
    }

    fn of(self, values: &BTreeMap<String, String>, epochs: u64) -> f64 {
        let value = |name: &str| values[name].parse::<f64>().unwrap();
        self.loss(value("lr"), value("decay"), epochs)
    }

    /// The best that there is, with all epochs.
    fn optimum(self) -> f64 {
        let steps = 400;
        let share = |step: i32| f64::from(step) / f64::from(steps);
        let all = (0..=steps).flat_map(|x| (0..=steps).map(move |y| (x, y)));
        let at = |x| 10f64.powf(-5.0 + 4.0 * share(x));
        let losses = all.map(|(x, y)| self.loss(at(x), share(y), MOST_EPOCHS));
        losses.fold(f64::INFINITY, f64::min)
    }
}

/// The true loss of what a campaign says is the best, and what it used.
fn found(curves: Curves, strategy: Chosen, gpu_seconds: u64) -> (f64, u64) {
    let budget = Budget {
        gpu_seconds,
        at_once: Some(8),
        ..Budget::default()
    };
    let story = play(spec(strategy, budget), &|trial: &Trial| {
        let epochs = trial.fidelity.unwrap_or(MOST_EPOCHS);
        let noise = noise(&[u64::from(trial.number), epochs]) - 0.5;
        let loss = curves.of(&trial.values, epochs) + 0.06 * noise;
        (epochs * EPOCH_S, Some(loss))
    });
    let best = story.campaign.best().unwrap();
    let epochs = best.fidelity.unwrap_or(MOST_EPOCHS);
    assert_eq!(epochs, MOST_EPOCHS, "it ran with all epochs");
    (
        curves.of(&best.values, MOST_EPOCHS),
        story.campaign.gpu_seconds,
    )
}

/// By how much asha and random are above the optimum on average of 50 seeds, in percent.
fn compared(name: &str, curves: Curves) -> (f64, f64) {
    const SEEDS: u32 = 50;
    let optimum = curves.optimum();
    // As much as 16 full trainings.
    let budget = 16 * MOST_EPOCHS * EPOCH_S;
    let above = |loss: f64| (loss / optimum - 1.0) * 100.0;
    let (mut halved, mut drawn) = (0.0, 0.0);
    let (mut wins, mut near, mut used) = (0, 0, 0);
    for seed in 0..SEEDS {
        let (with_asha, asha_used) = found(curves, asha(81, 3, MOST_EPOCHS, seed), budget);
        let random = Chosen::Random { trials: 16, seed };
        let (with_random, random_used) = found(curves, random, budget);
        assert!(asha_used <= budget && random_used <= budget);
        halved += above(with_asha) / f64::from(SEEDS);
        drawn += above(with_random) / f64::from(SEEDS);
        wins += u32::from(with_asha < with_random);
        near += u32::from(above(with_asha) <= 5.0);
        used += asha_used;
    }
    println!(
        "{name}: optimum {optimum:.4}; above it on average of {SEEDS} seeds: asha {halved:.2} %, random \
         {drawn:.2} %; asha was better in {wins}, within 5 % in {near}, and used {:.1} of 16 full trainings",
        used as f64 / f64::from(SEEDS) / (MOST_EPOCHS * EPOCH_S) as f64,
    );
    (halved, drawn)
}

#[test]
fn asha_comes_near_the_optimum_and_beats_random_at_the_same_budget() {
    let (halved, drawn) = compared("mild", MILD);
    assert!(halved <= 5.0 && halved < drawn);
    let (halved, drawn) = compared("misleading", MISLEADING);
    assert!(halved < drawn);
}

#[test]
fn it_ends_when_its_stop_rule_says_so() {
    let budget = Budget {
        gpu_seconds: 1_000_000,
        at_once: Some(1),
        ..Budget::default()
    };
    let strategy = || Chosen::Random {
        trials: 50,
        seed: 1,
    };
    let falling = |trial: &Trial| (10, Some(100.0 - f64::from(trial.number)));
    let with = |stop: StopRule, fate: Fate| {
        let spec = CampaignSpec {
            stop,
            ..spec(strategy(), budget)
        };
        let story = play(spec, fate);
        (story.campaign.trials.len(), story.last)
    };
    let none = StopRule::default();
    let (trials, last) = with(none, &falling);
    assert_eq!(trials, 50);
    assert!(
        matches!(&last, Step::End { why } if why == "All 50 trials were run"),
        "{last:?}"
    );
    let target = StopRule {
        target: Some(90.0),
        ..none
    };
    let (trials, last) = with(target, &falling);
    assert_eq!(trials, 10);
    let why = "Trial 10 reached the target: loss 90";
    assert!(
        matches!(&last, Step::End { why: said } if said == why),
        "{last:?}"
    );
    let patience = StopRule {
        patience: Some(7),
        ..none
    };
    let flat = |trial: &Trial| (10, Some(if trial.number < 5 { 2.0 } else { 1.0 }));
    assert_eq!(with(patience, &flat).0, 5 + 7);
    let until = StopRule {
        until: Some(Timestamp::from_second(1_000_000 + 95).unwrap()),
        ..none
    };
    assert_eq!(with(until, &falling).0, 10);
    // Nobody is helped by a sixth that fails.
    let (trials, last) = with(none, &|_| (10, None));
    assert_eq!(trials, 5);
    assert!(
        matches!(&last, Step::Pause { why } if why.contains("It failed.")),
        "{last:?}"
    );
}

#[test]
fn what_is_outside_after_a_steering_is_not_promoted() {
    let budget = Budget {
        gpu_seconds: 1_000_000,
        ..Budget::default()
    };
    let mut campaign = begin(spec(asha(3, 3, 9, 4), budget));
    let now = campaign.started_at;
    for step in next(&campaign, now) {
        let Step::Run(draft) = step else {
            panic!("{step:?}")
        };
        let result = f64::from(draft.number);
        let trial = draft.submitted(JobId(1), now);
        campaign
            .trials
            .push(trial.ended(TrialEnd::Done { result }, now));
    }
    let promoted = |campaign: &Campaign| match &next(campaign, now)[..] {
        [Step::Run(draft)] => draft.parent,
        other => panic!("{other:?}"),
    };
    assert_eq!(promoted(&campaign), Some(1));
    let only = campaign.trials[2].values["lr"].clone();
    let narrow = format!(r#"{{"from": {only}, "to": {only}, "scale": "log"}}"#);
    campaign
        .space
        .insert("lr".to_owned(), serde_json::from_str(&narrow).unwrap());
    assert_eq!(promoted(&campaign), Some(3), "the only one that is inside");
}

#[test]
fn a_model_is_asked_in_rounds_for_what_there_is_room_for() {
    let budget = Budget {
        gpu_seconds: 7 * MOST_EPOCHS * EPOCH_S,
        at_once: Some(3),
        model_micros: Some(0),
        ..Budget::default()
    };
    let strategy = Chosen::Model {
        trials: 6,
        per_round: 4,
    };
    let mut campaign = begin(spec(strategy, budget));
    let now = campaign.started_at;
    let run = |campaign: &mut Campaign, gpu_seconds: u64, result: Option<f64>| {
        let number = campaign.next_trial();
        let draft = TrialDraft {
            number,
            parent: None,
            values: BTreeMap::new(),
            rung: 0,
            fidelity: None,
            why: "It is likely.".to_owned(),
        };
        let trial = draft.submitted(JobId(1), now);
        campaign.gpu_seconds += gpu_seconds;
        campaign.trials.push(match result {
            Some(result) => trial.ended(TrialEnd::Done { result }, now),
            None => trial,
        });
    };
    let ask = |trials| vec![Step::Ask { trials }];
    assert_eq!(next(&campaign, now), ask(3), "as many as at once");
    run(&mut campaign, 100, Some(1.0));
    run(&mut campaign, 0, None);
    assert_eq!(next(&campaign, now), vec![], "the round goes on");
    let place = campaign.trials.len() - 1;
    campaign.trials[place] =
        campaign.trials[place].ended(TrialEnd::Stopped { why: String::new() }, now);
    campaign.spec.budget.at_once = None;
    assert_eq!(next(&campaign, now), ask(4));
    run(&mut campaign, 100, Some(2.0));
    assert_eq!(next(&campaign, now), ask(3), "the rest");
    // The GPU time that is left is for two.
    campaign.gpu_seconds = 5 * MOST_EPOCHS * EPOCH_S;
    assert_eq!(next(&campaign, now), ask(2));
    campaign.gpu_seconds += 2 * MOST_EPOCHS * EPOCH_S;
    let last = next(&campaign, now);
    assert!(
        matches!(&last[..], [Step::End { why }] if why.starts_with("Its budget is used")),
        "{last:?}"
    );
    campaign.gpu_seconds = 0;
    for _ in 0..3 {
        run(&mut campaign, 0, Some(3.0));
    }
    let why = "All 6 trials were run".to_owned();
    assert_eq!(next(&campaign, now), vec![Step::End { why }]);
}

#[test]
fn what_it_would_come_to_is_said_before() {
    let budget = |gpu_seconds, trials| Budget {
        gpu_seconds,
        trials,
        ..Budget::default()
    };
    let of = |strategy, budget| {
        let all = expected(&spec(strategy, budget));
        (all.trials, all.most_gpu_seconds / EPOCH_S, all.cut)
    };
    let much = budget(1_000_000, None);
    assert_eq!(of(Chosen::Grid { points: 4 }, much), (16, 16 * 27, false));
    assert_eq!(
        of(Chosen::Random { trials: 9, seed: 0 }, much),
        (9, 9 * 27, false)
    );
    let halving = || asha(27, 3, 27, 0);
    let model = Chosen::Model {
        trials: 9,
        per_round: 4,
    };
    assert_eq!(of(model, much), (9, 9 * 27, false));
    assert_eq!(of(halving(), much), (27 + 9 + 3 + 1, 4 * 27, false));
    assert_eq!(
        of(halving(), budget(1_000_000, Some(30))),
        (30, 27 + 9, true)
    );
    assert_eq!(of(halving(), budget(500, None)), (40, 50, true));
    // It is about what it comes to.
    let story = play(spec(halving(), much), &|trial: &Trial| {
        let epochs = trial.fidelity.unwrap();
        (epochs * EPOCH_S, Some(MILD.of(&trial.values, epochs)))
    });
    let trials = story.campaign.trials.len();
    assert!((40..=50).contains(&trials), "{trials}");
}
