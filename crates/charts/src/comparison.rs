//! Policies beside each other on one load: how the waits are spread, and four numbers as bars.
//!
//! Each policy has a colour, a pattern of its line, and its name beside every bar.

use plotters::coord::combinators::BindKeyPoints;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::pen::{Area, Drawn, block, dash, line, to_i32, whole, write};
use crate::theme::{self, Colour, GRID, INK, MUTED, PAPER, SERIES};
use crate::{ChartError, words};

/// What a policy did with the load. Times in minutes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    pub name: String,
    /// Of each job, in any order.
    pub waits_min: Vec<f64>,
    pub wait_mean_min: f64,
    pub wait_p95_min: f64,
    /// Mean delay until ten minutes of service.
    pub d10_mean_min: f64,
    pub worst_user_slowdown: f64,
}

const WIDTH: u32 = 960;
const TITLE: u32 = 52;
const CURVES: u32 = 330;
/// The legend: names in a row, and the space of each.
const IN_A_ROW: u32 = 6;
const NAME: u32 = 150;
const LINE: u32 = 24;
/// Above and below the lines of a row of bars.
const BARS_HEAD: u32 = 40;
const BARS_FOOT: u32 = 20;
/// Where the axis has a tick, in minutes.
const TICKS: [f64; 9] = [
    1.0, 10.0, 60.0, 360.0, 1440.0, 4320.0, 10_080.0, 43_200.0, 129_600.0,
];
/// Draws the comparison as a complete SVG document, for light and dark pages.
///
/// # Errors
/// When there is no policy, or no job.
pub fn comparison(title: &str, policies: &[Compared]) -> Result<String, ChartError> {
    if policies.iter().all(|policy| policy.waits_min.is_empty()) {
        return Err(ChartError::Empty);
    }
    let lines = u32::try_from(policies.len()).unwrap_or(u32::MAX).min(1000);
    let heights = Heights {
        legend: LINE * lines.div_ceil(IN_A_ROW) + 8,
        bars: BARS_HEAD + LINE * lines + BARS_FOOT,
    };
    let mut svg = String::new();
    draw(&mut svg, &heights, title, policies)
        .map_err(|error| ChartError::Drawing(error.to_string()))?;
    Ok(theme::dressed(&svg, title))
}

/// Of what grows with the number of policies.
struct Heights {
    legend: u32,
    bars: u32,
}

fn draw(svg: &mut String, heights: &Heights, title: &str, policies: &[Compared]) -> Drawn {
    let height = TITLE + heights.legend + CURVES + 2 * heights.bars;
    let root = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    root.fill(&PAPER.rgb())?;
    let (head, rest) = root.split_vertically(TITLE);
    let jobs = policies.first().map_or(0, |policy| policy.waits_min.len());
    write(&head, title, (24, 12), 20, INK, HPos::Left)?;
    write(
        &head,
        &format!("{jobs} jobs"),
        (936, 16),
        15,
        MUTED,
        HPos::Right,
    )?;
    let (legend, rest) = rest.split_vertically(heights.legend);
    draw_legend(&legend, policies)?;
    let (curves, rest) = rest.split_vertically(CURVES);
    draw_curves(&curves, policies)?;
    let (upper, lower) = rest.split_vertically(heights.bars);
    let (left, right) = upper.split_horizontally(WIDTH / 2);
    draw_bars(
        &left,
        "Mean wait",
        policies,
        |one| one.wait_mean_min,
        words::minutes,
    )?;
    let p95 = "Wait that 95 % stay below";
    draw_bars(
        &right,
        p95,
        policies,
        |one| one.wait_p95_min,
        words::minutes,
    )?;
    let (left, right) = lower.split_horizontally(WIDTH / 2);
    let d10 = "Mean delay of the first ten minutes";
    draw_bars(&left, d10, policies, |one| one.d10_mean_min, words::minutes)?;
    let worst = "Slowdown of the worst-off user";
    draw_bars(
        &right,
        worst,
        policies,
        |one| one.worst_user_slowdown,
        words::times,
    )?;
    root.present()?;
    Ok(())
}

fn series(place: usize) -> Colour {
    SERIES[place % SERIES.len()]
}

/// The share of jobs that waited at most so long, by policy.
fn draw_curves(area: &Area<'_>, policies: &[Compared]) -> Drawn {
    let waits = policies.iter().flat_map(|policy| &policy.waits_min);
    let longest = waits.copied().fold(60.0, f64::max) * 1.05;
    let ticks: Vec<f64> = TICKS.into_iter().filter(|tick| *tick <= longest).collect();
    let heading = "Share of jobs that waited at most so long";
    write(area, heading, (24, 0), 16, INK, HPos::Left)?;
    let label = ("sans-serif", 14).into_font().color(&MUTED.rgb());
    let mut chart = ChartBuilder::on(area)
        .margin_top(28)
        .margin_left(12)
        .margin_right(30)
        .margin_bottom(8)
        .x_label_area_size(34)
        .y_label_area_size(56)
        .build_cartesian_2d(
            (1.0..longest).log_scale().with_key_points(ticks),
            0.0..100.0_f64,
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.rgb())
        .axis_style(MUTED.rgb())
        .label_style(label)
        .x_label_formatter(&|minutes| words::tick(*minutes))
        .y_label_formatter(&|percent| format!("{percent:.0}%"))
        .y_labels(6)
        .draw()?;
    for (place, policy) in policies.iter().enumerate() {
        let points = curve(&policy.waits_min, longest);
        let style = series(place).rgb().stroke_width(2);
        match dash(place) {
            None => chart.draw_series(LineSeries::new(points, style))?,
            Some((dash, gap)) => {
                chart.draw_series(DashedLineSeries::new(points, dash, gap, style))?
            }
        };
    }
    Ok(())
}

/// Names with their lines.
fn draw_legend(area: &Area<'_>, policies: &[Compared]) -> Drawn {
    for ((place, policy), at) in policies.iter().enumerate().zip(0u32..) {
        let x = 24 + to_i32(NAME * (at % IN_A_ROW));
        let y = to_i32(LINE * (at / IN_A_ROW));
        line(area, &[(x, y + 7), (x + 40, y + 7)], series(place), place)?;
        write(area, &policy.name, (x + 48, y), 15, INK, HPos::Left)?;
    }
    Ok(())
}

/// Points of the curve, as far apart on the logarithmic axis as can be seen.
fn curve(waits_min: &[f64], longest: f64) -> Vec<(f64, f64)> {
    const POINTS: u32 = 240;
    let mut sorted = waits_min.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(sorted.len()).unwrap_or(u32::MAX)).max(1.0);
    let at = |point: u32| {
        let wait = longest.powf(f64::from(point) / f64::from(POINTS));
        let below = sorted.partition_point(|other| *other <= wait);
        let below = f64::from(u32::try_from(below).unwrap_or(u32::MAX));
        (wait, 100.0 * below / count)
    };
    (0..=POINTS).map(at).collect()
}

/// One number of each policy; less is better in all of them.
fn draw_bars(
    area: &Area<'_>,
    heading: &str,
    policies: &[Compared],
    of: fn(&Compared) -> f64,
    say: fn(f64) -> String,
) -> Drawn {
    write(area, heading, (24, 10), 16, INK, HPos::Left)?;
    let most = policies.iter().map(of).fold(0.0, f64::max).max(1e-9);
    for ((place, policy), line) in policies.iter().enumerate().zip(0..) {
        let y = to_i32(BARS_HEAD) + to_i32(LINE) * line;
        write(area, &policy.name, (148, y + 2), 15, INK, HPos::Right)?;
        let value = of(policy);
        let end = 158 + whole(220.0 * value / most).max(1);
        block(area, (158, y), (end, y + 15), series(place))?;
        write(area, &say(value), (end + 8, y + 2), 15, INK, HPos::Left)?;
    }
    Ok(())
}
