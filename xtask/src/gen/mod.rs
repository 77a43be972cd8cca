//! `cargo xtask gen`: everything that follows from the contract, `udl/kopokopo.udl`.

pub(crate) mod model;
mod order;
mod read;
#[cfg(test)]
mod tests;
