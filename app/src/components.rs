//! Components, one a file, each with its style under `style/`.

pub mod confirm;
pub mod copy;
pub mod empty;
pub mod field;
pub mod frame;
pub mod free_at;
pub mod gpu_squares;
pub mod gpu_tile;
pub mod header;
pub mod help;
pub mod job_actions;
pub mod job_line;
pub mod job_row;
pub mod job_spec;
pub mod lease;
pub mod log_view;
pub mod moment;
pub mod node_row;
pub mod notices;
pub mod owner;
pub mod problem;
pub mod rail;
pub mod state_badge;
pub mod theme_switch;
pub mod timeline;
