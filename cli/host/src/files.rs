//! The files that a component sees.
//!
//! They are copied to a folder of the component's own when the application starts, like Spin does: what a component
//! reads does not change until the next start, and nothing but the files listed can be reached.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::manifest::{Component, Mount};

/// How the names of copies begin.
const PREFIX: &str = "files-";

/// Why a component's files cannot be copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error("`{}` cannot be copied: {reason}", .path.display())]
    Copy { path: PathBuf, reason: io::Error },
    #[error("no file matches `{0}`")]
    NotFound(String),
    #[error("`{}` is outside of the application's folder", .0.display())]
    Outside(PathBuf),
    #[error("`{}` cannot be listed: {reason}", .path.display())]
    Unlistable { path: PathBuf, reason: io::Error },
}

/// Marks the state folder `parent` as used for as long as the result lives. Whoever is alone there removes the
/// copies that a host which was killed has left.
pub(crate) fn lock(parent: &Path) -> io::Result<File> {
    let lock = File::options().create(true).append(true).open(parent.join("lock"))?;
    if lock.try_lock().is_ok() {
        for entry in std::fs::read_dir(parent)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
    }
    // The lock becomes shared, so that further hosts can use the folder but none of them is alone.
    lock.lock_shared()?;
    Ok(lock)
}

/// Copies the files of `component`, whose manifest is in `root`, to a new folder under `parent`.
/// `None` if the component has no files; the folder goes when the result is dropped.
pub(crate) fn copy(component: &Component, root: &Path, parent: &Path) -> Result<Option<TempDir>, FilesError> {
    if component.files.is_empty() {
        return Ok(None);
    }
    let copy_error = |reason| FilesError::Copy { path: parent.to_owned(), reason };
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(copy_error)?;
    let copier = Copier { root, target: folder.path(), component };
    for mount in &component.files {
        match mount {
            Mount::Pattern(pattern) => copier.pattern(pattern)?,
            Mount::Placement { source, destination } => copier.placement(source, destination)?,
        }
    }
    Ok(Some(folder))
}

struct Copier<'a> {
    root: &'a Path,
    target: &'a Path,
    component: &'a Component,
}

impl Copier<'_> {
    /// Copies what matches `pattern` to the same path in the guest.
    fn pattern(&self, pattern: &str) -> Result<(), FilesError> {
        let path = self.root.join(pattern);
        if path.is_file() {
            return self.file(&path, Path::new(pattern));
        }
        if path.is_dir() {
            return self.folder(&path, Path::new(pattern));
        }
        let unlistable = |reason| FilesError::Unlistable { path: path.clone(), reason };
        let escaped = glob::Pattern::escape(&self.root.to_string_lossy());
        let matches = glob::glob(&format!("{escaped}/{pattern}"))
            .map_err(|error| unlistable(io::Error::other(error)))?;
        let mut is_empty = true;
        for file in matches {
            let file = file.map_err(|error| unlistable(error.into()))?;
            is_empty = false;
            if file.is_file() {
                let destination =
                    file.strip_prefix(self.root).map_err(|_| FilesError::Outside(file.clone()))?;
                self.file(&file, destination)?;
            }
        }
        // A pattern may match nothing; a plain path may not.
        if is_empty && !pattern.contains(['*', '?', '[']) {
            return Err(FilesError::NotFound(pattern.to_owned()));
        }
        Ok(())
    }

    /// Copies the file or folder `source` to `destination` in the guest.
    fn placement(&self, source: &Path, destination: &Path) -> Result<(), FilesError> {
        let path = self.root.join(source);
        if path.is_dir() { self.folder(&path, destination) } else { self.file(&path, destination) }
    }

    fn folder(&self, source: &Path, destination: &Path) -> Result<(), FilesError> {
        let unlistable = |reason| FilesError::Unlistable { path: source.to_owned(), reason };
        for entry in std::fs::read_dir(source).map_err(unlistable)? {
            let entry = entry.map_err(unlistable)?;
            let (path, destination) = (entry.path(), destination.join(entry.file_name()));
            // A link to a folder is not followed: it may lead back here.
            if entry.file_type().map_err(unlistable)?.is_dir() {
                self.folder(&path, &destination)?;
            } else if path.is_file() {
                self.file(&path, &destination)?;
            }
        }
        Ok(())
    }

    fn file(&self, source: &Path, destination: &Path) -> Result<(), FilesError> {
        let outside = || FilesError::Outside(source.to_owned());
        let relative = source.strip_prefix(self.root).map_err(|_| outside())?;
        if relative.components().any(|part| part == std::path::Component::ParentDir) {
            return Err(outside());
        }
        if self.component.excluded.iter().any(|pattern| pattern.matches_path(relative)) {
            return Ok(());
        }
        let target = self.target.join(destination);
        let copied = match target.parent() {
            Some(parent) => std::fs::create_dir_all(parent),
            None => Ok(()),
        };
        copied
            .and_then(|()| std::fs::copy(source, &target))
            .map(drop)
            .map_err(|reason| FilesError::Copy { path: source.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests;
