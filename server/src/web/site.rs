//! The built pages: where they are, and how they are served.

use std::path::PathBuf;

use axum::http::{HeaderName, HeaderValue};
use leptos::config::LeptosOptions;
use tower::Layer;
use tower_http::services::ServeDir;
use tower_http::set_header::{SetResponseHeader, SetResponseHeaderLayer};

use crate::AnyError;

#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
}

impl Site {
    /// The folder that was named, or `site` beside the binary or one folder up (where `make build`
    /// puts it).
    pub fn find(named: &str) -> Result<Self, AnyError> {
        let exe = std::env::current_exe()?;
        let beside = exe
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join("site"));
        let candidates: Vec<PathBuf> = if named.is_empty() {
            beside.collect()
        } else {
            vec![PathBuf::from(named)]
        };
        let found = candidates
            .iter()
            .find(|folder| folder.join("pkg/berth.js").is_file());
        found
            .map(|root| Site { root: root.clone() })
            .ok_or_else(|| {
                let places: Vec<String> = candidates
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect();
                format!(
                    "no built pages in {}: run `make build`, or set BERTH_SITE",
                    places.join(" or ")
                )
                .into()
            })
    }

    pub fn leptos_options(&self) -> LeptosOptions {
        LeptosOptions::builder()
            .output_name("berth")
            .site_root(self.root.display().to_string())
            .site_pkg_dir("pkg")
            .build()
    }

    /// A file of the site outside `/pkg`, such as the icon.
    pub fn file_service(&self) -> ServeDir {
        ServeDir::new(&self.root).append_index_html_on_directories(false)
    }

    /// Script, wasm, style and fonts. Their names stay the same, so browsers ask whether they are
    /// still the newest.
    pub fn pkg_service(&self) -> SetResponseHeader<ServeDir, HeaderValue> {
        let files = ServeDir::new(self.root.join("pkg"))
            .precompressed_br()
            .precompressed_gzip();
        let cache = HeaderValue::from_static("no-cache");
        SetResponseHeaderLayer::if_not_present(HeaderName::from_static("cache-control"), cache)
            .layer(files)
    }
}
