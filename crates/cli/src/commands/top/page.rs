//! What stands on the page: a pure function of the picture, of where one is, and of the room there is.

use berth_api::live::Picture;
use berth_api::views::JobRow;
use berth_domain::Timestamp;

use super::super::nodes;
use super::Told;
use super::screen::{Line, Look};
use crate::table::{self, Width};

/// Where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Gpus,
    Jobs,
}

/// Where one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    By(isize),
    First,
    Last,
}

/// The page, and where one is on it.
pub struct Page {
    picture: Picture,
    url: String,
    /// Why the picture is not up to date.
    away: Option<String>,
    part: Part,
    /// The line that is gone to, of GPUs and of jobs.
    chosen: [usize; 2],
    /// The first line that is shown.
    first: [usize; 2],
}

impl Page {
    pub fn new(picture: Picture, url: &str) -> Self {
        Page {
            picture,
            url: url.to_owned(),
            away: None,
            part: Part::Jobs,
            chosen: [0; 2],
            first: [0; 2],
        }
    }

    /// Takes in what the server said.
    pub fn told(&mut self, told: Told) {
        match told {
            Told::All(picture) => {
                self.picture = *picture;
                self.away = None;
            }
            // One that does not lead on comes before the picture that it belongs to.
            Told::Changed(delta) => {
                let _ = self.picture.apply(*delta);
                self.away = None;
            }
            Told::Nothing => {}
            Told::Away(why) => self.away = Some(why),
        }
    }

    pub fn go(&mut self, to: Move) {
        let last = self.count(self.part).saturating_sub(1);
        let chosen = &mut self.chosen[self.part as usize];
        *chosen = match to {
            Move::By(lines) => chosen.saturating_add_signed(lines).min(last),
            Move::First => 0,
            Move::Last => last,
        };
    }

    pub fn other_part(&mut self) {
        self.part = match self.part {
            Part::Gpus => Part::Jobs,
            Part::Jobs => Part::Gpus,
        };
    }

    fn jobs(&self) -> Vec<JobRow> {
        let rows = self.picture.active_rows().chain(self.picture.queue_rows());
        rows.cloned().collect()
    }

    fn count(&self, part: Part) -> usize {
        match part {
            Part::Gpus => self.picture.gpus().count(),
            Part::Jobs => self.picture.active.len() + self.picture.queue.len(),
        }
    }

    /// Everything, for where there is no terminal.
    pub fn whole(&self, now: Timestamp, width: Width) -> String {
        let nodes = &self.picture.cluster.nodes;
        format!(
            "{}\n\n{}\n{}",
            self.sums(),
            nodes::by_gpu(nodes, width),
            table::jobs(&self.jobs(), &[], now, width)
        )
    }

    fn sums(&self) -> String {
        let (totals, counts) = (&self.picture.cluster.totals, &self.picture.counts);
        let busy = totals.busy_pct.map(|busy| format!(", busy {busy:.0}%"));
        let simulated = if self.picture.cluster.simulated {
            ", simulated"
        } else {
            ""
        };
        format!(
            "{} of {} GPUs allocated{}{simulated}. Jobs: {} active, {} queued, {} held.",
            totals.allocated,
            totals.gpus,
            busy.unwrap_or_default(),
            counts.active,
            counts.queued,
            counts.held
        )
    }

    /// The lines of a terminal of so many columns and lines, exactly as many as it has.
    pub fn lines(&mut self, now: Timestamp, (columns, height): (usize, usize)) -> Vec<Line> {
        let width = Width::Columns(columns);
        let jobs = self.jobs();
        let gpus = nodes::by_gpu(&self.picture.cluster.nodes, width);
        let queue = table::jobs(&jobs, &[], now, width);
        // The sums, two headings, an empty line and what is at the bottom.
        let room = height.saturating_sub(5);
        let wanted = self.count(Part::Gpus);
        let of_jobs = self.count(Part::Jobs);
        // Each has what it needs, and neither less than half because of the other.
        let for_gpus = wanted.min(room.saturating_sub(of_jobs.min(room / 2)));
        let mut lines = vec![line(&cut(&self.sums(), columns), Look::Heading)];
        lines.extend(self.part_lines(Part::Gpus, &gpus, for_gpus));
        lines.push(line("", Look::Plain));
        lines.extend(self.part_lines(Part::Jobs, &queue, room - for_gpus));
        lines.truncate(height.saturating_sub(1));
        while lines.len() + 1 < height {
            lines.push(line("", Look::Plain));
        }
        lines.push(line(&cut(&self.bottom(&jobs), columns), Look::Faint));
        lines.truncate(height);
        lines
    }

    /// The heading of a table and those of its lines that have room, the chosen one among them.
    fn part_lines(&mut self, part: Part, text: &str, room: usize) -> Vec<Line> {
        let all: Vec<&str> = text.lines().collect();
        let Some((heading, rows)) = all.split_first() else {
            return vec![];
        };
        let place = part as usize;
        let chosen = self.chosen[place].min(rows.len().saturating_sub(1));
        self.chosen[place] = chosen;
        let least = (chosen + 1).saturating_sub(room);
        let first = self.first[place].clamp(least, chosen.max(least));
        let first = first.min(rows.len().saturating_sub(room));
        self.first[place] = first;
        let shown = rows.iter().enumerate().skip(first).take(room);
        let look = |at: usize| {
            if at == chosen && self.part == part {
                Look::Chosen
            } else {
                Look::Plain
            }
        };
        let mut lines = vec![line(heading, Look::Heading)];
        lines.extend(shown.map(|(at, row)| line(row, look(at))));
        lines
    }

    /// The whole sentence of the chosen job, or what else is to be said.
    fn bottom(&self, jobs: &[JobRow]) -> String {
        if let Some(why) = &self.away {
            return format!("{why} Trying again; this is what was known last.");
        }
        let chosen = jobs.get(self.chosen[Part::Jobs as usize]);
        let chosen = chosen.filter(|_| self.part == Part::Jobs);
        match chosen.and_then(|row| Some((row.id, row.reason_text.as_ref()?))) {
            Some((id, reason)) => format!("{id}: {}", table::printable(reason)),
            None => format!("{}  q leave  j/k up and down  Tab GPUs or jobs", self.url),
        }
    }
}

fn line(text: &str, look: Look) -> Line {
    Line {
        text: text.to_owned(),
        look,
    }
}

fn cut(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use berth_api::views::{GpuView, NodeState, NodeView};
    use berth_domain::{NodeSource, StateName, Versions};

    use super::*;
    use crate::table::tests::row;

    fn page() -> Page {
        let gpu = |index| GpuView {
            index,
            ..GpuView::default()
        };
        let node = NodeView {
            name: "node-1".into(),
            address: None,
            source: NodeSource::Simulated,
            present: true,
            state: NodeState::Up,
            cordon: None,
            foreign: 0,
            versions: Versions::default(),
            problems: vec![],
            last_seen: None,
            telemetry: None,
            gpus: (0..8).map(gpu).collect(),
        };
        let mut picture = Picture::default();
        picture.cluster.nodes = vec![node];
        for id in 1..=20 {
            let mut job = row(id, StateName::Queued);
            job.reason = Some("Priority".into());
            job.reason_text = Some(format!("Waits behind {} jobs.", id - 1));
            picture.queue.push(job.id);
            picture.rows.insert(job.id, job);
        }
        Page::new(picture, "http://here")
    }

    fn shown(page: &mut Page, size: (usize, usize)) -> Vec<Line> {
        let lines = page.lines(Timestamp::UNIX_EPOCH, size);
        assert_eq!(lines.len(), size.1);
        let fits = |line: &Line| line.text.chars().count() <= size.0;
        assert!(lines.iter().all(fits), "{lines:?}");
        lines
    }

    fn chosen(lines: &[Line]) -> Vec<&str> {
        let chosen = lines.iter().filter(|line| line.look == Look::Chosen);
        chosen.map(|line| line.text.trim()).collect()
    }

    #[test]
    fn both_parts_have_room_and_the_chosen_line_is_in_view() {
        let mut page = page();
        let lines = shown(&mut page, (60, 20));
        assert_eq!(lines[1].text.split_whitespace().next(), Some("NODE"));
        assert!(lines[9].text.starts_with("node-1") && lines[10].text.is_empty());
        assert!(lines[11].text.starts_with("JOBID"));
        assert_eq!(chosen(&lines).len(), 1);
        assert!(lines[19].text.starts_with("1: Waits behind 0 jobs."));
        for _ in 0..30 {
            page.go(Move::By(1));
        }
        let lines = shown(&mut page, (60, 20));
        assert!(chosen(&lines)[0].starts_with("20 "), "{lines:?}");
        page.go(Move::First);
        let lines = shown(&mut page, (60, 20));
        assert!(chosen(&lines)[0].starts_with("1 "), "{lines:?}");
        page.other_part();
        page.go(Move::Last);
        let lines = shown(&mut page, (60, 20));
        assert!(chosen(&lines)[0].starts_with("node-1    7"), "{lines:?}");
        assert!(lines[19].text.starts_with("http://here"));
    }

    #[test]
    fn a_small_terminal_is_no_fault() {
        let mut page = page();
        for size in [(1, 1), (3, 2), (10, 5), (200, 100), (20, 0)] {
            shown(&mut page, size);
        }
        page.told(Told::Away("Nobody there.".to_owned()));
        let lines = shown(&mut page, (60, 12));
        assert!(lines[11].text.starts_with("Nobody there."));
    }
}
