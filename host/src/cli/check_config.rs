//! `vigie check-config`: everything that `vigie serve` would refuse at its start, without a socket, a state file or the provider.
//!
//! With `--schema` it prints the JSON Schema of the file instead, for editors; `host/vigie.schema.json` is a copy.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::serve::{compiler, socket, warn_of_personal_data};
use super::{Format, refuse};
use crate::config::{self, Config, ConfigError};
use crate::log::PseudonymKey;
use crate::metrics::Metrics;
use crate::problem::Explain;
use crate::provider::{Pace, Providers};
use crate::service::{Components, StartError, system_clock};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", required_unless_present = "schema")]
    config: Option<PathBuf>,
    /// Print the JSON Schema of the file and check nothing.
    #[arg(long, conflicts_with = "config")]
    schema: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Some(path) = &arguments.config else {
        println!("{:#}", config::schema());
        return ExitCode::SUCCESS;
    };
    match (check(path), arguments.format) {
        (Ok((config, components)), format) => {
            warn_of_personal_data(&config);
            socket::warn_of_asserted(&config);
            match format {
                Format::Human => tell(path, &config, &components),
                Format::Json => println!("{}", report(&config, &components)),
            }
            ExitCode::SUCCESS
        }
        (Err(error), Format::Human) => refuse(&error),
        (Err(error), Format::Json) => {
            let (message, help) = (error.to_string(), error.help());
            println!("{}", json!({ "holds": false, "code": error.code(), "message": message, "help": help }));
            ExitCode::from(1)
        }
    }
}

fn check(path: &Path) -> Result<(Config, Components), StartError> {
    let config = Config::read(path)?;
    for (key, file) in [("state.path", Some(&config.state)), ("log.decisions", config.log.file.as_ref())] {
        let directory = file.and_then(|file| file.parent()).filter(|directory| !directory.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            let problem = format!("there is no directory {}", directory.display());
            return Err(ConfigError::Value { place: key.into(), problem }.into());
        }
    }
    let key = PseudonymKey::path(&config.state);
    if key.exists() {
        PseudonymKey::open_existing(&key).map_err(crate::log::OpenLogError::from)?;
    }
    let components = Components::check(&config, &compiler(&config)?, &system_clock())?;
    // The provider need not be there; what the configuration says about reaching it must make sense.
    Providers::new(&config, &Pace::default(), &system_clock(), &Arc::new(Metrics::new("")))?;
    socket::prepare(&config, config.server.listen)?;
    Ok((config, components))
}

fn tell(path: &Path, config: &Config, components: &Components) {
    println!("{} holds", path.display());
    println!("  core {}", components.verifier.digest());
    for (place, audience) in config.audiences.iter().enumerate() {
        for policy in components.policies.table().of(place).iter() {
            let Some(about) = policy.description() else { continue };
            println!("  {} asks {}: {} {}, {}", audience.id, policy.id, about.name, about.version, about.summary);
        }
    }
}

fn report(config: &Config, components: &Components) -> Value {
    let audiences: Vec<Value> = config
        .audiences
        .iter()
        .enumerate()
        .map(|(place, audience)| {
            let policies: Vec<Value> = components
                .policies
                .table()
                .of(place)
                .iter()
                .map(|policy| {
                    let about = policy.description();
                    json!({
                        "id": policy.id, "role": policy.role.name(), "digest": policy.digest,
                        "name": about.map(|about| &about.name), "version": about.map(|about| &about.version),
                    })
                })
                .collect();
            json!({ "id": audience.id, "policies": policies })
        })
        .collect();
    json!({ "holds": true, "core_digest": components.verifier.digest(), "audiences": audiences })
}
