//! HTTP/2 in clear text: the same messages as HTTP/1, in frames.
//!
//! Follows RFC 9113 (preface 3.4, frames 4 and 6, fields 8.3) and RFC 7541 (header compression). Devices speak it in
//! clear text only with prior knowledge (gRPC) or after an upgrade from HTTP/1; in browsers it is inside TLS.
//! Messages are joined by stream and handed on as by `http`; what heads say is reported as `http`.
//!
//! Limits: 100 streams at a time, bodies as in HTTP/1, header tables of at most 64 KiB. After lost bytes the
//! compression cannot be followed, and the session ends. Pushed responses are not reported.

mod hpack;
mod huffman;

use std::collections::BTreeMap;

use hpack::{Decoder, Pair};

use super::http_exchange::{Body, Exchanges, FIELDS, Message};
use super::reader::Reader;
use crate::{Basis, Carrier, Context, Dissector, Group, Head, HttpKind, Probe, Progress, Session, Side};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Longest frame that is read; longer ones are skipped.
const MAX_FRAME: usize = 128 * 1024;
/// Longest header block.
const MAX_BLOCK: usize = 128 * 1024;
const MAX_STREAMS: usize = 100;

pub(super) static HTTP2: Dissector = Dissector {
    name: "http2",
    title: "HTTP/2 in clear text",
    label: "HTTP/2",
    group: Group::Remote,
    specification: &["RFC 9113 3-8", "RFC 7541"],
    ports: &[80, 8080, 50051],
    carrier: Carrier::Stream { probe, session: || Box::new(Http2Session::default()) },
    fields: FIELDS,
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    // The preface is 24 octets; the first 16 are of no other protocol.
    if head.originator.len() >= 16 && PREFACE.starts_with(head.originator) {
        return Probe::Match;
    }
    Probe::magic(head.originator, PREFACE)
}

/// One direction of a stream.
#[derive(Debug, Default)]
struct Half {
    message: Option<Message>,
    body: Body,
}

#[derive(Debug, Default)]
struct Stream {
    halves: [Half; 2],
    client: Option<Side>,
    /// The head of the request, for the response.
    request: Option<Message>,
    answered: bool,
    ended: [bool; 2],
}

/// A header block that goes on in CONTINUATION frames.
#[derive(Debug)]
struct Block {
    stream: u32,
    ends_stream: bool,
    pushed: bool,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Http2Session {
    decoders: [Decoder; 2],
    blocks: [Option<Block>; 2],
    /// Has sent a frame or the preface.
    begun: [bool; 2],
    streams: BTreeMap<u32, Stream>,
    exchanges: Exchanges,
}

fn of<T>(both: &mut [T; 2], side: Side) -> &mut T {
    let [originator, responder] = both;
    match side {
        Side::Originator => originator,
        Side::Responder => responder,
    }
}

impl Http2Session {
    /// A whole frame; `None` where it cannot be followed.
    fn frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8], cx: &mut Context<'_>) -> Option<()> {
        let side = cx.side();
        let ends_stream = flags & 0x01 != 0;
        match kind {
            0 => {
                let content = unpadded(payload, flags)?;
                if let Some(stream) = self.streams.get_mut(&id) {
                    of(&mut stream.halves, side).body.push(content);
                }
                if ends_stream {
                    self.end_half(id, side, cx);
                }
            }
            1 | 5 => {
                let mut content = Reader::new(unpadded(payload, flags)?);
                if kind == 5 {
                    content.take(4)?;
                } else if flags & 0x20 != 0 {
                    content.take(5)?;
                }
                let bytes = content.rest().to_vec();
                let block =
                    Block { stream: id, ends_stream: kind == 1 && ends_stream, pushed: kind == 5, bytes };
                if flags & 0x04 != 0 {
                    self.headers(block, cx)?;
                } else {
                    *of(&mut self.blocks, side) = Some(block);
                }
            }
            9 => {
                let mut block = of(&mut self.blocks, side).take()?;
                block.bytes.extend_from_slice(payload);
                if block.stream != id || block.bytes.len() > MAX_BLOCK {
                    return None;
                }
                if flags & 0x04 != 0 {
                    self.headers(block, cx)?;
                } else {
                    *of(&mut self.blocks, side) = Some(block);
                }
            }
            3 => self.close(id, cx),
            4 if flags & 0x01 == 0 => {
                let mut settings = Reader::new(payload);
                while let (Some(name), Some(value)) = (settings.u16(), settings.u32()) {
                    if name == 1 {
                        of(&mut self.decoders, side.other()).allow(value);
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    fn headers(&mut self, block: Block, cx: &mut Context<'_>) -> Option<()> {
        let side = cx.side();
        let pairs = of(&mut self.decoders, side).block(&block.bytes)?;
        if block.pushed {
            return Some(());
        }
        // Without a pseudo header it is a trailer (RFC 9113, 8.1).
        if let Some(message) = message(pairs) {
            match message.kind {
                // Interim responses say nothing.
                HttpKind::Response(100..200) => return Some(()),
                HttpKind::Request => self.request(block.stream, message, cx),
                HttpKind::Response(_) => self.response(block.stream, message, cx),
            }
        }
        if block.ends_stream {
            self.end_half(block.stream, side, cx);
        }
        Some(())
    }

    fn request(&mut self, id: u32, message: Message, cx: &mut Context<'_>) {
        let side = cx.side();
        if self.streams.len() >= MAX_STREAMS
            && let Some(oldest) = self.streams.keys().next().copied()
        {
            cx.weird("http2_many_streams");
            self.close(oldest, cx);
        }
        self.exchanges.head(&message, None, cx);
        let stream = self.streams.entry(id).or_default();
        stream.client = Some(side);
        stream.request = Some(message.clone());
        *of(&mut stream.halves, side) = Half { body: Body::of(&message), message: Some(message) };
    }

    fn response(&mut self, id: u32, message: Message, cx: &mut Context<'_>) {
        let side = cx.side();
        if self.streams.len() >= MAX_STREAMS && !self.streams.contains_key(&id) {
            return;
        }
        let stream = self.streams.entry(id).or_default();
        self.exchanges.head(&message, stream.request.as_ref(), cx);
        if let Some(request) = &stream.request
            && !std::mem::replace(&mut stream.answered, true)
        {
            self.exchanges.exchange(request, Some(&message), side.other(), cx);
        }
        *of(&mut stream.halves, side) = Half { body: Body::of(&message), message: Some(message) };
    }

    /// One direction of a stream is over; the stream when both are.
    fn end_half(&mut self, id: u32, side: Side, cx: &mut Context<'_>) {
        let Some(stream) = self.streams.get_mut(&id) else { return };
        *of(&mut stream.ended, side) = true;
        let half = std::mem::take(of(&mut stream.halves, side));
        if let Some(message) = half.message {
            let request = stream.request.as_ref().filter(|_| message.kind != HttpKind::Request);
            cx.as_side(side, |cx| self.exchanges.whole(&message, request, &half.body, cx));
        }
        if stream.ended == [true, true] {
            self.streams.remove(&id);
        }
    }

    /// The stream was reset, or the flow is over.
    fn close(&mut self, id: u32, cx: &mut Context<'_>) {
        for side in [Side::Originator, Side::Responder] {
            if let Some(stream) = self.streams.get_mut(&id) {
                of(&mut stream.halves, side).body.lose();
                if !*of(&mut stream.ended, side) && of(&mut stream.halves, side).message.is_some() {
                    let half = std::mem::take(of(&mut stream.halves, side));
                    if let Some(message) = half.message {
                        let request = stream.request.as_ref().filter(|_| message.kind != HttpKind::Request);
                        cx.as_side(side, |cx| self.exchanges.whole(&message, request, &half.body, cx));
                    }
                }
            }
        }
        if let Some(Stream { request: Some(request), answered: false, client: Some(client), .. }) =
            self.streams.remove(&id)
        {
            self.exchanges.exchange(&request, None, client, cx);
        }
    }
}

/// The content of a frame that may be padded (RFC 9113, 6.1).
fn unpadded(payload: &[u8], flags: u8) -> Option<&[u8]> {
    if flags & 0x08 == 0 {
        return Some(payload);
    }
    let (padding, rest) = payload.split_first()?;
    rest.get(..rest.len().checked_sub(usize::from(*padding))?)
}

/// The head that these fields make; `None` for trailers.
fn message(pairs: Vec<Pair>) -> Option<Message> {
    let (mut method, mut target, mut authority, mut status) = (None, String::new(), None, None);
    let mut headers = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        match name.as_str() {
            ":method" => method = Some(value),
            ":path" => target = value,
            ":authority" => authority = Some(value),
            ":status" => status = value.parse::<u16>().ok(),
            _ if name.starts_with(':') => {}
            _ => headers.push((name, value)),
        }
    }
    let kind = match (&method, status) {
        (_, Some(status)) => HttpKind::Response(status),
        (Some(_), None) => HttpKind::Request,
        (None, None) => return None,
    };
    if let Some(authority) = authority {
        if method.as_deref() == Some("CONNECT") {
            target.clone_from(&authority);
        }
        if !headers.iter().any(|(name, _)| name == "host") {
            headers.insert(0, ("host".to_owned(), authority));
        }
    }
    Some(Message { kind, method: method.unwrap_or_default(), target, headers })
}

impl Session for Http2Session {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        if !*of(&mut self.begun, side) {
            match Probe::magic(bytes, PREFACE) {
                Probe::NeedMore => return Progress::Need(PREFACE.len()),
                Probe::Match => {
                    *of(&mut self.begun, side) = true;
                    return Progress::Consumed(PREFACE.len() as u64);
                }
                Probe::NoMatch => {}
            }
        }
        let mut reader = Reader::new(bytes);
        let (Some(length), Some(kind), Some(flags), Some(id)) =
            (reader.u24(), reader.u8(), reader.u8(), reader.u32())
        else {
            return Progress::Need(9);
        };
        // A server's first frame is SETTINGS (RFC 9113, 3.4).
        if !std::mem::replace(of(&mut self.begun, side), true) && kind != 4 {
            return Progress::GiveUp("http2_bad_start");
        }
        let id = id & 0x7fff_ffff;
        let whole = (length as u64).saturating_add(9);
        let of_use = match kind {
            0 => match self.streams.get_mut(&id) {
                Some(stream) => of(&mut stream.halves, side).body.is_wanted() && length <= MAX_FRAME,
                None => false,
            },
            1 | 3 | 4 | 5 | 9 => true,
            _ => false,
        };
        if !of_use {
            if kind == 0 {
                if let Some(stream) = self.streams.get_mut(&id)
                    && length > 0
                {
                    of(&mut stream.halves, side).body.lose();
                }
                if flags & 0x01 != 0 {
                    self.end_half(id, side, cx);
                }
            }
            return Progress::Consumed(whole);
        }
        if length > MAX_FRAME {
            return Progress::GiveUp("http2_long_frame");
        }
        let Some(payload) = reader.take(length) else { return Progress::Need(length.saturating_add(9)) };
        match self.frame(kind, flags, id, payload, cx) {
            Some(()) => Progress::Consumed(whole),
            None => Progress::GiveUp("http2_bad_frame"),
        }
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        while let Some(id) = self.streams.keys().next().copied() {
            self.close(id, cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HTTP2;
    use crate::{Exercise, Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    /// curl 7.88 with prior knowledge and Basic credentials, and nghttpd 1.52: GET /x.json.
    const CLIENT: &str = "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00001204000000000000030000006400040200000000\
        020000000000000408000000000001ff000100003101050000000182048663cafd107abf86418b089d5c0b8170dc\
        0bc0781f1f0888ba34188a49bebf1f7a8825b650c3abbcf2e153032a2f2a000000040100000000";
    const SERVER: &str = "000006040000000000000300000064000000040100000000000060010400000001887690aa69d29ae452a9a74a6b\
        13015db12e0f5889a47e561cc58197000f6196dd6d5f4a084a693f75040138a01cb817ee36ea98b46f0f0d023134\
        6c96dd6d5f4a084a693f75040138a01cb817ae34053168df5f8b1d75d0620d263d4c7441ea00000e000100000001\
        7b2261223a2268656c6c6f227d0a";

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    fn run(chunks: &[(Side, &[u8])]) -> Exercise {
        exercise(&HTTP2, Transport::Tcp, chunks)
    }

    #[test]
    fn a_request_of_curl_is_answered() {
        let said = run(&[(Side::Originator, &hex(CLIENT)), (Side::Responder, &hex(SERVER))]);
        assert_eq!(said.values("user-agent"), ["curl/7.88.1"]);
        assert_eq!(said.values("server"), ["nghttpd nghttp2/1.52.0"]);
        let activity: Vec<_> =
            said.activity.iter().map(|a| (a.verb, &*a.operation, &*a.object, a.outcome)).collect();
        assert_eq!(
            activity,
            [(Verb::Read, "GET", "/x.json", Outcome::Success), (Verb::Login, "Basic", "", Outcome::Success)]
        );
        assert!(said.weirds.is_empty());
    }

    #[test]
    fn a_frame_that_is_wrong_ends_the_session_without_harm() {
        let mut client = super::PREFACE.to_vec();
        client.extend(b"\0\0\x01\x01\x0d\0\0\0\x01\xff");
        assert_eq!(run(&[(Side::Originator, &client)]).weirds.count("http2_bad_frame"), 1);
    }
}
