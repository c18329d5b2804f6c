//! What HTTP/1 and HTTP/2 share: messages, bodies, and what heads say of both ends (RFC 9110).
//!
//! Evidence and activity are reported as `http` whichever version carried them, so that one catalogue pattern reads
//! both. Paths are shortened and freed of numbers and names, queries are dropped: they may hold patients.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::io::Read;

use medward_model::{Attribute, Field, Outcome, Verb};

use super::http::HTTP;
use super::nearby::{is_host_name, is_nearby};
use crate::credentials::{from_base64, known_default};
use crate::exposure::{CLEAR_LOGIN, DEFAULT_LOGIN, clear_login};
use crate::{Context, Headers, HttpKind, HttpMessage, Side, clean_bytes};

/// Longest body given on, decoded.
const MAX_BODY: usize = 128 * 1024;
/// Of a web page only the title counts.
const MAX_PAGE: usize = 16 * 1024;
/// After so many messages in a row that said nothing new, heads of this session are no longer searched.
const PATIENCE: u32 = 100;
/// Most different statements that one session makes.
const MAX_SAID: usize = 64;

static USER_AGENT: Field = Field::fact("user-agent", "Client: User-Agent (RFC 9110 10.1.5)");
static SERVER: Field = Field::fact("server", "Server: Server (RFC 9110 10.2.4)");
static SERVER_SOFTWARE: Field = Field::states(
    "server-software",
    Attribute::Software,
    90,
    "Server: product with a version in Server or X-Powered-By (RFC 9110 10.1.5)",
);
static POWERED_BY: Field = Field::fact("powered-by", "Server: X-Powered-By");
static VIA: Field = Field::fact("via", "Sender, a proxy or gateway: Via (RFC 9110 7.6.3)");
static REALM: Field = Field::fact("realm", "Server: realm of WWW-Authenticate (RFC 9110 11.5)");
static AUTH_SCHEME: Field =
    Field::fact("auth-scheme", "Server: scheme of WWW-Authenticate (RFC 9110 11.6.1)");
static TITLE: Field = Field::fact("title", "Server on a private address: title of its start or login page");
static COOKIE: Field =
    Field::fact("cookie", "Server on a private address: name in Set-Cookie (RFC 6265 4.1)");
static HOST: Field = Field::states(
    "host",
    Attribute::Hostname,
    50,
    "Server on a private address: Host of a request to it, where that is a name (RFC 9110 7.2)",
);

/// The fields of both dissectors.
pub(super) static FIELDS: &[&Field] = &[
    &USER_AGENT,
    &SERVER,
    &SERVER_SOFTWARE,
    &POWERED_BY,
    &VIA,
    &REALM,
    &AUTH_SCHEME,
    &TITLE,
    &COOKIE,
    &HOST,
    &CLEAR_LOGIN,
    &DEFAULT_LOGIN,
];

/// The head of a request or response.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) kind: HttpKind,
    /// Empty for responses.
    pub(super) method: String,
    /// Empty for responses.
    pub(super) target: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
}

impl Message {
    /// The first value of that header; `name` in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or("");
        value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }

    fn borrowed(&self) -> Vec<(&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// A body as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Body {
    limit: usize,
    bytes: Vec<u8>,
    cut: bool,
}

impl Body {
    /// For a message of that head: keeps what a protocol inside HTTP may read, nothing of other media.
    pub(super) fn of(message: &Message) -> Body {
        let media = message.media_type();
        let limit = if matches!(&*media, "" | "text/html" | "application/xhtml+xml" | "text/plain") {
            MAX_PAGE
        } else if READABLE.iter().any(|part| media.contains(part)) {
            MAX_BODY
        } else {
            0
        };
        Body { limit, ..Body::default() }
    }

    /// More of it is of use. What follows a loss is not: joined to what came before it would say things that nobody said.
    pub(super) fn is_wanted(&self) -> bool {
        !self.cut && self.bytes.len() < self.limit
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.cut {
            return;
        }
        let room = self.limit.saturating_sub(self.bytes.len());
        self.cut |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Part of it is not here.
    pub(super) fn lose(&mut self) {
        self.cut = true;
    }

    /// Without its Content-Encoding (RFC 9110, 8.4), and whether it is whole.
    fn decoded(&self, encoding: &str) -> (Cow<'_, [u8]>, bool) {
        let (text, whole) = match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => return (Cow::Borrowed(&self.bytes), !self.cut),
            "gzip" | "x-gzip" => inflate(flate2::read::MultiGzDecoder::new(&*self.bytes)),
            "deflate" if self.bytes.first().is_some_and(|b| b & 0x0f == 8) => {
                inflate(flate2::read::ZlibDecoder::new(&*self.bytes))
            }
            "deflate" => inflate(flate2::read::DeflateDecoder::new(&*self.bytes)),
            _ => (Vec::new(), false),
        };
        (Cow::Owned(text), whole && !self.cut)
    }
}

/// Parts of media types whose bodies protocols inside HTTP read.
const READABLE: [&str; 13] = [
    "json",
    "xml",
    "soap",
    "dicom",
    "fhir",
    "hl7",
    "ipp",
    "multipart/related",
    "multipart/mixed",
    "form-urlencoded",
    "upnp",
    "text/csv",
    "text/parameters",
];

fn inflate(reader: impl Read) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let read = reader.take(MAX_BODY as u64 + 1).read_to_end(&mut text);
    let whole = read.is_ok() && text.len() <= MAX_BODY;
    text.truncate(MAX_BODY);
    (text, whole)
}

/// Reports what the messages of one flow say, each thing once.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    said: Vec<u64>,
    idle: u32,
    logins: Vec<u64>,
    /// The form last sent that had a password in it, with where it was sent to.
    form: Option<(String, Form)>,
}

/// A form with a password field; what was typed is not kept.
#[derive(Clone, Copy, Debug)]
struct Form {
    default: Option<&'static str>,
}

impl Form {
    /// Reads `name=value` pairs; `None` where no field is called a password or none was typed.
    fn read(body: &[u8]) -> Option<Form> {
        let text = std::str::from_utf8(body.get(..body.len().min(MAX_FORM)).unwrap_or(body)).ok()?;
        let pairs = || text.split('&').take(64).filter_map(|pair| pair.split_once('='));
        let named = |words: &[&str]| {
            pairs().find(|(name, _)| {
                let name = name.to_ascii_lowercase();
                words.iter().any(|word| name.contains(word))
            })
        };
        let (_, password) = named(&["passw", "passwd", "pwd", "passphrase"])
            .or_else(|| pairs().find(|(name, _)| name.eq_ignore_ascii_case("pass")))?;
        if password.is_empty() {
            return None;
        }
        let user = named(&["user", "login", "account"]).map_or("", |(_, value)| value);
        Some(Form { default: known_default(HTTP.name, &unescaped(user), &unescaped(password)) })
    }
}

/// Longest part of a form that is looked at.
const MAX_FORM: usize = 4096;

/// A value of a form without its percent-encoding (WHATWG URL, 5.1).
fn unescaped(value: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.first_chunk::<2>().and_then(|pair| std::str::from_utf8(pair).ok());
        match (first, pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
        rest = tail;
    }
    bytes
}

/// The factory default in the credentials of the Basic scheme (RFC 7617, 2).
fn basic_default(pair: &str) -> Option<&'static str> {
    let bytes = from_base64(pair)?;
    let at = bytes.iter().position(|b| *b == b':')?;
    let (user, password) = bytes.split_at(at);
    known_default(HTTP.name, user, password.get(1..)?)
}

impl Exchanges {
    /// A head has come; `request` is the one that a response answers. `cx.side()` sent it.
    pub(super) fn head(&mut self, message: &Message, request: Option<&Message>, cx: &mut Context<'_>) {
        if message.kind == HttpKind::Request && cx.in_line() {
            let media = message.media_type();
            let details = [("host", message.header("host").unwrap_or("")), ("media", media.as_str())];
            cx.as_dissector(&HTTP, |cx| {
                let object = reduced(&message.target);
                cx.asks(cx.side(), verb(&message.method), &message.method, &object, &details);
            });
        }
        if self.idle >= PATIENCE {
            return;
        }
        let before = self.said.len();
        cx.as_dissector(&HTTP, |cx| match message.kind {
            HttpKind::Request => self.request(message, cx),
            HttpKind::Response(_) => self.response(message, request, cx),
        });
        self.idle = if self.said.len() > before { 0 } else { self.idle.saturating_add(1) };
    }

    /// A message is over, or as much of its body as is kept.
    pub(super) fn whole(
        &mut self,
        message: &Message,
        request: Option<&Message>,
        body: &Body,
        cx: &mut Context<'_>,
    ) {
        let (bytes, complete) = body.decoded(message.header("content-encoding").unwrap_or(""));
        let headers = message.borrowed();
        let request_headers = request.map(Message::borrowed).unwrap_or_default();
        let asked = request.unwrap_or(message);
        let given = HttpMessage {
            kind: message.kind,
            method: &asked.method,
            target: &asked.target,
            headers: Headers(&headers),
            request_headers: Headers(&request_headers),
            body: &bytes,
            complete,
        };
        cx.as_dissector(&HTTP, |cx| {
            self.title(&given, cx);
            cx.http_message(&given);
        });
        if message.kind == HttpKind::Request && given.media_type() == "application/x-www-form-urlencoded" {
            let form = Form::read(&bytes);
            self.form = form.map(|form| (message.target.clone(), form));
        }
    }

    /// A request was answered, or never was. `client` sent it.
    pub(super) fn exchange(
        &mut self,
        request: &Message,
        response: Option<&Message>,
        client: Side,
        cx: &mut Context<'_>,
    ) {
        let status = response.and_then(|r| match r.kind {
            HttpKind::Response(status) => Some(status),
            HttpKind::Request => None,
        });
        let outcome = match status {
            None => Outcome::Unknown,
            Some(200..=399) => Outcome::Success,
            Some(_) => Outcome::Failure,
        };
        let shown_status = status.map(|s| s.to_string()).unwrap_or_default();
        let media = response.map(Message::media_type).unwrap_or_default();
        let object =
            if request.method == "CONNECT" { request.target.clone() } else { reduced(&request.target) };
        cx.as_dissector(&HTTP, |cx| {
            cx.activity_by(client, verb(&request.method), &request.method, &object)
                .outcome(outcome)
                .detail("status", &shown_status)
                .detail("host", request.header("host").unwrap_or(""))
                .detail("media", &media);
            if let Some(status) = status {
                self.login(request, status, client, cx);
            }
            if let Some((_, form)) = self.form.take_if(|(target, _)| *target == request.target) {
                self.form(request, form, response, client, cx);
            }
        });
    }

    /// Credentials in Authorization (RFC 9110, 11.6.2): the scheme and how it went, never the user.
    fn login(&mut self, request: &Message, status: u16, client: Side, cx: &mut Context<'_>) {
        let Some(credentials) = request.header("authorization") else { return };
        let scheme = credentials.split(' ').next().unwrap_or("");
        let token = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if scheme.is_empty() || scheme.len() > 24 || !scheme.chars().all(token) {
            return;
        }
        let outcome = match status {
            401 | 403 => Outcome::Failure,
            200..=399 => Outcome::Success,
            _ => return,
        };
        // Every refusal counts, but that the same login goes on to work is said once.
        let key = hash("login", scheme);
        if outcome == Outcome::Success {
            if self.logins.contains(&key) {
                return;
            }
            if self.logins.len() < 8 {
                self.logins.push(key);
            }
        }
        // An absolute target is meant for another machine than this one, a proxy.
        if scheme.eq_ignore_ascii_case("Basic") && request.target.starts_with('/') {
            let default = credentials.split_once(' ').and_then(|(_, pair)| basic_default(pair));
            self.clear_login("Basic", default, outcome, client, cx);
        }
        cx.activity_by(client, Verb::Login, scheme, "")
            .outcome(outcome)
            .detail("status", &status.to_string());
    }

    /// A form with a password in it (HTML, 4.10.21): told when it is answered, as only the answer tells how it went.
    fn form(
        &mut self,
        request: &Message,
        form: Form,
        response: Option<&Message>,
        client: Side,
        cx: &mut Context<'_>,
    ) {
        if !request.target.starts_with('/') {
            return;
        }
        // Most pages answer 200 whatever was typed. Sessions begin with a redirection that sets a cookie, and leads elsewhere
        // than back to a form.
        let outcome = match response.map(|r| (r.kind, r.header("set-cookie").is_some(), r.header("location")))
        {
            Some((HttpKind::Response(401 | 403), ..)) => Outcome::Failure,
            Some((HttpKind::Response(301..=303), true, Some(place))) if !is_form(place, &request.target) => {
                Outcome::Success
            }
            _ => Outcome::Unknown,
        };
        self.clear_login("form", form.default, outcome, client, cx);
    }

    /// A password in clear, told once a mechanism, factory default and outcome.
    fn clear_login(
        &mut self,
        mechanism: &str,
        default: Option<&'static str>,
        outcome: Outcome,
        client: Side,
        cx: &mut Context<'_>,
    ) {
        let first = self.is_new(&CLEAR_LOGIN, mechanism);
        let known = default.is_some_and(|product| {
            self.is_new(&DEFAULT_LOGIN, &format!("{mechanism} {product} {}", outcome == Outcome::Success))
        });
        if first || known {
            clear_login(client.other(), mechanism, default.filter(|_| known), outcome, cx);
        }
    }

    fn request(&mut self, message: &Message, cx: &mut Context<'_>) {
        let relayed =
            ["via", "x-forwarded-for", "forwarded", "x-real-ip"].iter().any(|h| message.header(h).is_some());
        if let Some(via) = message.header("via") {
            self.say(cx.side(), &VIA, via, cx);
        }
        if !relayed && let Some(agent) = message.header("user-agent") {
            self.say(cx.side(), &USER_AGENT, agent, cx);
        }
        let server = cx.side().other();
        if !relayed
            && message.target.starts_with('/')
            && is_nearby(cx.flow().peer(server).host.ip)
            && let Some(host) = message.header("host")
        {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
            if is_host_name(&name) {
                self.say(server, &HOST, &name, cx);
            }
        }
    }

    fn response(&mut self, message: &Message, request: Option<&Message>, cx: &mut Context<'_>) {
        let side = cx.side();
        if let Some(via) = message.header("via") {
            self.say(side, &VIA, via, cx);
        }
        // Behind a proxy the rest describes another machine.
        let direct = request.is_none_or(|r| r.target.starts_with('/') || r.target == "*");
        if !direct || message.header("via").is_some() {
            return;
        }
        let nearby = is_nearby(cx.flow().peer(side).host.ip);
        let mut cookies = 0;
        for (name, value) in &message.headers {
            match name.as_str() {
                "server" => {
                    self.say(side, &SERVER, value, cx);
                    self.products(side, value, cx);
                }
                "x-powered-by" => {
                    self.say(side, &POWERED_BY, value, cx);
                    self.products(side, value, cx);
                }
                "www-authenticate" => self.challenge(side, value, cx),
                "set-cookie" if nearby && cookies < 8 => {
                    cookies += 1;
                    let name = value.split(['=', ';']).next().unwrap_or("").trim();
                    if (1..=48).contains(&name.len()) && value.contains('=') {
                        self.say(side, &COOKIE, name, cx);
                    }
                }
                _ => {}
            }
        }
    }

    fn challenge(&mut self, side: Side, value: &str, cx: &mut Context<'_>) {
        let scheme = value.split([' ', ',']).next().unwrap_or("");
        if !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            self.say(side, &AUTH_SCHEME, scheme, cx);
        }
        let lower = value.to_ascii_lowercase();
        let Some(start) = lower.find("realm=") else { return };
        let Some(rest) = value.get(start + 6..) else { return };
        let realm = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or(""),
            None => rest.split([',', ' ']).next().unwrap_or(""),
        };
        self.say(side, &REALM, realm, cx);
    }

    /// Products with a version ("nginx/1.18.0 (Ubuntu)"); comments and protocols are not software.
    fn products(&mut self, side: Side, value: &str, cx: &mut Context<'_>) {
        let mut depth = 0_usize;
        for word in value.split_whitespace().take(16) {
            let outside = depth == 0;
            depth = (depth + word.matches('(').count()).saturating_sub(word.matches(')').count());
            let Some((name, version)) = word.trim_end_matches([',', ';']).split_once('/') else { continue };
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
            let known = !matches!(
                &*name.to_ascii_lowercase(),
                "upnp" | "linux" | "windows" | "http" | "dlnadoc" | "unix" | "posix" | "soap"
            );
            if outside
                && known
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && (2..=48).contains(&name.len())
                && name.chars().all(plain)
                && version.starts_with(|c: char| c.is_ascii_digit())
                && version.chars().all(plain)
                && self.is_new(&SERVER_SOFTWARE, word)
            {
                cx.software(cx.host(side), &SERVER_SOFTWARE, name, Some(version));
            }
        }
    }

    fn title(&mut self, message: &HttpMessage<'_>, cx: &mut Context<'_>) {
        if !matches!(message.kind, HttpKind::Response(200 | 401))
            || !message.target.starts_with('/')
            || !is_nearby(cx.flow().peer(cx.side()).host.ip)
            || !matches!(&*message.media_type(), "text/html" | "application/xhtml+xml" | "")
            || !is_start_page(message.path())
        {
            return;
        }
        if let Some(title) = page_title(message.body) {
            self.say(cx.side(), &TITLE, &title, cx);
        }
    }

    fn say(&mut self, side: Side, field: &'static Field, value: &str, cx: &mut Context<'_>) {
        if self.is_new(field, value) {
            cx.evidence(cx.host(side), field, value);
        }
    }

    fn is_new(&mut self, field: &'static Field, value: &str) -> bool {
        let key = hash(field.name, value);
        if self.said.contains(&key) || self.said.len() >= MAX_SAID {
            return false;
        }
        self.said.push(key);
        true
    }
}

fn hash(name: &str, value: &str) -> u64 {
    foldhash::fast::FixedState::with_seed(0).hash_one((name, value))
}

/// Whether a redirection leads back to where somebody logs in: the page that took the form, or one named so.
fn is_form(place: &str, target: &str) -> bool {
    let path = |text: &str| text.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let lower = place.to_ascii_lowercase();
    path(place) == path(target)
        || ["login", "logon", "signin", "sign-in", "error", "fail", "denied", "invalid"]
            .iter()
            .any(|word| lower.contains(word))
}

fn verb(method: &str) -> Verb {
    match method {
        "GET" | "HEAD" => Verb::Read,
        "PUT" | "MKCOL" | "COPY" => Verb::Write,
        "DELETE" => Verb::Delete,
        "PATCH" | "PROPPATCH" => Verb::Set,
        "MOVE" => Verb::Rename,
        "OPTIONS" | "PROPFIND" | "SEARCH" | "REPORT" => Verb::Query,
        "SUBSCRIBE" | "UNSUBSCRIBE" => Verb::Subscribe,
        "NOTIFY" => Verb::Publish,
        "CONNECT" => Verb::Connect,
        _ => Verb::Command,
    }
}

/// The first two segments of the path, numbers as `#`, and `*` for what can be a person or an identifier.
pub(super) fn reduced(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if scheme.len() <= 8 && !scheme.contains('/') => {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
        }
        _ => target,
    };
    let path = path.split(['?', '#', ';']).next().unwrap_or("");
    if path == "*" {
        return "*".to_owned();
    }
    let mut text = String::new();
    let mut hide = false;
    for (number, segment) in path.split('/').filter(|s| !s.is_empty()).enumerate() {
        if number == 2 {
            text.push_str("/...");
            break;
        }
        text.push('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$' | '+');
        let lower = segment.to_ascii_lowercase();
        let digits = segment.chars().filter(char::is_ascii_digit).count();
        if hide || segment.len() > 32 || digits > 6 || !segment.chars().all(plain) {
            text.push('*');
        } else {
            let mut in_number = false;
            for c in segment.chars() {
                if !c.is_ascii_digit() {
                    text.push(c);
                } else if !in_number {
                    text.push('#');
                }
                in_number = c.is_ascii_digit();
            }
        }
        hide = PERSONAL.iter().any(|word| lower.contains(word));
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

/// Words in a path segment after which an identifier or name of a person may follow.
const PERSONAL: [&str; 12] = [
    "patient",
    "person",
    "user",
    "stud",
    "encounter",
    "visit",
    "member",
    "account",
    "case",
    "order",
    "subject",
    "mrn",
];

/// Pages that a device shows first: anything deeper is content.
fn is_start_page(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let stem = last.split('.').next().unwrap_or("");
    let shallow = path.matches('/').count() <= 3;
    let start =
        ["", "index", "login", "logon", "signin", "main", "home", "default", "welcome", "start", "top"];
    shallow && (start.contains(&stem) || stem.contains("login") || stem.contains("index"))
}

/// The text of the title element, character references of the basic kind resolved.
fn page_title(page: &[u8]) -> Option<String> {
    let page = page.get(..MAX_PAGE).unwrap_or(page);
    let lower = page.to_ascii_lowercase();
    let find = |what: &[u8], from: usize| {
        let rest = lower.get(from..)?;
        rest.windows(what.len()).position(|w| w == what).map(|at| at + from)
    };
    let open = find(b"<title", 0)?;
    let start = find(b">", open)? + 1;
    let close = find(b"</title", start)?;
    let text = clean_bytes(page.get(start..close)?);
    if text.is_empty() || text.len() > 160 {
        return None;
    }
    let resolved =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")];
    Some(resolved.iter().fold(text, |text, (from, to)| text.replace(from, to)))
}

#[cfg(test)]
mod tests {
    use super::{is_form, page_title, reduced};

    #[test]
    fn a_redirection_back_to_a_form_is_no_way_in() {
        assert!(!is_form("/home", "/login"));
        assert!(is_form("/login?again=1", "/login"));
        assert!(is_form("http://pump.example/Logon.aspx", "/check"));
        assert!(is_form("/?failed=1", "/check"));
    }

    #[test]
    fn paths_lose_numbers_names_and_queries() {
        assert_eq!(reduced("/"), "/");
        assert_eq!(reduced("/api/v2/beds/12"), "/api/v#/...");
        assert_eq!(reduced("/Patient/smith-john?name=smith"), "/Patient/*");
        assert_eq!(reduced("/cgi-bin/status.cgi?mrn=17"), "/cgi-bin/status.cgi");
        assert_eq!(reduced("http://host.example/a/b/c"), "/a/b/...");
        assert_eq!(reduced("/Smith%5EJohn"), "/*");
        assert_eq!(reduced("/6b86b273ff34fce19d6b80/Get"), "/*/Get");
    }

    #[test]
    fn titles_are_found_whatever_the_case() {
        assert_eq!(page_title(b"<HTML><Title>\n AXIS &amp; co </TITLE>"), Some("AXIS & co".to_owned()));
        assert_eq!(page_title(b"<title>never closed"), None);
    }
}
