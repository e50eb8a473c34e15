//! The planner: what it promises under every policy, what it decides in single cases, and that
//! what it says is what it does.

mod budgets;
mod cases;
mod constraints;
mod deadlines;
mod explain;
mod promises;
mod random;
mod reserved;
mod support;
