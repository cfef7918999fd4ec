//! A report in HTML, printed to PDF by an installed Chromium.

use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::Path;
use toolkit::command::Command;
use toolkit::durable;
use toolkit::failure::Failure;

/// Under which names distributions know it.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// The PDF of a page that needs nothing but itself.
///
/// # Errors
/// `missing_program` when no Chromium is installed; `pdf_failed`.
pub(crate) fn print(html: &str) -> Result<Vec<u8>> {
    let name = installed().ok_or_else(|| {
        Failure::not_started("missing_program", "there is no Chromium to print the PDF")
            .hint("install `chromium`, or print the HTML report from a browser")
    })?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let page = folder.path().join("report.html");
    let pdf = folder.path().join("report.pdf");
    durable::write(&page, html.as_bytes())?;
    let printed = command(name, folder.path()).read();
    printed.map_err(|error| {
        Failure::new("pdf_failed", format!("cannot print the PDF: {error:#}"))
            .hint("print the HTML report from a browser instead")
    })?;
    fs::read(&pdf).context("Chromium printed no PDF")
}

fn installed() -> Option<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    NAMES
        .into_iter()
        .find(|name| folders.iter().any(|folder| folder.join(name).is_file()))
}

/// Prints `report.html` of the folder to `report.pdf` beside it; its profile is
/// there too. Without a network, and without the sandbox that root has not.
fn command(program: &str, folder: &Path) -> Command {
    let in_folder = |option: &str, name: &str| format!("{option}{}", folder.join(name).display());
    Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-pdf-header-footer",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .arg(in_folder("--user-data-dir=", "profile"))
        .arg(in_folder("--print-to-pdf=", "report.pdf"))
        .arg(in_folder("file://", "report.html"))
        .env("HOME", folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chromium_gets_a_profile_of_its_own_and_no_network() {
        let argv = command("chromium", Path::new("/tmp/x")).argv();
        assert_eq!(argv[0], "chromium");
        assert!(argv.contains(&"--user-data-dir=/tmp/x/profile".to_owned()));
        assert!(argv.contains(&"--host-resolver-rules=MAP * ~NOTFOUND".to_owned()));
        assert_eq!(
            argv[argv.len() - 2..],
            [
                "--print-to-pdf=/tmp/x/report.pdf",
                "file:///tmp/x/report.html"
            ]
        );
    }
}
