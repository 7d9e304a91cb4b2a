#![no_main]

#[path = "../checks/query_string.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::run(data));
