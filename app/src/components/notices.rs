//! Where messages are shown.

use leptos::prelude::*;

use crate::icons::{Icon, icon};
use crate::notice::Notices;
use crate::texts::frame as t;

#[component]
pub fn NoticeList() -> impl IntoView {
    let notices = Notices::here();
    view! {
        <div class="notices" role="status" aria-live="polite">
            <For
                each=move || notices.all()
                key=|notice| notice.number
                children=move |notice| {
                    let number = notice.number;
                    view! {
                        <div class="notice" class:notice-bad=notice.bad>
                            <p>{notice.text}</p>
                            {notice.offer.map(|(word, offer)| view! {
                                <button
                                    type="button"
                                    class="button button-small"
                                    on:click=move |_| {
                                        notices.dismiss(number);
                                        offer.run(());
                                    }
                                >
                                    {word}
                                </button>
                            })}
                            <button
                                type="button"
                                class="button button-quiet button-icon"
                                aria-label=t::DISMISS
                                on:click=move |_| notices.dismiss(number)
                            >
                                {icon(Icon::Close)}
                            </button>
                        </div>
                    }
                }
            />
        </div>
    }
    .into_any()
}
