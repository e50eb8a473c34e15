//! The places of the rail, in its order, each with the letter that leads there after `g`: for keys, help
//! and palette too.

use crate::icons::Icon;

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
pub static ALL: [Place; 8] = [
    place("/", "Dashboard", Icon::Dashboard, "d", "home overview"),
    place("/jobs", "Jobs", Icon::Jobs, "j", "mine list"),
    place("/queue", "Queue", Icon::Queue, "q", "order priority move"),
    place("/timeline", "Timeline", Icon::Timeline, "t", "calendar"),
    place("/cluster", "Cluster", Icon::Cluster, "c", "nodes hardware"),
    place("/history", "History", Icon::History, "h", "analytics use"),
    place("/alerts", "Alerts", Icon::Alert, "a", "problems wrong"),
    place("/submit", "Submit", Icon::Submit, "s", "a job new run"),
];

/// Of admins; for others there is nothing.
pub static ADMIN: Place = place(
    "/admin",
    "Admin",
    Icon::Admin,
    "o",
    "policy quotas people users tokens",
);

/// The places of whoever looks, who may be an admin.
pub fn of(admin: bool) -> impl Iterator<Item = &'static Place> + Clone {
    ALL.iter().chain(admin.then_some(&ADMIN))
}

/// Where this letter leads, of these.
pub fn by_letter(letter: &str, admin: bool) -> Option<&'static Place> {
    of(admin).find(|place| place.letter == letter)
}
