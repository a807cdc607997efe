//! Which policies each audience has at this moment.
//!
//! All of them stand in one immutable [`table`]; a change is another table in its place, at once and for all audiences. A question
//! takes the table once and finishes with it, so no question is ever answered half by the old and half by the new policies.

pub mod table;

use std::sync::Arc;

use arc_swap::ArcSwap;

use table::Table;

/// The policies in service.
pub struct Policies {
    table: ArcSwap<Table>,
}

impl Policies {
    /// Begins with this table.
    pub fn new(table: Table) -> Self {
        Self { table: ArcSwap::from_pointee(table) }
    }

    /// The table that questions are answered with from now on.
    pub fn now(&self) -> Arc<Table> {
        self.table.load_full()
    }
}
