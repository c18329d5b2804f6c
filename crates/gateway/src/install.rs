//! The rules that hand packets over.

use medward_policy::{Fail, prefixes};
use medward_shield::Config;

/// Commands that queue what is from and to protected addresses, each way; and, after an empty line, those that take them away.
/// `iptables-nft`, since not every kernel's nftables has a queue statement.
pub fn install_rules(config: &Config, queue: u16) -> String {
    let (mut add, mut remove) = (String::new(), String::new());
    for scope in &config.scopes {
        // Without the bypass nothing passes while the gateway is away.
        let bypass = if scope.fail == Some(Fail::Closed) { "" } else { " --queue-bypass" };
        for prefix in prefixes(&scope.protect) {
            let program = if prefix.address.is_ipv4() { "iptables-nft" } else { "ip6tables-nft" };
            for way in ["-d", "-s"] {
                let rule = format!("FORWARD {way} {prefix} -j NFQUEUE --queue-num {queue}{bypass}\n");
                add.push_str(&format!("{program} -I {rule}"));
                remove.push_str(&format!("{program} -D {rule}"));
            }
        }
    }
    format!("{add}\n{remove}")
}
