//! The SDK against the emulator and against servers that answer as they should not. Time is virtual: no test waits.

#[path = "sdk/credentials.rs"]
mod credentials;
#[path = "sdk/discovery.rs"]
mod discovery;
#[path = "sdk/faults.rs"]
mod faults;
#[path = "sdk/limits.rs"]
mod limits;
#[path = "sdk/parts.rs"]
mod parts;
#[path = "sdk/retries.rs"]
mod retries;
#[path = "sdk/secrets.rs"]
mod secrets;
#[path = "sdk/support.rs"]
mod support;
#[path = "sdk/sync.rs"]
mod sync;
#[path = "sdk/tls.rs"]
mod tls;
#[path = "sdk/wait.rs"]
mod wait;
