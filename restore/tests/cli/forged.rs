//! Sets that somebody made to do harm: the checksums hold.

use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use toolkit::checksum;

/// Puts another file in the place of a part of a set, with its checksum.
pub(crate) fn replace(set: &Path, name: &str, raw: &[u8]) {
    let proof = set.join("deployment-info.json");
    let mut info: Value = serde_json::from_slice(&fs::read(&proof).unwrap()).unwrap();
    let parts = info["parts"].as_array_mut().unwrap();
    let part = parts.iter_mut().find(|part| part["name"] == name).unwrap();
    let file = set.join(part["file"].as_str().unwrap());
    let out = fs::File::create(&file).unwrap();
    let mut packed = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
    packed.write_all(raw).unwrap();
    packed.finish().unwrap();
    let (bytes, sha256) = checksum::of_file(&file).unwrap();
    part["bytes"] = json!(bytes);
    part["sha256"] = json!(sha256);
    part["raw_bytes"] = json!(raw.len());
    part["members"] = json!([]);
    fs::write(&proof, info.to_string()).unwrap();
}

/// An archive whose entries have names that no tool would write.
#[derive(Default)]
pub(crate) struct Archive(Vec<u8>);

impl Archive {
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.entry(tar::EntryType::Regular, name, "", content)
    }

    pub(crate) fn link(self, kind: tar::EntryType, name: &str, to: &str) -> Self {
        self.entry(kind, name, to, "")
    }

    fn entry(mut self, kind: tar::EntryType, name: &str, to: &str, content: &str) -> Self {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1);
        header.set_size(content.len() as u64);
        // The crate's own setters refuse such names.
        let fields = header.as_old_mut();
        fields.name[..name.len()].copy_from_slice(name.as_bytes());
        fields.linkname[..to.len()].copy_from_slice(to.as_bytes());
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(content.as_bytes());
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}
