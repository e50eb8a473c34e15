//! Reservations: the form, what would come of one, the list, the calendar.

use berth_domain::{ReservationId, UserName};

// the form
pub fn change_reservation(id: ReservationId) -> String {
    format!("Change reservation {id}")
}

pub const RESERVE_GPUS: &str = "Reserve GPUs";
pub const WHAT_FOR: &str = "What for";
pub const GPUS_HINT: &str = "In all, or on each node.";
pub const FOR_A_PROJECT: &str = "For a project";
pub const FOR_A_PROJECT_HINT: &str = "Its jobs run in it.";
pub const FOR_A_USER: &str = "For a user";
pub const FOR_A_USER_HINT: &str = "Empty is you.";
pub const FOR_YOU: &str =
    "It is for you, or for a project: only leads and admins reserve for other people.";
pub const TIME_ZONE: &str = "Time zone";
pub const TIME_ZONE_HINT: &str = "In which the times are, and whose clock it follows.";
pub const AGAIN_AND_AGAIN: &str = "Again and again";
pub const EVERY: &str = "Every";
pub const EVERY_DAY: &str = "every day";
pub const LAST_DAY: &str = "The last day";
pub const LAST_DAY_HINT: &str = "Empty: until it is cancelled.";
pub const WHICH_GPUS: &str = "Which GPUs";
pub const NODES_HINT: &str = "Given, the GPUs above are on each.";
pub const ON_THIS_NODE: &str = "On this node";
pub const EXACTLY_THESE: &str = "Exactly these";
pub const EXACTLY_THESE_HINT: &str = "node-1:0-3,6 for each node; then leave GPUs empty.";
pub const NO_SHOW: &str = "Released when nobody comes for, in minutes";
pub const NO_SHOW_HINT: &str = "Empty: never. Or 15m, 1h.";
pub const SAVE_THE_CHANGE: &str = "Save the change";
pub const RESERVE: &str = "Reserve";
pub const IS_CHANGED: &str = "is changed";
pub const IS_MADE: &str = "is made";

pub fn done(id: ReservationId, done: &str) -> String {
    format!("Reservation {id} {done}.")
}

// what would come of it
pub const ASKING: &str = "Asking what would come of it.";

pub fn keeps(what: &str, from: &str, to: &str, hours: &str) -> String {
    format!("Keeps {what} from {from} to {to}: {hours} GPU-hours")
}

pub fn each_time(keeps: &str, again: &str) -> String {
    format!("{keeps} each time, {again}.")
}

pub const MORE_WITHIN_A_MONTH: &str = " more within a month";
pub const THE_NEXT_TIMES: &str = "The next times";
pub const THE_WAITING_JOB: &str = "the waiting job";

pub fn of_waiting(count: usize, all: usize) -> String {
    format!("{count} of {all} waiting jobs")
}

pub fn nobody_later(who: &str) -> String {
    format!("Nobody starts later, {who} earlier.")
}

pub fn by_up_to(user: &str, by: &str) -> String {
    format!("{user} by up to {by}")
}

pub fn delays(of: &str, who: &str) -> String {
    format!("Delays {of}: {who}.")
}

// one of them
pub fn number(id: ReservationId) -> String {
    format!("Reservation {id}")
}

pub const NOBODY: &str = "nobody";
pub const TO_COME: &str = "To come";
pub const UNDER_WAY: &str = "Under way";
pub const USED: &str = "Used";
pub const OVER_NOBODY_CAME: &str = "Over, nobody came";
pub const RELEASED: &str = "Nobody came, released";
pub const GIVEN_BACK: &str = "Given back";

pub fn again_until(until: &str) -> String {
    format!(" until {until}")
}

pub fn every(days: &str, zone: &str, until: &str) -> String {
    format!("every {days} ({zone}){until}")
}

pub fn idle(long: &str) -> String {
    format!("{long} of GPU time idle, charged to fair share")
}

pub fn label(title: &str, what: &str, who: &str, state: &str) -> String {
    format!("{title}, {what} for {who}, {state}")
}

// on the chart
pub const DRAG_HERE: &str = "Drag here or on the axis to reserve";
pub const RESERVED: &str = "Reserved";
pub const RESERVATIONS: &str = "Reservations";

// the list
pub const NOTHING_IN_THIS_TIME: &str = "Nothing is reserved in this time.";
pub const UNDER_WAY_UNTIL: &str = "under way, until ";
pub const NEXT: &str = "next ";

pub fn released_after(after: &str) -> String {
    format!(" · released when nobody comes for {after}")
}

pub const MORE_IN_THIS_TIME: &str = " more in this time";

pub fn number_of(id: ReservationId, what: &str, who: &str) -> String {
    format!("number {id} · {what} for {who}")
}

pub const OVER_AT: &str = "at ";

pub fn made_by(who: &UserName) -> String {
    format!("Made by {who}: only who made or holds it, a lead or an admin can change it.")
}

pub fn change(which: &str) -> String {
    format!("Change {which}")
}

pub fn cancel(which: &str) -> String {
    format!("Cancel {which}")
}

pub const GIVE_BACK: &str = "Give back";

pub fn give_back_rest(which: &str) -> String {
    format!("Give back what is left of {which}")
}

pub fn cancel_asked(which: &str) -> String {
    format!("Cancel {which}?")
}

pub const GPUS_ARE_EVERYBODYS: &str = "Its GPUs are everybody's again.";
pub const COMES_NO_MORE: &str = "It does not come any more, and its GPUs are everybody's again.";
pub const CANCEL_THE_RESERVATION: &str = "Cancel the reservation";
pub const IS_CANCELLED: &str = "is cancelled";
pub const IS_GIVEN_BACK: &str = "is given back";

// the calendar
pub const CALENDAR_TOLD: &str =
    "Calendar. Arrow keys lead from hour to hour, Enter reserves from there on.";
pub const NOTHING_RESERVED: &str = "Nothing is reserved.";
pub const MORE_AT_ONCE: &str = " more at once";

pub fn from(start: &str) -> String {
    format!("from {start}")
}

pub fn until(end: &str) -> String {
    format!("until {end}")
}

pub const ALL_DAY: &str = "all day";
pub const SKIPPED: &str = "The clock skips this hour";

pub fn reserve_from(day: &str, clock: &str) -> String {
    format!("Reserve from {day}, {clock}")
}
