//! From what was observed to the choice. In this order: what was set by hand, the Ray cluster that
//! `RAY_ADDRESS` names, a Ray head on this host, this host's GPUs, and a simulated cluster, so that
//! the first start always shows something that works. Hosts in `~/.ssh/config` are never chosen by
//! themselves: they may be anybody's.
//!
//! Each signal has a weight. The confidence is the chosen kind's: 1 less the product of what its
//! signals leave open, and less what Slurm or Kubernetes speak against it.

use berth_domain::{ClusterKind, Detection, Signal, SignalName};

use crate::observed::{ByHand, Gpus, Head, Observed, RayHead};

/// What is simulated when there is nothing else.
const SIMULATION: &str = "2x8";
/// The choice of a host where everything was looked at and nothing is.
const NOTHING_THERE: f64 = 0.9;
/// The same where a driver is broken: there may be GPUs.
const DRIVER_BROKEN: f64 = 0.4;
const LEAST: f64 = 0.05;

/// Where jobs are to run, with what is needed to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Ray {
        address: String,
    },
    Ssh {
        hosts: Vec<String>,
    },
    Local,
    /// `2x8`
    Simulated {
        size: String,
    },
}

impl Choice {
    #[must_use]
    pub fn kind(&self) -> ClusterKind {
        match self {
            Choice::Ray { .. } => ClusterKind::Ray,
            Choice::Ssh { .. } => ClusterKind::Ssh,
            Choice::Local => ClusterKind::Local,
            Choice::Simulated { .. } => ClusterKind::Simulated,
        }
    }
}

/// The choice, and the signals that speak for and against it.
#[must_use]
pub fn choose(seen: &Observed) -> (Choice, Detection) {
    let signals: Vec<Signal> = [
        seen.by_hand.as_ref().map(by_hand),
        seen.ray_address
            .as_ref()
            .map(|(text, head)| ray_address(text, head)),
        seen.ray_head.as_ref().and_then(ray_head),
        local_gpus(&seen.gpus),
        ssh_config(&seen.ssh_hosts),
        beside(SignalName::Slurm, &seen.slurm, SLURM),
        beside(SignalName::Kubernetes, &seen.kubernetes, KUBERNETES),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (choice, sentence) = choice(seen);
    let kind = choice.kind();
    let absent = |name: &SignalName| signals.iter().all(|signal| signal.name != *name);
    let detection = Detection {
        kind,
        confidence: confidence(seen, kind, &signals),
        sentence,
        absent: SignalName::ALL.into_iter().filter(absent).collect(),
        signals,
    };
    (choice, detection)
}

fn choice(seen: &Observed) -> (Choice, String) {
    if let Some(by_hand) = &seen.by_hand {
        let choice = match by_hand.clone() {
            ByHand::Ray(address) => Choice::Ray { address },
            ByHand::Ssh(hosts) => Choice::Ssh { hosts },
            ByHand::Local => Choice::Local,
            ByHand::Simulate(size) => Choice::Simulated { size },
        };
        return (choice, "as asked for".to_owned());
    }
    if let Some((_, head)) = &seen.ray_address {
        let address = head.address.clone();
        let sentence = match head.head {
            Head::Answers { .. } => "because RAY_ADDRESS names it",
            _ => "because RAY_ADDRESS names it, although it does not answer as it should",
        };
        return (Choice::Ray { address }, sentence.to_owned());
    }
    if let Some(RayHead {
        address,
        head: Head::Answers { .. },
    }) = &seen.ray_head
    {
        let address = address.clone();
        let sentence = "because a Ray head answers on this host";
        return (Choice::Ray { address }, sentence.to_owned());
    }
    if let Gpus::Some { .. } = seen.gpus {
        return (Choice::Local, "because this host has them".to_owned());
    }
    let size = SIMULATION.to_owned();
    let sentence = match &seen.gpus {
        Gpus::Broken(why) => format!("because this host's GPUs cannot be read: {why}"),
        _ => "because this host has no NVIDIA GPU, and no Ray head answers".to_owned(),
    };
    (Choice::Simulated { size }, sentence)
}

fn confidence(seen: &Observed, kind: ClusterKind, signals: &[Signal]) -> f64 {
    if seen.by_hand.is_some() {
        return 1.0;
    }
    let own = signals
        .iter()
        .filter(|signal| signal.points_to == Some(kind));
    let open: f64 = own.map(|signal| 1.0 - signal.weight).product();
    let certain = match (kind, &seen.gpus) {
        (ClusterKind::Simulated, Gpus::Broken(_)) => DRIVER_BROKEN,
        (ClusterKind::Simulated, _) => NOTHING_THERE,
        _ => 1.0 - open,
    };
    let against: f64 = signals.iter().map(|signal| signal.weight.min(0.0)).sum();
    let hundredths = ((certain + against).max(LEAST) * 100.0).round();
    hundredths / 100.0
}

fn by_hand(by_hand: &ByHand) -> Signal {
    let (found, sentence, kind) = match by_hand {
        ByHand::Ray(address) => (
            format!("ray = {address}"),
            "Jobs run on this Ray cluster, whatever else is here.",
            ClusterKind::Ray,
        ),
        ByHand::Ssh(hosts) => (
            format!("ssh = {}", hosts.join(",")),
            "Jobs run on these hosts, whatever else is here.",
            ClusterKind::Ssh,
        ),
        ByHand::Local => (
            "local = true".to_owned(),
            "Jobs run on this host and its GPUs, whatever else is here.",
            ClusterKind::Local,
        ),
        ByHand::Simulate(size) => (
            format!("simulate = {size}"),
            "The GPUs are made up, whatever else is here.",
            ClusterKind::Simulated,
        ),
    };
    Signal {
        name: SignalName::Configuration,
        found,
        sentence: sentence.to_owned(),
        weight: 1.0,
        points_to: Some(kind),
    }
}

fn ray_address(text: &str, head: &RayHead) -> Signal {
    let (weight, sentence) = match &head.head {
        Head::Answers { .. } => (
            0.95,
            "It names a Ray cluster that answers; its nodes must see the data folder.".to_owned(),
        ),
        Head::Locked(why) => (0.8, format!("It names a Ray cluster, but {why}.")),
        Head::Strange(why) => (0.6, format!("It names a Ray cluster, but: {why}.")),
        Head::Nobody => (
            0.6,
            format!(
                "It names a Ray cluster, but nothing answers at {}. Start it, or unset RAY_ADDRESS.",
                head.address
            ),
        ),
    };
    Signal {
        name: SignalName::RayAddress,
        found: found(text, head),
        sentence,
        weight,
        points_to: Some(ClusterKind::Ray),
    }
}

fn ray_head(head: &RayHead) -> Option<Signal> {
    let (weight, sentence) = match &head.head {
        Head::Answers { .. } => (
            0.9,
            "A Ray head runs on this host; jobs can run on its nodes if these see the data folder."
                .to_owned(),
        ),
        Head::Locked(why) => (0.5, format!("A Ray head runs on this host, but {why}.")),
        Head::Strange(why) => (
            0.0,
            format!("Something is at Ray's port that does not answer as Ray does: {why}."),
        ),
        Head::Nobody => return None,
    };
    Some(Signal {
        name: SignalName::RayHead,
        found: found(&head.address, head),
        sentence,
        weight,
        points_to: Some(ClusterKind::Ray),
    })
}

fn found(text: &str, head: &RayHead) -> String {
    match &head.head {
        Head::Answers {
            version,
            nodes,
            gpus,
        } => format!("{text}: Ray {version}, {nodes} nodes, {gpus} GPUs"),
        _ => text.to_owned(),
    }
}

fn local_gpus(gpus: &Gpus) -> Option<Signal> {
    let (found, weight, sentence) = match gpus {
        Gpus::None => return None,
        Gpus::Some {
            count,
            model,
            through,
            driver,
        } => {
            let driver = driver.as_ref().map(|version| format!(", driver {version}"));
            let found = format!(
                "{count} x {model} ({through}{})",
                driver.unwrap_or_default()
            );
            let sentence = "This host has GPUs; jobs can run on it.";
            (found, 0.9, sentence.to_owned())
        }
        Gpus::Broken(why) => (
            "a driver that does not answer".to_owned(),
            0.2,
            format!("This host seems to have GPUs, but {why}. Does nvidia-smi work?"),
        ),
    };
    Some(Signal {
        name: SignalName::LocalGpus,
        found,
        sentence,
        weight,
        points_to: Some(ClusterKind::Local),
    })
}

fn ssh_config(hosts: &[String]) -> Option<Signal> {
    if hosts.is_empty() {
        return None;
    }
    let some: Vec<&str> = hosts.iter().take(8).map(String::as_str).collect();
    let more = if hosts.len() > some.len() { "…" } else { "" };
    let sentence = format!(
        "They may have GPUs, and may be anybody's, so they are not chosen by themselves. To run \
         jobs there: --ssh {}.",
        some.join(",")
    );
    Some(Signal {
        name: SignalName::SshConfig,
        found: format!("{} hosts: {}{more}", hosts.len(), some.join(", ")),
        sentence,
        weight: 0.1,
        points_to: Some(ClusterKind::Ssh),
    })
}

const SLURM: &str = "Slurm hands out this host's GPUs. Do not run Berth beside it: neither knows \
    what the other gave away. Take the nodes out of Slurm first (`scontrol update nodename=… \
    state=drain`), or run Berth elsewhere.";
const KUBERNETES: &str = "Kubernetes hands out this host's GPUs. Do not run Berth beside it: \
    neither knows what the other gave away. Take the nodes out of Kubernetes first (`kubectl \
    drain`), or run Berth elsewhere.";

/// Another scheduler on the same hosts.
fn beside(name: SignalName, shown_by: &[String], sentence: &str) -> Option<Signal> {
    (!shown_by.is_empty()).then(|| Signal {
        name,
        found: shown_by.join(", "),
        sentence: sentence.to_owned(),
        weight: -0.4,
        points_to: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(address: &str) -> RayHead {
        let head = Head::Answers {
            version: "2.60.0".into(),
            nodes: 2,
            gpus: 16,
        };
        RayHead {
            address: address.into(),
            head,
        }
    }

    fn with(head: Head) -> RayHead {
        RayHead {
            address: HERE.into(),
            head,
        }
    }

    fn h100s() -> Gpus {
        Gpus::Some {
            count: 8,
            model: "NVIDIA H100 80GB HBM3".into(),
            through: "NVML",
            driver: Some("575.57.08".into()),
        }
    }

    fn nothing() -> Observed {
        Observed::default()
    }

    const HERE: &str = "http://127.0.0.1:8265";

    /// What is seen; what is chosen, how surely, and by which signals.
    fn table() -> Vec<(&'static str, Observed, ClusterKind, f64, Vec<SignalName>)> {
        use ClusterKind::{Local, Ray, Simulated, Ssh};
        use SignalName::{
            Configuration, Kubernetes, LocalGpus, RayAddress, RayHead, Slurm, SshConfig,
        };
        let env = |head| Some((HERE.to_owned(), head));
        let hosts = vec!["gpu1".to_owned(), "gpu2".to_owned()];
        let by_hand = |by_hand| Observed {
            by_hand: Some(by_hand),
            ..nothing()
        };
        let local = || Observed {
            gpus: h100s(),
            ..nothing()
        };
        let slurm = vec!["sinfo in /usr/bin".to_owned()];
        vec![
            ("nothing", nothing(), Simulated, 0.9, vec![]),
            ("local GPUs", local(), Local, 0.9, vec![LocalGpus]),
            (
                "a broken driver",
                Observed {
                    gpus: Gpus::Broken("it refuses".into()),
                    ..nothing()
                },
                Simulated,
                0.4,
                vec![LocalGpus],
            ),
            (
                "RAY_ADDRESS and its head",
                Observed {
                    ray_address: env(answers(HERE)),
                    ..local()
                },
                Ray,
                0.95,
                vec![RayAddress, LocalGpus],
            ),
            (
                "RAY_ADDRESS and no head",
                Observed {
                    ray_address: env(with(Head::Nobody)),
                    ..local()
                },
                Ray,
                0.6,
                vec![RayAddress, LocalGpus],
            ),
            (
                "a Ray head on this host",
                Observed {
                    ray_head: Some(answers(HERE)),
                    ..local()
                },
                Ray,
                0.9,
                vec![RayHead, LocalGpus],
            ),
            (
                "something else at Ray's port",
                Observed {
                    ray_head: Some(with(Head::Strange("it sings".into()))),
                    ..local()
                },
                Local,
                0.9,
                vec![RayHead, LocalGpus],
            ),
            (
                "a Ray head that is locked",
                Observed {
                    ray_head: Some(with(Head::Locked("it wants a token".into()))),
                    ..local()
                },
                Local,
                0.9,
                vec![RayHead, LocalGpus],
            ),
            (
                "nobody at Ray's port",
                Observed {
                    ray_head: Some(with(Head::Nobody)),
                    ..local()
                },
                Local,
                0.9,
                vec![LocalGpus],
            ),
            (
                "both ways to the same Ray",
                Observed {
                    ray_address: env(answers(HERE)),
                    ray_head: Some(answers(HERE)),
                    ..nothing()
                },
                Ray,
                1.0,
                vec![RayAddress, RayHead],
            ),
            (
                "two SSH hosts by hand",
                by_hand(ByHand::Ssh(hosts.clone())),
                Ssh,
                1.0,
                vec![Configuration],
            ),
            (
                "two SSH hosts in ~/.ssh/config",
                Observed {
                    ssh_hosts: hosts,
                    ..nothing()
                },
                Simulated,
                0.9,
                vec![SshConfig],
            ),
            (
                "Slurm beside local GPUs",
                Observed {
                    slurm: slurm.clone(),
                    ..local()
                },
                Local,
                0.5,
                vec![LocalGpus, Slurm],
            ),
            (
                "Slurm and Kubernetes",
                Observed {
                    slurm,
                    kubernetes: vec!["KUBERNETES_SERVICE_HOST".into()],
                    ..local()
                },
                Local,
                0.1,
                vec![LocalGpus, Slurm, Kubernetes],
            ),
            (
                "Ray by hand above all",
                Observed {
                    by_hand: Some(ByHand::Ray("http://head:8265".into())),
                    ray_head: Some(answers(HERE)),
                    ..local()
                },
                Ray,
                1.0,
                vec![Configuration, RayHead, LocalGpus],
            ),
            (
                "this host by hand, although Ray answers",
                Observed {
                    by_hand: Some(ByHand::Local),
                    ray_head: Some(answers(HERE)),
                    ..local()
                },
                Local,
                1.0,
                vec![Configuration, RayHead, LocalGpus],
            ),
            (
                "a simulation by hand",
                by_hand(ByHand::Simulate("4x2".into())),
                Simulated,
                1.0,
                vec![Configuration],
            ),
        ]
    }

    #[test]
    fn choices_are_as_specified() {
        for (situation, seen, kind, confidence, signals) in table() {
            let (choice, detection) = choose(&seen);
            assert_eq!(detection.kind, kind, "{situation}");
            assert_eq!(choice.kind(), kind, "{situation}");
            let apart = (detection.confidence - confidence).abs();
            assert!(apart < 0.005, "{situation}: {}", detection.confidence);
            let names: Vec<_> = detection.signals.iter().map(|signal| signal.name).collect();
            assert_eq!(names, signals, "{situation}");
            let all = detection.absent.len() + names.len();
            assert_eq!(all, SignalName::ALL.len(), "{situation}");
            for signal in &detection.signals {
                assert!((-1.0..=1.0).contains(&signal.weight), "{situation}");
                assert!(
                    signal.sentence.ends_with(['.', '?']),
                    "{situation}: {}",
                    signal.sentence
                );
                assert!(!signal.found.is_empty(), "{situation}");
            }
        }
    }

    #[test]
    fn the_choice_says_where() {
        let address = "http://head:8265".to_owned();
        let by_hand = Some(ByHand::Ray(address.clone()));
        let seen = Observed {
            by_hand,
            ray_head: Some(answers(HERE)),
            ..nothing()
        };
        assert_eq!(choose(&seen).0, Choice::Ray { address });
        let size = SIMULATION.to_owned();
        assert_eq!(choose(&nothing()).0, Choice::Simulated { size });
    }

    #[test]
    fn slurm_is_named_with_the_advice() {
        let seen = Observed {
            slurm: vec!["sinfo in /usr/bin".into(), "slurmd runs".into()],
            ..nothing()
        };
        let (_, detection) = choose(&seen);
        let slurm = &detection.signals[0];
        assert_eq!(slurm.found, "sinfo in /usr/bin, slurmd runs");
        assert!(slurm.sentence.contains("Do not run Berth beside it"));
        assert!(slurm.weight < 0.0 && slurm.points_to.is_none());
    }
}
