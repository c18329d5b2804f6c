//! HTTP/1.0 and HTTP/1.1: what clients and servers call themselves, and who asked whom for what.
//!
//! Follows RFC 9112 (framing: 2 to 7) and RFC 9110 (semantics). Requests and responses are paired in order, also when
//! pipelined. Bodies of media that protocols inside HTTP read (DICOMweb, FHIR, SOAP, IPP) are joined, freed of
//! chunks and of gzip or deflate, and handed on, at most 128 KiB; all other bodies are skipped without being read.
//!
//! Of the client: User-Agent. Of the server: Server, X-Powered-By, realm, names of cookies, title of its start page,
//! the name it is asked by. Behind a proxy (Via, Forwarded, absolute targets) nothing is said of the machine behind.
//!
//! CONNECT leads into TLS of which only the client is known; an upgrade to h2c leads to `http2`; WebSocket is not
//! followed. After lost bytes the next segment that begins with a head is where reading goes on.

use std::collections::VecDeque;

use httparse::{EMPTY_HEADER, ParserConfig, Request, Response, Status};

use super::http_exchange::{Body, Exchanges, FIELDS, Message};
use super::tls::{TLS, TlsSession};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, HttpKind, Probe, Progress, Resync, Session, Side,
};

/// Longest head.
const MAX_HEAD: usize = 64 * 1024;
/// Longest request line that a probe waits for.
const MAX_LINE: usize = 8 * 1024;
const MAX_HEADERS: usize = 96;
/// Longest value of a header that is kept.
const MAX_VALUE: usize = 2048;
/// Requests that wait for their answer.
const MAX_PENDING: usize = 64;

pub(super) static HTTP: Dissector = Dissector {
    name: "http",
    title: "HTTP/1",
    label: "HTTP",
    group: Group::Remote,
    specification: &["RFC 9112 2-7", "RFC 9110 10"],
    ports: &[80, 8080, 8000, 8081, 8008, 5000, 5357, 631, 3128],
    carrier: Carrier::Stream { probe, session: || Box::new(HttpSession::default()) },
    fields: FIELDS,
    basis: Basis::RealPeers,
};

const METHODS: [&[u8]; 23] = [
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"CONNECT",
    b"TRACE",
    b"PATCH",
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"NOTIFY",
    b"REPORT",
    b"SEARCH",
    b"M-SEARCH",
    b"M-POST",
];

fn probe(head: &Head<'_>) -> Probe {
    match (probe_side(head.originator), probe_side(head.responder)) {
        (Probe::Match, _) | (_, Probe::Match) => Probe::Match,
        (Probe::NoMatch, _) | (_, Probe::NoMatch) => Probe::NoMatch,
        _ => Probe::NeedMore,
    }
}

/// A whole first line that is of HTTP/1.
fn probe_side(bytes: &[u8]) -> Probe {
    match Probe::magic(bytes, b"HTTP/1.") {
        Probe::NoMatch => {}
        Probe::Match => {
            return match bytes.get(7..13) {
                Some([minor, b' ', a, b, c, _]) => {
                    Probe::when([minor, a, b, c].iter().all(|d| d.is_ascii_digit()))
                }
                _ => Probe::NeedMore,
            };
        }
        Probe::NeedMore => return Probe::NeedMore,
    }
    let method = bytes.split(|b| *b == b' ').next().unwrap_or(bytes);
    if method.len() == bytes.len() {
        return if METHODS.iter().any(|m| m.starts_with(bytes)) { Probe::NeedMore } else { Probe::NoMatch };
    }
    if !METHODS.contains(&method) {
        return Probe::NoMatch;
    }
    let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
        return if bytes.len() < MAX_LINE { Probe::NeedMore } else { Probe::NoMatch };
    };
    let line = bytes.get(..end).unwrap_or(bytes).trim_ascii_end();
    Probe::when(line.ends_with(b" HTTP/1.1") || line.ends_with(b" HTTP/1.0"))
}

/// Where a direction stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Head,
    /// Bytes of body left.
    Body(u64),
    ChunkSize,
    /// Bytes left of the chunk.
    Chunk(u64),
    ChunkEnd,
    Trailer,
    UntilClose,
    /// Bytes were lost; the next that look like a head are one.
    Lost,
}

#[derive(Debug, Default)]
struct Half {
    at: At,
    /// The message whose body is under way.
    message: Option<Message>,
    /// What it answers.
    request: Option<Message>,
    body: Body,
}

#[derive(Default)]
struct HttpSession {
    halves: [Half; 2],
    pending: VecDeque<Message>,
    exchanges: Exchanges,
    client: Option<Side>,
    /// After a CONNECT that was granted.
    tunnel: Option<TlsSession>,
}

/// What a head leads to.
enum Next {
    Body,
    Tunnel,
    Upgrade(Option<&'static str>),
}

impl HttpSession {
    fn half(&mut self, side: Side) -> &mut Half {
        let [originator, responder] = &mut self.halves;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    fn head(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if blank > 0 {
            return Progress::Consumed(blank as u64);
        }
        let (message, length) = match read_head(bytes) {
            Ok(Some(read)) => read,
            Ok(None) if bytes.len() > MAX_HEAD => return Progress::GiveUp("http_long_head"),
            Ok(None) => return Progress::Need(bytes.len().saturating_add(1)),
            Err(()) if self.client.is_none() => return Progress::GiveUp("http_bad_head"),
            Err(()) => {
                // What was lost or is wrong ends with the segment, as far as can be told.
                cx.weird("http_bad_head");
                *self.half(side) = Half { at: At::Lost, ..Half::default() };
                self.unanswered(cx);
                return Progress::Consumed(bytes.len() as u64);
            }
        };
        let consumed = length as u64;
        let next = match message.kind {
            HttpKind::Request => self.request(message, side, cx),
            HttpKind::Response(status) => self.response(message, status, side, cx),
        };
        match next {
            Next::Body => {}
            Next::Tunnel => self.tunnel = Some(TlsSession::tunnelled()),
            Next::Upgrade(Some(dissector)) => return Progress::Become { consumed, dissector },
            Next::Upgrade(None) => return Progress::Quiet,
        }
        Progress::Consumed(consumed)
    }

    fn request(&mut self, message: Message, side: Side, cx: &mut Context<'_>) -> Next {
        self.client = Some(side);
        self.exchanges.head(&message, None, cx);
        if self.pending.len() >= MAX_PENDING {
            cx.weird("http_many_unanswered");
            self.unanswered(cx);
        }
        self.pending.push_back(message.clone());
        let at = framing(&message).unwrap_or(At::Head);
        self.begin(message, None, at, side, cx);
        Next::Body
    }

    fn response(&mut self, message: Message, status: u16, side: Side, cx: &mut Context<'_>) -> Next {
        self.client = Some(side.other());
        if (100..200).contains(&status) && status != 101 {
            return Next::Body;
        }
        let request = self.pending.pop_front();
        self.exchanges.head(&message, request.as_ref(), cx);
        if let Some(request) = &request {
            self.exchanges.exchange(request, Some(&message), side.other(), cx);
        }
        if status == 101 {
            let to = message.header("upgrade").unwrap_or("").to_ascii_lowercase();
            return Next::Upgrade((to == "h2c").then_some("http2"));
        }
        let method = request.as_ref().map_or("", |r| &*r.method);
        if method == "CONNECT" && (200..300).contains(&status) {
            return Next::Tunnel;
        }
        let bare = method == "HEAD" || matches!(status, 204 | 304);
        let at = if bare { At::Head } else { framing(&message).unwrap_or(At::UntilClose) };
        self.begin(message, request, at, side, cx);
        Next::Body
    }

    fn begin(
        &mut self,
        message: Message,
        request: Option<Message>,
        at: At,
        side: Side,
        cx: &mut Context<'_>,
    ) {
        let body = Body::of(&message);
        let half = self.half(side);
        *half = Half { at, message: Some(message), request, body };
        if matches!(at, At::Head | At::Body(0)) {
            self.complete(side, cx);
        }
    }

    /// The message under way is over.
    fn complete(&mut self, side: Side, cx: &mut Context<'_>) {
        let half = std::mem::take(self.half(side));
        if let Some(message) = half.message {
            self.exchanges.whole(&message, half.request.as_ref(), &half.body, cx);
        }
    }

    /// `left` bytes of content are to come, of which `bytes` are here; tells how many are done with.
    fn content(&mut self, bytes: &[u8], left: u64, side: Side) -> u64 {
        let half = self.half(side);
        if !half.body.is_wanted() {
            half.body.lose();
            return left;
        }
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        half.body.push(bytes.get(..here).unwrap_or(bytes));
        here as u64
    }

    /// Which answer belongs to which request is no longer known, or none will come.
    fn unanswered(&mut self, cx: &mut Context<'_>) {
        let Some(client) = self.client else { return };
        for request in std::mem::take(&mut self.pending) {
            self.exchanges.exchange(&request, None, client, cx);
        }
    }

    fn through_tunnel(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let Some(tunnel) = &mut self.tunnel else { return Progress::Quiet };
        match cx.as_dissector(&TLS, |cx| {
            let progress = tunnel.data(bytes, cx);
            cx.label("tls");
            progress
        }) {
            // What is in a tunnel need not be TLS.
            Progress::GiveUp(_) => Progress::Quiet,
            progress => progress,
        }
    }
}

/// Content-Length or chunks (RFC 9112, 6.3); `None` where neither is given.
fn framing(message: &Message) -> Option<At> {
    let coding = message.header("transfer-encoding").unwrap_or("");
    if coding.to_ascii_lowercase().contains("chunked") {
        return Some(At::ChunkSize);
    }
    let length = message.header("content-length")?;
    let length = length.split(',').next().unwrap_or("").trim().parse::<u64>().ok()?;
    Some(At::Body(length))
}

/// The head at the front and its length; `None` where it is not whole.
fn read_head(bytes: &[u8]) -> Result<Option<(Message, usize)>, ()> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut config = ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .ignore_invalid_headers_in_requests(true);
    if bytes.starts_with(b"HTTP/") || b"HTTP/".starts_with(bytes) {
        let mut response = Response::new(&mut headers);
        let Status::Complete(length) = config.parse_response(&mut response, bytes).map_err(|_| ())? else {
            return Ok(None);
        };
        let kind = HttpKind::Response(response.code.unwrap_or(0));
        let headers = owned(response.headers);
        let message = Message { kind, method: String::new(), target: String::new(), headers };
        return Ok(Some((message, length)));
    }
    let mut request = Request::new(&mut headers);
    let Status::Complete(length) = config.parse_request(&mut request, bytes).map_err(|_| ())? else {
        return Ok(None);
    };
    let message = Message {
        kind: HttpKind::Request,
        method: request.method.unwrap_or("").to_owned(),
        target: request.path.unwrap_or("").chars().take(MAX_VALUE).collect(),
        headers: owned(request.headers),
    };
    Ok(Some((message, length)))
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    let kept = |value: &[u8]| {
        let value = value.get(..MAX_VALUE).unwrap_or(value);
        String::from_utf8_lossy(value).trim().to_owned()
    };
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), kept(h.value))).collect()
}

impl Session for HttpSession {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if self.tunnel.is_some() {
            return self.through_tunnel(bytes, cx);
        }
        let side = cx.side();
        match self.half(side).at {
            At::Head => self.head(bytes, cx),
            At::Lost => {
                if probe_side(bytes) == Probe::Match {
                    self.half(side).at = At::Head;
                    return self.head(bytes, cx);
                }
                Progress::Consumed(bytes.len() as u64)
            }
            At::Body(left) => {
                let done = self.content(bytes, left, side);
                let left = left.saturating_sub(done);
                self.half(side).at = At::Body(left);
                if left == 0 {
                    self.complete(side, cx);
                }
                Progress::Consumed(done)
            }
            At::Chunk(left) => {
                let done = self.content(bytes, left, side);
                let left = left.saturating_sub(done);
                self.half(side).at = if left == 0 { At::ChunkEnd } else { At::Chunk(left) };
                Progress::Consumed(done)
            }
            At::ChunkSize | At::ChunkEnd | At::Trailer => {
                let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
                    if bytes.len() > MAX_LINE {
                        return Progress::GiveUp("http_bad_chunk");
                    }
                    return Progress::Need(bytes.len().saturating_add(1));
                };
                let line = bytes.get(..end).unwrap_or(bytes).trim_ascii();
                match (self.half(side).at, line) {
                    (At::ChunkEnd, []) => self.half(side).at = At::ChunkSize,
                    (At::ChunkSize, _) => match chunk_size(line) {
                        Some(0) => self.half(side).at = At::Trailer,
                        Some(size) => self.half(side).at = At::Chunk(size),
                        None => return Progress::GiveUp("http_bad_chunk"),
                    },
                    (At::Trailer, []) => self.complete(side, cx),
                    (At::Trailer, _) => {}
                    _ => return Progress::GiveUp("http_bad_chunk"),
                }
                Progress::Consumed((end as u64).saturating_add(1))
            }
            At::UntilClose => {
                let half = self.half(side);
                if half.body.is_wanted() {
                    half.body.push(bytes);
                    return Progress::Consumed(bytes.len() as u64);
                }
                half.body.lose();
                self.complete(side, cx);
                Progress::Finished
            }
        }
    }

    fn gap(&mut self, length: u64, cx: &mut Context<'_>) -> Resync {
        if let Some(tunnel) = &mut self.tunnel {
            return cx.as_dissector(&TLS, |cx| tunnel.gap(length, cx));
        }
        let half = self.half(cx.side());
        half.body.lose();
        match half.at {
            At::Body(left) if length < left => half.at = At::Body(left - length),
            At::Chunk(left) if length < left => half.at = At::Chunk(left - length),
            At::UntilClose => {}
            _ => {
                *half = Half { at: At::Lost, ..Half::default() };
                self.unanswered(cx);
            }
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(tunnel) = &mut self.tunnel {
            cx.as_dissector(&TLS, |cx| tunnel.end(cx));
            return;
        }
        for side in [Side::Originator, Side::Responder] {
            // A body until the close is whole now; all others are not.
            if self.half(side).at != At::UntilClose {
                self.half(side).body.lose();
            }
            cx.as_side(side, |cx| self.complete(side, cx));
        }
        self.unanswered(cx);
    }
}

/// Size of a chunk in hexadecimal digits, extensions dropped (RFC 9112, 7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|b| *b == b';').next().unwrap_or(line).trim_ascii();
    let text = std::str::from_utf8(digits).ok()?;
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::HTTP;
    use crate::{Exercise, Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    use Side::{Originator as C, Responder as S};

    fn run(chunks: &[(Side, &[u8])]) -> Exercise {
        exercise(&HTTP, Transport::Tcp, chunks)
    }

    #[test]
    fn requests_in_a_row_get_their_own_answers() {
        let said = run(&[
            (
                C,
                b"GET / HTTP/1.1\r\nHost: pump7.hosp.example\r\nUser-Agent: probe/1\r\n\r\n\
                  GET /Patient/smith?name=x HTTP/1.1\r\nHost: pump7.hosp.example\r\n\r\n",
            ),
            (
                S,
                b"HTTP/1.1 200 OK\r\nServer: lighttpd/1.4.35\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n\
                  13\r\n<html><title>Infusi\r\n1c;x=y\r\non Pump</title><body>text</b\r\n0\r\nTrailer: a\r\n\r\n\
                  HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"Pump 7\"\r\nContent-Length: 5\r\n\r\nabcde",
            ),
        ]);
        assert_eq!(said.values("title"), ["Infusion Pump"]);
        assert_eq!(said.values("host"), ["pump7.hosp.example"]);
        assert_eq!(said.values("user-agent"), ["probe/1"]);
        assert_eq!(said.values("server-software"), ["lighttpd 1.4.35"]);
        assert_eq!(said.values("realm"), ["Pump 7"]);
        let activity: Vec<_> = said.activity.iter().map(|a| (&*a.object, a.outcome)).collect();
        assert_eq!(activity, [("/", Outcome::Success), ("/Patient/*", Outcome::Failure)]);
    }

    #[test]
    fn logins_are_told_without_their_user() {
        let said = run(&[
            (C, b"GET /x HTTP/1.0\r\nAuthorization: Basic dXNlcjpwYXNz\r\n\r\n"),
            (S, b"HTTP/1.0 403 Forbidden\r\n\r\nuntil the end"),
        ]);
        let login = said.activity.iter().find(|a| a.verb == Verb::Login);
        assert_eq!(login.map(|a| (&*a.operation, a.outcome)), Some(("Basic", Outcome::Failure)));
        assert!(!format!("{said:?}").contains("dXNlcj"));
    }

    #[test]
    fn a_proxy_does_not_speak_for_the_server_behind_it() {
        let said = run(&[
            (C, b"GET http://far.example/ HTTP/1.1\r\nHost: far.example\r\n\r\n"),
            (S, b"HTTP/1.1 200 OK\r\nServer: far/1.0\r\nContent-Length: 0\r\n\r\n"),
        ]);
        assert!(said.evidence.is_empty());
    }

    #[test]
    fn a_tunnel_leads_to_the_client_hello() {
        let mut hello = b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03".to_vec();
        hello.extend([7; 32]);
        hello.extend(b"\x00\x00\x02\xc0\x2b\x01\x00");
        let said = run(&[
            (C, b"CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n"),
            (S, b"HTTP/1.1 200 Connection established\r\n\r\n"),
            (C, &hello),
        ]);
        assert_eq!(said.values("ja4").len(), 1);
        assert_eq!(
            said.activity.first().map(|a| (&*a.object, a.verb)),
            Some(("far.example:443", Verb::Connect))
        );
    }

    #[test]
    fn reading_goes_on_after_a_loss() {
        let said = run(&[
            (C, b"GET /a HTTP/1.1\r\n\r\n"),
            (S, b"HTTP/1.1 200 OK\r\nServer: early\r\nContent-Le"),
            (S, b""),
            (S, b"rest of a body"),
            (C, b"GET /b HTTP/1.1\r\n\r\n"),
            (S, b"HTTP/1.1 200 OK\r\nServer: late\r\nContent-Length: 0\r\n\r\n"),
        ]);
        assert_eq!(said.values("server"), ["late"]);
    }
}
