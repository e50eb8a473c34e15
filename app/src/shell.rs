//! The HTML document around the app.

use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;

/// Sets the chosen theme before anything is painted.
const THEME: &str = "try{var t=localStorage.getItem('berth-theme');\
    if(t)document.documentElement.dataset.theme=t}catch(e){}";

/// The whole document, as the server sends it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let pkg = format!("/{}", options.site_pkg_dir);
    let name = &options.output_name;
    let [font, style, script, wasm] = [
        "fonts/inter-latin.woff2".to_owned(),
        "berth.css".to_owned(),
        format!("{name}.js"),
        format!("{name}_bg.wasm"),
    ]
    .map(|file| format!("{pkg}/{file}"));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-pkg=pkg>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content="The GPU queue of a research team" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link
                    rel="preload"
                    href=font
                    r#as="font"
                    type="font/woff2"
                    crossorigin="anonymous"
                />
                <link rel="stylesheet" href=style />
                <script>{THEME}</script>
                <link rel="modulepreload" href=script.clone() />
                <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="" />
                <script type="module">{take_over(&script, &wasm)}</script>
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Has the browser take the page over. Where that cannot be loaded, mostly because the page is left
/// meanwhile, it stays as the server sent it: Leptos' own script would call that an error.
fn take_over(script: &str, wasm: &str) -> String {
    format!(
        "import('{script}').then(berth=>berth.default({{module_or_path:'{wasm}'}})\
         .then(()=>berth.hydrate()))\
         .catch(why=>console.warn('The page stays as the server sent it.',why))"
    )
}
