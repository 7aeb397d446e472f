//! The parts of the configuration about being watched: metrics, slow requests, traces.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Raw, parts::secret};
use crate::telemetry::Traces;

/// Fewest characters of the token for metrics: nobody guesses that many.
const SHORTEST_TOKEN: usize = 16;

/// The token that opens `/metrics`; none where the figures have an address of their own.
pub(super) fn metrics_token(raw: &mut Raw) -> Result<Option<SecretString>, ConfigError> {
    let token = secret("metrics_token", raw.metrics_token.take(), raw.metrics_token_file.take())?;
    if token.as_ref().is_some_and(|token| token.expose_secret().chars().count() < SHORTEST_TOKEN) {
        return Err(ConfigError(format!(
            "CCHC_METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters. Draw one with `openssl rand -hex 32`."
        )));
    }
    if token.is_some() && raw.metrics_listen.is_some() {
        return Err(ConfigError(
            "CCHC_METRICS_LISTEN and CCHC_METRICS_TOKEN are both set: give the metrics an address of their own, or a \
             token on the main one."
                .to_owned(),
        ));
    }
    Ok(token)
}

/// From when on a request is slow; never, for 0.
pub(super) fn slow_request(raw: &Raw) -> Option<Duration> {
    (raw.slow_request_milliseconds > 0).then(|| Duration::from_millis(raw.slow_request_milliseconds))
}

/// Where traces go.
pub(super) fn traces(raw: &mut Raw) -> Result<Option<Traces>, ConfigError> {
    let sample_ratio = raw.otlp_sample_ratio;
    if !(0.0..=1.0).contains(&sample_ratio) {
        return Err(ConfigError("CCHC_OTLP_SAMPLE_RATIO is a share, from 0 to 1, such as 0.1.".to_owned()));
    }
    let Some(endpoint) = raw.otlp_endpoint.take() else { return Ok(None) };
    let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['@', '?', '#', ' '])) {
        return Err(ConfigError(
            "CCHC_OTLP_ENDPOINT is no address of a collector; write `http://collector:4318`, without `/v1/traces`."
                .to_owned(),
        ));
    }
    Ok(Some(Traces { endpoint, sample_ratio }))
}

#[cfg(test)]
mod tests {
    use figment::Figment;

    use super::*;

    fn raw(change: impl FnOnce(&mut Raw)) -> Raw {
        let mut raw: Raw = Figment::new().extract().expect("the defaults");
        change(&mut raw);
        raw
    }

    #[test]
    fn nothing_is_shown_or_sent_unless_asked_for_but_slow_requests_are_told() {
        let mut raw = raw(|_| {});
        assert!(metrics_token(&mut raw).expect("none").is_none());
        assert_eq!(traces(&mut raw).expect("none"), None);
        assert_eq!(slow_request(&raw), Some(Duration::from_secs(1)));
        raw.slow_request_milliseconds = 0;
        assert_eq!(slow_request(&raw), None);
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused_and_one_beside_an_address_too() {
        let token = |text: &str, listen: Option<&str>| {
            let mut raw = raw(|raw| {
                raw.metrics_token = Some(SecretString::from(text.to_owned()));
                raw.metrics_listen = listen.map(str::to_owned);
            });
            metrics_token(&mut raw).map_err(|error| error.to_string())
        };
        assert!(token("0123456789abcdef", None).is_ok_and(|token| token.is_some()));
        assert!(token("0123456789abcde", None).is_err_and(|error| error.contains("openssl rand")));
        assert!(
            token("0123456789abcdef", Some("127.0.0.1:9000")).is_err_and(|error| error.contains("both set"))
        );
    }

    #[test]
    fn a_collector_is_an_address_and_a_share_is_one() {
        let read = |endpoint: &str, ratio: f64| {
            let mut raw = raw(|raw| {
                raw.otlp_endpoint = Some(endpoint.to_owned());
                raw.otlp_sample_ratio = ratio;
            });
            traces(&mut raw).map_err(|error| error.to_string())
        };
        let good = Traces { endpoint: "http://collector:4318".to_owned(), sample_ratio: 0.25 };
        assert_eq!(read("http://collector:4318", 0.25), Ok(Some(good)));
        for (endpoint, ratio, word) in [
            ("collector:4318", 1.0, "CCHC_OTLP_ENDPOINT"),
            ("https://user:password@collector", 1.0, "CCHC_OTLP_ENDPOINT"),
            ("http://collector:4318", 1.5, "CCHC_OTLP_SAMPLE_RATIO"),
            ("http://collector:4318", f64::NAN, "CCHC_OTLP_SAMPLE_RATIO"),
        ] {
            let error = read(endpoint, ratio).expect_err("refused");
            assert!(error.contains(word) && !error.contains("password"), "{error}");
        }
    }
}
