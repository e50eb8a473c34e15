//! A GPU's sample as `berth-server node` prints it: the names of the JSON are fixed, because scripts
//! read them.

use std::collections::BTreeMap;
use std::fmt::Write;

use berth_domain::{Figure, Gpu, GpuProcess, GpuSample, JobId, Throttle};
use serde::Serialize;

const MIB: u64 = 1024 * 1024;

/// Units are in the names: per cent, bytes, watts, degrees Celsius, megahertz.
#[derive(Debug, Serialize)]
pub struct Row {
    index: u32,
    uuid: String,
    model: Option<String>,
    busy_pct: Option<f32>,
    sm_active_pct: Option<f32>,
    tensor_active_pct: Option<f32>,
    mem_used_b: Option<u64>,
    mem_total_b: Option<u64>,
    power_w: Option<f32>,
    power_limit_w: Option<f32>,
    temp_c: Option<f32>,
    sm_clock_mhz: Option<u32>,
    throttle: Option<Vec<Throttle>>,
    ecc_uncorrected: Option<u64>,
    processes: Option<Vec<Process>>,
    /// Of each that is null, by its name.
    why: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct Process {
    pid: u32,
    user: Option<String>,
    mem_b: Option<u64>,
    job: Option<JobId>,
}

impl From<&GpuProcess> for Process {
    fn from(process: &GpuProcess) -> Self {
        Process {
            pid: process.pid,
            user: process.user.clone(),
            mem_b: process.mem_bytes,
            job: process.attempt.map(|attempt| attempt.job),
        }
    }
}

impl Row {
    /// `problems`: what the inventory could not read, in sentences.
    pub fn new(gpu: &Gpu, samples: &[GpuSample], problems: &[String]) -> Self {
        let nothing = GpuSample::of(gpu.uuid.clone());
        let found = samples.iter().find(|sample| sample.gpu == gpu.uuid);
        let sample = found.unwrap_or(&nothing);
        let processes = sample.processes.as_ref();
        let mut row = Row {
            index: gpu.index,
            uuid: gpu.uuid.0.clone(),
            model: (gpu.model != Gpu::UNKNOWN_MODEL).then(|| gpu.model.clone()),
            busy_pct: sample.busy_pct,
            sm_active_pct: sample.sm_active_pct,
            tensor_active_pct: sample.tensor_active_pct,
            mem_used_b: sample.mem_used_bytes,
            mem_total_b: (gpu.mem_total_bytes != 0).then_some(gpu.mem_total_bytes),
            power_w: sample.power_w,
            power_limit_w: sample.power_limit_w,
            temp_c: sample.temp_c,
            sm_clock_mhz: sample.sm_clock_mhz,
            throttle: sample.throttle.clone(),
            ecc_uncorrected: sample.ecc_uncorrected,
            processes: processes.map(|all| all.iter().map(Process::from).collect()),
            why: BTreeMap::new(),
        };
        let of_inventory = |what: &str| {
            let start = format!("The {what} of GPU {} ", gpu.index);
            let problem = problems.iter().find(|problem| problem.starts_with(&start));
            problem.map_or_else(|| "the driver does not tell it".to_owned(), Clone::clone)
        };
        let of_sample = |figure: Figure| {
            let why = sample.why.get(&figure).or(sample.why.get(&Figure::Gpu));
            why.map_or_else(|| "it was not read".to_owned(), Clone::clone)
        };
        let absent = [
            ("model", row.model.is_none(), None),
            ("mem_total_b", row.mem_total_b.is_none(), None),
            ("busy_pct", row.busy_pct.is_none(), Some(Figure::Busy)),
            (
                "sm_active_pct",
                row.sm_active_pct.is_none(),
                Some(Figure::SmActive),
            ),
            (
                "tensor_active_pct",
                row.tensor_active_pct.is_none(),
                Some(Figure::TensorActive),
            ),
            ("mem_used_b", row.mem_used_b.is_none(), Some(Figure::Memory)),
            ("power_w", row.power_w.is_none(), Some(Figure::Power)),
            (
                "power_limit_w",
                row.power_limit_w.is_none(),
                Some(Figure::PowerLimit),
            ),
            ("temp_c", row.temp_c.is_none(), Some(Figure::Temperature)),
            (
                "sm_clock_mhz",
                row.sm_clock_mhz.is_none(),
                Some(Figure::SmClock),
            ),
            ("throttle", row.throttle.is_none(), Some(Figure::Throttle)),
            (
                "ecc_uncorrected",
                row.ecc_uncorrected.is_none(),
                Some(Figure::EccUncorrected),
            ),
            (
                "processes",
                row.processes.is_none(),
                Some(Figure::Processes),
            ),
        ];
        let absent = absent.into_iter().filter(|(_, absent, _)| *absent);
        row.why = absent
            .map(|(name, _, figure)| {
                let inventory = if name == "model" { "model" } else { "memory" };
                let why = figure.map_or_else(|| of_inventory(inventory), of_sample);
                (name, why)
            })
            .collect();
        row
    }
}

/// For people. What is not known is a dash; why, below.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<3} {:<24} {:>5} {:>7} {:>7} {:>17} {:>11} {:>5} {:>9}  {}\n",
        "GPU",
        "model",
        "busy",
        "working",
        "tensor",
        "memory MiB",
        "power W",
        "C",
        "clock MHz",
        "processes"
    );
    for row in rows {
        let processes = row.processes.as_ref().map(|all| {
            let each: Vec<String> = all.iter().map(Process::words).collect();
            each.join(", ")
        });
        let of =
            |used: Option<String>, all: Option<String>| format!("{}/{}", dash(used), dash(all));
        let mib = |bytes: Option<u64>| bytes.map(|bytes| (bytes / MIB).to_string());
        let whole = |number: Option<f32>| number.map(|number| format!("{number:.0}"));
        let _ = writeln!(
            text,
            "{:<3} {:<24} {:>5} {:>7} {:>7} {:>17} {:>11} {:>5} {:>9}  {}",
            row.index,
            dash(row.model.clone()),
            dash(whole(row.busy_pct)),
            dash(whole(row.sm_active_pct)),
            dash(whole(row.tensor_active_pct)),
            of(mib(row.mem_used_b), mib(row.mem_total_b)),
            of(whole(row.power_w), whole(row.power_limit_w)),
            dash(whole(row.temp_c)),
            dash(row.sm_clock_mhz.map(|clock| clock.to_string())),
            dash(processes),
        );
    }
    for row in rows {
        for (name, why) in &row.why {
            let _ = writeln!(text, "GPU {}: {name}: {why}", row.index);
        }
    }
    text
}

impl Process {
    fn words(&self) -> String {
        let user = self.user.as_deref().unwrap_or("-");
        match self.job {
            Some(job) => format!("{} {user} job {job}", self.pid),
            None => format!("{} {user}", self.pid),
        }
    }
}

fn dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}
