//! A receiver of callbacks, as small as it can be.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// One POST as it arrived.
pub(super) struct Received {
    pub(super) signature: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Answers 200 to every POST and hands it on.
pub(super) struct Receiver {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, received) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, sender.clone()));
            }
        });
        Ok(Self { address, received })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/callback", self.address)
    }

    pub(super) async fn next(&mut self) -> Option<Received> {
        self.received.recv().await
    }
}

async fn receive(mut stream: TcpStream, sender: mpsc::UnboundedSender<Received>) -> io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |name: &str| {
            head.lines().find_map(|line| {
                line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
            })
        };
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
        let begin = end + 4;
        if bytes.len() >= begin + length {
            let body = bytes[begin..begin + length].to_vec();
            let signature = header("x-kopokopo-signature").map(str::to_owned);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
            let _ = sender.send(Received { signature, body });
            return Ok(());
        }
    }
}
