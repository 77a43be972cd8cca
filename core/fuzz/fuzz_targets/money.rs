#![no_main]
//! An amount is read exactly or refused, and its text is read as the same amount.

use kopokopo::{ErrorKind, types::Amount};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Amount>() {
        Ok(amount) => {
            assert_eq!(amount.to_string().parse::<Amount>().ok(), Some(amount));
            let number = serde_json::to_string(&amount.as_json_number()).expect("an amount is JSON");
            assert_eq!(serde_json::from_str::<Amount>(&number).ok(), Some(amount));
            let string = serde_json::to_string(&amount).expect("an amount is JSON");
            assert_eq!(serde_json::from_str::<Amount>(&string).ok(), Some(amount));
            let _ = (amount.is_whole(), amount.is_positive(), amount + amount);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest),
    }
    let _ = serde_json::from_str::<Amount>(text);
});
