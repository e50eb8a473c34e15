//! Which part of the ledger is shown, as the address holds it.

use berth_api::ApiError;
use berth_api::agents::{LedgerAnswer, ledger};
use berth_domain::CardId;
use leptos_router::params::ParamsMap;

use crate::address::with_query;

const PATH: &str = "/agent";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// An agent's or a rule's name.
    pub by: String,
    pub state: String,
    /// What asks whoever looks, or was done for them.
    pub mine: bool,
    /// Those older than this one.
    pub before: Option<CardId>,
}

impl Filter {
    pub fn from_query(query: &ParamsMap) -> Self {
        let text = |name| query.get(name).unwrap_or_default();
        Filter {
            by: text("by"),
            state: text("state"),
            mine: !text("mine").is_empty(),
            before: text("before").parse().ok(),
        }
    }

    /// The address of the page, with this form open, if one is: `("edit", "tuner")`.
    pub fn href(&self, form: Option<(&'static str, &str)>) -> String {
        let mut query = ParamsMap::new();
        let mine = if self.mine { "1" } else { "" };
        let before = self.before.map(|card| card.to_string());
        let parts = [
            ("by", self.by.as_str()),
            ("state", self.state.as_str()),
            ("mine", mine),
            ("before", before.as_deref().unwrap_or_default()),
        ];
        for (name, value) in parts.into_iter().chain(form) {
            if !value.is_empty() {
                query.insert(name, value.to_owned());
            }
        }
        with_query(PATH, &query)
    }

    /// The same from the newest on, changed so.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut filter = self.at(None);
        change(&mut filter);
        filter
    }

    /// Another page of the same.
    pub fn at(&self, before: Option<CardId>) -> Self {
        Filter {
            before,
            ..self.clone()
        }
    }

    /// Whether it leaves anything out.
    pub fn is_plain(&self) -> bool {
        *self == Filter::default()
    }

    /// Asks for what it shows.
    pub async fn ask(self) -> Result<LedgerAnswer, ApiError> {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        let asks = self.mine.then(|| "me".to_owned());
        let (by, state) = (given(self.by), given(self.state));
        ledger(by, state, None, asks, self.before, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_what_is_asked() {
        let plain = Filter::default();
        assert_eq!(plain.href(None), "/agent");
        assert_eq!(plain.href(Some(("new", "1"))), "/agent?new=1");
        let mine = plain.with(|filter| {
            filter.mine = true;
            filter.state = "refused".to_owned();
        });
        assert_eq!(mine.href(None), "/agent?state=refused&mine=1");
        let older = mine.at(Some(CardId(12)));
        assert_eq!(older.href(None), "/agent?state=refused&mine=1&before=12");
        assert_eq!(older.with(|filter| filter.mine = false).before, None);
        assert!(!mine.is_plain() && plain.is_plain());
    }
}
