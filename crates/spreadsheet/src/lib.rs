//! The sheet in which GPUs were booked: bytes in, bookings and refusals out. No files, no clock, and
//! nothing known of the cluster but the names of its nodes.
//!
//! ```text
//! bytes -> text -> table -> headings -> columns -> rows: each a booking, refused, or skipped
//!                        \-> grid: time down, GPUs across, names in the cells
//! ```

mod booking;
mod clock;
mod columns;
mod dates;
mod field;
mod gpus;
mod grid;
mod length;
mod list;
mod merged;
mod moment;
mod months;
mod options;
mod problem;
mod reading;
mod refusal;
mod rows;
mod table;
mod text;
mod who;

pub use booking::{Booking, Entry, Gpus, Outcome, Place, Who};
pub use columns::Column;
pub use dates::Order;
pub use field::Field;
pub use gpus::Bare;
pub use options::{Choices, plain as plain_name};
pub use problem::Problem;
pub use reading::{Ask, Reading, Shape, read};
pub use refusal::{Refusal, Skip};
pub use table::Delimiter;
pub use text::Encoding;
pub use who::user_name;

/// Larger files are no bookings of one team.
pub const MAX_BYTES: usize = 1024 * 1024;
/// So many can be looked through by a person.
pub const MAX_ROWS: usize = 2000;
