//! Two hosts and a gateway between them, in network namespaces that end with the test.
#![allow(dead_code)]

use std::fs::File;
use std::os::fd::AsFd as _;
use std::process::Command;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

pub struct Ward {
    stem: String,
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output();
    if let Ok(output) =
        output.as_ref().map(|output| &output.stderr).map(|text| String::from_utf8_lossy(text).into_owned())
        && !output.is_empty()
    {
        eprintln!("{program} {}: {output}", arguments.join(" "));
    }
    output.is_ok_and(|output| output.status.success())
}

fn ip(line: &str) {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    assert!(run("ip", &arguments), "ip {line}");
}

impl Ward {
    /// `None`, with a word why, where this machine does not let us.
    pub fn new(purpose: &str) -> Option<Ward> {
        let ward = Ward { stem: format!("mwt{}{purpose}", std::process::id()) };
        if !run("nft", &["--version"]) || !run("ip", &["netns", "add", &ward.name("gw")]) {
            eprintln!("skipped: network namespaces and nft need root and nftables");
            return None;
        }
        ip(&format!("netns add {}", ward.name("a")));
        ip(&format!("netns add {}", ward.name("b")));
        for part in ["a", "b", "gw"] {
            for scope in ["all", "default"] {
                let setting = format!("net.ipv6.conf.{scope}.accept_dad=0");
                run("ip", &["netns", "exec", &ward.name(part), "sysctl", "-qw", &setting]);
            }
        }
        for (side, networks) in [("a", ["10.0.0.0/24", "10.0.1.0/24"]), ("b", ["10.0.2.0/24", "10.0.3.0/24"])]
        {
            let (gw, host) = (ward.name("gw"), ward.name(side));
            ip(&format!("-n {gw} link add to-{side} type veth peer name eth0 netns {host}"));
            ip(&format!("-n {gw} link set to-{side} up"));
            ip(&format!("-n {host} link set lo up"));
            ip(&format!("-n {host} link set eth0 up"));
            ip(&format!("-n {gw} addr add 192.0.2.{}/31 dev to-{side}", if side == "a" { 0 } else { 2 }));
            ip(&format!("-n {host} addr add 192.0.2.{}/31 dev eth0", if side == "a" { 1 } else { 3 }));
            let next = if side == "a" { 0 } else { 2 };
            ip(&format!("-n {host} route add default via 192.0.2.{next}"));
            for network in networks {
                ip(&format!("-n {gw} route add {network} via 192.0.2.{}", next + 1));
                for last in 0..8 {
                    let address = network.replace(".0/24", &format!(".{last}/32"));
                    ip(&format!("-n {host} addr add {address} dev lo"));
                }
            }
            let v6 = if side == "a" { [0, 1] } else { [2, 3] };
            ip(&format!("-n {gw} addr add fc00:{side}::1/64 dev to-{side} nodad"));
            ip(&format!("-n {host} addr add fc00:{side}::2/64 dev eth0 nodad"));
            ip(&format!("-n {host} route add default via fc00:{side}::1"));
            for last in v6 {
                ip(&format!("-n {host} addr add fd00::{last}/128 dev lo nodad"));
                ip(&format!("-n {gw} route add fd00::{last}/128 via fc00:{side}::2"));
            }
        }
        let gw = ward.name("gw");
        for setting in ["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"] {
            assert!(run("ip", &["netns", "exec", &gw, "sysctl", "-qw", setting]), "{setting}");
        }
        Some(ward)
    }

    /// The name of a namespace.
    pub fn name(&self, part: &str) -> String {
        format!("{}-{part}", self.stem)
    }

    /// Does something inside of a namespace; sockets that it opens stay there.
    pub fn inside<T: Send>(&self, part: &str, what: impl FnOnce() -> T + Send) -> T {
        let path = format!("/run/netns/{}", self.name(part));
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                let there = File::open(path).expect("namespace");
                move_into_link_name_space(there.as_fd(), Some(LinkNameSpaceType::Network)).expect("setns");
                what()
            });
            inside.join().expect("inside of the namespace")
        })
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        for part in ["a", "b", "gw"] {
            run("ip", &["netns", "del", &self.name(part)]);
        }
    }
}
