//! The places of the rail, in its order, each with the letter that leads there after `g`: for keys, help
//! and palette too.

use crate::icons::Icon;
use crate::texts::{common, frame as t};

#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub path: &'static str,
    pub word: &'static str,
    pub icon: Icon,
    pub letter: &'static str,
    /// What else people may call it.
    pub also: &'static str,
}

const fn place(
    path: &'static str,
    word: &'static str,
    icon: Icon,
    letter: &'static str,
    also: &'static str,
) -> Place {
    Place {
        path,
        word,
        icon,
        letter,
        also,
    }
}

/// Of everybody.
pub static ALL: [Place; 9] = [
    place(
        "/",
        common::DASHBOARD,
        Icon::Dashboard,
        "d",
        t::DASHBOARD_ALSO,
    ),
    place("/jobs", common::JOBS, Icon::Jobs, "j", t::JOBS_ALSO),
    place("/queue", common::QUEUE, Icon::Queue, "q", t::QUEUE_ALSO),
    place(
        "/timeline",
        common::TIMELINE,
        Icon::Timeline,
        "t",
        t::TIMELINE_ALSO,
    ),
    place(
        "/cluster",
        common::CLUSTER,
        Icon::Cluster,
        "c",
        t::CLUSTER_ALSO,
    ),
    place(
        "/history",
        common::HISTORY,
        Icon::History,
        "h",
        t::HISTORY_ALSO,
    ),
    place("/agent", common::AGENTS, Icon::Agent, "e", t::AGENTS_ALSO),
    place("/alerts", common::ALERTS, Icon::Alert, "a", t::ALERTS_ALSO),
    place("/submit", common::SUBMIT, Icon::Submit, "s", t::SUBMIT_ALSO),
];

/// Of admins; for others there is nothing.
pub static ADMIN: Place = place("/admin", common::ADMIN, Icon::Admin, "o", t::ADMIN_ALSO);

/// The places of whoever looks, who may be an admin.
pub fn of(admin: bool) -> impl Iterator<Item = &'static Place> + Clone {
    ALL.iter().chain(admin.then_some(&ADMIN))
}

/// Where this letter leads, of these.
pub fn by_letter(letter: &str, admin: bool) -> Option<&'static Place> {
    of(admin).find(|place| place.letter == letter)
}
