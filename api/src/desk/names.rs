//! Names: what a line calls the thing that it creates, for later lines to refer to.
//!
//! `$o1` stands for the id that the line named `o1` created, `$o1.trades.0.contract` for that part of its answer.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::{Problem, ProblemCode};

/// A name: letters, digits, `_` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(is_of_name) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is no name: it takes letters, digits, _ and -"))
        }
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The answers of the lines that were given a name.
#[derive(Default)]
pub(super) struct Names(BTreeMap<Name, Value>);

impl Names {
    /// Gives a name to an answer. A name that was given before stands for the new one from now on.
    pub fn give(&mut self, name: Name, answer: &RawValue) {
        self.0.insert(name, serde_json::from_str(answer.get()).unwrap_or_default());
    }

    /// The path with every reference in it resolved.
    pub fn in_path(&self, path: &str) -> Result<String, Problem> {
        let mut resolved = String::with_capacity(path.len());
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('$') {
            resolved.push_str(before);
            let (value, length) = self.resolve(after).ok_or_else(|| Problem::not_found(&unknown(after)))?;
            match value {
                Value::String(text) => resolved.push_str(text),
                other => resolved.push_str(&other.to_string()),
            }
            rest = &after[length..];
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    /// Resolves every string of a body that is a reference as a whole.
    pub fn in_body(&self, body: &mut Value) -> Result<(), Problem> {
        match body {
            Value::String(text) => {
                let Some(reference) = text.strip_prefix('$').filter(|rest| rest.bytes().next().is_some_and(is_of_name))
                else {
                    return Ok(());
                };
                if reference_length(reference) != reference.len() {
                    return Ok(());
                }
                let (value, _) = self.resolve(reference).ok_or_else(|| {
                    let detail = format!("There is no {}.", unknown(reference));
                    Problem::new(ProblemCode::InvalidField, detail)
                })?;
                *body = value.clone();
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.in_body(item)),
            Value::Object(fields) => fields.values_mut().try_for_each(|field| self.in_body(field)),
            _ => Ok(()),
        }
    }

    /// What the reference at the start of `text`, after its `$`, stands for, and how long it is.
    fn resolve(&self, text: &str) -> Option<(&Value, usize)> {
        let reference = &text[..reference_length(text)];
        let mut parts = reference.split('.');
        let mut value = self.0.get(&Name(parts.next()?.to_owned()))?;
        let mut is_bare = true;
        for part in parts {
            is_bare = false;
            value = match part.parse::<usize>() {
                Ok(place) if value.is_array() => value.get(place)?,
                _ => value.get(part)?,
            };
        }
        Some((if is_bare { value.get("id")? } else { value }, reference.len()))
    }
}

/// How much of `text` is a reference: a name, and parts after dots.
fn reference_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|byte| is_of_name(**byte)).count();
    let mut length = run(0);
    while bytes.get(length) == Some(&b'.') && run(length + 1) > 0 {
        length += 1 + run(length + 1);
    }
    length
}

fn unknown(reference: &str) -> String {
    format!("thing as ${}: no line before this one has created it", &reference[..reference_length(reference)])
}
