//! People, nodes and their tokens, from the command line of the server's host.

use berth_api::context::new_link;
use berth_domain::audit::{DoorKind, Entry, Origin};
use berth_domain::{Actor, NodeName, Role, UserName};
use berth_store::{Store, TokenKind};

use crate::AnyError;
use crate::args::{NodeTokenArgs, UserVerb};
use crate::clock;
use crate::config::Config;

/// Of a node's name; host names are shorter.
const LONGEST_NAME: usize = 255;

pub async fn login_link(config: &Config, user: Option<String>) -> Result<(), AnyError> {
    let store = open(config).await?;
    let name = UserName(user.unwrap_or_else(|| config.admin.clone()));
    if store.user(&name).await?.is_none() {
        return Err(format!("there is no user {name}: `berth-server user list`").into());
    }
    let made = new_link(&store, &public_url(config), &name, clock::now()).await?;
    did(&store, config, "make_login_link", format!("user {name}")).await?;
    println!("Log in: {}", made.link);
    Ok(())
}

/// For the audit log: whoever can run this is the admin.
async fn did(store: &Store, config: &Config, act: &str, subject: String) -> Result<(), AnyError> {
    let admin = Actor::user(config.admin.as_str(), Role::Admin);
    let origin = Origin {
        door: DoorKind::Host,
        address: None,
    };
    let entry = Entry {
        subject: Some(subject),
        ..Entry::new(clock::now(), &admin, origin, act)
    };
    Ok(store.write_audit(&entry).await?)
}

pub async fn user(config: &Config, verb: UserVerb) -> Result<(), AnyError> {
    let store = open(config).await?;
    match verb {
        UserVerb::Add { name, admin, role } => {
            let role = if admin { Role::Admin } else { role.into() };
            let now = clock::now();
            let name = UserName(name);
            if !store.ensure_user(&name, role, now).await? {
                return Err(format!("there is a user {name} already").into());
            }
            did(
                &store,
                config,
                "add_person",
                format!("user {name}, a {role}"),
            )
            .await?;
            let token = store
                .create_token(&name, TokenKind::Api, "cli", None, now)
                .await?;
            println!("Added {name}. For the CLI: export BERTH_TOKEN={token}");
            let made = new_link(&store, &public_url(config), &name, now).await?;
            println!("Log in: {}", made.link);
        }
        UserVerb::Role { name, role } => {
            let (name, role) = (UserName(name), Role::from(role));
            if store.user(&name).await?.is_none() {
                return Err(format!("there is no user {name}: `berth-server user list`").into());
            }
            if !store.set_role(&name, role).await? {
                return Err(format!("{name} is the only admin: make another one first").into());
            }
            did(
                &store,
                config,
                "set_role",
                format!("user {name}, a {role} now"),
            )
            .await?;
            println!("{name} is {role} now.");
        }
        UserVerb::List => {
            for user in store.users().await? {
                println!("{} ({})", user.name, user.role);
            }
        }
    }
    Ok(())
}

pub async fn node_token(config: &Config, args: NodeTokenArgs) -> Result<(), AnyError> {
    let store = open(config).await?;
    if let Some(name) = args.revoke {
        return match store.revoke_node_tokens(&NodeName(name.clone())).await? {
            0 => Err(
                format!("there is no token of node {name}: `berth-server node-token --list`")
                    .into(),
            ),
            count => {
                did(&store, config, "revoke_node_tokens", format!("node {name}")).await?;
                println!("Revoked {count} of node {name}.");
                Ok(())
            }
        };
    }
    if args.list {
        for token in store.node_tokens().await? {
            println!(
                "{}, made {} by {}",
                token.node,
                token.created.strftime("%F %R UTC"),
                token.by
            );
        }
        return Ok(());
    }
    let admin = UserName(config.admin.clone());
    let now = clock::now();
    for name in args.names {
        let is_name = |ch: char| ch.is_ascii_graphic() && ch != '/';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
            return Err(format!("'{name}' is no node's name: see `berth nodes`").into());
        }
        let token = store
            .create_token(&admin, TokenKind::Node, &name, None, now)
            .await?;
        did(&store, config, "create_node_token", format!("node {name}")).await?;
        println!("{token}");
    }
    Ok(())
}

async fn open(config: &Config) -> Result<Store, AnyError> {
    let database = config.database();
    if !database.is_file() {
        let sentence = format!(
            "there is no database at {}: start the server first",
            database.display()
        );
        return Err(sentence.into());
    }
    Ok(Store::open(&database).await?)
}

/// The URL that people reach the server by.
pub fn public_url(config: &Config) -> String {
    if config.url.is_empty() {
        let scheme = if config.tls_cert.is_empty() {
            "http"
        } else {
            "https"
        };
        format!("{scheme}://{}", config.addr)
    } else {
        config.url.trim_end_matches('/').to_owned()
    }
}
