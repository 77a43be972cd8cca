//! The sandbox without a port: a request in, a response out. For tests that send very many. It delivers nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use tower_service::Service;

use crate::{
    api,
    app::App,
    deliveries::Deliveries,
    guard::Guard,
    health::Failure,
    params::Params,
    routes::router,
    server::Connection,
    simulation::{Data, Pace, Simulation, Start},
};

/// A sandbox that is called in its process.
pub struct Direct {
    app: Arc<App>,
    router: Router,
    token: Mutex<String>,
}

/// The controls, with something in the place of ids.
const CONTROLS: [(&str, &str); 30] = [
    ("GET", "/_sandbox/health"),
    ("GET", "/_sandbox/requests"),
    ("GET", "/_sandbox/deliveries"),
    ("POST", "/_sandbox/deliveries/1/resend"),
    ("GET", "/_sandbox/pending"),
    ("POST", "/_sandbox/pay"),
    ("GET", "/_sandbox/customers"),
    ("GET", "/_sandbox/transactions"),
    ("GET", "/_sandbox/payment_links"),
    ("GET", "/_sandbox/payment_links/cc438b3e-ecf0-4600-b9cc-edba32ae7019"),
    ("GET", "/_sandbox/resources/send_money"),
    ("POST", "/_sandbox/transactions/CX83943KH/reverse"),
    ("POST", "/_sandbox/transactions/PENDINGCARD-1750335484/void"),
    ("POST", "/_sandbox/incoming_payments/x/customer"),
    ("POST", "/_sandbox/payment_links/cc438b3e-ecf0-4600-b9cc-edba32ae7019/customer"),
    ("POST", "/_sandbox/trigger"),
    ("POST", "/_sandbox/clock/advance"),
    ("GET", "/_sandbox/faults"),
    ("PUT", "/_sandbox/faults"),
    ("DELETE", "/_sandbox/faults"),
    ("GET", "/_sandbox/operations"),
    ("GET", "/_sandbox/settings"),
    ("PUT", "/_sandbox/settings"),
    ("PUT", "/_sandbox/tills/K000000"),
    ("PUT", "/_sandbox/data"),
    ("GET", "/_sandbox/state"),
    ("PUT", "/_sandbox/customers/0712345678"),
    ("GET", "/_sandbox/snapshot"),
    ("PUT", "/_sandbox/snapshot"),
    ("GET", "/_sandbox/rules"),
];

impl Direct {
    /// A new one.
    pub fn new(seed: u64) -> Self {
        let start = Start {
            base_url: "http://127.0.0.1:1".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "secret".to_owned(),
            remote_callbacks: false,
            data: Data::default(),
        };
        let deliveries = Deliveries::new("key".to_owned(), Vec::new(), false);
        let simulation = Simulation::new(start, Pace::Instant, seed);
        let app = Arc::new(App::new("http://127.0.0.1:1".to_owned(), Guard::default(), simulation, deliveries, None));
        let router = router(&app);
        Self { app, router, token: Mutex::default() }
    }

    /// Every method and path of the API and of the controls, with an id of the documentation where an id goes.
    pub fn routes() -> Vec<(String, String)> {
        let id = "d76265cd-0951-e511-80da-0aa34a9b2388";
        let api = api::routes().map(|route| (route.method.to_string(), route.path.replace("{id}", id)));
        let gone = ["payments", "settlement_transfers", "pay_recipients"];
        let gone = gone.map(|name| ("POST".to_owned(), format!("/api/v1/{name}")));
        let controls = CONTROLS.map(|(method, path)| (method.to_owned(), path.to_owned()));
        api.chain(gone).chain(controls).collect()
    }

    /// A token that works. A reset or a moved clock ends the one before.
    fn token(&self) -> String {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        let mut simulation = self.app.simulation();
        if simulation.check_token(Some(&token)).is_err() {
            let credentials =
                json!({ "client_id": "client", "client_secret": "secret", "grant_type": "client_credentials" });
            let body = simulation.token(Params::new(&credentials)).map(|reply| reply.body).unwrap_or_default();
            body["access_token"].as_str().unwrap_or_default().clone_into(&mut token);
        }
        token.clone()
    }

    /// Sends one request with a token. Returns the status and the body.
    ///
    /// # Errors
    /// A sentence where the method or the path is none.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token()))
            .header(header::CONTENT_TYPE, content_type)
            .extension(Connection::default())
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        let answer = self.router.clone().call(request).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let status: StatusCode = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
        Ok((status.as_u16(), body.to_bytes().to_vec()))
    }

    /// Lets everything happen that is due within a time.
    pub fn advance(&self, time: Duration) {
        self.app.advance(time);
    }

    /// Balances, and what came and went.
    pub fn state(&self) -> serde_json::Value {
        self.app.simulation().state()
    }

    /// What failed because of a defect.
    pub fn failures(&self) -> Vec<Failure> {
        self.app.health.list()
    }

    /// The bodies of what it would have delivered.
    pub fn bodies(&self) -> Vec<String> {
        self.app.deliveries.list().into_iter().map(|delivery| delivery.body).collect()
    }
}

impl std::fmt::Debug for Direct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Direct").finish_non_exhaustive()
    }
}
