//! `--export`: which variables of this shell a job gets. Slurm gives it all of them, and scripts rely on
//! that: on PATH, on what a virtual environment or a module set.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// They belong to this session or to the job that runs here, or whoever runs the job has its own.
const NOT_SENT: [&str; 33] = [
    "COLORTERM",
    "COLUMNS",
    "CUDA_DEVICE_ORDER",
    "CUDA_VISIBLE_DEVICES",
    "DISPLAY",
    "HOME",
    "HOST",
    "HOSTNAME",
    "LINES",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "LOGNAME",
    "LS_COLORS",
    "MAIL",
    "MASTER_ADDR",
    "MASTER_PORT",
    "NNODES",
    "NODE_RANK",
    "NPROC_PER_NODE",
    "NVIDIA_VISIBLE_DEVICES",
    "OLDPWD",
    "PWD",
    "RANK",
    "SHELL",
    "SHLVL",
    "STY",
    "TERM",
    "TMUX",
    "TMUX_PANE",
    "USER",
    "WORLD_SIZE",
    "XAUTHORITY",
    "_",
];
const NOT_SENT_FAMILIES: [&str; 9] = [
    "BERTH_", "DBUS_", "PET_", "SBATCH_", "SLURM", "SSH_", "TERM_", "WAYLAND_", "XDG_",
];

/// The variables, and how many exported functions are left behind.
pub fn variables(
    export: Option<&str>,
    here: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(BTreeMap<String, String>, usize), String> {
    let here: BTreeMap<String, String> = here
        .into_iter()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let mut functions = 0;
    let mut sent = BTreeMap::new();
    for part in export.unwrap_or("ALL").split(',').map(str::trim) {
        match (part, part.split_once('=')) {
            ("" | "NONE" | "NIL", _) => {}
            ("ALL", _) => {
                functions += here.keys().filter(|name| is_function(name)).count();
                let all = here.iter().filter(|(name, _)| is_sent(name));
                sent.extend(all.map(|(name, value)| (name.clone(), value.clone())));
            }
            (_, Some((name, value))) => {
                sent.insert(name.to_owned(), value.to_owned());
            }
            (name, None) => {
                // Slurm says nothing of one that is not set here.
                let value = here.get(name);
                sent.extend(value.map(|value| (name.to_owned(), value.clone())));
            }
        }
    }
    if let Some(wrong) = sent.keys().find(|name| !is_name(name)) {
        return Err(format!(
            "--export: '{wrong}' is not the name of a variable."
        ));
    }
    Ok((sent, functions))
}

fn is_function(name: &str) -> bool {
    name.starts_with("BASH_FUNC_")
}

fn is_sent(name: &str) -> bool {
    is_name(name)
        && !NOT_SENT.contains(&name)
        && !NOT_SENT_FAMILIES
            .iter()
            .any(|family| name.starts_with(family))
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|ch| ch.is_ascii_alphabetic() || ch == '_')
        && name
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(export: Option<&str>) -> String {
        let here = [
            ("PATH", "/venv/bin:/bin"),
            ("HOME", "/home/ana"),
            ("WANDB_MODE", "offline"),
            ("SLURM_JOB_ID", "3"),
            ("BERTH_TOKEN", "secret"),
            ("BASH_FUNC_module%%", "() { :; }"),
        ];
        let here = here.map(|(name, value)| (name.into(), value.into()));
        let (sent, functions) = variables(export, here).unwrap();
        let pair = |(name, value): (&String, &String)| format!("{name}={value}");
        let sent: Vec<String> = sent.iter().map(pair).collect();
        format!("{} +{functions}", sent.join(" "))
    }

    #[test]
    fn everything_but_what_belongs_to_this_session() {
        assert_eq!(sent(None), "PATH=/venv/bin:/bin WANDB_MODE=offline +1");
        assert_eq!(
            sent(Some("ALL,A=1")),
            "A=1 PATH=/venv/bin:/bin WANDB_MODE=offline +1"
        );
        assert_eq!(sent(Some("NONE")), " +0");
        assert_eq!(
            sent(Some("WANDB_MODE,HOME,NOT_SET,B=x=y")),
            "B=x=y HOME=/home/ana WANDB_MODE=offline +0"
        );
        assert!(variables(Some("1A=2"), []).is_err());
    }
}
