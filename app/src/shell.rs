//! The HTML document around the app.

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;
use crate::texts::frame as t;

/// Sets the chosen theme before anything is painted.
pub const THEME: &str = "try{var t=localStorage.getItem('berth-theme');\
    if(t)document.documentElement.dataset.theme=t}catch(e){}";

/// Loads what makes the page live once it was painted: over a slow line it would come before what is seen. What is
/// not painted, as in a tab that nobody looks at yet, is live after a second. What breaks off, as when a laptop
/// changes its network, is loaded again, after a second and then ever later; not every browser imports again what
/// once failed, so the script comes into its cache first.
fn take_over(pkg: &str, name: &str) -> String {
    format!(
        "let begun=false;\
        const loaded=(rest)=>{{\
            const wasm=fetch('{pkg}/{name}_bg.wasm');\
            return fetch('{pkg}/{name}.js').then((script)=>script.text())\
                .then(()=>import('{pkg}/{name}.js'))\
                .then((page)=>page.default({{module_or_path:wasm}}).then(()=>page))\
                .catch(()=>new Promise((rested)=>setTimeout(rested,rest)).then(()=>loaded(Math.min(2*rest,30000))))\
        }};\
        const begin=()=>{{if(begun)return;begun=true;loaded(1000).then((page)=>page.hydrate())}};\
        try{{new PerformanceObserver((seen)=>{{if(seen.getEntriesByName('first-contentful-paint')[0])begin()}})\
            .observe({{type:'paint',buffered:true}})}}catch{{}}\
        setTimeout(begin,1000)"
    )
}

/// The whole document, as the server sends it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = format!("/{}", options.site_pkg_dir);
    let (font, style) = (
        format!("{pkg}/fonts/inter-latin.woff2"),
        format!("{pkg}/berth.css"),
    );
    let take_over = take_over(&pkg, &options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en" data-pkg=pkg>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content=t::DESCRIPTION />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link
                    rel="preload"
                    href=font
                    r#as="font"
                    type="font/woff2"
                    crossorigin="anonymous"
                />
                <link rel="stylesheet" href=style />
                <script nonce=use_nonce()>{THEME}</script>
                <script type="module" nonce=use_nonce()>{take_over}</script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
