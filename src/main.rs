//! Arguments in, exit status out; nothing else.

/// Large specs are millions of small values: with this one, ten thousand hosts take a fifth less time
/// than with the system's (`benches/scale.py`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    mtlsgen::cli::main()
}
