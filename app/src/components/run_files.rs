//! The files of a job's run folder: a list to walk through, small texts to read, all to download.

use berth_api::ApiError;
use berth_api::files::{FileEntry, FileKind, FileText, FilesAnswer, job_files};
use berth_api::views::JobRow;
use berth_domain::JobId;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use leptos_router::params::ParamsMap;

use super::moment::Moment;
use crate::address::with_query;
use crate::format;
use crate::icons::{Icon, icon};
use crate::texts::{common, files as t};

#[component]
pub fn RunFiles(id: JobId, #[prop(into)] row: Signal<JobRow>) -> impl IntoView {
    let query = use_query_map();
    let path = Memo::new(move |_| query.with(|query| query.get("files")).unwrap_or_default());
    let state = Memo::new(move |_| row.with(|row| row.state));
    let again = RwSignal::new(0_u32);
    let found = Resource::new_blocking(
        move || (path.get(), state.get(), again.get()),
        move |(path, _, _)| async move {
            let answer = job_files(id, Some(path.clone())).await;
            (path, answer)
        },
    );
    view! {
        <section class="panel files" aria-labelledby="files-title">
            <div class="files-head">
                <h2 id="files-title">{t::FILES}</h2>
                <button
                    type="button"
                    class="button button-small needs-script"
                    on:click=move |_| again.update(|n| *n += 1)
                >
                    {common::LOOK_AGAIN}
                </button>
            </div>
            <Transition>
                {move || Suspend::new(async move {
                    let (path, answer) = found.await;
                    view! { <Found id path answer /> }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

#[component]
fn Found(id: JobId, path: String, answer: Result<FilesAnswer, ApiError>) -> impl IntoView {
    let way = (!path.is_empty()).then(|| view! { <Way id path=path.clone() /> });
    let shown = match answer {
        Err(error) => view! { <p class="hint" role="status">{error.to_string()}</p> }.into_any(),
        Ok(FilesAnswer::Nowhere { why }) => view! { <p class="hint">{why}</p> }.into_any(),
        Ok(FilesAnswer::Folder { entries, left_out }) => {
            view! { <Folder id path entries left_out /> }.into_any()
        }
        Ok(FilesAnswer::File(file)) => view! { <Text id path file /> }.into_any(),
    };
    view! {
        {way}
        {shown}
    }
    .into_any()
}

/// The folders that lead here.
#[component]
fn Way(id: JobId, path: String) -> impl IntoView {
    let query = use_query_map().get_untracked();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let last = parts.len().saturating_sub(1);
    let steps = parts.iter().enumerate().map(|(place, part)| {
        let to = parts[..=place].join("/");
        let name = (*part).to_owned();
        if place == last {
            view! { <li aria-current="page">{name}</li> }.into_any()
        } else {
            view! { <li><a data-noscroll href=href(id, &query, &to)>{name}</a></li> }.into_any()
        }
    });
    let steps = steps.collect_view();
    view! {
        <nav aria-label=t::FOLDERS>
            <ol class="files-way">
                <li><a data-noscroll href=href(id, &query, "")>{common::RUN_FOLDER}</a></li>
                {steps}
            </ol>
        </nav>
    }
    .into_any()
}

#[component]
fn Folder(id: JobId, path: String, entries: Vec<FileEntry>, left_out: usize) -> impl IntoView {
    if entries.is_empty() {
        let words = if path.is_empty() {
            t::NOTHING_WRITTEN
        } else {
            t::FOLDER_EMPTY
        };
        return view! { <p class="hint">{words}</p> }.into_any();
    }
    let query = use_query_map().get_untracked();
    let rows = entries
        .into_iter()
        .map(|entry| file(id, &query, &path, entry))
        .collect_view();
    view! {
        <ul class="files-list">{rows}</ul>
        {(left_out > 0).then(|| view! {
            <p class="hint">{t::not_listed(left_out as u64)}</p>
        })}
    }
    .into_any()
}

fn file(id: JobId, query: &ParamsMap, path: &str, entry: FileEntry) -> AnyView {
    let at = match path {
        "" => entry.name.clone(),
        path => format!("{}/{}", path.trim_end_matches('/'), entry.name),
    };
    let shape = match entry.kind {
        FileKind::Folder => Icon::Folder,
        _ => Icon::File,
    };
    let leads = entry.target.map(|target| format!(" → {target}"));
    let name = match entry.kind {
        FileKind::Folder | FileKind::File => view! {
            <a data-noscroll href=href(id, query, &at)>{entry.name.clone()}</a>
            <span class="quiet">{leads}</span>
        }
        .into_any(),
        FileKind::Link => view! {
            {entry.name.clone()}
            <span class="quiet">{leads} {t::LEADS_OUT}</span>
        }
        .into_any(),
        FileKind::Other => view! {
            {entry.name.clone()}
            <span class="quiet">{t::NO_FILE}</span>
        }
        .into_any(),
    };
    let is_file = entry.kind == FileKind::File;
    let size = is_file.then(|| format::size(entry.bytes));
    let download = is_file.then(|| view! { <Download id path=at name=entry.name /> });
    view! {
        <li>
            <span class="file-name">{icon(shape)} <span>{name}</span></span>
            <span class="file-size num">{size}</span>
            <span class="file-time quiet"><Moment at=entry.modified /></span>
            <span class="file-get">{download}</span>
        </li>
    }
    .into_any()
}

#[component]
fn Text(id: JobId, path: String, file: FileText) -> impl IntoView {
    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
    let size = format::size(file.bytes);
    let text = match file.text {
        None => view! { <p class="hint">{t::NO_TEXT}</p> }.into_any(),
        Some(text) if text.is_empty() => view! { <p class="hint">{t::FILE_EMPTY}</p> }.into_any(),
        Some(text) => view! {
            <pre class="file-text" tabindex="0" role="region" aria-label=name.clone()>{text}</pre>
            {file.cut.then(|| view! {
                <p class="hint">{t::BEGINNING}</p>
            })}
        }
        .into_any(),
    };
    view! {
        <p class="file-head">
            <span class="num">{size}</span>
            <Download id path name />
        </p>
        {text}
    }
    .into_any()
}

#[component]
fn Download(id: JobId, path: String, name: String) -> impl IntoView {
    let mut query = ParamsMap::new();
    query.insert("id", id.to_string());
    query.insert("path", path);
    let href = with_query("/api/job_files/raw", &query);
    let label = t::download(&name);
    view! {
        <a class="button button-quiet button-icon" href=href download rel="external" aria-label=label.clone() title=label>
            {icon(Icon::Download)}
        </a>
    }
    .into_any()
}

/// The page with another path shown.
fn href(id: JobId, query: &ParamsMap, path: &str) -> String {
    let mut query = query.clone();
    query.remove("files");
    if !path.is_empty() {
        query.insert("files", path.to_owned());
    }
    with_query(&format!("/jobs/{id}"), &query)
}
