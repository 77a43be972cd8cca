//! How fast the released program starts, and how big it is.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use super::measured::Measured;

const STARTS: usize = 21;
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn measure(program: &Path) -> Result<[Measured; 2], String> {
    let size = fs::metadata(program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        times.push(start(program).map_err(|reason| format!("{} sandbox: {reason}", program.display()))?);
    }
    times.sort_unstable();
    let median = times.get(STARTS / 2).copied().unwrap_or_default();
    Ok([
        Measured { id: "k2/start".to_owned(), ours: median.as_secs_f64() * 1e3, baseline: None, unit: "ms".to_owned() },
        Measured { id: "k2/size".to_owned(), ours: megabytes(size), baseline: None, unit: "MB".to_owned() },
    ])
}

#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// From starting the program to the first byte of its first result.
fn start(program: &Path) -> Result<Duration, String> {
    let clock = Instant::now();
    let mut child = Command::new(program)
        .args(["sandbox", "--port", "0", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let outcome = child.stdout.take().ok_or("no output".to_owned()).and_then(result);
    let time = clock.elapsed();
    end(&mut child);
    outcome.map(|()| time)
}

/// Asks at the address that the first line names. Any result will do.
fn result(stdout: ChildStdout) -> Result<(), String> {
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
    let host = host(&line).ok_or_else(|| format!("the first line is no JSON with a base_url: {line:?}"))?;
    let message = |error: std::io::Error| format!("{host}: {error}");
    let mut stream = TcpStream::connect(&host).map_err(message)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(message)?;
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).map_err(message)?;
    let mut status = [0; 8];
    stream.read_exact(&mut status).map_err(message)?;
    if &status == b"HTTP/1.1" { Ok(()) } else { Err(format!("{host} does not respond in HTTP")) }
}

/// Host and port out of `{"base_url":"http://127.0.0.1:4567",...}`.
fn host(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    value["base_url"].as_str()?.strip_prefix("http://").map(|host| host.trim_end_matches('/').to_owned())
}

fn end(child: &mut Child) {
    // It may have ended already; both then change nothing.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::{host, start};
    use std::path::Path;

    #[test]
    fn the_address_is_read_from_the_first_line() {
        assert_eq!(host(r#"{"base_url":"http://127.0.0.1:4567","api_key":"x"}"#).as_deref(), Some("127.0.0.1:4567"));
        assert_eq!(host("starting..."), None);
        assert_eq!(host("{}"), None);
    }

    #[test]
    fn a_program_that_serves_nothing_is_an_error() {
        assert!(start(Path::new("/bin/true")).is_err());
    }
}
