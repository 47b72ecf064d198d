//! The emulator over real HTTP, from the outside. No test sleeps: time is a `ManualClock`.

#![expect(clippy::unwrap_used, reason = "clippy allows it in tests, not in what they share")]

mod authentication;
mod differences;
mod discovery;
mod documented;
mod faults;
mod lifecycle;
mod quotas;
mod readings;
mod refusals;
mod robustness;
mod seeds;
mod state;
mod support;
mod timing;
mod tls;
