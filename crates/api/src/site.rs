//! The files of the web interface, embedded at build time.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

include!(concat!(env!("OUT_DIR"), "/site.rs"));

/// What stands in the place of an interface that was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Medward</title></head>\
     <body><h1>Medward runs</h1><p>This program was built without its web interface: run <code>make</code> to build both. \
     The interface for programs is described at <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></body>\
     </html>";

/// The web interface.
#[derive(Clone, Copy, Debug)]
pub struct Site(&'static [(&'static str, &'static [u8])]);

impl Site {
    /// The one that was built with this program; empty where none was.
    pub fn embedded() -> Site {
        Site(FILES)
    }

    /// Answers a request for a file, or for a page that the interface draws itself.
    pub fn answer(self, method: &Method, path: &str) -> Option<Response> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return None;
        }
        let name = path.trim_start_matches('/');
        if let Some((name, body)) = self.0.iter().find(|(known, _)| *known == name && !name.is_empty()) {
            return Some(file(name, body));
        }
        // A path with an extension asks for a file that is not there; any other is a page.
        let last = name.rsplit('/').next().unwrap_or_default();
        if last.contains('.') && last != "index.html" {
            return None;
        }
        match self.0.iter().find(|(known, _)| *known == "index.html") {
            Some((name, body)) => Some(file(name, body)),
            None => Some(
                (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT)
                    .into_response(),
            ),
        }
    }
}

fn file(name: &str, body: &'static [u8]) -> Response {
    let kind = match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    // Names below assets/ hold a hash of what is in them.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILT: Site = Site(&[("index.html", b"<html>"), ("assets/app-1a2b.js", b"let a")]);

    fn cache(path: &str) -> Option<String> {
        let response = BUILT.answer(&Method::GET, path)?;
        Some(response.headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned())
    }

    #[test]
    fn pages_lead_to_the_index_and_hashed_files_are_kept_for_good() {
        assert_eq!(cache("/devices/dev-1").as_deref(), Some("no-cache"));
        assert!(cache("/assets/app-1a2b.js").unwrap().contains("immutable"));
        assert_eq!(cache("/assets/gone.js"), None);
    }

    #[test]
    fn a_program_built_without_the_interface_says_so() {
        assert_eq!(Site(&[]).answer(&Method::GET, "/").unwrap().status(), 200);
    }
}
