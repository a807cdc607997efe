//! One rule: read and checked when the settings are, evaluated when a question comes.

use cel::parser::PrattParser;
use cel::{Context, ExecutionError, IdedExpr, Value};
use vigie_policy::json::{FromJson, Json, Object};
use vigie_policy::{Effect, Obligation, Outcome, Reason, SettingError};

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
    when: IdedExpr,
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
        let WrittenRule { when: Expression(when), effect, reason_code, reason_user, obligations } =
            WrittenRule::from_json(json)?;
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

struct Expression(IdedExpr);

impl FromJson for Expression {
    fn from_json(json: &Json<'_>) -> Result<Self, SettingError> {
        let text = String::from_json(json)?;
        if text.len() > LONGEST {
            return Err(SettingError::at("", "expected at most 4096 bytes of CEL"));
        }
        let parser = PrattParser::new().max_recursion_depth(DEEPEST);
        let expression = parser.parse(&text).map_err(|errors| {
            let message = errors.errors.first().map_or_else(
                || String::from("this is not CEL"),
                // What concerns the whole expression has no place of its own.
                |error| format!("line {}, column {}: {}", error.pos.0.max(1), error.pos.1.max(1), one_line(&error.msg)),
            );
            SettingError::at("", &message)
        })?;
        let unknown = {
            let references = expression.references();
            let mut names = references.variables();
            names.retain(|name| !NAMES.contains(name));
            names.sort_unstable();
            names.into_iter().find_map(|name| Some((place(&text, name)?, String::from(name))))
        };
        match unknown {
            None => Ok(Self(expression)),
            Some(((line, column), name)) => {
                let known = NAMES.join(", ");
                Err(SettingError::at(
                    "",
                    &format!("line {line}, column {column}: nothing is named {name}; known here: {known}"),
                ))
            }
        }
    }
}

/// The parser quotes what it found, which may span lines.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Line and column of a name's first use, from 1, as the parser counts. `None` when it is only bound inside a macro such as
/// `exists(p, …)`.
fn place(text: &str, name: &str) -> Option<(usize, usize)> {
    let bound = ["exists(", "exists_one(", "all(", "filter(", "map("];
    let is_bound = bound.iter().any(|call| {
        text.split(call)
            .skip(1)
            .any(|rest| rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(',')))
    });
    if is_bound {
        return None;
    }
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let (at, _) = text.match_indices(name).find(|(at, _)| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(|before| word(before) || before == '.') && !after.is_some_and(word)
    })?;
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    Some((line, column))
}

impl Rule {
    /// Whether the rule applies; the error says why that cannot be told, without a value of the question.
    pub(crate) fn applies(&self, context: &Context<'_, '_>) -> Result<bool, String> {
        match Value::resolve(&self.when, context) {
            Ok(Value::Bool(applies)) => Ok(applies),
            Ok(_) => Err(String::from("is neither true nor false")),
            Err(error) => Err(explain(&error)),
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

/// Names that the rule itself spells are told; values come from the login and are not.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("there is no member {name}"),
        ExecutionError::UndeclaredReference(name) => format!("nothing is named {name}"),
        ExecutionError::NoSuchOverload(_) => error.to_string(),
        ExecutionError::UnexpectedType { got, want } => format!("expected {want}, got {got}"),
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            format!("expected {expected} arguments, got {actual}")
        }
        ExecutionError::IndexOutOfBounds(_) => String::from("a list is not that long"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => String::from("a division by zero"),
        ExecutionError::Overflow(..) => String::from("a number grew too large"),
        _ => String::from("the types do not fit"),
    }
}
