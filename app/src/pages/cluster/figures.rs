//! Everything that is read of a node's GPUs, in a table that is opened when it is wanted.

use berth_api::views::GpuView;
use berth_domain::NodeName;
use leptos::prelude::*;

use crate::format;
use crate::live::Live;
use crate::texts::{cluster as t, common, gpus, units};

const UNKNOWN: &str = "—";

const COLUMNS: [&str; 12] = [
    common::BUSY,
    common::WORKING,
    t::OCCUPANCY,
    t::TENSOR,
    common::MEMORY,
    common::POWER,
    t::TEMP,
    t::CLOCK,
    t::SLOWED_BY,
    t::PCIE,
    t::NVLINK,
    t::MEMORY_ERRORS,
];

pub(super) fn table(node: &NodeName, gpus: &[u32]) -> AnyView {
    let head = COLUMNS.map(|column| view! { <th scope="col" class="num">{column}</th> });
    let rows: Vec<AnyView> = gpus.iter().map(|index| row(node, *index)).collect();
    view! {
        <details class="gpu-figures">
            <summary>{t::ALL_FIGURES}</summary>
            <div class="table-wrap" tabindex="0" role="region" aria-label=t::figures_of(node)>
                <table class="figures">
                    <caption class="visually-hidden">{t::FIGURES_OF} {node.to_string()}</caption>
                    <thead>
                        <tr>
                            <th scope="col" class="num">{common::GPU}</th>
                            {head.collect_view()}
                            <th scope="col">{common::PROCESSES}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn row(node: &NodeName, index: u32) -> AnyView {
    let Some(cell) = Live::here().gpu(node, index) else {
        return ().into_any();
    };
    let gpu: Signal<GpuView> = cell.gpu.into();
    let cells = move || {
        gpu.with(cells)
            .map(|text| view! { <td class="num">{text}</td> })
    };
    view! {
        <tr title=move || gpu.with(GpuView::unknown)>
            <th scope="row" class="num">{index}</th>
            {move || cells().collect_view()}
            <td class="figures-processes">{move || gpu.with(processes)}</td>
        </tr>
    }
    .into_any()
}

fn cells(gpu: &GpuView) -> [String; 12] {
    let pct = |figure: Option<f32>| {
        figure.map_or(UNKNOWN.to_owned(), |pct| {
            format!("{}%", format::percent(pct))
        })
    };
    let memory = gpu.mem_used_bytes.map(|used| match gpu.mem_total_bytes {
        0 => units::gib(&format::gib(used)),
        total => gpus::memory(&format::gib(used), &format::gib(total)),
    });
    let power = gpu.power_w.map(|power| match gpu.power_limit_w {
        Some(limit) => t::watts_of(power, limit),
        None => format!("{power:.0} W"),
    });
    let slowed = gpu.throttle.as_ref().map(|reasons| {
        let words: Vec<&str> = reasons.iter().map(|reason| reason.words()).collect();
        if words.is_empty() {
            t::SLOWED_BY_NOTHING.to_owned()
        } else {
            words.join(", ")
        }
    });
    let errors = gpu.ecc_uncorrected.map(|lost| match gpu.ecc_corrected {
        Some(mended) => t::lost_and_mended(lost, mended),
        None => lost.to_string(),
    });
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
    [
        pct(gpu.busy_pct),
        pct(gpu.sm_active_pct),
        pct(gpu.sm_occupancy_pct),
        pct(gpu.tensor_active_pct),
        or_unknown(memory),
        or_unknown(power),
        or_unknown(gpu.temp_c.map(|temp| format!("{temp:.0} °C"))),
        or_unknown(gpu.sm_clock_mhz.map(|mhz| format!("{mhz} MHz"))),
        or_unknown(slowed),
        both(gpu.pcie_rx_bytes, gpu.pcie_tx_bytes),
        both(gpu.nvlink_rx_bytes, gpu.nvlink_tx_bytes),
        or_unknown(errors),
    ]
}

/// Bytes a second in both directions.
fn both(into: Option<u64>, out: Option<u64>) -> String {
    match (into, out) {
        (None, None) => UNKNOWN.to_owned(),
        (into, out) => {
            let one = |bytes: Option<u64>| bytes.map_or(UNKNOWN.to_owned(), rate);
            format!("{}, {}", one(into), one(out))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
fn rate(bytes: u64) -> String {
    let bytes = bytes as f64;
    match bytes {
        _ if bytes >= 1e9 => format!("{:.1} GB/s", bytes / 1e9),
        _ if bytes >= 1e6 => format!("{:.0} MB/s", bytes / 1e6),
        _ => format!("{:.0} kB/s", bytes / 1e3),
    }
}

/// `ana 1234 (12 GiB, 80%)`, one after another.
fn processes(gpu: &GpuView) -> String {
    let Some(all) = &gpu.processes else {
        return UNKNOWN.to_owned();
    };
    let one = |process: &berth_domain::GpuProcess| {
        let memory = process
            .mem_bytes
            .map(|bytes| units::gib(&format::gib(bytes)));
        let use_of = process
            .sm_pct
            .map(|pct| format!("{}%", format::percent(pct)));
        let figures: Vec<String> = memory.into_iter().chain(use_of).collect();
        let figures = if figures.is_empty() {
            String::new()
        } else {
            format!(" ({})", figures.join(", "))
        };
        let user = process.user.as_deref().unwrap_or(t::USER_UNKNOWN);
        format!("{user} {}{figures}", process.pid)
    };
    if all.is_empty() {
        t::NO_PROCESS.to_owned()
    } else {
        all.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}
