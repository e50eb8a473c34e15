//! An agent as a form holds it: the page fills one in, and reads it as the server does.

use std::fmt::Write as _;

use berth_domain::Mandate;
use berth_domain::agent::{Action, Hours, Template};

use super::SetAgentArg;
use crate::ApiError;

/// The text fields, in their order on the page.
pub const TEXTS: [&str; 9] = [
    "name",
    "acts_for",
    "gpu_hours",
    "gpus_at_once",
    "jobs_per_hour",
    "hours",
    "projects",
    "commands",
    "approve_above",
];
/// One for each action: what it may do, and what somebody is asked about first.
pub const ACTIONS: [&str; 2] = ["may", "approve"];
/// Those that are on when they hold anything.
pub const CHECKS: [&str; 2] = ["all_jobs", "may_preempt"];

const SECONDS: f64 = 3600.0;

impl SetAgentArg {
    /// Reads a form. A text that is not part of it, and what has no field, stays as `known` has it: the
    /// mandate that is changed, or nothing for a new agent, which is a careful one then. A box that is
    /// not ticked is not part of a form.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn from_form<'a>(
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        known: Option<&Mandate>,
    ) -> Result<Self, ApiError> {
        let fields: Vec<(&str, &str)> = fields.into_iter().collect();
        let given = |name: &str| {
            let found = fields.iter().find(|(field, _)| *field == name);
            found.map(|(_, value)| value.trim())
        };
        let on = |name: &str| given(name).is_some_and(|value| !value.is_empty());
        let mut mandate = known.cloned().unwrap_or_default();
        if let Some(text) = given("gpu_hours") {
            mandate.gpu_seconds = gpu_seconds("gpu_hours", text)?;
        }
        if let Some(text) = given("gpus_at_once") {
            let why = "How many GPUs at once? Write a whole number, or nothing for no limit.";
            mandate.gpus_at_once = optional(text, |text| whole("gpus_at_once", text, why))?;
        }
        if let Some(text) = given("jobs_per_hour") {
            let why = "How many jobs an hour? Write a whole number, 0 for none.";
            mandate.jobs_per_hour = whole("jobs_per_hour", text, why)?;
        }
        if let Some(text) = given("hours") {
            let read = |text: &str| {
                let read = text.parse::<Hours>();
                read.map_err(|why| ApiError::invalid("hours", format!("{why}.")))
            };
            mandate.hours = optional(text, read)?;
        }
        if let Some(text) = given("projects") {
            let projects = text.split([',', '\n']).map(str::trim);
            mandate.projects = projects
                .filter(|project| !project.is_empty())
                .map(str::to_owned)
                .collect();
        }
        if let Some(text) = given("commands") {
            let before = std::mem::take(&mut mandate.commands);
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            mandate.commands = lines.map(|line| template(line, &before)).collect();
        }
        if let Some(text) = given("approve_above") {
            mandate.approval.above_gpu_seconds = gpu_seconds("approve_above", text)?;
        }
        let actions = |name: &'static str| {
            let ticked = fields.iter().filter(move |(field, _)| *field == name);
            let read = ticked.map(move |(_, value)| {
                let action: Result<Action, String> = value.parse();
                action.map_err(|why| ApiError::invalid(name, format!("{why}.")))
            });
            read.collect::<Result<_, ApiError>>()
        };
        mandate.actions = actions("may")?;
        mandate.approval.actions = actions("approve")?;
        mandate.all_jobs = on("all_jobs");
        mandate.may_preempt = on("may_preempt");
        let acts_for = given("acts_for").filter(|name| !name.is_empty());
        Ok(SetAgentArg {
            name: given("name").unwrap_or_default().to_owned(),
            acts_for: acts_for.map(str::to_owned),
            mandate,
            token: false,
        })
    }

    /// The fields of a form that says so.
    #[must_use]
    pub fn to_form(&self) -> Vec<(&'static str, String)> {
        let mandate = &self.mandate;
        let hours_of = |seconds: Option<u64>| seconds.map(hours).unwrap_or_default();
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let projects: Vec<&str> = mandate.projects.iter().map(String::as_str).collect();
        let mut commands = String::new();
        for template in &mandate.commands {
            // Writing to a text does not fail.
            let _ = writeln!(commands, "{}", template.command);
        }
        let mut fields = vec![
            ("name", self.name.clone()),
            ("acts_for", self.acts_for.clone().unwrap_or_default()),
            ("gpu_hours", hours_of(mandate.gpu_seconds)),
            ("gpus_at_once", number(mandate.gpus_at_once)),
            ("jobs_per_hour", mandate.jobs_per_hour.to_string()),
            (
                "hours",
                mandate.hours.map_or_else(String::new, |h| h.to_string()),
            ),
            ("projects", projects.join(", ")),
            ("commands", commands.trim_end().to_owned()),
            (
                "approve_above",
                hours_of(mandate.approval.above_gpu_seconds),
            ),
        ];
        let ticked = |name: &'static str, action: &Action| (name, action.to_string());
        fields.extend(mandate.actions.iter().map(|one| ticked("may", one)));
        let asked = mandate.approval.actions.iter();
        fields.extend(asked.map(|one| ticked("approve", one)));
        let checks = [mandate.all_jobs, mandate.may_preempt];
        let checks = CHECKS.into_iter().zip(checks).filter(|(_, on)| *on);
        fields.extend(checks.map(|(name, _)| (name, "on".to_owned())));
        fields
    }
}

fn optional<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, ApiError>,
) -> Result<Option<T>, ApiError> {
    match text {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

fn whole(field: &str, text: &str, why: &str) -> Result<u32, ApiError> {
    text.parse().map_err(|_| ApiError::invalid(field, why))
}

/// GPU-hours, of which there may be parts.
fn gpu_seconds(field: &str, text: &str) -> Result<Option<u64>, ApiError> {
    let read = |text: &str| {
        let hours: f64 = text.parse().unwrap_or(f64::NAN);
        if !(0.0..1e9).contains(&hours) {
            let why = "How many GPU-hours? Write a number such as 24 or 0.5, or nothing.";
            return Err(ApiError::invalid(field, why));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is in range"
        )]
        let seconds = (hours * SECONDS).round() as u64;
        Ok(seconds)
    };
    optional(text, read)
}

/// `24`, `0.5`: so exact that the same seconds are read again.
fn hours(gpu_seconds: u64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a mandate is below 2^53 seconds"
    )]
    let hours = gpu_seconds as f64 / SECONDS;
    let text = format!("{hours:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What was said of a command before holds for it, where it stays.
fn template(command: &str, before: &[Template]) -> Template {
    let known = before.iter().find(|one| one.command == command);
    known.cloned().unwrap_or_else(|| Template {
        command: command.to_owned(),
        ..Template::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)], known: Option<&Mandate>) -> Result<SetAgentArg, ApiError> {
        SetAgentArg::from_form(fields.iter().copied(), known)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut mandate = Mandate {
            gpu_seconds: Some(1234),
            gpus_at_once: None,
            hours: Some("22:00-06:00".parse().unwrap()),
            all_jobs: true,
            projects: ["align".to_owned(), "vision".to_owned()].into(),
            commands: vec![Template {
                command: "python train.py --lr {float}".into(),
                workdir: Some("/data/ana".into()),
                ..Template::default()
            }],
            ..Mandate::default()
        };
        mandate.approval.above_gpu_seconds = Some(8 * 3600);
        mandate.approval.actions = [Action::Cancel].into();
        let arg = SetAgentArg {
            name: "tuner".into(),
            acts_for: Some("ana".into()),
            mandate,
            token: false,
        };
        let fields = arg.to_form();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(read(&fields, Some(&arg.mandate)).unwrap(), arg);
        // A folder has no field.
        let fresh = read(&fields, None).unwrap();
        assert_eq!(fresh.mandate.commands[0].workdir, None);
    }

    #[test]
    fn what_is_left_empty_is_no_limit_and_what_is_left_out_stays() {
        let fields = [("name", " tuner "), ("gpu_hours", ""), ("may", "submit")];
        let arg = read(&fields, None).unwrap();
        assert_eq!(arg.name, "tuner");
        assert_eq!(arg.mandate.gpu_seconds, None);
        assert_eq!(arg.mandate.gpus_at_once, Mandate::default().gpus_at_once);
        assert_eq!(arg.mandate.actions, [Action::Submit].into());
        assert!(!arg.mandate.may_preempt);
    }

    #[test]
    fn what_cannot_be_read_is_said_of_its_field() {
        for (field, value) in [
            ("gpu_hours", "many"),
            ("gpu_hours", "-1"),
            ("gpu_hours", "nan"),
            ("gpus_at_once", "1.5"),
            ("jobs_per_hour", ""),
            ("hours", "9-17"),
            ("may", "fly"),
            ("approve_above", "inf"),
        ] {
            let refused = read(&[(field, value)], None).unwrap_err();
            assert_eq!(refused.field(), Some(field), "{value}");
        }
    }

    #[test]
    fn hours_are_short() {
        assert_eq!(hours(86_400), "24");
        assert_eq!(hours(1800), "0.5");
        assert_eq!(hours(0), "0");
        assert_eq!(hours(36_000), "10");
    }
}
