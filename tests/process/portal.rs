//! A small portal that keeps a copy of all published figures. It knows what the published document says, and no more.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::server::PASSWORD;

/// The copy: the answer for each path of results.
pub type Copy = BTreeMap<String, Value>;

/// One life of the portal; what must outlive it is in its folder.
pub struct Portal {
    address: String,
    folder: PathBuf,
    http: reqwest::Client,
    token: Option<String>,
    /// Whether it dies after it stored the copy, and before it stored how far it got.
    pub dies: bool,
}

impl Portal {
    pub fn open(address: &str, folder: &Path) -> Self {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        Self {
            address: address.to_owned(),
            folder: folder.to_owned(),
            http: http.timeout(Duration::from_secs(10)).build().unwrap(),
            token: None,
            dies: false,
        }
    }

    /// Asks what changed and fetches what that names. Tells whether anything did.
    pub async fn go_on(&mut self, wait: u8) -> Result<bool, String> {
        let cursor = std::fs::read_to_string(self.folder.join("cursor")).ok();
        let after = cursor.map_or_else(String::new, |cursor| format!("&after={cursor}"));
        let (status, feed) = self.get(&format!("/public/v1/changes?limit=3&wait={wait}{after}")).await?;
        if status == 409 {
            std::fs::remove_file(self.folder.join("copy")).map_err(say)?;
            std::fs::remove_file(self.folder.join("cursor")).map_err(say)?;
            return Ok(true);
        }
        let items = feed["items"].as_array().ok_or_else(|| format!("{status} {feed}"))?;
        let paths: BTreeSet<&str> = items.iter().filter_map(|item| item["results"].as_str()).collect();
        let mut copy = self.copy();
        for path in paths {
            match self.get(path).await? {
                (200, results) => drop(copy.insert(path.to_owned(), results)),
                (404, _) => drop(copy.remove(path)),
                (status, answer) => return Err(format!("{status} {answer}")),
            }
        }
        self.store("copy", &serde_json::to_string(&copy).map_err(say)?)?;
        if self.dies {
            return Err("killed".to_owned());
        }
        self.store("cursor", feed["next_cursor"].as_str().ok_or("no next_cursor")?)?;
        Ok(!items.is_empty())
    }

    /// What it shows.
    pub fn copy(&self) -> Copy {
        let text = std::fs::read_to_string(self.folder.join("copy")).unwrap_or_else(|_| "{}".to_owned());
        serde_json::from_str(&text).unwrap()
    }

    /// Writes a file that is either the old one or the new one, whenever the power fails.
    fn store(&self, name: &str, text: &str) -> Result<(), String> {
        let new = self.folder.join(format!("{name}.new"));
        std::fs::write(&new, text).map_err(say)?;
        std::fs::rename(new, self.folder.join(name)).map_err(say)
    }

    async fn get(&mut self, path: &str) -> Result<(u16, Value), String> {
        let token = match &self.token {
            Some(token) => token.clone(),
            None => self.token.insert(self.sign_in().await?).clone(),
        };
        // A cache on the way must not answer with what stood before the change.
        let request = self.http.get(format!("{}{path}", self.address)).header("Cache-Control", "no-cache");
        let answer = request.bearer_auth(token).send().await.map_err(say)?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.map_err(say)?))
    }

    async fn sign_in(&self) -> Result<String, String> {
        let form =
            [("grant_type", "client_credentials"), ("client_id", "city-portal"), ("client_secret", PASSWORD)];
        let request = self.http.post(format!("{}/api/v1/auth/token", self.address)).form(&form);
        let answer: Value = request.send().await.map_err(say)?.json().await.map_err(say)?;
        answer["access_token"].as_str().map(str::to_owned).ok_or_else(|| answer.to_string())
    }
}

fn say(error: impl ToString) -> String {
    error.to_string()
}
