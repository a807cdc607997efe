//! What can be known of a rule before anybody asks: names, functions, members, and whether its parts fit.
//!
//! A rule that misspells a member, or compares a level with a text, would be a refusal at every question, or a condition that never
//! holds; its author reads it here, with line and column, when the policy is loaded. What a caller sends has no shape
//! ([`Shape::Any`]) and is left alone. This is no type checker of CEL: it knows the variables of [`variables`](crate::variables) and the
//! functions below, which are all that there are.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

/// What a part of an expression is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Nobody knows before a question comes.
    Any,
    Bool,
    Number,
    Text,
    /// Texts under names that nobody knows.
    Texts,
    Record(&'static Record),
    List(Item),
}

/// What a list has. Lists of other things have [`Item::Any`].
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    Any,
    Number,
    Text,
    Record(&'static Record),
}

/// A map whose members are known.
#[derive(Debug)]
pub(crate) struct Record {
    /// With its article.
    pub(crate) name: &'static str,
    pub(crate) members: &'static [(&'static str, Shape)],
}

impl Shape {
    fn words(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Texts => "a map",
            Self::Record(record) => record.name,
            Self::List(_) => "a list",
        }
    }

    /// False only where the two are known to be different things.
    fn fits(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Texts | Self::Record(_), Self::Texts | Self::Record(_)) => true,
            _ => core::mem::discriminant(&self) == core::mem::discriminant(&other),
        }
    }
}

impl From<Item> for Shape {
    fn from(item: Item) -> Self {
        match item {
            Item::Any => Self::Any,
            Item::Number => Self::Number,
            Item::Text => Self::Text,
            Item::Record(record) => Self::Record(record),
        }
    }
}

impl From<Shape> for Item {
    fn from(shape: Shape) -> Self {
        match shape {
            Shape::Number => Self::Number,
            Shape::Text => Self::Text,
            Shape::Record(record) => Self::Record(record),
            Shape::Any | Shape::Bool | Shape::Texts | Shape::List(_) => Self::Any,
        }
    }
}

/// What does not fit, and the expression where it stands.
pub(crate) struct Problem {
    pub(crate) id: u64,
    /// The member or function that is meant, when the expression has more than one word.
    pub(crate) word: Option<String>,
    pub(crate) message: String,
}

/// A function, and how it is written. Those of [`MACROS`] are none any more once they are parsed.
struct Function {
    name: &'static str,
    /// What it is asked of, where that stands before the dot.
    of: Option<Shape>,
    arguments: &'static [Shape],
    result: Shape,
    form: &'static str,
}

const fn from_any(name: &'static str, result: Shape, form: &'static str) -> Function {
    Function { name, of: None, arguments: &[Shape::Any], result, form }
}

const fn of_text(name: &'static str, form: &'static str) -> Function {
    Function { name, of: Some(Shape::Text), arguments: &[Shape::Text], result: Shape::Bool, form }
}

const FUNCTIONS: &[Function] = &[
    of_text("contains", "text.contains(text)"),
    of_text("endsWith", "text.endsWith(text)"),
    of_text("startsWith", "text.startsWith(text)"),
    Function {
        name: "size",
        of: Some(Shape::Any),
        arguments: &[],
        result: Shape::Number,
        form: "size(list) or list.size()",
    },
    from_any("size", Shape::Number, "size(list) or list.size()"),
    from_any("bool", Shape::Bool, "bool(text)"),
    from_any("bytes", Shape::Any, "bytes(text)"),
    from_any("double", Shape::Number, "double(value)"),
    from_any("dyn", Shape::Any, "dyn(value)"),
    from_any("int", Shape::Number, "int(value)"),
    from_any("string", Shape::Text, "string(value)"),
    from_any("type", Shape::Any, "type(value)"),
    from_any("uint", Shape::Number, "uint(value)"),
];

/// What the parser rewrites where it is written like this, and leaves as an unknown function where it is not.
const MACROS: &[(&str, &str)] = &[
    ("has", "has(map.member)"),
    ("exists", "list.exists(name, condition)"),
    ("exists_one", "list.exists_one(name, condition)"),
    ("existsOne", "list.existsOne(name, condition)"),
    ("all", "list.all(name, condition)"),
    ("filter", "list.filter(name, condition)"),
    ("map", "list.map(name, value)"),
];

/// Levels of an expression, chains of operators included: evaluation goes as deep, on 256 KiB of stack, which are used up after 190 of the
/// widest.
const DEEPEST: usize = 128;

/// Checks a whole rule.
pub(crate) fn rule(expression: &IdedExpr, globals: &[(&'static str, Shape)]) -> Result<(), Problem> {
    let scope = globals.iter().map(|(name, shape)| (*name, *shape)).collect();
    let mut check = Check { scope, globals, depth: 0 };
    match check.shape(expression)? {
        Shape::Any | Shape::Bool => Ok(()),
        other => problem(expression, ["the rule is ", other.words(), ", and must be true or false"].concat()),
    }
}

fn problem<T>(at: &IdedExpr, message: String) -> Result<T, Problem> {
    Err(Problem { id: at.id, word: None, message })
}

struct Check<'a> {
    /// What names mean here, the innermost last.
    scope: Vec<(&'a str, Shape)>,
    globals: &'a [(&'static str, Shape)],
    depth: usize,
}

impl<'a> Check<'a> {
    fn shape(&mut self, expression: &'a IdedExpr) -> Result<Shape, Problem> {
        if self.depth >= DEEPEST {
            return problem(expression, String::from("the expression is too deep or too long; make two rules of it"));
        }
        self.depth += 1;
        let shape = match &expression.expr {
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Shape::Bool,
                LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Shape::Number,
                LiteralValue::String(_) => Shape::Text,
                LiteralValue::Bytes(_) | LiteralValue::Null => Shape::Any,
            }),
            Expr::Ident(name) => self.name(expression, name),
            Expr::Select(select) => self.member(expression, select),
            Expr::Call(call) => self.call(expression, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(list) => self.list(&list.elements),
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.shape(&entry.key)?;
                        self.shape(&entry.value)?;
                    }
                }
                Ok(Shape::Any)
            }
            Expr::Struct(made) => problem(expression, ["there is no type ", &made.type_name].concat()),
            Expr::Unspecified => problem(expression, String::from("an expression is missing")),
        };
        self.depth -= 1;
        shape
    }

    fn name(&self, at: &IdedExpr, name: &str) -> Result<Shape, Problem> {
        if let Some((_, shape)) = self.scope.iter().rev().find(|(known, _)| *known == name) {
            return Ok(*shape);
        }
        let known: Vec<&str> = self.globals.iter().map(|(name, _)| *name).collect();
        problem(at, ["nothing is named ", name, "; known here: ", &known.join(", ")].concat())
    }

    fn member(&mut self, at: &IdedExpr, select: &'a SelectExpr) -> Result<Shape, Problem> {
        let operand = self.shape(&select.operand)?;
        // `has(a.b)` has a place of its own, which is that of `has`: the member is looked for behind its operand.
        let id = if select.test { select.operand.id } else { at.id };
        let shape = field(operand, &select.field).map_err(|message| Problem {
            id,
            word: Some(select.field.clone()),
            message,
        })?;
        Ok(if select.test { Shape::Bool } else { shape })
    }

    fn list(&mut self, elements: &'a [IdedExpr]) -> Result<Shape, Problem> {
        let mut shapes = Vec::with_capacity(elements.len());
        for element in elements {
            shapes.push(self.shape(element)?);
        }
        // Of one kind only where all are.
        let first = shapes.first().copied().unwrap_or(Shape::Any);
        let alike = shapes.iter().all(|shape| !matches!(shape, Shape::Any) && shape.fits(first));
        Ok(Shape::List(if alike { first.into() } else { Item::Any }))
    }

    /// What `exists`, `all`, `filter` and the others were rewritten to: a loop over a list with a result that grows.
    fn comprehension(&mut self, it: &'a ComprehensionExpr) -> Result<Shape, Problem> {
        let range = self.shape(&it.iter_range)?;
        let item = match range {
            Shape::List(item) => item.into(),
            Shape::Any => Shape::Any,
            // Of a map, the names of its members.
            Shape::Texts | Shape::Record(_) => Shape::Text,
            other => {
                return problem(&it.iter_range, ["expected a list, found ", other.words()].concat());
            }
        };
        let start = self.shape(&it.accu_init)?;
        let outside = self.scope.len();
        self.scope.push((&it.accu_var, start));
        self.scope.push((&it.iter_var, item));
        if let Some(second) = &it.iter_var2 {
            self.scope.push((second, Shape::Any));
        }
        let step = self.shape(&it.loop_step);
        // The name is bound within the parentheses only.
        self.scope.truncate(outside + 1);
        let (step, result) = (step?, self.shape(&it.result)?);
        self.scope.truncate(outside);
        Ok(if matches!(result, Shape::List(_)) { step } else { result })
    }

    fn call(&mut self, at: &'a IdedExpr, call: &'a CallExpr) -> Result<Shape, Problem> {
        let name = call.func_name.as_str();
        if let (None, [one]) = (&call.target, call.args.as_slice()) {
            match name {
                operators::LOGICAL_NOT => return self.condition(one),
                operators::NEGATE => return self.number(at, one, Shape::Number),
                _ => {}
            }
        }
        if let (None, [left, right]) = (&call.target, call.args.as_slice())
            && let Some(shape) = self.operator(at, name, left, right)
        {
            return shape;
        }
        if let (operators::CONDITIONAL, [condition, left, right]) = (name, call.args.as_slice()) {
            self.condition(condition)?;
            let (left, right) = (self.shape(left)?, self.shape(right)?);
            let same = core::mem::discriminant(&left) == core::mem::discriminant(&right);
            return Ok(if same { left } else { Shape::Any });
        }
        self.function(at, call)
    }

    fn operator(
        &mut self,
        at: &IdedExpr,
        name: &str,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
    ) -> Option<Result<Shape, Problem>> {
        Some(match name {
            operators::LOGICAL_AND | operators::LOGICAL_OR => self.condition(left).and_then(|_| self.condition(right)),
            operators::EQUALS | operators::NOT_EQUALS => self.compared(at, left, right, false),
            operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
                self.compared(at, left, right, true)
            }
            operators::IN => self.within(at, left, right),
            operators::ADD => self.sum(at, left, right),
            operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO => {
                self.number(at, left, Shape::Number).and_then(|_| self.number(at, right, Shape::Number))
            }
            operators::INDEX => self.index(left, right),
            _ => return None,
        })
    }

    /// True or false, or nobody knows.
    fn condition(&mut self, expression: &'a IdedExpr) -> Result<Shape, Problem> {
        match self.shape(expression)? {
            Shape::Any | Shape::Bool => Ok(Shape::Bool),
            other => problem(expression, ["expected true or false, found ", other.words()].concat()),
        }
    }

    fn number(&mut self, at: &IdedExpr, expression: &'a IdedExpr, result: Shape) -> Result<Shape, Problem> {
        match self.shape(expression)? {
            Shape::Any | Shape::Number => Ok(result),
            other => problem(at, ["expected a number, found ", other.words()].concat()),
        }
    }

    fn compared(
        &mut self,
        at: &IdedExpr,
        left: &'a IdedExpr,
        right: &'a IdedExpr,
        ordered: bool,
    ) -> Result<Shape, Problem> {
        let (left, right) = (self.shape(left)?, self.shape(right)?);
        if !left.fits(right) {
            let (left, right) = (left.words(), right.words());
            return problem(at, [left, " and ", right, " are compared, which are never the same"].concat());
        }
        let known = if matches!(left, Shape::Any) { right } else { left };
        if ordered && !matches!(known, Shape::Any | Shape::Bool | Shape::Number | Shape::Text) {
            return problem(at, [known.words(), " is neither more nor less than another"].concat());
        }
        Ok(Shape::Bool)
    }

    fn within(&mut self, at: &IdedExpr, left: &'a IdedExpr, right: &'a IdedExpr) -> Result<Shape, Problem> {
        let (left, right) = (self.shape(left)?, self.shape(right)?);
        let item = match right {
            Shape::Any => Shape::Any,
            Shape::List(item) => item.into(),
            Shape::Texts | Shape::Record(_) => Shape::Text,
            other => return problem(at, ["expected a list after `in`, found ", other.words()].concat()),
        };
        if left.fits(item) {
            Ok(Shape::Bool)
        } else {
            problem(at, [left.words(), " is looked for where there is only ", item.words()].concat())
        }
    }

    fn sum(&mut self, at: &IdedExpr, left: &'a IdedExpr, right: &'a IdedExpr) -> Result<Shape, Problem> {
        match (self.shape(left)?, self.shape(right)?) {
            (Shape::List(Item::Any), Shape::List(item)) | (Shape::List(item), Shape::List(_)) => Ok(Shape::List(item)),
            (Shape::Any, _) | (_, Shape::Any) => Ok(Shape::Any),
            (Shape::Number, Shape::Number) => Ok(Shape::Number),
            (Shape::Text, Shape::Text) => Ok(Shape::Text),
            (left, right) => problem(at, [left.words(), " and ", right.words(), " have no sum"].concat()),
        }
    }

    fn index(&mut self, of: &'a IdedExpr, by: &'a IdedExpr) -> Result<Shape, Problem> {
        let (shape, index) = (self.shape(of)?, self.shape(by)?);
        let wanted = match shape {
            Shape::Any => return Ok(Shape::Any),
            Shape::List(_) => Shape::Number,
            Shape::Texts | Shape::Record(_) => Shape::Text,
            other => return problem(of, [other.words(), " has no members"].concat()),
        };
        if !index.fits(wanted) {
            let (wanted, found) = (wanted.words(), index.words());
            return problem(by, ["expected ", wanted, " between the brackets, found ", found].concat());
        }
        match (shape, &by.expr) {
            (Shape::List(item), _) => Ok(item.into()),
            (_, Expr::Literal(LiteralValue::String(name))) => {
                field(shape, name.inner()).or_else(|message| problem(by, message))
            }
            _ => Ok(if matches!(shape, Shape::Texts) { Shape::Text } else { Shape::Any }),
        }
    }

    fn function(&mut self, at: &IdedExpr, call: &'a CallExpr) -> Result<Shape, Problem> {
        let name = call.func_name.as_str();
        let wrong = |message| Err(Problem { id: at.id, word: Some(call.func_name.clone()), message });
        let form = FUNCTIONS.iter().find(|one| one.name == name).map(|one| one.form);
        let form = form.or(MACROS.iter().find(|(known, _)| *known == name).map(|(_, form)| *form));
        let Some(form) = form else {
            let mut known: Vec<&str> = FUNCTIONS.iter().map(|one| one.name).collect();
            known.extend(MACROS.iter().map(|(name, _)| *name));
            known.sort_unstable();
            known.dedup();
            return wrong(["no function is named ", name, "; known here: ", &known.join(", ")].concat());
        };
        let (target, arguments) = (call.target.as_deref(), call.args.len());
        let fits = |one: &&Function| {
            one.name == name && one.of.is_some() == target.is_some() && one.arguments.len() == arguments
        };
        let Some(function) = FUNCTIONS.iter().find(fits) else {
            return wrong([name, " is written ", form].concat());
        };
        let of = target.into_iter().zip(function.of);
        for (expression, wanted) in of.chain(call.args.iter().zip(function.arguments.iter().copied())) {
            let found = self.shape(expression)?;
            let countless = name == "size" && matches!(found, Shape::Number | Shape::Bool);
            if !found.fits(wanted) || countless {
                return wrong([name, " is written ", form, ", and this is ", found.words()].concat());
            }
        }
        Ok(function.result)
    }
}

/// A member by its name.
fn field(of: Shape, name: &str) -> Result<Shape, String> {
    match of {
        Shape::Any => Ok(Shape::Any),
        Shape::Texts => Ok(Shape::Text),
        Shape::Record(record) => match record.members.iter().find(|(known, _)| *known == name) {
            Some((_, shape)) => Ok(*shape),
            None => {
                let known: Vec<&str> = record.members.iter().map(|(name, _)| *name).collect();
                Err([record.name, " has no member ", name, "; known here: ", &known.join(", ")].concat())
            }
        },
        other => Err([other.words(), " has no members"].concat()),
    }
}
