//! One line of the table: what was measured, what stands beside it, and what is asked for.

use serde::Serialize;

/// One measured figure.
#[derive(Serialize)]
pub(crate) struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<Floor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
}

/// What the figure is divided by.
#[derive(Serialize)]
struct Floor {
    what: String,
    value: f64,
}

/// What the ratio, or without a floor the figure, should be.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Target {
    bound: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<f64>,
}

impl Target {
    /// It should not be larger.
    pub(crate) fn at_most(value: f64) -> Self {
        Self { bound: "at most", value, goal: None }
    }

    /// It should not be smaller.
    pub(crate) fn at_least(value: f64) -> Self {
        Self { bound: "at least", value, goal: None }
    }

    /// With what would please.
    pub(crate) fn goal(self, goal: f64) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

impl Row {
    /// A figure by itself.
    pub(crate) fn new(what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, unit, floor: None, target: None }
    }

    /// Beside another of the same unit.
    pub(crate) fn beside(self, what: impl Into<String>, value: f64) -> Self {
        Self { floor: Some(Floor { what: what.into(), value }), ..self }
    }

    /// What is asked of it.
    pub(crate) fn wants(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }
}
