//! Where links and keys lead: what is looked at, and the form, are in the address.

use berth_domain::reservation::form::TEXTS;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::params::ParamsMap;

use super::range::Look;

/// What of the address says what is looked at.
pub const LOOK: [&str; 5] = ["view", "zoom", "from", "at", "open"];
/// Besides the fields of the form.
const FORM: [&str; 2] = ["reserve", "every"];

/// Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Go {
    query: Memo<ParamsMap>,
    to: Callback<String>,
    /// Rises when what is shown is to be asked for again.
    pub asked: RwSignal<u32>,
    /// The chart takes the focus when it is drawn anew.
    pub refocus: StoredValue<bool>,
}

impl Go {
    pub fn here() -> Self {
        let navigate = use_navigate();
        Go {
            query: use_query_map(),
            to: Callback::new(move |address: String| {
                let options = NavigateOptions {
                    replace: true,
                    scroll: false,
                    ..NavigateOptions::default()
                };
                navigate(&address, options);
            }),
            asked: RwSignal::new(0),
            refocus: StoredValue::new(false),
        }
    }

    /// Asks again.
    pub fn again(self) {
        self.asked.update(|asked| *asked += 1);
    }

    /// What the address says. Follows it.
    pub fn value(self, name: &str) -> Option<String> {
        self.query.with(|query| query.get(name))
    }

    /// What is looked at by now: what is drawn may still be what was looked at before. Follows it.
    pub fn look(self) -> Look {
        self.query.with(Look::from_query)
    }

    /// This page with other values of these; the rest of what is looked at and typed stays.
    pub fn href(self, changes: &[(&str, Option<String>)]) -> String {
        self.query.with(|query| {
            let names = LOOK.iter().chain(&FORM).chain(&TEXTS);
            let pairs = names.flat_map(|name| {
                let changed = changes.iter().find(|(one, _)| one == name);
                let values = match changed {
                    Some((_, value)) => value.iter().cloned().collect(),
                    None => query.get_all(name).unwrap_or_default(),
                };
                values.into_iter().map(|value| (*name, value))
            });
            address(pairs)
        })
    }

    /// What is looked at, with the form open: for a change of this one, or for a new one.
    pub fn form_href(self, which: &str, fields: &[(&'static str, String)]) -> String {
        self.query.with(|query| {
            let look = LOOK
                .iter()
                .filter_map(|name| Some((*name, query.get(name)?)));
            let fields = fields.iter().filter(|(_, value)| !value.is_empty());
            let form = fields.map(|(name, value)| (*name, value.clone()));
            address(look.chain([("reserve", which.to_owned())]).chain(form))
        })
    }

    /// What is looked at, without the form.
    pub fn closed_href(self) -> String {
        self.query.with(|query| {
            address(
                LOOK.iter()
                    .filter_map(|name| Some((*name, query.get(name)?))),
            )
        })
    }

    pub fn to(self, address: String) {
        self.to.run(address);
    }

    pub fn change(self, changes: &[(&str, Option<String>)]) {
        let address = untrack(|| self.href(changes));
        self.to.run(address);
    }

    /// For a link of this page: goes there, and the page stays where it is scrolled to.
    pub fn stay(self, event: &MouseEvent) {
        let plain = !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let link = target.and_then(|target| target.closest("a").ok().flatten());
        let href = link.and_then(|link| link.get_attribute("href"));
        if let Some(href) = href.filter(|_| plain && !event.default_prevented()) {
            event.prevent_default();
            self.to.run(href);
        }
    }
}

fn address(pairs: impl Iterator<Item = (&'static str, String)>) -> String {
    let parts: Vec<String> = pairs
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", escaped(&value)))
        .collect();
    if parts.is_empty() {
        return "/timeline".to_owned();
    }
    format!("/timeline?{}", parts.join("&"))
}

/// For a query; the same here and there, and readable.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'~' | b':' | b',' => text.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_the_rest_is_escaped() {
        let pairs = [("zoom", "day"), ("from", ""), ("note", "a & b+ü")];
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            address(pairs),
            "/timeline?zoom=day&note=a%20%26%20b%2B%C3%BC"
        );
        assert_eq!(address(std::iter::empty()), "/timeline");
    }
}
