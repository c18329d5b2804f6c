//! What a verdict costs: the engine and the shields, a packet.
fn main() {}
