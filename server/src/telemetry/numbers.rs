//! The numbers of this process, for Prometheus.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::process;

/// Seconds, from a row found to an upload over EDGE.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// The numbers of this process, shared by all services that run in it.
pub fn numbers() -> PrometheusHandle {
    static NUMBERS: OnceLock<PrometheusHandle> = OnceLock::new();
    let start = || {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("the buckets are not empty");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Whoever embeds us may have a recorder of their own; ours then stays empty.
        let _ = metrics::set_global_recorder(recorder);
        describe();
        handle
    };
    NUMBERS.get_or_init(start).clone()
}

/// The numbers as Prometheus reads them, those of the process as of now.
pub fn written() -> String {
    let numbers = numbers();
    process::read();
    numbers.render()
}

fn describe() {
    process::describe();
    metrics::describe_gauge!(
        "ihuriro_build_info",
        "1, with the version of the program and its kind of store."
    );
    metrics::describe_histogram!(
        "ihuriro_store_wait_seconds",
        "Time that a use case waited for a connection."
    );
    metrics::describe_counter!(
        "ihuriro_store_retries_total",
        "Times that a use case ran again since it had lost a race, by name."
    );
    metrics::describe_gauge!(
        "ihuriro_quarantine_waiting",
        "Quarantined changes that nobody has decided about, by reason."
    );
    metrics::describe_gauge!(
        "ihuriro_backup_age_seconds",
        "Seconds since the last backup of this store; missing while there was none."
    );
    metrics::describe_counter!(
        "ihuriro_http_requests_total",
        "Requests answered, by method, route and status."
    );
    metrics::describe_histogram!("ihuriro_http_seconds", "Time to answer a request, by method and route.");
    metrics::describe_counter!(
        "ihuriro_http_sent_bytes_total",
        "Bytes of answers' bodies as sent, by route."
    );
    metrics::describe_histogram!(
        "ihuriro_store_seconds",
        "Time of a use case in the store, with its retries."
    );
}
