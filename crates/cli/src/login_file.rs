//! The server that one logged in to, and the token for it: a file that only its owner reads.

use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub url: String,
    pub token: String,
}

/// `$XDG_CONFIG_HOME/berth/login.toml` or `~/.config/berth/login.toml`.
pub fn place() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    Some(base.join("berth/login.toml"))
}

/// `None` where nobody logged in. One that others could read or write is not believed.
///
/// # Errors
/// A sentence that says what is wrong with the file.
pub fn read(place: &Path) -> Result<Option<Login>, String> {
    let shown = place.display();
    let text = match std::fs::read_to_string(place) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{shown} cannot be read: {error}.")),
    };
    let open = std::fs::metadata(place).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if open {
        return Err(format!(
            "{shown} holds a token and can be read by others: `chmod 600 {shown}`."
        ));
    }
    toml::from_str(&text).map(Some).map_err(|_| {
        format!("{shown} is not what `berth login` writes: log in again, or remove it.")
    })
}

/// # Errors
/// When it cannot be written.
pub fn write(place: &Path, login: &Login) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let text = toml::to_string(login).map_err(io::Error::other)?;
    // Made with the rights of its owner alone, and put in place whole.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(place)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("berth/login.toml");
        assert_eq!(read(&place), Ok(None));
        let login = Login {
            url: "https://gpu.lab.example".to_owned(),
            token: "berth_0".to_owned(),
        };
        write(&place, &login).unwrap();
        let mode = std::fs::metadata(&place).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read(&place), Ok(Some(login)));
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&place).unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&place, "token = 1").unwrap();
        assert!(read(&place).unwrap_err().contains("log in again"));
    }
}
