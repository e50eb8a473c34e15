//! The parts of a request that are words: command, names, folder, environment.

use std::collections::BTreeMap;

use super::{MAX_COMMAND_BYTES, MAX_ENV_BYTES, MAX_NAME_CHARS};
use crate::refusal::Refusal;

/// The program's file name: `python` for `/usr/bin/python train.py`.
pub(super) fn default_name(command: &[String]) -> String {
    let program = command.first().map_or("job", String::as_str);
    let file = program.rsplit('/').next().unwrap_or(program);
    let name: String = file
        .chars()
        .filter(|ch| !ch.is_control())
        .take(MAX_NAME_CHARS)
        .collect();
    if name.trim().is_empty() {
        "job".to_owned()
    } else {
        name
    }
}

pub(super) fn command(words: &[String]) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal::invalid("command", message));
    if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        return refuse(
            "The command is empty: write what to run, for example `python train.py`.".into(),
        );
    }
    if words.iter().any(|word| word.contains('\0')) {
        return refuse("The command holds a NUL byte, which no program can receive.".into());
    }
    let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
    if bytes > MAX_COMMAND_BYTES {
        return refuse(format!(
            "The command is {bytes} bytes long; at most {MAX_COMMAND_BYTES} are accepted. Put it \
             into a script and run that."
        ));
    }
    Ok(())
}

pub(crate) fn label(field: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(
            field,
            format!("The {field} is empty: leave it out or fill it in."),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(
            field,
            format!("The {field} holds a control character such as a line break; use plain text."),
        ));
    }
    let length = text.chars().count();
    if length > MAX_NAME_CHARS {
        return Err(Refusal::invalid(
            field,
            format!("The {field} has {length} characters; at most {MAX_NAME_CHARS} are accepted."),
        ));
    }
    Ok(())
}

pub(super) fn workdir(path: &str) -> Result<(), Refusal> {
    if path.contains('\0') {
        return Err(Refusal::invalid("workdir", "The workdir holds a NUL byte."));
    }
    if !path.starts_with('/') {
        return Err(Refusal::invalid(
            "workdir",
            format!("The workdir '{path}' is not absolute: begin it with '/'."),
        ));
    }
    if path.len() > 4096 {
        return Err(Refusal::invalid(
            "workdir",
            "The workdir is longer than 4,096 bytes.",
        ));
    }
    Ok(())
}

/// Whether that can be a package's name: a sha256 in hexadecimal digits.
#[must_use]
pub fn is_package(name: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.len() == 64 && name.bytes().all(hex)
}

pub(super) fn package(package: Option<&str>, workdir: Option<&str>) -> Result<(), Refusal> {
    let Some(package) = package else {
        return Ok(());
    };
    if !is_package(package) {
        return Err(Refusal::invalid(
            "package",
            "A package is named by its sha256, 64 digits of 0-9 and a-f, as its upload answered.",
        ));
    }
    if workdir.is_some() {
        return Err(Refusal::invalid(
            "workdir",
            "With a package the job runs in the package's own folder: leave out one of the two.",
        ));
    }
    Ok(())
}

pub(super) fn env(variables: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let mut bytes = 0;
    for (name, value) in variables {
        let mut chars = name.chars();
        let starts_well = chars
            .next()
            .is_some_and(|ch| ch.is_ascii_alphabetic() || ch == '_');
        if !starts_well || !chars.all(|ch| ch.is_ascii_alphanumeric() || ch == '_') {
            return Err(Refusal::invalid(
                "env",
                format!(
                    "'{}' is not a variable name: use letters, digits and _, not beginning with a \
                     digit.",
                    name.escape_debug()
                ),
            ));
        }
        if value.contains('\0') {
            return Err(Refusal::invalid(
                "env",
                format!("The value of {name} holds a NUL byte."),
            ));
        }
        bytes += name.len() + value.len() + 2;
    }
    if bytes > MAX_ENV_BYTES {
        return Err(Refusal::invalid(
            "env",
            format!("The environment is {bytes} bytes long; at most {MAX_ENV_BYTES} are accepted."),
        ));
    }
    Ok(())
}
