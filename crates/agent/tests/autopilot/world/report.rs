//! What acting came to, beside only watching.

use std::collections::BTreeMap;
use std::fmt;

use super::life::{Fared, Life, Told};

/// A slowdown that is so much larger is noise: each user has few jobs.
const NOISE: f64 = 0.05;

pub struct Report {
    trace: String,
    policy: String,
    /// The first is the one that acting is compared with; the others tell how much is noise.
    shadows: Vec<Fared>,
    acting: Fared,
    told: Vec<Told>,
    said: (f64, BTreeMap<String, f64>),
}

impl Report {
    pub fn of(trace: &str, policy: &str, shadows: &[Life], acting: &Life) -> Self {
        Report {
            trace: trace.to_owned(),
            policy: policy.to_owned(),
            shadows: shadows.iter().map(Life::fared).collect(),
            acting: acting.fared(),
            told: acting.told(),
            said: acting.said(),
        }
    }

    /// Whom acting made slower by more than the cards said, and by how much more.
    fn beyond(&self) -> Vec<(String, f64, f64)> {
        let after = self.acting.slowdowns();
        let before: Vec<BTreeMap<&str, f64>> = self.shadows.iter().map(Fared::slowdowns).collect();
        let beyond = after.into_iter().filter_map(|(user, with)| {
            let all = before.iter().filter_map(|one| one.get(user));
            let slower = with - all.copied().fold(0.0, f64::max);
            let said = self.said.1.get(user).copied().unwrap_or(0.0);
            (slower > said + NOISE * with).then(|| (user.to_owned(), slower, said))
        });
        beyond.collect()
    }

    fn longest_s(&self) -> f64 {
        let waits = self.shadows.iter().map(Fared::mean_wait_s);
        waits.fold(0.0, f64::max)
    }

    /// What acting made worse by more than its cards said, in sentences.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let (shadow, acting) = (self.longest_s(), self.acting.mean_wait_s());
        if acting > shadow + self.said.0 {
            broken.push(format!(
                "the mean wait is {acting:.0} s and would have been {shadow:.0} s; said was {:.0} s more",
                self.said.0
            ));
        }
        let slower = self.beyond().into_iter().map(|(user, slower, said)| {
            format!("{user} is slower by {slower:.2}; said was {said:.2} at most")
        });
        broken.extend(slower);
        if self.acting.unfinished > 0 {
            broken.push(format!("{} jobs never ended", self.acting.unfinished));
        }
        if self.acting.cut > 0 {
            let cut = self.acting.cut;
            broken.push(format!("a limit that was shortened ended {cut} jobs"));
        }
        broken
    }
}

fn mean(all: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = all.fold((0.0, 0.0), |(sum, count), one| (sum + one, count + 1.0));
    if count > 0.0 { sum / count } else { f64::NAN }
}

fn minutes(seconds: f64) -> f64 {
    seconds / 60.0
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = self.shadows.iter().map(|one| minutes(one.mean_wait_s()));
        let watched: Vec<String> = watched.map(|wait| format!("{wait:.1}")).collect();
        writeln!(
            f,
            "\n{} under {}: {} jobs, {} cards done\n  mean wait {} min watched, {:.1} min acting, {:.1} min more said",
            self.trace,
            self.policy,
            self.acting.jobs,
            self.told.len(),
            watched.join("/"),
            minutes(self.acting.mean_wait_s()),
            minutes(self.said.0),
        )?;
        for broken in self.broken() {
            writeln!(f, "  NOT as said: {broken}")?;
        }
        let (before, after) = (self.shadows[0].slowdowns(), self.acting.slowdowns());
        let worst = before.iter().map(|(user, slowdown)| {
            let with = after.get(user).copied().unwrap_or(f64::NAN);
            (with - slowdown, *user, *slowdown, with)
        });
        if let Some((_, user, was, is)) = worst.max_by(|a, b| a.0.total_cmp(&b.0)) {
            writeln!(
                f,
                "  worst off: {user}, slowdown {was:.2} watched, {is:.2} acting"
            )?;
        }
        writeln!(
            f,
            "  minutes: mean wait of all / own wait / worst delay of another"
        )?;
        for one in &self.told {
            let three = |effect: &berth_domain::agent::Effect| {
                let own = effect.own_wait_s.map_or(f64::NAN, minutes);
                format!(
                    "{:>7.1} {own:>7.1} {:>7.1}",
                    minutes(effect.mean_wait_s),
                    minutes(effect.worst_delay_s)
                )
            };
            let none = || format!("{:>7} {:>7} {:>7}", "-", "-", "-");
            writeln!(
                f,
                "  foretold {} | measured {} | real {} of {:>3} | {} {}",
                three(&one.predicted),
                one.measured.as_ref().map_or_else(none, three),
                one.real
                    .as_ref()
                    .map_or_else(none, |real| three(&real.effect)),
                one.real.map_or(0, |real| real.waiting),
                one.rule,
                one.title
            )?;
        }
        let errors = |of: fn(&Told) -> Option<(f64, f64)>| {
            let pairs: Vec<(f64, f64)> = self.told.iter().filter_map(of).collect();
            let error = mean(pairs.iter().map(|(a, b)| minutes((a - b).abs())));
            let bias = mean(pairs.iter().map(|(a, b)| minutes(b - a)));
            format!("{error:.1} min (bias {bias:+.1}, {} cards)", pairs.len())
        };
        writeln!(
            f,
            "  mean error of the mean wait: foretold to measured {}, foretold to real {}, measured to real {}",
            errors(|one| Some((one.predicted.mean_wait_s, one.measured?.mean_wait_s))),
            errors(|one| Some((one.predicted.mean_wait_s, one.real?.effect.mean_wait_s))),
            errors(|one| Some((one.measured?.mean_wait_s, one.real?.effect.mean_wait_s))),
        )?;
        writeln!(
            f,
            "  mean error of the own wait: foretold to measured {}, foretold to real {}, measured to real {}",
            errors(|one| one.predicted.own_wait_s.zip(one.measured?.own_wait_s)),
            errors(|one| one.predicted.own_wait_s.zip(one.real?.effect.own_wait_s)),
            errors(|one| one.measured?.own_wait_s.zip(one.real?.effect.own_wait_s)),
        )
    }
}
