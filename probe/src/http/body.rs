//! What a request sends: text, a file, or the parts of a form, as RFC 7578 has
//! them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;
use ureq::unversioned::multipart::{self, Form};

/// The most that is sent of files.
const LARGEST: u64 = 16 << 20;
/// The type of a file whose name says none.
const BYTES: &str = "application/octet-stream";

/// What a request sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes; those of files once they were read.
    pub bytes: Vec<u8>,
    /// What they are made of.
    pub origin: Origin,
}

/// What a body is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// The bytes themselves.
    #[default]
    Bytes,
    /// A file.
    File(PathBuf),
    /// The parts of a form.
    Parts(Vec<Part>),
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name of its field.
    pub name: String,
    /// What it says.
    pub value: Value,
}

/// What a part of a form says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// What is in a file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its type, `image/png`.
        kind: String,
        /// The name that it is given.
        name: String,
    },
}

impl<T: Into<Vec<u8>>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self {
            bytes: bytes.into(),
            origin: Origin::Bytes,
        }
    }
}

impl Body {
    /// What `path` holds, once it was read.
    pub(crate) fn file(path: PathBuf) -> Self {
        Self::of(Origin::File(path))
    }

    /// A form of these parts, once its files were read.
    pub(crate) fn parts(parts: Vec<Part>) -> Self {
        Self::of(Origin::Parts(parts))
    }

    fn of(origin: Origin) -> Self {
        Self {
            bytes: Vec::new(),
            origin,
        }
    }

    /// The files that it is made of.
    pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let (one, parts) = match &mut self.origin {
            Origin::Bytes => (None, &mut [][..]),
            Origin::File(path) => (Some(path), &mut [][..]),
            Origin::Parts(parts) => (None, &mut parts[..]),
        };
        let of_parts = parts.iter_mut().filter_map(|part| match &mut part.value {
            Value::Text(_) => None,
            Value::File { path, .. } => Some(path),
        });
        one.into_iter().chain(of_parts)
    }

    /// Reads its files; the `Content-Type` that it has from then on, where its
    /// origin did not say it before.
    ///
    /// # Errors
    /// `file_unreadable`, `file_too_large`.
    pub(crate) fn load(&mut self) -> Result<Option<String>, Failure> {
        let mut left = LARGEST;
        match &self.origin {
            Origin::Bytes => Ok(None),
            Origin::File(path) => {
                self.bytes = read(path, &mut left)?;
                Ok(None)
            }
            Origin::Parts(parts) => {
                let (kind, bytes) = form(parts, &mut left)?;
                self.bytes = bytes;
                Ok(Some(kind))
            }
        }
    }
}

/// The type of a file, by its name.
pub(crate) fn kind_of(path: &Path) -> String {
    let guessed = mime_guess::from_path(path).first_raw();
    guessed.unwrap_or(BYTES).to_owned()
}

/// Whether it is a type: `image/png`.
pub(crate) fn is_kind(text: &str) -> bool {
    multipart::Part::text("").mime_str(text).is_ok()
}

/// The `Content-Type` of a form, and the form.
fn form(parts: &[Part], left: &mut u64) -> Result<(String, Vec<u8>), Failure> {
    let mut read_parts = Vec::new();
    for part in parts {
        let bytes = match &part.value {
            Value::Text(text) => text.clone().into_bytes(),
            Value::File { path, .. } => read(path, left)?,
        };
        read_parts.push((escaped(&part.name), bytes));
    }
    let mut form = Form::new();
    for (part, (name, bytes)) in parts.iter().zip(&read_parts) {
        let written = multipart::Part::bytes(bytes);
        let written = match &part.value {
            Value::Text(_) => written,
            Value::File { kind, name, .. } => {
                let named = written.file_name(&escaped(name)).mime_str(kind);
                named.map_err(|error| {
                    Failure::new("http_request", format!("`{kind}` is no type: {error}"))
                })?
            }
        };
        form = form.part(name, written);
    }
    let kind = format!("multipart/form-data; boundary={}", form.boundary());
    let mut bytes = Vec::new();
    form.read_to_end(&mut bytes)
        .map_err(|error| Failure::new("http_request", format!("no form: {error}")))?;
    Ok((kind, bytes))
}

/// A name as browsers write it between `"`: <https://html.spec.whatwg.org/#multipart-form-data>.
fn escaped(name: &str) -> String {
    name.replace('\n', "%0A")
        .replace('\r', "%0D")
        .replace('"', "%22")
}

/// What a file holds; never a pipe or a device, which may not end.
fn read(path: &Path, left: &mut u64) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        Failure::new("file_unreadable", message)
            .hint("a path begins at the folder of sextant.toml, or with `/`")
    };
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is not a file")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let most = file.take(*left + 1).read_to_end(&mut bytes);
    let length = most.map_err(unreadable)? as u64;
    *left = left.checked_sub(length).ok_or_else(|| {
        let path = path.display();
        let message = format!("`{path}` makes a body of more than {} MiB", LARGEST >> 20);
        Failure::new("file_too_large", message).hint("send a smaller file")
    })?;
    Ok(bytes)
}
