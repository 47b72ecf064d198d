//! A folder as one file.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::SampleError;
use crate::folder::folder;
use crate::language::Language;
use crate::values::Values;

/// The [`folder`](crate::folder()) of a sample as a .zip, below a directory with the name of the operation and the
/// language. The same values give the same bytes.
///
/// # Errors
/// As [`render`](crate::render).
pub fn archive(language: Language, operation_id: &str, values: &Values) -> Result<Vec<u8>, SampleError> {
    let files = folder(language, operation_id, values)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // 1980-01-01, the first day there is in a .zip.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for file in files {
        let mode = if file.executable { 0o755 } else { 0o644 };
        let path = format!("{operation_id}-{language}/{}", file.path);
        archive.start_file(path, options.unix_permissions(mode)).map_err(unexpected)?;
        archive.write_all(file.contents.as_bytes()).map_err(unexpected)?;
    }
    Ok(archive.finish().map_err(unexpected)?.into_inner())
}

/// Nothing of this can fail in memory.
fn unexpected(error: impl std::fmt::Display) -> SampleError {
    SampleError::Template(format!("the archive: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_archive_is_the_folder() {
        let id = "UpdateSyncIamUser";
        let values = Values::example(id).unwrap();
        for language in Language::ALL {
            let bytes = archive(language, id, &values).unwrap();
            assert_eq!(bytes, archive(language, id, &values).unwrap(), "the same bytes each time");
            let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let files = folder(language, id, &values).unwrap();
            assert_eq!(read.len(), files.len());
            for file in files {
                let mut entry = read.by_name(&format!("{id}-{language}/{}", file.path)).unwrap();
                assert_eq!(entry.unix_mode().map(|mode| mode & 0o111 != 0), Some(file.executable));
                let mut contents = String::new();
                entry.read_to_string(&mut contents).unwrap();
                assert_eq!(contents, file.contents);
            }
        }
    }
}
