//! Icons: 16 by 16, drawn with lines in the colour of the text around them.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Dashboard,
    Jobs,
    Timeline,
    Cluster,
    Alert,
    History,
    Submit,
    Held,
    Queued,
    Starting,
    Running,
    Stopping,
    Succeeded,
    Failed,
    Cancelled,
    TimedOut,
    Lost,
    System,
    Light,
    Dark,
    Copy,
    Download,
    Up,
    Down,
    Left,
    Right,
    ToStart,
    ToEnd,
    Folder,
    File,
    Gang,
    Close,
    LogOut,
    Queue,
    Grip,
    Search,
    Admin,
    Agent,
    Undo,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Dashboard => "M2 3h12v4H2zM2 9h5v4H2zM9 9h5v4H9z",
            Icon::Jobs => "M2 4h1M6 4h8M2 8h1M6 8h8M2 12h1M6 12h8",
            Icon::Timeline => "M2 3.5h5M5 8h7M8 12.5h6M10.5 2v12",
            Icon::Cluster => {
                "M2 2.5h12v4.5H2zM2 9h12v4.5H2zM4.5 4.7h1M4.5 11.2h1M8 4.7h3.5M8 11.2h3.5"
            }
            Icon::Alert => "M4 11.5V7.2a4 4 0 0 1 8 0v4.3M2.5 11.5h11M6.7 13.7h2.6M8 1.7v1.5",
            Icon::History => "M2.5 2.5v11h11M5.5 11V8M8.5 11V4.5M11.5 11V6.5",
            Icon::Submit => "M8 3v10M3 8h10",
            Icon::Held => "M5.5 3.5v9M10.5 3.5v9",
            Icon::Queued => "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3l2 1.5",
            Icon::Starting => "M8 2.5a5.5 5.5 0 0 1 5.5 5.5M8 13.5A5.5 5.5 0 0 1 2.5 8",
            Icon::Running => "M5 3.2v9.6L12.5 8z",
            Icon::Stopping => "M4 4h8v8H4z",
            Icon::Succeeded => "M3 8.5l3.2 3.2L13 4.8",
            Icon::Failed | Icon::Close => "M4 4l8 8M12 4l-8 8",
            Icon::Cancelled => "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 11.8l7.6-7.6",
            Icon::TimedOut => "M4 2.5h8M4 13.5h8M5 2.5c0 3.5 6 7.5 6 11M11 2.5c0 3.5-6 7.5-6 11",
            Icon::Lost => "M8 3v6M8 12v.5",
            Icon::System => "M2 3h12v8H2zM6 13.5h4",
            Icon::Light => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.2M8 13.3v1.2\
                M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9"
            }
            Icon::Dark => "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
            Icon::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Icon::Download => "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10",
            Icon::Up => "M4 10l4-4 4 4",
            Icon::Down => "M4 6l4 4 4-4",
            Icon::Left => "M10 4L6 8l4 4",
            Icon::Right => "M6 4l4 4-4 4",
            Icon::ToStart => "M3.5 3h9M8 13.5V6.5M4.8 9.5L8 6.3l3.2 3.2",
            Icon::ToEnd => "M3.5 13h9M8 2.5v7M4.8 6.5L8 9.7l3.2-3.2",
            Icon::Folder => "M2 12.5v-9h4l1.5 2H14v7z",
            Icon::File => "M4 2h5l3 3v9H4zM9 2v3h3",
            Icon::Gang => {
                "M6.5 9.5l3-3M7 4.5l1-1a2.8 2.8 0 0 1 4 4l-1 1M9 11.5l-1 1a2.8 2.8 0 0 1-4-4l1-1"
            }
            Icon::Queue => "M2 3.5h12v2.5H2zM4 8h10v2H4zM6 12h8v1.5H6z",
            Icon::Grip => "M6 4v.1M10 4v.1M6 8v.1M10 8v.1M6 12v.1M10 12v.1",
            Icon::Search => "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4l3.3 3.3",
            Icon::Admin => {
                "M2 4h5M10.5 4H14M2 8h1.5M7 8h7M2 12h7M12.5 12H14\
                M7 4a1.75 1.75 0 1 0 3.5 0 1.75 1.75 0 0 0-3.5 0\
                M3.5 8a1.75 1.75 0 1 0 3.5 0 1.75 1.75 0 0 0-3.5 0\
                M9 12a1.75 1.75 0 1 0 3.5 0 1.75 1.75 0 0 0-3.5 0"
            }
            Icon::Agent => {
                "M3.5 6h9v6.5h-9zM8 6V3.2M6.5 3h3M6.2 8.6v1.2M9.8 8.6v1.2M1.5 8.2v2.2M14.5 8.2v2.2"
            }
            Icon::Undo => "M5.8 3.2L2.8 6.2l3 3M2.8 6.2h6.4a4 4 0 0 1 0 7.3H6",
            Icon::LogOut => "M9.5 3H3v10h6.5M7 8h7M11.5 5.5L14 8l-2.5 2.5",
        }
    }
}

/// An icon beside a word; without one the parent needs a label.
pub fn icon(which: Icon) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=which.path() />
        </svg>
    }
    .into_any()
}
