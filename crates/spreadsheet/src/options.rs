//! What a person says of the file, and what is known beside it.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::{Bare, Field, Order, Problem};

/// Everything is guessed unless it is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// What a field's column is: its heading, or its number from 1; empty for none.
    pub columns: Vec<(String, String)>,
    /// `dmy`, `mdy`, `ymd`.
    pub dates: Option<String>,
    /// The IANA name of the zone whose times these are. Default: UTC.
    pub time_zone: Option<String>,
    /// Of dates without one. Default: the one that makes them nearest.
    pub year: Option<i64>,
    /// What a bare number of a column of GPUs is: `count` or `index`.
    pub numbers: Option<String>,
    /// The cluster's nodes: headings of a grid that are one of these are nodes.
    pub nodes: Vec<String>,
}

/// Choices that make sense.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub columns: Vec<(Field, String)>,
    pub dates: Option<Order>,
    pub zone: TimeZone,
    pub year: Option<i16>,
    pub numbers: Option<Bare>,
    pub nodes: Vec<String>,
    pub now: Timestamp,
}

impl Choices {
    pub(crate) fn check(&self, now: Timestamp) -> Result<Options, Problem> {
        let fields = || {
            let names = Field::ALL.iter().map(|field| field.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        let column = |(field, column): &(String, String)| {
            let known = Field::parse(field).ok_or_else(|| Problem::NoSuchField {
                text: field.clone(),
                fields: fields(),
            })?;
            Ok((known, column.trim().to_owned()))
        };
        let given = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim).unwrap_or_default();
            Some(text.to_owned()).filter(|text| !text.is_empty())
        };
        let dates =
            given(&self.dates).map(|text| Order::parse(&text).ok_or(Problem::Dates { text }));
        let numbers = given(&self.numbers);
        let numbers = numbers.map(|text| Bare::parse(&text).ok_or(Problem::Numbers { text }));
        let zone = given(&self.time_zone).map(|text| {
            // What is built in, so that it is the same on every machine.
            let known = TimeZoneDatabase::bundled().get(&text);
            known.map_err(|_| Problem::TimeZone { text })
        });
        let year = self.year.map(|year| {
            let fits = (1990..=2100).contains(&year);
            let short = i16::try_from(year).ok().filter(|_| fits);
            short.ok_or(Problem::Year { year })
        });
        Ok(Options {
            columns: self
                .columns
                .iter()
                .map(column)
                .collect::<Result<_, Problem>>()?,
            dates: dates.transpose()?,
            zone: zone.transpose()?.unwrap_or(TimeZone::UTC),
            year: year.transpose()?,
            numbers: numbers.transpose()?,
            nodes: self.nodes.iter().map(|name| plain(name)).collect(),
            now,
        })
    }
}

/// A node's name without what people write differently: `Node 1` is `node-1`.
#[must_use]
pub fn plain(name: &str) -> String {
    let letters = name.chars().filter(|ch| ch.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
