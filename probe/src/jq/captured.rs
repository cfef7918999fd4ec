//! What an expression gives, to be used further on.

use super::steps::{Steps, Stepwise, While};
use super::{Jq, evaluated, here, is_brief, no_json};
use crate::Deadline;
use anyhow::Result;
use jaq_core::{Ctx, Vars};
use jaq_json::Val;
use toolkit::failure::Failure;

impl Jq {
    /// The first value that it gives of the value that `json` is: a string as
    /// it is, anything else as JSON.
    ///
    /// # Errors
    /// `capture_failed` where it gives nothing or `null`, or fails;
    /// `json_invalid`; `timeout`.
    pub fn capture(&self, json: &[u8], deadline: Deadline) -> Result<String> {
        if is_brief(std::slice::from_ref(self), json) {
            return Ok(here(deadline, |time| self.first_of(json, time))??);
        }
        let (jq, json) = (self.clone(), json.to_vec());
        Ok(evaluated(json.len(), deadline, move |time| {
            jq.first_of(&json, time)
        })??)
    }

    fn first_of(&self, json: &[u8], time: &While) -> Result<String, Failure> {
        let value: Val = serde_json::from_slice(json)
            .map_err(|error| Failure::new("json_invalid", no_json(json, &error).observed))?;
        let failed = |what: &str| Failure::new("capture_failed", format!("`{}` {what}", self.text));
        let context = Ctx::<Stepwise>::new(Steps::of(&self.program, time), Vars::new([]));
        let first = self.program.id.run((context, value)).next();
        match first {
            None => Err(failed("gives nothing")),
            Some(Ok(Val::Null)) => Err(failed("is null")),
            Some(Ok(value)) => {
                let text = value.to_string();
                // A string is written as JSON, save where it is no UTF-8.
                Ok(serde_json::from_str::<String>(&text).unwrap_or(text))
            }
            Some(Err(error)) => Err(match error.get_err() {
                Ok(error) => failed(&format!("fails: {error}")),
                Err(_) => failed("halts"),
            }),
        }
    }
}
