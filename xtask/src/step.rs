//! Steps: named pieces of work that are run in order until one fails, timed, and message in a table.

use std::{
    panic::resume_unwind,
    thread,
    time::{Duration, Instant},
};

use crate::{counts::Counts, shell::Line, table::table, tools::Tool};

/// One row in the list of a task.
pub(crate) struct Step {
    /// How `--only` calls it.
    pub(crate) name: String,
    /// What holds when it succeeds.
    pub(crate) what: String,
    pub(crate) needs: Vec<&'static Tool>,
    pub(crate) lines: Vec<Line>,
    /// Whether its output must tell of at least one test that passed.
    pub(crate) tests: bool,
}

/// The steps that `only` names, in the order of `steps`; all of them when it names none.
pub(crate) fn select(steps: Vec<Step>, only: &[String]) -> Result<Vec<Step>, String> {
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no step {unknown:?}. The steps are: {}", names.join(", ")));
    }
    Ok(steps.into_iter().filter(|step| only.is_empty() || only.contains(&step.name)).collect())
}

/// How a step ended.
struct Ended {
    result: Result<(), String>,
    time: Duration,
    counts: Counts,
}

/// Runs the steps one by one until one fails and prints the table. `again` is the command that runs one step, its name left
/// out.
pub(crate) fn run(steps: &[Step], again: &str) -> Result<(), String> {
    run_together(steps, &[], again)
}

/// The same, but each group of `together` runs at the same time: most tests wait more than they compute.
pub(crate) fn run_together(steps: &[Step], together: &[&[&str]], again: &str) -> Result<(), String> {
    let started = Instant::now();
    let mut rows = Vec::new();
    let mut tests = Counts::default();
    let mut failures = Vec::new();
    for group in groups(steps, together) {
        if !failures.is_empty() {
            rows.extend(
                group.iter().map(|step| [step.name.clone(), "not run".to_owned(), String::new(), String::new()]),
            );
            continue;
        }
        let before = processor_time();
        let ended = run_group(group);
        let cpu = processor_time()
            .zip(before)
            .map_or_else(String::new, |(after, before)| duration(after.saturating_sub(before)));
        for (at, (step, ended)) in group.iter().zip(ended).enumerate() {
            tests.add(ended.counts);
            let word = if ended.result.is_ok() { "ok" } else { "FAILED" };
            // That of a group cannot be divided.
            let cpu = if at == 0 { cpu.clone() } else { format!("with {}", group[0].name) };
            rows.push([step.name.clone(), word.to_owned(), duration(ended.time), cpu]);
            failures.extend(
                ended
                    .result
                    .err()
                    .map(|reason| format!("{} failed: {reason}\nRepeat it with: {again}{}", step.name, step.name)),
            );
        }
    }
    let cpu = processor_time().map_or_else(String::new, duration);
    rows.push(["all".to_owned(), String::new(), duration(started.elapsed()), cpu]);
    print!("\n{}", table(["step", "result", "time", "processor"], &rows));
    if tests != Counts::default() {
        println!("\ntests: {} passed, {} failed, {} skipped", tests.passed, tests.failed, tests.skipped);
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// The steps one by one, and those of a group of `together` that follow each other.
fn groups<'s>(steps: &'s [Step], together: &[&[&str]]) -> Vec<&'s [Step]> {
    let in_one = |left: &Step, right: &Step| {
        together.iter().any(|names| [left, right].iter().all(|step| names.contains(&step.name.as_str())))
    };
    steps.chunk_by(in_one).collect()
}

fn run_group(group: &[Step]) -> Vec<Ended> {
    let is_alone = group.len() == 1;
    let run = |step: &Step| {
        println!("\n== {}: {}", step.name, step.what);
        let clock = Instant::now();
        let mut counts = Counts::default();
        let prefix = if is_alone { String::new() } else { format!("{}| ", step.name) };
        let result = step.run(&prefix, &mut counts);
        let time = clock.elapsed();
        println!("== {}: {}, {}", step.name, if result.is_ok() { "ok" } else { "FAILED" }, duration(time));
        Ended { result, time, counts }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = group.iter().map(|step| scope.spawn(move || run(step))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

impl Step {
    fn run(&self, prefix: &str, counts: &mut Counts) -> Result<(), String> {
        for tool in &self.needs {
            tool.ensure()?;
        }
        for line in &self.lines {
            line.run_as(prefix, |printed| counts.take(printed))?;
        }
        if self.tests && counts.passed == 0 {
            return Err("no test ran".to_owned());
        }
        Ok(())
    }
}

/// How long the processors worked for the programs that this one started and that have ended. On a busy machine it says
/// more than the time by the clock. Linux alone tells it.
fn processor_time() -> Option<Duration> {
    /// The kernel counts in hundredths of a second for programs, whatever it uses itself.
    const TICK: Duration = Duration::from_millis(10);
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses. It may have spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(13);
    let (user, system): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(TICK * (user + system))
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{seconds}.{} s", time.subsec_millis() / 100)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::{Step, duration, groups, processor_time, run, run_together, select};
    use crate::shell::Line;

    fn step(name: &'static str, line: &str) -> Step {
        Step { name: name.into(), what: "something".into(), needs: vec![], lines: vec![Line::new(line)], tests: false }
    }

    #[test]
    fn only_keeps_the_order_of_the_list() {
        let steps = vec![step("a", "true"), step("b", "true"), step("c", "true")];
        let chosen = select(steps, &["c".to_owned(), "a".to_owned()]).unwrap();
        assert_eq!(chosen.iter().map(|step| step.name.as_str()).collect::<Vec<&str>>(), ["a", "c"]);
    }

    #[test]
    fn unknown_step_is_an_error_with_the_known_ones() {
        let message = select(vec![step("a", "true"), step("b", "true")], &["fmtt".to_owned()]).err().unwrap();
        assert_eq!(message, "there is no step \"fmtt\". The steps are: a, b");
    }

    #[test]
    fn the_first_failure_stops_the_run_and_says_how_to_repeat_it() {
        let marker = std::env::temp_dir().join(format!("xtask-must-not-exist-{}", std::process::id()));
        let steps = [step("good", "true"), step("bad", "false"), step("later", &format!("touch {}", marker.display()))];
        let message = run(&steps, "cargo xtask test --only ").unwrap_err();
        assert!(message.starts_with("bad failed: false: exit status"), "{message}");
        assert!(message.ends_with("Repeat it with: cargo xtask test --only bad"), "{message}");
        assert!(!marker.exists());
    }

    #[test]
    fn steps_of_a_group_that_follow_each_other_run_together() {
        let steps = ["a", "b", "c", "d", "a"].map(|name| step(name, "true"));
        let names = |together: &[&[&str]]| -> Vec<String> {
            let groups = groups(&steps, together);
            groups.iter().map(|group| group.iter().map(|step| step.name.as_str()).collect()).collect()
        };
        assert_eq!(names(&[]), ["a", "b", "c", "d", "a"]);
        assert_eq!(names(&[&["b", "c"], &["a", "d"]]), ["a", "bc", "da"]);
        assert_eq!(names(&[&["b", "c", "d"]]), ["a", "bcd", "a"]);
    }

    /// Each waits for a file that the other makes.
    #[test]
    fn a_group_runs_at_the_same_time_and_the_failure_of_either_is_reported() {
        let folder = std::env::temp_dir().join(format!("xtask-pair-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let script = folder.join("meet");
        std::fs::write(
            &script,
            "cd \"$(dirname \"$0\")\" && touch $1 && for i in $(seq 200); do [ -e $2 ] && exit $3; sleep 0.1; done; exit 9",
        )
        .unwrap();
        let meet = |own: &'static str, other: &str, code: u8| {
            step(own, &format!("sh {} {own} {other} {code}", script.display()))
        };
        let steps = [meet("left", "right", 0), meet("right", "left", 3), step("later", "true")];
        let message = run_together(&steps, &[&["left", "right"]], "again ").unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(message.starts_with("right failed") && message.contains("exit status: 3"), "{message}");
    }

    #[test]
    fn a_step_of_tests_that_runs_none_fails() {
        let mut silent = step("test", "true");
        silent.tests = true;
        assert!(run(&[silent], "").unwrap_err().contains("no test ran"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_work_of_a_program_that_ended_is_counted() {
        let before = processor_time().unwrap();
        Line::new("python3 -c sum(range(10000000))").run(|_| ()).unwrap();
        assert!(processor_time().unwrap() > before);
    }

    #[test]
    fn times_are_short_to_read() {
        assert_eq!(duration(Duration::from_millis(1_260)), "1.2 s");
        assert_eq!(duration(Duration::from_secs(123)), "2 min 03 s");
    }
}
