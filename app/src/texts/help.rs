//! The dialog that tells the keys.

pub const KEYS: &str = "Keys";
pub const ANYWHERE: &str = "Anywhere";
pub const KEY_FIND: &str = "Ctrl K, ⌘ K";
pub const FIND: &str = "Find a page, a job, a node or an action";
pub const FILTER: &str = "Filter the list, search the log";
pub const CLOSE_OR_BACK: &str = "Close, leave an empty filter, from a job back";
pub const THIS_HELP: &str = "This help";
pub const LISTS: &str = "Lists";
pub const ROWS: &str = "Next and previous row; then the arrows too";
pub const OPEN_ROW: &str = "Open the row";
pub const CANCEL: &str = "Cancel the job, after a question";
pub const GO_TO_LOG: &str = "Go to the log";
pub const PAGES: &str = "Pages";
pub const THE_QUEUE: &str = "The queue";
pub const KEY_SPACE: &str = "Space";
pub const PICK_UP: &str = "On a grip: pick the job up, and put it down";
pub const KEY_MOVE: &str = "↑ ↓ Home End";
pub const MOVE: &str = "Move it";
pub const PUT_BACK: &str = "Put it back";
