//! Telling people what happened: their job started, ended, waits for long, or an alert or an agent asks
//! them. By mail, Slack and webhook; what is shown in the page comes with the live picture.
//!
//! [`Teller`] reads the journal from where it stopped, so that nothing is told twice or forgotten
//! when the server ends in the middle; [`Sender`] sends what is queued, tries again with growing
//! pauses, and in the end gives up and keeps why. Neither holds up the control loop: both only read
//! what it wrote.

mod channel;
mod message;
mod sender;
mod teller;

pub use channel::{Channel, Channels, ChannelsError};
pub use message::{Kind, Message};
pub use sender::Sender;
pub use teller::{Teller, Waiting};
