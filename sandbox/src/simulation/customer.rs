//! What customers do.

use serde::{Deserialize, Serialize};

/// What a customer does who is asked to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CustomerAction {
    /// Enters the right PIN and pays.
    EnterPin,
    /// Cancels.
    Cancel,
    /// Has not enough money.
    InsufficientFunds,
    /// Does not respond.
    NoAnswer,
    /// Enters a wrong PIN.
    WrongPin,
}

impl CustomerAction {
    /// Every action, by its name in JSON.
    pub const NAMES: [&'static str; 5] = ["enter_pin", "cancel", "insufficient_funds", "no_answer", "wrong_pin"];

    /// The words of a failure. None for a success.
    pub(super) const fn failure(self) -> Option<&'static str> {
        match self {
            Self::EnterPin => None,
            Self::Cancel => Some("Request cancelled by user"),
            Self::InsufficientFunds => Some("Insufficient funds"),
            Self::NoAnswer => Some("DS timeout user cannot be reached"),
            Self::WrongPin => Some("The initiator information is invalid."),
        }
    }

    /// None: it is left to the control API.
    pub(super) const fn magic(route: usize) -> Option<Self> {
        match route {
            2 => Some(Self::Cancel),
            3 => Some(Self::InsufficientFunds),
            4 => Some(Self::NoAnswer),
            5 => Some(Self::WrongPin),
            6 => None,
            _ => Some(Self::EnterPin),
        }
    }
}
