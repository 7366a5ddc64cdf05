//! `service` and `platform`.

use super::Context;
use super::law::law;
use crate::plan::{
    ApiLimit, CloseStreams, Discipline, Hpa, IntOrPercent, Lags, NodePlan, OnSigterm, Platform,
    Probe, Probes, Readiness, Service, Shutdown, Startup, UntilListening, Version, WarmFrom,
    Warmup, Wave,
};
use crate::scenario::checked::Checked;
use crate::scenario::code;

/// The service.
pub fn service(context: &mut Context<'_>, root: &Checked) -> Service {
    let at = root.at("service");
    let startup = at.at("startup");
    Service {
        replicas: at.at("replicas").count32(),
        workers: at.at("workers").unless("unlimited").map(Checked::count32),
        queue: at.at("queue").unless("unlimited").map(Checked::count32),
        discipline: if at.at("discipline").is("ps") { Discipline::Ps } else { Discipline::Fcfs },
        startup: Startup {
            schedule: law(context, startup.at("schedule")),
            pull: law(context, startup.at("pull")),
            init: law(context, startup.at("init")),
            boot: law(context, startup.at("boot")),
            until_listening: match startup.at("until_listening").word() {
                "hold" => UntilListening::Hold,
                "lose" => UntilListening::Lose,
                _ => UntilListening::Refuse,
            },
            warm: startup.at("warm").unless("none").map(|at| warmup(context, at)),
        },
        probes: probes(at.at("probes")),
        shutdown: shutdown(context, at.at("shutdown")),
        crash_mtbf: at.at("crash").at("mtbf").unless("none").map(Checked::duration),
        waves: waves(context, at.at("waves"), at.at("replicas").count32()),
    }
}

/// Parts of the fleet: together they are all of it, and get all the traffic.
fn waves(context: &mut Context<'_>, at: &Checked, replicas: u32) -> Vec<Wave> {
    let items = at.items();
    context.distinct("waves", items.iter().map(|item| (item.at("name").text(), item.at("name"))));
    let waves: Vec<Wave> = items
        .iter()
        .map(|item| Wave {
            name: item.at("name").text().to_owned(),
            instances: match item.at("instances").int_or_percent() {
                IntOrPercent::Int(count) => count,
                IntOrPercent::Percent(percent) => (percent * replicas + 50) / 100,
            },
            traffic: item.at("traffic").number(),
        })
        .collect();
    let instances: u64 = waves.iter().map(|wave| u64::from(wave.instances)).sum();
    if !waves.is_empty() && instances != u64::from(replicas) {
        let message = format!("the waves have {instances} instances, the service {replicas}");
        context.error(code::CONTRADICTION, at, message);
    }
    let traffic: f64 = waves.iter().map(|wave| wave.traffic).sum();
    if !waves.is_empty() && (traffic - 1.0).abs() > 1e-6 {
        let message = format!("the traffic of the waves adds up to {}%", traffic * 100.0);
        let error = context.error(code::LAW, at, message);
        error.allowed = Some("shares that add up to 100%".to_owned());
    }
    waves
}

pub(super) fn warmup(context: &mut Context<'_>, at: &Checked) -> Warmup {
    let over = at.at("over").given().map(Checked::duration);
    let requests = at.at("requests").given().map(Checked::count32);
    let from = match (over, requests) {
        (Some(over), None) if at.at("from").is("ready") => WarmFrom::Ready(over),
        (Some(over), None) => WarmFrom::FirstRequest(over),
        (None, Some(requests)) => WarmFrom::Requests(requests),
        _ => {
            context.error(
                code::CONTRADICTION,
                at,
                "exactly one of `over` and `requests` must be given",
            );
            WarmFrom::Requests(1)
        }
    };
    Warmup { penalty: at.at("penalty").number(), from }
}

fn probes(at: &Checked) -> Probes {
    let readiness = at.at("readiness");
    Probes {
        startup: at.at("startup").unless("none").map(probe),
        readiness: if readiness.is("none") {
            Readiness::None
        } else if readiness.is("listening") {
            Readiness::Listening
        } else {
            Readiness::Probe(probe(readiness))
        },
        liveness: at.at("liveness").unless("none").map(probe),
    }
}

fn probe(at: &Checked) -> Probe {
    Probe {
        initial_delay: at.at("initial_delay").duration(),
        period: at.at("period").duration(),
        timeout: at.at("timeout").duration(),
        success_threshold: at.at("success_threshold").count32(),
        failure_threshold: at.at("failure_threshold").count32(),
        shares_workers: at.at("shares_workers").bool(),
    }
}

pub(super) fn shutdown(context: &mut Context<'_>, at: &Checked) -> Shutdown {
    Shutdown {
        pre_stop: at.at("pre_stop").duration(),
        on_sigterm: match at.at("on_sigterm").word() {
            "drain" => OnSigterm::Drain,
            "abrupt" => OnSigterm::Abrupt,
            _ => OnSigterm::Ignore,
        },
        linger: law(context, at.at("linger")),
        grace: at.at("grace").duration(),
        lame_duck: at.at("lame_duck").bool(),
        close_streams: match at.at("close_streams").choice() {
            ("over", span) => CloseStreams::Over(span.duration()),
            ("at_once", _) => CloseStreams::AtOnce,
            _ => CloseStreams::Wait,
        },
    }
}

fn hpa(context: &mut Context<'_>, root: &Checked, at: &Checked) -> Hpa {
    let (min, max) = (at.at("min").count32(), at.at("max").count32());
    if min > max {
        let message = format!("at least {min} replicas, but at most {max}");
        context.error(code::CONTRADICTION, at.at("max"), message);
    }
    if root.at("service").at("workers").is("unlimited") {
        let message = "an autoscaler needs instances that can be full, but `workers` is unlimited";
        context.error(code::CONTRADICTION, at, message);
    }
    let target = at.at("target").number();
    if target < 0.01 {
        let error = context.error(code::RANGE, at.at("target"), "this target is too small");
        error.allowed = Some("a share such as 80% or 0.8, at least 1%".to_owned());
    }
    Hpa {
        min,
        max,
        target,
        tolerance: at.at("tolerance").number(),
        sync: at.at("sync").duration(),
        metrics: at.at("metrics").duration(),
        scale_down_window: at.at("scale_down_window").duration(),
    }
}

/// The platform.
pub fn platform(context: &mut Context<'_>, root: &Checked, versions: &[Version]) -> Platform {
    let at = root.at("platform");
    let lags = at.at("lags");
    Platform {
        nodes: NodePlan { count: at.at("nodes").count32(), zones: at.at("zones").count32() },
        surge_quota: at.at("surge_quota").unless("unlimited").map(Checked::count32),
        pdb_min_available: at
            .at("pdb")
            .unless("none")
            .map(|at| at.at("min_available").int_or_percent()),
        hpa: at.at("hpa").unless("none").map(|at| hpa(context, root, at)),
        lags: Lags {
            deployment: lags.at("deployment").duration(),
            replica_set: lags.at("replica_set").duration(),
            call: lags.at("call").duration(),
            kubelet: lags.at("kubelet").duration(),
            removal: lags.at("removal").duration(),
            endpoints: lags.at("endpoints").duration(),
            api: ApiLimit {
                qps: lags.at("api").at("qps").number(),
                burst: lags.at("api").at("burst").count32(),
            },
        },
        deletion_costs: super::version::deletion_costs(context, root, versions),
    }
}
