//! What a decision changes, value by value, from what is written down of it.

use berth_domain::State;
use berth_domain::audit::Difference;
use berth_domain::state::Changes;
use serde::Serialize;
use serde_json::{Map, Value};

/// Of a command that changes more, the first ones are kept.
const MOST: usize = 40;
/// In characters, of one value.
const LONGEST: usize = 400;
/// Put where something may be secret.
const HIDDEN: &str = "…";

/// What is another than it was in the state.
pub(crate) fn differences(state: &State, changes: &Changes) -> Vec<Difference> {
    let mut found = Vec::new();
    for job in &changes.jobs {
        let before = state.job(job.id);
        compare(&mut found, &format!("job {}", job.id), before, Some(job));
    }
    for one in &changes.reservations {
        let before = state.reservation(one.id);
        compare(
            &mut found,
            &format!("reservation {}", one.id),
            before,
            Some(one),
        );
    }
    for campaign in &changes.campaigns {
        let before = state.campaign(campaign.id);
        let of = format!("campaign {}", campaign.id);
        compare(&mut found, &of, before.map(|one| &**one), Some(&**campaign));
    }
    for card in &changes.cards {
        let before = state.card(card.id);
        compare(&mut found, &format!("card {}", card.id), before, Some(card));
    }
    for alert in &changes.alerts {
        let before = state.alert(alert.id);
        compare(
            &mut found,
            &format!("alert {}", alert.id),
            before,
            Some(alert),
        );
    }
    if let Some(policy) = &changes.policy {
        compare(&mut found, "the policy", Some(state.policy()), Some(policy));
    }
    if let Some(quotas) = &changes.quotas {
        compare(&mut found, "quotas", Some(state.quotas()), Some(quotas));
    }
    if let Some(projects) = &changes.projects {
        compare(
            &mut found,
            "projects",
            Some(state.projects()),
            Some(projects),
        );
    }
    if let Some(cordons) = &changes.cordons {
        compare(&mut found, "cordons", Some(state.cordons()), Some(cordons));
    }
    if let Some(agents) = &changes.agents {
        compare(&mut found, "agents", Some(state.agents()), Some(agents));
    }
    found
}

fn compare<T: Serialize>(
    found: &mut Vec<Difference>,
    of: &str,
    before: Option<&T>,
    after: Option<&T>,
) {
    if found.len() >= MOST {
        return;
    }
    let plain = |thing: Option<&T>| {
        let mut value = thing.and_then(|thing| serde_json::to_value(thing).ok())?;
        hide(&mut value);
        Some(value)
    };
    let (before, after) = (plain(before), plain(after));
    walk(found, of, "", before.as_ref(), after.as_ref());
}

/// The environment of a job may hold keys; its names do no harm.
fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("env", Value::Object(variables)) => {
                        for value in variables.values_mut() {
                            *value = HIDDEN.into();
                        }
                    }
                    ("env", Value::Array(variables)) => {
                        *variables = vec![HIDDEN.into(); variables.len()];
                    }
                    _ => hide(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

fn walk(
    found: &mut Vec<Difference>,
    of: &str,
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
) {
    if before == after || found.len() >= MOST {
        return;
    }
    let empty = Map::new();
    // What is new is shown whole; so is a state, which is another kind of thing.
    let inside = match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) if same_kind(before, after) => {
            Some((before, after))
        }
        (Some(Value::Object(before)), None) if !path.is_empty() && before.len() > 1 => {
            Some((before, &empty))
        }
        _ => None,
    };
    let Some((before_fields, after_fields)) = inside else {
        // Of two states their names say it; the rest is in the job's own events.
        let tags = before.and_then(tag).zip(after.and_then(tag));
        let (before, after) = match tags {
            Some((before, after)) => (Some(text(before)), Some(text(after))),
            None => (before.map(text), after.map(text)),
        };
        found.push(Difference {
            of: of.to_owned(),
            path: path.to_owned(),
            before,
            after,
        });
        return;
    };
    let gone = before_fields
        .keys()
        .filter(|name| !after_fields.contains_key(*name));
    for name in after_fields.keys().chain(gone) {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        walk(
            found,
            of,
            &path,
            before_fields.get(name),
            after_fields.get(name),
        );
    }
}

/// What tells the variants of an enum apart.
const TAGS: [&str; 2] = ["state", "kind"];

fn tag(value: &Value) -> Option<&Value> {
    let fields = value.as_object()?;
    let mut tags = TAGS.into_iter().filter_map(|tag| fields.get(tag));
    tags.find(|tag| tag.is_string())
}

fn same_kind(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    TAGS.into_iter().all(|tag| {
        before.get(tag) == after.get(tag) || !before.get(tag).is_some_and(Value::is_string)
    })
}

fn text(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(before: &Value, after: &Value) -> Vec<(String, Option<String>, Option<String>)> {
        let mut found = Vec::new();
        compare(&mut found, "x", Some(before), Some(after));
        let one = |one: Difference| (one.path, one.before, one.after);
        found.into_iter().map(one).collect()
    }

    #[test]
    fn only_what_differs_is_kept_and_no_secret() {
        let before = json!({ "a": { "b": 1, "c": [1] }, "env": { "KEY": "one" }, "d": null });
        let after =
            json!({ "a": { "b": 2, "c": [1] }, "env": { "KEY": "two", "X": "y" }, "d": null });
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            of(&before, &after),
            [
                ("a.b".to_owned(), some("1"), some("2")),
                ("env.X".to_owned(), None, some("\"…\"")),
            ]
        );
    }

    #[test]
    fn another_state_is_another_thing() {
        let before = json!({ "state": { "state": "queued", "since": 1 } });
        let after = json!({ "state": { "state": "held", "by": "ana" } });
        let found = of(&before, &after);
        assert_eq!(found.len(), 1);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            found[0],
            ("state".to_owned(), some("\"queued\""), some("\"held\""))
        );
    }

    #[test]
    fn what_is_long_is_cut() {
        let found = of(&json!({ "a": "" }), &json!({ "a": "ä".repeat(1000) }));
        let after = found[0].2.as_ref().unwrap();
        assert_eq!(after.chars().count(), LONGEST + 1);
        let many = |value: i64| {
            let fields = (0..100).map(|field| (field.to_string(), json!(value)));
            Value::Object(fields.collect())
        };
        assert_eq!(of(&many(1), &many(2)).len(), MOST);
    }
}
