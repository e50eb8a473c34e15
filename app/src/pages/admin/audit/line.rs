//! One entry, as a row of the table.

use berth_api::audit::AuditEntry;
use berth_domain::audit::Difference;
use leptos::prelude::*;

use crate::components::moment::Moment;
use crate::components::owner::Owner;
use crate::icons::{Icon, icon};
use crate::texts::audit as t;

pub(super) fn line(AuditEntry { id, entry }: AuditEntry) -> AnyView {
    let at = entry.at;
    let acts_for = entry.acts_for.map(|name| {
        view! { <span class="quiet">{t::acts_for(name.as_str())}</span> }
    });
    let came = match entry.refused {
        Some(why) => view! {
            <p class="trouble">{icon(Icon::Lost)} <span>{t::REFUSED} ": " {why}</span></p>
        }
        .into_any(),
        None => changes(entry.differences),
    };
    let address = entry.origin.address.map(|address| {
        view! { <span class="quiet num">{address.to_string()}</span> }
    });
    view! {
        <tr data-audit=id.to_string()>
            <td><Moment at /></td>
            <td><Owner name=entry.actor.to_string() /> " " {acts_for}</td>
            <td><code>{entry.act}</code></td>
            <td>{entry.subject}</td>
            <td>{entry.origin.door.as_str()} " " {address}</td>
            <td>{came}</td>
        </tr>
    }
    .into_any()
}

fn changes(differences: Vec<Difference>) -> AnyView {
    if differences.is_empty() {
        return view! { <span class="quiet">{t::DONE}</span> }.into_any();
    }
    let count = differences.len();
    let value = |value: Option<String>| match value {
        Some(value) => view! { <code>{value}</code> }.into_any(),
        None => view! { <span class="quiet">{t::NOT_THERE}</span> }.into_any(),
    };
    let row = |one: Difference| {
        let name = match one.path.as_str() {
            "" => one.of,
            path => format!("{} {path}", one.of),
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{value(one.before)}</td>
                <td>{value(one.after)}</td>
            </tr>
        }
    };
    view! {
        <details>
            <summary>{t::changed(count)}</summary>
            <table class="audit-changes">
                <thead>
                    <tr>
                        <th scope="col">{t::VALUE}</th>
                        <th scope="col">{t::BEFORE}</th>
                        <th scope="col">{t::AFTER}</th>
                    </tr>
                </thead>
                <tbody>{differences.into_iter().map(row).collect_view()}</tbody>
            </table>
        </details>
    }
    .into_any()
}
