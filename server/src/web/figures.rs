//! `GET /api/analytics/waits-by-size.csv?range=28d`, and `….svg`: the figures of the page `/history` as
//! files, by the same query.

use axum::extract::Path;
use axum::response::Response;
use berth_api::analytics::AnalyticsArg;
use berth_api::context::Context;
use berth_api::{ApiError, ErrorCode};
use berth_app::history_figures;
use berth_charts::{ChartError, Skin, svg};

use super::answer::{Asked, download, read, refuse};
use super::caller::Caller;

/// Of a picture, in pixels.
const WIDTH: u32 = 960;

pub async fn file(
    Caller(context): Caller,
    Path(file): Path<String>,
    asked: Asked<AnalyticsArg>,
) -> Response {
    match made(&context, &file, asked).await {
        Ok((kind, text)) => download(&format!("berth-{file}"), kind, text),
        Err(error) => refuse(&error),
    }
}

/// What kind of text it is, and the text.
async fn made(
    context: &Context,
    file: &str,
    asked: Asked<AnalyticsArg>,
) -> Result<(&'static str, String), ApiError> {
    let asked = read(asked)?;
    let told = context.analytics(asked).await?;
    let figures = history_figures(&told);
    let (id, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let figure = figures.iter().find(|figure| figure.id == id);
    let figure = figure
        .filter(|_| matches!(ending, "csv" | "svg"))
        .ok_or_else(|| {
            let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
            let sentence = format!(
                "There is no figure '{}'. There are {}, each as .csv and .svg.",
                file.escape_debug(),
                ids.join(", ")
            );
            ApiError::new(ErrorCode::NotFound, sentence)
        })?;
    if ending == "csv" {
        return Ok(("text/csv; charset=utf-8", figure.csv()));
    }
    let drawn = svg(figure, WIDTH, Skin::Document).map_err(|error| match error {
        ChartError::Empty => ApiError::new(
            ErrorCode::NotFound,
            "Nothing is known of this in the range, so there is nothing to draw.",
        ),
        ChartError::Drawing(why) => {
            tracing::error!(%why, id, "a figure cannot be drawn");
            ApiError::new(ErrorCode::Internal, "The figure cannot be drawn.")
        }
    })?;
    Ok(("image/svg+xml", drawn))
}
