//! Two hundred people at once: nobody is lost.

#[path = "../../examples/load/driver.rs"]
mod driver;

use crate::program_world::Folder;
use crate::world::World;
use driver::Target;

const PARALLEL: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_logins_at_once_lose_none() {
    let folder = Folder::make("load");
    let people = folder.path().join("people.toml");
    std::fs::write(&people, driver::people(PARALLEL)).unwrap();
    let world = World::start_with_people(&people).await;
    let (wallet, issuer) = (world.ready.wallet.clone(), world.ready.issuer.clone());
    let target = Target { wallet, issuer, phone_api: world.ready.phone_api.clone() };
    let http = driver::client().unwrap();
    let mut logins = tokio::task::JoinSet::new();
    for number in 0..PARALLEL {
        let (http, target) = (http.clone(), target.clone());
        logins.spawn(async move { driver::log_in(&http, &target, &driver::person(number)).await });
    }
    let lost: Vec<String> = logins.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(lost.is_empty(), "{} lost: {:#?}", lost.len(), lost.first());
}
