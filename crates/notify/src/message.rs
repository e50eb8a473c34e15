//! What is told, in a form that each channel makes its own of.

use berth_domain::{AlertId, CardId, JobId, Timestamp};
use serde::{Deserialize, Serialize};

/// Why somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    JobStarted,
    JobEnded,
    JobWaits,
    AlertOpened,
    AlertResolved,
    /// Whether to do something is to be decided.
    ApprovalAsked,
    /// Somebody wants to see whether it works.
    Test,
}

/// A message: the body of a webhook as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// Some sentences; empty where the title says it all.
    pub text: String,
    /// Where to look, and to answer.
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardId>,
    pub at: Timestamp,
}

impl Message {
    /// For a mail, with the link at the end.
    pub(crate) fn as_text(&self) -> String {
        let parts = [self.title.as_str(), &self.text, &self.url];
        let said = parts.into_iter().filter(|part| !part.is_empty());
        said.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// For Slack, whose three special characters are written as it wants them.
    pub(crate) fn as_slack(&self) -> serde_json::Value {
        let plain = |text: &str| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        };
        let mut text = format!("*<{}|{}>*", self.url, plain(&self.title).replace('|', "/"));
        if !self.text.is_empty() {
            text += "\n";
            text += &plain(&self.text);
        }
        serde_json::json!({ "text": text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_reads_no_markup_of_users() {
        let message = Message {
            kind: Kind::JobEnded,
            title: "Job 3 <a|b> & co failed".to_owned(),
            text: "<!channel>".to_owned(),
            url: "http://berth/jobs/3".to_owned(),
            job: Some(JobId(3)),
            alert: None,
            card: None,
            at: Timestamp::UNIX_EPOCH,
        };
        let expected =
            "*<http://berth/jobs/3|Job 3 &lt;a/b&gt; &amp; co failed>*\n&lt;!channel&gt;";
        assert_eq!(message.as_slack()["text"], expected);
        assert_eq!(
            message.as_text(),
            "Job 3 <a|b> & co failed\n\n<!channel>\n\nhttp://berth/jobs/3\n"
        );
    }
}
