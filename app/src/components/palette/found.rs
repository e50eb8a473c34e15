//! What is found, and in which order: a pure function of what was typed and what is known.

use std::cmp::Reverse;

use berth_api::campaigns::CampaignRow;
use berth_api::views::{JobRow, NodeState, Whoami};
use berth_domain::{JobId, Right};

use super::rank::{fit, words};
use super::remote::Answer;
use crate::actions::Act;
use crate::components::theme_switch;
use crate::icons::Icon;
use crate::live::NodeShape;
use crate::places;
use crate::texts::{common, palette as t, units};
use crate::theme::Theme;

/// So many of each kind are listed.
const MOST: usize = 7;
const MOST_RECENT: usize = 5;

/// What happens when it is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Leads {
    To(String),
    Do(Act, Box<JobRow>),
    Theme(Theme),
    Help,
}

/// An option of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its element's too.
    pub id: String,
    pub icon: Icon,
    pub label: String,
    pub detail: String,
    /// The keys that do the same.
    pub keys: String,
    /// Whose state is shown.
    pub job: Option<Box<JobRow>>,
    pub leads: Leads,
}

/// Options of one kind, the best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub title: &'static str,
    pub found: Vec<Found>,
}

/// What the page knows.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub who: Option<Whoami>,
    /// The pages that were visited, this one first.
    pub visits: Vec<String>,
    /// The job whose page this is.
    pub here: Option<JobRow>,
    /// Newest first.
    pub rows: Vec<JobRow>,
    pub nodes: Vec<NodeShape>,
}

impl Known {
    fn row(&self, id: JobId) -> Option<&JobRow> {
        let mut rows = self.here.iter().chain(&self.rows);
        rows.find(|row| row.id == id)
    }

    fn is_admin(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.admin)
    }

    fn is_mine(&self, row: &JobRow) -> bool {
        self.who.as_ref().is_some_and(|who| who.user == row.user)
    }

    fn may(&self, act: Act, row: &JobRow) -> bool {
        let may = |who: &Whoami| who.may(Right::ChangeJob, &row.user, row.project.as_deref());
        self.who.as_ref().is_some_and(may) && Act::fitting(row.state).contains(&act)
    }
}

/// What was typed, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// All words.
    pub words: Vec<String>,
    /// What is to be done, if the first word says so.
    pub act: Option<Act>,
    /// The words that name jobs: without that first one.
    pub of_jobs: String,
    /// The number that they are.
    pub number: Option<JobId>,
}

impl Wanted {
    pub fn of(typed: &str) -> Self {
        let words = words(typed);
        let first = words.first().map_or("", String::as_str);
        let act = ACTS
            .iter()
            .find(|(word, _)| first.len() > 2 && word.starts_with(first));
        let act = act.map(|(_, act)| *act);
        let rest = &words[usize::from(act.is_some())..];
        // `job 17` is the same as `17`.
        let rest = match rest {
            [job, number] if job == t::TYPED_JOB => std::slice::from_ref(number),
            rest => rest,
        };
        let of_jobs = rest.join(" ");
        let number = of_jobs.strip_prefix('#').unwrap_or(&of_jobs).parse().ok();
        Wanted {
            act,
            number,
            of_jobs,
            words,
        }
    }
}

const ACTS: [(&str, Act); 6] = [
    (t::TYPED_CANCEL, Act::Cancel),
    (t::TYPED_STOP, Act::Cancel),
    (t::TYPED_HOLD, Act::Hold),
    (t::TYPED_RELEASE, Act::Release),
    (t::TYPED_REQUEUE, Act::Requeue),
    (t::TYPED_RERUN, Act::Requeue),
];

/// Everything that fits, by kind, the kind of the best first. What the server adds comes last, so that
/// nothing moves when it does.
pub fn find(typed: &str, known: &Known, answer: &Answer) -> Vec<Group> {
    let wanted = Wanted::of(typed);
    let groups = if wanted.words.is_empty() {
        at_rest(known)
    } else {
        let added = (answer.to == typed).then_some(answer);
        searched(&wanted, known, added)
    };
    let some = groups.into_iter().filter(|group| !group.found.is_empty());
    some.collect()
}

/// Before anything is typed.
fn at_rest(known: &Known) -> Vec<Group> {
    let visited = known
        .visits
        .iter()
        .skip(1)
        .filter_map(|path| visited(path, known));
    let here = known.here.iter().flat_map(|row| {
        let acts = Act::fitting(row.state).into_iter();
        acts.filter(|act| known.may(*act, row))
            .map(|act| acting(act, row))
    });
    let group = |title, found| Group { title, found };
    vec![
        group(t::RECENT, visited.take(MOST_RECENT).collect()),
        group(t::THIS_JOB, here.collect()),
        group(
            t::PAGES,
            places::of(known.is_admin())
                .map(|place| page(place.into()))
                .collect(),
        ),
        group(
            t::ACTIONS,
            actions().into_iter().map(|(action, _)| action).collect(),
        ),
    ]
}

type Ranked = Vec<(u32, Found)>;

fn searched(wanted: &Wanted, known: &Known, answer: Option<&Answer>) -> Vec<Group> {
    let jobs = jobs(wanted, known, answer);
    let listed: Vec<String> = jobs.iter().map(|(_, job)| job.id.clone()).collect();
    let mut ranked = [
        (t::PAGES, pages(wanted, known)),
        (common::JOBS, jobs),
        (t::NODES, nodes(wanted, known)),
        (
            t::ACTIONS,
            [acts(wanted, known, answer), said(wanted)].concat(),
        ),
    ];
    for (_, found) in &mut ranked {
        found.sort_by_key(|(worth, _)| Reverse(*worth));
        found.truncate(MOST);
    }
    ranked.sort_by_key(|(_, found)| Reverse(found.first().map_or(0, |(worth, _)| *worth)));
    let group = |(title, found): (&'static str, Ranked)| Group {
        title,
        found: found.into_iter().map(|(_, found)| found).collect(),
    };
    let mut groups: Vec<Group> = ranked.into_iter().map(group).collect();
    if wanted.act.is_none() {
        let rows = answer.into_iter().flat_map(|answer| &answer.rows);
        let more = rows.map(job).filter(|job| !listed.contains(&job.id));
        groups.push(Group {
            title: t::MORE_JOBS,
            found: more.take(MOST).collect(),
        });
    }
    groups.push(Group {
        title: t::CAMPAIGNS,
        found: campaigns(wanted, answer),
    });
    groups
}

/// Jobs that the page knows, and the one of the typed number. Mine, then live ones, then the newest come
/// first among those that fit alike.
fn jobs(wanted: &Wanted, known: &Known, answer: Option<&Answer>) -> Ranked {
    let mut fitting: Vec<(u32, &JobRow)> = vec![];
    for row in &known.rows {
        if let Some(worth) = fit_job(&wanted.words, row)
            && wanted.number != Some(row.id)
        {
            fitting.push((worth, row));
        }
    }
    fitting.sort_by_key(|(worth, row)| {
        let order = (*worth, known.is_mine(row), row.is_live(), row.id);
        Reverse(order)
    });
    let rest = fitting.into_iter().map(|(worth, row)| (worth, job(row)));
    let numbered = wanted.number.filter(|_| wanted.act.is_none());
    let numbered = numbered.and_then(|id| numbered_job(id, known, answer));
    let numbered = numbered.map(|found| (u32::MAX, found));
    numbered.into_iter().chain(rest.take(MOST)).collect()
}

/// The job of a number: said before the server knows of it, so that Enter need not wait.
fn numbered_job(id: JobId, known: &Known, answer: Option<&Answer>) -> Option<Found> {
    let row = known.row(id).or_else(|| told(id, answer));
    if let Some(row) = row {
        return Some(job(row));
    }
    if answer.is_some_and(|answer| answer.no_such) {
        return None;
    }
    Some(Found {
        id: format!("palette-job-{id}"),
        icon: Icon::Jobs,
        label: t::job(id),
        detail: String::new(),
        keys: String::new(),
        job: None,
        leads: Leads::To(format!("/jobs/{id}")),
    })
}

fn told(id: JobId, answer: Option<&Answer>) -> Option<&JobRow> {
    let mut rows = answer.into_iter().flat_map(|answer| &answer.rows);
    rows.find(|row| row.id == id)
}

fn fit_job(words: &[String], row: &JobRow) -> Option<u32> {
    let id = row.id.to_string();
    let fields = [
        (row.name.as_str(), 0),
        (id.as_str(), 0),
        (row.user.as_str(), 5),
        (row.project.as_deref().unwrap_or_default(), 10),
        (row.state.as_str(), 10),
        (row.outcome.as_deref().unwrap_or_default(), 10),
    ];
    fit(words, &fields)
}

/// What can be done to the job of the typed number, or to jobs that fit what follows `cancel`.
fn acts(wanted: &Wanted, known: &Known, answer: Option<&Answer>) -> Ranked {
    if let Some(id) = wanted.number {
        let Some(row) = known.row(id).or_else(|| told(id, answer)) else {
            return vec![];
        };
        let all = Act::fitting(row.state).into_iter();
        let asked = all.filter(|act| wanted.act.is_none_or(|wanted| wanted == *act));
        let may = asked.filter(|act| known.may(*act, row));
        return may.map(|act| (500, acting(act, row))).collect();
    }
    let Some(act) = wanted.act else {
        return vec![];
    };
    let words = words(&wanted.of_jobs);
    let added = answer.into_iter().flat_map(|answer| &answer.rows);
    let rows = known.here.iter().chain(&known.rows).chain(added);
    let mut found: Ranked = vec![];
    for row in rows.filter(|row| known.may(act, row)) {
        let of = acting(act, row);
        let is_new = !found.iter().any(|(_, known)| known.id == of.id);
        if let Some(worth) = fit_job(&words, row).filter(|_| is_new) {
            let mine = if known.is_mine(row) { 10 } else { 0 };
            found.push((200 + worth + mine, of));
        }
    }
    found
}

fn pages(wanted: &Wanted, known: &Known) -> Ranked {
    let all = places::of(known.is_admin()).map(Page::from).chain(OTHERS);
    let fitting = all.filter_map(|one| {
        let worth = fit(&wanted.words, &[(one.word, 0), (one.also, 25)])?;
        // Before a job of the same name.
        Some((worth + 1, page(one)))
    });
    fitting.collect()
}

fn nodes(wanted: &Wanted, known: &Known) -> Ranked {
    let fitting = known.nodes.iter().filter_map(|shape| {
        let fields = [
            (shape.name.as_str(), 0),
            (shape.model.as_str(), 20),
            (t::TYPED_NODE, 30),
        ];
        Some((fit(&wanted.words, &fields)?, node(shape)))
    });
    fitting.collect()
}

/// Those that go on, newest first.
fn campaigns(wanted: &Wanted, answer: Option<&Answer>) -> Vec<Found> {
    let all = answer.into_iter().flat_map(|answer| &answer.campaigns);
    let fitting = all.filter(|row| {
        let id = row.id.to_string();
        let fields = [
            (row.name.as_str(), 0),
            (id.as_str(), 0),
            (row.user.as_str(), 0),
            (t::TYPED_CAMPAIGN, 0),
        ];
        fit(&wanted.words, &fields).is_some()
    });
    fitting.map(campaign).take(MOST).collect()
}

fn said(wanted: &Wanted) -> Ranked {
    let fitting = actions().into_iter().filter_map(|(action, also)| {
        let worth = fit(&wanted.words, &[(&action.label, 0), (also, 25)])?;
        Some((worth, action))
    });
    fitting.collect()
}

/// A page, by its address.
struct Page {
    path: &'static str,
    word: &'static str,
    icon: Icon,
    keys: String,
    also: &'static str,
}

impl From<&crate::places::Place> for Page {
    fn from(place: &crate::places::Place) -> Self {
        Page {
            path: place.path,
            word: place.word,
            icon: place.icon,
            keys: format!("g {}", place.letter),
            also: place.also,
        }
    }
}

const fn other(path: &'static str, word: &'static str, icon: Icon, also: &'static str) -> Page {
    Page {
        path,
        word,
        icon,
        keys: String::new(),
        also,
    }
}

/// Pages without a letter.
const OTHERS: [Page; 7] = [
    other(
        "/jobs?user=all",
        common::EVERYBODYS_JOBS,
        Icon::Jobs,
        t::EVERYBODYS_JOBS_ALSO,
    ),
    other(
        "/timeline?reserve=new",
        t::RESERVE_GPUS,
        Icon::Timeline,
        t::RESERVE_GPUS_ALSO,
    ),
    other("/agent/ask", t::ASK, Icon::Agent, t::ASK_ALSO),
    other(
        "/agent/campaigns",
        t::CAMPAIGNS,
        Icon::Agent,
        t::CAMPAIGNS_ALSO,
    ),
    other("/projects", t::PROJECTS, Icon::Folder, t::PROJECTS_ALSO),
    other("/settings", t::SETTINGS, Icon::System, t::SETTINGS_ALSO),
    other("/styleguide", t::STYLEGUIDE, Icon::File, t::STYLEGUIDE_ALSO),
];

fn page(page: Page) -> Found {
    Found {
        id: format!("palette-page-{}", page.word.replace([' ', '\''], "-")),
        icon: page.icon,
        label: page.word.to_owned(),
        detail: String::new(),
        keys: page.keys,
        job: None,
        leads: Leads::To(page.path.to_owned()),
    }
}

/// A visited page; `None` where it has no name.
fn visited(path: &str, known: &Known) -> Option<Found> {
    let found = match path.strip_prefix("/jobs/") {
        Some(id) => numbered_job(id.parse().ok()?, known, None)?,
        None => {
            let mut all = places::of(known.is_admin()).map(Page::from).chain(OTHERS);
            page(all.find(|page| page.path == path)?)
        }
    };
    Some(Found {
        id: format!("{}-again", found.id),
        ..found
    })
}

fn job(row: &JobRow) -> Found {
    let size = units::gpus(row.gpus);
    Found {
        id: format!("palette-job-{}", row.id),
        icon: Icon::Jobs,
        label: format!("{} {}", row.id, row.name),
        detail: format!("{} · {size}", row.user),
        keys: String::new(),
        job: Some(Box::new(row.clone())),
        leads: Leads::To(format!("/jobs/{}", row.id)),
    }
}

fn acting(act: Act, row: &JobRow) -> Found {
    let icon = match act {
        Act::Cancel => Icon::Cancelled,
        Act::Hold => Icon::Held,
        Act::Release | Act::Requeue => Icon::Queued,
    };
    Found {
        id: format!("palette-{}-{}", act.verb(), row.id),
        icon,
        label: t::act_on_job(act.label(row.state), row.id, &row.name),
        detail: row.user.0.clone(),
        keys: String::new(),
        job: None,
        leads: Leads::Do(act, Box::new(row.clone())),
    }
}

fn node(shape: &NodeShape) -> Found {
    let state = match shape.state {
        NodeState::Up => String::new(),
        other => format!(" · {}", other.as_str()),
    };
    Found {
        id: format!("palette-node-{}", shape.name.as_str().replace(' ', "-")),
        icon: Icon::Cluster,
        label: shape.name.to_string(),
        detail: format!("{} × {}{state}", shape.gpus.len(), shape.model),
        keys: String::new(),
        job: None,
        leads: Leads::To(format!("/cluster#node-{}", shape.name)),
    }
}

fn campaign(row: &CampaignRow) -> Found {
    Found {
        id: format!("palette-campaign-{}", row.id),
        icon: Icon::Agent,
        label: t::campaign(row.id, &row.name),
        detail: format!("{} · {}", row.user, row.state),
        keys: String::new(),
        job: None,
        leads: Leads::To(format!("/agent/campaigns/{}", row.id)),
    }
}

/// What is no page and is done to no job, with what else people may call it.
fn actions() -> Vec<(Found, &'static str)> {
    let theme = |theme: Theme| {
        let label = match theme {
            Theme::System => t::THEME_OF_SYSTEM,
            Theme::Light => t::LIGHT_THEME,
            Theme::Dark => t::DARK_THEME,
        };
        let found = Found {
            id: format!("palette-theme-{}", theme.as_str()),
            icon: theme_switch::look(theme),
            label: label.to_owned(),
            detail: String::new(),
            keys: String::new(),
            job: None,
            leads: Leads::Theme(theme),
        };
        (found, t::THEME_ALSO)
    };
    let help = Found {
        id: "palette-help".to_owned(),
        icon: Icon::File,
        label: t::KEYS_AND_HELP.to_owned(),
        detail: String::new(),
        keys: "?".to_owned(),
        job: None,
        leads: Leads::Help,
    };
    let themes = Theme::ALL.into_iter().map(theme);
    themes.chain([(help, t::KEYS_AND_HELP_ALSO)]).collect()
}

#[cfg(test)]
mod tests;
