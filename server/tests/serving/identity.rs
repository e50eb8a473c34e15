//! Who comes in without a token or a password: a process on the server's host, whom the kernel names.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use berth_api::cluster::GetWhoami;
use berth_api::{Berth, ErrorCode};
use nix::unistd::geteuid;

use crate::support::Server;

/// What a process of another user on this host is told: the status and the answer.
fn ask_as_nobody(socket: &Path, header: &str) -> (u16, serde_json::Value) {
    let output = Command::new("setpriv")
        .args([
            "--reuid=nobody",
            "--regid=nogroup",
            "--clear-groups",
            "curl",
        ])
        .args([
            "--silent",
            "--write-out",
            "\n%{http_code}",
            "--header",
            header,
        ])
        .arg("--unix-socket")
        .arg(socket)
        .arg("http://localhost/api/whoami")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (answer, status) = text.rsplit_once('\n').unwrap();
    (
        status.parse().unwrap(),
        serde_json::from_str(answer).unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_servers_host_nobody_logs_in() {
    let server = Server::start();
    let socket = server.data().join("berth.sock");
    let berth = Berth::through_socket(&socket).unwrap();
    let me = berth.call(GetWhoami {}).await.unwrap();
    assert!(me.admin, "the server's own user is its admin: {me:?}");
    // The CLI finds it by itself where there is no token.
    std::fs::remove_file(server.data().join("cli.token")).unwrap();
    let mut cli = server.cli();
    let output = cli
        .env_remove("BERTH_URL")
        .args(["--json", "whoami"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("\"admin\"")
    );
    // A live stream goes the same way.
    let mut live = berth.live().await.unwrap();
    assert!(live.next().await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_whom_the_kernel_says_and_no_header_says_otherwise() {
    if !geteuid().is_root() {
        eprintln!("not shown: only root can be another user for a moment");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let socket = folder.path().join("berth.sock");
    let env = [("BERTH_SOCKET", socket.to_str().unwrap())];
    let server = Server::with("1x2", &env);
    for header in [
        "x-a: b",
        "x-peer-uid: 0",
        "x-forwarded-user: admin",
        "cookie: berth_session=admin",
    ] {
        let (status, answer) = ask_as_nobody(&socket, header);
        assert_eq!(status, 401, "{header}: {answer}");
        let says = answer["error"]["message"].as_str().unwrap();
        assert!(says.starts_with("You are nobody on this host"), "{says}");
    }
    server.add_user("nobody");
    let (status, answer) = ask_as_nobody(&socket, "x-peer-uid: 0");
    assert_eq!((status, answer["user"].as_str()), (200, Some("nobody")));
    assert_eq!(answer["admin"], false);
    // A token says more than the kernel, and a wrong one is not passed over.
    let bearer = |token: &str| format!("authorization: Bearer {token}");
    let (_, answer) = ask_as_nobody(&socket, &bearer(&server.token));
    assert_eq!(answer["user"], "admin");
    let (status, _) = ask_as_nobody(&socket, &bearer("berth_0"));
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_a_killed_server_left_is_taken_up_and_a_file_is_not() {
    let mut server = Server::start();
    let socket = server.data().join("berth.sock");
    server.kill();
    assert!(socket.exists());
    server.boot(&[("BERTH_SIMULATE", "2x8")]);
    let berth = Berth::through_socket(&socket).unwrap();
    assert!(berth.call(GetWhoami {}).await.is_ok());
    server.kill();
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(&socket, "somebody's").unwrap();
    // It goes without, and says so; what was there stays.
    server.boot(&[]);
    assert_eq!(std::fs::read(&socket).unwrap(), b"somebody's");
    let refused = Berth::through_socket(&socket)
        .unwrap()
        .call(GetWhoami {})
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::Unreachable);
}
