//! `cchc client …`: machine clients from the console.

use cchc::{
    access::{Scope, password},
    clients::{
        Client,
        actions::{self, NewClient, Rotation},
        rules::read_networks,
        view::ClientView,
    },
    db,
    kernel::time::Timestamp,
};
use clap::{Args, Subcommand};

use super::{
    Failure,
    admin::{console, explain},
};

/// `cchc client …`
#[derive(Subcommand)]
pub enum ClientCommand {
    /// Create a client of the city and print its secret, once.
    Create(CreateClient),
    /// Give a client of the city or of a ward a new secret and print it, once.
    Rotate(RotateClient),
    /// List the clients of the city.
    List,
}

/// What a new city client is made of.
#[derive(Args)]
pub struct CreateClient {
    /// The name it signs in with.
    #[arg(long)]
    client_id: String,
    /// What it is.
    #[arg(long)]
    name: String,
    /// Scopes: results:read, wards:manage.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// When it ends, such as 2027-12-31T23:59:59+07:00; never if absent.
    #[arg(long, value_parser = read_time)]
    expires_at: Option<Timestamp>,
    /// Network or address from which it may call; give several times for several, none for anywhere.
    #[arg(long = "allow-network")]
    allowed_networks: Vec<String>,
}

/// Whose secret is replaced, and how.
#[derive(Args)]
pub struct RotateClient {
    /// The name it signs in with.
    #[arg(long)]
    client_id: String,
    /// Seconds for which the old secret still works, at most 604800; 0 ends it and its tokens at once.
    #[arg(long, default_value_t = 0)]
    overlap_seconds: i64,
}

fn read_time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "write it like 2027-12-31T23:59:59+07:00".to_owned())
}

/// Creates, rotates or lists.
pub fn client(command: ClientCommand) -> Result<(), Failure> {
    match command {
        ClientCommand::Create(new) => create(new),
        ClientCommand::Rotate(which) => rotate(&which),
        ClientCommand::List => list(),
    }
}

fn create(new: CreateClient) -> Result<(), Failure> {
    let scopes = new
        .scopes
        .iter()
        .map(|scope| Scope::parse(scope).ok_or_else(|| format!("There is no scope {scope}.")))
        .collect::<Result<Vec<_>, _>>()?;
    let secret = password::random_secret()?;
    let client = NewClient {
        client_id: new.client_id,
        name: new.name,
        scopes,
        unit_id: None,
        expires_at: new.expires_at,
        allowed_networks: read_networks(&new.allowed_networks).map_err(|error| explain(&error))?,
        secret_hash: password::digest(&secret),
    };
    let made = console()?.write_blocking(|tx| actions::create_client(tx, None, client));
    show(&made.map_err(|error| explain(&error))?, &secret);
    Ok(())
}

fn rotate(which: &RotateClient) -> Result<(), Failure> {
    let secret = password::random_secret()?;
    let rotation =
        Rotation { secret_hash: password::digest(&secret), overlap_seconds: which.overlap_seconds };
    let rotated =
        console()?.write_blocking(|tx| actions::rotate_by_client_id(tx, &which.client_id, rotation));
    let client = rotated.map_err(|error| explain(&error))?;
    show(&client, &secret);
    match client.previous_secret_until {
        Some(until) => println!("The secret before works until {until}."),
        None => println!("The secret before and its tokens work no longer."),
    }
    Ok(())
}

fn show(client: &Client, secret: &str) {
    println!("client_id:     {}\nclient_secret: {secret}\nThe secret is shown this once.", client.client_id);
}

fn list() -> Result<(), Failure> {
    for client in console()?.services.db.read_blocking(db::Scope::All, actions::list_city_clients)? {
        println!("{}", serde_json::to_string(&ClientView::of(&client)?)?);
    }
    Ok(())
}
