//! `state`, and what classes and versions say about it.

use super::Context;
use super::law::law;
use super::version::by_class;
use crate::plan::{
    Cache, CachePlace, Call, CallTarget, Formats, Login, Need, OnWrite, Replace, RequestClass,
    Rows, SessionStore, Sessions, State, Store, Unreadable, Version, VersionState,
};
use crate::scenario::checked::{Checked, Held};
use crate::scenario::code;

/// Formats of a version that names none.
const FIRST_FORMAT: &str = "v1";
/// Bits of a set of formats.
const MOST_FORMATS: usize = 32;

/// The state of a scenario; classes and versions are told what concerns them.
pub fn state(
    context: &mut Context<'_>,
    root: &Checked,
    stores: &[Store],
    classes: &mut [RequestClass],
    versions: &mut [Version],
) -> State {
    let Some(at) = root.at("state").given() else {
        let state = State::default();
        class_states(context, root, stores, &state, classes);
        version_states(context, root, &state, versions);
        return state;
    };
    let mut state = State {
        sessions: at.at("sessions").unless("none").map(|at| sessions(context, at, classes)),
        caches: caches(context, at.at("caches"), stores),
        needs: needs(context, at, classes),
        rows: at.at("rows").unless("none").map(|at| Rows {
            keys: at.at("keys").count32(),
            zipf: at.at("zipf").number(),
            used_by: by_class(context, at.at("used_by"), 0.0, classes),
            formats: Vec::new(),
        }),
    };
    let (session, rows) = version_states(context, root, &state, versions);
    if let Some(sessions) = &mut state.sessions {
        sessions.formats = session;
    }
    if let Some(of_rows) = &mut state.rows {
        of_rows.formats = rows;
    }
    class_states(context, root, stores, &state, classes);
    state
}

fn sessions(context: &mut Context<'_>, at: &Checked, classes: &[RequestClass]) -> Sessions {
    let names: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    let login = at.at("login");
    let login = if login.is("next_request") {
        Some(Login::NextRequest)
    } else {
        login.unless("none").and_then(|at| {
            let class = context.find(at.at("class"), "request class", &names)? as u16;
            Some(Login::Request { class, after: law(context, at.at("after")) })
        })
    };
    let (store, inner) = at.at("store").choice();
    Sessions {
        store: match store {
            "memory" | "sticky" => SessionStore::Memory,
            "replicated" => SessionStore::Replicated { lag: inner.at("lag").duration() },
            _ => SessionStore::Shared,
        },
        ttl: at.at("ttl").unless("none").map(Checked::duration),
        rewrite: at.at("rewrite").number(),
        unreadable: if at.at("unreadable").is("login_in_place") {
            Unreadable::LoginInPlace
        } else {
            Unreadable::Unauthorized
        },
        login,
        formats: Vec::new(),
    }
}

/// Whether sessions ask the balancer for its cookie, and how long that is to live.
pub fn wants_cookie(root: &Checked) -> Option<crate::engine::SimDuration> {
    let sessions = root.at("state").given()?.at("sessions").unless("none")?;
    let is_sticky = sessions.at("store").choice().0 == "sticky";
    let ttl = sessions.at("ttl").unless("none").map(Checked::duration);
    is_sticky.then(|| ttl.unwrap_or(crate::engine::SimDuration::LONGEST))
}

fn caches(context: &mut Context<'_>, at: &Checked, stores: &[Store]) -> Vec<Cache> {
    let known: Vec<String> = stores.iter().map(|store| store.name.clone()).collect();
    let items = at.items();
    let both = items.iter().map(|item| (item.at("name").text(), item.at("name")));
    context.distinct("caches", both);
    for item in items {
        if known.iter().any(|name| name == item.at("name").text()) {
            context.error(code::DUPLICATE_NAME, item.at("name"), "a store has this name as well");
        }
    }
    items.iter().filter_map(|item| cache(context, item, &known)).collect()
}

fn cache(context: &mut Context<'_>, item: &Checked, stores: &[String]) -> Option<Cache> {
    let store = context.find(item.at("store"), "store", stores)? as u16;
    let replace = item.at("replace");
    Some(Cache {
        name: item.at("name").text().to_owned(),
        store,
        place: if item.at("place").is("instance") {
            CachePlace::Instance
        } else {
            CachePlace::Nodes(item.at("nodes").count32())
        },
        keys: item.at("keys").count32(),
        zipf: item.at("zipf").number(),
        capacity: item.at("capacity").unless("unlimited").map(Checked::count32),
        ttl: item.at("ttl").unless("none").map(Checked::duration),
        on_write: match item.at("on_write").word() {
            "update" => OnWrite::Update,
            "invalidate" => OnWrite::Invalidate,
            _ => OnWrite::Nothing,
        },
        everywhere: item.at("invalidates").is("all"),
        coalescing: item.at("coalescing").bool(),
        warm: item.at("initially").is("warm"),
        replace: Replace {
            batch: replace.at("batch").number(),
            every: replace.at("every").duration(),
            until: replace.at("until").number(),
            keep: replace.at("keep").bool(),
        },
    })
}

fn needs(context: &mut Context<'_>, at: &Checked, classes: &[RequestClass]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (field, column) in [("columns", true), ("settings", false)] {
        let items = at.at(field).named();
        for (name, item) in items {
            if needs.iter().any(|need| need.name == *name) {
                context.error(code::DUPLICATE_NAME, item, "a column has this name as well");
            }
            needs.push(Need {
                name: name.clone(),
                column,
                used_by: by_class(context, item.at("used_by"), 0.0, classes),
                exists: item.at("exists").bool(),
            });
        }
    }
    needs
}

/// Tells the versions their formats, keys and needs; the names of formats of sessions and rows.
fn version_states(
    context: &mut Context<'_>,
    root: &Checked,
    state: &State,
    versions: &mut [Version],
) -> (Vec<String>, Vec<String>) {
    let mut session = vec![FIRST_FORMAT.to_owned()];
    let mut rows = session.clone();
    let mut keys = vec![String::new()];
    for version in versions {
        let written = root.at("versions").named().iter().find(|(name, _)| *name == version.name);
        let Some((_, at)) = written else {
            version.state = VersionState { session: first(), rows: first(), ..Default::default() };
            continue;
        };
        let naming = at.at("cache_keys").given().map_or("", Checked::text);
        let space = keys.iter().position(|known| known == naming).unwrap_or_else(|| {
            keys.push(naming.to_owned());
            keys.len() - 1
        });
        if space > usize::from(u8::MAX) {
            context.error(code::RANGE, at, "more than 256 namings of keys");
        }
        version.state = VersionState {
            session: formats(context, at.at("session"), &mut session),
            rows: formats(context, at.at("rows"), &mut rows),
            key_space: space as u8,
            needs: needs_of(context, at.at("columns"), state, Some(true))
                .into_iter()
                .chain(needs_of(context, at.at("settings"), state, Some(false)))
                .collect(),
            broken_by: needs_of(context, at.at("breaks_on"), state, None),
        };
    }
    (session, rows)
}

fn first() -> Formats {
    Formats { reads: 1, writes: 0 }
}

fn formats(context: &mut Context<'_>, at: &Checked, known: &mut Vec<String>) -> Formats {
    let Some(at) = at.given() else { return first() };
    let mut number = |at: &Checked| {
        let place = known.iter().position(|name| name == at.text()).unwrap_or_else(|| {
            known.push(at.text().to_owned());
            known.len() - 1
        });
        if place >= MOST_FORMATS {
            context.error(code::RANGE, at, "more than 32 formats");
        }
        place.min(MOST_FORMATS - 1) as u8
    };
    let reads = at.at("reads").items().iter().fold(0, |set, item| set | (1 << number(item)));
    Formats { reads, writes: number(at.at("writes")) }
}

/// The needs that a list names; columns alone, settings alone, or both.
fn needs_of(
    context: &mut Context<'_>,
    at: &Checked,
    state: &State,
    column: Option<bool>,
) -> Vec<u16> {
    let what = match column {
        Some(true) => "column",
        Some(false) => "setting",
        None => "column or setting",
    };
    let fits = |need: &Need| column.is_none_or(|column| column == need.column);
    let names: Vec<String> =
        state.needs.iter().map(|n| if fits(n) { n.name.clone() } else { String::new() }).collect();
    let items = at.items();
    items.iter().filter_map(|item| context.find(item, what, &names)).map(|i| i as u16).collect()
}

/// Tells the classes whether they need a session, what they write and what they call.
fn class_states(
    context: &mut Context<'_>,
    root: &Checked,
    stores: &[Store],
    state: &State,
    classes: &mut [RequestClass],
) {
    let targets: Vec<(String, CallTarget)> = (0u16..)
        .zip(stores)
        .map(|(number, store)| (store.name.clone(), CallTarget::Store(number)))
        .chain(
            (0u16..)
                .zip(&state.caches)
                .map(|(number, cache)| (cache.name.clone(), CallTarget::Cache(number))),
        )
        .collect();
    let names: Vec<String> = targets.iter().map(|(name, _)| name.clone()).collect();
    let login = state.sessions.as_ref().and_then(|sessions| sessions.login.as_ref()?.class());
    for (number, (item, class)) in root.at("traffic").items().iter().zip(classes).enumerate() {
        let is_login = login.is_some_and(|class| usize::from(class) == number);
        let given = item.at("session").given();
        if let Some(at) = given.filter(|at| at.bool() && state.sessions.is_none()) {
            let message = "there are no sessions that it could need (`state.sessions`)";
            context.error(code::DANGLING, at, message);
        }
        class.state.session = state.sessions.is_some() && given.map_or(!is_login, Checked::bool);
        class.state.writes = item.at("writes").given().map_or(0.0, Checked::number);
        class.state.calls = Vec::new();
        for (name, count) in item.at("calls").named() {
            let key = Checked { held: Held::Text(name.clone()), ..count.clone() };
            if let Some(place) = context.find(&key, "store or cache", &names) {
                let call = Call { target: targets[place].1, count: count.count32() };
                class.state.calls.push(call);
            }
        }
    }
}
