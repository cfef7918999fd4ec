//! Manual pages and shell completions, made from a tool's arguments.

use super::{bless, workspace};
use clap_complete::Shell;
use clap_mangen::Man;

/// Holds `man/TOOL.1` and the completions to the arguments.
///
/// The page is what clap knows of the arguments, then `man/prose/TOOL.roff`:
/// the sections that are written by hand.
pub fn check(mut command: clap::Command) {
    let tool = command.get_name().to_owned();
    for (shell, file) in [
        (Shell::Bash, format!("completions/{tool}.bash")),
        (Shell::Zsh, format!("completions/_{tool}")),
        (Shell::Fish, format!("completions/{tool}.fish")),
    ] {
        let mut made = Vec::new();
        clap_complete::generate(shell, &mut command, &tool, &mut made);
        bless(&file, &made);
    }
    bless(&format!("man/{tool}.1"), page(command).as_bytes());
}

fn page(command: clap::Command) -> String {
    let tool = command.get_name().to_owned();
    // No version and no date: the page changes when the tool does.
    let man = Man::new(command)
        .manual("Sextant")
        .source("Sextant")
        .date("");
    let mut page = Vec::new();
    let rendered = man
        .render_title(&mut page)
        .and_then(|()| man.render_name_section(&mut page))
        .and_then(|()| man.render_synopsis_section(&mut page))
        .and_then(|()| man.render_description_section(&mut page))
        .and_then(|()| man.render_options_section(&mut page));
    rendered.expect("a page renders into memory");
    let prose = workspace().join(format!("man/prose/{tool}.roff"));
    let prose = std::fs::read_to_string(&prose).expect("each tool has its prose");
    String::from_utf8(page).expect("a page is text") + &prose
}
