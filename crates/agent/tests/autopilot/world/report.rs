//! What acting came to, beside only watching.

use std::collections::BTreeMap;
use std::fmt;

use super::life::{Fared, Pair, Told};
use super::spread::{Spread, mean};

/// A slowdown that is so much larger is noise: each user has few jobs.
const NOISE: f64 = 0.05;
/// What chance explains, in standard errors of what acting changes: of one mean wait, and of each of hundreds
/// of users.
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
    pub fn of(trace: &str, policy: &str, worlds: &[Pair]) -> Self {
        let said: Vec<_> = worlds.iter().map(|pair| pair.acted.said()).collect();
        let count: f64 = said.iter().map(|_| 1.0).sum();
        let mut of_users: BTreeMap<String, f64> = BTreeMap::new();
        for (user, one) in said.iter().flat_map(|(_, of_users)| of_users) {
            *of_users.entry(user.clone()).or_default() += one / count;
        }
        Report {
            trace: trace.to_owned(),
            policy: policy.to_owned(),
            watched: worlds.iter().map(|pair| pair.watched.fared()).collect(),
            acted: worlds.iter().map(|pair| pair.acted.fared()).collect(),
            told: worlds[0].acted.told(),
            said: (mean(said.iter().map(|(all, _)| *all)), of_users),
        }
    }

    /// Whom acting made slower by more than the cards said and so many standard errors explain, and by how much.
    fn beyond(&self, errors: f64) -> Vec<(String, f64, f64)> {
        let beyond = self.slower().into_iter();
        let beyond = beyond.filter_map(|(user, Slower { with, by, .. })| {
            let said = self.said.1.get(user).copied().unwrap_or(0.0);
            let chance = errors * by.error + NOISE * with;
            (by.mean > said + chance).then(|| (user.to_owned(), by.mean, said))
        });
        beyond.collect()
    }

    /// By how much acting made each user slower.
    fn slower(&self) -> BTreeMap<&str, Slower> {
        let mut of: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for (watched, acted) in self.watched.iter().zip(&self.acted) {
            let with = acted.slowdowns();
            for (user, without) in watched.slowdowns() {
                of.entry(user)
                    .or_default()
                    .extend(with.get(user).map(|with| (without, *with)));
            }
        }
        let slower = of.into_iter().map(|(user, all)| {
            let by: Vec<f64> = all.iter().map(|(without, with)| with - without).collect();
            let slower = Slower {
                without: mean(all.iter().map(|(without, _)| *without)),
                with: mean(all.iter().map(|(_, with)| *with)),
                by: Spread::of(&by),
            };
            (user, slower)
        });
        slower.collect()
    }

    /// By how much acting made the mean wait longer, in seconds.
    fn longer(&self) -> Spread {
        let pairs = self.watched.iter().zip(&self.acted);
        let longer = pairs.map(|(watched, acted)| acted.mean_wait_s() - watched.mean_wait_s());
        Spread::of(&longer.collect::<Vec<_>>())
    }

    /// What acting made worse by more than its cards said, in sentences.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let longer = self.longer();
        let chance = BY_CHANCE.0 * longer.error;
        if longer.mean > self.said.0 + chance {
            broken.push(format!(
                "the mean wait is {:.0} s longer; said was {:.0} s at most, chance explains {chance:.0} s",
                longer.mean, self.said.0
            ));
        }
        let slower = self
            .beyond(BY_CHANCE.1)
            .into_iter()
            .map(|(user, slower, said)| {
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

/// A user's mean slowdown.
struct Slower {
    without: f64,
    with: f64,
    by: Spread,
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
            "\n{} under {}: {} jobs, {} cards done\n  mean wait {} min watched ({watched}), {} min acting ({acted}): {} min more, {:.1} said at most",
            self.trace,
            self.policy,
            self.acted[0].jobs,
            self.told.len(),
            waits(&self.watched),
            waits(&self.acted),
            sure(self.longer()),
            minutes(self.said.0),
        )?;
        for broken in self.broken() {
            writeln!(f, "  NOT as said: {broken}")?;
        }
        let slower = self.slower();
        let worst = slower
            .iter()
            .max_by(|a, b| a.1.by.mean.total_cmp(&b.1.by.mean));
        if let Some((user, Slower { without, with, by })) = worst {
            writeln!(
                f,
                "  worst off: {user}, slowdown {without:.2} watched, {with:.2} acting ({:.2} ± {:.2} more)",
                by.mean, by.error
            )?;
        }
        writeln!(
            f,
            "  of {} users {} are faster; slower than said: {} as measured, {} by more than one standard error, {} by \
             more than two",
            slower.len(),
            slower.values().filter(|one| one.by.mean < 0.0).count(),
            self.beyond(0.0).len(),
            self.beyond(1.0).len(),
            self.beyond(2.0).len(),
        )?;
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
