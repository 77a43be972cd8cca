//! How many tests ran, by the closing lines of the test programs of several languages.

/// The sum of what test programs said of themselves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Takes up a line of output if it is one that a test program ends with.
    pub(crate) fn take(&mut self, line: &str) {
        let line = line.trim();
        let found = rust(line)
            .or_else(|| python(line))
            .or_else(|| node(line))
            .or_else(|| maven(line))
            .or_else(|| minitest(line))
            .or_else(|| phpunit(line))
            .or_else(|| go(line));
        self.add(found.unwrap_or_default());
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// `12 passed` and its like.
    fn part(&mut self, part: &str) -> Option<()> {
        let (number, word) = part.trim().split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match word {
            "passed" | "xpassed" => self.passed += number,
            "failed" | "error" | "errors" => self.failed += number,
            "ignored" | "skipped" | "xfailed" => self.skipped += number,
            _ => {}
        }
        Some(())
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; ...`
fn rust(line: &str) -> Option<Counts> {
    let (_, parts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = Counts::default();
    for part in parts.split("; ") {
        let _ = counts.part(part);
    }
    Some(counts)
}

/// `===== 12 passed, 1 skipped in 3.21s =====`, without the bars where pytest is quiet.
fn python(line: &str) -> Option<Counts> {
    let (parts, time) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
    time.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
    let mut counts = Counts::default();
    parts.split(", ").try_for_each(|part| counts.part(part))?;
    Some(counts)
}

/// `12 runs, 34 assertions, 0 failures, 0 errors, 1 skips`, of Ruby.
fn minitest(line: &str) -> Option<Counts> {
    let parts: Option<Vec<(u64, &str)>> = line
        .split(", ")
        .map(|part| part.split_once(' ').and_then(|(number, word)| Some((number.parse().ok()?, word))))
        .collect();
    match parts?[..] {
        [(runs, "runs"), (_, "assertions"), (failures, "failures"), (errors, "errors"), (skipped, "skips")] => {
            let failed = failures + errors;
            Some(Counts { passed: runs.saturating_sub(failed + skipped), failed, skipped })
        }
        _ => None,
    }
}

/// `OK (12 tests, 34 assertions)`, or `Tests: 12, Assertions: 34, Failures: 1.` with a word for each that did not pass.
fn phpunit(line: &str) -> Option<Counts> {
    if let Some(parts) = line.strip_prefix("OK (").and_then(|rest| rest.strip_suffix(')')) {
        let (tests, assertions) = parts.split_once(", ")?;
        let (number, word) = tests.split_once(' ')?;
        let is_one = matches!(word, "test" | "tests") && assertions.contains(" assertion");
        return is_one.then_some(Counts { passed: number.parse().ok()?, ..Counts::default() });
    }
    let mut parts = line.strip_suffix('.')?.split(", ").map(|part| part.split_once(": "));
    let (Some(("Tests", run)), Some(("Assertions", _))) = (parts.next()?, parts.next()?) else { return None };
    let mut counts = Counts::default();
    for part in parts {
        let (word, number) = part?;
        let number: u64 = number.parse().ok()?;
        match word {
            "Failures" | "Errors" | "Warnings" => counts.failed += number,
            "Skipped" | "Incomplete" => counts.skipped += number,
            // A risky test passed.
            _ => {}
        }
    }
    counts.passed = run.parse::<u64>().ok()?.saturating_sub(counts.failed + counts.skipped);
    Some(counts)
}

/// `--- PASS: TestName (0.01s)`: one line for each test, with `go test -v`.
fn go(line: &str) -> Option<Counts> {
    let (word, _) = line.strip_prefix("--- ")?.split_once(": ")?;
    match word {
        "PASS" => Some(Counts { passed: 1, ..Counts::default() }),
        "FAIL" => Some(Counts { failed: 1, ..Counts::default() }),
        "SKIP" => Some(Counts { skipped: 1, ..Counts::default() }),
        _ => None,
    }
}

/// `# pass 12`, `ℹ fail 0`: one line for each word.
fn node(line: &str) -> Option<Counts> {
    let (word, number) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        "pass" => Some(Counts { passed: number, ..Counts::default() }),
        "fail" | "cancelled" => Some(Counts { failed: number, ..Counts::default() }),
        "skipped" | "todo" => Some(Counts { skipped: number, ..Counts::default() }),
        _ => None,
    }
}

/// `[INFO] Tests run: 12, Failures: 0, Errors: 0, Skipped: 1`, the sum; each class has one with its name behind.
fn maven(line: &str) -> Option<Counts> {
    let (_, parts) = line.split_once("Tests run: ")?;
    let mut numbers = parts.split(", ").map(|part| part.rsplit(' ').next()?.parse::<u64>().ok());
    let (run, failures, errors, skipped) = (numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??);
    numbers.next().is_none().then_some(())?;
    let failed = failures + errors;
    Some(Counts { passed: run.saturating_sub(failed + skipped), failed, skipped })
}

#[cfg(test)]
mod tests {
    use super::Counts;

    fn counts(lines: &[&str]) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        for line in lines {
            counts.take(line);
        }
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn closing_lines_are_added_up() {
        let rust = [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "test a_test ... ok",
            "test result: what else. x passed; failed",
        ];
        assert_eq!(counts(&rust), (15, 2, 1));
    }

    #[test]
    fn each_language_has_its_own() {
        assert_eq!(counts(&["===== 2 failed, 12 passed, 1 skipped in 3.21s ====="]), (12, 2, 1));
        assert_eq!(counts(&["216 passed in 71.02s (0:01:11)"]), (216, 0, 0));
        assert_eq!(counts(&["ℹ tests 9", "ℹ pass 7", "ℹ fail 1", "# skipped 1", "ℹ duration_ms 12.5"]), (7, 1, 1));
        let class = "[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1.2 s -- in PaymentTest";
        assert_eq!(counts(&["12 runs, 34 assertions, 1 failures, 2 errors, 1 skips"]), (8, 3, 1));
        assert_eq!(counts(&["OK (1 test, 1 assertion)", "OK (12 tests, 34 assertions)"]), (13, 0, 0));
        let go = [
            "=== RUN TestA",
            "--- PASS: TestA (0.01s)",
            "    --- FAIL: TestB/c (0s)",
            "--- SKIP: TestD (0s)",
            "--- one",
        ];
        assert_eq!(counts(&go), (1, 1, 1));
        let all = "Tests: 20, Assertions: 111, Errors: 1, Failures: 2, Skipped: 3, Incomplete: 1, Risky: 1.";
        assert_eq!(counts(&[all, "Tests: 3, Assertions: 9, Warnings: 1."]), (15, 4, 4));
        assert_eq!(counts(&[class, "[INFO] Tests run: 5, Failures: 1, Errors: 0, Skipped: 1"]), (3, 1, 1));
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        assert_eq!(
            counts(&[
                "passed in 3s",
                "none was in 3s",
                "# passed",
                "Tests run: many",
                "in 1",
                "3 runs, 2",
                "OK",
                "OK (2)",
                "Tests: 2.",
                "Tests: 2"
            ]),
            (0, 0, 0)
        );
    }
}
