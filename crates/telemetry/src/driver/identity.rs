//! What each GPU is, and which of them NVLink joins.

use std::collections::BTreeSet;
use std::sync::Arc;

use berth_domain::Gpu;
use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::{P2pCapabilitiesIndex, P2pStatus};
use tokio::task::JoinSet;

use super::gpu::Watched;
use super::lane::{Desk, Silence};

/// A GPU that can be leased.
#[derive(Clone, Debug)]
struct Found {
    watched: Arc<Watched>,
    handle: Arc<Device<'static>>,
    gpu: Gpu,
    /// Domain, bus and device.
    place: Option<(u32, u32, u32)>,
    /// What is not known of it, and why.
    unknown: Vec<(&'static str, String)>,
}

/// Those that can be leased, in the order of the PCI bus, and what could not be read, in sentences.
pub(super) async fn all(gpus: &[Arc<Watched>]) -> (Vec<Gpu>, Vec<String>) {
    let mut asked: JoinSet<_> = gpus.iter().map(|gpu| one(gpu.clone())).collect();
    let mut problems = Vec::new();
    let mut found = Vec::new();
    while let Some(answer) = asked.join_next().await {
        match answer {
            Ok(Ok(gpu)) => found.push(gpu),
            Ok(Err(problem)) => problems.push(problem),
            Err(error) => problems.push(error.to_string()),
        }
    }
    problems.sort();
    found.sort_by_key(|found: &Found| found.watched.index);
    let whole = found.len() == gpus.len();
    if whole && found.iter().all(|found| found.place.is_some()) {
        // As CUDA counts them with CUDA_DEVICE_ORDER=PCI_BUS_ID; the library promises no order.
        found.sort_by_key(|found| found.place);
        for (index, found) in (0..).zip(&mut found) {
            found.gpu.index = index;
        }
    }
    for Found { gpu, unknown, .. } in &found {
        let index = gpu.index;
        let sentence = |(what, why): &(&str, String)| {
            format!("The {what} of GPU {index} is not known: {why}.")
        };
        problems.extend(unknown.iter().map(sentence));
        if gpu.mig {
            problems.push(format!(
                "GPU {index} is cut into slices (MIG), and is leased as a whole all the same."
            ));
        }
    }
    join(&mut found).await;
    (found.into_iter().map(|found| found.gpu).collect(), problems)
}

/// A GPU without its UUID cannot be leased; one without anything else can.
async fn one(watched: Arc<Watched>) -> Result<Found, String> {
    let index = watched.index;
    let own = watched.clone();
    let answer = watched.lane.ask(move |desk| {
        let handle = own.find(desk)?;
        Ok(identify(desk, own.clone(), handle))
    });
    let no_thread = || Err(Silence::NotAsked("no thread can be started to ask it"));
    let found: Result<Found, Silence> = answer.await.unwrap_or_else(no_thread);
    found.map_err(|silence| format!("GPU {index} cannot be leased: {silence}."))
}

fn identify(desk: &Desk, watched: Arc<Watched>, handle: Arc<Device<'static>>) -> Found {
    let mut unknown = Vec::new();
    let mut or_say = |what, silence: Silence| unknown.push((what, silence.to_string()));
    let name = desk.call("nvmlDeviceGetName", || handle.name());
    let model = name.unwrap_or_else(|silence| {
        or_say("model", silence);
        Gpu::UNKNOWN_MODEL.to_owned()
    });
    let memory = desk.call("nvmlDeviceGetMemoryInfo_v2", || handle.memory_info());
    let memory = memory.map_err(|silence| or_say("memory", silence));
    let pci = desk.call("nvmlDeviceGetPciInfo_v3", || handle.pci_info());
    let pci = pci
        .map_err(|silence| or_say("place on the PCI bus", silence))
        .ok();
    // Most cards have none.
    let mig = desk.call("nvmlDeviceGetMigMode", || handle.mig_mode());
    let uuid = watched.uuid().unwrap_or_default();
    let total = memory.map_or(0, |memory| memory.total);
    let gpu = Gpu {
        pci: pci.as_ref().map(|pci| pci.bus_id.clone()),
        mig: mig.is_ok_and(|mode| mode.current == 1),
        ..Gpu::new(watched.index, uuid, &model, total)
    };
    Found {
        watched,
        handle,
        gpu,
        place: pci.map(|pci| (pci.domain, pci.bus, pci.device)),
        unknown,
    }
}

/// Numbers the groups of GPUs that reach each other through NVLink. If the driver does not say so
/// of any pair, none is numbered.
async fn join(found: &mut [Found]) {
    let mut asked = JoinSet::new();
    for (one, first) in found.iter().enumerate() {
        let others: Vec<_> = found[..one]
            .iter()
            .map(|other| other.handle.clone())
            .collect();
        asked.spawn(peers(first.clone(), one, others));
    }
    let mut islands: Vec<usize> = (0..found.len()).collect();
    while let Some(answer) = asked.join_next().await {
        let Ok(Some((one, peers))) = answer else {
            return;
        };
        for other in peers {
            let (keep, join) = (islands[other], islands[one]);
            for island in &mut islands {
                if *island == join {
                    *island = keep;
                }
            }
        }
    }
    let numbers: BTreeSet<usize> = islands.iter().copied().collect();
    for (gpu, island) in found.iter_mut().zip(islands) {
        let number = numbers.range(..island).count();
        gpu.gpu.nvlink_island = u32::try_from(number).ok();
    }
}

/// Which of the others this one is joined with; `None` where the driver does not say so of one.
async fn peers(
    found: Found,
    one: usize,
    others: Vec<Arc<Device<'static>>>,
) -> Option<(usize, Vec<usize>)> {
    let handle = found.handle.clone();
    let answer = found.watched.lane.ask(move |desk| {
        let mut joined = Vec::new();
        for (index, other) in others.iter().enumerate() {
            let ask = || handle.p2p_status(other, P2pCapabilitiesIndex::NvLink);
            let status = desk.call("nvmlDeviceGetP2PStatus", ask).ok()?;
            joined.extend((status == P2pStatus::Ok).then_some(index));
        }
        Some(joined)
    });
    Some((one, answer.await??))
}
