//! A browser for the sign-on tests: it keeps cookies, follows redirects, and fills in the identity provider's pages.

use std::collections::BTreeMap;

use reqwest::{Response, header, redirect::Policy};

/// What an answer was.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    /// Where it sends the browser; empty where nowhere.
    pub location: String,
    /// Its `Set-Cookie` headers.
    pub cookies: Vec<String>,
    pub retry_after: String,
    pub text: String,
}

impl Page {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert!(self.status == status && self.json()["code"] == code, "expected {status} {code}: {self:?}");
    }
}

/// Cookies of 127.0.0.1; as in a real browser, its ports share them.
#[derive(Default)]
pub struct Browser {
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    fn http() -> reqwest::Client {
        reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("an HTTP client")
    }

    pub async fn get(&mut self, url: &str) -> Page {
        let request = Self::http().get(url).header(header::COOKIE, self.cookie_line());
        self.keep(request.send().await.unwrap()).await
    }

    async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Page {
        let request = Self::http().post(url).header(header::COOKIE, self.cookie_line()).form(form);
        self.keep(request.send().await.unwrap()).await
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    async fn keep(&mut self, response: Response) -> Page {
        let text_of = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let one = |name| response.headers().get(name).map(text_of).unwrap_or_default();
        let cookies: Vec<String> =
            response.headers().get_all(header::SET_COOKIE).iter().map(text_of).collect();
        let (location, retry_after) = (one(header::LOCATION), one(header::RETRY_AFTER));
        for cookie in &cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').expect("a cookie");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = response.status().as_u16();
        Page { status, location, cookies, retry_after, text: response.text().await.unwrap() }
    }

    /// Signs in at the provider as this person, or turns back there; ends where the browser would come back to `home`.
    pub async fn sign_in_at_provider(&mut self, start: &str, home: &str, person: Option<&str>) -> String {
        let (mut url, mut page) = (start.to_owned(), self.get(start).await);
        for _ in 0..12 {
            if !page.location.is_empty() {
                url = absolute(&url, &page.location);
                if url.starts_with(home) {
                    return url;
                }
                page = self.get(&url).await;
                continue;
            }
            assert_eq!(page.status, 200, "{url}: {page:?}");
            let Some(person) = person else {
                let abort = attribute(&page.text, "href=\"", "/abort");
                page = self.get(&absolute(&url, &abort)).await;
                continue;
            };
            let action = absolute(&url, &attribute(&page.text, "action=\"", ""));
            let consent = page.text.contains("value=\"consent\"");
            let login = [("prompt", "login"), ("login", person), ("password", "bất kỳ")];
            let agree = [("prompt", "consent")];
            page = self.post(&action, if consent { &agree } else { &login }).await;
            url = action;
        }
        panic!("the provider does not send the browser back: {url} {page:?}");
    }
}

/// The first value of this attribute that ends so.
fn attribute(html: &str, name: &str, end: &str) -> String {
    let values = html.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    values.filter(|value| value.ends_with(end)).map(str::to_owned).next().unwrap_or_else(|| panic!("{html}"))
}

fn absolute(base: &str, location: &str) -> String {
    reqwest::Url::parse(base).unwrap().join(location).unwrap().into()
}
