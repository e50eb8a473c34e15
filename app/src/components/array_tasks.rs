//! How the tasks of an array or sweep stand: a bar of their states, and the counts in words.

use berth_api::views::ArrayView;
use berth_domain::Tasks;
use leptos::prelude::*;

use crate::texts::jobs as t;

#[component]
pub fn ArrayTasks(#[prop(into)] array: Signal<ArrayView>) -> impl IntoView {
    let tasks = Memo::new(move |_| array.with(|array| array.tasks));
    let parts = move || {
        let tasks = tasks.get();
        let total = tasks.total().max(1);
        let part = |(count, _, class): (u32, &str, &'static str)| {
            let width = format!("width: {:.2}%", f64::from(count) * 100.0 / f64::from(total));
            view! { <span class=class style=width></span> }
        };
        parts(&tasks).map(part).collect_view()
    };
    view! {
        <span class="tasks">
            <span class="tasks-bar" aria-hidden="true">
                {parts}
            </span>
            <span class="tasks-words">{move || words(&tasks.get())}</span>
        </span>
    }
    .into_any()
}

/// What there is of it, in the order of the bar.
fn parts(tasks: &Tasks) -> impl Iterator<Item = (u32, &'static str, &'static str)> {
    let parts = [
        (tasks.succeeded, t::TASKS_DONE, "task-done"),
        (tasks.failed, t::TASKS_FAILED, "task-failed"),
        (tasks.active, t::TASKS_RUNNING, "task-active"),
        (tasks.queued, t::TASKS_WAITING, "task-queued"),
        (tasks.held, t::TASKS_HELD, "task-held"),
        (tasks.cancelled, t::TASKS_CANCELLED, "task-cancelled"),
    ];
    parts.into_iter().filter(|(count, _, _)| *count > 0)
}

/// `2 done, 1 failed, 3 running, 5 waiting`.
pub fn words(tasks: &Tasks) -> String {
    let parts = parts(tasks).map(|(count, word, _)| format!("{count} {word}"));
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_said() {
        let tasks = Tasks {
            active: 3,
            failed: 1,
            ..Tasks::default()
        };
        assert_eq!(words(&tasks), "1 failed, 3 running");
    }
}
