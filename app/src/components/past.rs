//! A minute that is over: what is inside follows the live store of that minute.

use berth_api::live::Picture;
use leptos::context::Provider;
use leptos::prelude::*;

use crate::live::Live;
use crate::sparks::Sparks;

#[component]
pub fn InPast(picture: Picture, children: Children) -> impl IntoView {
    let past = Live::here().of_past(picture);
    view! {
        <Provider value=past>
            <Provider value=Sparks::none()>{children()}</Provider>
        </Provider>
    }
    .into_any()
}
