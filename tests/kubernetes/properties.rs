//! What must hold of any rolling update, over scenarios drawn at random.

use cutover::engine::{SimDuration, SimTime};
use cutover::plan::{IntOrPercent, Study, VersionId};
use cutover::record::RolloutOutcome;
use cutover::scenario::{NoFiles, Overrides, load_text};
use cutover::simulation::rollout::Rollout;
use cutover::simulation::rollout::alone::run_alone;
use cutover::strategy::deployment::rules::fenceposts;
use proptest::prelude::*;

/// A rolling update of a healthy version.
#[derive(Clone, Debug)]
struct Update {
    replicas: u32,
    surge: IntOrPercent,
    unavailable: IntOrPercent,
    /// Milliseconds, in turn by ordinal.
    boots: Vec<u32>,
    lingers: Vec<u32>,
    min_ready_s: u32,
    nodes: u32,
    undo_at_ms: Option<u32>,
}

fn limit() -> impl Strategy<Value = IntOrPercent> {
    prop_oneof![(0u32..6).prop_map(IntOrPercent::Int), (0u32..=100).prop_map(IntOrPercent::Percent),]
}

fn updates(undo: impl Strategy<Value = Option<u32>>) -> impl Strategy<Value = Update> {
    let delays = |most: u32| prop::collection::vec(100..most, 1..6);
    (1u32..25, limit(), limit(), delays(8000), delays(4000), 0u32..4, 1u32..4, undo)
        .prop_filter("the API refuses 0 and 0", |update| {
            let zero = |limit: IntOrPercent| {
                matches!(limit, IntOrPercent::Int(0) | IntOrPercent::Percent(0))
            };
            !(zero(update.1) && zero(update.2))
        })
        .prop_map(|(replicas, surge, unavailable, boots, lingers, min_ready_s, nodes, undo)| {
            Update {
                replicas,
                surge,
                unavailable,
                boots,
                lingers,
                min_ready_s,
                nodes,
                undo_at_ms: undo,
            }
        })
}

impl Update {
    fn study(&self) -> Study {
        let limit = |limit| match limit {
            IntOrPercent::Int(count) => count.to_string(),
            IntOrPercent::Percent(percent) => format!("{percent}%"),
        };
        let spans = |delays: &[u32]| {
            delays.iter().map(|ms| format!("{ms}ms")).collect::<Vec<String>>().join(", ")
        };
        let undo =
            self.undo_at_ms.map_or(String::new(), |ms| format!(", {{ at: {ms}ms, undo: {{}} }}"));
        let text = format!(
            "apiVersion: cutover/v1\n\
             name: random\n\
             clock: {{ warmup: 0s, window: 1h, deploy_at: 0s }}\n\
             traffic: [ {{ name: none, arrivals: {{ constant: {{ rate: 1/h }} }}, service_time: 1ms }} ]\n\
             service:\n\
             \x20 replicas: {}\n\
             \x20 startup: {{ schedule: 100ms, pull: 300ms, boot: [{}] }}\n\
             \x20 probes: {{ readiness: listening }}\n\
             \x20 shutdown: {{ linger: [{}] }}\n\
             platform: {{ nodes: {} }}\n\
             operations: [ {{ at: 0s, deploy: {{}} }}{undo} ]\n\
             strategies:\n\
             \x20 - {{ name: r, rolling: {{ max_surge: {}, max_unavailable: {}, min_ready: {}s }} }}\n",
            self.replicas,
            spans(&self.boots),
            spans(&self.lingers),
            self.nodes,
            limit(self.surge),
            limit(self.unavailable),
            self.min_ready_s,
        );
        load_text("random.yaml", &text, &NoFiles, &Overrides::default())
            .unwrap_or_else(|problem| panic!("{problem}\n{text}"))
    }

    fn run(&self, seed: u64, mut watch: impl FnMut(SimTime, &Rollout)) -> Rollout {
        let study = self.study();
        let arm = &study.arms[0];
        let plan = arm.plan.as_deref().unwrap_or(&study.plan);
        let end = SimTime::ZERO + SimDuration::from_secs(3600);
        let release = Some(study.releases[0].version);
        run_alone(plan, Some(&arm.strategy), release, seed, end, |now, rollout, _| {
            watch(now, rollout);
        })
    }
}

fn only(rollout: &Rollout, version: VersionId, replicas: u32) -> bool {
    let counts = rollout.counts();
    let sets = rollout.replica_sets();
    let there = sets.iter().filter(|set| set.spec > 0 || set.existing > 0);
    (counts.existing, counts.ready) == (replicas, replicas)
        && there.map(|set| (set.version, set.spec)).eq([(version, replicas)])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_undisturbed_rollout_keeps_its_limits_and_completes(update in updates(Just(None))) {
        let (surge, unavailable) = fenceposts(update.surge, update.unavailable, update.replicas);
        let (mut most, mut least) = (0, u32::MAX);
        let rollout = update.run(1, |_, rollout| {
            most = most.max(rollout.replica_sets().iter().map(|set| set.spec).sum());
            least = least.min(rollout.counts().ready);
        });
        prop_assert!(most <= update.replicas + surge, "{most} wanted");
        prop_assert!(least >= update.replicas.saturating_sub(unavailable), "{least} ready");
        prop_assert_eq!(rollout.times().outcome, RolloutOutcome::Completed);
        prop_assert!(only(&rollout, VersionId(1), update.replicas));
    }

    #[test]
    fn an_undo_always_returns(update in updates((1u32..60_000).prop_map(Some))) {
        let rollout = update.run(1, |_, _| {});
        prop_assert_eq!(rollout.times().outcome, RolloutOutcome::RolledBack);
        prop_assert!(only(&rollout, VersionId(0), update.replicas));
    }

    #[test]
    fn nothing_depends_on_which_of_equal_pods_goes(update in updates(Just(None))) {
        let update = Update {
            boots: vec![update.boots[0]],
            lingers: vec![update.lingers[0]],
            ..update
        };
        let course = |seed| {
            let mut course = Vec::new();
            update.run(seed, |now, rollout| {
                let counts = rollout.counts();
                if course.last().is_none_or(|&(_, last)| last != counts) {
                    course.push((now, counts));
                }
            });
            course
        };
        prop_assert_eq!(course(1), course(2));
    }
}
