//! The records that are asked for, and how each is written.

use crate::net::printable;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};
use serde::Deserialize;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An alias of an alias of an alias: more of them are no chain but a circle.
const MOST_ALIASES: usize = 16;
/// A text longer than this is cut.
const LONGEST: usize = 4096;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    #[serde(rename = "AAAA")]
    Aaaa,
    /// The name that this one is an alias of.
    #[serde(rename = "CNAME")]
    Cname,
    /// A mail server, and its preference.
    #[serde(rename = "MX")]
    Mx,
    /// A text.
    #[serde(rename = "TXT")]
    Txt,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Txt => "TXT",
        }
    }

    pub(super) fn example(self) -> &'static str {
        match self {
            Self::A => "`192.0.2.1`",
            Self::Aaaa => "`2001:db8::1`",
            Self::Cname => "`www.example.org`",
            Self::Mx => "`10 mail.example.org`",
            Self::Txt => "a text",
        }
    }

    pub(super) fn wire(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Cname => RecordType::CNAME,
            Self::Mx => RecordType::MX,
            Self::Txt => RecordType::TXT,
        }
    }

    /// What a person wrote, as [`Kind::of`] writes it; nothing when it cannot be
    /// meant.
    pub(super) fn read(self, text: &str) -> Option<String> {
        match self {
            Self::A => Some(text.parse::<Ipv4Addr>().ok()?.to_string()),
            Self::Aaaa => Some(text.parse::<Ipv6Addr>().ok()?.to_string()),
            Self::Cname => host(text),
            Self::Mx => {
                let (preference, name) = text.split_once(' ')?;
                let preference: u16 = preference.parse().ok()?;
                Some(format!("{preference} {}", host(name.trim())?))
            }
            Self::Txt => Some(printable(text, LONGEST)),
        }
    }

    /// The records of `name` in an answer, behind its aliases.
    pub(super) fn of(self, name: &Name, answer: &Message) -> Vec<String> {
        let mut name = name;
        for _ in 0..MOST_ALIASES {
            let mut own = answer.answers.iter().filter(|record| &record.name == name);
            let alias = own.find_map(|record| match &record.data {
                RData::CNAME(alias) if self != Self::Cname => Some(&alias.0),
                _ => None,
            });
            let Some(alias) = alias else { break };
            name = alias;
        }
        let own = answer.answers.iter().filter(|record| &record.name == name);
        let mut found: Vec<_> = own.filter_map(|record| self.text(&record.data)).collect();
        found.sort();
        found
    }

    fn text(self, data: &RData) -> Option<String> {
        match (self, data) {
            (Self::A, RData::A(address)) => Some(address.to_string()),
            (Self::Aaaa, RData::AAAA(address)) => Some(address.to_string()),
            (Self::Cname, RData::CNAME(name)) => Some(lower(&name.0)),
            (Self::Mx, RData::MX(mx)) => Some(format!("{} {}", mx.preference, lower(&mx.exchange))),
            (Self::Txt, RData::TXT(text)) => {
                let bytes = text.txt_data.concat();
                Some(printable(&String::from_utf8_lossy(&bytes), LONGEST))
            }
            _ => None,
        }
    }
}

fn host(text: &str) -> Option<String> {
    let name = Name::from_utf8(text).ok()?;
    (!text.contains(' ')).then(|| lower(&name))
}

/// A name in small letters, without the dot that ends it.
fn lower(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    match text.strip_suffix('.') {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::{A, CNAME};

    #[test]
    fn the_same_is_written_alike() {
        for (kind, written, read) in [
            (Kind::A, "192.0.2.1", Some("192.0.2.1")),
            (Kind::A, "2001:db8::1", None),
            (Kind::Aaaa, "2001:DB8:0::1", Some("2001:db8::1")),
            (Kind::Cname, "WWW.example.", Some("www.example")),
            (Kind::Cname, "a b", None),
            (Kind::Mx, "10 Mail.Example.", Some("10 mail.example")),
            (Kind::Mx, "mail.example", None),
            (Kind::Txt, "v=spf1 -all", Some("v=spf1 -all")),
        ] {
            assert_eq!(kind.read(written).as_deref(), read, "{written}");
        }
    }

    #[test]
    fn only_what_the_aliases_lead_to_counts() {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let mut answer = Message::query();
        let alias = |from: &str, to: &str| {
            Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))))
        };
        let address = |of: &str, last: u8| {
            Record::from_rdata(name(of), 60, RData::A(A::new(192, 0, 2, last)))
        };
        answer.add_answer(alias("www.example.", "WEB.example."));
        answer.add_answer(address("web.example.", 1));
        answer.add_answer(address("other.example.", 2));
        assert_eq!(Kind::A.of(&name("www.example."), &answer), ["192.0.2.1"]);
        assert_eq!(
            Kind::Cname.of(&name("www.example."), &answer),
            ["web.example"]
        );
        // A circle ends.
        answer.add_answer(alias("a.example.", "b.example."));
        answer.add_answer(alias("b.example.", "a.example."));
        assert!(Kind::A.of(&name("a.example."), &answer).is_empty());
    }
}
