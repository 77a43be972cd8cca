//! `k2 replay`: sends saved callbacks again.

use std::{fs, path::PathBuf};

use clap::Args;
use kopokopo::webhooks::sign;
use url::Url;

use super::{
    Failure, Outcome,
    callback::{Saved, Target, check_loopback, headers, url},
};
use crate::terminal;

const EXAMPLES: &str = "\
Examples:
  k2 replay callbacks.jsonl --to http://127.0.0.1:3000/k2/webhooks
  k2 replay callbacks.jsonl --to http://127.0.0.1:3000 --number 2,5      to the paths where they came
  k2 replay callbacks.jsonl --to http://127.0.0.1:3000 --api-key KEY     for a shop with another key

The file is that of `k2 listen --save`. Each callback is sent once, with its own bytes.

Exit codes: 0 the receiver returned 2xx for each genuine one, 1 it did not, 2 the file or an option is wrong and nothing was sent.";

/// Send the callbacks of `k2 listen --save` again, signed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Replay {
    /// The file of `k2 listen --save`.
    file: PathBuf,
    /// Where to. A URL without a path keeps the path of each callback.
    #[arg(long, value_name = "URL", value_parser = url)]
    to: Url,
    /// Sign the genuine ones with this key. Default: each is sent with the signature that it came with.
    #[arg(long)]
    api_key: Option<String>,
    /// Send only these: their numbers in the file, from 1.
    #[arg(long, value_name = "N,...", value_delimiter = ',')]
    number: Vec<usize>,
    /// Send to another machine. Default: loopback only
    #[arg(long)]
    allow_remote_callbacks: bool,
}

impl Replay {
    pub(super) fn run(self) -> Outcome {
        check_loopback(&self.to, self.allow_remote_callbacks, "--to")?;
        if let Some(key) = &self.api_key {
            super::check_api_keys(std::slice::from_ref(key))?;
        }
        let target = Target::new(self.to.clone(), "--to")?;
        let saved = self.read()?;
        let failed = super::runtime()?.block_on(self.send(&target, saved))?;
        match failed {
            0 => Ok(()),
            1 => Err(Failure::Failed("the receiver did not return 2xx for a genuine callback".into())),
            _ => Err(Failure::Failed(format!("the receiver did not return 2xx for {failed} genuine callbacks"))),
        }
    }

    /// Everything is read before the first is sent.
    fn read(&self) -> Result<Vec<(usize, Saved, Vec<u8>)>, Failure> {
        let file = self.file.display();
        let text = fs::read_to_string(&self.file).map_err(|error| Failure::Usage(format!("{file}: {error}")))?;
        let mut all = Vec::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let refused = |what: &dyn std::fmt::Display| {
                Failure::Usage(format!("{file}, line {}: {what}: expected a line of `k2 listen --save`", at + 1))
            };
            let saved: Saved = serde_json::from_str(line).map_err(|error| refused(&error))?;
            let body = saved.bytes().map_err(|error| refused(&error))?;
            headers(saved.content_type.as_deref(), saved.signature.as_deref()).map_err(|error| refused(&error))?;
            all.push((all.len() + 1, saved, body));
        }
        if let Some(unknown) = self.number.iter().find(|number| !(1..=all.len()).contains(number)) {
            return Err(Failure::Usage(format!("--number {unknown}: the file has the numbers 1 to {}", all.len())));
        }
        all.retain(|(number, ..)| self.number.is_empty() || self.number.contains(number));
        if all.is_empty() {
            return Err(Failure::Usage(format!("{file}: has no callback")));
        }
        Ok(all)
    }

    /// The number of genuine callbacks that were not accepted. A receiver is right to refuse the others.
    async fn send(&self, target: &Target, saved: Vec<(usize, Saved, Vec<u8>)>) -> Result<usize, Failure> {
        let mut failed = 0;
        for (number, saved, body) in saved {
            let key = self.api_key.as_ref().filter(|_| saved.is_genuine);
            let signature = key.map(|key| sign(key, &body)).or_else(|| saved.signature.clone());
            let headers = headers(saved.content_type.as_deref(), signature.as_deref())
                .map_err(|error| Failure::Failed(error.to_owned()))?;
            let (is_accepted, result) = match target.send(&saved.path, headers, body).await {
                Ok(delivered) => {
                    let status = delivered.response.status;
                    let is_accepted = (200..300).contains(&status);
                    let note =
                        if is_accepted && !saved.is_genuine { ": the receiver must return 401 for it" } else { "" };
                    (is_accepted, format!("{status} in {} ms{note}", delivered.took.as_millis()))
                }
                Err(error) => (false, error),
            };
            let note = if saved.is_genuine { "" } else { " (its signature is wrong)" };
            let line = format!("{number} {}{note} -> {result}", saved.path);
            terminal::print(&terminal::printable(&line)).map_err(Failure::failed)?;
            failed += usize::from(saved.is_genuine && !is_accepted);
        }
        Ok(failed)
    }
}
