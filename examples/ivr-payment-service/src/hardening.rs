//! What the process gives up before it may see a card number.

use std::io;

use rustix::process::{Resource, Rlimit, setrlimit};

/// Turns core dumps off and, on Linux, marks the process non-dumpable: no core file, no `ptrace` by another
/// process of the same user, and `/proc/<pid>/mem` readable by the administrator only.
///
/// Call it once, first thing in `main`. A library must not do this behind its caller's back, so nothing else here
/// calls it.
///
/// # Errors
///
/// The operating system refused; a service that takes card numbers should then not start.
pub fn forbid_core_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_can_no_longer_dump_core() {
        forbid_core_dumps().unwrap();

        let limit = rustix::process::getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }
}
