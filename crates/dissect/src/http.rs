//! HTTP messages as they pass from the HTTP/1 and HTTP/2 dissectors to the protocols inside HTTP.

use std::sync::OnceLock;

use crate::dissector::{Carrier, Dissector};
use crate::{Context, dissectors};

/// Header fields in the order of the message; names compare without case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a>(pub &'a [(&'a str, &'a str)]);

impl<'a> Headers<'a> {
    /// The first value of that header.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Which half of an exchange a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpKind {
    Request,
    /// With the status code.
    Response(u16),
}

/// A request or response, its body decoded (chunks joined, gzip and deflate inflated), cut at 128 KiB.
#[derive(Clone, Copy, Debug)]
pub struct HttpMessage<'a> {
    pub kind: HttpKind,
    /// Of the request; for a response, of the request it answers ("" when that was not seen).
    pub method: &'a str,
    /// Request target as sent (path and query), likewise for responses. May hold patient data in its query: do not report it.
    pub target: &'a str,
    /// This message's own headers.
    pub headers: Headers<'a>,
    /// Headers of the request, when this is a response.
    pub request_headers: Headers<'a>,
    pub body: &'a [u8],
    /// False where the body was cut or not wholly seen.
    pub complete: bool,
}

impl<'a> HttpMessage<'a> {
    /// The media type of the body, lower case, without parameters.
    pub fn media_type(&self) -> String {
        let value = self.headers.get("content-type").unwrap_or("");
        value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }

    /// The target without its query.
    pub fn path(&self) -> &'a str {
        self.target.split(['?', '#']).next().unwrap_or("")
    }
}

/// Offers the message to every dissector that reads inside HTTP; the first that wants it names the flow.
pub(crate) fn deliver(message: &HttpMessage<'_>, cx: &mut Context<'_>) {
    static READERS: OnceLock<Vec<&'static Dissector>> = OnceLock::new();
    let readers =
        READERS.get_or_init(|| dissectors().filter(|d| matches!(d.carrier, Carrier::Http { .. })).collect());
    for dissector in readers.iter().copied() {
        if let Carrier::Http { wants, message: read } = &dissector.carrier
            && wants(message)
        {
            cx.label(dissector.name);
            cx.as_dissector(dissector, |cx| read(message, cx));
        }
    }
}
