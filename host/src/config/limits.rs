//! What every evaluation is held to. All of them are mandatory in the file: a limit that has a default is a limit nobody chose.
//!
//! The ranges only refuse values that cannot work or that undo the limit; the choice inside them is the operator's.

use schemars::JsonSchema;
use serde::Deserialize;

use super::ConfigError;

/// Checked limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time one component call may take.
    pub timeout_ms: u64,
    /// Linear memory of one component, which may have one memory only.
    pub memory_bytes: usize,
    /// Elements of one table.
    pub table_elements: usize,
    /// Native stack of one component call.
    pub stack_bytes: usize,
    /// Bytes a component may hand to the host in one call, results and imports together.
    pub hostcall_bytes: usize,
    /// Components that may run at the same time; one more is answered 503.
    pub instances: u32,
    /// Body of one HTTP request.
    pub request_bytes: usize,
    /// Lines one policy call may log; the rest is dropped and counted.
    pub log_lines: u32,
    /// Bytes of one such line; the rest is cut.
    pub log_line_bytes: usize,
    /// Bytes of one policy's answer, all its texts and obligations together.
    pub outcome_bytes: usize,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Wire {
    /// Wall-clock time one component call may take.
    timeout_ms: u64,
    /// Linear memory of one component, which may have one memory only.
    memory_bytes: u64,
    /// Elements of one table.
    table_elements: u64,
    /// Native stack of one component call.
    stack_bytes: u64,
    /// Bytes a component may hand to the host in one call, results and imports together.
    hostcall_bytes: u64,
    /// Components that may run at the same time; one more is answered 503.
    instances: u64,
    /// Body of one HTTP request.
    request_bytes: u64,
    /// Lines one policy call may log; the rest is dropped and counted.
    log_lines: u64,
    /// Bytes of one such line; the rest is cut.
    log_line_bytes: u64,
    /// Bytes of one policy's answer, all its texts and obligations together.
    outcome_bytes: u64,
    /// Time that compiling one component may take.
    compile_timeout_ms: u64,
    /// Address space of the process that compiles.
    compile_memory_bytes: u64,
    /// Where policies of the class large differ; without this table there are none.
    large: Option<Large>,
}

/// Where policies of the class large differ. All of it is mandatory here too.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Large {
    /// Wall-clock time one component call may take.
    timeout_ms: u64,
    /// Linear memory of one component.
    memory_bytes: u64,
    /// Elements of one table.
    table_elements: u64,
    /// Native stack of one component call.
    stack_bytes: u64,
    /// Components of this class that may run at the same time.
    instances: u64,
}

/// One WebAssembly page (core specification, section 4.2.8).
const PAGE: u64 = 65_536;

/// The limits of the class small, and those of the class large when there are any.
pub(super) fn check(wire: &Wire) -> Result<(Limits, Option<Limits>), ConfigError> {
    let small = check_as("limits", wire)?;
    let Some(large) = wire.large.clone() else { return Ok((small, None)) };
    let Large { timeout_ms, memory_bytes, table_elements, stack_bytes, instances } = large;
    let wire = Wire { timeout_ms, memory_bytes, table_elements, stack_bytes, instances, ..wire.clone() };
    Ok((small, Some(check_as("limits.large", &wire)?)))
}

/// What compiling one component may take: milliseconds, and bytes of address space. The same for both classes.
pub(super) fn compiling(wire: &Wire) -> Result<(u64, u64), ConfigError> {
    let checked = |key: &str, value: u64, low: u64, high: u64| {
        within(value, low, high).map_err(|problem| super::value(&format!("limits.{key}"), &problem))
    };
    Ok((
        checked("compile_timeout_ms", wire.compile_timeout_ms, 100, 3_600_000)?,
        // Less, and the compiler itself does not start.
        checked("compile_memory_bytes", wire.compile_memory_bytes, 64 << 20, 64 << 30)?,
    ))
}

fn check_as(table: &str, wire: &Wire) -> Result<Limits, ConfigError> {
    let refuse = |key: &str, problem: &str| super::value(&format!("{table}.{key}"), problem);
    let within =
        |key: &str, value: u64, low: u64, high: u64| within(value, low, high).map_err(|problem| refuse(key, &problem));
    let size = |key: &str, value: u64| {
        usize::try_from(value).map_err(|_| refuse(key, &format!("{value} does not fit this machine")))
    };
    // The ticker counts ten ticks to a timeout and a tick is at least a millisecond.
    let timeout_ms = within("timeout_ms", wire.timeout_ms, 10, 60_000)?;
    // A stock Rust component starts with 17 pages; more than 1 GiB times the pool is no limit.
    let memory_bytes = within("memory_bytes", wire.memory_bytes, PAGE, 1 << 30)?;
    if memory_bytes % PAGE != 0 {
        return Err(refuse("memory_bytes", &format!("{memory_bytes} is not a multiple of {PAGE}")));
    }
    Ok(Limits {
        timeout_ms,
        memory_bytes: size("memory_bytes", memory_bytes)?,
        table_elements: size("table_elements", within("table_elements", wire.table_elements, 16, 1 << 20)?)?,
        // Wasmtime's own default is 512 KiB and the threads that call into it have 2 MiB.
        stack_bytes: size("stack_bytes", within("stack_bytes", wire.stack_bytes, 64 << 10, 1 << 20)?)?,
        // Wasmtime's own default is 128 MiB.
        hostcall_bytes: size("hostcall_bytes", within("hostcall_bytes", wire.hostcall_bytes, 4 << 10, 128 << 20)?)?,
        instances: within("instances", wire.instances, 1, 100_000)?.try_into().unwrap_or(u32::MAX),
        // An ID token, an access token and UserInfo are a few kilobytes each.
        request_bytes: size("request_bytes", within("request_bytes", wire.request_bytes, 1 << 10, 16 << 20)?)?,
        log_lines: within("log_lines", wire.log_lines, 0, 1_000)?.try_into().unwrap_or(u32::MAX),
        log_line_bytes: size("log_line_bytes", within("log_line_bytes", wire.log_line_bytes, 16, 64 << 10)?)?,
        outcome_bytes: size("outcome_bytes", within("outcome_bytes", wire.outcome_bytes, 256, 1 << 20)?)?,
    })
}

/// The value, or what is wrong with it.
pub(super) fn within(value: u64, low: u64, high: u64) -> Result<u64, String> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(format!("{value} is not between {low} and {high}")) }
}
