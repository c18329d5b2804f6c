//! Fingerprint of the TCP handshake: how a host's network stack opens and answers connections.
//!
//! The notation is that of p0f version 3 (RFC 9293 3.1 and 3.2, RFC 7323, RFC 2018 give the fields):
//! `ver:ittl+dist:olen:mss:wsize,scale:olayout:quirks:pclass`.
//!
//! - `ver` 4 or 6; `ittl` the usual initial TTL at or above the one seen (32, 64, 128, 255); `dist` hops between.
//! - `olen` bytes of IPv4 options or IPv6 extension headers; `mss` of the option, `*` without.
//! - `wsize` as `mss*N` or `mtu*N` where the window is a multiple, else the number; `scale` of the option, `*` without.
//! - `olayout` the options in order: `eol+N` (N bytes behind), `nop`, `mss`, `ws`, `sok`, `sack`, `ts`, `?N`.
//! - `quirks` of `df`, `id+`, `id-`, `ecn`, `flow`, `seq-`, `ack+`, `ack-`, `uptr+`, `urgf+`, `pushf+`, `ts1-`, `ts2+`,
//!   `opt+`, `exws`, `bad`.
//! - `pclass` `+` with payload, `0` without.
//!
//! Limits: the distance is a guess where a router or tunnel set the TTL anew; proxies and address translation that
//! end connections show their own stack.

use std::fmt::Write;

use medward_model::Field;

use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, TcpOpen};

static SYN: Field = Field::fact("syn", "Signature of a SYN in the notation of p0f 3 (RFC 9293 3.1)");
static SYN_ACK: Field =
    Field::fact("syn-ack", "Signature of a SYN-ACK in the notation of p0f 3 (RFC 9293 3.1)");

pub(super) static TCP: Dissector = Dissector {
    name: "tcp",
    title: "TCP handshake",
    label: "TCP",
    group: Group::Remote,
    specification: &["RFC 9293 3.1", "RFC 7323", "RFC 2018", "RFC 3168"],
    ports: &[],
    carrier: Carrier::Open { dissect },
    fields: &[&SYN, &SYN_ACK],
    basis: Basis::RealPeers,
};

fn dissect(open: &TcpOpen<'_>, cx: &mut Context<'_>) {
    cx.evidence(cx.sender(), if open.is_answer { &SYN_ACK } else { &SYN }, &signature(open));
}

#[derive(Default)]
struct Options {
    layout: Vec<String>,
    mss: Option<u16>,
    scale: Option<u8>,
    timestamps: Option<(u32, u32)>,
    trailing: bool,
    bad: bool,
}

impl Options {
    fn read(bytes: &[u8]) -> Options {
        let mut options = Options::default();
        let mut reader = Reader::new(bytes);
        while let Some(kind) = reader.u8() {
            match kind {
                0 => {
                    let rest = reader.rest();
                    options.layout.push(format!("eol+{}", rest.len()));
                    options.trailing = rest.iter().any(|b| *b != 0);
                    break;
                }
                1 => options.layout.push("nop".to_owned()),
                _ => {
                    if options.other(kind, &mut reader).is_none() {
                        options.bad = true;
                        break;
                    }
                }
            }
        }
        options
    }

    fn other(&mut self, kind: u8, reader: &mut Reader<'_>) -> Option<()> {
        let length = usize::from(reader.u8()?);
        let mut content = Reader::new(reader.take(length.checked_sub(2)?)?);
        let (name, usual) = match kind {
            2 => {
                self.mss = content.u16();
                ("mss".to_owned(), length == 4)
            }
            3 => {
                self.scale = content.u8();
                ("ws".to_owned(), length == 3)
            }
            4 => ("sok".to_owned(), length == 2),
            5 => ("sack".to_owned(), (10..=34).contains(&length)),
            8 => {
                self.timestamps = content.u32().zip(content.u32());
                ("ts".to_owned(), length == 10)
            }
            other => (format!("?{other}"), true),
        };
        self.layout.push(name);
        self.bad |= !usual;
        Some(())
    }
}

/// The signature in the notation above.
fn signature(open: &TcpOpen<'_>) -> String {
    let options = Options::read(open.options);
    let initial: u8 = match open.hop_limit {
        ..=32 => 32,
        33..=64 => 64,
        65..=128 => 128,
        129.. => 255,
    };
    let shown = |value: Option<u16>| value.map_or_else(|| "*".to_owned(), |v| v.to_string());
    let mut text = format!(
        "{}:{initial}+{}:{}:{}:{},{}:{}:",
        open.ip_version,
        initial.saturating_sub(open.hop_limit),
        open.ip_options,
        shown(options.mss),
        window(open, &options),
        shown(options.scale.map(u16::from)),
        options.layout.join(",")
    );
    // Writing to a String does not fail.
    let _ = write!(text, "{}:{}", quirks(open, &options).join(","), if open.payload > 0 { '+' } else { '0' });
    text
}

/// The window as a multiple of the segment size, with or without room for timestamps, or of the packet size; in the order of p0f.
fn window(open: &TcpOpen<'_>, options: &Options) -> String {
    let window = open.window;
    let headers = if open.ip_version == 6 { 60 } else { 40 };
    if let Some(mss) = options.mss.filter(|mss| *mss >= 100)
        && window > 0
    {
        let bare = options.timestamps.is_some().then(|| mss.saturating_sub(12));
        // A host that was asked for smaller segments may have set its window by those of Ethernet.
        let ethernet = 1500 - headers;
        let sizes = [
            ("mss", Some(mss)),
            ("mss", bare),
            ("mss", Some(ethernet)),
            ("mss", options.timestamps.is_some().then_some(ethernet - 12)),
            ("mtu", mss.checked_add(headers)),
        ];
        for (name, size) in sizes {
            if let Some(size) = size
                && size > 0
                && window.is_multiple_of(size)
            {
                return format!("{name}*{}", window / size);
            }
        }
    }
    window.to_string()
}

fn quirks(open: &TcpOpen<'_>, options: &Options) -> Vec<&'static str> {
    let flag = |bit: u16| open.flags & bit != 0;
    let (push, ack, urgent) = (flag(0x08), flag(0x10), flag(0x20));
    let four = open.ip_version == 4;
    let stamps = options.timestamps;
    let all = [
        ("df", four && open.dont_fragment),
        ("id+", four && open.dont_fragment && open.identification != 0),
        ("id-", four && !open.dont_fragment && open.identification == 0),
        ("ecn", open.ecn != 0 || flag(0x40) || flag(0x80) || flag(0x100)),
        ("flow", open.flow_label != 0),
        ("seq-", open.sequence == 0),
        ("ack+", !ack && open.acknowledgement != 0),
        ("ack-", ack && open.acknowledgement == 0),
        ("uptr+", !urgent && open.urgent != 0),
        ("urgf+", urgent),
        ("pushf+", push),
        ("ts1-", stamps.is_some_and(|(own, _)| own == 0)),
        ("ts2+", !open.is_answer && stamps.is_some_and(|(_, peer)| peer != 0)),
        ("opt+", options.trailing),
        ("exws", options.scale.is_some_and(|scale| scale > 14)),
        ("bad", options.bad),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::signature;
    use crate::TcpOpen;

    fn open(options: &[u8]) -> TcpOpen<'_> {
        TcpOpen {
            ip_version: 4,
            hop_limit: 64,
            ip_options: 0,
            dont_fragment: true,
            identification: 0x1234,
            ecn: 0,
            flow_label: 0,
            window: 29200,
            flags: 0x02,
            sequence: 1,
            acknowledgement: 0,
            urgent: 0,
            options,
            payload: 0,
            is_answer: false,
        }
    }

    /// p0f's own database: Linux 3.11 and newer is `*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0`.
    #[test]
    fn a_linux_syn() {
        let options = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 10];
        assert_eq!(signature(&open(&options)), "4:64+0:0:1460:mss*20,10:mss,sok,ts,nop,ws:df,id+:0");
    }

    /// p0f's own database: Windows 7 or 8 is `*:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0`.
    #[test]
    fn a_windows_syn_three_hops_away() {
        let options = [2, 4, 5, 0xb4, 1, 3, 3, 8, 1, 1, 4, 2];
        let syn = TcpOpen { hop_limit: 125, window: 8192, ..open(&options) };
        assert_eq!(signature(&syn), "4:128+3:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0");
    }

    /// A Linux server behind a link that makes segments smaller still sets its window by 1,448 octets.
    #[test]
    fn a_window_may_be_a_multiple_of_ethernets_segments() {
        let options = [2, 4, 5, 0x50, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 9, 1, 3, 3, 7];
        let answer = TcpOpen {
            hop_limit: 55,
            window: 14480,
            flags: 0x12,
            acknowledgement: 2,
            is_answer: true,
            identification: 0,
            ..open(&options)
        };
        assert_eq!(signature(&answer), "4:64+9:0:1360:mss*10,7:mss,sok,ts,nop,ws:df:0");
    }

    #[test]
    fn odd_options_are_named_and_do_not_stop_anything() {
        let syn = TcpOpen { window: 0, dont_fragment: false, identification: 0, ..open(&[30, 3, 0, 2, 9]) };
        assert_eq!(signature(&syn), "4:64+0:0:*:0,*:?30:id-,bad:0");
        let ended = TcpOpen { payload: 3, ..open(&[0, 7]) };
        assert_eq!(signature(&ended), "4:64+0:0:*:29200,*:eol+1:df,id+,opt+:+");
    }
}
