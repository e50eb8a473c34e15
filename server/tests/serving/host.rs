//! A host whose GPUs a made-up driver tells of, with a server on it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::Server;
use berth_fake_nvml::FakeNvml;
use tempfile::TempDir;

/// A host with GPUs that its driver tells of.
pub struct Host {
    pub driver: FakeNvml,
    gpus: u32,
    _folder: TempDir,
}

impl Host {
    pub fn new(gpus: u32) -> Self {
        let folder = TempDir::new().unwrap();
        let driver = FakeNvml::new(folder.path(), &format!("gpus {gpus}\n"));
        Host {
            driver,
            gpus,
            _folder: folder,
        }
    }

    /// What the driver says from now on.
    pub fn says(&self, lines: &str) {
        self.driver.say(&format!("gpus {}\n{lines}", self.gpus));
    }

    /// A server on it, by this configuration.
    pub fn server(&self, configuration: &str) -> Server {
        self.configure(configuration);
        let config = self.configuration();
        let place = ["--local", "--config", config.to_str().unwrap()];
        let library = self.library();
        Server::at(
            &place,
            &[("BERTH_NVML", library), ("BERTH_NVML_LIB", library)],
        )
    }

    /// What the server reads when it is started again.
    pub fn configure(&self, configuration: &str) {
        fs::write(self.configuration(), configuration).unwrap();
    }

    /// Starts the server again that was killed.
    pub fn boots(&self, server: &mut Server) {
        let library = self.library();
        server.boot(&[("BERTH_NVML", library), ("BERTH_NVML_LIB", library)]);
    }

    fn configuration(&self) -> PathBuf {
        self.driver.library().with_file_name("berth.toml")
    }

    fn library(&self) -> &str {
        self.driver.library().to_str().unwrap()
    }
}

/// A process of somebody who does not know Berth; ends with the test.
pub struct Stranger(pub Child);

impl Stranger {
    pub fn start() -> Self {
        let child = Command::new("sleep")
            .arg("1000")
            .env_clear()
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Stranger(child)
    }

    pub fn end(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
