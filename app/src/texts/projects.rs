//! Projects: who is in them, what they use, and what whoever looks may use.

pub const PROJECTS_TOLD: &str = "A project is a word on jobs until it is set up. Then it has members: whoever \
    leads it acts on its jobs, and says who is in it.";
pub const NO_PROJECT: &str = "None is set up.";
pub const SET_UP_A_PROJECT: &str = "Set up a project";
pub const PROJECT_NAME: &str = "Name";
pub const PROJECT_ABOUT: &str = "What it is about";
pub const ONLY_MEMBERS: &str = "Only its members run jobs in it";
pub const SET_UP: &str = "Set up";
pub const CLOSED: &str = "closed";
pub const NEW_MEMBER: &str = "Another member";
pub const AS: &str = "As";
pub const ADD_MEMBER: &str = "Add to it";
pub const DROP: &str = "Drop";
pub const SAVE_PROJECT: &str = "Save";
pub const REMOVE_PROJECT: &str = "Make it a word again";

pub fn drop(user: &str, project: &str) -> String {
    format!("Drop {user} from {project}")
}

// what whoever looks may use
pub const PROJECTS: &str = "Projects";
pub const SET_UP_ONES: &str = "Set up";
pub const YOU: &str = "What you may use";
pub const GPUS_AT_ONCE: &str = "GPUs at once";
pub const ONLY_A_WORD: &str = "Words on jobs";
pub const ONLY_A_WORD_TOLD: &str = "Nobody set these up: everybody may use them.";
pub const NOBODY_IN_IT: &str = "Nobody is in it yet.";

/// `3 jobs, 8 GPUs`.
pub fn runs(jobs: &str, gpus: &str) -> String {
    format!("{jobs}, {gpus} now")
}
