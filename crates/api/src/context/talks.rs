//! Talks with the assistant, as the store kept them. A talk is for who had it: not for agents, which act
//! for a person and are none, and not for admins.

use berth_domain::{Actor, TalkId, UserName};
use berth_store::{Talk, TalkMessage};

use super::{Context, store_error};
use crate::talks::{ForgetTalkArg, MessageView, TalkAnswer, TalkView, TalksAnswer};
use crate::{ApiError, ErrorCode};

/// Of one talk.
const MOST_MESSAGES: u32 = 400;

impl Context {
    pub(crate) async fn talks(&self) -> Result<TalksAnswer, ApiError> {
        let person = self.person_who_talks()?;
        let talks = self.state.store.talks(&person).await.map_err(store_error)?;
        Ok(TalksAnswer {
            talks: talks.into_iter().map(talk_view).collect(),
            model: self.state.model.as_deref().map(str::to_owned),
        })
    }

    pub(crate) async fn talk(&self, id: TalkId) -> Result<TalkAnswer, ApiError> {
        let person = self.person_who_talks()?;
        let talk = self.talk_of(&person, id).await?;
        let messages = self.state.store.talk_messages(id, MOST_MESSAGES).await;
        let messages = messages.map_err(store_error)?;
        Ok(TalkAnswer {
            talk: talk_view(talk),
            messages: messages.into_iter().map(message_view).collect(),
        })
    }

    pub(crate) async fn forget_talk(&self, arg: ForgetTalkArg) -> Result<TalksAnswer, ApiError> {
        let person = self.person_who_talks()?;
        let gone = self.state.store.forget_talk(&person, arg.talk).await;
        if !gone.map_err(store_error)? {
            return Err(no_such_talk(arg.talk));
        }
        self.talks().await
    }

    /// # Errors
    /// When there is none of that number that is theirs.
    pub async fn talk_of(&self, person: &UserName, id: TalkId) -> Result<Talk, ApiError> {
        let found = self
            .state
            .store
            .talk(person, id)
            .await
            .map_err(store_error)?;
        found.ok_or_else(|| no_such_talk(id))
    }

    /// Who talks with the assistant. An agent that could would have the assistant do what its own mandate
    /// does not allow.
    ///
    /// # Errors
    /// When it is nobody but an agent.
    pub fn person_who_talks(&self) -> Result<UserName, ApiError> {
        match &self.actor {
            Actor::User { name, .. } => Ok(name.clone()),
            Actor::Agent { .. } | Actor::Berth => Err(ApiError::new(
                ErrorCode::Forbidden,
                "The assistant talks with people. An agent has the tools of /mcp.",
            )),
        }
    }
}

fn no_such_talk(id: TalkId) -> ApiError {
    let why = format!("There is no talk {id} of yours. `berth ask --talks` lists them.");
    ApiError::new(ErrorCode::NotFound, why)
}

fn talk_view(talk: Talk) -> TalkView {
    TalkView {
        id: talk.id,
        title: talk.title,
        begun_at: talk.begun,
        said_at: talk.said,
        messages: talk.messages,
    }
}

fn message_view(message: TalkMessage) -> MessageView {
    MessageView {
        number: message.number,
        by_person: message.by_person,
        at: message.at,
        text: message.text,
        // Of a newer Berth, perhaps.
        notes: serde_json::from_str(&message.doc).unwrap_or_default(),
    }
}
