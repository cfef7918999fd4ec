//! Saves one part into the set in the making.

use crate::backup::Job;
use crate::compress::{Codec, Compressor};
use crate::files::{self, Exclude, Root};
use crate::folder::Draft;
use crate::pipe::Pipe;
use crate::plan::{Planned, Source};
use crate::program::Sink;
use crate::progress::Progress;
use crate::{database, globals};
use anyhow::{Context, Result};
use serde_json::json;
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ChildStdout;
use std::time::{Duration, Instant};
use toolkit::checksum::Checksum;
use toolkit::config::Compression;
use toolkit::part::Packed;
use toolkit::postgres;
use toolkit::redis::{self, rdb};
use toolkit::set::{DatabaseProof, Part, Proof};

/// How long a dump waits for a lock that a migration holds.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// What saving a part came to.
struct Saved {
    packed: Packed,
    proof: Proof,
    warnings: Vec<String>,
}

/// Saves a part, `expected` uncompressed bytes long the last time.
pub(crate) fn part(
    part: &Planned,
    draft: &Draft,
    job: &Job,
    expected: Option<u64>,
) -> Result<Part> {
    let begun = Instant::now();
    let file = draft.create(&part.file)?;
    let progress = Progress::begin(&part.name, expected);
    let saved = match &part.source {
        Source::Database { server, database } => {
            save_database(server, database, file, job, &progress)
        }
        Source::Globals { server, database } => {
            save_globals(server, database, file, job, &progress)
        }
        Source::Redis { server } => save_redis(server, file, &progress),
        Source::Files {
            roots,
            base,
            exclude,
        } => save_files(roots, base, exclude, file, job, &progress),
    };
    let saved = saved.with_context(|| format!("cannot save `{}`", part.name))?;
    progress.end(saved.packed.bytes);
    Ok(Part {
        name: part.name.clone(),
        file: draft.file_name(&part.file),
        bytes: saved.packed.bytes,
        sha256: saved.packed.sha256,
        raw_bytes: saved.packed.raw_bytes,
        ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        members: saved.packed.members,
        proof: saved.proof,
        warnings: saved.warnings,
    })
}

fn save_database(
    server: &postgres::Server,
    name: &str,
    file: File,
    job: &Job,
    progress: &Progress,
) -> Result<Saved> {
    let packed = RefCell::new(None);
    let dumped = database::dump(
        server,
        name,
        LOCK_WAIT,
        pack_dump(file, job, progress, &packed),
    )?;
    let proof = DatabaseProof {
        database: name.to_owned(),
        server: dumped.server.to_string(),
        pg_dump: dumped.program.to_string(),
        properties: dumped.properties,
        counts: dumped.counts,
        materialized_views: dumped.materialized_views,
        sequences: dumped.sequences,
        large_objects: dumped.large_objects,
    };
    Ok(Saved {
        packed: packed.take().context("nothing was compressed")?,
        proof: Proof::Database(serde_json::to_value(proof)?),
        warnings: Vec::new(),
    })
}

fn save_globals(
    server: &postgres::Server,
    through: &str,
    file: File,
    job: &Job,
    progress: &Progress,
) -> Result<Saved> {
    let packed = RefCell::new(None);
    let dumped = globals::dump(server, through, pack_dump(file, job, progress, &packed))?;
    let mut warnings = Vec::new();
    if !dumped.has_passwords {
        warnings.push(format!(
            "`{}` may not read the roles' passwords: they are not saved",
            server.user()
        ));
    }
    let proof = json!({
        "roles": dumped.roles,
        "tablespaces": dumped.tablespaces,
        "passwords": dumped.has_passwords,
        "pg_dumpall": dumped.program.to_string(),
    });
    Ok(Saved {
        packed: packed.take().context("nothing was compressed")?,
        proof: Proof::Globals(proof),
        warnings,
    })
}

/// Compresses a dump as it comes, and leaves what came of it in `packed`.
fn pack_dump<'a>(
    file: File,
    job: &'a Job,
    progress: &'a Progress,
    packed: &'a RefCell<Option<Packed>>,
) -> impl Sink + 'a {
    move |dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])| {
        let mut compressor = Compressor::new(file, codec(job.method), job.jobs)?;
        let bytes = compressor.copy_from(&mut Pipe::new(dump), |piece| {
            progress.advance(piece.len());
            seen(piece);
        })?;
        packed.replace(Some(compressor.finish()?));
        Ok(bytes)
    }
}

/// An RDB file is compressed already (LZF), and has to be one that
/// `redis-server` reads: it is saved as it comes.
fn save_redis(server: &redis::Server, file: File, progress: &Progress) -> Result<Saved> {
    let mut output = Summed {
        file: BufWriter::new(file),
        sum: Checksum::default(),
        bytes: 0,
        progress,
    };
    redis::dump(server, &mut output)?;
    output.file.flush()?;
    let Summed {
        file, sum, bytes, ..
    } = output;
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    file.rewind()?;
    let inspected = rdb::inspect(BufReader::new(file))?;
    let warnings = inspected
        .uncounted
        .iter()
        .map(|why| format!("keys are not counted: {why}"))
        .collect();
    Ok(Saved {
        packed: Packed {
            bytes,
            raw_bytes: bytes,
            sha256: sum.hex(),
            members: Vec::new(),
        },
        proof: Proof::Redis(serde_json::to_value(inspected)?),
        warnings,
    })
}

fn save_files(
    roots: &[PathBuf],
    base: &Path,
    exclude: &[String],
    file: File,
    job: &Job,
    progress: &Progress,
) -> Result<Saved> {
    let exclude = Exclude::new(exclude, std::slice::from_ref(&job.folder))?;
    let named: Vec<_> = roots
        .iter()
        .map(|path| Root {
            path: path.clone(),
            name: name_in_archive(path, base),
        })
        .collect();
    let mut compressor = Compressor::new(file, codec(job.method), job.jobs)?;
    let archived = files::pack(&named, &exclude, &mut compressor)?;
    let packed = compressor.finish()?;
    progress.advance(usize::try_from(packed.raw_bytes).unwrap_or(usize::MAX));
    let roots: Vec<_> = named
        .iter()
        .map(|root| json!({ "path": root.path, "name": root.name, "folder": root.path.is_dir() }))
        .collect();
    let proof = json!({ "roots": roots, "entries": archived.entries });
    Ok(Saved {
        packed,
        proof: Proof::Files(proof),
        warnings: archived.warnings,
    })
}

/// A root's name in the archive: its path from the application's folder, so
/// that `tar xzf` there brings it back; from `/` when it lies elsewhere.
fn name_in_archive(path: &Path, base: &Path) -> PathBuf {
    let inside = path.strip_prefix(base).or_else(|_| path.strip_prefix("/"));
    let name = inside.unwrap_or(path);
    name.components()
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .collect()
}

fn codec(method: Compression) -> Codec {
    match method {
        Compression::Gzip(level) => Codec::Gzip(level),
        Compression::Zstd(level) => Codec::Zstd(level),
    }
}

/// Writes to a file, and knows what it wrote.
struct Summed<'a> {
    file: BufWriter<File>,
    sum: Checksum,
    bytes: u64,
    progress: &'a Progress,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        self.bytes += written as u64;
        self.progress.advance(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
