//! The sheet in which GPUs were booked: looked at, and taken over.

use std::collections::BTreeMap;

use berth_domain::{ReservationId, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use server_fn_macro_default::server;

use crate::{Answer, ApiError, AppClient, Body, Described};

/// A file, and what a person says of it. Everything but the file is guessed unless it is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportArg {
    /// The file, at most 1 MiB of it; or `base64`, which keeps what is no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Which column says what: `who`, `node`, `gpus`, `date`, `from`, `end-date`, `until`, `duration`,
    /// `note`, `project` or `status`, each with a heading or a number from 1; empty for none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
    /// What comes first in dates: `dmy`, `mdy`, `ymd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// The IANA name of the zone whose times these are. Default: UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Of dates without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// What a bare number of GPUs is: `count` or `index`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<String>,
    /// User names of people, by how the sheet writes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub people: BTreeMap<String, String>,
    /// Nodes, by how the sheet writes them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub nodes: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportAnswer {
    /// Reservations were made; otherwise it only says what would be.
    pub applied: bool,
    pub shape: SheetShape,
    pub columns: Vec<SheetColumn>,
    /// How dates that are only numbers were read, if any were.
    pub dates: Option<String>,
    pub time_zone: String,
    /// What was found out and not said, in sentences.
    pub said: Vec<String>,
    /// What only a person can say.
    pub asks: Vec<SheetAsk>,
    pub counts: ImportCounts,
    /// In the order of the file.
    pub rows: Vec<ImportRow>,
    /// People that there were none of, by name.
    pub people: Vec<NewPerson>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SheetShape {
    /// A row is a booking.
    List,
    /// Time down, GPUs across, names in the cells.
    Grid,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SheetColumn {
    /// From 1.
    pub number: usize,
    pub heading: String,
    /// What it says.
    pub field: Option<String>,
    /// A blank cell means the same as the one above it.
    pub merged: bool,
    pub examples: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SheetAsk {
    /// The part of the request that answers it: `columns`, `dates`.
    pub choice: String,
    pub sentence: String,
}

/// How many rows became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportCounts {
    /// Reservations that would be made.
    pub new: usize,
    /// That were made.
    pub made: usize,
    pub already_there: usize,
    pub conflicts: usize,
    pub refused: usize,
    pub skipped: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Would be made.
    New,
    Made,
    AlreadyThere,
    /// It cannot be kept beside another.
    Conflict,
    Refused,
    /// It is no booking, or is over.
    Skipped,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ImportRow {
    /// Of the file, from 1.
    pub line: u64,
    /// A block of a grid spans several.
    pub last_line: u64,
    /// What is written there.
    pub text: String,
    pub state: RowState,
    /// A sentence, where there is something to say.
    pub why: Option<String>,
    pub user: Option<UserName>,
    pub project: Option<String>,
    /// `8 GPUs`, `node-1:0,1,2`.
    pub what: Option<String>,
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub note: Option<String>,
    /// The one that was made, is there already, or is in the way.
    pub reservation: Option<ReservationId>,
    /// The row that is in the way, or says the same.
    pub other_line: Option<u64>,
}

/// Somebody to add.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NewPerson {
    pub name: UserName,
    /// How the sheet writes them.
    pub written: Vec<String>,
    /// Logs one browser in, once; shown when they were added, and not again.
    pub link: Option<String>,
    pub link_until: Option<Timestamp>,
}

/// `POST /api/import_preview`: what `import_apply` would do. Admins only.
#[server(prefix = "/api", endpoint = "import_preview", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn import_preview(body: ImportArg) -> Result<ImportAnswer, ApiError> {
    crate::context::Context::here()?.import(&body).await
}

/// `POST /api/import_apply`: makes the reservations that are new, and adds the people that they are
/// for. The same file again makes nothing again. Admins only.
#[server(prefix = "/api", endpoint = "import_apply", input = Body, output = Answer, client = AppClient, input_derive = (Clone, Serialize, Deserialize, Described))]
pub async fn import_apply(body: ImportArg) -> Result<ImportAnswer, ApiError> {
    crate::context::Context::here()?.import_now(&body).await
}
