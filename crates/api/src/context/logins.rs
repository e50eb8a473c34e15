//! How whoever asks logs in.

use super::{Context, Entry, store_error};
use crate::ApiError;
use crate::logins::LoginView;

impl Context {
    /// # Errors
    /// When the database cannot be read.
    pub async fn my_login(&self) -> Result<LoginView, ApiError> {
        let kept = self.state.store.password(&self.actor.person()).await;
        let has_password = kept.map_err(store_error)?.is_some();
        let Some(entered) = self.door.entered else {
            return Ok(LoginView {
                has_password,
                asks_old: has_password,
                can_set: false,
            });
        };
        let fresh_link = entered.by == Entry::Link && entered.is_fresh(self.state.clock.now());
        Ok(LoginView {
            has_password,
            asks_old: has_password && !fresh_link,
            // It may be good for less than its user is.
            can_set: has_password || entered.by != Entry::Token,
        })
    }
}
