//! A batch script: its interpreter, and what its `#SBATCH` lines say.

/// What a script says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Program and arguments of the first line.
    pub interpreter: Vec<String>,
    /// The words of all `#SBATCH` lines before the first command.
    pub words: Vec<String>,
    /// The lines after it, which Slurm does not read either.
    pub late: Vec<usize>,
}

/// Reads a script as Slurm does: options until the first line that is neither empty nor a comment.
pub fn read(text: &str) -> Result<Script, String> {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else {
        return Err(
            "This does not look like a batch script: its first line must be #! and the path of an \
             interpreter, for example #!/bin/bash."
                .to_owned(),
        );
    };
    let mut script = Script {
        // As the kernel does: the rest of the line is one argument.
        interpreter: interpreter
            .trim()
            .splitn(2, [' ', '\t'])
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect(),
        ..Script::default()
    };
    if script.interpreter.is_empty() {
        return Err("The first line of the script names no interpreter after #!.".to_owned());
    }
    let mut commands = false;
    for (number, line) in (2..).zip(lines) {
        let said = line
            .strip_prefix("#SBATCH")
            .filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        match said {
            Some(_) if commands => script.late.push(number),
            Some(rest) => {
                let words = words(rest).map_err(|why| format!("Line {number}: {why}"))?;
                script.words.extend(words);
            }
            None => {
                let line = line.trim();
                commands |= !line.is_empty() && !line.starts_with('#');
            }
        }
    }
    Ok(script)
}

/// The words of a line: quotes keep spaces, a backslash the next character, and `#` begins a comment.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = vec![];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(ch) = chars.next() {
        match (quote, ch) {
            (Some(open), _) if ch == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(ch),
            (_, '\\') => word.get_or_insert_default().extend(chars.next()),
            (Some(_), _) => word.get_or_insert_default().push(ch),
            (None, '\'' | '"') => {
                quote = Some(ch);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\r') => words.extend(word.take()),
            (None, '#') if word.is_none() => break,
            (None, _) => word.get_or_insert_default().push(ch),
        }
    }
    if let Some(open) = quote {
        return Err(format!("the quote {open} is not closed."));
    }
    words.extend(word);
    Ok(words)
}

/// The command that runs a script's text, as it is now: what is edited later does not matter, as in
/// Slurm. A shell takes it as it is; anything else gets it as a file.
pub fn command(script: &Script, text: &str, name: &str, arguments: &[String]) -> Vec<String> {
    let program = script.interpreter.first().map_or("", String::as_str);
    let file = program.rsplit('/').next().unwrap_or(program);
    // `#!/usr/bin/env bash`.
    let of_env = (file == "env").then(|| script.interpreter.get(1)).flatten();
    let shell = of_env.map_or(file, String::as_str);
    let is_shell = matches!(shell, "sh" | "bash" | "dash" | "ksh" | "zsh");
    let mut words = vec![];
    if is_shell {
        words.extend(script.interpreter.iter().cloned());
        words.extend(["-c".to_owned(), text.to_owned(), name.to_owned()]);
    } else {
        words.extend(["sh", "-c", AS_A_FILE, name].map(str::to_owned));
        words.push(text.to_owned());
    }
    words.extend(arguments.iter().cloned());
    words
}

/// Each node writes its own, and runs it when it is whole.
const AS_A_FILE: &str = "f=\"$BERTH_RUN_DIR/slurm_script.$NODE_RANK\"; printf %s \"$1\" > \"$f\" && \
                         chmod 700 \"$f\" && shift && exec \"$f\" \"$@\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_before_the_first_command() {
        let text = "\
#!/bin/bash -l
# what it does
#SBATCH --job-name=\"two words\" --gres=gpu:2   # as few as it needs
#SBATCH -t 1:00:00

##SBATCH --mem=1G
#SBATCHED
#SBATCH -o 'logs/%x #1.out' --comment=a\\ b
module load cuda
#SBATCH -p late
";
        let script = read(text).unwrap();
        assert_eq!(script.interpreter, ["/bin/bash", "-l"]);
        let expected = [
            "--job-name=two words",
            "--gres=gpu:2",
            "-t",
            "1:00:00",
            "-o",
            "logs/%x #1.out",
            "--comment=a b",
        ];
        assert_eq!(script.words, expected);
        assert_eq!(script.late, [10]);
    }

    #[test]
    fn what_is_no_script_is_said() {
        assert!(read("echo hi\n").unwrap_err().contains("#!/bin/bash"));
        assert!(read("#!\necho hi\n").is_err());
        let open = read("#!/bin/sh\n#SBATCH -J 'a\n").unwrap_err();
        assert_eq!(open, "Line 2: the quote ' is not closed.");
    }

    #[test]
    fn a_shell_takes_the_text_and_others_a_file() {
        let run = |first: &str| {
            let text = format!("{first}\nx\n");
            let script = read(&text).unwrap();
            command(&script, &text, "train.sh", &["7".to_owned()])
        };
        let text = "#!/bin/bash -l\nx\n";
        assert_eq!(
            run("#!/bin/bash -l"),
            ["/bin/bash", "-l", "-c", text, "train.sh", "7"]
        );
        let env = run("#!/usr/bin/env bash");
        assert_eq!(env[..3], ["/usr/bin/env", "bash", "-c"]);
        let python = run("#!/usr/bin/env python3");
        assert_eq!(python[..2], ["sh", "-c"]);
        assert_eq!(python[4..], ["#!/usr/bin/env python3\nx\n", "7"]);
    }
}
