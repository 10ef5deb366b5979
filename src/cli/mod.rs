//! One file a command: flags, composition of phases, wording of success.
/// stub
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
