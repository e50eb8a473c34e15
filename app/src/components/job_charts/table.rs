//! The charts' numbers as a table, for those who do not see them.

use berth_api::charts::{ChartMetric, ChartsAnswer};
use leptos::prelude::*;

use super::{Shown, about, figure};
use crate::components::moment::Moment;
use crate::texts::{common, job_charts as t};

/// A table of so many rows is read; steps are gathered into them.
const ROWS: usize = 24;

#[component]
pub fn ChartTable(shown: Shown) -> impl IntoView {
    let heads = ChartMetric::ALL.map(|metric| {
        let (name, unit, _) = about(metric);
        view! { <th scope="col">{name} <small>{unit}</small></th> }
    });
    let rows = move || {
        shown.charts.with(|charts| {
            let row = |(first, cells): (usize, Vec<Option<[f32; 3]>>)| {
                let cells = cells.into_iter().map(|cell| match cell {
                    Some([min, avg, max]) => view! {
                        <td>{figure(avg)} <small>{format!(" {}–{}", figure(min), figure(max))}</small></td>
                    }
                    .into_any(),
                    None => view! { <td title=common::NOT_OBSERVED>"—"</td> }.into_any(),
                });
                view! {
                    <tr>
                        <th scope="row"><Moment at=charts.at(first) /></th>
                        {cells.collect_view()}
                    </tr>
                }
            };
            gathered(charts).into_iter().map(row).collect_view()
        })
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=t::AS_A_TABLE_TOLD>
            <table class="table num">
                <thead>
                    <tr><th scope="col">{common::FROM}</th>{heads.collect_view()}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The first step of each row, and the least, mean and most of each metric in it.
fn gathered(charts: &ChartsAnswer) -> Vec<(usize, Vec<Option<[f32; 3]>>)> {
    let each = charts.steps.div_ceil(ROWS).max(1);
    let starts = (0..charts.steps).step_by(each);
    let row = |first: usize| {
        let cell = |metric: ChartMetric| {
            let bands = &charts.of(metric)?.bands;
            let bands = bands.get(first..(first + each).min(bands.len()))?;
            together(bands.iter().flatten())
        };
        (first, ChartMetric::ALL.map(cell).to_vec())
    };
    starts.map(row).collect()
}

fn together<'a>(bands: impl Iterator<Item = &'a [f32; 3]>) -> Option<[f32; 3]> {
    let (mut least, mut sum, mut most, mut count) = (f32::MAX, 0.0, f32::MIN, 0.0);
    for [min, avg, max] in bands {
        least = least.min(*min);
        most = most.max(*max);
        sum += avg;
        count += 1.0;
    }
    (count > 0.0).then_some([least, sum / count, most])
}

#[cfg(test)]
mod tests {
    use berth_api::charts::ChartSeries;
    use berth_domain::Timestamp;

    use super::*;

    #[test]
    fn many_steps_are_few_rows() {
        let bands = (0_u8..100).map(|n| (n != 0).then_some([f32::from(n); 3]));
        let charts = ChartsAnswer {
            since: Timestamp::UNIX_EPOCH,
            step_s: 10,
            steps: 100,
            gpus: vec![],
            series: vec![ChartSeries {
                metric: ChartMetric::Busy,
                bands: bands.collect(),
            }],
            usage: None,
        };
        let rows = gathered(&charts);
        assert_eq!(rows.len(), 20);
        assert_eq!(rows[0].1[1], Some([1.0, 2.5, 4.0]));
        assert_eq!(rows[0].1[2], None);
        assert_eq!(rows[19].0, 95);
    }
}
