//! What the history page shows, as its address holds it.

use berth_api::analytics::AnalyticsArg;
use leptos_router::params::ParamsMap;

use crate::address::with_query;
use crate::texts::history as t;

/// What the range field offers: the address's word, and what it says.
pub const RANGES: [(&str, &str); 4] = [
    ("24h", t::HOURS_24),
    ("7d", t::DAYS_7),
    ("28d", t::DAYS_28),
    ("90d", t::DAYS_90),
];
/// The word of a range by its days.
pub const CUSTOM: &str = "custom";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of [`RANGES`], or [`CUSTOM`].
    pub range: String,
    /// Days; only of a custom range.
    pub from: String,
    pub to: String,
    pub user: String,
    pub project: String,
    pub node: String,
    /// Hours east of UTC.
    pub utc_offset: i32,
}

impl Filter {
    pub fn from_query(query: &ParamsMap) -> Self {
        let text = |name| query.get(name).unwrap_or_default();
        let (from, range) = (text("from"), text("range"));
        let range = match (range.as_str(), from.as_str()) {
            ("", "") => "7d".to_owned(),
            ("", _) => CUSTOM.to_owned(),
            _ => range,
        };
        Filter {
            range,
            from,
            to: text("to"),
            user: text("user"),
            project: text("project"),
            node: text("node"),
            utc_offset: text("utc_offset").parse().unwrap_or(0),
        }
    }

    /// What the API is asked.
    pub fn asked(&self) -> AnalyticsArg {
        let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let custom = self.range == CUSTOM && !self.from.is_empty();
        AnalyticsArg {
            range: given(&self.range).filter(|range| range != CUSTOM),
            from: given(&self.from).filter(|_| custom),
            to: given(&self.to).filter(|_| custom),
            user: given(&self.user),
            project: given(&self.project),
            node: given(&self.node),
            utc_offset: Some(self.utc_offset).filter(|hours| *hours != 0),
        }
    }

    pub fn href(&self) -> String {
        self.address("/history")
    }

    /// The same range and filters, asked of another path.
    pub fn address(&self, path: &str) -> String {
        let asked = self.asked();
        let mut query = ParamsMap::new();
        let offset = asked.utc_offset.map(|hours| hours.to_string());
        let parts = [
            ("range", asked.range.filter(|range| range != "7d")),
            ("from", asked.from),
            ("to", asked.to),
            ("user", asked.user),
            ("project", asked.project),
            ("node", asked.node),
            ("utc_offset", offset),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                query.insert(name, value);
            }
        }
        with_query(path, &query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &[(&'static str, &str)]) -> Filter {
        let mut map = ParamsMap::new();
        for (name, value) in query {
            map.insert(*name, (*value).to_owned());
        }
        Filter::from_query(&map)
    }

    #[test]
    fn the_address_says_what_is_not_as_usual() {
        assert_eq!(of(&[]).href(), "/history");
        let asked = [
            ("range", "28d"),
            ("user", "ana"),
            ("project", ""),
            ("utc_offset", "2"),
        ];
        assert_eq!(
            of(&asked).href(),
            "/history?range=28d&user=ana&utc_offset=2"
        );
    }

    #[test]
    fn days_count_only_where_they_are_meant() {
        let days = [("from", "2026-11-01"), ("to", "2026-11-03")];
        let custom = of(&days);
        assert_eq!(custom.range, CUSTOM);
        assert_eq!(custom.href(), "/history?from=2026-11-01&to=2026-11-03");
        let both = of(&[("range", "24h"), days[0], days[1]]);
        assert_eq!(both.href(), "/history?range=24h");
        assert_eq!(
            of(&[("range", "custom")]).href(),
            "/history",
            "no day was said"
        );
    }
}
