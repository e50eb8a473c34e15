//! `berth nodes --detect` as text: the choice, the signals, and how to overrule it.

use berth_api::cluster::Detected;
use berth_domain::detection::OVERRULE;
use berth_domain::{ClusterKind, Signal};

use crate::table::{self, Width};

pub fn text(found: &Detected, width: Width) -> String {
    let mut text = format!(
        "The server runs on: {}.\nIt would choose now: {}, {} (confidence {:.0}%).\n\n",
        table::printable(&found.in_use_text),
        found.kind,
        table::printable(&found.sentence),
        found.confidence * 100.0,
    );
    if found.signals.is_empty() {
        text += "Nothing was found.\n";
    } else {
        let header = ["SIGNAL", "WEIGHT", "FOR", "FOUND"];
        let rows = found.signals.iter().map(cells).collect();
        text += &table::plain(&header, &[1], rows, width);
        text += "\n";
        for signal in &found.signals {
            let (name, sentence) = (signal.name.as_str(), table::printable(&signal.sentence));
            text += &format!("{name}: {sentence}\n");
        }
    }
    let absent: Vec<&str> = found.absent.iter().map(|name| name.words()).collect();
    if !absent.is_empty() {
        text += &format!("Looked for and not found: {}.\n", absent.join(", "));
    }
    if found.kind != found.in_use {
        text += "It runs on what it chose, or was told, at its start. Restart it to choose anew.\n";
    }
    text + OVERRULE + "\n"
}

fn cells(signal: &Signal) -> Vec<String> {
    vec![
        signal.name.as_str().to_owned(),
        format!("{:.2}", signal.weight),
        signal.points_to.map_or("-", ClusterKind::as_str).to_owned(),
        table::printable(&signal.found),
    ]
}

#[cfg(test)]
mod tests {
    use berth_domain::SignalName;

    use super::*;

    #[test]
    fn the_choice_its_signals_and_how_to_overrule_it() {
        let answer = Detected {
            kind: ClusterKind::Local,
            confidence: 0.5,
            sentence: "because this host has them".into(),
            signals: vec![
                Signal {
                    name: SignalName::LocalGpus,
                    found: "8 x H100".into(),
                    sentence: "This host has GPUs; jobs can run on it.".into(),
                    weight: 0.9,
                    points_to: Some(ClusterKind::Local),
                },
                Signal {
                    name: SignalName::Slurm,
                    found: "slurmd runs".into(),
                    sentence: "Do not run Berth beside it.".into(),
                    weight: -0.4,
                    points_to: None,
                },
            ],
            absent: vec![SignalName::RayHead, SignalName::Kubernetes],
            in_use: ClusterKind::Simulated,
            in_use_text: "SIMULATED cluster of 2 nodes x 8 GPUs, as asked for".into(),
        };
        let expected = "\
The server runs on: SIMULATED cluster of 2 nodes x 8 GPUs, as asked for.
It would choose now: local, because this host has them (confidence 50%).

SIGNAL      WEIGHT  FOR    FOUND
local_gpus    0.90  local  8 x H100
slurm        -0.40  -      slurmd runs

local_gpus: This host has GPUs; jobs can run on it.
slurm: Do not run Berth beside it.
Looked for and not found: a Ray head on this host, Kubernetes.
It runs on what it chose, or was told, at its start. Restart it to choose anew.
";
        assert_eq!(
            text(&answer, Width::Whole),
            format!("{expected}{OVERRULE}\n")
        );
    }
}
