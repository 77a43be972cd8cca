//! Workers that create the same payments with one journal, in virtual time, while everything fails that can fail: the
//! network, the journal's store, the workers themselves, and their clocks.
//!
//! Everything that a worker does to the world passes one of a few points ([`world::Op`]). A [`world::Fate`] decides
//! there what happens: [`explore`] tries every order of two workers' steps, [`simulate`] draws from a seed.

pub mod explore;
pub mod people;
pub mod server;
pub mod simulate;
pub mod store;
pub mod world;
