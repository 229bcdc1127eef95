//! The connection that a request came over, for answers that never end by themselves.

use std::any::Any;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use actix_web::dev::Extensions;

/// A second handle of a client's connection.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Keeps a handle with a new connection's data, where the operating system grants one.
    pub fn keep(connection: &dyn Any, data: &mut Extensions) {
        let stream = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
        if let Some(handle) = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok()) {
            data.insert(Arc::new(Self(TcpStream::from(handle))));
        }
    }

    /// Ends the connection, whatever is still waiting to be sent. A server waits for a client that does not read for ever
    /// otherwise: nothing it could be told would reach it.
    pub fn close(&self) {
        // It may be closed already, which is as good.
        drop(self.0.shutdown(Shutdown::Both));
    }
}
