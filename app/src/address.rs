//! Addresses with a query, written alike on the server and in the browser: the router's own writer
//! escapes `_` and `-` on one side only.

use leptos_router::params::ParamsMap;

/// The path alone where nothing is asked.
pub fn with_query(path: &str, query: &ParamsMap) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        text.append_pair(name, value);
    }
    // What is a plus sign itself is escaped by now.
    let text = text.finish().replace('+', "%20");
    if text.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{text}")
    }
}
