//! What people press, fill in and are told.

use berth_api::{ApiError, ErrorCode};
use leptos::prelude::*;

use super::shown;
use crate::components::confirm::{Ask, Confirm};
use crate::components::copy::{CopyButton, CopyLine};
use crate::components::empty::Empty;
use crate::components::field::{Field, Kind};
use crate::components::help::Help;
use crate::components::notices::NoticeList;
use crate::components::palette::Palette;
use crate::components::problem::ProblemView;
use crate::icons::{Icon, icon};
use crate::notice::Notices;

/// Dialogs and messages of the page itself. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Opened {
    confirm: Confirm,
    help: Help,
    palette: Palette,
    notices: Notices,
}

impl Opened {
    pub fn here() -> Self {
        Opened {
            confirm: Confirm::here(),
            help: Help::here(),
            palette: Palette::here(),
            notices: Notices::here(),
        }
    }
}

pub fn buttons() -> AnyView {
    let kinds = [
        ("Submit", "button button-main"),
        ("Hold", "button"),
        ("Cancel", "button button-bad-quiet"),
        ("Stop it", "button button-bad"),
        ("Newest", "button button-quiet"),
    ];
    let all = |small: &'static str, disabled: bool| {
        let one = move |(word, class): (&'static str, &'static str)| {
            view! {
                <button type="button" class=format!("{class}{small}") disabled=disabled>{word}</button>
            }
        };
        kinds.map(one).collect_view()
    };
    let toggles = [("Wrap", "true"), ("Times", "false")].map(|(word, pressed)| {
        view! {
            <button type="button" class="button button-toggle" aria-pressed=pressed>{word}</button>
        }
    });
    let icons = [
        (Icon::Download, "Download"),
        (Icon::Close, "Dismiss"),
        (Icon::LogOut, "Log out"),
    ];
    let icons = icons.map(|(which, label)| {
        view! {
            <button type="button" class="button button-quiet button-icon" aria-label=label>{icon(which)}</button>
        }
    });
    view! {
        {shown("By weight", all("", false))}
        {shown("Small, in rows", all(" button-small", false))}
        {shown("Not at the moment", all("", true))}
        {shown("On and off", toggles.collect_view())}
        {shown("Icons", icons.collect_view())}
        {shown("Copy", view! {
            <CopyButton text="berth why 17".to_owned() what="as a command" worded=true />
            <CopyLine text="berth submit -g 4 -t 6h -- python train.py" what="command" />
        })}
        {shown("Keys and tags", view! {
            <kbd>"Ctrl K"</kbd>
            <kbd>"j"</kbd>
            <span class="tag">"simulated"</span>
        })}
    }
    .into_any()
}

pub fn dialogs() -> AnyView {
    let opened: Opened = expect_context();
    let ask = move |_| {
        let ask = Ask {
            title: "Cancel job 9000001, llama-8b-sft?".to_owned(),
            text: "Its processes get SIGTERM, a grace to save, then SIGKILL.".to_owned(),
            verb: "Cancel the job",
        };
        opened.confirm.ask(ask, Callback::new(|()| ()));
    };
    view! {
        {shown("Opened", view! {
            <button type="button" class="button" on:click=ask>"Ask a question"</button>
            <button type="button" class="button" on:click=move |_| opened.help.show()>"Tell the keys"</button>
            <button
                type="button"
                class="button"
                on:click=move |_| {
                    opened.palette.toggle();
                }
            >
                "Open the palette"
            </button>
        })}
        {shown("How a question looks", view! {
            <div class="dialog" role="group" aria-label="A question">
                <h2>"Cancel job 9000001, llama-8b-sft?"</h2>
                <p>"Its processes get SIGTERM, a grace to save, then SIGKILL."</p>
                <div class="dialog-buttons">
                    <button type="button" class="button">"Keep it"</button>
                    <button type="button" class="button button-bad">"Cancel the job"</button>
                </div>
            </div>
        })}
    }
    .into_any()
}

pub fn fields() -> AnyView {
    let field = |name, label, value: &str, problem: Option<&str>, kind, hint| {
        let problem = problem.map(str::to_owned);
        view! {
            <Field
                name
                label
                value=RwSignal::new(value.to_owned())
                problem=Signal::derive(move || problem.clone())
                left=Callback::new(|_| ())
                kind
                hint
                placeholder="—"
            />
        }
    };
    let refused = Some("The cluster has 16 GPUs. Ask for 16 or fewer.");
    view! {
        <div class="field-row">
            {field("guide-name", "Name", "llama-8b-sft", None, Kind::Line, "What it is called in lists.")}
            {field("guide-gpus", "GPUs", "17", refused, Kind::Number, "")}
            {field("guide-folder", "Folder", "/data/ana/sft", None, Kind::Code, "")}
            {field("guide-begin", "Not before", "", None, Kind::Moment, "In your time zone.")}
            {field("guide-until", "Until", "", None, Kind::Date, "")}
            {field("guide-env", "Environment", "nonsense", Some("Write each line as NAME=VALUE."), Kind::Lines(3), "")}
        </div>
        {shown("Choices", view! {
            <fieldset class="segments">
                <legend class="visually-hidden">"Whose jobs"</legend>
                <label class="segment"><input type="radio" name="guide-who" checked /><span>"Mine"</span></label>
                <label class="segment"><input type="radio" name="guide-who" /><span>"All"</span></label>
            </fieldset>
            <select class="input guide-select" aria-label="State">
                <option>"Any state"</option>
                <option>"Waiting"</option>
            </select>
            <span class="check">
                <input type="checkbox" id="guide-hold" checked />
                <label for="guide-hold">"Hold"</label>
                <span class="hint">"It does not start until you release it."</span>
            </span>
        })}
    }
    .into_any()
}

pub fn messages() -> AnyView {
    let opened: Opened = expect_context();
    let refusal = || ApiError::new(ErrorCode::Conflict, "Job 9000001 has ended by now.");
    // Those of the sample: they stay.
    let notices = Notices::here();
    notices.refuse(&refusal());
    view! {
        {shown("Shown at the corner", view! {
            <button type="button" class="button" on:click=move |_| opened.notices.say("Job 9000001 is queued.")>
                "Say something"
            </button>
            <button type="button" class="button" on:click=move |_| opened.notices.refuse(&refusal())>
                "Refuse something"
            </button>
        })}
        {shown("How a refusal looks", view! { <NoticeList /> })}
        {shown("Above a page", view! {
            <div class="banner banner-bad">
                {icon(Icon::Lost)}
                <p>
                    <strong>"Jobs cannot start. "</strong>
                    "tmux is not installed on this host: install it, and jobs start by themselves."
                </p>
            </div>
        })}
    }
    .into_any()
}

pub fn nothing() -> AnyView {
    let error = ApiError::new(
        ErrorCode::Unreachable,
        "Nothing answers at this address. The page tries again by itself.",
    );
    view! {
        {shown("Nothing yet", view! { <Empty text="You have no jobs yet. Submit one:" offer=true /> })}
        {shown("Nothing fits", view! { <Empty text="No job fits this filter." /> })}
        {shown("Loading", view! {
            <button type="button" class="button" disabled>"Looking back…"</button>
            <p class="quiet" aria-busy="true">"Looking among all jobs…"</p>
        })}
        {shown("Unknown", view! {
            <span title="nvidia-smi did not answer">"—"</span>
            <span class="quiet">"with why on hover; never 0"</span>
        })}
        {shown("A problem", view! { <ProblemView error /> })}
    }
    .into_any()
}
