//! An address that is listened on by HTTP, until it is closed.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::error::Error;

/// How long whoever is being answered has when it closes.
const GOODBYE: Duration = Duration::from_secs(5);

/// What answers at an address.
pub(crate) struct Listening {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Listening {
    /// Answers at an address from now on; `what` it is stands in the log, should it ever end by itself.
    ///
    /// # Errors
    /// When the address can't be used.
    pub(crate) async fn at(
        address: &str,
        router: Router,
        what: &'static str,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Listen {
            address: address.to_owned(),
            source,
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = watch::Sender::new(false);
        let mut stopped = stop.subscribe();
        let serving = tokio::spawn(async move {
            let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
            let service = router.into_make_service_with_connect_info::<SocketAddr>();
            let serving = axum::serve(listener, service).with_graceful_shutdown(stopped);
            if let Err(error) = serving.await {
                tracing::error!(%error, "{what} ended");
            }
        });
        Ok(Self {
            address,
            stop,
            serving,
        })
    }

    /// The address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, once whoever is being answered has the answer.
    pub(crate) async fn close(self) {
        self.stop.send_replace(true);
        let ending = self.serving.abort_handle();
        if tokio::time::timeout(GOODBYE, self.serving).await.is_err() {
            // Somebody keeps a connection open and asks for nothing.
            ending.abort();
        }
    }
}
