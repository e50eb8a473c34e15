//! Five sheets as teams keep them, imported by the real command into a real server: what the preview
//! says of each row, what is reserved afterwards, and that a second time changes nothing.
//!
//! Dates lie one to three months ahead of today, so the sheets name them as `@20 %d.%m.%Y@`: the 20th of
//! that month, written like that.

use std::process::Output;

use berth_api::people::ListPeople;
use berth_api::reservations::{CreateReservation, ListReservations, ReserveArg};
use berth_domain::{ReserveRequest, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use serde_json::Value;

use crate::support::Server;

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("spreadsheet/", $name))
    };
}

/// The first of the month after the next.
fn month() -> Date {
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    today.first_of_month().checked_add(2.months()).unwrap()
}

/// A sheet or an expectation with this year's dates; `@@` is `@`.
fn dated(text: &str) -> String {
    let month = month();
    let mut parts = text.split('@');
    let mut dated = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match part.split_once(' ') {
            Some((day, format)) if !part.is_empty() => {
                // A day that can be a month too, and is another.
                let day: i8 = match day {
                    "either" if month.month() == 4 => 5,
                    "either" => 4,
                    day => day.parse().unwrap(),
                };
                let date = month.with().day(day).build().unwrap();
                dated += &date.strftime(format).to_string();
            }
            _ => dated.push('@'),
        }
        dated += parts.next().unwrap_or_default();
    }
    dated
}

fn latin1(text: &str) -> Vec<u8> {
    let byte = |ch: char| match ch {
        // Where Windows has its dash.
        '–' => 0x96,
        ch => u8::try_from(u32::from(ch)).unwrap(),
    };
    text.chars().map(byte).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

struct Sheet<'a> {
    server: &'a Server,
    path: String,
}

impl<'a> Sheet<'a> {
    fn new(server: &'a Server, bytes: &[u8]) -> Self {
        let path = server.dir.path().join("bookings.csv");
        std::fs::write(&path, bytes).unwrap();
        let path = path.display().to_string();
        Sheet { server, path }
    }

    fn run(&self, more: &[&str]) -> Output {
        let mut command = self.server.cli();
        command.args(["import", &self.path, "--time-zone", "UTC"]);
        command.args(more).output().unwrap()
    }

    fn json(&self, more: &[&str], code: i32) -> Value {
        let output = self.run(&[more, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The preview is as expected, also that nothing is done by looking.
    async fn previews(&self, expected: &str) {
        let before = reserved(self.server).await;
        let mut preview = self.json(&["--dry-run"], 0);
        // Of what is refused it may be any day: months differ in length.
        for row in preview["rows"].as_array_mut().unwrap() {
            if row["state"] == "refused" {
                row["end"] = Value::Null;
            }
        }
        let expected: Value = serde_json::from_str(&dated(expected)).unwrap();
        let shown = serde_json::to_string_pretty(&preview).unwrap();
        assert_eq!(preview, expected, "the preview is {shown}");
        assert_eq!(reserved(self.server).await, before);
    }

    /// What is reserved after an import, and after a second.
    async fn becomes(&self, code: i32, expected: &[&str]) {
        let first = self.json(&[], code);
        let made = &first["counts"]["made"];
        let all = reserved(self.server).await;
        let expected: Vec<String> = expected.iter().map(|line| dated(line)).collect();
        assert_eq!(all, expected);
        let people = people(self.server).await;
        let second = self.json(&[], code);
        assert_eq!(second["counts"]["made"], 0);
        let was = first["counts"]["already_there"].as_u64().unwrap();
        let there = was + made.as_u64().unwrap();
        assert_eq!(second["counts"]["already_there"], there);
        for same in ["conflicts", "refused", "skipped"] {
            assert_eq!(second["counts"][same], first["counts"][same], "{same}");
        }
        assert_eq!(second["people"], Value::Array(vec![]));
        assert_eq!(reserved(self.server).await, all);
        assert_eq!(self::people(self.server).await, people);
    }
}

/// `ana: node-1:0,1 from … to …, note`, by when they begin.
async fn reserved(server: &Server) -> Vec<String> {
    let call = ListReservations {
        from: None,
        to: None,
    };
    let all = server.client().call(call).await.unwrap().reservations;
    let line = |one: berth_api::reservations::ReservationView| {
        let holder = match (one.user, one.project) {
            (Some(user), _) => user.0,
            (None, project) => format!("project {}", project.unwrap_or_default()),
        };
        let note = one.note.map(|note| format!(", {note}")).unwrap_or_default();
        let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
        format!(
            "{holder}: {} from {} to {}{note}",
            one.what,
            at(one.start),
            at(one.end)
        )
    };
    let mut lines: Vec<String> = all.into_iter().map(line).collect();
    lines.sort();
    lines
}

async fn people(server: &Server) -> Vec<String> {
    let all = server.client().call(ListPeople {}).await.unwrap().people;
    all.into_iter().map(|person| person.name.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_sheet_with_merged_cells_in_german_and_latin_1() {
    let server = Server::with("2x8", &[]);
    server.add_user("kim");
    let sheet = Sheet::new(&server, &latin1(&dated(file!("office.csv"))));
    sheet.previews(file!("office.json")).await;
    sheet
        .becomes(
            1,
            &[
                "ana.mueller: node-1:0,1,2,3 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 20:00, \
                 Training für Abgabe",
                "ana.mueller: node-2:0,1,2,3,4,5,6,7 from @21 %Y-%m-%d@ 18:00 to @22 %Y-%m-%d@ 09:00, Abgabe",
                "bo: node-1:4,5 from @21 %Y-%m-%d@ 00:00 to @23 %Y-%m-%d@ 00:00",
                "kim: node-1:6 from @23 %Y-%m-%d@ 00:00 to @24 %Y-%m-%d@ 00:00, Eval",
            ],
        )
        .await;
    assert_eq!(
        people(&server).await.len(),
        4,
        "{:?}",
        people(&server).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_sheet_with_the_month_first_and_rows_in_each_others_way() {
    let server = Server::with("2x8", &[]);
    // In the way of one row.
    let reservation = ReserveRequest {
        user: Some("ana".to_owned()),
        exact: vec!["node-1:0-7".to_owned()],
        start: Some(dated("@22 %Y-%m-%d@T12:00:00Z")),
        end: Some(dated("@22 %Y-%m-%d@T20:00:00Z")),
        note: Some("demo".to_owned()),
        ..ReserveRequest::default()
    };
    let body = ReserveArg {
        reservation,
        ..ReserveArg::default()
    };
    server
        .client()
        .call(CreateReservation { body })
        .await
        .unwrap();
    let sheet = Sheet::new(&server, dated(file!("lab.csv")).as_bytes());
    sheet.previews(file!("lab.json")).await;
    sheet
        .becomes(
            1,
            &[
                "ana: 4 GPUs on node-1 from @20 %Y-%m-%d@ 09:00 to @20 %Y-%m-%d@ 17:00, \
                 =HYPERLINK(\"x\")",
                "ana: node-1:0,1,2,3,4,5,6,7 from @22 %Y-%m-%d@ 12:00 to @22 %Y-%m-%d@ 20:00, demo",
                "wei.chen: 8 GPUs on node-2 from @20 %Y-%m-%d@ 22:00 to @21 %Y-%m-%d@ 02:00, night",
            ],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_of_tabs_with_lengths_projects_and_offsets() {
    let server = Server::with("2x8", &[]);
    let sheet = Sheet::new(&server, dated(file!("cluster.csv")).as_bytes());
    sheet.previews(file!("cluster.json")).await;
    sheet
        .becomes(
            1,
            &[
                "ana: node-1:0,1,2,3 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 16:00",
                "ana: node-1:4,5,6,7 node-2:0,1,2,3 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 09:30, \
                 project vision",
                "bo: 4 GPUs from @25 %Y-%m-%d@ 14:00 to @25 %Y-%m-%d@ 15:30",
                "project vision: node-2:7 from @20 %Y-%m-%d@ 00:00 to @22 %Y-%m-%d@ 00:00",
            ],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grid_of_hours_and_gpus() {
    let server = Server::with("2x8", &[]);
    let sheet = Sheet::new(&server, dated(file!("grid.csv")).as_bytes());
    sheet.previews(file!("grid.json")).await;
    sheet
        .becomes(
            1,
            &[
                "ana: node-1:0 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 10:00",
                "ana: node-1:1 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 11:00",
                "bo: node-2:0,1 from @21 %Y-%m-%d@ 08:00 to @21 %Y-%m-%d@ 10:00",
                "bo: node-2:1 from @20 %Y-%m-%d@ 08:00 to @20 %Y-%m-%d@ 10:00",
            ],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sheet_with_months_by_name_and_no_years_in_utf_16() {
    let server = Server::with("2x8", &[]);
    let sheet = Sheet::new(&server, &utf16(&dated(file!("months.csv"))));
    sheet.previews(file!("months.json")).await;
    sheet
        .becomes(
            1,
            &[
                "bo: node-1:0 from @20 %Y-%m-%d@ 09:00 to @20 %Y-%m-%d@ 17:00, debugging",
                "bo: node-1:1 from @20 %Y-%m-%d@ 09:00 to @20 %Y-%m-%d@ 17:00",
                "kim: node-1:2,3,4 from @20 %Y-%m-%d@ 12:00 to @21 %Y-%m-%d@ 00:00",
                "wei: node-2:0,1,2,3,4,5,6,7 from @24 %Y-%m-%d@ 00:00 to @26 %Y-%m-%d@ 00:00",
            ],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_a_person_can_say_is_asked_and_then_done() {
    let server = Server::with("2x8", &[]);
    let sheet = Sheet::new(&server, dated(file!("either.csv")).as_bytes());
    let asked = sheet.json(&["--dry-run"], 0);
    assert_eq!(asked["asks"][0]["choice"], "dates");
    assert_eq!(asked["counts"]["refused"], 1);
    let told = sheet.run(&["--dry-run"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(
        told.contains("(--dates)\n") && told.contains("line 2: '"),
        "{told}"
    );
    let said = ["--dates", "dmy", "--person", "ana=ana.berg"];
    let done = sheet.json(&said, 0);
    assert_eq!(done["counts"]["made"], 1);
    let link = done["people"][0]["link"].as_str().unwrap();
    assert!(link.contains("/login/once/"), "{link}");
    let from = dated("ana.berg: 4 GPUs from @either %Y-%m-%d@ 00:00 to ");
    let all = reserved(&server).await;
    assert!(all.len() == 1 && all[0].starts_with(&from), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_import_and_what_makes_no_sense_is_said() {
    let server = Server::with("2x8", &[]);
    let token = server.add_user("ana");
    let sheet = Sheet::new(&server, b"Who,GPUs,From,Until\n");
    let mut command = server.cli();
    command
        .env("BERTH_TOKEN", token)
        .args(["import", &sheet.path, "--dry-run"]);
    let refused = command.output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("Only an admin can import bookings."),
        "{said}"
    );
    for (more, why) in [
        (
            ["--column", "boss=Who"],
            "'boss' is nothing a column can say.",
        ),
        (
            ["--column", "who=Wer"],
            "There is no column 'Wer'. There are: Who, GPUs, From, Until.",
        ),
        (
            ["--dates", "ydm"],
            "'ydm' is no order of dates: use dmy, mdy or ymd.",
        ),
        (
            ["--year", "26"],
            "26 is no year of bookings: use one such as 2026.",
        ),
    ] {
        let output = sheet.run(&more);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
    }
    let missing = Sheet {
        server: &server,
        path: "no-such.csv".to_owned(),
    };
    assert_eq!(missing.run(&[]).status.code(), Some(1));
    let workbook = Sheet::new(&server, b"PK\x03\x04 and so on");
    let said = String::from_utf8(workbook.run(&[]).stderr).unwrap();
    assert!(said.contains("This is a workbook and not CSV"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_exported_and_no_secret() {
    let server = Server::with("2x8", &[]);
    let berth = server.client();
    let request = berth_domain::SubmitRequest {
        env: [("WANDB_API_KEY".to_owned(), "a-secret-key".to_owned())].into(),
        ..crate::support::shell("true")
    };
    let job = crate::support::submit(&berth, request).await.id;
    crate::support::until(&berth, async |berth: &berth_api::Berth| {
        !crate::support::get(berth, job).await.row.is_live()
    })
    .await;
    let sheet = Sheet::new(&server, dated(file!("months.csv")).as_bytes());
    sheet.json(&[], 1);
    for format in ["csv", "jsonl"] {
        let mut command = server.cli();
        command.args(["export", "--all", "--format", format, "-o", "out"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut names: Vec<String> = std::fs::read_dir(server.dir.path().join("out"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(format))
            .collect();
        names.sort();
        let lists = [
            "alerts",
            "audit",
            "campaigns",
            "events",
            "jobs",
            "ledger",
            "people",
            "quotas",
            "reservations",
            "usage",
        ];
        assert_eq!(names, lists.map(|list| format!("{list}.{format}")));
        for name in &names {
            let text = std::fs::read_to_string(server.dir.path().join("out").join(name)).unwrap();
            assert!(
                !text.contains("a-secret-key") && !text.contains("berth_"),
                "{name}: {text}"
            );
        }
    }
    let read =
        |name: &str| std::fs::read_to_string(server.dir.path().join("out").join(name)).unwrap();
    let jobs: Value = serde_json::from_str(read("jobs.jsonl").trim()).unwrap();
    assert_eq!(jobs["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(read("reservations.csv").lines().count(), 5);
    assert!(read("events.csv").lines().count() > 2);
    let audit = read("audit.csv");
    assert!(
        audit.starts_with("id,at,actor,acts_for,origin,act,subject,"),
        "{audit}"
    );
    assert!(audit.contains(",submit,job 1,"), "{audit}");
    assert!(read("people.csv").contains("wei,member,"));
    // One list fits into a stream.
    let mut command = server.cli();
    let stream = command.args(["export", "--what", "people", "--format", "jsonl", "-o", "-"]);
    let stream = String::from_utf8(stream.output().unwrap().stdout).unwrap();
    assert_eq!(stream, read("people.jsonl"));
    let mut command = server.cli();
    let two = command
        .args(["export", "--what", "jobs,people", "-o", "-"])
        .output()
        .unwrap();
    assert_eq!(two.status.code(), Some(2), "{two:?}");
    // Who is no admin gets what they may see, and is told what they do not.
    let mut command = server.cli();
    command.env("BERTH_TOKEN", server.add_user("ana"));
    let output = command
        .args(["export", "--all", "-o", "hers"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("Left out: audit (Only an admin sees ")
            && said.contains("people (Only an admin can "),
        "{said}"
    );
    assert!(server.dir.path().join("hers/jobs.csv").is_file());
    assert!(!server.dir.path().join("hers/people.csv").exists());
}
