//! Random inputs for the state machine: everything that people, planner, executors, clock and
//! inventory may bring, in any order, right or wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use berth_domain::agent::{Action, AgentRule, Approval, Draft, Effect, Mode};
use berth_domain::campaign::{
    Asha, Better, Budget, CampaignChange, CampaignId, CampaignSpec, Dimension, Fidelity, Metric,
    Narrow, Range, Scale, Source, Steering, Strategy as Chosen, TrialDraft, TrialEnd,
};
use berth_domain::command::{AdoptRequest, AgentRequest};
use berth_domain::decide::{Input, Ladder, Report, Rules, Seen, decide};
use berth_domain::quota::{Allow, Period, Quota, SetTo, Whose};
use berth_domain::{
    Act, Actor, AlertRule, ArrayChange, Card, CardId, Choice, Command, Dependency, DependencyKind,
    Ended, Exit, Finding, Foreign, ForeignProcess, Gpu, GpuRef, GpuUuid, JobId, JobPatch, Lease,
    Mandate, MoveTo, Node, NodeLease, NodeName, NodeSource, Place, PolicyChoice, PriorityClass,
    Project, Record, ReservationId, ReserveRequest, Role, Rung, Severity, State, Subject,
    SubmitRequest, Timestamp, UserName,
};
use proptest::prelude::*;

/// What some jobs are for.
const PROJECT: &str = "vision";

/// What happens, in terms that mean something in any state.
#[derive(Clone, Debug)]
pub enum Step {
    Submit {
        user: u8,
        gpus: u8,
        retries: u8,
        hold: bool,
        after: Option<u8>,
        array: bool,
        key: Option<u8>,
    },
    Command {
        user: u8,
        job: u8,
        what: What,
    },
    /// Start this many of the waiting jobs, on GPUs from this one on, free or not.
    Start {
        jobs: u8,
        gpu: u8,
    },
    Report {
        job: u8,
        attempt_off_by: u8,
        running: bool,
        code: u8,
    },
    /// This many seconds pass.
    Clock(u16),
    /// Node 2 is there or not.
    Inventory {
        second: bool,
    },
    /// Stop one for another.
    Preempt {
        victim: u8,
        beneficiary: u8,
    },
    Policy {
        user: u8,
        preemption: bool,
    },
    /// Promises GPUs, changes a promise, or takes it back.
    Reserve {
        user: u8,
        which: u8,
        what: Want,
    },
    Quota {
        user: u8,
        gpus: u8,
    },
    /// Sets the project up, closed or open, removes it, or says who is in it.
    Project {
        user: u8,
        what: u8,
    },
    /// What is wrong and who is there outside the queue, each by a bit.
    Seen {
        wrong: u16,
        foreign: u8,
    },
    Answer {
        user: u8,
        alert: u8,
        choice: u8,
    },
    Adopt {
        user: u8,
        pid: u8,
    },
    /// About agents and the ledger.
    Agents {
        user: u8,
        what: OfAgents,
    },
    Campaigns {
        user: u8,
        campaign: u8,
        what: OfCampaigns,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum OfCampaigns {
    Start {
        gpus: u8,
        asha: bool,
    },
    Pause,
    Resume,
    End {
        jobs: bool,
    },
    /// To a part of the space, or another budget.
    Steer(u8),
    /// Berth runs the next trial, mostly, perhaps as a promotion.
    Run {
        promote: bool,
        again: bool,
    },
    /// Berth says what came of this trial.
    Result {
        trial: u8,
        end: u8,
    },
    /// Berth says that a language model was asked for trials, and what it cost.
    Asked(u16),
}

#[derive(Clone, Copy, Debug)]
pub enum OfAgents {
    /// With a mandate of so many GPUs at once.
    Set(u8),
    Remove,
    Stop {
        all: bool,
        jobs: bool,
    },
    Resume {
        other: bool,
    },
    Rule(u8),
    Answer {
        card: u8,
        approve: bool,
    },
    Undo(u8),
    /// Berth's own rules would hold this job.
    Propose(u8),
    Measured(u8),
    /// A language model was asked, for so much.
    Model(u16),
}

#[derive(Clone, Debug)]
pub enum Want {
    /// From so many seconds from now on, for so many minutes, again or not.
    New {
        gpus: u8,
        in_s: u16,
        minutes: u8,
        daily: bool,
        exact: bool,
    },
    Longer(u8),
    Cancel,
    End,
}

#[derive(Clone, Debug)]
pub enum What {
    Cancel,
    Hold,
    Release,
    Requeue,
    Top,
    Undo,
    Bottom,
    Before(u8),
    After(u8),
    Class(u8),
    Limit(u16),
    DependOn(u8),
    Array(ArrayChange),
}

const CHANGES: [ArrayChange; 4] = [
    ArrayChange::Cancel,
    ArrayChange::Hold,
    ArrayChange::Release,
    ArrayChange::RetryFailed,
];

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let what = prop_oneof![
        Just(What::Cancel),
        Just(What::Hold),
        Just(What::Release),
        Just(What::Requeue),
        Just(What::Top),
        Just(What::Undo),
        Just(What::Bottom),
        any::<u8>().prop_map(What::Before),
        any::<u8>().prop_map(What::After),
        (0u8..4).prop_map(What::Class),
        (1u16..100).prop_map(What::Limit),
        any::<u8>().prop_map(What::DependOn),
        prop::sample::select(CHANGES.as_slice()).prop_map(What::Array),
    ];
    let submit = (
        0u8..4,
        0u8..9,
        0u8..3,
        prop::bool::weighted(0.1),
        prop::option::weighted(0.2, any::<u8>()),
        prop::bool::weighted(0.1),
        prop::option::weighted(0.2, 0u8..4),
    )
        .prop_map(
            |(user, gpus, retries, hold, after, array, key)| Step::Submit {
                user,
                gpus,
                retries,
                hold,
                after,
                array,
                key,
            },
        );
    let step = prop_oneof![
        4 => submit,
        5 => (0u8..4, any::<u8>(), what).prop_map(|(user, job, what)| Step::Command { user, job, what }),
        4 => (1u8..4, 0u8..16).prop_map(|(jobs, gpu)| Step::Start { jobs, gpu }),
        6 => (any::<u8>(), prop::sample::select(vec![0u8, 0, 0, 1]), any::<bool>(), 0u8..6)
            .prop_map(|(job, attempt_off_by, running, code)| Step::Report {
                job,
                attempt_off_by,
                running,
                code,
            }),
        2 => (1u16..200).prop_map(Step::Clock),
        1 => any::<bool>().prop_map(|second| Step::Inventory { second }),
        2 => any::<(u8, u8)>()
            .prop_map(|(victim, beneficiary)| Step::Preempt { victim, beneficiary }),
        1 => (0u8..3, any::<bool>())
            .prop_map(|(user, preemption)| Step::Policy { user, preemption }),
        3 => (0u8..3, any::<u8>(), want())
            .prop_map(|(user, which, what)| Step::Reserve { user, which, what }),
        1 => (0u8..3, 0u8..9).prop_map(|(user, gpus)| Step::Quota { user, gpus }),
        1 => (0u8..3, 0u8..8).prop_map(|(user, what)| Step::Project { user, what }),
        1 => any::<(u16, u8)>().prop_map(|(wrong, foreign)| Step::Seen { wrong, foreign }),
        1 => (0u8..3, any::<u8>(), 0u8..7)
            .prop_map(|(user, alert, choice)| Step::Answer { user, alert, choice }),
        1 => (0u8..3, 0u8..9).prop_map(|(user, pid)| Step::Adopt { user, pid }),
        4 => (prop::sample::select(vec![0u8, 0, 1, 1, 1, 2, 3]), of_agents()).prop_map(|(user, what)| Step::Agents { user, what }),
        4 => (0u8..4, any::<u8>(), of_campaigns())
            .prop_map(|(user, campaign, what)| Step::Campaigns { user, campaign, what }),
    ];
    prop::collection::vec(step, 1..120)
}

fn of_agents() -> impl Strategy<Value = OfAgents> {
    prop_oneof![
        3 => (0u8..9).prop_map(OfAgents::Set),
        1 => Just(OfAgents::Remove),
        1 => any::<(bool, bool)>().prop_map(|(all, jobs)| OfAgents::Stop { all, jobs }),
        5 => prop::bool::weighted(0.1).prop_map(|other| OfAgents::Resume { other }),
        2 => (0u8..4).prop_map(OfAgents::Rule),
        2 => any::<(u8, bool)>().prop_map(|(card, approve)| OfAgents::Answer { card, approve }),
        2 => any::<u8>().prop_map(OfAgents::Undo),
        3 => any::<u8>().prop_map(OfAgents::Propose),
        1 => any::<u8>().prop_map(OfAgents::Measured),
        1 => any::<u16>().prop_map(OfAgents::Model),
    ]
}

fn of_campaigns() -> impl Strategy<Value = OfCampaigns> {
    prop_oneof![
        2 => (0u8..3, any::<bool>()).prop_map(|(gpus, asha)| OfCampaigns::Start { gpus, asha }),
        1 => Just(OfCampaigns::Pause),
        1 => Just(OfCampaigns::Resume),
        1 => any::<bool>().prop_map(|jobs| OfCampaigns::End { jobs }),
        1 => any::<u8>().prop_map(OfCampaigns::Steer),
        6 => (any::<bool>(), prop::bool::weighted(0.1))
            .prop_map(|(promote, again)| OfCampaigns::Run { promote, again }),
        4 => (any::<u8>(), 0u8..4).prop_map(|(trial, end)| OfCampaigns::Result { trial, end }),
        1 => any::<u16>().prop_map(OfCampaigns::Asked),
    ]
}

fn want() -> impl Strategy<Value = Want> {
    let new = (1u8..9, 0u16..400, 1u8..6, any::<(bool, bool)>());
    let new = new.prop_map(|(gpus, in_s, minutes, (daily, exact))| Want::New {
        gpus,
        in_s,
        minutes,
        daily,
        exact,
    });
    prop_oneof![
        4 => new,
        1 => (1u8..9).prop_map(Want::Longer),
        1 => Just(Want::Cancel),
        1 => Just(Want::End),
    ]
}

/// A state that is driven by steps, and its journal.
pub struct World {
    pub state: State,
    pub journal: Vec<Record>,
    pub now: Timestamp,
}

fn node(name: &str, present: bool) -> Node {
    let gpu = |index| {
        let uuid = GpuUuid(format!("{name}-{index}"));
        Gpu::new(index, uuid, "H100", 80 << 30)
    };
    let gpus = (0..8).map(gpu).collect();
    Node {
        present,
        ..Node::new(NodeName::from(name), NodeSource::Simulated, gpus)
    }
}

impl World {
    pub fn new() -> Self {
        let mut world = World {
            state: State::default(),
            journal: Vec::new(),
            now: Timestamp::from_second(1_000_000).unwrap(),
        };
        let records = world.decide(Step::Inventory { second: true });
        world.apply(records);
        world
    }

    /// Some job's number; now and then one that does not exist.
    fn job(&self, pick: u8) -> JobId {
        let known = self.state.next_job().0;
        JobId(u64::from(pick) % (known + 1))
    }

    fn live(&self, pick: u8) -> Option<&berth_domain::Job> {
        let active: Vec<_> = self
            .state
            .live()
            .filter(|job| job.attempt().is_some())
            .collect();
        (!active.is_empty()).then(|| active[usize::from(pick) % active.len()])
    }

    /// What a step comes to: the records that would be committed; none for what is refused.
    pub fn decide(&mut self, step: Step) -> Vec<Record> {
        let (actor, input) = match step {
            Step::Clock(seconds) => {
                self.now += jiff::SignedDuration::from_secs(i64::from(seconds));
                (Actor::Berth, Input::Clock)
            }
            Step::Inventory { second } => {
                let nodes = vec![node("n1", true), node("n2", true)];
                let nodes = nodes.into_iter().take(if second { 2 } else { 1 }).collect();
                (Actor::Berth, Input::Inventory(nodes))
            }
            Step::Preempt {
                victim,
                beneficiary,
            } => {
                let Some(job) = self.live(victim) else {
                    return vec![];
                };
                let stops = vec![(job.id, self.job(beneficiary))];
                (Actor::Berth, Input::Preemptions(stops))
            }
            Step::Start { jobs, gpu } => (Actor::Berth, Input::Starts(self.starts(jobs, gpu))),
            Step::Report {
                job,
                attempt_off_by,
                running,
                code,
            } => {
                let Some(job) = self.live(job) else {
                    return vec![];
                };
                let mut attempt = job.attempt_id().unwrap();
                attempt.number += u32::from(attempt_off_by);
                let report = if running {
                    Report::Running {
                        sessions: vec![format!("berth-{}", attempt.job)],
                    }
                } else {
                    Report::Exited(exit(code))
                };
                (
                    Actor::Berth,
                    Input::Reports(BTreeMap::from([(attempt, report)])),
                )
            }
            Step::Seen { wrong, foreign } => (Actor::Berth, Input::Seen(self.seen(wrong, foreign))),
            Step::Submit { .. }
            | Step::Answer { .. }
            | Step::Adopt { .. }
            | Step::Command { .. }
            | Step::Policy { .. }
            | Step::Reserve { .. }
            | Step::Agents { .. }
            | Step::Campaigns { .. }
            | Step::Quota { .. }
            | Step::Project { .. } => {
                let (actor, command) = self.command(step);
                (actor.clone(), Input::Command { actor, command })
            }
        };
        let ladder = Ladder {
            top: Rung::Requeue,
            every: Duration::from_secs(100),
        };
        let rules = Rules {
            ladder,
            ..Rules::default()
        };
        let events = decide(&self.state, &rules, input, self.now).map_or(vec![], |d| d.events);
        let mut seq = self.state.seq;
        let record = |event| {
            seq = seq.next();
            Record {
                seq,
                at: self.now,
                actor: actor.clone(),
                event,
            }
        };
        events.into_iter().map(record).collect()
    }

    pub fn apply(&mut self, records: Vec<Record>) {
        for record in records {
            self.state
                .apply(&record)
                .expect("what was decided is legal");
            self.journal.push(record);
        }
    }

    /// Each bit of `wrong` is a rule, about a job or a GPU; each of `foreign` a process on two GPUs.
    fn seen(&self, wrong: u16, foreign: u8) -> Seen {
        let rules = AlertRule::ALL.iter().enumerate();
        let rules = rules.filter(|(bit, _)| wrong >> (bit % 16) & 1 == 1);
        let findings = rules.map(|(bit, rule)| {
            let index = u32::try_from(bit % 8).unwrap();
            let of_job = rule
                .is_idle()
                .then(|| self.live(wrong.to_le_bytes()[0]))
                .flatten();
            let subject = match of_job {
                Some(job) => Subject::Job { job: job.id },
                None => Subject::Gpu {
                    place: Place {
                        node: NodeName::from("n1"),
                        gpu: Some(index),
                    },
                    gpu: GpuUuid(format!("n1-{index}")),
                },
            };
            Finding {
                rule: *rule,
                subject,
                severity: Severity::Warning,
                text: format!("Something is wrong ({rule})."),
                advice: "Mend it.".to_owned(),
                asks: Some(UserName::from("ana")),
                choices: Choice::ALL.to_vec(),
            }
        });
        let process = |pid: u32| ForeignProcess {
            pid,
            started: 7,
            user: Some("bo".to_owned()),
            command: Some("python train.py".to_owned()),
            of: None,
            since: self.now,
            ignored: false,
        };
        let mut found = Foreign::new();
        for pid in (0..8u32).filter(|bit| foreign >> bit & 1 == 1) {
            for gpu in [pid, (pid + 3) % 8] {
                let gpu = GpuUuid(format!("n1-{gpu}"));
                found.entry(gpu).or_default().push(process(pid));
            }
        }
        Seen {
            foreign: found,
            findings: findings.collect(),
        }
    }

    fn starts(&self, jobs: u8, first: u8) -> Vec<(JobId, Lease)> {
        let waiting = self
            .state
            .live()
            .filter(|job| job.is_waiting())
            .take(usize::from(jobs));
        let mut next = u32::from(first);
        let mut starts = Vec::new();
        for job in waiting {
            let gpus = (0..job.spec.gpus_per_node).map(|_| {
                next += 1;
                let (name, index) = (["n1", "n2"][(next as usize / 8) % 2], next % 8);
                GpuRef {
                    index,
                    uuid: GpuUuid(format!("{name}-{index}")),
                }
            });
            let part = NodeLease {
                node: NodeName::from("n1"),
                gpus: gpus.collect(),
            };
            starts.push((job.id, Lease(vec![part])));
        }
        starts
    }

    /// One of these cards or, where there is none, any number.
    fn card(&self, pick: u8, of: impl Fn(&Card) -> bool) -> CardId {
        let cards: Vec<CardId> = self
            .state
            .cards()
            .filter(|card| of(card))
            .map(|card| card.id)
            .collect();
        let any = CardId(u64::from(pick) % (self.state.next_card().0 + 1));
        cards
            .get(usize::from(pick) % cards.len().max(1))
            .copied()
            .unwrap_or(any)
    }

    fn propose(&self, job: u8) -> Command {
        let job = self.job(job);
        Command::Propose(Box::new(Draft {
            rule: AgentRule::ALL[usize::from(job.0.to_le_bytes()[0]) % 4],
            subject: format!("job {job}"),
            job: Some(job),
            project: None,
            asks: Some(UserName::from("ana")),
            title: "It should be held".to_owned(),
            saw: vec![],
            considered: vec![],
            act: (!job.0.is_multiple_of(4)).then_some(Act::Hold { job }),
            undo: None,
            predicted: None,
            until: self.now + jiff::SignedDuration::from_secs(300),
        }))
    }

    fn of_agents(&self, what: OfAgents) -> Command {
        let bot = || UserName::from("bot");
        match what {
            OfAgents::Set(gpus) => Command::SetAgent(Box::new(AgentRequest {
                name: bot(),
                acts_for: None,
                mandate: Mandate {
                    gpus_at_once: Some(u32::from(gpus)),
                    jobs_per_hour: 10,
                    all_jobs: gpus % 2 == 0,
                    actions: Action::ALL.iter().copied().collect(),
                    approval: Approval {
                        above_gpu_seconds: (gpus % 3 == 0).then_some(1000),
                        ..Approval::default()
                    },
                    ..Mandate::default()
                },
            })),
            OfAgents::Remove => Command::RemoveAgent(bot()),
            OfAgents::Stop { all, jobs } => Command::StopAgents {
                agent: (!all).then(bot),
                why: "It went wild".to_owned(),
                jobs,
            },
            // Mostly what is stopped.
            OfAgents::Resume { other } => {
                let all = self.state.agents().stopped.is_some() != other;
                Command::ResumeAgents((!all).then(bot))
            }
            OfAgents::Rule(mode) => Command::SetRule {
                rule: AgentRule::ALL[usize::from(mode)],
                project: None,
                mode: Some(Mode::ALL[usize::from(mode)]),
            },
            OfAgents::Answer { card, approve } => Command::AnswerCard {
                card: self.card(card, Card::is_open),
                approve,
            },
            OfAgents::Undo(card) => {
                Command::UndoCard(self.card(card, |card| card.can_be_undone(self.now)))
            }
            // Those are Berth's own.
            OfAgents::Propose(job) => self.propose(job),
            OfAgents::Measured(card) => {
                Command::Measured(self.card(card, |_| true), Effect::default())
            }
            OfAgents::Model(cost) => model(cost),
        }
    }

    fn of_campaigns(&self, campaign: u8, what: OfCampaigns) -> Command {
        let last = self.state.next_campaign().0;
        let id = CampaignId(u64::from(campaign) % last + u64::from(campaign == 0));
        let why = || "I said so".to_owned();
        let change = match what {
            OfCampaigns::Start { gpus, asha } => {
                return Command::StartCampaign(Box::new(campaign_of(gpus, asha)));
            }
            OfCampaigns::Run { promote, again } => {
                let draft = self.trial(id, promote, again);
                return Command::RunTrial(id, Box::new(draft));
            }
            OfCampaigns::Result { trial, end } => {
                let trials = self.state.campaign(id).map_or(0, |one| one.trials.len());
                let trial = u32::from(trial) % u32::try_from(trials + 1).unwrap();
                let end = match end {
                    0 => TrialEnd::Failed { why: why() },
                    1 => TrialEnd::Stopped { why: why() },
                    _ => TrialEnd::Done {
                        result: f64::from(trial) / 3.0,
                    },
                };
                return Command::EndTrial {
                    campaign: id,
                    trial,
                    end,
                };
            }
            OfCampaigns::Asked(cost) => {
                return Command::AskedFor {
                    campaign: id,
                    micros: u64::from(cost),
                };
            }
            OfCampaigns::Pause => CampaignChange::Pause { why: why() },
            OfCampaigns::Resume => CampaignChange::Resume,
            OfCampaigns::End { jobs } => CampaignChange::End { why: why(), jobs },
            OfCampaigns::Steer(how) => {
                let mut steering = Steering {
                    note: Some(why()),
                    ..Steering::default()
                };
                if how % 2 == 0 {
                    let to = 1.0 / f64::from(how + 1);
                    let part = Narrow::Range { from: 1e-5, to };
                    steering.space.insert("lr".to_owned(), part);
                } else {
                    steering.budget.gpu_seconds = Some(u64::from(how) * 1000);
                }
                CampaignChange::Steer(Box::new(steering))
            }
        };
        Command::ChangeCampaign(id, change)
    }

    fn trial(&self, id: CampaignId, promote: bool, again: bool) -> TrialDraft {
        let Some(campaign) = self.state.campaign(id) else {
            return draft(1, None);
        };
        let asha = campaign.spec.strategy.fidelity().is_some();
        let best = campaign
            .trials
            .iter()
            .rev()
            .find(|one| one.result.is_some());
        let parent = best.filter(|_| promote && asha);
        let number = campaign.next_trial().saturating_sub(u32::from(again));
        TrialDraft {
            rung: parent.map_or(0, |parent| parent.rung + 1),
            fidelity: asha.then_some(1),
            parent: parent.map(|parent| parent.number),
            values: parent.map_or_else(|| draft(1, None).values, |parent| parent.values.clone()),
            ..draft(number, None)
        }
    }

    fn command(&self, step: Step) -> (Actor, Command) {
        let names = ["root", "ana", "bo"];
        let actor = |user: u8| match names.get(usize::from(user)) {
            Some(name) => {
                let role = if user == 0 { Role::Admin } else { Role::Member };
                Actor::user(*name, role)
            }
            None => Actor::Agent {
                name: UserName::from("bot"),
                acts_for: UserName::from("ana"),
                role: Role::Member,
            },
        };
        match step {
            Step::Submit {
                user,
                gpus,
                retries,
                hold,
                after,
                array,
                key,
            } => {
                let request = SubmitRequest {
                    command: vec!["true".to_owned()],
                    gpus: Some(i64::from(gpus)),
                    max_retries: Some(i64::from(retries)),
                    preemptible: retries == 1,
                    signal: (gpus % 2 == 0).then(|| "USR1@200".to_owned()),
                    time_limit: (gpus % 2 == 0).then(|| "5m".to_owned()),
                    hold,
                    project: (gpus % 3 == 1).then(|| PROJECT.to_owned()),
                    after: after
                        .map(|job| self.job(job).to_string())
                        .into_iter()
                        .collect(),
                    array: array.then(|| "0-4%2".to_owned()),
                    idempotency_key: key.map(|key| key.to_string()),
                    ..SubmitRequest::default()
                };
                (actor(user), Command::Submit(Box::new(request)))
            }
            Step::Policy { user, preemption } => {
                let value = if preemption { "on" } else { "off" };
                let policy = PolicyChoice {
                    knobs: [("preemption".to_owned(), value.to_owned())].into(),
                    ..PolicyChoice::default()
                };
                (actor(user), Command::SetPolicy(policy))
            }
            Step::Reserve { user, which, what } => (actor(user), self.reserve(which, &what)),
            Step::Answer {
                user,
                alert,
                choice,
            } => {
                let open: Vec<_> = self.state.alerts().map(|alert| alert.id).collect();
                let alert = open.get(usize::from(alert) % open.len().max(1)).copied();
                let command = Command::Answer {
                    alert: alert.unwrap_or_default(),
                    choice: Choice::ALL[usize::from(choice)],
                    because: Some("I said so".to_owned()),
                    lasts: (choice % 2 == 0).then(|| Duration::from_secs(60)),
                };
                (actor(user), command)
            }
            Step::Adopt { user, pid } => {
                let request = AdoptRequest {
                    node: NodeName::from("n1"),
                    pid: u32::from(pid),
                    name: None,
                    project: None,
                    time_limit: None,
                };
                (actor(user), Command::Adopt(Box::new(request)))
            }
            Step::Agents {
                what: OfAgents::Propose(job),
                ..
            } => (Actor::Berth, self.propose(job)),
            Step::Agents {
                what: OfAgents::Measured(card),
                ..
            } => {
                let card = self.card(card, |_| true);
                (Actor::Berth, Command::Measured(card, Effect::default()))
            }
            // One time in eight somebody else says so.
            Step::Agents {
                what: OfAgents::Model(cost),
                ..
            } if cost % 8 != 0 => (Actor::Berth, model(cost)),
            Step::Agents { user, what } => (actor(user), self.of_agents(what)),
            Step::Campaigns {
                user,
                campaign,
                what,
            } => {
                let of_berth = matches!(
                    what,
                    OfCampaigns::Run { .. } | OfCampaigns::Result { .. } | OfCampaigns::Asked(_)
                );
                let actor = if of_berth { Actor::Berth } else { actor(user) };
                (actor, self.of_campaigns(campaign, what))
            }
            Step::Quota { user, gpus } => {
                let hard = gpus % 2 == 0;
                let amount = u32::from(gpus);
                let to = match gpus % 3 {
                    0 => SetTo::Gpus(Allow::This(Quota { gpus: amount, hard })),
                    1 => SetTo::Hours(Allow::This(berth_domain::Budget {
                        gpu_hours: amount,
                        period: Period::Day,
                        hard,
                    })),
                    _ => SetTo::Shares(Some(amount)),
                };
                (actor(user), Command::SetQuota(Whose::EveryUser, to))
            }
            Step::Project { user, what } => {
                let project = PROJECT.to_owned();
                let command = match what {
                    0 | 1 => Command::SetProject(
                        project,
                        Some(Project {
                            closed: what == 1,
                            ..Project::default()
                        }),
                    ),
                    2 => Command::SetProject(project, None),
                    _ => Command::SetMember {
                        project,
                        user: UserName::from(names[usize::from(what) % names.len()]),
                        role: [None, Some(Role::Member), Some(Role::Lead)][usize::from(what % 3)],
                    },
                };
                (actor(user), command)
            }
            Step::Command { user, job, what } => {
                let id = self.job(job);
                let patch = |patch: JobPatch| Command::Update(id, Box::new(patch));
                let command = match what {
                    What::Cancel => Command::Cancel(id),
                    What::Hold => Command::Hold(id),
                    What::Release => Command::Release(id),
                    What::Requeue => Command::Requeue(id),
                    What::Array(change) => Command::Array(id, change),
                    What::Top => Command::Move(id, MoveTo::Top),
                    What::Undo => Command::UndoMove(id),
                    What::Bottom => Command::Move(id, MoveTo::Bottom),
                    What::Before(other) => Command::Move(id, MoveTo::Before(self.job(other))),
                    What::After(other) => Command::Move(id, MoveTo::After(self.job(other))),
                    What::Class(class) => patch(JobPatch {
                        class: Some(PriorityClass::ALL[usize::from(class)]),
                        ..JobPatch::default()
                    }),
                    What::Limit(seconds) => patch(JobPatch {
                        time_limit: Some(std::time::Duration::from_secs(u64::from(seconds))),
                        ..JobPatch::default()
                    }),
                    What::DependOn(other) => patch(JobPatch {
                        dependencies: Some(vec![Dependency {
                            job: self.job(other),
                            kind: DependencyKind::AfterAny,
                        }]),
                        ..JobPatch::default()
                    }),
                };
                (actor(user), command)
            }
            _ => unreachable!("only commands come here"),
        }
    }
}

impl World {
    fn reserve(&self, which: u8, what: &Want) -> Command {
        let known = self.state.reservations().count() as u64;
        let id = ReservationId(u64::from(which) % (known + 1));
        let at = |seconds: i64| self.now + jiff::SignedDuration::from_secs(seconds);
        match what {
            Want::Cancel => Command::CancelReservation(id),
            Want::End => Command::EndReservation(id),
            Want::Longer(minutes) => {
                let request = ReserveRequest {
                    gpus: Some(1),
                    start: self.state.reservation(id).map(|one| one.start.to_string()),
                    end: Some(at(i64::from(*minutes) * 60).to_string()),
                    ..ReserveRequest::default()
                };
                Command::Reserve(Some(id), Box::new(request))
            }
            Want::New {
                gpus,
                in_s,
                minutes,
                daily,
                exact,
            } => {
                let request = ReserveRequest {
                    gpus: (!exact).then_some(i64::from(*gpus)),
                    exact: exact
                        .then(|| format!("n1:0-{}", gpus - 1))
                        .into_iter()
                        .collect(),
                    start: Some(at(i64::from(*in_s)).to_string()),
                    length: Some(minutes.to_string()),
                    every: daily.then(|| "day".to_owned()).into_iter().collect(),
                    no_show: (*minutes > 1).then(|| "1".to_owned()),
                    ..ReserveRequest::default()
                };
                Command::Reserve(None, Box::new(request))
            }
        }
    }
}

/// A language model was asked.
fn model(cost: u16) -> Command {
    Command::UseModel {
        agent: UserName::from("bot"),
        micros: u64::from(cost),
    }
}

fn draft(number: u32, parent: Option<u32>) -> TrialDraft {
    let values = [("lr".to_owned(), "0.0001".to_owned())];
    TrialDraft {
        number,
        parent,
        values: values.into(),
        rung: 0,
        fidelity: None,
        why: "It is the next".to_owned(),
    }
}

fn campaign_of(gpus: u8, asha: bool) -> CampaignSpec {
    let template = SubmitRequest {
        command: vec!["train".to_owned(), "--lr={lr}".to_owned()],
        gpus: Some(i64::from(gpus)),
        time_limit: Some("5m".to_owned()),
        ..SubmitRequest::default()
    };
    let strategy = if asha {
        Chosen::Asha(Asha {
            trials: 9,
            eta: 3,
            fidelity: Fidelity {
                param: "epochs".to_owned(),
                min: 1,
                max: 9,
                setup_time: None,
            },
            seed: 0,
        })
    } else {
        Chosen::Random { trials: 9, seed: 0 }
    };
    let lr = Dimension::Range(Range {
        from: 1e-5,
        to: 1.0,
        scale: Scale::Log,
        int: false,
    });
    CampaignSpec {
        name: "find lr".to_owned(),
        goal: "The best learning rate.".to_owned(),
        template: Box::new(template),
        space: [("lr".to_owned(), lr)].into(),
        metric: Metric {
            name: "loss".to_owned(),
            better: Better::Lower,
            source: Source::Log {
                pattern: "loss=(.*)".to_owned(),
            },
        },
        strategy,
        budget: Budget {
            gpu_seconds: 6000,
            gpus_at_once: (gpus == 2).then_some(4),
            at_once: Some(3),
            ..Budget::default()
        },
        stop: berth_domain::campaign::StopRule::default(),
        idempotency_key: (gpus == 1).then(|| "once".to_owned()),
    }
}

fn exit(code: u8) -> Exit {
    let ended = match code {
        4 => Ended::Signal { signal: 9 },
        5 => Ended::Lost {
            why: "its host was restarted".to_owned(),
        },
        code => Ended::Code {
            code: i32::from(code % 2),
        },
    };
    Exit {
        ended,
        out_of_memory: code == 3,
    }
}
