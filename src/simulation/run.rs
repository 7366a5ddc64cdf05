//! The event loop of one run.

use crate::engine::SimTime;
use crate::engine::rng::Key;
use crate::plan::{Plan, Rollback, STABLE, Strategy, VersionId};
use crate::platform::Effect;
use crate::record::{EventKind, RolloutTimes, RunKey, RunRecord, Work};
use crate::strategy::people::{People, Reaction};

use super::RunOptions;
use super::cold::Cold;
use super::layer::{Layer, LayerOutbox};
use super::rollout::RolloutEffect;
use super::world::{Kind, World, unpack};

/// One run in progress.
struct Simulation<'a> {
    plan: &'a Plan,
    world: World,
    layer: Layer,
    people: People,
    outbox: LayerOutbox,
}

/// Simulates one run: a pure function of its arguments.
///
/// Without a strategy or a release nothing is deployed: the control.
///
/// # Panics
/// If an invariant is broken: a request lost or counted twice, time running backwards. That is
/// a defect of the program, never of the input.
#[must_use]
pub fn run(
    plan: &Plan,
    strategy: Option<&Strategy>,
    release: Option<VersionId>,
    key: RunKey,
    options: &RunOptions,
) -> RunRecord {
    let mut simulation = Simulation {
        plan,
        world: World::new(plan, strategy, release, key.seed, options),
        layer: Layer::new(plan, strategy, release, key.seed),
        people: People::new(&plan.response.on_call, &plan.clock, Key::of_seed(key.seed)),
        outbox: LayerOutbox::default(),
    };
    simulation.begin();
    simulation.advance();
    simulation.finish(key)
}

impl Simulation<'_> {
    fn begin(&mut self) {
        self.layer.start(&mut self.outbox);
        self.settle();
        self.world.begin_traffic(self.plan);
        self.world.plan_faults(SimTime::ZERO + self.plan.clock.warmup + self.plan.clock.deploy_at);
        let window_start = SimTime(self.plan.clock.warmup.0);
        self.world.later(window_start, Cold::WindowStart);
        let first_bucket_end = self.world.ledger.bucket_end(0);
        self.world.later(first_bucket_end, Cold::BucketEnd { bucket: 0 });
        if let Some(usages) = &self.world.usages {
            let first = SimTime::ZERO + usages.step();
            self.world.later(first, Cold::Usage);
        }
        if let Some(monitoring) = &self.world.monitoring {
            let first = monitoring.0.next_wake();
            self.world.later(first, Cold::Monitor);
        }
    }

    /// Carries events out in order of time until the window's end. At one instant: first what
    /// was scheduled, in the order it was, then timeouts, then arrivals.
    fn advance(&mut self) {
        let end = self.world.ledger.end();
        loop {
            let scheduled = self.world.calendar.next_time();
            let arrival = self.world.next_arrival;
            let next = scheduled.min(arrival);
            if let Some((at, slot)) = self.world.next_timeout(next) {
                if at >= end {
                    break;
                }
                self.world.step_to(at);
                self.world.timeouts.pop();
                self.world.timed_out(slot);
                continue;
            }
            if next >= end {
                break;
            }
            self.world.step_to(next);
            if arrival < scheduled {
                self.world.arrive();
            } else {
                self.carry_out();
            }
        }
        // The integrals and the last bucket's sample belong to the window's end.
        self.world.now = end;
        self.world.integrate_levels();
        self.world.sample(self.world.ledger.buckets() as u32 - 1);
    }

    /// Carries out the calendar's first event.
    #[inline]
    fn carry_out(&mut self) {
        let payload = self.world.calendar.next_payload().expect("an event is due");
        let (kind, number) = unpack(payload);
        if kind == Kind::Departure {
            self.world.depart(number);
        } else {
            self.world.calendar.pop();
            match kind {
                Kind::Departure => unreachable!("carried out above"),
                Kind::Attempt => self.world.attempt_again(number),
                Kind::SameInstance => self.world.same_instance(number),
                Kind::Elsewhere => self.world.elsewhere(number),
                Kind::Patience => self.world.patience_ended(number),
                Kind::Timeout => {
                    if self.world.requests[number].timeout_at == self.world.now {
                        self.world.timed_out(number);
                    }
                }
                Kind::SharedDeparture => self.world.depart_shared(number),
                Kind::StoreDone => self.world.store_done(number),
                Kind::CallTimeout => self.world.call_timed_out(number),
                Kind::User => self.world.user_sends(number),
                Kind::Stream => self.world.stream_due(number),
                Kind::Cold => {
                    let event = self.world.cold.take(number);
                    self.carry_out_rare(event);
                }
            }
        }
        if !self.world.exited.is_empty() {
            self.settle();
        }
    }

    #[cold]
    fn carry_out_rare(&mut self, event: Cold) {
        let world = &mut self.world;
        match event {
            Cold::Layer(event) => {
                self.layer.handle(world.now, event, &self.world, &mut self.outbox);
                self.settle();
            }
            Cold::View { node, address, change, conditions } => {
                world.see_endpoint(node, address, change, conditions);
            }
            Cold::Route { node, change, routing } => world.see_routing(node, change, routing),
            Cold::Check { node, address, life } => world.check_health(node, address, life),
            Cold::Readmit { node, address } => world.readmit(node, address),
            Cold::QueueTimeout { slot, number, attempts } => {
                world.queue_timed_out(slot, number, attempts);
            }
            Cold::ServerTimeout => world.server_timed_out(),
            Cold::ConnectTimeout { slot, number, since } => {
                world.connect_timed_out(slot, number, since);
            }
            Cold::DrainEnd { node, address } => world.drain_ended(node, address),
            Cold::Hang { instance, start } => world.hang(instance, start),
            Cold::WindowStart => world.open_window(),
            Cold::BucketEnd { bucket } => world.sample(bucket),
            Cold::Usage => world.count_usage(),
            Cold::Monitor => self.monitor(),
            Cold::Fault(event) => {
                for pod in world.fault(event) {
                    self.layer.crash(self.world.now, pod, &mut self.outbox);
                }
                self.settle();
            }
            Cold::Ticket { class } => world.open_ticket(class),
            Cold::Schema(event) => world.schema(event),
            Cold::ReplaceNodes { cache, done } => world.replace_nodes(cache, done),
            Cold::Login { user, number } => world.send_login(user, number),
            Cold::People(event) => {
                let reaction = self.people.handle(self.world.now, event);
                self.react(reaction);
                self.settle();
            }
        }
    }

    /// The monitoring system is due; what fires is noticed.
    fn monitor(&mut self) {
        let now = self.world.now;
        for fired in self.world.monitor() {
            let EventKind::AlertFired { alert, .. } = &fired else { continue };
            let alert = alert.clone();
            self.world.note(fired);
            self.layer.detected(now);
            match self.plan.response.rollback {
                Rollback::Automatic => {
                    self.layer.request_abort(now, &format!("alert {alert}"), &mut self.outbox);
                }
                Rollback::OnCall => {
                    let reaction = self.people.page(now, &alert);
                    self.react(reaction);
                }
                Rollback::Controller | Rollback::None => {}
            }
        }
        self.settle();
    }

    /// What the people on call do next.
    fn react(&mut self, reaction: Option<Reaction>) {
        let Some(reaction) = reaction else { return };
        if reaction.asks_for_rollback() {
            self.layer.request_abort(self.world.now, "on-call", &mut self.outbox);
        } else {
            self.world.note(reaction.log);
        }
        if let Some((at, event)) = reaction.next {
            self.world.later(at, Cold::People(event));
        }
    }

    /// What people are told of a rollout besides alerts: where they decide, a failed verdict or
    /// a passed deadline pages as an alert does.
    fn trouble_with(&mut self, effect: &RolloutEffect) -> Option<String> {
        let RolloutEffect::Platform(Effect::Log(kind)) = effect else { return None };
        if matches!(kind, EventKind::RolloutStarted { .. }) {
            self.people.rollout_begins();
        }
        match kind {
            _ if self.plan.response.rollback != Rollback::OnCall => None,
            EventKind::AnalysisFinished { analysis, verdict }
                if ["failed", "error"].contains(&verdict.as_str()) =>
            {
                Some(format!("analysis {analysis}"))
            }
            EventKind::ProgressDeadlineExceeded => Some("progress deadline".to_owned()),
            _ => None,
        }
    }

    /// Lets the rollout layer and the world settle: effects are carried out and processes that
    /// ended are reported, until neither has anything left to say.
    fn settle(&mut self) {
        loop {
            for (at, event) in self.outbox.drain_later() {
                self.world.later(at, Cold::Layer(event));
            }
            let effects = std::mem::take(&mut self.outbox.cluster.effects);
            for effect in effects {
                let trouble = self.trouble_with(&effect);
                self.world.apply(self.plan, effect);
                if let Some(trouble) = trouble {
                    let reaction = self.people.page(self.world.now, &trouble);
                    self.react(reaction);
                }
            }
            self.world.follow(self.layer.judged());
            let exited = std::mem::take(&mut self.world.exited);
            for pod in exited {
                self.layer.process_exited(self.world.now, pod, &mut self.outbox);
            }
            if self.outbox.is_empty() {
                return;
            }
        }
    }

    fn finish(self, key: RunKey) -> RunRecord {
        let Self { plan, mut world, layer, .. } = self;
        let instances = &world.instances;
        world.calendar.assert_in_order();
        world.ledger.close(&world.requests, |number| {
            instances.get(number as usize).map(|instance| instance.version)
        });
        let requests = world.classes.iter().map(|class| class.sent).sum();
        let work = Work {
            requests,
            events: world.events,
            simulated: plan.clock.warmup + plan.clock.window,
            in_system_ns: world.ledger.in_system_ns,
        };
        let lost = world.behind.as_ref().map_or(0, |behind| behind.sessions_lost());
        let users = world.ledger.users.figures(lost);
        let times = layer.times();
        let end = world.ledger.end();
        let window_start = SimTime(plan.clock.warmup.0);
        let exposed = world.exposed_between(window_start, times.finished.unwrap_or(end).min(end));
        let (wait_ns, accepted, waited) =
            (world.ledger.wait_ns, world.ledger.accepted, world.ledger.waited);
        let busy_ns = world.ledger.busy_ns;
        if let (Some(detail), Some(behind)) = (&mut world.detail, &world.behind) {
            detail.sessions = behind.sessions_by_instance(world.instances.len());
            detail.evictions = behind.evictions();
        }
        let parts = world.ledger.into_parts();
        let candidate_requests = parts
            .cells
            .iter()
            .filter(|cell| cell.version.is_some_and(|version| version != STABLE))
            .map(|cell| cell.counters.requests)
            .sum();
        RunRecord {
            key,
            cells: parts.cells,
            causes: parts.causes,
            worst_minute_ok_p99_ns: parts.worst_minute_ok_p99_ns,
            wait_ns,
            accepted,
            waited,
            busy_ns,
            ready_worker_ns: world.levels.ready_worker_ns,
            users,
            rollout: RolloutTimes { candidate_requests, exposed, ..times },
            streams: parts.streams,
            capacity: world.levels.record,
            harm: parts.harm,
            timeline: parts.timeline,
            phases: parts.phases,
            events: world.log.unwrap_or_default(),
            work,
            detail: world.detail,
        }
    }
}

impl World {
    /// Moves the clock.
    #[inline]
    fn step_to(&mut self, at: SimTime) {
        debug_assert!(at >= self.now, "time runs backwards");
        self.now = at;
        self.events += 1;
    }

    /// The next client timeout before `next`, if there is one that still counts.
    #[inline]
    fn next_timeout(&mut self, next: SimTime) -> Option<(SimTime, u32)> {
        while let Some((at, slot)) = self.timeouts.front() {
            if at >= next {
                return None;
            }
            if self.requests[slot].timeout_at == at {
                return Some((at, slot));
            }
            self.timeouts.pop();
        }
        None
    }
}
