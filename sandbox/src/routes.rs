//! What is served under which path.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, Method, StatusCode, header};

use crate::{app::App, control, handle, health::STATE_FILE, page};

/// A response that acknowledges something is sent when it is saved.
async fn save(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // They acknowledge nothing, and say what is wrong.
    let is_view = request.method() == Method::GET && request.uri().path().starts_with("/_sandbox");
    let response = next.run(request).await;
    match app.save() {
        Ok(()) => response,
        Err(why) => {
            app.fail(STATE_FILE, why);
            if is_view {
                return response;
            }
            let words = "the state could not be saved: GET /_sandbox/health says more";
            control::refused(StatusCode::INTERNAL_SERVER_ERROR, words)
        }
    }
}

/// The description, with this sandbox as the first server: viewers send their requests there.
async fn openapi(State(app): State<Arc<App>>, headers: HeaderMap) -> impl IntoResponse {
    let own = format!("servers:\n  - url: {}\n    description: This sandbox\n", app.url_of(&headers));
    ([(header::CONTENT_TYPE, "application/yaml")], crate::OPENAPI.replacen("servers:\n", &own, 1))
}

pub(crate) fn router(app: &Arc<App>) -> Router {
    let router = Router::new()
        .nest("/_sandbox", control::router(app))
        .route("/_sandbox/", get(async || page::redirect()))
        .route("/openapi.yaml", get(openapi))
        .fallback(handle::handle);
    let router =
        if app.file.is_some() { router.layer(middleware::from_fn_with_state(Arc::clone(app), save)) } else { router };
    router.with_state(Arc::clone(app))
}
