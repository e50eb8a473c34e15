//! Which entries are shown, as the address holds it.

use berth_api::audit::AuditArg;
use leptos_router::params::ParamsMap;

/// As it was typed; empty: it does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub user: String,
    pub act: String,
    pub subject: String,
    pub since: String,
    pub door: String,
    /// `yes`, `no`, or either.
    pub refused: String,
    pub before: String,
}

impl Wanted {
    pub fn from_query(query: &ParamsMap) -> Self {
        let text = |name| query.get(name).unwrap_or_default().trim().to_owned();
        Wanted {
            user: text("user"),
            act: text("act"),
            subject: text("subject"),
            since: text("since"),
            door: text("door"),
            refused: text("refused"),
            before: text("before"),
        }
    }

    /// What the API is asked; `own`: of this user alone.
    pub fn asked(self, own: Option<String>) -> AuditArg {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        AuditArg {
            user: own.or(given(self.user)),
            act: given(self.act),
            subject: given(self.subject),
            since: given(self.since),
            door: given(self.door),
            refused: match self.refused.as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            },
            before: self.before.parse().ok(),
            ..AuditArg::default()
        }
    }

    pub fn query(&self, before: Option<u64>) -> String {
        let mut query = ParamsMap::new();
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let all = [
            ("user", &self.user),
            ("act", &self.act),
            ("subject", &self.subject),
            ("since", &self.since),
            ("door", &self.door),
            ("refused", &self.refused),
            ("before", &before),
        ];
        for (name, value) in all {
            if !value.is_empty() {
                query.insert(name, value.clone());
            }
        }
        query.to_query_string().trim_start_matches('?').to_owned()
    }

    /// The page that starts there.
    pub fn address(&self, before: Option<u64>) -> String {
        match self.query(before) {
            query if query.is_empty() => "/admin/audit".to_owned(),
            query => format!("/admin/audit?{query}"),
        }
    }
}
