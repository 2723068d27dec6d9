//! What happened how often, in Prometheus' form. It names no device.

use super::worker::Observer;
use crate::intermediary::StoreError;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::sync::Arc;
use std::time::Duration;

/// The media type of [`Metrics::text`].
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What requests are told apart by: few values of each, all of them ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    /// The request's type.
    request: &'static str,
    /// The status.
    status: u16,
}

/// All counts of a server.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
    groups: Histogram,
    commits: Histogram,
    failures: Counter,
    /// Connections that are open.
    pub connections: Gauge,
    /// Readings that wait for a message.
    pub waiting: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        let mut registry = Registry::with_prefix("tigress");
        let mut metrics = Metrics {
            registry: Arc::default(),
            requests: Family::default(),
            seconds: seconds(),
            groups: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            commits: seconds(),
            failures: Counter::default(),
            connections: Gauge::default(),
            waiting: Gauge::default(),
        };
        registry.register(
            "requests",
            "Requests that were answered",
            metrics.requests.clone(),
        );
        let what = "From a whole request to its answer, without waiting for messages";
        registry.register_with_unit("request", what, Unit::Seconds, metrics.seconds.clone());
        let what = "Requests that shared one commit";
        registry.register("group_requests", what, metrics.groups.clone());
        let what = "From the first read of a group to its durable end";
        registry.register_with_unit("group", what, Unit::Seconds, metrics.commits.clone());
        registry.register(
            "store_failures",
            "Groups that the store failed",
            metrics.failures.clone(),
        );
        registry.register(
            "connections",
            "Connections that are open",
            metrics.connections.clone(),
        );
        registry.register(
            "waiting_reads",
            "Readings that wait",
            metrics.waiting.clone(),
        );
        metrics.registry = Arc::new(registry);
        metrics
    }
}

impl Metrics {
    /// A request of that type was answered with that status.
    pub fn answered(&self, request: &'static str, status: u16, took: Duration) {
        let labels = Labels { request, status };
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    /// Everything, as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => unreachable!("a string takes every text"),
        }
    }
}

impl Observer for Metrics {
    #[allow(
        clippy::cast_precision_loss,
        reason = "a group has 64 requests at most"
    )]
    fn group(&self, requests: usize, took: Duration) {
        self.groups.observe(requests as f64);
        self.commits.observe(took.as_secs_f64());
    }

    fn failed(&self, error: &StoreError) {
        self.failures.inc();
        tracing::error!(%error, "the store failed; nothing was changed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_stands_in_the_text() {
        let metrics = Metrics::default();
        metrics.answered("read", 200, Duration::from_millis(1));
        metrics.group(3, Duration::from_millis(1));
        metrics.failed(&StoreError("full".to_owned()));
        metrics.waiting.inc();
        let text = metrics.text();
        for line in [
            r#"tigress_requests_total{request="read",status="200"} 1"#,
            "tigress_group_requests_sum 3.0",
            "tigress_store_failures_total 1",
            "tigress_waiting_reads 1",
            "# EOF",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
    }
}
