//! Rows of a sheet become reservations: each through the door that all reservations come through.

mod meant;
mod plan;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use berth_domain::{Command, Refusal, ReserveRequest, Right, Role, UserName};
use berth_orchestrator::CommandError;
use berth_spreadsheet::{Choices, Problem, Reading, Shape};
use tokio::sync::Mutex;

use self::plan::{Plan, Sheet};
use super::{Context, command_error, store_error};
use crate::imports::{
    ImportAnswer, ImportArg, ImportCounts, ImportRow, NewPerson, RowState, SheetAsk, SheetColumn,
    SheetShape,
};
use crate::people::{AddPersonArg, LinkAnswer};
use crate::{ApiError, ErrorCode};

/// Who presses twice gets everything once.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

impl Context {
    /// What an import would do.
    ///
    /// # Errors
    /// When the file cannot be read, or the caller is no admin.
    pub async fn import(&self, arg: &ImportArg) -> Result<ImportAnswer, ApiError> {
        self.need(Right::ManagePeople, "import bookings")?;
        let (reading, plan) = self.planned(arg).await?;
        Ok(answer(arg, reading, plan, false))
    }

    /// Does it.
    ///
    /// # Errors
    /// When the file cannot be read, or the caller is no admin. Of what was done before another error
    /// nothing is lost: the same file again does the rest.
    pub async fn import_now(&self, arg: &ImportArg) -> Result<ImportAnswer, ApiError> {
        self.need(Right::ManagePeople, "import bookings")?;
        let _one = ONE_AT_A_TIME.lock().await;
        let (reading, mut plan) = self.planned(arg).await?;
        for person in &mut plan.people {
            let made = self.invite(&person.name).await?;
            person.link = Some(made.link);
            person.link_until = Some(made.until);
        }
        for (row, request) in &mut plan.rows {
            if let Some(request) = request.take() {
                self.book(row, request).await?;
            }
        }
        let made = plan
            .rows
            .iter()
            .filter(|(row, _)| row.state == RowState::Made);
        let subject = format!("{} reservations of a sheet", made.count());
        self.did("import", subject, Vec::new()).await;
        Ok(answer(arg, reading, plan, true))
    }

    async fn planned(&self, arg: &ImportArg) -> Result<(Reading, Plan), ApiError> {
        let bytes = bytes(arg)?;
        let view = self.state.handle.current().await;
        let now = self.state.clock.now();
        let users = self.state.store.users().await.map_err(store_error)?;
        let users = users.into_iter().map(|user| user.name).collect();
        let by = self.whoami().user;
        let present = view.nodes.iter().filter(|node| node.present);
        let choices = Choices {
            columns: pairs(&arg.columns),
            dates: arg.dates.clone(),
            time_zone: arg.time_zone.clone(),
            year: arg.year,
            numbers: arg.numbers.clone(),
            nodes: present.map(|node| node.name.to_string()).collect(),
        };
        let arg = arg.clone();
        // Hundreds of rows beside hundreds of reservations take a while.
        let planned = tokio::task::spawn_blocking(move || {
            let reading = berth_spreadsheet::read(&bytes, &choices, now)?;
            let sheet = Sheet {
                arg: &arg,
                view: &view,
                users: &users,
                by: &by,
                now,
            };
            let plan = sheet.plan(&reading);
            Ok((reading, plan))
        });
        let planned = planned.await.map_err(|_| {
            ApiError::new(ErrorCode::Internal, "The file could not be looked through.")
        })?;
        planned.map_err(|problem: Problem| {
            ApiError::invalid(problem.choice().unwrap_or("file"), problem.to_string())
        })
    }

    /// How somebody new is let in.
    async fn invite(&self, name: &UserName) -> Result<LinkAnswer, ApiError> {
        let person = AddPersonArg {
            name: name.to_string(),
            role: Role::Member,
        };
        self.add_person(person).await
    }

    /// Makes one reservation, and says in its row what came of it.
    async fn book(&self, row: &mut ImportRow, request: ReserveRequest) -> Result<(), ApiError> {
        let command = Command::Reserve(None, Box::new(request));
        match self.send(command).await {
            Ok(done) => {
                row.state = RowState::Made;
                row.reservation = done.reservation;
            }
            // Somebody was quicker since the plan was made.
            Err(CommandError::Refused(refusal)) => {
                row.state = match &refusal {
                    Refusal::Promised { .. } => RowState::Conflict,
                    _ => RowState::Refused,
                };
                row.why = Some(refusal.to_string());
            }
            Err(error) => return Err(command_error(error)),
        }
        Ok(())
    }
}

fn bytes(arg: &ImportArg) -> Result<Vec<u8>, ApiError> {
    match (&arg.text, &arg.base64) {
        (Some(text), None) => Ok(text.clone().into_bytes()),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).map_err(|_| {
            ApiError::invalid(
                "base64",
                "It is no base64: send the file's bytes in base64.",
            )
        }),
        (None, None) => Err(ApiError::invalid(
            "text",
            "There is no file: send it as text, or its bytes as base64.",
        )),
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "base64",
            "Send the file as text or as base64, not both.",
        )),
    }
}

fn pairs(columns: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let pairs = columns.iter();
    pairs
        .map(|(field, column)| (field.clone(), column.clone()))
        .collect()
}

fn answer(arg: &ImportArg, reading: Reading, plan: Plan, applied: bool) -> ImportAnswer {
    let rows: Vec<ImportRow> = plan.rows.into_iter().map(|(row, _)| row).collect();
    let columns = reading.columns.into_iter().map(|column| SheetColumn {
        number: column.number,
        heading: column.heading,
        field: column.field.map(|field| field.to_string()),
        merged: column.merged,
        examples: column.examples,
    });
    let asks = reading.asks.into_iter().map(|ask| SheetAsk {
        choice: ask.choice.to_owned(),
        sentence: ask.sentence,
    });
    // Who is in no reservation after all was added all the same.
    let people: Vec<NewPerson> = plan.people;
    ImportAnswer {
        applied,
        shape: match reading.shape {
            Shape::List => SheetShape::List,
            Shape::Grid => SheetShape::Grid,
        },
        columns: columns.collect(),
        dates: reading.dates.map(|order| order.as_str().to_owned()),
        time_zone: arg.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
        said: reading.said,
        asks: asks.collect(),
        counts: counts(&rows),
        rows,
        people,
    }
}

fn counts(rows: &[ImportRow]) -> ImportCounts {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    ImportCounts {
        new: count(RowState::New),
        made: count(RowState::Made),
        already_there: count(RowState::AlreadyThere),
        conflicts: count(RowState::Conflict),
        refused: count(RowState::Refused),
        skipped: count(RowState::Skipped),
    }
}
