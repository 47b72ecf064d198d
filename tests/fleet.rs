//! Fleets against the emulator: what a file says, what is planned, what is done. Time is virtual: no test waits.

#[path = "fleet/apply.rs"]
mod apply;
#[path = "fleet/faults.rs"]
mod faults;
#[path = "fleet/file.rs"]
mod file;
#[path = "fleet/plan.rs"]
mod plan;
#[path = "fleet/quota.rs"]
mod quota;
#[path = "fleet/support.rs"]
mod support;
