//! Reading other parts of a log than those that the page holds.

use berth_api::ApiError;
use berth_api::logs::{LinePlace, LogText, job_log, log_place};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Which;
use super::window::Window;

/// Read at once.
pub const PIECE: u32 = 64 * 1024;
/// So near to the end counts as at the end, in pixels.
const NEAR: i32 = 32;
/// So near to either end of what is here, more is read.
const AHEAD: i32 = 800;
/// So much before a line is read with it.
const BEFORE: u64 = 20 * 1024;

/// What moves the window over the log. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Reach {
    pub which: Which,
    pub log: RwSignal<Window>,
    pub scroller: NodeRef<html::Div>,
    /// The eye stays at the end.
    pub follow: RwSignal<bool>,
    /// How far it was scrolled when that was seen last, in pixels.
    pub top: StoredValue<i32>,
    /// What is written is added: the window is at the end.
    pub attached: RwSignal<bool>,
    /// Something is being read.
    pub busy: RwSignal<bool>,
    /// It is on its way from the end to another place: that it is at the end still says nothing.
    pub leaving: StoredValue<bool>,
    /// Lines were added, and what is looked at is being put back in its place.
    pub settling: StoredValue<bool>,
    /// It was scrolled while something was read or put back: what that asks for comes after.
    pub missed: StoredValue<bool>,
    /// The number of a line is being asked for.
    pub counting: StoredValue<bool>,
    pub problem: RwSignal<Option<String>>,
}

impl Reach {
    /// The attempt that the window shows.
    pub fn attempt(self) -> Option<u32> {
        let shown = self.log.with_untracked(|log| log.attempt);
        self.which.attempt.or((shown > 0).then_some(shown))
    }

    async fn read(self, offset: i64, limit: u32) -> Result<LogText, ApiError> {
        let Which { job, rank, .. } = self.which;
        job_log(
            job,
            self.attempt(),
            Some(rank),
            Some(offset),
            Some(limit),
            None,
        )
        .await
    }

    async fn place(self, line: Option<u64>, offset: Option<u64>) -> Result<LinePlace, ApiError> {
        let Which { job, rank, .. } = self.which;
        log_place(job, self.attempt(), Some(rank), line, offset).await
    }

    /// Does one thing at a time, and says what went wrong.
    fn go(self, work: impl Future<Output = Result<(), ApiError>> + 'static) {
        if self.busy.get_untracked() {
            self.leaving.set_value(false);
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let done = work.await;
            self.busy.try_set(false);
            if done.is_err() {
                self.leaving.try_set_value(false);
            }
            self.problem
                .try_set(done.err().map(|error| error.to_string()));
            self.look_again();
        });
    }

    /// Follows the end while it is in view, and reads on near either end of the window.
    pub fn scrolled(self) {
        let Some(scroller) = self.element() else {
            return;
        };
        let above = scroller.scroll_top();
        let below = scroller.scroll_height() - above - scroller.client_height();
        let leaving = self.leaving.get_value();
        let at_end = below < NEAR && self.attached.get_untracked() && !leaving;
        let went_up = above < self.top.get_value();
        self.top.set_value(above);
        let follows = self.follow.get_untracked();
        if follows && !at_end && !went_up {
            // Lines that came into view turned out taller than they were taken for.
            scroller.set_scroll_top(scroller.scroll_height());
            return;
        }
        if follows != at_end {
            self.follow.set(at_end);
        }
        if at_end {
            return;
        }
        if self.settling.get_value() || self.busy.get_untracked() {
            self.missed.set_value(true);
            return;
        }
        if above < AHEAD {
            self.earlier();
        }
        if below < AHEAD {
            self.later();
        }
    }

    /// Does what it was scrolled for meanwhile: where it stands now there may be no other event.
    fn look_again(self) {
        let still = self.settling.try_get_value() != Some(false)
            || self.busy.try_get_untracked() != Some(false);
        if !still && self.missed.try_update_value(std::mem::take) == Some(true) {
            request_animation_frame(move || self.scrolled());
        }
    }

    /// Reads what goes before the window.
    pub fn earlier(self) {
        let (start, at_gap) = self.log.with_untracked(|log| (log.start, log.at_gap));
        if start == 0 || at_gap || self.busy.get_untracked() {
            return;
        }
        self.go(async move {
            let size = start.min(u64::from(PIECE));
            let asked = start - size;
            let limit = u32::try_from(size).unwrap_or(PIECE);
            let piece = self.read(signed(asked), limit).await?;
            let looked_at = self.looked_at();
            self.log.try_update(|log| log.prepend(&piece, asked));
            self.settle(looked_at);
            let at_end = self.log.try_with_untracked(Window::is_at_end);
            if at_end == Some(false) {
                self.attached.try_set(false);
            }
            Ok(())
        });
    }

    /// Reads what follows the window.
    pub fn later(self) {
        let (next, at_end) = self.log.with_untracked(|log| (log.next, log.is_at_end()));
        if at_end || self.attached.get_untracked() {
            return;
        }
        self.go(async move {
            let piece = self.read(signed(next), PIECE).await?;
            let looked_at = self.looked_at();
            self.log.try_update(|log| log.append(&piece));
            self.settle(looked_at);
            if self.log.try_with_untracked(Window::is_at_end) == Some(true) {
                self.attached.try_set(true);
            }
            Ok(())
        });
    }

    /// The first line that is in view, and where on the screen it is.
    fn looked_at(self) -> Option<(u64, f64)> {
        let edge = self.element()?.get_bounding_client_rect().top();
        let place = |offset: u64| {
            let line = document().get_element_by_id(&format!("line-{offset}"))?;
            Some(line.get_bounding_client_rect())
        };
        let found = self.log.try_with_untracked(|log| {
            let lines = log.lines.iter().filter(|line| !line.note);
            let lines: Vec<u64> = lines.map(|line| line.offset).collect();
            let above = |offset: &u64| place(*offset).is_none_or(|place| place.bottom() <= edge);
            let first = *lines.get(lines.partition_point(above))?;
            Some((first, place(first)?.top()))
        });
        found.flatten()
    }

    /// What scrolls; nothing once the page was left, which a frame or an answer may come after.
    pub fn element(self) -> Option<web_sys::HtmlDivElement> {
        self.scroller.try_get_untracked().flatten()
    }

    /// Puts a line back where it was on the screen, if the browser did not: lines were added or taken
    /// away above it.
    fn settle(self, looked_at: Option<(u64, f64)>) {
        let Some((offset, top)) = looked_at else {
            return;
        };
        self.settling.try_set_value(true);
        let put_back = move || {
            let line = document().get_element_by_id(&format!("line-{offset}"));
            if let (Some(line), Some(scroller)) = (line, self.element()) {
                #[expect(clippy::cast_possible_truncation, reason = "pixels on a screen")]
                let moved = (line.get_bounding_client_rect().top() - top).round() as i32;
                if moved != 0 {
                    scroller.set_scroll_top(scroller.scroll_top() + moved);
                }
            }
            self.settling.try_set_value(false);
            self.look_again();
        };
        // In the frame after the one in which the browser does.
        request_animation_frame(move || request_animation_frame(put_back));
    }

    /// Follows the end no more. Its last lines may have been scrolled to a moment ago, which is told only now.
    fn leave(self) {
        self.leaving.set_value(true);
        self.follow.set(false);
    }

    pub fn to_start(self) {
        self.leave();
        if self.log.with_untracked(|log| log.start == 0) {
            self.scroll(|scroller| scroller.set_scroll_top(0));
            return;
        }
        self.go(async move {
            let piece = self.read(0, PIECE).await?;
            let first = LinePlace {
                offset: 0,
                line: Some(1),
            };
            self.show(&piece, Some(first));
            self.scroll(|scroller| scroller.set_scroll_top(0));
            Ok(())
        });
    }

    /// To the end, and stays there.
    pub fn to_end(self) {
        self.leaving.set_value(false);
        if self.attached.get_untracked() {
            self.follow.set(true);
            self.scroll(|scroller| scroller.set_scroll_top(scroller.scroll_height()));
            return;
        }
        self.go(async move {
            let piece = self.read(-i64::from(PIECE), PIECE).await?;
            self.show(&piece, None);
            self.follow.try_set(true);
            Ok(())
        });
    }

    /// To a line by its number, or the last there is.
    pub fn to_line(self, number: u64) {
        self.leave();
        self.go(async move {
            let place = self.place(Some(number), None).await?;
            self.around(place).await
        });
    }

    /// To the line that an offset is in.
    pub fn to_offset(self, offset: u64) {
        self.leave();
        self.go(async move {
            let place = self.place(None, Some(offset)).await?;
            self.around(place).await
        });
    }

    /// Shows a line that begins here: scrolls to it, or reads what is around it first.
    pub fn reveal(self, offset: u64) {
        self.leave();
        if self.log.with_untracked(|log| log.line(offset).is_some()) {
            self.scroll_to(offset);
        } else {
            self.to_offset(offset);
        }
    }

    async fn around(self, place: LinePlace) -> Result<(), ApiError> {
        if self
            .log
            .try_with_untracked(|log| log.line(place.offset).is_some())
            != Some(true)
        {
            let from = place.offset.saturating_sub(BEFORE);
            let piece = self.read(signed(from), PIECE).await?;
            self.show(&piece, Some(place));
        }
        self.scroll_to(place.offset);
        Ok(())
    }

    fn show(self, piece: &LogText, known: Option<LinePlace>) {
        let mut window = Window::begin(piece);
        if let Some(place) = known {
            window.number(place);
        }
        window.keep_around(known.map(|place| place.offset));
        let at_end = window.is_at_end();
        // Before the lines: what is written from now on goes on from this window.
        self.attached.try_set(false);
        self.log.try_set(window);
        self.attached.try_set(at_end);
    }

    /// Asks for the number of a line, if that of none is known.
    pub fn count(self) {
        let Some(offset) = self.log.with_untracked(Window::unnumbered) else {
            return;
        };
        if self.counting.get_value() {
            return;
        }
        self.counting.set_value(true);
        spawn_local(async move {
            let place = self.place(None, Some(offset)).await;
            self.counting.try_set_value(false);
            if let Ok(place) = place {
                self.log.try_update(|log| log.number(place));
            }
        });
    }

    pub fn scroll_to(self, offset: u64) {
        // After the lines are there.
        request_animation_frame(move || {
            if let Some(line) = document().get_element_by_id(&format!("line-{offset}")) {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Center);
                line.scroll_into_view_with_scroll_into_view_options(&options);
            }
            self.leaving.try_set_value(false);
        });
    }

    fn scroll(self, how: impl FnOnce(&web_sys::HtmlDivElement) + 'static) {
        request_animation_frame(move || {
            if let Some(scroller) = self.element() {
                how(&scroller);
            }
            self.leaving.try_set_value(false);
        });
    }
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
