//! How a made-up GPU behaves: idle it is cool and dark; leased it warms up, works in slow waves,
//! stalls for data now and then, and its power, clock and temperature follow. A function of time and
//! attempt alone, so that a reload shows the same.

use berth_domain::{AttemptId, GpuSample, GpuUuid, SampleSource, Timestamp};

use crate::inventory;
use crate::sampler::Leased;

const GIB: f32 = 1024.0 * 1024.0 * 1024.0;
/// A job loads its data and compiles its kernels before it works.
const WARM_UP_S: f32 = 15.0;
const IDLE_W: f32 = 70.0;
const IDLE_C: f32 = 31.0;
/// What a GPU draws above idle, and warms, at full work.
const WORK_W: f32 = 600.0;
const WORK_C: f32 = 38.0;
const LIMIT_W: f32 = 700.0;
const MOST_MHZ: u32 = 1980;
const IDLE_MHZ: u32 = 345;

#[derive(Debug)]
pub struct SimulatedGpus {
    gpus: Vec<GpuUuid>,
}

impl SimulatedGpus {
    pub(crate) fn new(nodes: u32, gpus: u32) -> Self {
        let nodes = inventory::simulated(nodes, gpus);
        SimulatedGpus {
            gpus: nodes
                .into_iter()
                .flat_map(|node| node.gpus)
                .map(|g| g.uuid)
                .collect(),
        }
    }

    pub(crate) fn sample(&self, leased: &[Leased], now: Timestamp) -> Vec<GpuSample> {
        let of = |uuid: &GpuUuid| leased.iter().find(|leased| leased.gpu == *uuid);
        self.gpus
            .iter()
            .map(|uuid| sample(uuid, of(uuid), now))
            .collect()
    }
}

fn sample(uuid: &GpuUuid, leased: Option<&Leased>, now: Timestamp) -> GpuSample {
    let own = noise(uuid.as_str(), 0);
    let (busy, memory_gib) = leased.map_or((0.0, 0.0), |leased| working(uuid, leased, now));
    let work = busy / 100.0;
    GpuSample {
        source: SampleSource::Simulated,
        busy_pct: Some(busy.round()),
        // Kernels are there more often than all multiprocessors have work.
        sm_active_pct: Some((busy * (0.62 + 0.28 * own)).round()),
        power_limit_w: Some(LIMIT_W),
        sm_clock_mhz: Some(if busy > 0.0 { MOST_MHZ } else { IDLE_MHZ }),
        throttle: Some(vec![]),
        mem_used_bytes: Some(bytes(memory_gib)),
        power_w: Some((IDLE_W + 6.0 * own + WORK_W * work).round()),
        temp_c: Some((IDLE_C + 4.0 * own + WORK_C * work).round()),
        ..GpuSample::of(uuid.clone())
    }
}

/// Busy in percent, and memory in GiB.
fn working(uuid: &GpuUuid, leased: &Leased, now: Timestamp) -> (f32, f32) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a picture needs no exact seconds"
    )]
    let age = now.duration_since(leased.since).as_secs_f64().max(0.0) as f32;
    let warm = (age / WARM_UP_S).min(1.0);
    let AttemptId { job, number } = leased.attempt;
    let kind = noise("job", job.0 * 31 + u64::from(number));
    let phase = noise(uuid.as_str(), job.0) * std::f32::consts::TAU;
    let level = 84.0 + 12.0 * kind;
    let wave = 3.5 * (age / 23.0 + phase).sin() + 1.5 * (age / 5.0 + phase).sin();
    // Some jobs wait for their data every half minute or so.
    let stall = if kind > 0.6 && (age / 31.0 + phase) % 1.0 < 0.12 {
        45.0
    } else {
        0.0
    };
    let busy = warm * (level + wave - stall).clamp(0.0, 100.0);
    (busy, warm * (18.0 + 52.0 * kind))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 80 GiB"
)]
fn bytes(gib: f32) -> u64 {
    (gib.max(0.0) * GIB) as u64
}

/// A number from 0 to 1 that looks random (FNV-1a).
fn noise(text: &str, salt: u64) -> f32 {
    let bytes = text.bytes().chain(salt.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    f32::from(u16::try_from(hash >> 48).unwrap_or(0)) / f32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use berth_domain::JobId;

    use super::*;

    #[test]
    fn leased_gpus_work_and_others_do_not() {
        let gpus = SimulatedGpus::new(1, 2);
        let attempt = AttemptId {
            job: JobId(3),
            number: 1,
        };
        let leased = Leased {
            gpu: gpus.gpus[0].clone(),
            since: Timestamp::UNIX_EPOCH,
            attempt,
        };
        let later = Timestamp::from_second(600).unwrap();
        let found = gpus.sample(&[leased], later);
        assert!(found[0].busy_pct > Some(30.0) && found[0].power_w > Some(200.0));
        assert!(found[0].mem_used_bytes > Some(10 * 1024 * 1024 * 1024));
        assert_eq!(found[1].busy_pct, Some(0.0));
        assert_eq!(found[1].mem_used_bytes, Some(0));
    }

    #[test]
    fn figures_stay_possible() {
        let gpus = SimulatedGpus::new(1, 8);
        for second in 0..900 {
            let attempt = AttemptId {
                job: JobId(second % 7),
                number: 1,
            };
            let lease = |gpu: &GpuUuid| Leased {
                gpu: gpu.clone(),
                since: Timestamp::UNIX_EPOCH,
                attempt,
            };
            let leased: Vec<Leased> = gpus.gpus.iter().map(lease).collect();
            let now = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
            for found in gpus.sample(&leased, now) {
                assert!((0.0..=100.0).contains(&found.busy_pct.unwrap()));
                assert!((60.0..=700.0).contains(&found.power_w.unwrap()));
                assert!((25.0..=85.0).contains(&found.temp_c.unwrap()));
                assert!(found.mem_used_bytes.unwrap() <= 80 * 1024 * 1024 * 1024);
            }
        }
    }
}
