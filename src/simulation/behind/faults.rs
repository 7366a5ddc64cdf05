//! Faults at their times, and what an operator does to state: schema changes with their
//! locks, backfills, nodes of caches.

use crate::engine::{SimDuration, SimTime};
use crate::model::instance::Condition;
use crate::model::store::CallStage;
use crate::plan::{Fault, FaultKind, FaultTarget, Lock, StateOperation};
use crate::platform::PodId;
use crate::record::EventKind;
use crate::simulation::cold::Cold;
use crate::simulation::world::{Kind, World, payload};

/// A fault begins or ends: its place in the plan.
#[derive(Clone, Copy, Debug)]
pub enum FaultEvent {
    /// It begins.
    Begin(u16),
    /// It ends.
    End(u16),
}

/// What is due of a schema change.
#[derive(Clone, Copy, Debug)]
pub enum SchemaEvent {
    /// It asks for its lock; whatever held the table will do so until this instant.
    Try { need: u16, exists: bool, lock: Lock, held_until: SimTime },
    /// It gives up waiting.
    GiveUp { need: u16, exists: bool, lock: Lock, held_until: SimTime },
    /// It is done.
    Done { need: u16, exists: bool, store: u16 },
    /// A backfill is done.
    Migrated { store: u16, slowdown: f64, format: Option<u8> },
}

impl World {
    /// Puts the faults into the calendar.
    pub fn plan_faults(&mut self, from: SimTime) {
        let faults = self.behind.as_ref().map_or(Vec::new(), |behind| behind.faults.clone());
        for (index, fault) in (0u16..).zip(faults) {
            self.later(from + fault.at, Cold::Fault(FaultEvent::Begin(index)));
            if let Some(lasts) = fault.lasts {
                self.later(from + fault.at + lasts, Cold::Fault(FaultEvent::End(index)));
            }
        }
    }

    /// A fault begins or ends. Returns the pods whose process dies of it.
    pub fn fault(&mut self, event: FaultEvent) -> Vec<PodId> {
        let (index, begins) = match event {
            FaultEvent::Begin(index) => (index, true),
            FaultEvent::End(index) => (index, false),
        };
        let behind = self.behind.as_deref().expect("a world with faults");
        let fault = behind.faults[usize::from(index)].clone();
        let what = describe(&fault);
        self.note(if begins {
            EventKind::FaultStarted { fault: what }
        } else {
            EventKind::FaultEnded { fault: what }
        });
        match fault.target {
            FaultTarget::Store(store) => self.fault_of_store(store, fault.kind, begins),
            FaultTarget::Cache(cache, share) if begins => {
                let behind = self.behind.as_deref_mut().expect("a world with faults");
                let cache = &mut behind.caches[usize::from(cache)];
                let nodes = ((share * f64::from(cache.nodes()) + 0.5) as u32).max(1);
                cache.empty_nodes(0, nodes);
            }
            FaultTarget::Cache(..) => {}
            FaultTarget::Instances(version, share) => {
                return self.fault_of_instances(version.map(|v| v.0), share, fault.kind, begins);
            }
        }
        Vec::new()
    }

    fn fault_of_store(&mut self, store: u16, kind: FaultKind, begins: bool) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with faults");
        let server = &mut behind.stores[usize::from(store)];
        if !begins {
            server.calm_since = now;
        }
        let count = |counter: &mut u32| {
            *counter = if begins { *counter + 1 } else { *counter - 1 };
        };
        match kind {
            FaultKind::Slow(factor) if begins => server.slow_down(factor),
            FaultKind::Slow(factor) => server.speed_up(factor),
            FaultKind::Refuse => count(&mut server.trouble.refusals),
            FaultKind::Partition => count(&mut server.trouble.partitions),
            FaultKind::Stall | FaultKind::Kill if begins => self.stall_store(store),
            FaultKind::Stall | FaultKind::Kill => self.release_store(store),
        }
    }

    /// A store stands still: what is in service keeps its place and the rest of its work.
    fn stall_store(&mut self, store: u16) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let trouble = &mut behind.stores[usize::from(store)].trouble;
        trouble.stalls += 1;
        if trouble.stalls > 1 {
            return;
        }
        let mut paused = Vec::new();
        for (number, call) in behind.calls.live() {
            if call.store == store && call.stage == CallStage::InService {
                call.stage = CallStage::Paused(call.ends - now);
                call.ends = SimTime::NEVER;
                paused.push(number);
            }
        }
        for number in paused {
            self.set_timer(number);
        }
    }

    /// One reason to stand still is gone.
    fn release_store(&mut self, store: u16) {
        let now = self.now;
        let behind = self.behind.as_deref_mut().expect("a world with state");
        let trouble = &mut behind.stores[usize::from(store)].trouble;
        trouble.stalls -= 1;
        if trouble.stalls > 0 {
            return;
        }
        for (number, call) in behind.calls.live() {
            if let CallStage::Paused(left) = call.stage
                && call.store == store
            {
                call.stage = CallStage::InService;
                call.ends = now + left;
                self.calendar.push(call.ends, payload(Kind::StoreDone, number));
            }
        }
        self.begin_waiting(store);
    }

    fn fault_of_instances(
        &mut self,
        version: Option<u16>,
        share: f64,
        kind: FaultKind,
        begins: bool,
    ) -> Vec<PodId> {
        if !begins {
            self.end_fault_of_instances(kind);
            return Vec::new();
        }
        let runs = |number: &u32| {
            let instance = &self.instances[*number as usize];
            instance.condition == Condition::Serving
                && version.is_none_or(|version| version == instance.version)
        };
        let running: Vec<u32> = (0..self.instances.len() as u32).filter(runs).collect();
        let hit = ((share * running.len() as f64 + 0.5) as usize).max(1);
        let hit: Vec<u32> = running.into_iter().take(hit).collect();
        for &number in &hit {
            match kind {
                FaultKind::Slow(factor) => {
                    self.traits[number as usize].extra = factor - 1.0;
                    self.instances[number as usize].plain = false;
                }
                FaultKind::Stall => {
                    let start = self.traits[number as usize].starts;
                    self.traits[number as usize].stalled = true;
                    self.hang(number, start);
                }
                FaultKind::Kill | FaultKind::Refuse | FaultKind::Partition => {}
            }
        }
        let dies = kind == FaultKind::Kill;
        hit.into_iter().filter(|_| dies).map(PodId).collect()
    }

    /// Instances that a fault slowed or stopped go on; stopped ones begin what they hold anew.
    fn end_fault_of_instances(&mut self, kind: FaultKind) {
        for number in 0..self.instances.len() as u32 {
            let traits = &mut self.traits[number as usize];
            match kind {
                FaultKind::Slow(_) => traits.extra = 0.0,
                FaultKind::Stall if traits.stalled => {
                    traits.stalled = false;
                    let instance = &mut self.instances[number as usize];
                    if instance.condition == Condition::Hung {
                        instance.condition = Condition::Serving;
                        self.begin_queued(number);
                    }
                }
                _ => {}
            }
        }
    }

    /// An operator changes what is outside of the pods.
    pub fn operate_on_state(&mut self, operation: StateOperation) {
        match operation {
            StateOperation::Change { need, exists, lock: None } => self.change(need, exists),
            StateOperation::Change { need, exists, lock: Some(lock) } => {
                let held_until = self.now + lock.behind;
                self.schema(SchemaEvent::Try { need, exists, lock, held_until });
            }
            StateOperation::Migrate { store, takes, slowdown, format } => {
                let behind = self.behind.as_deref_mut().expect("a world with state");
                behind.stores[usize::from(store)].slow_down(slowdown);
                self.note(EventKind::Operation { what: "a backfill begins".to_owned() });
                let event = SchemaEvent::Migrated { store, slowdown, format };
                self.later(self.now + takes, Cold::Schema(event));
            }
            StateOperation::ReplaceNodes { cache } => self.replace_nodes(cache, 0),
        }
    }

    fn change(&mut self, need: u16, exists: bool) {
        let behind = self.behind.as_deref_mut().expect("a world with state");
        behind.needs.set(need, exists);
        let verb = if exists { "is there" } else { "is gone" };
        let what = format!("{} {verb}", behind.needs.name(need));
        self.note(EventKind::Operation { what });
    }

    /// A schema change goes on.
    pub fn schema(&mut self, event: SchemaEvent) {
        let now = self.now;
        match event {
            SchemaEvent::Try { need, exists, lock, held_until } => {
                self.stall_store(lock.store);
                let waits = SimDuration(held_until.0.saturating_sub(now.0));
                let next = match lock.timeout.filter(|timeout| *timeout < waits) {
                    Some(timeout) => {
                        (now + timeout, SchemaEvent::GiveUp { need, exists, lock, held_until })
                    }
                    None => (
                        now + waits + lock.takes,
                        SchemaEvent::Done { need, exists, store: lock.store },
                    ),
                };
                self.note(EventKind::Operation { what: "a schema change asks for a lock".into() });
                self.later(next.0, Cold::Schema(next.1));
            }
            SchemaEvent::GiveUp { need, exists, lock, held_until } => {
                self.note(EventKind::Operation { what: "the lock timeout is over".into() });
                self.release_store(lock.store);
                let event = SchemaEvent::Try { need, exists, lock, held_until };
                self.later(now + lock.retry, Cold::Schema(event));
            }
            SchemaEvent::Done { need, exists, store } => {
                self.change(need, exists);
                self.release_store(store);
            }
            SchemaEvent::Migrated { store, slowdown, format } => {
                let behind = self.behind.as_deref_mut().expect("a world with state");
                behind.stores[usize::from(store)].speed_up(slowdown);
                if let (Some(rows), Some(format)) = (&mut behind.rows, format) {
                    rows.table.rewrite(format);
                }
                self.note(EventKind::Operation { what: "the backfill is done".to_owned() });
            }
        }
    }

    /// A process has ended: what it held in memory is gone.
    pub fn state_ends(&mut self, number: u32) {
        if self.behind.is_some() {
            self.lose_sessions(number);
            self.end_caches(number);
        }
    }
}

fn describe(fault: &Fault) -> String {
    let kind = match fault.kind {
        FaultKind::Slow(factor) => format!("slow, {factor} times"),
        FaultKind::Stall => "stall".to_owned(),
        FaultKind::Refuse => "refuse".to_owned(),
        FaultKind::Partition => "partition".to_owned(),
        FaultKind::Kill => "kill".to_owned(),
    };
    match fault.target {
        FaultTarget::Store(store) => format!("{kind} (store {store})"),
        FaultTarget::Cache(cache, _) => format!("{kind} (cache {cache})"),
        FaultTarget::Instances(..) => format!("{kind} (instances)"),
    }
}
