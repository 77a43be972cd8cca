#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, dead_code)]
mod support;
use std::{sync::{Arc, atomic::{AtomicBool, Ordering}}, time::Duration};
use futures_util::future::join_all;
use kopokopo::journal::{JournalQuery, JournalStore, sql::{SqlExecutor, SqlJournal}};
use support::{Act, Server, created, payment_request};
use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::{TcpListener, TcpStream}};

/// Forwards to the server. A connection that is used during the outage is dead for ever, as after a firewall lost its state.
async fn proxy(to: String, outage: Arc<AtomicBool>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(&to).await.unwrap();
            let dead = Arc::new(AtomicBool::new(outage.load(Ordering::SeqCst)));
            let (client, server) = (client.into_split(), server.into_split());
            for (mut from, mut into) in [(client.0, server.1), (server.0, client.1)] {
                let (dead, outage) = (Arc::clone(&dead), Arc::clone(&outage));
                tokio::spawn(async move {
                    let mut buffer = [0; 8192];
                    loop {
                        let n = from.read(&mut buffer).await.unwrap_or(0);
                        if n == 0 { return; }
                        if outage.load(Ordering::SeqCst) { dead.store(true, Ordering::SeqCst); }
                        if dead.load(Ordering::SeqCst) { std::future::pending::<()>().await; }
                        if into.write_all(&buffer[..n]).await.is_err() { return; }
                    }
                });
            }
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pool_recovers_from_dead_connections() {
    let url = std::env::var("K2_TEST_POSTGRES").unwrap();
    let admin = SqlJournal::postgres(&url).unwrap();
    let name = format!("break_pool_{}", std::process::id());
    admin.executor().execute(format!("CREATE DATABASE {name}"), Vec::new()).await.unwrap();
    let host = url.split('@').nth(1).unwrap().split('/').next().unwrap().to_owned();
    let outage = Arc::new(AtomicBool::new(false));
    let port = proxy(host, Arc::clone(&outage)).await;
    let store: Arc<dyn JournalStore> = Arc::new(SqlJournal::postgres(&format!("postgresql://postgres@127.0.0.1:{port}/{name}")).unwrap());
    store.list(&JournalQuery::default()).await.unwrap();
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let client = server.builder().shared_journal(store.clone()).build().unwrap();
    let create = |key: String| {
        let client = client.clone();
        async move {
            let options = kopokopo::CallOptions { timeout: Some(Duration::from_secs(2)), idempotency_key: Some(key), ..Default::default() };
            client.with_options(options).unwrap().incoming_payments().create(&payment_request()).await.map(|created| created.id().to_owned())
        }
    };
    // connections for all
    join_all((0..8).map(|n| create(format!("before-{n}")))).await.into_iter().for_each(|id| drop(id.unwrap()));
    outage.store(true, Ordering::SeqCst);
    for lost in join_all((0..8).map(|n| create(format!("during-{n}")))).await { println!("{}", lost.unwrap_err()); }
    outage.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for n in 0..6 {
        let got = create(format!("after-{n}")).await;
        println!("after {}: {got:?}", n * 2);
        if got.is_ok() { return; }
        tokio::time::sleep(Duration::from_secs(8)).await;
    }
    panic!("the pool is full of dead connections");
}
