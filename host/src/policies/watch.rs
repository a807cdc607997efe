//! When policies are looked at again without an operator's call: a file changed, or the process got SIGHUP.
//!
//! Directories are watched, not files, because editors and deployments put a new file in the old one's place. Links are followed, and the
//! directory of each is watched too: a release that `current` leads to, or a volume of Kubernetes, is exchanged by another link. What else lies in
//! those directories is no concern, and is left out before anybody is woken: a log that is written all the time must neither have
//! policies reloaded nor keep a reload waiting for a quiet moment. Several changes within a moment are one, so that a configuration and
//! its components can be copied one after the other.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::event::{EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};

use super::Cause;
use crate::config::Watch;
use crate::service::Service;

/// What wakes the host. Nothing is missed between making it and following it.
pub struct Wakes {
    hangup: Option<Signal>,
    files: Option<Files>,
}

/// Directories under watch.
struct Files {
    watcher: RecommendedWatcher,
    changed: Receiver<()>,
    directories: BTreeSet<PathBuf>,
    wanted: Arc<ArcSwap<BTreeSet<PathBuf>>>,
}

/// Without news for this long, a deployment is at its end.
const QUIET: Duration = Duration::from_millis(300);
/// A deployment that does not end is looked at all the same, and again later.
const LONGEST_UNREST: Duration = Duration::from_secs(5);
/// Changes that wait to be noticed. What does not fit says nothing that the ones before did not.
const WAITING: usize = 16;

impl Wakes {
    /// Listens from now on. What cannot be had is said, and the rest works.
    pub fn listen(service: &Service, watch: Watch) -> Self {
        let hangup = signal(SignalKind::hangup()).inspect_err(|error| {
            tracing::error!(code = "POL-WATCH", kind = %error.kind(), "SIGHUP cannot be listened for");
        });
        let files = match watch {
            Watch::Off => None,
            Watch::Files => Files::new(service)
                .inspect_err(|error| {
                    tracing::error!(
                        code = "POL-WATCH",
                        reason = %error,
                        "files cannot be watched; send SIGHUP or call POST /v1/policies/reload after a change"
                    );
                })
                .ok(),
        };
        Self { hangup: hangup.ok(), files }
    }

    /// Reloads policies each time it is woken, for as long as it is polled.
    pub async fn follow(mut self, service: Arc<Service>) {
        loop {
            let cause = tokio::select! {
                () = hangup(&mut self.hangup) => Cause::Signal,
                () = changed(&mut self.files) => Cause::Files,
            };
            let (worker, now) = (Arc::clone(&service), service.now());
            // What goes wrong is logged where it happens; the policies in service stay.
            let _told = tokio::task::spawn_blocking(move || worker.policies.reload(cause, now).map(drop)).await;
            if let Some(files) = &mut self.files {
                files.watch(&service);
            }
        }
    }
}

async fn hangup(signal: &mut Option<Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

async fn changed(files: &mut Option<Files>) {
    match files {
        Some(files) => files.changed().await,
        None => std::future::pending().await,
    }
}

impl Files {
    fn new(service: &Service) -> notify::Result<Self> {
        let (tell, changed) = channel(WAITING);
        let wanted = Arc::new(ArcSwap::from_pointee(BTreeSet::new()));
        let looked_for = Arc::clone(&wanted);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            // Reading a file is news too, and this host reads them all at each change.
            let writes = matches!(
                event.kind,
                EventKind::Create(_)
                    | EventKind::Remove(_)
                    | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Name(_))
            );
            // Where the system lost track, anything may have changed.
            if event.need_rescan() || (writes && event.paths.iter().any(|path| counts(&looked_for.load(), path))) {
                let _full = tell.try_send(());
            }
        })?;
        let mut files = Self { watcher, changed, directories: BTreeSet::new(), wanted };
        files.watch(service);
        Ok(files)
    }

    /// Watches what the configuration names now.
    fn watch(&mut self, service: &Service) {
        let wanted: BTreeSet<PathBuf> = service.policies.files().iter().flat_map(|path| way_to(path)).collect();
        let parents = wanted.iter().filter_map(|path| path.parent().map(Path::to_owned));
        let inside = wanted.iter().filter(|path| path.is_dir()).flat_map(|path| [path.clone(), path.join("vectors")]);
        let directories: BTreeSet<PathBuf> = parents.chain(inside).filter(|path| path.is_dir()).collect();
        self.wanted.store(Arc::new(wanted));
        for gone in self.directories.difference(&directories) {
            // A directory that was removed is not watched any more anyway.
            let _gone = self.watcher.unwatch(gone);
        }
        for directory in &directories {
            // Again for those that were watched: the name may be another directory's by now.
            if let Err(error) = self.watcher.watch(directory, RecursiveMode::NonRecursive) {
                tracing::error!(code = "POL-WATCH", directory = %directory.display(), reason = %error, "a directory cannot be watched");
            }
        }
        self.directories = directories;
    }

    /// Ready when something that counts changed, and nothing has for a moment.
    async fn changed(&mut self) {
        if self.changed.recv().await.is_none() {
            return std::future::pending().await;
        }
        let quiet = async { while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changed.recv()).await {} };
        let _still_going_on = tokio::time::timeout(LONGEST_UNREST, quiet).await;
    }
}

/// Linux follows no more (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Where a path leads in the end, and every link on the way; none of them leads through a link itself, so that they are the names under
/// which changes are reported.
fn way_to(path: &Path) -> BTreeSet<PathBuf> {
    let mut way = BTreeSet::new();
    let mut rest = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for _ in 0..MOST_LINKS {
        let mut parts = rest.components();
        let mut reached = PathBuf::new();
        let link = loop {
            match parts.next() {
                None => {
                    way.insert(reached);
                    return way;
                }
                // No link is left in what was reached, so the parent is the one that is meant.
                Some(Component::ParentDir) => {
                    reached.pop();
                }
                Some(part) => {
                    reached.push(part);
                    if let Ok(target) = std::fs::read_link(&reached) {
                        break target;
                    }
                }
            }
        };
        rest = reached.parent().unwrap_or(Path::new("/")).join(link).join(parts.as_path());
        way.insert(reached);
    }
    way
}

/// True for a file that the configuration names, and for what lies in a directory that it names.
fn counts(wanted: &BTreeSet<PathBuf>, path: &Path) -> bool {
    path.ancestors().any(|part| wanted.contains(part))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_way_has_every_link_and_the_end() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("..one")).unwrap();
        symlink("..one", root.join("..data")).unwrap();
        symlink("..data/vigie.toml", root.join("vigie.toml")).unwrap();
        symlink(root.join("vigie.toml"), root.join("..one/far")).unwrap();
        let expected = |names: &[&str]| names.iter().map(|name| root.join(name)).collect::<BTreeSet<_>>();
        let whole = ["vigie.toml", "..data", "..one/vigie.toml"];
        assert_eq!(way_to(&root.join("vigie.toml")), expected(&whole));
        assert_eq!(way_to(&root.join("..data/../vigie.toml")), expected(&whole));
        assert_eq!(way_to(&root.join("..one/far")), expected(&[&whole[..], &["..one/far"]].concat()));
        symlink("round", root.join("round")).unwrap();
        assert_eq!(way_to(&root.join("round/x")), expected(&["round"]), "the system gives up too");
    }

    #[test]
    fn only_what_the_configuration_names_counts() {
        let wanted = ["/etc/vigie/vigie.toml", "/srv/policies/bundle"].map(PathBuf::from).into();
        let counts = |path: &str| counts(&wanted, Path::new(path));
        assert!(counts("/etc/vigie/vigie.toml") && counts("/srv/policies/bundle/policy.wasm"));
        assert!(
            !counts("/etc/vigie/decisions.jsonl") && !counts("/etc/vigie/vigie.toml.swp") && !counts("/srv/policies")
        );
    }
}
