//! Starting a process within a control group. To move one into a group that runs already takes the
//! kernel 10 to 30 ms, since all forks of the host are waited for; one that begins in it costs nothing
//! (`CLONE_INTO_CGROUP`, Linux 5.7).

use std::ffi::{c_int, c_long};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

/// Starts `command` in the group. `None`: this kernel, or who made the group, does not let us.
pub(super) fn spawn_into(group: &Path, command: &mut Command) -> Option<io::Result<i32>> {
    let group = File::open(group).ok()?;
    let (mut heard, told) = io::pipe().ok()?;
    match clone_into(&group) {
        // Std takes it from here: signals, descriptors, folder, environment, PATH.
        Ok(0) => {
            drop(heard);
            give_up(told, &command.exec())
        }
        Ok(pid) => {
            drop(told);
            let mut errno = [0; 4];
            // It is closed by an exec that worked.
            Some(match heard.read_exact(&mut errno) {
                Err(_) => Ok(pid),
                Ok(()) => {
                    let _ = waitpid(Pid::from_raw(pid), None);
                    Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
                }
            })
        }
        Err(_) => None,
    }
}

/// Says why there was no exec, and ends.
fn give_up(mut told: io::PipeWriter, error: &io::Error) -> ! {
    let errno = error.raw_os_error().unwrap_or(libc::EINVAL);
    let _ = told.write_all(&errno.to_ne_bytes());
    #[expect(
        unsafe_code,
        reason = "a process that shares what is flushed at an end"
    )]
    // SAFETY: ends the process, whatever it is in.
    unsafe {
        libc::_exit(127)
    }
}

/// A fork whose child is in the group from its first instant; 0 there.
fn clone_into(group: &File) -> Result<c_int, Errno> {
    let group = u64::try_from(group.as_raw_fd()).map_err(|_| Errno::EBADF)?;
    #[expect(unsafe_code, reason = "no library knows this call")]
    // SAFETY: all zeros are such arguments.
    let mut how: libc::clone_args = unsafe { std::mem::zeroed() };
    how.flags = 0x2_0000_0000; // CLONE_INTO_CGROUP, which libc has too small a type for
    how.exit_signal = u64::from(libc::SIGCHLD.unsigned_abs());
    how.cgroup = group;
    #[expect(unsafe_code, reason = "no library knows this call")]
    // SAFETY: the arguments outlive the call, and no memory is shared: it is a fork of a process with one
    // thread.
    let pid: c_long = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut how,
            size_of::<libc::clone_args>(),
        )
    };
    Errno::result(pid).and_then(|pid| c_int::try_from(pid).map_err(|_| Errno::EOVERFLOW))
}
