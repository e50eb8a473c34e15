//! Pages of the documentation that are for users of the cluster; those for who runs it are left out.

pub(super) struct Page {
    pub name: &'static str,
    pub about: &'static str,
    pub text: &'static str,
}

pub(super) const PAGES: &[Page] = &[
    Page {
        name: "jobs",
        about: "What a job finds: its environment, its folder, several nodes, and how it hears that it is to save",
        text: include_str!("../../../../docs/jobs.md"),
    },
    Page {
        name: "scheduler",
        about: "How the planner orders the queue, forecasts starts and explains waits",
        text: include_str!("../../../../docs/scheduler.md"),
    },
    Page {
        name: "alerts",
        about: "What is looked for, who is asked, and what each answer does",
        text: include_str!("../../../../docs/alerts.md"),
    },
    Page {
        name: "campaigns",
        about: "Campaigns: what can be searched, how trials are chosen, what holds them to a budget",
        text: include_str!("../../../../docs/campaigns.md"),
    },
    Page {
        name: "history",
        about: "What the figures of use mean: held, busy, working, unobserved",
        text: include_str!("../../../../docs/history.md"),
    },
    Page {
        name: "mcp",
        about: "These tools: how to connect, and what is safe",
        text: include_str!("../../../../docs/mcp.md"),
    },
];
