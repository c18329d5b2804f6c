//! What a flow costs while nobody listens to it any more.

use medward_dissect::Engine;

#[test]
fn an_idle_flow_takes_at_most_300_bytes() {
    let bytes = Engine::bytes_per_idle_flow();
    assert!(bytes <= 300, "{bytes} bytes");
}
