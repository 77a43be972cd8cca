//! Why a scenario failed, without phone numbers and secrets.

use std::fmt;

/// Why a scenario failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step, counted from 1; 0 where the stage could not be set. None: what the sandbox saw in the end.
    pub step: Option<usize>,
    /// What differed.
    pub detail: String,
}

impl Failure {
    pub(crate) fn new(step: Option<usize>, detail: &str) -> Self {
        Self { step, detail: redact(detail) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.detail),
            None => write!(f, "requests: {}", self.detail),
        }
    }
}

/// Long runs of digits are phone or account numbers; long runs of letters and digits are tokens, keys and hashes.
fn redact(text: &str) -> String {
    let (mut out, mut run) = (String::with_capacity(text.len()), String::new());
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(c) if c.is_ascii_alphanumeric() || c == '_' => run.push(c),
            c => {
                out.push_str(shown(&run));
                run.clear();
                out.extend(c);
            }
        }
    }
    out
}

fn shown(run: &str) -> &str {
    let digits = run.chars().filter(char::is_ascii_digit).count();
    if run.len() >= 9 && digits == run.len() {
        "[number]"
    } else if run.len() >= 30 && digits > 0 {
        "[secret]"
    } else {
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_secrets_are_hidden_and_the_rest_is_not() {
        let token = "kVQ2xTgs0a1b2c3d4e5f6g7h8i9j0kAbCdEfGhIjKlMn";
        let text = format!("\"+254712345678\" 0712345678 {token} 10001 8f1c2e34-0000-4000-8000-000000000000");
        assert_eq!(redact(&text), "\"+[number]\" [number] [secret] 10001 8f1c2e34-0000-4000-8000-[number]");
        assert_eq!(redact("buygoods_transaction_received_and_so_on"), "buygoods_transaction_received_and_so_on");
    }
}
