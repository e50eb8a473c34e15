//! Which policy the planner follows, and choosing another after a look at whose start that changes.

use berth_api::ApiError;
use berth_api::planner::{PolicyAnswer, PolicyArg, PreviewAnswer, preview_policy, set_policy};
use berth_domain::PolicyChoice;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::asked::Asked;
use super::knobs::{Typed, groups};
use super::preview::Preview;
use crate::notice::Notices;
use crate::texts::{admin as t, common};

/// What was said of a policy that is only looked at.
pub(super) type Said = Result<PreviewAnswer, ApiError>;

#[component]
pub(super) fn PolicyPanel(
    policy: PolicyAnswer,
    asked: Option<Asked>,
    preview: Option<Said>,
) -> impl IntoView {
    let notices = Notices::here();
    let typed = asked.map_or_else(|| chosen(&policy.policy), |asked| asked.arg);
    let options = options(&policy.names, &typed.name);
    let inputs = Typed::of(&policy.knobs);
    let now = RwSignal::new(policy);
    let said = RwSignal::new(preview);
    let sending = RwSignal::new(false);
    let name = NodeRef::<html::Select>::new();
    let groups = groups(now, &typed, &inputs);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(name) = name.get_untracked().filter(|_| !sending.get_untracked()) else {
            return;
        };
        let arg = PolicyArg {
            name: name.value(),
            knobs: inputs.values(),
        };
        let pressed = event.submitter();
        let pressed = pressed.and_then(|button| button.get_attribute("value"));
        let applies = pressed.as_deref() == Some("apply");
        sending.set(true);
        spawn_local(async move {
            if applies {
                match set_policy(arg).await {
                    Ok(set) => {
                        notices.say(follows(&set.policy, t::FROM_NOW_ON));
                        now.try_set(set);
                        said.try_set(None);
                    }
                    Err(error) => notices.refuse(&error),
                }
            } else {
                let answer = preview_policy(arg).await;
                said.try_set(Some(answer));
            }
            sending.try_set(false);
        });
    };
    view! {
        <section class="panel" aria-labelledby="policy-title">
            <h2 id="policy-title">{t::POLICY}</h2>
            <p class="policy-now">{move || now.with(|now| follows(&now.policy, ""))}</p>
            // What is typed after a look is not what was looked at.
            <form
                class="admin-form"
                method="post"
                action="/forms/policy"
                on:submit=submit
                on:input=move |_| said.set(None)
            >
                <div class="field">
                    <label for="policy">{t::FOLLOW}</label>
                    <select
                        class="input"
                        id="policy"
                        name=PolicyArg::NAME_FIELD
                        node_ref=name
                        aria-describedby="policy-hint"
                    >
                        {options}
                    </select>
                    <p class="hint" id="policy-hint">
                        {t::EMPTY_KNOB}
                    </p>
                </div>
                {groups}
                <Preview said />
                <div class="form-end">
                    // The first is what Enter presses: it changes nothing.
                    <button class="button" name="verb" value="preview" disabled=sending>
                        {common::PREVIEW}
                    </button>
                    <button class="button button-main" name="verb" value="apply" disabled=sending>
                        {t::APPLY}
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn chosen(choice: &PolicyChoice) -> PolicyArg {
    PolicyArg {
        name: choice.name.clone(),
        knobs: choice.knobs.clone(),
    }
}

/// `The planner follows berth with preemption=on from now on.`
fn follows(choice: &PolicyChoice, since: &str) -> String {
    let knobs = choice.knobs.iter();
    let knobs: Vec<String> = knobs
        .map(|(knob, value)| format!("{knob}={value}"))
        .collect();
    let with = if knobs.is_empty() {
        String::new()
    } else {
        t::with(&knobs.join(", "))
    };
    let space = if since.is_empty() { "" } else { " " };
    t::follows(&choice.name, &with, space, since)
}

fn options(names: &[String], chosen: &str) -> Vec<AnyView> {
    let option = |name: &String| {
        let words = match words(name) {
            "" => name.clone(),
            words => format!("{name}: {words}"),
        };
        let (value, selected) = (name.clone(), name == chosen);
        view! { <option value=value selected=selected>{words}</option> }.into_any()
    };
    names.iter().map(option).collect()
}

/// What a built-in policy does, in a line.
fn words(name: &str) -> &'static str {
    match name {
        "fifo" => t::FIFO,
        "easy" => t::EASY,
        "priority" => t::PRIORITY,
        "fair" => t::FAIR,
        "sjf" => t::SJF,
        "slurm" => t::SLURM,
        "berth" => t::BERTH,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_followed_is_a_sentence() {
        let mut choice = PolicyChoice::default();
        assert_eq!(follows(&choice, ""), "The planner follows berth.");
        choice.knobs.insert("preemption".into(), "on".into());
        choice.knobs.insert("ageing".into(), "1".into());
        assert_eq!(
            follows(&choice, "from now on"),
            "The planner follows berth with ageing=1, preemption=on from now on."
        );
    }
}
