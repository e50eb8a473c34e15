//! Named places of the control loop at which a test can look, stop, or crash the process.

use std::sync::Arc;

/// A place between two steps whose order matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breakpoint {
    /// Something was decided; nothing is written.
    BeforeCommit,
    /// It is written; nobody was told, nothing is applied.
    AfterCommit,
    /// A start is committed; the executor was not asked.
    BeforeLaunch,
    /// The executor was asked.
    AfterLaunch,
}

impl Breakpoint {
    pub const ALL: [Breakpoint; 4] = [
        Breakpoint::BeforeCommit,
        Breakpoint::AfterCommit,
        Breakpoint::BeforeLaunch,
        Breakpoint::AfterLaunch,
    ];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Breakpoint::BeforeCommit => "before-commit",
            Breakpoint::AfterCommit => "after-commit",
            Breakpoint::BeforeLaunch => "before-launch",
            Breakpoint::AfterLaunch => "after-launch",
        }
    }
}

type Visit = dyn Fn(Breakpoint) + Send + Sync;

/// What to do at breakpoints; nothing by default.
#[derive(Clone, Default)]
pub struct Breakpoints(Option<Arc<Visit>>);

impl Breakpoints {
    pub fn new(visit: impl Fn(Breakpoint) + Send + Sync + 'static) -> Self {
        Breakpoints(Some(Arc::new(visit)))
    }

    pub(crate) fn reach(&self, breakpoint: Breakpoint) {
        if let Some(visit) = &self.0 {
            visit(breakpoint);
        }
    }
}

impl std::fmt::Debug for Breakpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Breakpoints")
            .field(&self.0.is_some())
            .finish()
    }
}
