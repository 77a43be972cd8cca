#![no_main]
//! Any body at every route of the simulated API and of its controls gets a response, and nothing in the sandbox fails.
//! Later requests of an input go on with what the first made.

use std::time::Duration;

use kopokopo_sandbox::direct::Direct;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

const CONTENT_TYPES: [&str; 3] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];

fuzz_target!(|input: &[u8]| {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        static ROUTES: Vec<(String, String)> = Direct::routes();
    }
    let direct = Direct::new(1);
    // Requests are parted by a zero byte. The first line is a route, or its first byte chooses one; the first byte of a
    // line that is no route also chooses the content type.
    for request in input.split(|byte| *byte == 0).take(8) {
        let end = request.iter().position(|byte| *byte == b'\n').unwrap_or(request.len());
        let (line, body) = (&request[..end], request.get(end + 1..).unwrap_or_default());
        let first = usize::from(line.first().copied().unwrap_or_default());
        let (known, (method, path)) = ROUTES.with(|routes| {
            let named = routes.iter().find(|(method, path)| format!("{method} {path}").as_bytes() == line);
            (named.is_some(), named.unwrap_or(&routes[first % routes.len()]).clone())
        });
        let content_type = CONTENT_TYPES[if known { 0 } else { first % CONTENT_TYPES.len() }];
        let sent = RUNTIME.with(|runtime| {
            runtime.block_on(async {
                // A fault that the input puts in force may leave a later request hanging.
                let sending = direct.send(&method, &path, content_type, body.to_vec());
                tokio::time::timeout(Duration::from_millis(20), sending).await
            })
        });
        // Nor is the end of a response always there: a fault may cut it.
        if let Ok(Ok((_, answer))) = sent {
            assert!(!String::from_utf8_lossy(&answer).contains("internal error"), "{method} {path}");
        }
        direct.advance(Duration::from_secs(3));
        assert_eq!(direct.failures(), [], "{method} {path}");
    }
});
