use std::net::SocketAddr;

use crate::http::{Settings, serve};
use crate::telemetry;

fn settings(folder: &tempfile::TempDir) -> Settings {
    let url = folder.path().join("served.db").to_string_lossy().into_owned();
    Settings { workers: Some(1), ..Settings::new(SocketAddr::from(([127, 0, 0, 1], 0)), url) }
}

async fn get(url: String) -> (u16, String) {
    let ask = move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(&url).call().expect("an answer");
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("a body"))
    };
    tokio::task::spawn_blocking(ask).await.expect("no panic")
}

#[actix_web::test]
async fn two_services_run_on_one_store_answer_and_stop() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    telemetry::numbers();
    let one = serve(settings(&folder)).await.expect("it starts");
    let two = serve(settings(&folder)).await.expect("another starts");
    assert_ne!(one.addr, two.addr);
    for url in [one.url(), two.url()] {
        assert_eq!(get(format!("{url}/health")).await, (200, "alive\n".into()));
        assert_eq!(get(format!("{url}/ready")).await, (200, "ready\n".into()));
        let (status, document) = get(format!("{url}/v1/openapi.json")).await;
        assert!(status == 200 && document.contains("\"/v1/enrol\""));
        let (status, page) = get(format!("{url}/docs")).await;
        assert!(status == 200 && page.contains("swagger-ui"), "{status}");
    }
    let (_, numbers) = get(format!("{}/metrics", one.url())).await;
    assert!(
        numbers.contains("ihuriro_http_requests_total{method=\"GET\",route=\"/health\",status=\"200\"}"),
        "{numbers}"
    );
    assert!(numbers.contains("ihuriro_store_seconds_bucket{name=\"ready\",outcome=\"ok\""), "{numbers}");

    let addr = one.addr;
    one.stop().await.expect("it stops");
    assert!(std::net::TcpStream::connect(addr).is_err());
    assert_eq!(get(format!("{}/ready", two.url())).await.0, 200);
    two.stop().await.expect("it stops");
}

#[actix_web::test]
async fn a_taken_address_is_said_in_words() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let one = serve(settings(&folder)).await.expect("it starts");
    let refused =
        serve(Settings { listen: one.addr, ..settings(&folder) }).await.expect_err("the address is taken");
    assert!(refused.to_string().starts_with("it can't listen on 127.0.0.1:"), "{refused}");
    one.stop().await.expect("it stops");
}
