//! Single sign-on: OpenID Connect, by an authorization code with PKCE. What a provider says is believed
//! once its signature, issuer, audience, nonce and time were checked, which `openidconnect` does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use berth_api::context::{Door, Entry};
use berth_domain::{Role, UserName};
use berth_models::Key;
use berth_store::Store;
use http::Uri;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::RwLock;
use tower_sessions::cookie::time;
use tower_sessions::{Expiry, Session};

use super::login::{Logins, back};
use crate::{AnyError, clock};

/// The session's key for a login that is under way.
pub const SESSION_UNDER_WAY: &str = "oidc";
/// How long people have at their provider.
const PATIENCE_MINUTES: i64 = 15;
/// How long one question to the provider may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(15);
const SECRET: &str = "BERTH_OIDC_CLIENT_SECRET";
/// Of a name that a provider gives.
const LONGEST_NAME: usize = 64;

/// `[oidc]` in `berth.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// `https://id.example.org/realms/lab`: where `/.well-known/openid-configuration` is. Empty: no single
    /// sign-on.
    pub issuer: String,
    /// As Berth is registered there. The address to come back to is `URL/login/oidc/back`.
    pub client_id: String,
    /// A file that only its owner reads, with the client's secret; or `BERTH_OIDC_CLIENT_SECRET`. Neither:
    /// a public client.
    pub secret_file: PathBuf,
    /// What the button says: `Log in with NAME`.
    pub name: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that people's names here are made of; of an address what stands before the `@`.
    pub claim: String,
    /// Whose addresses are let in, `example.org`; only such as the provider has verified. Empty: everybody
    /// whom the provider lets in.
    pub domains: Vec<String>,
    /// Whether those are added who are not known here yet.
    pub add_people: bool,
    /// What they are then.
    pub role: Role,
    /// The claim that lists people's groups.
    pub groups: String,
    /// What members of a group are here; the highest counts, and is set at each login. Empty: roles are
    /// set here alone.
    pub roles: BTreeMap<String, Role>,
}

impl Default for OidcConfig {
    fn default() -> Self {
        OidcConfig {
            issuer: String::new(),
            client_id: String::new(),
            secret_file: PathBuf::new(),
            name: "single sign-on".to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            claim: "preferred_username".to_owned(),
            domains: Vec::new(),
            add_people: true,
            role: Role::Member,
            groups: "groups".to_owned(),
            roles: BTreeMap::new(),
        }
    }
}

/// With what discovery always finds, and what it may.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider, found when it is first needed: it may start after Berth.
#[derive(Debug)]
pub struct Provider {
    config: OidcConfig,
    secret: Option<Key>,
    back: RedirectUrl,
    http: Http,
    found: RwLock<Option<Client>>,
}

/// What is kept of a login that is under way.
#[derive(Debug, Serialize, Deserialize)]
struct UnderWay {
    state: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// How the provider is asked: `openidconnect` has a client of another version.
#[derive(Debug)]
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut made = HttpResponse::new(answer.bytes().await?.to_vec());
            *made.status_mut() = status;
            *made.headers_mut() = headers;
            Ok(made)
        })
    }
}

impl Provider {
    /// The provider that is configured, if one is. `url` is what people reach the server by.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn configured(config: &OidcConfig, url: &str) -> Result<Option<Self>, AnyError> {
        if config.issuer.is_empty() {
            return Ok(None);
        }
        let issuer: Uri = config
            .issuer
            .parse()
            .map_err(|_| format!("oidc: '{}' is no address of an issuer", config.issuer))?;
        let here = matches!(issuer.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if issuer.scheme_str() != Some("https") && !here {
            return Err("oidc: the issuer's address must begin with https://".into());
        }
        if config.client_id.is_empty() {
            return Err("oidc: client_id is missing: as what Berth is registered there".into());
        }
        let read = match std::env::var(SECRET) {
            Ok(secret) => Some(Key::new(&secret)),
            Err(_) if config.secret_file.as_os_str().is_empty() => None,
            Err(_) => Some(Key::read(&config.secret_file)),
        };
        let secret = read.transpose().map_err(|why| format!("oidc: {why}"))?;
        Ok(Some(Provider {
            secret,
            back: RedirectUrl::new(format!("{url}/login/oidc/back"))?,
            // It asks whom it was told to ask, and nobody whom that one names.
            http: Http(
                reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .timeout(ANSWERS_WITHIN)
                    .build()?,
            ),
            found: RwLock::new(None),
            config: config.clone(),
        }))
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    async fn client(&self) -> Result<Client, AnyError> {
        if let Some(found) = self.found.read().await.clone() {
            return Ok(found);
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone())?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http).await?;
        let secret = self.secret.as_ref();
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.config.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.reveal().to_owned())),
        )
        .set_redirect_uri(self.back.clone());
        *self.found.write().await = Some(client.clone());
        Ok(client)
    }

    /// Its keys may have changed, so they are fetched anew with the next login.
    async fn forget(&self) {
        *self.found.write().await = None;
    }

    /// The address to send somebody to, and what is to be kept until they are back.
    async fn begin(&self) -> Result<(String, UnderWay), AnyError> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let state = state.secret().clone();
        let under_way = UnderWay {
            state,
            nonce,
            verifier,
        };
        Ok((address.to_string(), under_way))
    }

    /// What the provider says of whom it sent back with this code, once it was checked.
    async fn claims(&self, code: String, under_way: UnderWay) -> Result<Value, AnyError> {
        let client = self.client().await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(under_way.verifier)
            .request_async(&self.http)
            .await?;
        let token = answer.id_token().ok_or("it sent no ID token")?;
        let verifier = client.id_token_verifier();
        let claims = token.claims(&verifier, &under_way.nonce)?;
        if let Some(expected) = claims.access_token_hash() {
            let (by, key) = (token.signing_alg()?, token.signing_key(&verifier)?);
            let hash = AccessTokenHash::from_token(answer.access_token(), by, key)?;
            if hash != *expected {
                return Err("its access token is not the one that the ID token is about".into());
            }
        }
        // All claims, also those that only this provider has: of the text whose signature was checked.
        let text = token.to_string();
        let payload = text.split('.').nth(1).unwrap_or_default();
        let mut all: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload)?)?;
        // Some say no more in the token than who it is.
        if all.get(&self.config.claim).is_none() && client.user_info_url().is_some() {
            let more = self.user_info(&client, &answer).await?;
            if more.get("sub") != all.get("sub") {
                return Err("what it says about the user is about another one".into());
            }
            if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
                for (name, value) in more {
                    all.entry(name).or_insert(value);
                }
            }
        }
        Ok(all)
    }

    async fn user_info(
        &self,
        client: &Client,
        answer: &impl OAuth2TokenResponse,
    ) -> Result<Value, AnyError> {
        let url = client.user_info_url().ok_or("it has no userinfo")?;
        let asked = self.http.0.get(url.url().clone());
        let asked = asked.bearer_auth(answer.access_token().secret());
        let said = asked.send().await?.error_for_status()?;
        Ok(said.json().await?)
    }
}

/// `GET /login/oidc`: on to the provider.
pub async fn begin(State(logins): State<Logins>, session: Session) -> Response {
    let Some(provider) = &logins.provider else {
        return back("There is no single sign-on here: `[oidc]` in berth.toml sets it up.");
    };
    let (address, under_way) = match provider.begin().await {
        Ok(begun) => begun,
        Err(error) => {
            tracing::error!(error = chain(&*error), "single sign-on cannot begin");
            return back(&format!(
                "{} cannot be reached at the moment. Try again, or log in another way.",
                provider.name()
            ));
        }
    };
    let kept = async {
        session.set_expiry(Some(Expiry::OnInactivity(time::Duration::minutes(
            PATIENCE_MINUTES,
        ))));
        session.insert(SESSION_UNDER_WAY, under_way).await
    };
    match kept.await {
        Ok(()) => Redirect::to(&address).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot keep a login that is under way");
            back("The session could not be kept. Try again.")
        }
    }
}

/// What a provider adds to the address.
#[derive(Debug, Deserialize)]
pub struct Answered {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `GET /login/oidc/back`: somebody comes back from the provider.
pub async fn come_back(
    State(logins): State<Logins>,
    Extension(door): Extension<Door>,
    session: Session,
    Query(answered): Query<Answered>,
) -> Response {
    let Some(provider) = &logins.provider else {
        return back("There is no single sign-on here.");
    };
    let under_way: Option<UnderWay> = session.remove(SESSION_UNDER_WAY).await.unwrap_or_default();
    let known = under_way.filter(|known| answered.state.as_ref() == Some(&known.state));
    let Some(under_way) = known else {
        return back("That login was not begun in this browser, or too long ago. Try again.");
    };
    if let Some(error) = answered.error {
        let why = answered.error_description.unwrap_or(error);
        let why: String = why.chars().take(200).collect();
        return back(&format!("{} did not let you in: {why}", provider.name()));
    }
    let claims = match provider
        .claims(answered.code.unwrap_or_default(), under_way)
        .await
    {
        Ok(claims) => claims,
        Err(error) => {
            tracing::warn!(error = chain(&*error), "single sign-on failed");
            provider.forget().await;
            return back(&format!(
                "What {} said could not be checked. Try again; the server's log says more.",
                provider.name()
            ));
        }
    };
    match admit(&logins.store, &provider.config, &claims).await {
        Ok(name) => {
            let entering = logins.entering(&door, session);
            entering.enter(&name, None, Entry::Sso).await
        }
        Err(why) => back(&why),
    }
}

/// Whom the claims are about here: somebody known, or somebody new.
async fn admit(store: &Store, config: &OidcConfig, claims: &Value) -> Result<UserName, String> {
    let failed = |error: berth_store::StoreError| {
        tracing::error!(%error, "cannot look up an identity");
        super::login::UNREADABLE.to_owned()
    };
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let subject = text("sub").unwrap_or_default();
    let verified = claims.get("email_verified").and_then(Value::as_bool) == Some(true);
    if !config.domains.is_empty() {
        let domain = text("email").and_then(|mail| mail.rsplit_once('@'));
        let ours = domain.is_some_and(|(_, domain)| {
            let mut domains = config.domains.iter();
            domains.any(|one| one.eq_ignore_ascii_case(domain))
        });
        if !ours || !verified {
            return Err("Your address is not one that is let in here. Ask an admin.".to_owned());
        }
    }
    let now = clock::now();
    let known = store.identity(&config.issuer, subject).await;
    let name = match known.map_err(failed)? {
        Some(user) => user.name,
        None => {
            let claim = text(&config.claim).ok_or_else(|| {
                format!(
                    "The provider does not say your {}. Tell an admin.",
                    config.claim
                )
            })?;
            if config.claim == "email" && !verified {
                return Err("The provider has not verified your address.".to_owned());
            }
            let name = user_name(claim).ok_or_else(|| {
                format!(
                    "'{}' makes no user name here. Tell an admin.",
                    claim.escape_debug()
                )
            })?;
            let there = store.user(&name).await.map_err(failed)?;
            if there.is_none() && !config.add_people {
                return Err(format!("There is no user {name} here yet. Ask an admin."));
            }
            // The same name at the provider, but another person than the one who came before.
            if store
                .has_identity(&config.issuer, &name)
                .await
                .map_err(failed)?
            {
                return Err(format!(
                    "{name} is somebody else here already. Ask an admin to add you by another name."
                ));
            }
            let added = store.ensure_user(&name, config.role, now).await;
            added.map_err(failed)?;
            let kept = store
                .add_identity(&config.issuer, subject, &name, now)
                .await;
            kept.map_err(failed)?;
            tracing::info!(%name, "somebody came by single sign-on for the first time");
            name
        }
    };
    if let Some(role) = role(config, claims)
        && !store.set_role(&name, role).await.map_err(failed)?
    {
        tracing::warn!(%name, "the only admin stays one, whatever groups they are in");
    }
    Ok(name)
}

/// What the groups make of them, where groups say so.
fn role(config: &OidcConfig, claims: &Value) -> Option<Role> {
    if config.roles.is_empty() {
        return None;
    }
    let groups = match claims.get(&config.groups) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![&**one],
        _ => Vec::new(),
    };
    let of_groups = groups.iter().filter_map(|group| config.roles.get(*group));
    Some(of_groups.copied().max().unwrap_or(config.role))
}

/// `Ana.Berg@example.org` is `ana.berg`.
fn user_name(claim: &str) -> Option<UserName> {
    let local = claim.split('@').next().unwrap_or(claim).to_lowercase();
    let plain = |ch: char| ch.is_ascii_lowercase() || ch.is_ascii_digit() || "._-".contains(ch);
    let name: String = local
        .chars()
        .map(|ch| if plain(ch) { ch } else { '-' })
        .take(LONGEST_NAME)
        .collect();
    let any = name.chars().any(|ch| ch.is_ascii_alphanumeric());
    any.then_some(UserName(name))
}

/// An error with what caused it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_calls_people_becomes_a_name() {
        let name = |claim| user_name(claim).map(|name| name.0);
        assert_eq!(name("Ana.Berg@example.org").as_deref(), Some("ana.berg"));
        assert_eq!(name("LAB\\bo").as_deref(), Some("lab-bo"));
        assert_eq!(name("@example.org"), None);
        assert_eq!(name("--"), None);
    }

    #[test]
    fn groups_say_what_people_are_where_they_are_asked() {
        let mut config = OidcConfig::default();
        let claims = serde_json::json!({ "groups": ["lab", "ops"] });
        assert_eq!(role(&config, &claims), None);
        config.roles.insert("ops".to_owned(), Role::Admin);
        config.roles.insert("lab".to_owned(), Role::Lead);
        assert_eq!(role(&config, &claims), Some(Role::Admin));
        let nobody = serde_json::json!({});
        assert_eq!(
            role(&config, &nobody),
            Some(Role::Member),
            "who leaves a group loses its role"
        );
    }
}
