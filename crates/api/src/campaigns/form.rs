//! A change of a campaign as a form holds it: the page fills one in, and reads it as the server does.

use berth_domain::campaign::{BudgetPatch, CampaignChange, Dimension, Narrow, Range, Steering};

use super::CampaignView;
use crate::ApiError;

/// Before a parameter's name: the ends of a range, and a choice that stays.
pub const FROM: &str = "from_";
pub const TO: &str = "to_";
pub const ONLY: &str = "only_";

const SECONDS: f64 = 3600.0;

/// Reads a form; `verb` says which. A field that says what holds already changes nothing, and neither does
/// an empty one. A box that is not ticked is not part of a form.
///
/// # Errors
/// The first field that cannot be read.
pub fn change<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    known: &CampaignView,
) -> Result<CampaignChange, ApiError> {
    let fields: Vec<(&str, &str)> = fields.into_iter().collect();
    let given = |name: &str| given(&fields, name);
    let why = |otherwise: &str| given("why").unwrap_or(otherwise).to_owned();
    match given("verb").unwrap_or_default() {
        "pause" => Ok(CampaignChange::Pause {
            why: why("paused by hand"),
        }),
        "resume" => Ok(CampaignChange::Resume),
        "end" => Ok(CampaignChange::End {
            why: why("ended by hand"),
            jobs: given("jobs").is_some(),
        }),
        "steer" => {
            let steering = steering(&fields, known)?;
            Ok(CampaignChange::Steer(Box::new(steering)))
        }
        other => {
            let why = format!("A campaign cannot be '{}'.", other.escape_debug());
            Err(ApiError::invalid("verb", why))
        }
    }
}

/// What a field says, where it says anything.
fn given<'a>(fields: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(field, _)| *field == name);
    let text = found.map(|(_, text)| text.trim());
    text.filter(|text| !text.is_empty())
}

fn steering(fields: &[(&str, &str)], known: &CampaignView) -> Result<Steering, ApiError> {
    let mut steering = Steering {
        note: given(fields, "note").map(str::to_owned),
        budget: BudgetPatch {
            gpu_seconds: gpu_seconds(fields, known.budget.gpu_seconds)?,
            ..BudgetPatch::default()
        },
        ..Steering::default()
    };
    for (name, asked) in &known.space {
        let now = known.searched.get(name).unwrap_or(asked);
        let part = match now {
            Dimension::Range(range) => part_of_range(fields, name, *range)?,
            Dimension::Choice(choices) => part_of_choices(fields, name, choices),
        };
        if let Some(part) = part {
            steering.space.insert(name.clone(), part);
        }
    }
    if steering == Steering::default() {
        let why = "Nothing would change: change something, or write a note.";
        return Err(ApiError::invalid("note", why));
    }
    Ok(steering)
}

fn gpu_seconds(fields: &[(&str, &str)], now: u64) -> Result<Option<u64>, ApiError> {
    let Some(text) = given(fields, "gpu_hours").filter(|text| *text != hours(now)) else {
        return Ok(None);
    };
    let hours: f64 = text.parse().unwrap_or(f64::NAN);
    if !(0.0..1e9).contains(&hours) {
        let why = "How many GPU-hours in all? Write a number such as 24 or 0.5.";
        return Err(ApiError::invalid("gpu_hours", why));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is in range"
    )]
    let seconds = (hours * SECONDS).round() as u64;
    Ok(Some(seconds))
}

/// `24`, `0.5`: so exact that the same seconds are read again.
#[must_use]
pub fn hours(gpu_seconds: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a budget is below 2^53 seconds")]
    let hours = gpu_seconds as f64 / SECONDS;
    let text = format!("{hours:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn part_of_range(
    fields: &[(&str, &str)],
    name: &str,
    now: Range,
) -> Result<Option<Narrow>, ApiError> {
    let end = |before: &str, now: f64| {
        let field = format!("{before}{name}");
        let Some(text) = given(fields, &field) else {
            return Ok(now);
        };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| {
            let text = text.escape_debug();
            ApiError::invalid(&field, format!("{name}: '{text}' is not a number."))
        })
    };
    let (from, to) = (end(FROM, now.from)?, end(TO, now.to)?);
    let asked = Range { from, to, ..now };
    Ok((asked != now).then_some(Narrow::Range { from, to }))
}

fn part_of_choices(fields: &[(&str, &str)], name: &str, now: &[String]) -> Option<Narrow> {
    let field = format!("{ONLY}{name}");
    let ticked = fields.iter().filter(|(one, _)| *one == field);
    let ticked: Vec<String> = ticked.map(|(_, choice)| (*choice).to_owned()).collect();
    let same = ticked.len() == now.len() && ticked.iter().all(|choice| now.contains(choice));
    (!same).then_some(Narrow::Choice(ticked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> CampaignView {
        let text = r#"{
            "id": 3, "name": "find-lr", "user": "ana", "agent": null, "state": "running", "why": null,
            "waits": null, "strategy": {"kind": "random", "trials": 9},
            "metric": {"name": "loss", "better": "lower"}, "best": null,
            "counts": {"all": 0, "live": 0, "done": 0, "failed": 0, "stopped": 0},
            "spent": {"gpu_seconds": 0, "kept_gpu_seconds": 0, "of_gpu_seconds": 5400},
            "started_at": "2026-11-24T12:00:00Z", "ended_at": null, "goal": "",
            "template": {"command": ["true"]},
            "space": {"lr": {"from": 0.0001, "to": 0.1, "scale": "log"}, "opt": ["adam", "sgd"]},
            "searched": {"lr": {"from": 0.001, "to": 0.1, "scale": "log"}, "opt": ["adam", "sgd"]},
            "budget": {"gpu_seconds": 5400}, "stop": {}, "notes": [], "trials": []
        }"#;
        serde_json::from_str(text).unwrap()
    }

    /// What the form says where nobody changed anything.
    const UNTOUCHED: [(&str, &str); 7] = [
        ("verb", "steer"),
        ("note", " "),
        ("gpu_hours", "1.5"),
        ("from_lr", "0.001"),
        ("to_lr", "0.1"),
        ("only_opt", "adam"),
        ("only_opt", "sgd"),
    ];

    fn read(fields: &[(&str, &str)]) -> Result<CampaignChange, ApiError> {
        change(fields.iter().copied(), &known())
    }

    fn steer(fields: &[(&str, &str)]) -> Steering {
        match read(fields).unwrap() {
            CampaignChange::Steer(steering) => *steering,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_what_is_changed_is_steered() {
        let error = read(&UNTOUCHED).unwrap_err();
        assert_eq!(error.field(), Some("note"));
        let mut fields = UNTOUCHED;
        fields[1].1 = "it diverges above";
        fields[4].1 = "1e-2";
        let expected = Steering {
            note: Some("it diverges above".to_owned()),
            space: [(
                "lr".to_owned(),
                Narrow::Range {
                    from: 0.001,
                    to: 0.01,
                },
            )]
            .into(),
            ..Steering::default()
        };
        assert_eq!(steer(&fields), expected);
        let only_adam = steer(&UNTOUCHED[..6]);
        let adam = Narrow::Choice(vec!["adam".to_owned()]);
        assert_eq!(only_adam.space["opt"], adam);
        let mut fields = UNTOUCHED;
        fields[2].1 = "2";
        assert_eq!(steer(&fields).budget.gpu_seconds, Some(7200));
    }

    #[test]
    fn what_cannot_be_read_is_said_at_its_field() {
        for (place, text, field) in [(2, "much", "gpu_hours"), (3, "small", "from_lr")] {
            let mut fields = UNTOUCHED;
            fields[place].1 = text;
            assert_eq!(read(&fields).unwrap_err().field(), Some(field));
        }
        assert!(read(&[("verb", "stop")]).is_err() && read(&[]).is_err());
    }

    #[test]
    fn the_other_verbs_say_why() {
        let pause = |why: &str| CampaignChange::Pause {
            why: why.to_owned(),
        };
        let read = |fields: &[(&str, &str)]| read(fields).unwrap();
        let asked = read(&[("verb", "pause"), ("why", " a look ")]);
        assert_eq!(asked, pause("a look"));
        let asked = read(&[("verb", "pause"), ("why", "")]);
        assert_eq!(asked, pause("paused by hand"));
        assert_eq!(read(&[("verb", "resume")]), CampaignChange::Resume);
        let why = "enough".to_owned();
        let asked = read(&[("verb", "end"), ("why", "enough"), ("jobs", "on")]);
        assert_eq!(asked, CampaignChange::End { why, jobs: true });
    }
}
