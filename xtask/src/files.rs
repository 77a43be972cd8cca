//! Folders that are made anew, and copies of the sources.

use std::{collections::BTreeSet, fs, path::Path};

use crate::shell::{Line, root};

/// Copies a file. Its folder is made if it is missing.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{} to {}: {error}", from.display(), to.display());
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed)?;
    fs::copy(from, to).map(|_| ()).map_err(failed)
}

/// Removes a folder and makes it again: what an earlier version left would be used too.
pub(crate) fn emptied(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed)?;
    }
    fs::create_dir_all(folder).map_err(failed)
}

/// Copies the files that git tracks or would track.
pub(crate) fn copy_sources(folder: &Path) -> Result<(), String> {
    emptied(folder)?;
    let listed = Line::new("git ls-files -z --cached --others --exclude-standard").output()?;
    // A file that was deleted and is not committed yet is in the list too.
    let files: BTreeSet<&str> = listed.split('\0').filter(|file| root().join(file).is_file()).collect();
    files.into_iter().try_for_each(|file| copy(&root().join(file), &folder.join(file)))
}
