//! The websocket of a page: opened, resumed where it broke, and watched.

use std::cell::RefCell;
use std::time::Duration;

use berth_api::ErrorCode;
use berth_api::live::{LiveMessage, LiveRequest};
use berth_api::logs::LogText;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, MessageEvent, WebSocket};

use super::{Link, Live};
use crate::clock::wall_seconds;

/// A page that hears nothing for this long says so; the server speaks every 5 s.
const STALE_AFTER_S: i64 = 12;
/// After this long the connection is given up and made anew.
const DEAD_AFTER_S: i64 = 20;
/// So many failed tries make a page offline.
const OFFLINE_TRIES: u32 = 3;
const FIRST_DELAY_MS: f64 = 500.0;
const LONGEST_DELAY_MS: f64 = 15_000.0;

thread_local! {
    static CONNECTION: RefCell<Connection> = RefCell::default();
}

#[derive(Default)]
struct Connection {
    open: Option<Open>,
    /// Failed tries since the last message.
    tries: u32,
    heard: i64,
    /// Rises with each try, so that what is left of older ones does nothing.
    round: u32,
    follow: Option<(LiveRequest, Callback<LogText>)>,
    watched: bool,
}

impl Connection {
    fn being_made(&self) -> bool {
        let state = self.open.as_ref().map(|open| open.socket.ready_state());
        state == Some(WebSocket::CONNECTING)
    }
}

/// A socket and what listens to it.
struct Open {
    socket: WebSocket,
    _listeners: [Closure<dyn FnMut(MessageEvent)>; 1],
    _events: [Closure<dyn FnMut(Event)>; 2],
}

impl Drop for Open {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onopen(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn with<T>(f: impl FnOnce(&mut Connection) -> T) -> T {
    CONNECTION.with_borrow_mut(f)
}

/// Opens the connection, and watches it from then on.
pub fn connect(live: Live) {
    open(live, true);
    if with(|connection| std::mem::replace(&mut connection.watched, true)) {
        return;
    }
    Effect::new(move |_| {
        live.clock.now();
        watch(live);
    });
    let again = move || {
        let quiet = wall_seconds() - with(|connection| connection.heard);
        let doubtful = live.link.get_untracked() != Link::Live || quiet > STALE_AFTER_S;
        if doubtful && !document().hidden() && !with(|connection| connection.being_made()) {
            open(live, true);
        }
    };
    let _ = window_event_listener_untyped("online", move |_| again());
    let _ = window_event_listener_untyped("pageshow", move |_| again());
    let changed = Closure::<dyn FnMut()>::new(again);
    let target = document();
    let _ = target
        .add_event_listener_with_callback("visibilitychange", changed.as_ref().unchecked_ref());
    changed.forget();
}

/// Begins to follow a log; what is followed already is left.
pub fn follow(request: LiveRequest, sink: Callback<LogText>) {
    with(|connection| {
        send(connection, &request);
        connection.follow = Some((request, sink));
    });
}

pub fn unfollow() {
    with(|connection| {
        if connection.follow.take().is_some() {
            send(connection, &LiveRequest::Unfollow);
        }
    });
}

fn send(connection: &Connection, request: &LiveRequest) {
    let Some(open) = &connection.open else { return };
    if open.socket.ready_state() == WebSocket::OPEN
        && let Ok(text) = serde_json::to_string(request)
    {
        let _ = open.socket.send_with_str(&text);
    }
}

/// Makes a connection; `resume` says where the page is, so that only what it missed is sent.
fn open(live: Live, resume: bool) {
    let round = with(|connection| {
        connection.round += 1;
        connection.open = None;
        connection.heard = wall_seconds();
        connection.round
    });
    let Ok(socket) = WebSocket::new(&url(live, resume)) else {
        retry(live, round);
        return;
    };
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            take(live, round, &text);
        }
    });
    let on_open = Closure::<dyn FnMut(Event)>::new(move |_| {
        with(|connection| {
            if let Some((request, _)) = connection.follow.clone() {
                send(connection, &request);
            }
        });
    });
    let on_close = Closure::<dyn FnMut(Event)>::new(move |_| retry(live, round));
    socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
    with(|connection| {
        connection.open = Some(Open {
            socket,
            _listeners: [on_message],
            _events: [on_open, on_close],
        });
    });
}

fn url(live: Live, resume: bool) -> String {
    let location = location();
    let secure = location
        .protocol()
        .is_ok_and(|protocol| protocol == "https:");
    let scheme = if secure { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let seen = live
        .cells
        .with_value(|cells| (cells.picture.epoch, cells.picture.version));
    let query = if resume {
        format!("?epoch={}&version={}", seen.0, seen.1)
    } else {
        String::new()
    };
    format!("{scheme}://{host}/api/live{query}")
}

/// Takes a message in.
fn take(live: Live, round: u32, text: &str) {
    let current = with(|connection| {
        if connection.round != round {
            return false;
        }
        connection.heard = wall_seconds();
        connection.tries = 0;
        true
    });
    if !current {
        return;
    }
    let Ok(message) = serde_json::from_str::<LiveMessage>(text) else {
        // A newer server's message: this page is too old to read it.
        return;
    };
    match message {
        LiveMessage::Snapshot(picture) => {
            live.replace(*picture);
            live.resynced.update(|count| *count += 1);
        }
        LiveMessage::Delta(delta) => {
            if live.apply(*delta).is_err() {
                // In another task: this one is called by the socket that goes away.
                set_timeout(move || open(live, false), Duration::ZERO);
                return;
            }
        }
        LiveMessage::Log(piece) => log(piece),
        LiveMessage::Heartbeat => {}
    }
    super::set(live.link, Link::Live);
}

/// Hands a piece of a log on, and remembers where to go on after a break.
fn log(piece: LogText) {
    let sink = with(|connection| {
        let (request, sink) = connection.follow.as_mut()?;
        if let LiveRequest::Follow {
            job,
            reading,
            offset,
            ..
        } = request
        {
            if job.0 != piece.job {
                return None;
            }
            *offset = piece.next;
            *reading = Some(piece.attempt).filter(|attempt| *attempt > 0);
        }
        Some(*sink)
    });
    if let Some(sink) = sink {
        sink.run(piece);
    }
}

/// Tries again after a while: twice as long each time, never two pages at the same moment.
fn retry(live: Live, round: u32) {
    let tries = with(|connection| {
        if connection.round != round {
            return None;
        }
        connection.tries += 1;
        Some(connection.tries)
    });
    let Some(tries) = tries else { return };
    let offline = tries > OFFLINE_TRIES;
    super::set(live.link, if offline { Link::Offline } else { Link::Stale });
    if tries == OFFLINE_TRIES {
        leave_when_logged_out();
    }
    let longest = (FIRST_DELAY_MS * f64::from(1u32 << (tries - 1).min(6))).min(LONGEST_DELAY_MS);
    let delay = longest * (0.5 + js_sys::Math::random() / 2.0);
    let go = move || {
        if with(|connection| connection.round == round) {
            open(live, true);
        }
    };
    set_timeout(go, Duration::from_secs_f64(delay / 1000.0));
}

/// A websocket does not say why it was refused; a session that ended is one reason.
fn leave_when_logged_out() {
    leptos::task::spawn_local(async {
        if let Err(error) = berth_api::cluster::whoami().await
            && error.code() == ErrorCode::Unauthenticated
        {
            let _ = location().set_href("/login");
        }
    });
}

/// Called each second.
fn watch(live: Live) {
    let (quiet, round) = with(|connection| (wall_seconds() - connection.heard, connection.round));
    if quiet > DEAD_AFTER_S {
        with(|connection| {
            connection.open = None;
            connection.heard = wall_seconds();
        });
        retry(live, round);
    } else if quiet > STALE_AFTER_S && live.link.get_untracked() == Link::Live {
        live.link.set(Link::Stale);
    }
}
