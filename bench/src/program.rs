//! The program under measurement, inside this process: the one place that opens its database and starts its server.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, mpsc},
    thread::JoinHandle,
};

use actix_web::dev::ServerHandle;
use cchc::{
    access::{password::Hasher, token::Tokens},
    context::{Recent, Services},
    db::{Db, DbOptions, Location},
    kernel::time::Clock,
    server::{self, ServerOptions},
    settings::Settings,
    storage::{Place, Storage},
    telemetry::Metrics,
};

use crate::Failure;

/// Opens a database with so many connections, and migrates it.
///
/// # Errors
/// When it cannot be reached or migrated.
pub fn open(location: Location, connections: u32) -> Result<Db, Failure> {
    let db = Db::open(location, &DbOptions::of(connections))?;
    db.migrate()?;
    Ok(db)
}

/// What the program's requests share, with a fresh signing key and nothing in its library of documents.
///
/// # Errors
/// When the database cannot be opened.
pub fn services(location: Location, connections: u32, documents: &Path) -> Result<Services, Failure> {
    Ok(Services {
        db: open(location, connections)?,
        clock: Clock::real(),
        // Checking takes the parameters of the hash that is checked.
        hasher: Hasher::new(8, 1)?,
        tokens: Tokens::from_pem(&Tokens::generate_pem()?, "cchc-bench")?,
        documents: Storage::open(&Place::Directory(documents.to_owned()), 1 << 20)?,
        settings: Arc::new(Settings::default()),
        metrics: Metrics::default(),
        recent: Recent::default(),
    })
}

/// A server in a thread of its own, which ends with it.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// Serves on any free port of this machine.
///
/// # Errors
/// When there is none, or the server does not start.
pub fn serve(services: Services, workers: usize) -> Result<Served, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        let options = ServerOptions { workers, shutdown_seconds: 1, drain_seconds: 0, handle_signals: false };
        actix_web::rt::System::new().block_on(async {
            match server::start(services, listener, &options) {
                Ok(running) => {
                    let _ = tell.send(Ok(running.handle));
                    let _ = running.server.await;
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        });
    });
    Ok(Served { address, handle: told.recv()??, thread: Some(thread) })
}

impl Drop for Served {
    fn drop(&mut self) {
        // Takes effect when it is sent; the future only waits.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
