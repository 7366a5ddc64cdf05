//! `stores`, `faults`, and the operations on state.

use super::Context;
use super::law::law;
use crate::plan::{
    Cache, Fault, FaultKind, FaultTarget, Lock, State, StateOperation, Store, Version, VersionId,
};
use crate::scenario::checked::Checked;
use crate::scenario::code;

/// The stores.
pub fn stores(context: &mut Context<'_>, root: &Checked) -> Vec<Store> {
    let items = root.at("stores").items();
    context.distinct("stores", items.iter().map(|item| (item.at("name").text(), item.at("name"))));
    items.iter().map(|item| store(context, item)).collect()
}

fn store(context: &mut Context<'_>, item: &Checked) -> Store {
    let some = |field: &str| item.at(field).unless("unlimited").map(Checked::count32);
    let read = law(context, item.at("service_time"));
    Store {
        name: item.at("name").text().to_owned(),
        workers: some("workers"),
        queue: some("queue"),
        connections: some("connections"),
        write: item.at("write_time").given().map_or_else(|| read.clone(), |at| law(context, at)),
        read,
        timeout: item.at("timeout").unless("none").map(Checked::duration),
        retries: item.at("retries").count32(),
    }
}

fn names_of(stores: &[Store]) -> Vec<String> {
    stores.iter().map(|store| store.name.clone()).collect()
}

fn cache_names(caches: &[Cache]) -> Vec<String> {
    caches.iter().map(|cache| cache.name.clone()).collect()
}

/// The faults.
pub fn faults(
    context: &mut Context<'_>,
    root: &Checked,
    stores: &[Store],
    state: &State,
    versions: &[Version],
) -> Vec<Fault> {
    let items = root.at("faults").items();
    items.iter().filter_map(|item| fault(context, item, stores, state, versions)).collect()
}

fn fault(
    context: &mut Context<'_>,
    item: &Checked,
    stores: &[Store],
    state: &State,
    versions: &[Version],
) -> Option<Fault> {
    let word = item.at("kind").word();
    let kind = match word {
        "slow" => FaultKind::Slow(item.at("factor").number()),
        "stall" => FaultKind::Stall,
        "refuse" => FaultKind::Refuse,
        "partition" => FaultKind::Partition,
        _ => FaultKind::Kill,
    };
    let (of_stores, of_caches) = (names_of(stores), cache_names(&state.caches));
    let name = item.at("target").text();
    let share = item.at("share").number();
    let target = if let Some(place) = of_stores.iter().position(|known| known == name) {
        FaultTarget::Store(place as u16)
    } else if let Some(place) = of_caches.iter().position(|known| known == name) {
        FaultTarget::Cache(place as u16, share)
    } else if name == "instances" {
        let known: Vec<String> = versions.iter().map(|version| version.name.clone()).collect();
        let version = match item.at("version").given() {
            Some(at) => Some(VersionId(context.find(at, "version", &known)? as u16)),
            None => None,
        };
        FaultTarget::Instances(version, share)
    } else {
        let mut known = of_stores;
        known.extend(of_caches);
        known.push("instances".to_owned());
        context.find(item.at("target"), "store, cache or group of instances", &known);
        return None;
    };
    let fits = match target {
        FaultTarget::Store(_) => true,
        FaultTarget::Cache(..) => matches!(kind, FaultKind::Kill),
        FaultTarget::Instances(..) => {
            matches!(kind, FaultKind::Slow(_) | FaultKind::Stall | FaultKind::Kill)
        }
    };
    if !fits {
        let message = format!("not modelled yet: `{word}` of {name}");
        let error = context.error(code::NOT_MODELLED, item.at("kind"), message);
        error.allowed = Some(
            "`slow`, `stall`, `kill` of instances; `kill` of a cache's nodes; any of a store"
                .to_owned(),
        );
        return None;
    }
    Some(Fault {
        kind,
        target,
        at: item.at("at").duration(),
        lasts: item.at("for").unless("ever").map(Checked::duration),
    })
}

/// An operation on state; `None` after an error, or if it is none.
pub fn operation(
    context: &mut Context<'_>,
    kind: &str,
    at: &Checked,
    stores: &[Store],
    state: &State,
) -> Option<StateOperation> {
    let of_stores = names_of(stores);
    let need = |context: &mut Context<'_>, field: &str, column: bool| {
        let fits = state
            .needs
            .iter()
            .map(|need| if need.column == column { need.name.clone() } else { String::new() });
        let names: Vec<String> = fits.collect();
        context.find(at.at(field), field, &names).map(|place| place as u16)
    };
    Some(match kind {
        "expand" | "contract" => {
            let need = need(context, "column", true)?;
            let lock = match at.at("lock").unless("none") {
                Some(at) => Some(Lock {
                    store: context.find(at.at("store"), "store", &of_stores)? as u16,
                    behind: at.at("behind").duration(),
                    takes: at.at("takes").duration(),
                    timeout: at.at("timeout").unless("none").map(Checked::duration),
                    retry: at.at("retry").duration(),
                }),
                None => None,
            };
            StateOperation::Change { need, exists: kind == "expand", lock }
        }
        "configure" => {
            let need = need(context, "setting", false)?;
            StateOperation::Change { need, exists: at.at("exists").bool(), lock: None }
        }
        "migrate" => {
            let formats = state.rows.as_ref().map_or(Vec::new(), |rows| rows.formats.clone());
            let format = match at.at("format").given() {
                Some(at) => Some(context.find(at, "format of rows", &formats)? as u8),
                None => None,
            };
            StateOperation::Migrate {
                store: context.find(at.at("store"), "store", &of_stores)? as u16,
                takes: at.at("takes").duration(),
                slowdown: at.at("slowdown").number(),
                format,
            }
        }
        "replace_nodes" => {
            let names = cache_names(&state.caches);
            let place = context.find(at.at("cache"), "cache", &names)?;
            StateOperation::ReplaceNodes { cache: place as u16 }
        }
        _ => return None,
    })
}
