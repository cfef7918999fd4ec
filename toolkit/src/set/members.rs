//! The members of a part as `deployment-info.json` lists them: `[[bytes,
//! raw_bytes], …]`, all on one line, since there is one for each MiB.

use crate::part::Member;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub(super) fn serialize<S: Serializer>(
    members: &[Member],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let sizes: Vec<_> = members
        .iter()
        .map(|member| (member.bytes, member.raw_bytes))
        .collect();
    let line = serde_json::to_string(&sizes).and_then(RawValue::from_string);
    line.map_err(S::Error::custom)?.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Member>, D::Error> {
    let mut offset: u64 = 0;
    let sizes = Vec::<(u32, u32)>::deserialize(deserializer)?;
    let member = |(bytes, raw_bytes)| {
        let member = Member {
            offset,
            bytes,
            raw_bytes,
        };
        offset = offset
            .checked_add(bytes.into())
            .ok_or_else(|| D::Error::custom("more bytes than a file has"))?;
        Ok(member)
    };
    sizes.into_iter().map(member).collect()
}
