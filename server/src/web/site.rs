//! The built pages: where they are, and how they are served.

use std::path::{Path, PathBuf};

use axum::http::{HeaderName, HeaderValue, Response};
use leptos::config::LeptosOptions;
use tower::Layer;
use tower_http::services::ServeDir;
use tower_http::services::fs::ServeFileSystemResponseBody;
use tower_http::set_header::{SetResponseHeader, SetResponseHeaderLayer};

use crate::AnyError;

#[derive(Clone, Debug)]
pub struct Site {
    root: PathBuf,
    /// The folder in `pkg`, which is named by what is in it.
    build: String,
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
        let mut found = candidates.iter().filter_map(|root| {
            let build = newest_build(&root.join("pkg"))?;
            let root = root.clone();
            Some(Site { root, build })
        });
        found.next().ok_or_else(|| {
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
            .site_pkg_dir(format!("pkg/{}", self.build))
            .build()
    }

    /// A file of the site outside `/pkg`, such as the icon.
    pub fn file_service(&self) -> ServeDir {
        ServeDir::new(&self.root).append_index_html_on_directories(false)
    }

    /// Scripts, wasm, style and fonts. Another content has another address, so browsers keep them.
    pub fn pkg_service(&self) -> SetResponseHeader<ServeDir, Kept> {
        let files = ServeDir::new(self.root.join("pkg"))
            .precompressed_br()
            .precompressed_gzip();
        let name = HeaderName::from_static("cache-control");
        let kept: Kept = |answer| {
            let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
            answer.status().is_success().then_some(kept)
        };
        SetResponseHeaderLayer::if_not_present(name, kept).layer(files)
    }
}

/// For how long an answer is kept; what is not there now may be there later.
type Kept = fn(&Response<ServeFileSystemResponseBody>) -> Option<HeaderValue>;

/// The name of the folder that was built last, if there is one.
fn newest_build(pkg: &Path) -> Option<String> {
    let folders = std::fs::read_dir(pkg).ok()?.flatten();
    let built = folders.filter(|folder| folder.path().join("berth.js").is_file());
    let newest =
        built.max_by_key(|folder| folder.metadata().and_then(|known| known.modified()).ok())?;
    newest.file_name().into_string().ok()
}
