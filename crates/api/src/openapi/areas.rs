//! All server functions, as people look for them.

use super::operation::Operation;
use super::schemas::Schemas;
use crate::{
    agents, alerts, analytics, audit, campaigns, charts, cluster, files, history, imports, jobs,
    logins, logs, node_tokens, notifications, past, people, planner, projects, queue, quotas,
    reservations, talks, timeline, tokens, waits,
};

macro_rules! areas {
    ($schemas:ident, $($title:literal: $($module:ident::{$($function:ident),*}),*;)*) => {
        vec![$(($title, vec![$($(Operation::of::<$module::$function>($schemas)),*),*])),*]
    };
}

#[rustfmt::skip]
pub(super) fn all(schemas: &mut Schemas) -> Vec<(&'static str, Vec<Operation>)> {
    areas! { schemas,
        "Jobs":
            jobs::{SubmitJob, ListJobs, GetJob, JobEvents, CancelJob, HoldJob, ReleaseJob, MoveJob, UndoMove,
                UpdateJob, RequeueJob, ChangeArray},
            waits::{JobWaits};
        "Logs and files": logs::{JobLog, LogPlace, SearchLog}, files::{JobFiles};
        "Queue and planner":
            queue::{GetQueueOrder, GetQueueRows},
            planner::{ExplainJob, ForecastStart, GetPolicy, SetPolicy, PreviewPolicy};
        "Cluster": cluster::{GetCluster, GetPicture, Detect, Cordon, Uncordon};
        "Reservations":
            reservations::{ListReservations, CreateReservation, CancelReservation, EndReservation},
            timeline::{GetTimeline, GetCalendar};
        "Campaigns":
            campaigns::{StartCampaign, PreviewCampaign, ListCampaigns, GetCampaign, ChangeCampaign};
        "Agents":
            agents::{ListAgents, SetAgent, RemoveAgent, StopAgents, ResumeAgents, SetAgentRule, Ledger,
                AnswerCard, UndoCard},
            talks::{Talks, Talk, ForgetTalk};
        "Alerts and notifications":
            alerts::{GetAlerts, AnswerAlert, Adopt},
            notifications::{GetNotifications, SetNotifications, TryNotifications};
        "History":
            history::{GetSeries, GetUsage, GetSparklines, ClusterAt},
            charts::{JobCharts},
            analytics::{GetAnalytics, GetScoreboard},
            past::{ReplayHistory, ForecastScore};
        "People, projects and quotas":
            cluster::{GetWhoami},
            people::{ListPeople, ListAdmins, AddPerson, SetRole, LoginLink},
            logins::{MyLogin},
            projects::{ListProjects, SetProject, RemoveProject, SetMember},
            quotas::{GetQuotas, SetQuota};
        "Tokens and audit":
            tokens::{ListTokens, CreateToken, RevokeToken},
            node_tokens::{ListNodeTokens, RevokeNodeTokens},
            audit::{Audit};
        "Taking over a sheet": imports::{ImportPreview, ImportApply};
    }
}
