//! Measures how often a create ends in `outcome_unknown` although the server received nothing, and checks that no
//! create is carried out twice. The server breaks connections in every way. The number of calls is 5,000, or
//! `KOPOKOPO_SIMULATED_CALLS`.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kopokopo::{AccessToken, ErrorKind, KopoKopo, RetryOptions, Timeouts, types::Secret};
use support::payment_request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder as RuntimeBuilder, Runtime},
    time::sleep,
};

const SEED: u64 = 20_261_125;
const THREADS: u64 = 16;
const STALLED: Duration = Duration::from_millis(150);

/// How often the server received a create.
#[derive(Default, Clone, Copy)]
struct Received {
    read: u32,
    accepted: u32,
}

#[derive(Default)]
struct State {
    received: Mutex<HashMap<u64, Received>>,
    /// Whether the server also ends connections before it reads. Bytes that arrived before that are lost, and a client
    /// cannot know whether they were read.
    ends_unread: bool,
}

/// What the server does with a connection before it reads.
fn before_reading(random: &mut fastrand::Rng) -> (Duration, End) {
    match random.u32(0..100) {
        0 => (Duration::ZERO, End::Close),
        1 => (Duration::ZERO, End::Reset),
        2 => (Duration::from_micros(random.u64(0..3000)), End::Close),
        3 => (Duration::from_micros(random.u64(0..3000)), End::Reset),
        4 => (Duration::ZERO, End::Hang),
        _ => (Duration::ZERO, End::Keep),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Keep,
    Close,
    Reset,
    Hang,
}

async fn serve(mut stream: TcpStream, mut random: fastrand::Rng, state: Arc<State>) {
    if state.ends_unread {
        let (pause, end) = before_reading(&mut random);
        if end != End::Keep {
            return finish(&stream, pause, end).await;
        }
    }
    let mut buffer = Vec::new();
    while let Some(key) = read_request(&mut stream, &mut buffer).await {
        let location = format!("location: /api/v2/incoming_payments/p{key}\r\n");
        let accepted = format!("HTTP/1.1 201 Created\r\n{location}content-length: 0\r\n\r\n");
        let status = |line: &str| format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
        let (response, end) = match random.u32(0..100) {
            0..=3 => (accepted.clone(), End::Close),
            4 => (accepted.clone(), End::Reset),
            5..=7 => (
                format!("{accepted}HTTP/1.1 201 Created\r\nlocation: /x/unknown\r\ncontent-length: 0\r\n\r\n"),
                End::Keep,
            ),
            8 => (String::new(), End::Reset),
            9 => (String::new(), End::Close),
            10 => (accepted[..20].to_owned(), End::Close),
            11 => (format!("HTTP/1.1 201 Created\r\n{location}content-length: 9\r\n\r\n{{"), End::Reset),
            12 => (String::new(), End::Hang),
            13 => (status("500 Internal Server Error"), End::Keep),
            14 => (status("503 Service Unavailable"), End::Close),
            15 => (status("400 Bad Request"), End::Keep),
            16 => (status("429 Too Many Requests"), End::Keep),
            17 => (status("303 See Other"), End::Keep),
            _ => (accepted.clone(), End::Keep),
        };
        {
            let mut received = state.received.lock().unwrap();
            let entry = received.entry(key).or_default();
            entry.read += 1;
            entry.accepted += u32::from(!response.starts_with("HTTP/1.1 4"));
        }
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
        if end != End::Keep {
            return finish(&stream, Duration::from_micros(random.u64(0..2000)), end).await;
        }
    }
}

async fn finish(stream: &TcpStream, pause: Duration, end: End) {
    sleep(if end == End::Hang { STALLED * 3 } else { pause }).await;
    if end == End::Reset {
        let _ = stream.set_zero_linger();
    }
}

/// The key of the next request.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<u64> {
    loop {
        let text = String::from_utf8_lossy(buffer);
        if let Some(found) = text.find("key-")
            && let Some(end) = text[found..].find(';')
        {
            let key = text[found + 4..found + end].parse().ok();
            // Nothing is sent before the response.
            buffer.clear();
            return key;
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => buffer.extend_from_slice(&chunk[..n]),
        }
    }
}

/// Starts the server. If it ends connections before it reads, it also closes its listener from time to time. Then the
/// system resets the connections that it had accepted.
fn start(state: &Arc<State>) -> (Runtime, String) {
    let runtime = RuntimeBuilder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::clone(state);
    runtime.spawn(async move {
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut listener = Some(listener);
        loop {
            for _ in 0..500 {
                let Ok((stream, _)) = listener.as_ref().unwrap().accept().await else { continue };
                tokio::spawn(serve(stream, random.fork(), Arc::clone(&state)));
            }
            if !state.ends_unread {
                continue;
            }
            drop(listener.take());
            sleep(Duration::from_millis(2)).await;
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(address).unwrap();
            listener = Some(socket.listen(1024).unwrap());
        }
    });
    (runtime, format!("http://{address}"))
}

fn client(base_url: &str, fresh: bool) -> KopoKopo {
    let mut retries = RetryOptions::default();
    retries.base = Duration::from_millis(4);
    let source = || async { Ok(AccessToken { token: Secret::from("t"), expires_in: None }) };
    KopoKopo::builder()
        .token_source(source)
        .base_url(base_url)
        .retries(retries)
        .fresh_connections(fresh)
        .timeouts(Timeouts { stalled: STALLED, total: Duration::from_secs(4), ..Timeouts::default() })
        .build()
        .unwrap()
}

#[derive(Default, Debug)]
struct Tally {
    calls: u64,
    succeeded: u64,
    refused: u64,
    not_sent: u64,
    unknown: u64,
    /// The error is `outcome_unknown`, but the server read nothing.
    unknown_unread: u64,
    duplicates: u64,
    wrong_id: u64,
    /// The error says that nothing was sent, but the server read the request.
    wrongly_not_sent: u64,
}

/// Makes each call in its own `block_on`, with pauses in which the connections are not polled.
///
/// Every fiftieth call goes to an address without a server.
fn call_one_by_one(
    client: &KopoKopo,
    unreachable: &KopoKopo,
    keys: std::ops::Range<u64>,
    state: &State,
    tally: &Mutex<Tally>,
) {
    let mut random = fastrand::Rng::with_seed(SEED ^ keys.start);
    let runtime = RuntimeBuilder::new_current_thread().enable_all().build().unwrap();
    for key in keys {
        let mut request = payment_request();
        request.metadata = [("key", format!("key-{key};"))].into_iter().collect();
        let client = if key % 50 == 0 { unreachable } else { client };
        let result = runtime.block_on(client.incoming_payments().create(&request));
        if random.u32(0..4) == 0 {
            std::thread::sleep(Duration::from_micros(random.u64(0..2000)));
        }
        let received = state.received.lock().unwrap().get(&key).copied().unwrap_or_default();
        let mut tally = tally.lock().unwrap();
        tally.calls += 1;
        tally.duplicates += u64::from(received.accepted > 1);
        match result.map_err(|error| error.kind()) {
            Ok(created) => {
                tally.succeeded += 1;
                tally.wrong_id += u64::from(created.id() != format!("p{key}"));
            }
            Err(ErrorKind::OutcomeUnknown) => {
                tally.unknown += 1;
                tally.unknown_unread += u64::from(received.read == 0);
            }
            Err(ErrorKind::Connection | ErrorKind::Timeout) => {
                tally.not_sent += 1;
                tally.wrongly_not_sent += u64::from(received.read > 0);
            }
            Err(_) => tally.refused += 1,
        }
    }
}

fn simulate(calls: u64, fresh: bool, ends_unread: bool) -> Tally {
    let state = Arc::new(State { ends_unread, ..State::default() });
    let (runtime, base_url) = start(&state);
    let unreachable = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = format!("http://{unreachable}");
    let tally = Mutex::default();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (unreachable, client) = (client(&unreachable, fresh), client(&base_url, fresh));
            let (state, tally) = (&state, &tally);
            let keys = thread * calls / THREADS..(thread + 1) * calls / THREADS;
            scope.spawn(move || call_one_by_one(&client, &unreachable, keys, state, tally));
        }
    });
    runtime.shutdown_background();
    let tally = tally.into_inner().unwrap();
    println!("fresh connections: {fresh}, ends unread: {ends_unread}: {tally:?}");
    assert_eq!(tally.calls, calls);
    assert_eq!((tally.duplicates, tally.wrong_id, tally.wrongly_not_sent), (0, 0, 0), "{tally:?}");
    tally
}

fn calls() -> u64 {
    std::env::var("KOPOKOPO_SIMULATED_CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(5000)
}

#[test]
fn outcome_unknown_means_that_server_received_request() {
    let tally = simulate(calls(), true, false);
    assert!(tally.unknown_unread * 1000 < tally.calls, "{tally:?}");
}

#[test]
fn create_is_not_duplicated_if_server_closes_connections_before_reading() {
    simulate(calls() / 5, true, true);
}

/// The server closes some connections after a response, without `Connection: close`.
#[test]
fn create_on_reused_connection_is_not_duplicated() {
    simulate(calls() / 5, false, false);
}
