//! What waits, and when it is likely to start; on which GPUs is not known.

use berth_api::views::JobRow;
use berth_domain::{JobId, Timestamp, UserName};
use leptos::prelude::*;

use super::chart::WAITING_ROWS;
use super::pack::{height, pack};
use super::range::{Cut, Range};
use crate::components::owner::OwnerMark;
use crate::live::Live;
use crate::texts::{common, timeline as t, units};

/// So many rows; those that would need more are counted.
const MOST_ROWS: usize = 8;

/// A job that waits, with a forecast in view.
#[derive(Clone, Debug, PartialEq)]
struct Wait {
    job: JobId,
    name: String,
    user: UserName,
    gpus: u32,
    p50: i64,
    p90: i64,
    /// Up to where it is drawn: some way into its run.
    to: i64,
    lane: usize,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Waits {
    shown: Vec<Wait>,
    rows: usize,
    /// Without room here, later than what is in view, and without a forecast.
    more: usize,
    later: usize,
    unknown: usize,
}

#[component]
pub fn WaitingLane(range: Range) -> impl IntoView {
    let live = Live::here();
    let waits = Memo::new(move |_| {
        let ids = live.queue.get();
        let rows = ids.into_iter().filter_map(|id| live.row(id));
        of(rows.map(|row| row.get()), range)
    });
    let rows = move || format!("--rows:{}", waits.with(|waits| waits.rows.max(1)));
    let rest = move || waits.with(rest);
    let total =
        move || waits.with(|waits| waits.shown.len() + waits.more + waits.later + waits.unknown);
    view! {
        <div class="tl-lane tl-waiting" style=rows>
            <div class="tl-name">
                <span class="tl-title">{common::WAITING}</span>
                <span class="tl-count num">{total}</span>
                <span class="tl-rest quiet">{rest}</span>
            </div>
            <div class="tl-track tl-rows" role="group" aria-label=t::WAITING_TOLD>
                <div class="tl-layer">
                    <For
                        each=move || waits.get().shown
                        key=Wait::key
                        children=move |wait| draw(&wait, range)
                    />
                </div>
            </div>
        </div>
    }
    .into_any()
}

impl Wait {
    fn key(&self) -> (JobId, i64, i64, usize) {
        (self.job, self.p50, self.p90, self.lane)
    }
}

fn of(rows: impl Iterator<Item = JobRow>, range: Range) -> Waits {
    let mut waits = Waits::default();
    let mut shown: Vec<Wait> = Vec::new();
    for row in rows.filter(JobRow::is_waiting) {
        let (Some(p50), Some(p90)) = (row.start_p50, row.start_p90) else {
            waits.unknown += 1;
            continue;
        };
        let (p50, p90) = (p50.as_second(), p90.as_second().max(p50.as_second()));
        if p50 >= range.to {
            waits.later += 1;
            continue;
        }
        let limit = i64::try_from(row.time_limit_s).unwrap_or(i64::MAX);
        let to = p90 + limit.clamp(1, range.span() / 8);
        shown.push(Wait {
            job: row.id,
            name: row.name,
            user: row.user,
            gpus: row.gpus,
            p50,
            p90,
            to,
            lane: 0,
        });
    }
    let spans: Vec<(i64, i64)> = shown.iter().map(|wait| (wait.p50, wait.to)).collect();
    let lanes = pack(&spans, MOST_ROWS);
    waits.rows = height(&lanes);
    for (mut wait, lane) in shown.into_iter().zip(lanes) {
        match lane {
            Some(lane) => {
                wait.lane = lane;
                waits.shown.push(wait);
            }
            None => waits.more += 1,
        }
    }
    waits
}

fn rest(waits: &Waits) -> Option<AnyView> {
    let mut parts = Vec::new();
    for (count, words) in [
        (waits.more, t::REST_MORE),
        (waits.later, common::LATER),
        (waits.unknown, t::REST_UNKNOWN),
    ] {
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    if parts.is_empty() {
        return None;
    }
    let title = t::REST_TOLD;
    let href = "/jobs?user=all&state=waiting";
    Some(view! { <a href=href title=title>{parts.join(", ")}</a> }.into_any())
}

fn draw(wait: &Wait, range: Range) -> AnyView {
    let Some(cut) = range.clip(wait.p50, wait.to) else {
        return ().into_any();
    };
    // How much of what is in view is the soft edge.
    let soft = range
        .clip(wait.p50, wait.p90)
        .map_or(0.0, |soft: Cut| soft.width);
    let soft = 100.0 * soft / cut.width.max(f64::EPSILON);
    let style = format!(
        "left:{:.3}%;width:{:.3}%;--row:{};--span:1;--soft:{soft:.1}%",
        cut.left, cut.width, wait.lane
    );
    let label = t::waiting_bar(wait.job, &wait.name, &wait.user, &units::gpus(wait.gpus));
    let row = WAITING_ROWS + i64::try_from(wait.lane).unwrap_or(0);
    let start = Timestamp::from_second(wait.p50).map(|at| at.to_string());
    let gpus = wait.gpus;
    view! {
        <a
            class="tl-bar tl-wait"
            style=style
            href=format!("/jobs/{}", wait.job)
            tabindex="-1"
            draggable="false"
            data-job=wait.job.to_string()
            data-start=start.unwrap_or_default()
            data-bar=format!("w{}", wait.job)
            data-row=row.to_string()
            data-rows="1"
            data-from=wait.p50.to_string()
            data-to=wait.to.to_string()
            aria-label=label
            aria-describedby="tl-card"
        >
            <span class="tl-in">
                <OwnerMark name=wait.user.0.clone() />
                <span class="tl-text">{wait.name.clone()}</span>
                <span class="tl-more num">{gpus} "×"</span>
            </span>
        </a>
    }
    .into_any()
}
