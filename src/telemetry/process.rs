//! What the operating system says of this process, under the names that Prometheus has for it.

use std::{fs, time::Duration};

use super::page::Family;

/// Clock ticks in a second, as Linux tells user space on every machine.
const TICK: Duration = Duration::from_millis(10);

/// Memory, processor time and open files; where the system does not tell, the rows are left out.
pub(super) fn families() -> Vec<Family> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let open = fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
    vec![
        Family::gauge("process_resident_memory_bytes", "Memory in use").with_some(&[], memory(&status)),
        Family::counter("process_cpu_seconds", "Processor time used").with_some(&[], cpu_seconds(&stat)),
        Family::gauge("process_threads", "Threads").with_some(&[], number_after(&status, "Threads:")),
        Family::gauge("process_open_fds", "Open files and connections").with_some(&[], open),
        Family::gauge("process_max_fds", "Files and connections that may be open")
            .with_some(&[], number_after(&limits, "Max open files")),
    ]
}

fn memory(status: &str) -> Option<u64> {
    number_after(status, "VmRSS:").map(|kib| kib * 1024)
}

/// The first number in the line that begins so.
fn number_after(text: &str, start: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(start))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// `utime` and `stime`, fields 14 and 15 (proc(5)); the name of the program before them may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((TICK * user.saturating_add(system)).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_words_are_read() {
        assert_eq!(memory("Name:\tcchc\nVmRSS:\t   51200 kB\nThreads:\t9\n"), Some(51200 * 1024));
        assert_eq!(
            number_after("Max open files            1024                 4096 files", "Max open files"),
            Some(1024)
        );
        assert_eq!(number_after("Max open files            unlimited", "Max open files"), None);
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 1 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }
}
