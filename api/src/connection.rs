//! Clients' connections: how many there are, how long each may keep the server waiting, and how one is ended from outside.
//!
//! A connection is ended when it has been without a request for too long, be it silent or in the middle of a head; when its client
//! takes nothing of an answer for too long; and when [`Connection::close`] says so. None needs a file descriptor besides its own.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use futures::task::AtomicWaker;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Place;

/// What a server and those who answer its requests know of a connection.
#[derive(Debug)]
pub struct Connection {
    is_closed: AtomicBool,
    /// Wakes the task that serves the connection.
    served_by: AtomicWaker,
    /// Requests whose answers have not been sent whole.
    requests: AtomicUsize,
    /// When the last answer was sent whole, or the connection was made.
    idle_since: Mutex<Instant>,
}

impl Connection {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            is_closed: AtomicBool::new(false),
            served_by: AtomicWaker::new(),
            requests: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
        })
    }

    /// Ends the connection, whatever is still waiting to be sent. A server waits for a client that does not read for ever
    /// otherwise: nothing it could be told would reach it.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.served_by.wake();
    }

    /// Notes that a request came over the connection; its answer has been sent whole when what this returns is dropped.
    pub fn request(self: &Arc<Self>) -> Answering {
        self.requests.fetch_add(1, Ordering::AcqRel);
        Answering(self.clone())
    }

    /// Since when there is no request; `None` while there is one.
    fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.requests.load(Ordering::Acquire) == 0;
        is_idle.then(|| *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Answering(Arc<Connection>);

impl Drop for Answering {
    fn drop(&mut self) {
        *self.0.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
        // What is left of the request's body has the time of a head from now on: the task must look at that clock.
        self.0.served_by.wake();
    }
}

/// How long a connection may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the head of a request.
    pub head: Duration,
    /// For the client to take anything of an answer.
    pub answer: Duration,
}

/// A client's connection as the server reads and writes it.
pub struct Guarded {
    stream: TcpStream,
    connection: Arc<Connection>,
    timeouts: Timeouts,
    idle: Option<Pin<Box<Sleep>>>,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Place<IpAddr>,
}

impl Guarded {
    /// Guards a connection that was given a place.
    pub fn new(stream: TcpStream, timeouts: Timeouts, place: Place<IpAddr>) -> Self {
        Self { stream, connection: Connection::new(), timeouts, idle: None, stalled: None, _place: place }
    }

    /// What is known of it.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// An error once the connection has been ended from outside; else its task is woken when it is.
    fn check_open(&self, cx: &Context<'_>) -> io::Result<()> {
        self.connection.served_by.register(cx.waker());
        if self.connection.is_closed.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// Ready once `deadline` has passed; the task is woken then.
fn poll_deadline(timer: &mut Option<Pin<Box<Sleep>>>, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
    let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
    if timer.deadline() != deadline {
        timer.as_mut().reset(deadline);
    }
    timer.as_mut().poll(cx)
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check_open(cx)?;
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            return Poll::Ready(read);
        }
        let Some(idle_since) = self.connection.idle_since() else { return Poll::Pending };
        let deadline = idle_since + self.timeouts.head;
        ready!(poll_deadline(&mut self.idle, deadline, cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_open(cx)?;
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let deadline =
            self.stalled.as_ref().map_or_else(|| Instant::now() + self.timeouts.answer, |timer| timer.deadline());
        ready!(poll_deadline(&mut self.stalled, deadline, cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
