//! What acting came to, beside only watching.

use std::collections::BTreeMap;
use std::fmt;

use super::life::{Fared, Life, Told};
use super::spread::{Spread, mean};

/// A slowdown that is so much larger is noise: each user has few jobs.
const NOISE: f64 = 0.05;
/// What chance explains, in standard errors: of one mean wait, and of each of hundreds of users.
const BY_CHANCE: (f64, f64) = (2.0, 3.0);

pub struct Report {
    trace: String,
    policy: String,
    watched: Vec<Fared>,
    acted: Vec<Fared>,
    /// Of the first in which it acted.
    told: Vec<Told>,
    said: (f64, BTreeMap<String, f64>),
}

impl Report {
    pub fn of(trace: &str, policy: &str, watched: &[Life], acted: &[Life]) -> Self {
        let said: Vec<_> = acted.iter().map(Life::said).collect();
        let worlds: f64 = said.iter().map(|_| 1.0).sum();
        let mut of_users: BTreeMap<String, f64> = BTreeMap::new();
        for (user, one) in said.iter().flat_map(|(_, of_users)| of_users) {
            *of_users.entry(user.clone()).or_default() += one / worlds;
        }
        Report {
            trace: trace.to_owned(),
            policy: policy.to_owned(),
            watched: watched.iter().map(Life::fared).collect(),
            acted: acted.iter().map(Life::fared).collect(),
            told: acted[0].told(),
            said: (mean(said.iter().map(|(all, _)| *all)), of_users),
        }
    }

    /// Whom acting made slower by more than the cards said and chance explains, and by how much.
    fn beyond(&self) -> Vec<(String, f64, f64)> {
        let before = slowdowns(&self.watched);
        let beyond = slowdowns(&self.acted).into_iter();
        let beyond = beyond.filter_map(|(user, with)| {
            let without = before.get(user)?;
            let slower = with.mean - without.mean;
            let said = self.said.1.get(user).copied().unwrap_or(0.0);
            let chance = with.chance(BY_CHANCE.1, *without) + NOISE * with.mean;
            (slower > said + chance).then(|| (user.to_owned(), slower, said))
        });
        beyond.collect()
    }

    /// What acting made worse by more than its cards said, in sentences.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let (watched, acted) = (wait(&self.watched), wait(&self.acted));
        let chance = acted.chance(BY_CHANCE.0, watched);
        if acted.mean > watched.mean + self.said.0 + chance {
            broken.push(format!(
                "the mean wait is {:.0} s and would have been {:.0} s; said was {:.0} s more, chance explains {chance:.0} s",
                acted.mean, watched.mean, self.said.0
            ));
        }
        let slower = self.beyond().into_iter().map(|(user, slower, said)| {
            format!("{user} is slower by {slower:.2}; said was {said:.2} at most")
        });
        broken.extend(slower);
        let unfinished: usize = self.acted.iter().map(|one| one.unfinished).sum();
        if unfinished > 0 {
            broken.push(format!("{unfinished} jobs never ended"));
        }
        let cut: usize = self.acted.iter().map(|one| one.cut).sum();
        if cut > 0 {
            broken.push(format!("a limit that was shortened ended {cut} jobs"));
        }
        broken
    }
}

fn wait(all: &[Fared]) -> Spread {
    Spread::of(&all.iter().map(Fared::mean_wait_s).collect::<Vec<_>>())
}

/// By user.
fn slowdowns(all: &[Fared]) -> BTreeMap<&str, Spread> {
    let mut of: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (user, slowdown) in all.iter().flat_map(Fared::slowdowns) {
        of.entry(user).or_default().push(slowdown);
    }
    let spreads = of.into_iter().map(|(user, all)| (user, Spread::of(&all)));
    spreads.collect()
}

fn minutes(seconds: f64) -> f64 {
    seconds / 60.0
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits = |all: &[Fared]| {
            let all = all.iter().map(|one| minutes(one.mean_wait_s()));
            all.map(|wait| format!("{wait:.1}"))
                .collect::<Vec<_>>()
                .join("/")
        };
        let sure = |of: Spread| format!("{:.1} ± {:.1}", minutes(of.mean), minutes(of.error));
        let (watched, acted) = (sure(wait(&self.watched)), sure(wait(&self.acted)));
        writeln!(
            f,
            "\n{} under {}: {} jobs, {} cards done\n  mean wait {} min watched ({watched}), {} min acting ({acted}), {:.1} min more said",
            self.trace,
            self.policy,
            self.acted[0].jobs,
            self.told.len(),
            waits(&self.watched),
            waits(&self.acted),
            minutes(self.said.0),
        )?;
        for broken in self.broken() {
            writeln!(f, "  NOT as said: {broken}")?;
        }
        let (before, after) = (slowdowns(&self.watched), slowdowns(&self.acted));
        let worst = before.iter().map(|(user, without)| {
            let with = after.get(user).map_or(f64::NAN, |with| with.mean);
            (with - without.mean, *user, without.mean, with)
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
