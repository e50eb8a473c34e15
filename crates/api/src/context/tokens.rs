//! People's API tokens. No agent makes one: it would be its person then.

use berth_domain::{Actor, Right, UserName, walltime};
use berth_store::{NewToken, Token};

use super::{Context, store_error};
use crate::tokens::{NewTokenAnswer, NewTokenArg, TokenArg, TokenView, TokensAnswer};
use crate::{ApiError, ErrorCode};

/// So many of one person are enough.
const MOST: usize = 100;
const LABEL_LETTERS: usize = 100;

impl Context {
    /// # Errors
    /// When everybody's are asked for and the caller is no admin.
    pub async fn tokens(&self, all: bool) -> Result<TokensAnswer, ApiError> {
        let me = self.somebody()?;
        if all {
            self.need(Right::ManagePeople, "see everybody's tokens")?;
        }
        let of = (!all).then_some(&me);
        let tokens = self.state.store.api_tokens(of).await.map_err(store_error)?;
        Ok(TokensAnswer {
            tokens: tokens.into_iter().map(shown).collect(),
        })
    }

    /// # Errors
    /// When it cannot be so, or an agent asks.
    pub async fn create_token(&self, arg: NewTokenArg) -> Result<NewTokenAnswer, ApiError> {
        let me = self.somebody()?;
        let label = arg.label.trim();
        if label.is_empty() || label.chars().count() > LABEL_LETTERS {
            let why = format!("Say what the token is for, in 1 to {LABEL_LETTERS} letters.");
            return Err(ApiError::invalid("label", why));
        }
        let now = self.state.clock.now();
        let lasts = arg.lasts.as_deref().map(walltime::parse).transpose();
        let lasts = lasts.map_err(|why| ApiError::invalid("lasts", why.to_string()))?;
        let expires = lasts.map(|lasts| now.checked_add(lasts)).transpose();
        let expires = expires.map_err(|_| ApiError::invalid("lasts", "That is too long."))?;
        if self.tokens(false).await?.tokens.len() >= MOST {
            let why = format!("You have {MOST} tokens: revoke those that nobody uses.");
            return Err(ApiError::new(ErrorCode::Conflict, why));
        }
        // By a token that lets one be less, none is made that lets one be more.
        let known = self.state.store.user(&me).await.map_err(store_error)?;
        let own = known.map_or(self.role(), |user| user.role);
        let role = arg.role.map(|role| role.min(self.role()));
        let role = role.or((self.role() < own).then(|| self.role()));
        let new = NewToken {
            user: &me,
            label,
            role,
            expires,
        };
        let made = self.state.store.create_api_token(&new, now).await;
        let token = made.map_err(store_error)?;
        self.did("create_token", format!("token '{label}'"), Vec::new())
            .await;
        Ok(NewTokenAnswer {
            token,
            tokens: self.tokens(false).await?.tokens,
        })
    }

    /// # Errors
    /// When there is none of this id that is theirs.
    pub async fn revoke_token(&self, arg: TokenArg) -> Result<TokensAnswer, ApiError> {
        let me = self.somebody()?;
        let of = self
            .need(Right::ManagePeople, "revoke others' tokens")
            .is_err();
        let id = arg.id.trim();
        let gone = self
            .state
            .store
            .revoke_api_token(id, of.then_some(&me))
            .await;
        match gone.map_err(store_error)? {
            Some(user) => {
                let subject = format!("token {id} of {user}");
                self.did("revoke_token", subject, Vec::new()).await;
            }
            None => {
                let why = "There is no token of yours with this id. `berth token list` lists them.";
                return Err(ApiError::new(ErrorCode::NotFound, why));
            }
        }
        self.tokens(false).await
    }

    /// A person, who asks for themselves.
    fn somebody(&self) -> Result<UserName, ApiError> {
        match &self.actor {
            Actor::User { name, .. } => Ok(name.clone()),
            Actor::Agent { .. } | Actor::Berth => Err(ApiError::new(
                ErrorCode::Forbidden,
                "Tokens are for people. An agent has its own, which its person makes.",
            )),
        }
    }
}

fn shown(token: Token) -> TokenView {
    TokenView {
        id: token.id,
        user: token.user,
        label: token.label,
        role: token.role,
        created: token.created,
        expires: token.expires,
        used: token.used,
    }
}
