//! What the host counts and times, in the text form that Prometheus reads.
//!
//! One method for each thing that happens; names, units and labels are this module's alone. Times are in seconds. Every label
//! has a bounded set of values: routes and stages of this program, audiences and policies of the configuration, reason codes that a
//! policy declared or that stand in the table of codes. No subject, no token, no handle, no text of an error ever is one: whoever adds
//! a label adds it here.
//!
//! Form: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

/// A label and its value.
type Label = (&'static str, Cow<'static, str>);
type Counters<const N: usize> = Family<[Label; N], Counter>;
type Gauges<const N: usize> = Family<[Label; N], Gauge>;
type Seconds<const N: usize> = Family<[Label; N], Gauge<f64, AtomicU64>>;
type Histograms<const N: usize> = Family<[Label; N], Histogram, fn() -> Histogram>;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A part of answering that is timed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for an instance.
    Wait,
    /// The verifier component, signature checks included.
    Core,
    /// Finding a login, or storing it with its one-shots.
    Store,
    /// All policies of one question.
    Policy,
    /// Writing the decision down.
    Log,
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Core => "core",
            Self::Store => "store",
            Self::Policy => "policy",
            Self::Log => "log",
        }
    }
}

/// Everything that is counted. Created once, shared by reference.
pub struct Metrics {
    registry: Registry,
    requests: Histograms<2>,
    stages: Histograms<1>,
    decisions: Counters<4>,
    logins: Counters<2>,
    audiences: Gauges<2>,
    evaluations: Counters<3>,
    evaluation_times: Histograms<2>,
    traps: Counters<3>,
    revisions: Gauges<3>,
    load_failures: Counters<3>,
    loaded: Seconds<2>,
    quarantined: Gauges<2>,
    shadow_mismatches: Counters<2>,
    instances: Gauges<1>,
    pool_exhausted: Counter,
    keys_age: Seconds<1>,
    key_refreshes: Counters<2>,
    replay_entries: Gauge,
    live_logins: Gauge,
    replay_rejections: Counters<1>,
    store_errors: Counter,
    log_dropped: Counter,
}

/// From a tenth of a millisecond to ten seconds: what a caller waits.
fn request_times() -> Histogram {
    Histogram::new([0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0])
}

/// From ten microseconds on: a policy answers in tens of them.
fn component_times() -> Histogram {
    Histogram::new([
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 1.0,
    ])
}

fn registered<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

fn in_seconds<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register_with_unit(name, help, Unit::Seconds, metric.clone());
    metric
}

fn own(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

/// A count that fits what a gauge holds.
fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Metrics {
    /// Nothing has happened yet. `core_digest` names the verifier of this process.
    pub fn new(core_digest: &str) -> Self {
        let mut registry = Registry::with_prefix("vigie");
        let r = &mut registry;
        let requests = Family::new_with_constructor(request_times as fn() -> Histogram);
        let stages = Family::new_with_constructor(component_times as fn() -> Histogram);
        let evaluation_times = Family::new_with_constructor(component_times as fn() -> Histogram);
        let build: Gauges<2> = registered(r, "build_info", "Version and core of this process", Family::default());
        let version = ("version", Cow::Borrowed(env!("CARGO_PKG_VERSION")));
        build.get_or_create(&[version, ("core_digest", own(core_digest))]).set(1);
        Self {
            requests: in_seconds(r, "http_request_duration", "From the headers to the answer", requests),
            stages: in_seconds(r, "stage_duration", "Parts of answering", stages),
            decisions: registered(r, "decisions", "Questions answered", Family::default()),
            logins: registered(r, "logins", "Logins verified or refused", Family::default()),
            audiences: registered(r, "audience_info", "Who vouches for the subjects of an audience", Family::default()),
            evaluations: registered(r, "policy_evaluations", "Answers of policies", Family::default()),
            evaluation_times: in_seconds(
                r,
                "policy_evaluation_duration",
                "One policy, from instance to answer",
                evaluation_times,
            ),
            traps: registered(r, "policy_traps", "Policies that gave no answer", Family::default()),
            revisions: registered(r, "policy_revision_info", "The policies that decide now", Family::default()),
            load_failures: registered(r, "policy_load_failures", "Policies that were not taken", Family::default()),
            loaded: in_seconds(
                r,
                "policy_last_success_timestamp",
                "When the policy was last activated",
                Family::default(),
            ),
            quarantined: registered(
                r,
                "policy_quarantined",
                "1 while a policy is not asked because it failed too often",
                Family::default(),
            ),
            shadow_mismatches: registered(
                r,
                "shadow_mismatch",
                "Answers of a shadow that differ from the policy's",
                Family::default(),
            ),
            instances: registered(r, "wasm_instances", "Places in the pool of instances", Family::default()),
            pool_exhausted: registered(
                r,
                "wasm_pool_exhausted",
                "Calls refused because no instance was free",
                Counter::default(),
            ),
            keys_age: in_seconds(r, "jwks_age", "Age of the provider's keys", Family::default()),
            key_refreshes: registered(r, "jwks_refresh", "Fetches of the provider's keys", Family::default()),
            replay_entries: registered(r, "replay_entries", "One-shots that are remembered", Gauge::default()),
            live_logins: registered(r, "live_logins", "Login handles that are stored", Gauge::default()),
            replay_rejections: registered(r, "replay_rejections", "One-shots presented again", Family::default()),
            store_errors: registered(r, "replay_store_errors", "Failures of the state file", Counter::default()),
            log_dropped: registered(
                r,
                "decision_log_dropped",
                "Lines that the decision log did not take",
                Counter::default(),
            ),
            registry,
        }
    }

    /// All of it as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a `String` does not fail.
        let _written = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }

    /// A request was answered. `route` is the path as it is routed, never the path as it was sent.
    pub fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let labels = [("route", route.into()), ("status", status.to_string().into())];
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// A part of answering took this long.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages.get_or_create(&[("stage", stage.word().into())]).observe(took.as_secs_f64());
    }

    /// A question was answered. `decision` is permit or deny.
    pub fn decided(&self, endpoint: &'static str, audience: &str, decision: &'static str, reason_code: &str) {
        self.decisions
            .get_or_create(&[
                ("endpoint", endpoint.into()),
                ("audience", own(audience)),
                ("decision", decision.into()),
                ("reason_code", own(reason_code)),
            ])
            .inc();
    }

    /// A login was verified (`ok`) or refused (a code of the table).
    pub fn logged_in(&self, audience: &str, code: &str) {
        self.logins.get_or_create(&[("audience", own(audience)), ("code", own(code))]).inc();
    }

    /// An audience is served, and its subjects are `verified` or `asserted`.
    pub fn serves(&self, audience: &str, subject: &'static str) {
        self.audiences.get_or_create(&[("audience", own(audience)), ("subject", subject.into())]).set(1);
    }

    /// A policy answered `permit`, `deny` or `abstain`, or `failed`.
    pub fn policy_asked(&self, audience: &str, policy: &str, outcome: &'static str, took: Duration) {
        let labels = [("audience", own(audience)), ("policy", own(policy))];
        self.evaluation_times.get_or_create(&labels).observe(took.as_secs_f64());
        let [audience, policy] = labels;
        self.evaluations.get_or_create(&[audience, policy, ("outcome", outcome.into())]).inc();
    }

    /// A policy gave no answer; `kind` is the code of how it failed.
    pub fn policy_failed(&self, audience: &str, policy: &str, kind: &'static str) {
        self.traps.get_or_create(&[("audience", own(audience)), ("policy", own(policy)), ("kind", kind.into())]).inc();
    }

    /// A policy decides from now on (Unix seconds); `retired` is the digest that it replaces.
    pub fn policy_active(&self, audience: &str, policy: &str, digest: &str, retired: Option<&str>, now: u64) {
        let labels = |digest| [("audience", own(audience)), ("policy", own(policy)), ("digest", own(digest))];
        if let Some(retired) = retired {
            self.revisions.remove(&labels(retired));
        }
        self.revisions.get_or_create(&labels(digest)).set(1);
        let loaded = self.loaded.get_or_create(&[("audience", own(audience)), ("policy", own(policy))]);
        loaded.set(Duration::from_secs(now).as_secs_f64());
    }

    /// A policy is no longer configured.
    pub fn policy_gone(&self, audience: &str, policy: &str, digest: &str) {
        let labels = [("audience", own(audience)), ("policy", own(policy))];
        self.loaded.remove(&labels);
        self.quarantined.remove(&labels);
        let [audience, policy] = labels;
        self.revisions.remove(&[audience, policy, ("digest", own(digest))]);
    }

    /// A policy was not taken at this stage.
    pub fn policy_not_loaded(&self, audience: &str, policy: &str, stage: &'static str) {
        let labels = [("audience", own(audience)), ("policy", own(policy)), ("stage", stage.into())];
        self.load_failures.get_or_create(&labels).inc();
    }

    /// How many policies of this name are in quarantine: one or none.
    pub fn policy_quarantined(&self, audience: &str, policy: &str, count: usize) {
        self.quarantined.get_or_create(&[("audience", own(audience)), ("policy", own(policy))]).set(whole(count));
    }

    /// A shadow answered otherwise than the policy that it stands behind.
    pub fn shadow_differs(&self, audience: &str, policy: &str) {
        self.shadow_mismatches.get_or_create(&[("audience", own(audience)), ("policy", own(policy))]).inc();
    }

    /// Places of the pool, now.
    pub fn instances(&self, busy: usize, free: usize) {
        self.instances.get_or_create(&[("state", "busy".into())]).set(whole(busy));
        self.instances.get_or_create(&[("state", "free".into())]).set(whole(free));
    }

    /// A call found no instance.
    pub fn pool_exhausted(&self) {
        self.pool_exhausted.inc();
    }

    /// How old the keys of an issuer are, now.
    pub fn keys_age(&self, issuer: &str, age: Duration) {
        self.keys_age.get_or_create(&[("issuer", own(issuer))]).set(age.as_secs_f64());
    }

    /// Keys were fetched (`ok`) or not (a code of the table).
    pub fn keys_fetched(&self, issuer: &str, result: &'static str) {
        self.key_refreshes.get_or_create(&[("issuer", own(issuer)), ("result", result.into())]).inc();
    }

    /// What the state file holds, now.
    pub fn stored(&self, one_shots: usize, logins: usize) {
        self.replay_entries.set(whole(one_shots));
        self.live_logins.set(whole(logins));
    }

    /// A one-shot was presented again.
    pub fn replayed(&self, kind: &'static str) {
        self.replay_rejections.get_or_create(&[("kind", kind.into())]).inc();
    }

    /// The state file failed.
    pub fn store_failed(&self) {
        self.store_errors.inc();
    }

    /// A line was not written to the decision log.
    pub fn log_dropped(&self) {
        self.log_dropped.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_units_and_ends() {
        let metrics = Metrics::new("sha256:00");
        metrics.answered("/access/v1/evaluation", 200, Duration::from_millis(2));
        metrics.decided("evaluation", "smurtab", "deny", "HTTP-LOGIN-MISSING");
        metrics.policy_asked("smurtab", "rules", "permit", Duration::from_micros(30));
        let text = metrics.text();
        assert!(text.contains("# UNIT vigie_http_request_duration_seconds seconds\n"), "{text}");
        assert!(text.contains(r#"vigie_http_request_duration_seconds_bucket{le="0.0025",route="/access/v1/evaluation",status="200"} 1"#), "{text}");
        assert!(text.contains(r#"vigie_decisions_total{endpoint="evaluation",audience="smurtab",decision="deny",reason_code="HTTP-LOGIN-MISSING"} 1"#));
        assert!(
            text.contains(
                r#"vigie_policy_evaluation_duration_seconds_bucket{le="0.00005",audience="smurtab",policy="rules"} 1"#
            ),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_policy_that_is_replaced_leaves_no_series_behind() {
        let metrics = Metrics::new("sha256:00");
        metrics.policy_active("smurtab", "rules", "sha256:01", None, 1_780_000_000);
        metrics.policy_active("smurtab", "rules", "sha256:02", Some("sha256:01"), 1_780_000_060);
        let text = metrics.text();
        assert!(text.contains(r#"digest="sha256:02"} 1"#) && !text.contains("sha256:01"), "{text}");
        assert!(
            text.contains(
                "vigie_policy_last_success_timestamp_seconds{audience=\"smurtab\",policy=\"rules\"} 1780000060"
            ),
            "{text}"
        );
        metrics.policy_gone("smurtab", "rules", "sha256:02");
        assert!(!metrics.text().contains("smurtab"));
    }
}
