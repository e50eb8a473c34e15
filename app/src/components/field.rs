//! A field of a form: label, input, hint, and what is wrong beside it.

use leptos::html;
use leptos::prelude::*;

/// What a field is drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Line,
    /// In the mono face.
    Code,
    /// Several lines in the mono face.
    Lines(u32),
    Number,
    /// A local date and time, or a date, by the browser's own picker.
    Moment,
    Date,
}

#[component]
pub fn Field(
    name: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    #[prop(into)] problem: Signal<Option<String>>,
    /// Called when the field was left.
    left: Callback<&'static str>,
    #[prop(optional)] kind: Kind,
    #[prop(optional)] hint: &'static str,
    #[prop(optional)] placeholder: &'static str,
) -> impl IntoView {
    let problem_id = format!("{name}-problem");
    let described = {
        let problem_id = problem_id.clone();
        move || match (problem.with(Option::is_some), hint.is_empty()) {
            (true, _) => Some(problem_id.clone()),
            (false, false) => Some(format!("{name}-hint")),
            (false, true) => None,
        }
    };
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let input = match kind {
        Kind::Lines(rows) => area(name, rows, value, left, placeholder, described, invalid),
        _ => line(name, kind, value, left, placeholder, described, invalid),
    };
    view! {
        <div class="field" class:field-bad=move || problem.with(Option::is_some)>
            <label for=name>{label}</label>
            {input}
            <p class="field-problem" id=problem_id aria-live="polite">
                {problem}
            </p>
            {(!hint.is_empty())
                .then(|| view! {
                    <p class="hint" id=format!("{name}-hint")>
                        {hint}
                    </p>
                })}
        </div>
    }
    .into_any()
}

/// Keeps element and signal alike: what was typed before the page came alive wins, then the
/// signal does.
pub fn tie(
    read: impl Fn() -> Option<String> + 'static,
    write: impl Fn(&str) + 'static,
    value: RwSignal<String>,
) {
    Effect::new(move |before: Option<bool>| {
        let wanted = value.get();
        let Some(shown) = read() else {
            return before.unwrap_or(false);
        };
        if shown != wanted {
            if before == Some(true) {
                write(&wanted);
            } else {
                value.set(shown);
            }
        }
        true
    });
}

fn line(
    name: &'static str,
    kind: Kind,
    value: RwSignal<String>,
    left: Callback<&'static str>,
    placeholder: &'static str,
    described: impl Fn() -> Option<String> + Send + Sync + 'static,
    invalid: impl Fn() -> Option<&'static str> + Send + Sync + 'static,
) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    tie(
        move || input.get().map(|input| input.value()),
        move |text| {
            if let Some(input) = input.get_untracked() {
                input.set_value(text);
            }
        },
        value,
    );
    view! {
        <input
            class="input"
            class:input-code=kind == Kind::Code
            class:input-number=kind == Kind::Number
            type=match kind {
                Kind::Moment => "datetime-local",
                Kind::Date => "date",
                _ => "text",
            }
            inputmode=if kind == Kind::Number { "numeric" } else { "text" }
            id=name
            name=name
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            value=value.get_untracked()
            node_ref=input
            aria-describedby=described
            aria-invalid=invalid
            on:input=move |event| value.set(event_target_value(&event))
            // A form that is taken away is left too.
            on:blur=move |_| {
                left.try_run(name);
            }
        />
    }
    .into_any()
}

fn area(
    name: &'static str,
    rows: u32,
    value: RwSignal<String>,
    left: Callback<&'static str>,
    placeholder: &'static str,
    described: impl Fn() -> Option<String> + Send + Sync + 'static,
    invalid: impl Fn() -> Option<&'static str> + Send + Sync + 'static,
) -> AnyView {
    let input = NodeRef::<html::Textarea>::new();
    tie(
        move || input.get().map(|input| input.value()),
        move |text| {
            if let Some(input) = input.get_untracked() {
                input.set_value(text);
            }
        },
        value,
    );
    view! {
        <textarea
            class="input input-code"
            rows=rows
            id=name
            name=name
            placeholder=placeholder
            autocomplete="off"
            spellcheck="false"
            node_ref=input
            aria-describedby=described
            aria-invalid=invalid
            on:input=move |event| value.set(event_target_value(&event))
            on:blur=move |_| {
                left.try_run(name);
            }
        >
            {value.get_untracked()}
        </textarea>
    }
    .into_any()
}
