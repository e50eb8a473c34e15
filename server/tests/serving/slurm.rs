//! Command lines as people have them for Slurm, run unchanged: the real CLI under Slurm's names, a real
//! server behind it, and a look at what became of each. They are numbered; there are to be 40 or more.

mod list;
mod queue;
mod run;

use crate::support;
use std::path::PathBuf;
use std::process::Command;

use berth_domain::JobId;

use crate::support::Server;

/// A shell in which Slurm's commands are ours.
struct Login {
    server: Server,
    links: PathBuf,
    /// Where its lines are run.
    home: PathBuf,
}

/// What a line did.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Login {
    fn at(simulate: &str) -> Self {
        let server = Server::with(simulate, &[]);
        let links = server.dir.path().join("bin");
        let home = server.dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let made = server
            .cli()
            .args(["slurm", "links"])
            .arg(&links)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Login {
            server,
            links,
            home,
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.home.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        let path = self.home.join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A line as it is typed.
    fn run(&self, line: &str) -> Said {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("bash")
            .args(["-c", line])
            .env("PATH", format!("{}:{path}", self.links.display()))
            .env("BERTH_URL", &self.server.url)
            .env("BERTH_DATA", self.server.data())
            .env_remove("BERTH_TOKEN")
            .env_remove("BERTH_JOB_ID")
            .current_dir(&self.home)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// One that has to do what it says.
    fn done(&self, line: &str) -> Said {
        let said = self.run(line);
        assert_eq!(said.code, 0, "{line}: {said:?}");
        said
    }

    /// The job that a line submitted.
    fn submits(&self, line: &str) -> (JobId, Said) {
        let said = self.done(line);
        let number = said.out.trim().strip_prefix("Submitted batch job ");
        let number = number.unwrap_or_else(|| panic!("{line}: {said:?}"));
        (number.parse().unwrap(), said)
    }
}
