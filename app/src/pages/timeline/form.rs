//! The form of a reservation: a plain one, which the server answers; with script it says as one types
//! whose starts it would change, and the page stays.

use std::time::Duration;

use berth_api::ApiError;
use berth_api::reservations::{ReserveAnswer, ReserveArg, create_reservation};
use berth_domain::reservation::form::{DAYS, TEXTS};
use berth_domain::{ReservationId, ReserveRequest};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::params::ParamsMap;

use super::go::{Go, LOOK};
use super::preview::Preview;
use super::ticks::local_text;
use crate::clock::Clock;
use crate::components::field::{Field, Kind};
use crate::live::Live;
use crate::notice::Notices;
use crate::texts::{common, reservations as t};

/// So long after the last key the planner is asked.
const ASK_AFTER: Duration = Duration::from_millis(300);

/// What was said of a reservation that is only looked at.
pub type Said = Result<ReserveAnswer, ApiError>;

/// What the address says of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The one that is changed; `None`: another is made.
    pub replace: Option<ReservationId>,
    fields: Vec<(&'static str, String)>,
    /// It was asked what would come of it.
    pub preview: bool,
    /// Why it was refused.
    refused: Option<String>,
}

impl Asked {
    /// `None` where the form is closed.
    pub fn from_query(query: &ParamsMap) -> Option<Self> {
        let which = query.get("reserve")?;
        let texts = TEXTS.iter().chain(&["every"]).flat_map(|name| {
            let values = query.get_all(name).unwrap_or_default();
            values.into_iter().map(|value| (*name, value))
        });
        Some(Asked {
            replace: which.parse().ok(),
            fields: texts.collect(),
            preview: query.get("preview").is_some(),
            refused: query.get("error"),
        })
    }

    /// What it asks for, as it is, without doing it.
    ///
    /// # Errors
    /// The first thing that cannot be read.
    pub fn arg(&self) -> Result<ReserveArg, ApiError> {
        let fields = self.fields.iter();
        let fields = fields.map(|(name, value)| (*name, value.as_str()));
        read(fields, self.replace, true)
    }

    fn text(&self, name: &str) -> Option<String> {
        let found = self.fields.iter().find(|(one, _)| *one == name);
        found.map(|(_, value)| value.clone())
    }

    fn has_day(&self, day: &str) -> bool {
        self.fields
            .iter()
            .any(|(name, value)| *name == "every" && value == day)
    }
}

fn read<'a>(
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    replace: Option<ReservationId>,
    preview: bool,
) -> Result<ReserveArg, ApiError> {
    let (reservation, problems) = ReserveRequest::from_form(fields);
    match problems.into_iter().next() {
        Some(problem) => Err(problem.into()),
        None => Ok(ReserveArg {
            reservation,
            preview,
            replace,
        }),
    }
}

/// What is typed. Cheap to copy.
#[derive(Clone, Copy)]
struct Draft {
    texts: [RwSignal<String>; TEXTS.len()],
    days: [RwSignal<bool>; DAYS.len()],
    replace: Option<ReservationId>,
}

impl Draft {
    fn of(asked: &Asked, clock: Clock) -> Self {
        // From the next quarter of an hour on, for an hour.
        let next = (clock.now_untracked() / 900 + 1) * 900;
        let local = |at: i64| local_text(at, untrack(|| clock.offset(at)));
        let usual = |name: &str| match name {
            "gpus" if asked.text("exact").is_none() => "1".to_owned(),
            "start" => local(next),
            "end" => local(next + 3600),
            "zone" => untrack(|| clock.zone()),
            _ => String::new(),
        };
        Draft {
            texts: TEXTS.map(|name| {
                let given = asked.text(name).unwrap_or_else(|| usual(name));
                RwSignal::new(given)
            }),
            days: DAYS.map(|day| RwSignal::new(asked.has_day(day))),
            replace: asked.replace,
        }
    }

    fn text(self, name: &str) -> RwSignal<String> {
        let place = TEXTS.iter().position(|known| *known == name);
        self.texts[place.unwrap_or_default()]
    }

    /// Follows everything that is typed.
    fn arg(self, preview: bool) -> Result<ReserveArg, ApiError> {
        let texts: Vec<String> = self.texts.iter().map(|text| text.get()).collect();
        let texts = TEXTS.into_iter().zip(texts.iter().map(String::as_str));
        let days = DAYS.into_iter().zip(self.days);
        let days = days.filter_map(|(day, on)| on.get().then_some(("every", day)));
        read(texts.chain(days), self.replace, preview)
    }
}

#[component]
pub fn ReserveForm(asked: Asked, first: Option<Said>, go: Go) -> impl IntoView {
    let (live, clock, notices) = (Live::here(), Clock::here(), Notices::here());
    let draft = Draft::of(&asked, clock);
    let said = RwSignal::new(first);
    let sending = RwSignal::new(false);
    let form = NodeRef::<html::Form>::new();
    ask_while_typing(draft, said);
    // Opened by hand, it is where one goes on.
    let opened = untrack(|| clock.hydrated());
    Effect::new(move |_| {
        let Some(form) = form.get().filter(|_| opened) else {
            return;
        };
        use leptos::wasm_bindgen::JsCast;
        let first = form.query_selector("#note").ok().flatten();
        if let Some(first) = first.and_then(|first| first.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = first.focus();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        let arg = match untrack(|| draft.arg(false)) {
            Ok(arg) => arg,
            Err(error) => return said.set(Some(Err(error))),
        };
        sending.set(true);
        let close = untrack(|| go.closed_href());
        spawn_local(async move {
            match create_reservation(arg).await {
                Ok(made) => {
                    let done = if draft.replace.is_some() {
                        t::IS_CHANGED
                    } else {
                        t::IS_MADE
                    };
                    notices.say(t::done(made.reservation.id, done));
                    go.again();
                    go.to(close);
                }
                Err(error) => {
                    said.try_set(Some(Err(error)));
                }
            }
            sending.try_set(false);
        });
    };
    let field = move |name: &'static str, label: &'static str, kind: Kind, hint: &'static str| {
        let problem = Signal::derive(move || {
            said.with(|said| match said {
                Some(Err(error)) if error.field() == Some(name) => Some(error.to_string()),
                _ => None,
            })
        });
        let left = Callback::new(|_| ());
        view! { <Field name label value=draft.text(name) problem left kind hint /> }.into_any()
    };
    let heading = match asked.replace {
        Some(id) => t::change_reservation(id),
        None => t::RESERVE_GPUS.to_owned(),
    };
    let which = asked
        .replace
        .map_or_else(|| "new".to_owned(), |id| id.to_string());
    let verb = if asked.replace.is_some() {
        t::SAVE_THE_CHANGE
    } else {
        t::RESERVE
    };
    let refused = asked.refused.clone().map(|why| {
        view! { <p class="banner banner-bad" role="alert">{why}</p> }
    });
    let for_others = if live.is_lead() {
        field("user", t::FOR_A_USER, Kind::Line, t::FOR_A_USER_HINT)
    } else {
        view! {
            // One that is another's stays so when it is changed.
            <input type="hidden" name="user" value=draft.text("user").get_untracked() />
            <p class="hint">{t::FOR_YOU}</p>
        }
        .into_any()
    };
    let more = ["nodes", "node", "exact"]
        .iter()
        .any(|name| asked.text(name).is_some());
    let again = asked.text("until").is_some() || DAYS.iter().any(|day| asked.has_day(day));
    let look = LOOK.map(|name| {
        move || {
            go.value(name)
                .map(|value| view! { <input type="hidden" name=name value=value /> })
        }
    });
    let days = DAYS.into_iter().zip(draft.days).map(|(day, on)| {
        let id = format!("every-{day}");
        let label = id.clone();
        view! {
            <span class="day">
                <input
                    type="checkbox"
                    id=id
                    name="every"
                    value=day
                    checked=on.get_untracked()
                    prop:checked=on
                    on:change=move |event| on.set(event_target_checked(&event))
                />
                <label for=label>{if day == "day" { t::EVERY_DAY } else { day }}</label>
            </span>
        }
    });
    let days: Vec<_> = days.collect();
    view! {
        <form
            class="panel reserve"
            method="post"
            action="/forms/reserve"
            novalidate
            aria-labelledby="reserve-title"
            node_ref=form
            on:submit=submit
        >
            <header class="reserve-head">
                <h2 id="reserve-title">{heading}</h2>
                <a class="button button-small button-quiet" href=move || go.closed_href() on:click=move |event| go.stay(&event)>
                    {common::CLOSE}
                </a>
            </header>
            {refused}
            <input type="hidden" name="reserve" value=which />
            {look.into_iter().collect_view()}
            {field("note", t::WHAT_FOR, Kind::Line, "")}
            <div class="field-row">
                {field("start", common::FROM, Kind::Moment, "")}
                {field("end", common::TO, Kind::Moment, "")}
            </div>
            <div class="field-row">
                {field("gpus", common::GPUS, Kind::Number, t::GPUS_HINT)}
                {field("project", t::FOR_A_PROJECT, Kind::Line, t::FOR_A_PROJECT_HINT)}
            </div>
            {for_others}
            {field("zone", t::TIME_ZONE, Kind::Code, t::TIME_ZONE_HINT)}
            <details class="more-fields" open=again>
                <summary>{t::AGAIN_AND_AGAIN}</summary>
                <fieldset class="days">
                    <legend>{t::EVERY}</legend>
                    {days}
                </fieldset>
                {field("until", t::LAST_DAY, Kind::Date, t::LAST_DAY_HINT)}
            </details>
            <details class="more-fields" open=more>
                <summary>{t::WHICH_GPUS}</summary>
                <div class="field-row">
                    {field("nodes", common::NODES, Kind::Number, t::NODES_HINT)}
                    {field("node", t::ON_THIS_NODE, Kind::Code, "")}
                </div>
                {field("exact", t::EXACTLY_THESE, Kind::Code, t::EXACTLY_THESE_HINT)}
            </details>
            {field("no_show", t::NO_SHOW, Kind::Line, t::NO_SHOW_HINT)}
            <Preview said clock />
            <div class="form-end">
                // Pressing it must not leave a field first: what then appears would move it away.
                <button
                    class="button button-main"
                    disabled=sending
                    on:mousedown=|event| event.prevent_default()
                >
                    {verb}
                </button>
                <noscript>
                    <button class="button" formmethod="get" formaction="/timeline" name="preview" value="1">
                        {common::PREVIEW}
                    </button>
                </noscript>
            </div>
        </form>
    }
    .into_any()
}

/// Asks what would come of it, now and whenever something else is typed or the queue is another.
fn ask_while_typing(draft: Draft, said: RwSignal<Option<Said>>) {
    let live = Live::here();
    let arg = Memo::new(move |_| draft.arg(true));
    let asks = StoredValue::new(0u32);
    let mut ask = leptos::leptos_dom::helpers::debounce(ASK_AFTER, move |()| {
        // The form may be closed by now.
        let Some(arg) = arg.try_get_untracked() else {
            return;
        };
        asks.update_value(|asks| *asks += 1);
        let ask = asks.get_value();
        spawn_local(async move {
            let answer = match arg {
                Ok(arg) => create_reservation(arg).await,
                Err(error) => Err(error),
            };
            // Only the last question's answer counts.
            if asks.try_get_value() == Some(ask) {
                said.try_set(Some(answer));
            }
        });
    });
    Effect::new(move |_| {
        arg.track();
        live.active.track();
        live.queue.track();
        ask(());
    });
}
