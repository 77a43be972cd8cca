//! Clients are kept by their options for as long as the process lives: PHP forgets its objects after each request, and
//! with them would go the open connections. Each client has its own after a fork (`core/src/client.rs`).

use std::cell::RefCell;

use kopokopo_ffi::{error::Result, operations::Object, value::Arguments};

/// More than one process has of accounts, and few enough to compare one by one.
const MOST: usize = 16;

thread_local! {
    static CLIENTS: RefCell<Vec<(Arguments, Object)>> = const { RefCell::new(Vec::new()) };
}

/// Makes an object with a constructor of the contract.
pub(crate) fn make(object: &str, constructor: &str, given: Arguments) -> Result<Object> {
    if (object, constructor) != ("KopoKopo", "new") {
        return Object::new(object, constructor, given);
    }
    let known = CLIENTS
        .with_borrow(|clients| clients.iter().find(|(options, _)| *options == given).map(|(_, client)| client.clone()));
    if let Some(client) = known {
        return Ok(client);
    }
    let client = Object::new(object, constructor, given.clone())?;
    CLIENTS.with_borrow_mut(|clients| {
        if clients.len() == MOST {
            clients.remove(0);
        }
        clients.push((given, client.clone()));
    });
    Ok(client)
}
