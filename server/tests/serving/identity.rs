//! Who comes in, and from where: a process on the server's host, whom the kernel names; addresses that
//! proxies tell of; and browsers by HTTPS.

use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use berth_api::audit::{Audit, AuditArg};
use berth_api::cluster::GetWhoami;
use berth_api::{Berth, ErrorCode};
use nix::unistd::geteuid;
use reqwest::RequestBuilder;

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

/// As an administrator changes it: in the file, and a start.
fn again_with(server: &mut Server, toml: &str) {
    server.kill();
    std::fs::write(server.dir.path().join("berth.toml"), toml).unwrap();
    server.boot(&[]);
}

/// As a browser sends a form.
fn filled(request: RequestBuilder, form: &[(&str, &str)]) -> RequestBuilder {
    let text = serde_urlencoded::to_string(form).unwrap();
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(text)
}

/// From where the last try to log in came.
async fn came_from(server: &Server) -> Option<IpAddr> {
    let body = AuditArg {
        act: Some("log_in".to_owned()),
        limit: Some(1),
        ..AuditArg::default()
    };
    let answer = server.client().call(Audit { body }).await.unwrap();
    answer.entries[0].entry.origin.address
}

#[tokio::test(flavor = "multi_thread")]
async fn only_known_proxies_say_whom_they_were_called_by() {
    let mut server = Server::start();
    let try_it = async |server: &Server, hops: &str| {
        let form = [("user", "ana"), ("password", "not this one at all")];
        let sent = reqwest::Client::new()
            .post(format!("{}/login/password", server.url))
            .header("x-forwarded-for", hops);
        filled(sent, &form).send().await.unwrap();
        came_from(server).await.unwrap().to_string()
    };
    assert_eq!(try_it(&server, "10.1.2.3").await, "127.0.0.1");
    again_with(&mut server, "proxies = [\"127.0.0.1\", \"10.0.0.9\"]");
    assert_eq!(try_it(&server, "10.1.2.3").await, "10.1.2.3");
    // What stands before the last that is no proxy was written by whoever called.
    assert_eq!(
        try_it(&server, "1.1.1.1, 10.1.2.3, 10.0.0.9").await,
        "10.1.2.3"
    );
    assert_eq!(try_it(&server, "nonsense").await, "127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tries_of_one_address_wait() {
    let server = Server::start();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let mut told = String::new();
    for _ in 0..40 {
        let sent = client.post(format!("{}/login", server.url));
        let answer = filled(sent, &[("token", "berth_0")]).send().await.unwrap();
        told = answer.headers()["location"].to_str().unwrap().to_owned();
    }
    assert!(told.contains("Too+many+tries"), "{told}");
    // Who is in is not kept from anything.
    assert!(server.client().call(GetWhoami {}).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_speaks_https_and_tells_browsers_to_stay_with_it() {
    let mut server = Server::start();
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(server.dir.path())
        .output();
    let Ok(made) = made else {
        eprintln!("not shown: there is no openssl to make a certificate with");
        return;
    };
    assert!(made.status.success(), "{made:?}");
    again_with(
        &mut server,
        "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"",
    );
    assert!(
        server.url.starts_with("https://127.0.0.1:"),
        "{}",
        server.url
    );
    let cert = std::fs::read(server.dir.path().join("cert.pem")).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&cert).unwrap()])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let get = |path: &str| client.get(format!("{}{path}", server.url)).send();
    let answer = get("/healthz").await.unwrap();
    assert_eq!(
        answer.headers()["strict-transport-security"],
        "max-age=63072000"
    );
    let me = client.get(format!("{}/api/whoami", server.url));
    let me = me.bearer_auth(&server.token).send().await.unwrap();
    assert_eq!(me.status(), 200);
    let link = server.admin(&["login-link"]).stdout;
    let link = String::from_utf8(link).unwrap();
    let (_, secret) = link.trim().rsplit_once('/').unwrap();
    let entered = get(&format!("/login/once/{secret}")).await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap();
    for word in ["Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}
