//! What platform, balancer control and monitoring do to the served world.

use crate::engine::{SimDuration, SimTime};
use crate::model::balancer::NO_GROUP;
use crate::model::instance::{Condition, Instance};
use crate::model::ledger::Sample;
use crate::model::request::Request;
use crate::model::sharing::Sharing;
use crate::model::telemetry::Roles;
use crate::plan::{AnalysisMetric, Plan, Routing, VersionId};
use crate::platform::{Effect, PodCounts, PodId};
use crate::record::{Cause, EventKind, Outcome};
use crate::strategy::ReportedMetrics;

use super::cold::Cold;
use super::rollout::{Judged, RolloutEffect};
use super::world::{InstanceTraits, Kind, World, payload, some};

impl World {
    /// Schedules a rare event.
    pub fn later(&mut self, at: SimTime, event: Cold) {
        let number = self.cold.insert(event);
        self.calendar.push(at, payload(Kind::Cold, number));
    }

    /// Carries out what the rollout layer did.
    pub fn apply(&mut self, plan: &Plan, effect: RolloutEffect) {
        match effect {
            RolloutEffect::Platform(effect) => self.apply_platform(plan, effect),
            RolloutEffect::Route(routing) => self.spread_routing(routing),
            RolloutEffect::Server(change) => self.change_servers(plan, change),
            RolloutEffect::State(operation) => self.operate_on_state(operation),
            RolloutEffect::Configured { pod, version } => self.configure(pod.0, version),
        }
    }

    fn apply_platform(&mut self, plan: &Plan, effect: Effect) {
        match effect {
            Effect::Created { pod, version, ordinal, place, .. } => {
                self.add_instance(plan, pod, version, ordinal, place);
            }
            Effect::Listening { pod } => self.listening(pod.0),
            Effect::StopAccepting { pod } => {
                let instance = &mut self.instances[pod.0 as usize];
                if instance.condition == Condition::Hung {
                    // It cannot obey; SIGKILL will end it.
                    return;
                }
                instance.condition = Condition::Draining;
                self.close_idle_connections(|connection| connection.instance == pod.0);
                self.traits[pod.0 as usize].stopping = true;
                self.close_streams_of(pod.0);
                self.exit_if_empty(pod.0);
            }
            Effect::ProcessEnded { pod, crashed } => {
                let instance = &mut self.instances[pod.0 as usize];
                instance.condition = if crashed { Condition::Crashed } else { Condition::Ended };
                self.traits[pod.0 as usize].exited = true;
                self.close_idle_connections(|connection| connection.instance == pod.0);
                let cause = if crashed { Cause::Crash } else { Cause::CutInFlight };
                self.cut(pod.0, cause);
                self.cut_streams_of(pod.0, None);
                self.state_ends(pod.0);
            }
            Effect::Endpoint { pod, conditions } => {
                let address = self.instances[pod.0 as usize].address;
                self.spread_endpoint(address, conditions);
            }
            Effect::Gone { .. } => {}
            Effect::Log(kind) => {
                if let EventKind::InstanceTerminating { instance, .. } = kind {
                    let traits = &mut self.traits[instance as usize];
                    let own = traits.own.as_deref().and_then(|own| own.lame_duck);
                    traits.lame_duck = own.unwrap_or(plan.service.shutdown.lame_duck);
                }
                self.note(kind);
            }
            Effect::Counts(counts) => self.counts_changed(counts),
        }
    }

    fn add_instance(
        &mut self,
        plan: &Plan,
        pod: PodId,
        version: VersionId,
        ordinal: u32,
        place: u32,
    ) {
        assert_eq!(pod.0 as usize, self.instances.len(), "pods come in order");
        self.instances.push(Instance::new(version.0, self.workers, self.queue));
        self.shared.push(Sharing::new(self.workers.unwrap_or(u32::MAX)));
        self.traits.push(InstanceTraits::of(&plan.versions[usize::from(version.0)], ordinal));
        for node in &mut self.nodes {
            node.add_instance(&self.rules, pod.0);
        }
        if plan.instances.is_empty() {
            // A pod has an address of its own.
            let weight = plan.service.weight_of(place);
            self.add_address(pod.0, version.0, NO_GROUP, weight, pod.0);
        }
    }

    /// A process uses another configuration: from now on it serves as that version does.
    fn configure(&mut self, number: u32, version: VersionId) {
        let instance = &mut self.instances[number as usize];
        instance.version = version.0;
        instance.flawless = self.behaviours[usize::from(version.0)].flawless;
        // How fast it is will be looked at anew.
        instance.plain = false;
        let address = instance.address;
        for node in &mut self.nodes {
            node.bind(&self.rules, self.now, address, number, version.0);
        }
        self.routable_changed();
    }

    fn listening(&mut self, number: u32) {
        let instance = &mut self.instances[number as usize];
        let behaviour = &self.behaviours[usize::from(instance.version)];
        instance.condition = Condition::Serving;
        instance.listening_since = self.now;
        instance.first_request = SimTime::NEVER;
        instance.begun = 0;
        // What ran before the start of the run is warm.
        let warm = self.warmup.is_none() || self.now == SimTime::ZERO;
        let own = self.traits[number as usize].own.as_deref();
        let warm = warm && own.is_none_or(|own| own.warm.is_none() || self.now == SimTime::ZERO);
        let free = self.traits[number as usize].extra == 0.0;
        instance.plain = warm && free && own.map_or(behaviour.plain, |own| own.is_plain(behaviour));
        instance.flawless = self.traits[number as usize].only_when.is_empty()
            && own.map_or(behaviour.flawless, |own| own.is_flawless(behaviour));
        if self.now == SimTime::ZERO {
            instance.begun = u64::from(u32::MAX);
        }
        let traits = &mut self.traits[number as usize];
        traits.starts += 1;
        traits.exited = false;
        traits.stalled = false;
        if let Some(after) = traits.hang_after {
            let event = Cold::Hang { instance: number, start: traits.starts };
            self.later(self.now + after, event);
        }
        self.begin_caches(number);
        // Connections may have waited for this.
        self.begin_queued(number);
    }

    /// An instance stops answering: what is inside is never finished.
    pub fn hang(&mut self, number: u32, start: u32) {
        let instance = &mut self.instances[number as usize];
        if self.traits[number as usize].starts != start || instance.condition != Condition::Serving
        {
            return;
        }
        instance.condition = Condition::Hung;
        // Workers stay busy with what they have: its departures will not come.
        let stuck: Vec<u32> = self.freeze(number);
        for slot in stuck {
            self.instances[number as usize].enqueue(&mut self.requests, slot);
        }
    }

    /// Time between two instants in which some node could send to what has been deployed.
    pub fn exposed_between(&self, from: SimTime, to: SimTime) -> SimDuration {
        let spans = self.levels.exposure.iter();
        SimDuration(spans.map(|&(start, end)| end.min(to).since(start.max(from)).0).sum())
    }

    fn counts_changed(&mut self, counts: PodCounts) {
        self.integrate_levels();
        let levels = &mut self.levels;
        levels.counts = counts;
        if levels.open {
            let record = &mut levels.record;
            record.min_available = record.min_available.min(counts.available);
            record.min_ready = record.min_ready.min(counts.ready);
            record.max_pods = record.max_pods.max(counts.existing);
            record.max_active_pods = record.max_active_pods.max(counts.active);
        }
    }

    /// The window begins: levels count from what they are now.
    pub fn open_window(&mut self) {
        let levels = &mut self.levels;
        levels.since = self.now;
        levels.open = true;
        levels.record.min_available = levels.counts.available;
        levels.record.min_ready = levels.counts.ready;
        levels.record.min_routable = levels.routable;
        levels.record.max_pods = levels.counts.existing;
        levels.record.max_active_pods = levels.counts.active;
    }

    /// Adds the time since the last change to the integrals.
    pub fn integrate_levels(&mut self) {
        let levels = &mut self.levels;
        let until = SimTime(self.now.0.min(self.ledger.end().0));
        if levels.open {
            let passed = u128::from(until.since(levels.since).0);
            levels.record.instance_ns += passed * u128::from(levels.counts.placed);
            if let Some(workers) = self.workers {
                let ready = u128::from(levels.counts.ready) * u128::from(workers);
                levels.ready_worker_ns += passed * ready;
            }
        }
        levels.since = until;
    }

    /// A timeline bucket ends.
    pub fn sample(&mut self, bucket: u32) {
        let weight_bp = self.candidate.map_or(0, |candidate| self.weight_of(candidate));
        let levels = Sample {
            routable: self.levels.routable,
            instances: self.levels.counts.existing,
            weight_bp,
            in_system: self.requests.live().filter(|request| !request.is_orphan()).count() as u64,
            hottest_permille: self.hottest_permille(),
            streams: self.open_streams(),
        };
        self.ledger.sample(bucket as usize, levels);
        if let Some(detail) = &mut self.detail {
            for instance in &self.instances {
                if instance.condition == Condition::Serving {
                    let inside = (instance.busy + instance.waiting) as usize;
                    let last = detail.occupancy.len() - 1;
                    detail.occupancy[inside.min(last)] += 1;
                }
            }
        }
        let next = bucket as usize + 1;
        if next < self.ledger.buckets() {
            let at = self.ledger.bucket_end(next);
            self.later(at, Cold::BucketEnd { bucket: bucket + 1 });
        }
    }

    /// A version's share of the traffic in basis points: its weight, or its instances' share of
    /// the first node's.
    pub fn weight_of(&self, version: VersionId) -> u64 {
        let node = &self.nodes[0];
        match node.routing() {
            Routing::Only(only) => u64::from(only == version) * 10_000,
            Routing::Split { stable, candidate, weight_bp }
            | Routing::Routes { stable, candidate, weight_bp, .. } => match version {
                _ if version == candidate => u64::from(weight_bp),
                _ if version == stable => u64::from(10_000 - weight_bp),
                _ => 0,
            },
            Routing::All => node.weight_of(&self.rules, version),
        }
    }

    /// Counts the busy workers for the metrics that an autoscaler reads.
    pub fn count_usage(&mut self) {
        let Some(usages) = &mut self.usages else { return };
        let busy = self.instances.iter().map(|instance| {
            let runs = matches!(
                instance.condition,
                Condition::Serving | Condition::Draining | Condition::Hung
            );
            runs.then_some((instance.busy.min(instance.workers), instance.workers))
        });
        usages.count(self.now, busy);
        let step = usages.step();
        self.later(self.now + step, Cold::Usage);
    }

    /// Counts an attempt's end for the monitoring system.
    #[inline]
    pub fn report_attempt(&mut self, request: &Request, outcome: Outcome) {
        if self.monitoring.is_some() {
            self.report_to_monitoring(request, outcome);
        }
    }

    #[inline(never)]
    fn report_to_monitoring(&mut self, request: &Request, outcome: Outcome) {
        let Some(monitoring) = &mut self.monitoring else { return };
        let version = some(request.instance).map(|i| VersionId(self.instances[i as usize].version));
        let latency = self.now - request.reached;
        let cell = monitoring.1.cell(u16::from(request.class), version);
        cell.count(outcome, latency);
        if outcome == Outcome::Ok && request.bears(Request::FORCED) {
            cell.forced += 1;
        }
    }

    /// A request failed or was answered wrongly: its user may open a ticket.
    #[cold]
    pub fn complain(&mut self, request: &Request) {
        let Some(tickets) = &self.tickets else { return };
        let key = tickets.2.entity(u64::from(request.class)).entity(request.number);
        if key.unit(0) >= tickets.0 {
            return;
        }
        let after = tickets.1.draw_span(&mut key.entity(1).counter(), request.number);
        self.later(self.now + after, Cold::Ticket { class: request.class });
    }

    /// A ticket is there.
    pub fn open_ticket(&mut self, class: u8) {
        if let Some(monitoring) = &mut self.monitoring {
            monitoring.1.cell(u16::from(class), None).tickets += 1;
        }
    }

    /// The monitoring system scrapes, or looks at its alerts: which fire.
    pub fn monitor(&mut self) -> Vec<EventKind> {
        let roles = self.roles();
        let now = self.now;
        let Some(monitoring) = &mut self.monitoring else { return Vec::new() };
        let (monitoring, table) = &mut **monitoring;
        let fired = monitoring.wake(now, table, roles);
        let next = monitoring.next_wake();
        self.later(next, Cold::Monitor);
        fired
    }

    /// Follows the rollout: another version may be on its way now.
    pub fn follow(&mut self, judged: Judged) {
        let candidate = self.candidate.map(|_| judged.candidate);
        if (self.stable, self.candidate) != (judged.stable, candidate) {
            (self.stable, self.candidate) = (judged.stable, candidate);
            self.routable_changed();
        }
    }

    fn roles(&self) -> Roles {
        Roles { stable: self.stable, candidate: self.candidate }
    }
}

impl ReportedMetrics for World {
    fn query(&self, metric: &AnalysisMetric) -> Option<f64> {
        self.monitoring.as_ref()?.0.query(self.now, self.roles(), metric)
    }
}

impl super::rollout::World for World {}
