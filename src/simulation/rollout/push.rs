//! Configurations of running instances: who ought to have which, and its way there.
//!
//! A push reaches each instance after a time of its own. A newer push overtakes an older one
//! that is still on its way. An instance that is down reads the file when it starts; a new pod
//! starts with what its place in the fleet ought to have.

use super::{Due, Rollout, RolloutEffect, RolloutEvent, RolloutOutbox};
use crate::engine::{Key, Sampler, SimTime};
use crate::plan::{
    ConfigPush, Defect, DefectKind, Plan, STABLE, Service, Strategy, VersionId, streams,
};
use crate::platform::PodId;
use crate::record::EventKind;
use crate::strategy::PushTo;

/// What an instance has and ought to have.
struct File {
    place: u32,
    wanted: VersionId,
    /// The push that wants it; what belongs to an earlier one is stale.
    push: u64,
    on_its_way: bool,
    /// Broken until somebody puts it right.
    held: bool,
}

/// What becomes of an instance that gets a file it cannot use.
struct Invalid {
    keeps_last_good: bool,
    repair: Option<Sampler>,
    ordinals: Option<Vec<u32>>,
}

/// The configurations of a run whose strategy pushes them.
pub(super) struct Configurations {
    propagation: Sampler,
    key: Key,
    service: Service,
    /// By version.
    invalid: Vec<Option<Invalid>>,
    /// By place; places beyond have what everybody was sent last.
    wanted: Vec<VersionId>,
    common: VersionId,
    /// By pod.
    files: Vec<File>,
    pushes: u64,
    generated: u64,
    pushing: u32,
}

impl Invalid {
    fn of(defect: &Defect) -> Option<Self> {
        let DefectKind::ConfigInvalid { keeps_last_good, repair } = &defect.kind else {
            return None;
        };
        let repair = repair.as_ref().map(Sampler::new);
        let ordinals = defect.ordinals.clone();
        Some(Self { keeps_last_good: *keeps_last_good, repair, ordinals })
    }
}

impl Configurations {
    /// Those of a run, where the strategy pushes any.
    pub(super) fn of(plan: &Plan, strategy: Option<&Strategy>, seed: u64) -> Option<Box<Self>> {
        let Some(Strategy::ConfigPush(ConfigPush { propagation, .. })) = strategy else {
            return None;
        };
        let invalid = plan.versions.iter().map(|v| v.defects.iter().find_map(Invalid::of));
        Some(Box::new(Self {
            propagation: Sampler::new(propagation),
            key: Key::of_seed(seed),
            service: plan.service.clone(),
            invalid: invalid.collect(),
            wanted: vec![STABLE; plan.service.replicas as usize],
            common: STABLE,
            files: Vec::new(),
            pushes: 0,
            generated: 0,
            pushing: 0,
        }))
    }

    /// Instances that a file is on its way to.
    pub(super) fn pushing(&self) -> u32 {
        self.pushing
    }

    fn wants(&self, place: u32) -> VersionId {
        self.wanted.get(place as usize).copied().unwrap_or(self.common)
    }

    /// Notes who ought to have a version from now on. Returns how many places do.
    fn want(&mut self, version: VersionId, to: PushTo) -> u32 {
        self.pushes += 1;
        for (place, wanted) in self.wanted.iter_mut().enumerate() {
            let place = place as u32;
            let is_meant = match to {
                PushTo::All => true,
                PushTo::First(count) => place < count,
                PushTo::Wave(wave) => self.service.wave_of(place) == Some(usize::from(wave)),
            };
            if is_meant {
                *wanted = version;
            }
        }
        if to == PushTo::All {
            self.common = version;
        }
        self.wanted.iter().filter(|&&wanted| wanted == version).count() as u32
    }

    /// What a version does to a pod that gets it as its file, if it is no good there.
    fn invalid(&self, version: VersionId, ordinal: u32) -> Option<&Invalid> {
        let invalid = self.invalid[usize::from(version.0)].as_ref()?;
        invalid.ordinals.as_ref().is_none_or(|hit| hit.contains(&ordinal)).then_some(invalid)
    }

    fn travel(&self, pod: u32) -> crate::engine::SimDuration {
        let key = self.key.purpose(streams::CONFIG_PROPAGATION).entity(self.pushes);
        self.propagation.draw_span(&mut key.entity(u64::from(pod)).counter(), u64::from(pod))
    }
}

impl Rollout {
    /// A pod exists: it starts with what its place ought to have.
    pub(super) fn configure_new(
        &mut self,
        now: SimTime,
        pod: PodId,
        place: u32,
        out: &mut RolloutOutbox,
    ) {
        let Some(configs) = &mut self.configurations else { return };
        assert_eq!(configs.files.len(), pod.0 as usize, "pods come in order");
        let wanted = configs.wants(place);
        configs.files.push(File { place, wanted, push: 0, on_its_way: false, held: false });
        if wanted == STABLE {
            return;
        }
        // There is no earlier file in a new pod.
        if configs.invalid(wanted, self.platform.ordinal_of(pod)).is_some() {
            self.platform.break_configuration(now, pod, false, &mut self.inner);
        }
        out.log(configured(pod.0, wanted));
        out.effects.push(RolloutEffect::Configured { pod, version: wanted });
    }

    /// A generated file is good or bad, and goes to everybody.
    pub(super) fn generate(
        &mut self,
        now: SimTime,
        (good, bad): (VersionId, VersionId),
        chance: f64,
        out: &mut RolloutOutbox,
    ) {
        let Some(configs) = &mut self.configurations else { return };
        let draw = configs.key.purpose(streams::CONFIG_FILE).unit(configs.generated);
        configs.generated += 1;
        self.push(now, if draw < chance { bad } else { good }, PushTo::All, out);
    }

    /// A file sets out.
    pub(super) fn push(
        &mut self,
        now: SimTime,
        version: VersionId,
        to: PushTo,
        out: &mut RolloutOutbox,
    ) {
        let Some(configs) = &mut self.configurations else { return };
        let instances = configs.want(version, to);
        let of = configs.wanted.len() as u32;
        out.log(EventKind::ConfigPushed { version, instances, of });
        for pod in 0..configs.files.len() as u32 {
            let wanted = configs.wants(configs.files[pod as usize].place);
            let file = &configs.files[pod as usize];
            if file.wanted == wanted || !self.platform.is_active(PodId(pod)) {
                continue;
            }
            let push = configs.pushes;
            let broke = configs.invalid(file.wanted, self.platform.ordinal_of(PodId(pod)));
            let repair = broke.filter(|_| file.held).and_then(|broke| broke.repair.as_ref());
            let (at, due) = if let Some(law) = repair {
                let key = configs.key.purpose(streams::CONFIG_REPAIR).entity(u64::from(pod));
                let takes = law.draw_span(&mut key.counter(), u64::from(pod));
                (now + takes, Due::Repaired { pod, push })
            } else {
                (now + configs.travel(pod), Due::FileThere { pod, push })
            };
            let file = &mut configs.files[pod as usize];
            (file.wanted, file.push) = (wanted, push);
            if !file.held && !std::mem::replace(&mut file.on_its_way, true) {
                configs.pushing += 1;
            }
            out.later.push((at, RolloutEvent(due)));
        }
        self.wake(now + self.lag.deployment, out);
    }

    /// A file has reached an instance.
    pub(super) fn on_file(&mut self, now: SimTime, pod: u32, push: u64, out: &mut RolloutOutbox) {
        let Some(configs) = &mut self.configurations else { return };
        let file = &mut configs.files[pod as usize];
        if file.push != push {
            return;
        }
        file.on_its_way = false;
        configs.pushing -= 1;
        let (version, all_there) = (file.wanted, configs.pushing == 0);
        if self.platform.is_active(PodId(pod)) {
            self.apply_file(now, PodId(pod), version, out);
        }
        if all_there {
            self.wake(now + self.lag.deployment, out);
        }
    }

    fn apply_file(
        &mut self,
        now: SimTime,
        pod: PodId,
        version: VersionId,
        out: &mut RolloutOutbox,
    ) {
        let Some(configs) = &mut self.configurations else { return };
        let invalid = configs.invalid(version, self.platform.ordinal_of(pod));
        let (keeps, held) = invalid.map_or((false, false), |it| {
            (it.keeps_last_good, it.repair.is_some() && !it.keeps_last_good)
        });
        let crashes = invalid.is_some() && !keeps;
        if keeps {
            out.log(EventKind::ConfigRefused { instance: pod.0, version });
            return;
        }
        out.log(configured(pod.0, version));
        out.effects.push(RolloutEffect::Configured { pod, version });
        if crashes {
            configs.files[pod.0 as usize].held = held;
            self.platform.break_configuration(now, pod, held, &mut self.inner);
        } else {
            self.platform.mend_configuration(pod);
        }
    }

    /// Somebody has put an instance right.
    pub(super) fn on_repaired(
        &mut self,
        now: SimTime,
        pod: u32,
        push: u64,
        out: &mut RolloutOutbox,
    ) {
        let Some(configs) = &mut self.configurations else { return };
        let file = &mut configs.files[pod as usize];
        if file.push != push {
            return;
        }
        file.held = false;
        let version = file.wanted;
        out.log(EventKind::InstanceRepaired { instance: pod, version });
        out.effects.push(RolloutEffect::Configured { pod: PodId(pod), version });
        self.platform.repair(now, PodId(pod), &mut self.inner);
    }
}

fn configured(instance: u32, version: VersionId) -> EventKind {
    EventKind::InstanceConfigured { instance, version }
}
