//! A job's number on the command line. What is none is said with how to find one.

use berth_domain::JobId;

/// Reads a job's number; for clap's `value_parser`.
pub fn job(text: &str) -> Result<JobId, String> {
    text.parse().map_err(|_| {
        let name = berth_domain::commandline::quote(text);
        format!(
            "jobs go by their number; `berth queue --all --text {name}` finds those that wait or run by \
             their name, `berth history --all --text {name}` those that are over"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_number() {
        assert_eq!(job("17"), Ok(JobId(17)));
        assert!(job("train").unwrap_err().contains("--text train"));
    }
}
