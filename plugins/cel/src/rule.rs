//! One rule: read and checked when the settings are, evaluated when a question comes.

use cel::parser::PrattParser;
use cel::{Context, ExecutionError, IdedExpr, Value};
use vigie_policy::json::{FromJson, Json, Object};
use vigie_policy::{Effect, Obligation, Outcome, Reason, SettingError};

use crate::check::{self, Problem};
use crate::variables::NAMES;

/// More rules than a person can hold in mind at once are better two policies.
pub(crate) const MOST_RULES: usize = 64;
/// The host's own limit of obligations in one answer.
const MOST_OBLIGATIONS: usize = 16;
/// Bytes of one expression.
const LONGEST: usize = 4096;
/// Levels of parentheses, calls and operators. Evaluation recurses as deep, on 256 KiB of stack.
const DEEPEST: u16 = 32;

/// A rule. Built only by reading it, so that one that exists has a valid expression, code and sentences.
#[derive(Debug)]
pub struct Rule {
    when: Expression,
    effect: Effect,
    reason: Reason,
    obligations: Vec<Duty>,
}

/// What is answered where no rule applies.
#[derive(Debug)]
pub struct Refusal(Reason);

vigie_policy::settings! {
    struct WrittenRule {
        when: Expression,
        effect: Effect,
        reason_code: String,
        reason_user: Texts,
        obligations: Vec<Duty> = Vec::new(),
    }
}

vigie_policy::settings! {
    struct WrittenRefusal {
        reason_code: String,
        reason_user: Texts,
    }
}

vigie_policy::settings! {
    struct Texts {
        fr: String,
        en: String,
    }
}

vigie_policy::settings! {
    #[derive(Debug, Clone)]
    struct Duty {
        id: String,
        kind: String,
        properties: Object,
    }
}

impl FromJson for Rule {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let WrittenRule { when, effect, reason_code, reason_user, obligations } = WrittenRule::from_json(json)?;
        if obligations.len() > MOST_OBLIGATIONS {
            return Err(SettingError::at("/obligations", "expected at most 16 obligations"));
        }
        Ok(Self { when, effect, reason: reason(&reason_code, &reason_user)?, obligations })
    }
}

impl FromJson for Refusal {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let WrittenRefusal { reason_code, reason_user } = WrittenRefusal::from_json(json)?;
        reason(&reason_code, &reason_user).map(Self)
    }
}

fn reason(code: &str, texts: &Texts) -> Result<Reason, SettingError> {
    for (path, text) in [("/reason_user/fr", &texts.fr), ("/reason_user/en", &texts.en)] {
        if text.is_empty() {
            return Err(SettingError::at(path, "expected a sentence"));
        }
    }
    let message = "expected A-Z, 0-9 and '-', a letter first, at most 64";
    Reason::parse(code, &texts.fr, &texts.en).ok_or_else(|| SettingError::at("/reason_code", message))
}

#[derive(Debug)]
struct Expression {
    parsed: IdedExpr,
    text: String,
}

impl FromJson for Expression {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let text = String::from_json(json)?;
        if text.len() > LONGEST {
            return Err(SettingError::at("", "expected at most 4096 bytes of CEL"));
        }
        let parser = || PrattParser::new().max_recursion_depth(DEEPEST);
        let expression = parser().parse(&text).map_err(|errors| {
            let message = errors.errors.first().map_or_else(
                || String::from("this is not CEL"),
                // What concerns the whole expression has no place of its own.
                |error| placed(after(&text, error.pos), &one_line(&error.msg)),
            );
            SettingError::at("", &message)
        })?;
        check::rule(&expression, &NAMES).map_err(|Problem { id, word, message }| {
            // The parser gives away where things stand only with an error, so it is given one behind the end. It counts alike.
            let mistaken = parser().parse(&format!("{text}\n)")).err();
            let known = mistaken.and_then(|errors| errors.errors.into_iter().find_map(|error| error.source_info));
            let at = known.and_then(|info| info.offset_for(id)).map_or(0, |(start, _)| start as usize);
            let at = word.and_then(|word| place(&text, at, &word)).unwrap_or(at);
            SettingError::at("", &placed(text.get(..at).unwrap_or_default(), &message))
        })?;
        Ok(Self { parsed: expression, text })
    }
}

/// A message with the line and the column, from 1, at which the text before it ends.
fn placed(before: &str, message: &str) -> String {
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// The text before a place of the parser, which counts lines from 1 and bytes of a line from 1.
fn after(text: &str, (line, column): (isize, isize)) -> &str {
    let lines = usize::try_from(line - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
    let end = start + usize::try_from(column - 1).unwrap_or(0);
    text.get(..end.min(text.len())).unwrap_or(text)
}

/// The parser quotes what it found, which may span lines.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a member or a function stands whose expression has its place at the dot before it, the parenthesis behind it, or its operand.
fn place(text: &str, at: usize, word: &str) -> Option<usize> {
    let (before, behind) = text.split_at_checked(at)?;
    if behind.starts_with('(') {
        let before = before.trim_end();
        return before.ends_with(word).then(|| before.len() - word.len());
    }
    if behind.starts_with(word) {
        return Some(at);
    }
    let dotted =
        |(found, _): &(usize, &str)| behind.get(..*found).is_some_and(|before| before.trim_end().ends_with('.'));
    behind.match_indices(word).find(dotted).map(|(found, _)| at + found)
}

impl Rule {
    /// Whether the rule applies; the error says why that cannot be told, without a value of the question.
    pub(crate) fn applies(&self, context: &Context<'_, '_>) -> Result<bool, String> {
        match Value::resolve(&self.when.parsed, context) {
            Ok(Value::Bool(applies)) => Ok(applies),
            Ok(_) => Err(String::from("is neither true nor false")),
            Err(error) => Err(self.when.explain(&error)),
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::new(self.effect, self.reason);
        for Duty { id, kind, properties: Object(properties) } in self.obligations.iter().cloned() {
            outcome = outcome.with_obligation(Obligation { id, kind, properties });
        }
        outcome
    }
}

impl Refusal {
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::deny(self.0)
    }
}

impl Expression {
    /// Names that the rule itself spells are told; values come from the login and are not, even where they are looked up as a name.
    fn explain(&self, error: &ExecutionError) -> String {
        match error {
            ExecutionError::NoSuchKey(name) if self.spells(name) => format!("there is no member {name}"),
            ExecutionError::NoSuchKey(_) => String::from("there is no such member"),
            ExecutionError::UndeclaredReference(name) => format!("nothing is named {name}"),
            ExecutionError::NoSuchOverload(_) => error.to_string(),
            ExecutionError::UnexpectedType { got, want } => format!("expected {want}, got {got}"),
            ExecutionError::InvalidArgumentCount { expected, actual } => {
                format!("expected {expected} arguments, got {actual}")
            }
            ExecutionError::IndexOutOfBounds(_) => String::from("a list is not that long"),
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                String::from("a division by zero")
            }
            ExecutionError::Overflow(..) => String::from("a number grew too large"),
            _ => String::from("the types do not fit"),
        }
    }

    /// Whether this word stands in the text, and not only as a part of another.
    fn spells(&self, word: &str) -> bool {
        let letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.text.match_indices(word).any(|(at, _)| {
            let before = self.text.get(..at).and_then(|before| before.chars().next_back());
            let after = self.text.get(at + word.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(letter) && !after.is_some_and(letter)
        })
    }
}
