//! Opening: a new database, one of an older Berth, one of a newer.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use std::path::Path;

use berth_domain::{NodeName, Role, Timestamp, UserName};
use berth_store::{NodeToken, SESSION_DAYS, Store, StoreError, TokenKind};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

async fn pool(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

async fn in_the_folder() -> Migrator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    Migrator::new(folder).await.unwrap()
}

/// A database as the first version of Berth made it.
async fn of_the_first_version(path: &Path) {
    let all = in_the_folder().await;
    let first = all.iter().take(1).cloned().collect::<Vec<_>>();
    let first = Migrator {
        migrations: first.into(),
        ..Migrator::DEFAULT
    };
    let pool = pool(path).await;
    first.run(&pool).await.unwrap();
    sqlx::query("UPDATE counters SET last_job = 41")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
}

#[tokio::test]
async fn every_step_in_the_folder_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("berth.db");
    Store::open(&path).await.unwrap();
    let pool = pool(&path).await;
    let query = "SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version";
    let taken: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(query).fetch_all(&pool).await.unwrap();
    let all = in_the_folder().await;
    let all = all.iter().map(|step| {
        let (title, print) = (step.description.to_string(), step.checksum.to_vec());
        (step.version, title, print)
    });
    assert_eq!(taken, all.collect::<Vec<_>>());
}

#[tokio::test]
async fn an_old_database_is_brought_up_to_date_with_a_copy_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("berth.db");
    of_the_first_version(&path).await;
    let store = Store::open(&path).await.unwrap();
    assert_eq!(
        store.load().await.unwrap().counters().last_job,
        41,
        "nothing is lost"
    );
    assert!(
        store.users().await.unwrap().is_empty(),
        "and what is new is there"
    );

    let copies: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains(".before-"))
        .collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let old = pool(&copies[0]).await;
    let (last,): (i64,) = sqlx::query_as("SELECT last_job FROM counters")
        .fetch_one(&old)
        .await
        .unwrap();
    assert_eq!(last, 41, "the copy can be opened and holds what was there");
    assert!(
        sqlx::query("SELECT * FROM users")
            .fetch_all(&old)
            .await
            .is_err(),
        "it is the old one"
    );

    // Once more: up to date, so no further copy.
    drop(store);
    Store::open(&path).await.unwrap();
    assert_eq!(
        std::fs::read_dir(dir.path())
            .unwrap()
            .flatten()
            .filter(|entry| { entry.path().to_str().unwrap().contains(".before-") })
            .count(),
        1
    );
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("berth.db");
    drop(Store::open(&path).await.unwrap());
    let newer = pool(&path).await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', 1, x'00', 0)",
    )
    .execute(&newer)
    .await
    .unwrap();
    let refused = Store::open(&path).await.unwrap_err();
    assert!(matches!(refused, StoreError::Migrate { .. }), "{refused}");
}

#[tokio::test]
async fn it_is_known_who_was_here_and_when() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let month = 86_400 * SESSION_DAYS;
    for name in ["bo", "ana"] {
        let name = UserName::from(name);
        assert!(store.ensure_user(&name, Role::Member, at(5)).await.unwrap());
        assert!(!store.ensure_user(&name, Role::Admin, at(6)).await.unwrap());
    }
    for (id, user, begins) in [("1", "ana", 20), ("2", "ana", 10)] {
        let data = format!("{{\"user\":\"{user}\"}}");
        let saved = store.save_session(id, &data, at(begins + month)).await;
        saved.unwrap();
    }
    // One that nobody entered.
    store.save_session("3", "{}", at(99 + month)).await.unwrap();
    let roster = store.roster().await.unwrap();
    let told: Vec<_> = roster
        .iter()
        .map(|one| (one.user.name.as_str(), one.user.role, one.logged_in))
        .collect();
    assert_eq!(
        told,
        [
            ("ana", Role::Member, Some(at(20))),
            ("bo", Role::Member, None)
        ]
    );
    assert_eq!((roster[0].since, roster[0].waiting), (at(5), 0));
    assert_eq!(roster[0].submitted, None);
}

#[tokio::test]
async fn secrets_work_as_long_and_as_often_as_they_should() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("berth.db")).await.unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let ana = UserName::from("ana");
    store.ensure_user(&ana, Role::Member, at(0)).await.unwrap();
    for wrong in ["", "Ana", "a b", "ana\n", &"a".repeat(65)] {
        let refused = store
            .ensure_user(&UserName::from(wrong), Role::Member, at(0))
            .await;
        assert!(
            matches!(refused, Err(StoreError::BadUserName(_))),
            "{wrong}"
        );
    }

    let token = store
        .create_token(&ana, TokenKind::Api, "", Some(at(10)), at(0))
        .await
        .unwrap();
    assert_eq!(
        store.token_user(&token, at(9)).await.unwrap().unwrap().name,
        ana
    );
    assert_eq!(
        store.token_user(&token, at(10)).await.unwrap(),
        None,
        "expired"
    );
    assert_eq!(store.token_user("berth_", at(0)).await.unwrap(), None);
    assert_eq!(
        store.redeem_login_link(&token, at(0)).await.unwrap(),
        None,
        "not a link"
    );
    store.revoke_token(&token).await.unwrap();
    assert_eq!(
        store.token_user(&token, at(9)).await.unwrap(),
        None,
        "revoked"
    );

    let link = store
        .create_token(&ana, TokenKind::LoginLink, "", Some(at(10)), at(0))
        .await
        .unwrap();
    assert_eq!(
        store.token_user(&link, at(1)).await.unwrap(),
        None,
        "a link is no token"
    );
    let both = tokio::join!(
        store.redeem_login_link(&link, at(1)),
        store.redeem_login_link(&link, at(1))
    );
    let used = [both.0.unwrap(), both.1.unwrap()]
        .into_iter()
        .flatten()
        .count();
    assert_eq!(used, 1, "once, however many try at once");

    let of_node = store
        .create_token(&ana, TokenKind::Node, "node-1", None, at(3))
        .await
        .unwrap();
    let node = NodeName::from("node-1");
    let whose = |secret| store.token_node(secret);
    assert_eq!(whose(&of_node).await.unwrap(), Some(node.clone()));
    assert_eq!(whose(&link).await.unwrap(), None);
    assert_eq!(
        store.token_user(&of_node, at(3)).await.unwrap(),
        None,
        "a node is no person"
    );
    assert_eq!(
        store.redeem_login_link(&of_node, at(3)).await.unwrap(),
        None
    );
    let listed = NodeToken {
        node: node.clone(),
        by: ana.clone(),
        created: at(3),
    };
    assert_eq!(store.node_tokens().await.unwrap(), [listed]);
    assert_eq!(store.revoke_node_tokens(&"node".into()).await.unwrap(), 0);
    assert_eq!(store.revoke_node_tokens(&node).await.unwrap(), 1);
    assert_eq!(whose(&of_node).await.unwrap(), None, "revoked");

    store.save_session("s", "{}", at(10)).await.unwrap();
    assert_eq!(
        store.session("s", at(9)).await.unwrap(),
        Some(("{}".to_owned(), at(10)))
    );
    assert_eq!(store.session("s", at(10)).await.unwrap(), None);
    store.delete_expired(at(10)).await.unwrap();
    assert_eq!(store.session("s", at(9)).await.unwrap(), None, "gone");
    let bytes = std::fs::read(dir.path().join("berth.db")).unwrap();
    let secret = token.as_bytes();
    assert!(
        !bytes.windows(secret.len()).any(|part| part == secret),
        "only hashes are kept"
    );
}
