//! The page: what a browser shows of a sandbox. Its files are part of the program, and it loads nothing from elsewhere.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{
    app::App,
    body::header_text,
    control::{refused, respond},
};

/// Scripts, styles, pictures and connections are those of the sandbox. Nothing may frame the page, and it sends no forms.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

const PROTECTION: [(header::HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($name:literal $kind:expr,)*) => {
        &[$(($name, $kind, include_str!(concat!("../page/", $name)))),*]
    };
}

/// Every file with its type and its text.
const FILES: &[(&str, &str, &str)] = files! {
    "style.css" "text/css; charset=utf-8",
    "icon.svg" "image/svg+xml",
    "app.js" SCRIPT,
    "api.js" SCRIPT,
    "customers.js" SCRIPT,
    "dom.js" SCRIPT,
    "faults.js" SCRIPT,
    "keypad.js" SCRIPT,
    "link.js" SCRIPT,
    "money.js" SCRIPT,
    "snippets.js" SCRIPT,
    "start.js" SCRIPT,
    "traffic.js" SCRIPT,
};

const INDEX: &str = include_str!("../page/index.html");
const LINK: &str = include_str!("../page/link.html");

/// The page's routes below `/_sandbox`.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/ui", get(|| async { file(StatusCode::OK, HTML, INDEX) }))
        .route("/ui/", get(|| async { redirect() }))
        .route("/ui/start", get(start))
        .route("/ui/{name}", get(named))
}

/// The page of a payment link. What it shows comes from the controls.
pub(crate) fn link(status: StatusCode) -> Response {
    file(status, HTML, LINK)
}

/// A browser at `/` gets to the page.
pub(crate) fn redirect() -> Response {
    protected((StatusCode::SEE_OTHER, [(header::LOCATION, "/_sandbox/ui")]).into_response())
}

/// Whether a request accepts HTML, as those of a browser's address bar do and those of programs do not.
pub(crate) fn is_browser(headers: &HeaderMap) -> bool {
    header_text(headers, header::ACCEPT).is_some_and(|accepted| accepted.contains("text/html"))
}

/// Adds the headers that bound what a page can do.
pub(crate) fn protected(mut response: Response) -> Response {
    for (name, value) in PROTECTION {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn file(status: StatusCode, kind: &'static str, text: &'static str) -> Response {
    protected((status, [(header::CONTENT_TYPE, kind)], Body::from(text)).into_response())
}

async fn named(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, text)) => file(StatusCode::OK, kind, text),
        None => refused(StatusCode::NOT_FOUND, "the page has no such file"),
    }
}

/// What points a program at this sandbox. The address is the one that the browser used, which can be a published port.
async fn start(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let simulation = app.simulation();
    let [client_id, client_secret] = simulation.accepted();
    respond(&json!({
        "base_url": app.url_of(&headers),
        "client_id": client_id,
        "client_secret": client_secret,
        "api_key": app.deliveries.api_key(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_ever_read_as_html_and_nothing_is_loaded_from_elsewhere() {
        let pages = [("index.html", INDEX), ("link.html", LINK)];
        let all: Vec<_> = FILES.iter().map(|(name, _, text)| (*name, *text)).chain(pages).collect();
        let refused = [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "DOMParser",
            "createContextualFragment",
            "srcdoc",
            "eval(",
            "new Function",
            "javascript:",
            "setHTML",
            "<script>",
            "<style",
            "style=",
            " onclick",
            " onload",
            " onerror",
            "onsubmit=",
            "https://",
            "//cdn",
            "import(",
        ];
        for (name, text) in all {
            for word in refused {
                // Snippets of programs have example URLs, which are only shown.
                let is_shown = name == "snippets.js" && word == "https://";
                assert!(is_shown || !text.contains(word), "{name} has {word}");
            }
            assert!(text.lines().count() < 400, "{name}");
        }
    }

    #[test]
    fn every_module_and_picture_that_is_named_is_there() {
        let pages = [INDEX, LINK];
        for text in FILES.iter().map(|(.., text)| *text).chain(pages) {
            for part in
                text.split(['"', '\'']).filter(|part| part.starts_with("/_sandbox/ui/") || part.starts_with("./"))
            {
                let name = part.trim_start_matches("/_sandbox/ui/").trim_start_matches("./");
                assert!(name == "start" || FILES.iter().any(|(known, ..)| *known == name), "{part}");
            }
        }
    }
}
