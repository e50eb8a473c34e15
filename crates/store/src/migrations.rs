//! How the database came to be, step by step. Listed here, so that no compiler has to read the folder: the
//! macro for that has SQLite compiled a second time.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

macro_rules! steps {
    ($($version:literal $name:literal)*) => {
        [$(($version, $name, include_str!(concat!("../../../migrations/", $name, ".sql")))),*]
    };
}

const STEPS: [(i64, &str, &str); 17] = steps! {
    1 "0001_journal"
    2 "0002_people"
    3 "0003_settings"
    4 "0004_reservations"
    5 "0005_forecasts"
    6 "0006_arrays"
    7 "0007_telemetry"
    8 "0008_alerts"
    9 "0009_notices"
    10 "0010_lives"
    11 "0011_agents"
    12 "0012_campaigns"
    13 "0013_talks"
    14 "0014_roles"
    15 "0015_tokens"
    16 "0016_logins"
    17 "0017_audit"
};

pub fn all() -> Migrator {
    let steps = STEPS.map(|(version, name, sql)| {
        let (_, title) = name.split_once('_').unwrap_or_default();
        let title = title.replace('_', " ");
        let sql = sql.into_sql_str();
        Migration::new(version, title.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(steps.into())
}
