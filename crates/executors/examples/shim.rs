//! The shim alone, as the tests start it in place of `berth-server`: `shim shim RANK_DIR`.

fn main() -> std::process::ExitCode {
    let folder = std::env::args_os()
        .nth(2)
        .expect("usage: shim shim RANK_DIR");
    berth_executors::shim::main(std::path::Path::new(&folder))
}
