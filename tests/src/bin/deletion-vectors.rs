//! Writes the deletion vectors for the tests of other languages: to the file that is named, by default to
//! `deletion-vectors.jsonl` in Cargo's target folder.

use std::{
    env, fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let path = env::args_os().nth(1).map_or_else(usual_path, PathBuf::from);
    // A test that runs meanwhile reads either the old file or the new one.
    let unfinished = path.with_extension("unfinished");
    let mut out = BufWriter::new(fs::File::create(&unfinished)?);
    let count = kopokopo_tests::deletions::write(&mut out)?;
    out.flush()?;
    fs::rename(unfinished, &path)?;
    writeln!(io::stdout(), "{count} documents in {}", path.display())
}

fn usual_path() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target"), PathBuf::from);
    target.join("deletion-vectors.jsonl")
}
