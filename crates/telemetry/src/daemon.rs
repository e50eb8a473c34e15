//! The daemon of a node: looks at its GPUs once a second, and tells the server over a websocket. What
//! the server has not written to disk is kept, within bounds, and sent when it is back.

mod buffer;
mod clock;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use berth_domain::{GpuSample, NodeName, Timestamp};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use self::buffer::Buffer;
pub use self::buffer::Limits;
use self::clock::ServerClock;
use crate::local::Hardware;
use crate::wire::{FromNode, Hello, PROTOCOL, ToNode};

/// GPUs seldom come or go. The server is greeted as often, which also tells what its clock shows.
const BETWEEN_HELLOS: Duration = Duration::from_secs(60);
/// A server that says nothing for so long, though it was told something, is not there any more.
const SILENCE: Duration = Duration::from_secs(20);
/// A daemon that ends gives the server so long to write the last of it to disk.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// And to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What the daemon's host has.
pub trait Host: Send + 'static {
    /// Which GPUs; or why they cannot be read: a sentence.
    fn look(&mut self) -> impl Future<Output = Result<Hardware, String>> + Send;
    /// A sample of each that answers.
    fn sample(&mut self) -> impl Future<Output = Vec<GpuSample>> + Send;
}

/// Who the daemon is.
#[derive(Clone, Debug)]
pub struct Settings {
    pub name: NodeName,
    /// Of Berth.
    pub version: String,
    pub limits: Limits,
    /// The host's clock.
    pub now: fn() -> Timestamp,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConnected {
    /// The server does not want this daemon: a sentence.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Away(String),
}

/// What became of the looks that were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub taken: u64,
    /// Given up because the buffer was full.
    pub dropped: u64,
    pub on_disk: u64,
}

/// The server does not want this daemon: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// Why a connection ended.
enum End {
    Stopped,
    Refused(String),
    Lost(String),
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        End::Lost(error.to_string())
    }
}

/// Runs until `stop`, and tells what became of what it saw. `connect` opens the websocket; it is
/// called again whenever that broke, after a pause.
///
/// # Errors
/// When the server refuses this daemon for good.
pub async fn run<S, C>(
    settings: Settings,
    host: impl Host,
    mut connect: impl FnMut() -> C,
    stop: impl Future<Output = ()>,
) -> Result<Tally, Refused>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: Future<Output = Result<WebSocketStream<S>, NotConnected>>,
{
    let own = (settings.now)().as_millisecond();
    let kept = Arc::new(Kept {
        buffer: Mutex::new(Buffer::new(settings.limits)),
        clock: Mutex::new(ServerClock::new(own, Instant::now())),
        grew: Notify::new(),
    });
    let (tell, hardware) = watch::channel(None);
    let collector = tokio::spawn(collect(host, kept.clone(), tell));
    let mut link = Link {
        settings,
        kept: kept.clone(),
        hardware,
        collector: collector.abort_handle(),
    };
    let ended = link.keep_up(&mut connect, stop).await;
    collector.abort();
    ended.map(|()| kept.buffer().tally())
}

/// What collecting and sending share.
struct Kept {
    buffer: Mutex<Buffer>,
    clock: Mutex<ServerClock>,
    grew: Notify,
}

impl Kept {
    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> MutexGuard<'_, ServerClock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks each second, at the same moment of the server's clock on all nodes.
async fn collect(
    mut host: impl Host,
    kept: Arc<Kept>,
    hardware: watch::Sender<Option<Result<Hardware, String>>>,
) {
    loop {
        let found = host.look().await;
        if let Err(why) = &found {
            tracing::warn!(why, "the GPUs cannot be read");
        }
        hardware.send_replace(Some(found));
        let next_look = Instant::now() + BETWEEN_HELLOS;
        while Instant::now() < next_look {
            let pause = kept.clock().until_next_look(Instant::now());
            sleep(pause).await;
            let looked = Instant::now();
            let samples = host.sample().await;
            match serde_json::to_string(&samples) {
                Ok(samples) => kept.buffer().push(looked, samples.into()),
                Err(error) => tracing::error!(%error, "a sample cannot be written"),
            }
            kept.grew.notify_one();
        }
    }
}

struct Link {
    settings: Settings,
    kept: Arc<Kept>,
    hardware: watch::Receiver<Option<Result<Hardware, String>>>,
    collector: AbortHandle,
}

impl Link {
    /// Connects again and again, until it is told to stop or refused.
    async fn keep_up<S, C>(
        &mut self,
        connect: &mut impl FnMut() -> C,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        C: Future<Output = Result<WebSocketStream<S>, NotConnected>>,
    {
        let mut stop = std::pin::pin!(stop);
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_jitter()
            .without_max_times();
        let mut pause = pauses.build();
        let mut said = None;
        // Who we are we know once we have looked; that ends in any case.
        let looked = async { drop(self.hardware.wait_for(Option::is_some).await) };
        tokio::select! {
            () = looked => {}
            () = &mut stop => return Ok(()),
        }
        loop {
            let connected = tokio::select! {
                connected = timeout(SILENCE, connect()) => connected.unwrap_or_else(|_| {
                    Err(NotConnected::Away("the server does not answer".to_owned()))
                }),
                () = &mut stop => return Ok(()),
            };
            let why = match connected {
                Err(NotConnected::Refused(why)) => return Err(Refused(why)),
                Err(NotConnected::Away(why)) => why,
                Ok(socket) => {
                    let mut welcomed = false;
                    let ended = self.talk(socket, &mut welcomed, stop.as_mut()).await;
                    if welcomed {
                        pause = pauses.build();
                        said = None;
                    }
                    match ended {
                        End::Stopped => return Ok(()),
                        End::Refused(why) => return Err(Refused(why)),
                        End::Lost(why) => why,
                    }
                }
            };
            if said.as_ref() != Some(&why) {
                tracing::warn!(why, "not connected; what is seen meanwhile is sent later");
                said = Some(why);
            }
            tokio::select! {
                () = sleep(pause.next().unwrap_or(LONGEST_PAUSE)) => {}
                () = &mut stop => return Ok(()),
            }
        }
    }

    /// One connection, to its end.
    async fn talk<S>(
        &mut self,
        mut socket: WebSocketStream<S>,
        welcomed: &mut bool,
        stop: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> End
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let ended = match self.exchange(&mut socket, welcomed, stop).await {
            Ok(()) => End::Stopped,
            Err(end) => end,
        };
        let _ = timeout(GOODBYE, socket.close(None)).await;
        ended
    }

    /// Says what is new and hears what arrived, until it is told to stop and all has arrived.
    async fn exchange<S>(
        &mut self,
        socket: &mut WebSocketStream<S>,
        welcomed: &mut bool,
        mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> Result<(), End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.kept.buffer().start_over();
        let mut asked = self.greet(socket).await?;
        let mut heard = Instant::now();
        let mut until: Option<Instant> = None;
        loop {
            if until.is_some() && self.kept.buffer().is_empty() {
                return Ok(());
            }
            let next = if *welcomed { self.next() } else { None };
            if let Some(text) = next {
                say(socket, text).await?;
                continue;
            }
            tokio::select! {
                message = socket.next() => {
                    let message = message.ok_or_else(|| End::Lost("the server closed the connection".to_owned()))??;
                    heard = Instant::now();
                    let Message::Text(text) = message else { continue };
                    match serde_json::from_str(&text) {
                        Ok(ToNode::Welcome { now }) => {
                            self.kept.clock().hear(now, asked, heard);
                            if !*welcomed {
                                tracing::info!(node = %self.settings.name, "connected");
                            }
                            *welcomed = true;
                        }
                        Ok(ToNode::Ack { seq }) => self.kept.buffer().acknowledge(seq),
                        Ok(ToNode::Refused { why, try_again: true }) => return Err(End::Lost(why)),
                        Ok(ToNode::Refused { why, .. }) => return Err(End::Refused(why)),
                        Err(error) => tracing::debug!(%error, "the server says something new"),
                    }
                }
                () = self.kept.grew.notified() => {}
                changed = self.hardware.changed(), if until.is_none() => {
                    changed.map_err(|_| End::Lost("nobody looks at the GPUs any more".to_owned()))?;
                    asked = self.greet(socket).await?;
                }
                () = sleep_until(heard + SILENCE) => return Err(silent()),
                () = &mut stop, if until.is_none() => {
                    self.collector.abort();
                    until = Some(Instant::now() + LAST_WORDS);
                }
                () = sleep_until(until.unwrap_or(heard)), if until.is_some() => return Ok(()),
            }
        }
    }

    fn next(&self) -> Option<String> {
        let clock = *self.kept.clock();
        let skew = (self.settings.now)().as_millisecond() - clock.at(Instant::now());
        self.kept.buffer().next(|moment| clock.at(moment), skew)
    }

    /// Says who we are; tells when.
    async fn greet<S>(&mut self, socket: &mut WebSocketStream<S>) -> Result<Instant, End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (hardware, problem) = match self.hardware.borrow_and_update().clone() {
            None => (None, None),
            Some(Ok(found)) => (Some(found), None),
            Some(Err(why)) => (None, Some(format!("Its GPUs cannot be read: {why}."))),
        };
        let (gpus, driver, mut problems) = hardware.map_or_else(Default::default, |found| {
            (found.gpus, found.driver, found.problems)
        });
        problems.extend(problem);
        let hello = FromNode::Hello(Hello {
            protocol: PROTOCOL,
            name: self.settings.name.clone(),
            version: self.settings.version.clone(),
            gpus,
            driver,
            problems,
        });
        let asked = Instant::now();
        // There is nothing in it that JSON cannot say.
        let text = serde_json::to_string(&hello).unwrap_or_default();
        say(socket, text).await?;
        Ok(asked)
    }
}

/// A server that takes nothing is not there any more either.
async fn say<S>(socket: &mut WebSocketStream<S>, text: String) -> Result<(), End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let said = timeout(SILENCE, socket.send(Message::text(text))).await;
    said.map_err(|_| silent())??;
    Ok(())
}

fn silent() -> End {
    let seconds = SILENCE.as_secs();
    End::Lost(format!("the server said nothing for {seconds} s"))
}
