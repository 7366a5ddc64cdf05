//! The ledger: what is counted about requests, by class and version, over time, by cause.
//!
//! Requests count by their intended send time, if it lies in the window; warm-up requests
//! load the system and are not counted. All counts are integers.

use crate::engine::{SimDuration, SimTime};
use crate::plan::Plan;
use crate::record::{
    Bucket, Cause, CauseCount, Cell, CoarseHistogram, Counters, Outcome, PhaseTally, Series,
    StreamCounts, Timeline, minutes,
};

use super::request::{NONE, Request, Requests};
use super::users::UserTable;

/// The finest step of the harm series, and the most steps it has.
const HARM_STEP: SimDuration = SimDuration::from_secs(1);
const HARM_STEPS: u64 = 3600;

/// Cuts the window into equal steps and says in which an instant lies.
#[derive(Clone, Copy, Debug)]
struct Steps {
    width: SimDuration,
    /// What the first step lacks of that.
    lacks: u64,
    per_nanosecond: f64,
    count: usize,
}

impl Steps {
    /// Steps of this width that meet `at` after the window's start.
    fn meeting(at: SimDuration, window: SimDuration, width: SimDuration) -> Self {
        let lacks = lacking(at, width);
        Self {
            width,
            lacks,
            per_nanosecond: 1.0 / width.0 as f64,
            count: (window.0 + lacks).div_ceil(width.0).max(1) as usize,
        }
    }

    /// Steps of at least `finest`, in whole multiples of it, at most `most` of them.
    fn at_most(window: SimDuration, finest: SimDuration, most: u64) -> Self {
        let multiple = window.0.div_ceil(finest.0 * most).max(1);
        Self::meeting(SimDuration::ZERO, window, SimDuration(finest.0 * multiple))
    }

    /// The step of an instant `offset` after the window's start. The half nanosecond keeps an
    /// instant on the border of two steps in the later one despite rounding.
    #[inline]
    fn of(&self, offset: u64) -> usize {
        let from_first = (offset + self.lacks) as f64 + 0.5;
        ((from_first * self.per_nanosecond) as usize).min(self.count - 1)
    }
}

/// What the first of steps that meet at some time lacks of their width.
fn lacking(at: SimDuration, width: SimDuration) -> u64 {
    (width.0 - at.0 % width.0) % width.0
}

/// All counts of a run.
#[derive(Debug)]
pub struct Ledger {
    start: SimTime,
    end: SimTime,
    overhead: u64,
    versions: usize,
    cells: Vec<Cell>,
    causes: [[u64; Cause::ALL.len()]; Outcome::ALL.len()],
    sent: Vec<u64>,
    buckets: Vec<Bucket>,
    bucket_steps: Steps,
    deploy_at: SimDuration,
    /// The bucket of requests sent now ([`NONE`] in the warm-up), and until when.
    bucket: u32,
    bucket_until: SimTime,
    harm: Vec<u32>,
    harm_steps: Steps,
    phases: Vec<(SimTime, SimTime, PhaseTally)>,
    /// Time in queues of accepted attempts.
    pub wait_ns: u128,
    /// Accepted attempts.
    pub accepted: u64,
    /// Accepted attempts that waited.
    pub waited: u64,
    /// Busy worker-time in the window.
    pub busy_ns: u128,
    /// Area under the number of requests in the system over the window.
    pub in_system_ns: u128,
    /// Who sent, and who was harmed.
    pub users: UserTable,
    /// Streams that did not end by their clients' will.
    streams: StreamCounts,
}

impl Ledger {
    /// An empty ledger for a run of this plan.
    #[must_use]
    pub fn new(plan: &Plan, timeline_width: SimDuration) -> Self {
        let start = SimTime(plan.clock.warmup.0);
        let window = plan.clock.window;
        let versions = plan.versions.len();
        let cells = (0..plan.classes.len())
            .flat_map(|class| {
                (0..=versions).map(move |version| Cell {
                    class: class as u16,
                    version: (version < versions).then_some(crate::plan::VersionId(version as u16)),
                    ..Cell::default()
                })
            })
            .collect();
        let deploy_at = plan.clock.deploy_at;
        let bucket_steps = Steps::meeting(deploy_at, window, timeline_width);
        let harm_steps = Steps::at_most(window, HARM_STEP, HARM_STEPS);
        Self {
            start,
            end: start + window,
            overhead: plan.balancer.overhead.0,
            versions,
            cells,
            causes: [[0; Cause::ALL.len()]; Outcome::ALL.len()],
            sent: vec![0; plan.classes.len()],
            buckets: vec![Bucket::default(); bucket_steps.count],
            bucket_steps,
            deploy_at,
            bucket: NONE,
            bucket_until: start,
            harm: vec![0; harm_steps.count],
            harm_steps,
            phases: plan
                .phases
                .iter()
                .map(|phase| (start + phase.from, start + phase.to, PhaseTally::default()))
                .collect(),
            wait_ns: 0,
            accepted: 0,
            waited: 0,
            busy_ns: 0,
            in_system_ns: 0,
            users: UserTable::default(),
            streams: StreamCounts::default(),
        }
    }

    /// The window's end: the run's.
    #[must_use]
    pub fn end(&self) -> SimTime {
        self.end
    }

    /// Whether an instant lies in the window.
    #[inline]
    #[must_use]
    pub fn measures(&self, at: SimTime) -> bool {
        at >= self.start && at < self.end
    }

    /// Counts a request sent now, and says in which bucket.
    #[inline]
    pub fn sent(&mut self, class: u8, user: u32, now: SimTime) -> u32 {
        if now >= self.bucket_until {
            self.next_bucket(now);
        }
        if self.bucket != NONE {
            self.sent[usize::from(class)] += 1;
            self.buckets[self.bucket as usize].sent += 1;
            if user != NONE {
                self.users.sent(user);
            }
        }
        self.bucket
    }

    #[cold]
    fn next_bucket(&mut self, now: SimTime) {
        let bucket = self.bucket_steps.of(now.0 - self.start.0);
        self.bucket = bucket as u32;
        self.bucket_until = self.bucket_end(bucket);
    }

    /// Counts an accepted attempt that waited `wait` before its service of `service` began.
    #[inline]
    pub fn served(&mut self, now: SimTime, wait: u64, service: u64) {
        let from = now.0.max(self.start.0);
        let to = (now.0 + service).min(self.end.0);
        self.busy_ns += u128::from(to.saturating_sub(from));
        if now >= self.start {
            self.accepted += 1;
            self.wait_ns += u128::from(wait);
            self.waited += u64::from(wait > 0);
        }
    }

    /// Counts the time that an attempt spent in a queue before the instance's own.
    pub fn waited_before(&mut self, now: SimTime, wait: u64) {
        if now >= self.start {
            self.wait_ns += u128::from(wait);
            self.waited += u64::from(wait > 0);
        }
    }

    /// Takes back busy time that was counted ahead and did not happen.
    pub fn cut_service(&mut self, now: SimTime, planned_end: SimTime) {
        let from = now.0.max(self.start.0);
        let to = planned_end.0.min(self.end.0);
        self.busy_ns -= u128::from(to.saturating_sub(from));
    }

    /// Counts the end of a request of `user` whose last attempt went to `version` (`None`: to
    /// no instance).
    #[inline]
    pub fn ended(
        &mut self,
        request: &Request,
        user: u32,
        now: SimTime,
        version: Option<u16>,
        outcome: Outcome,
        cause: Option<Cause>,
    ) {
        if request.bucket == NONE {
            return;
        }
        let latency = now.0 - request.sent.0 + self.overhead;
        let place = usize::from(request.class) * (self.versions + 1)
            + version.map_or(self.versions, usize::from);
        let cell = &mut self.cells[place];
        cell.counters.requests += 1;
        cell.counters.attempts += u64::from(request.attempts);
        cell.counters.tries += u64::from(request.tries) + u64::from(request.earlier_tries);
        cell.counters.outcomes[outcome as usize] += 1;
        let bucket = &mut self.buckets[request.bucket as usize];
        bucket.outcomes[outcome as usize] += 1;
        if !self.phases.is_empty() {
            tally(&mut self.phases, request, latency, outcome, cause);
        }
        if outcome == Outcome::Ok {
            cell.ok.record(latency);
            bucket.ok.record(latency);
        } else {
            cell.failed.record(latency);
            let cause = cause.expect("a failed request has a cause");
            self.harmed(user, now, outcome, cause);
        }
        if request.has_content() {
            self.content(request, place, user, now, outcome);
        }
    }

    /// Counts the content of an answer: reads and stale ones among the answered, log-ins that
    /// were forced whatever the outcome. Wrong content is harm; of a request that failed, the
    /// failure is.
    #[cold]
    fn content(
        &mut self,
        request: &Request,
        cell: usize,
        user: u32,
        now: SimTime,
        outcome: Outcome,
    ) {
        let ok = outcome == Outcome::Ok;
        let forced = u64::from(request.bears(Request::FORCED));
        let stale = u64::from(ok && request.bears(Request::STALE));
        let counters = &mut self.cells[cell].counters;
        counters.reads += u64::from(ok && request.bears(Request::READ));
        counters.stale_reads += stale;
        counters.forced_logins += forced;
        let bucket = &mut self.buckets[request.bucket as usize];
        bucket.stale_reads += stale;
        bucket.forced_logins += forced;
        if ok && stale + forced > 0 {
            self.add_harm(user, now);
        }
    }

    fn bucket_now(&mut self, now: SimTime) -> Option<&mut Bucket> {
        if !self.measures(now) {
            return None;
        }
        let place = self.bucket_steps.of(now.0 - self.start.0);
        Some(&mut self.buckets[place])
    }

    /// Counts a look-up in a cache.
    pub fn looked_up(&mut self, now: SimTime, hit: bool) {
        if let Some(bucket) = self.bucket_now(now) {
            bucket.cache_lookups += 1;
            bucket.cache_hits += u64::from(hit);
        }
    }

    /// Counts a call that a store begins to serve.
    pub fn called_store(&mut self, now: SimTime) {
        if let Some(bucket) = self.bucket_now(now) {
            bucket.store_calls += 1;
        }
    }

    /// Counts a stream that an instance closed.
    pub fn stream_closed(&mut self, now: SimTime) {
        if self.measures(now) {
            self.streams.closed += 1;
        }
    }

    /// Counts a stream that broke.
    pub fn stream_cut(&mut self, user: u32, now: SimTime) {
        if self.measures(now) {
            self.streams.cut += 1;
            self.add_harm(user, now);
        }
    }

    /// Counts a request that begins on an instance that is not warm yet.
    pub fn served_cold(&mut self, now: SimTime) {
        if let Some(bucket) = self.bucket_now(now) {
            bucket.cold += 1;
        }
    }

    /// Adds worker-time that was spent waiting for others.
    pub fn held(&mut self, from: SimTime, to: SimTime) {
        let (from, to) = (from.0.max(self.start.0), to.0.min(self.end.0));
        self.busy_ns += u128::from(to.saturating_sub(from));
    }

    /// Adds a request's stay to the area under the number in the system.
    pub fn in_system(&mut self, sent: SimTime, until: SimTime) {
        let from = sent.0.max(self.start.0);
        self.in_system_ns += u128::from(until.0.min(self.end.0).saturating_sub(from));
    }

    #[cold]
    fn harmed(&mut self, user: u32, now: SimTime, outcome: Outcome, cause: Cause) {
        self.causes[outcome as usize][cause as usize] += 1;
        self.add_harm(user, now);
    }

    fn add_harm(&mut self, user: u32, now: SimTime) {
        let step = self.harm_steps.of(now.0.min(self.end.0 - 1) - self.start.0);
        self.harm[step] += 1;
        self.users.harmed(user);
    }

    /// Samples levels at the end of a timeline bucket.
    pub fn sample(&mut self, bucket: usize, levels: Sample) {
        let bucket = &mut self.buckets[bucket];
        bucket.routable = u64::from(levels.routable);
        bucket.instances = u64::from(levels.instances);
        bucket.weight_candidate_bp = levels.weight_bp;
        bucket.in_system = levels.in_system;
        bucket.hottest_permille = levels.hottest_permille;
        (bucket.streams, bucket.streams_candidate) = levels.streams;
    }

    /// How many timeline buckets there are.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// When a timeline bucket ends.
    #[must_use]
    pub fn bucket_end(&self, bucket: usize) -> SimTime {
        let steps = &self.bucket_steps;
        let end = self.start.0 + steps.width.0 * (bucket as u64 + 1) - steps.lacks;
        SimTime(end.min(self.end.0))
    }

    /// Requests that failed so far: for the story.
    #[must_use]
    pub fn failed_so_far(&self) -> u64 {
        self.cells.iter().map(|cell| cell.counters.failed()).sum()
    }

    /// Counts what is still in the system at the window's end, and checks that every request
    /// is accounted for.
    ///
    /// # Panics
    /// If a request was lost or counted twice.
    pub fn close(&mut self, requests: &Requests, version_of: impl Fn(u32) -> Option<u16>) {
        let end = self.end;
        for request in requests.live().filter(|request| !request.is_orphan()) {
            self.in_system(request.sent, end);
            if request.bucket == NONE {
                continue;
            }
            let version = version_of(request.instance);
            let cell = usize::from(request.class) * (self.versions + 1)
                + version.map_or(self.versions, usize::from);
            let counters = &mut self.cells[cell].counters;
            counters.requests += 1;
            counters.attempts += u64::from(request.attempts);
            counters.tries += u64::from(request.tries) + u64::from(request.earlier_tries);
            counters.in_flight += 1;
        }
        for (class, &sent) in self.sent.iter().enumerate() {
            let mut total = Counters::default();
            let cells = self.cells.iter().filter(|cell| usize::from(cell.class) == class);
            cells.for_each(|cell| total.merge(&cell.counters));
            assert_eq!(sent, total.requests, "requests of class {class} were lost or doubled");
            assert!(total.balance(), "outcomes of class {class} do not add up");
        }
    }

    /// The greatest p99 of a minute of the window, of longer steps where that is long (see
    /// [`minutes`]): sums of whole buckets, as timelines are cut so that they nest.
    fn worst_minute(&self) -> Option<u64> {
        let step = minutes(self.end - self.start);
        let lacks = lacking(self.deploy_at, step);
        let mut worst = None;
        let mut minute = (0, CoarseHistogram::default());
        for (number, bucket) in self.buckets.iter().enumerate() {
            let steps = &self.bucket_steps;
            let from = (number as u64 * steps.width.0 + lacks).saturating_sub(steps.lacks);
            let at = from / step.0;
            if at != minute.0 {
                worst = worst.max(minute.1.quantile(0.99));
                minute = (at, CoarseHistogram::default());
            }
            minute.1.merge(&bucket.ok);
        }
        worst.max(minute.1.quantile(0.99))
    }

    /// The parts of a run's record that the ledger holds.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        let worst = self.worst_minute();
        let causes = Outcome::ALL
            .iter()
            .flat_map(|&outcome| Cause::ALL.iter().map(move |&cause| (outcome, cause)))
            .map(|(outcome, cause)| CauseCount {
                outcome,
                cause,
                count: self.causes[outcome as usize][cause as usize],
            })
            .filter(|row| row.count > 0)
            .collect();
        Parts {
            cells: self.cells,
            causes,
            worst_minute_ok_p99_ns: worst,
            streams: self.streams,
            harm: Series { width: self.harm_steps.width, counts: self.harm },
            phases: self.phases.into_iter().map(|(_, _, tally)| tally).collect(),
            timeline: Timeline {
                width: self.bucket_steps.width,
                lacks: SimDuration(self.bucket_steps.lacks),
                buckets: self.buckets.into(),
                runs: 1,
            },
        }
    }
}

/// Levels at the end of a timeline bucket.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Instances that a balancer node may use.
    pub routable: u32,
    /// Pods that exist.
    pub instances: u32,
    /// The candidate's share of the traffic in basis points.
    pub weight_bp: u64,
    /// Requests that have not ended.
    pub in_system: u64,
    /// What is bound to the fullest instance, in thousandths of the mean.
    pub hottest_permille: u64,
    /// Open streams: all, and those on versions other than the stable one.
    pub streams: (u64, u64),
}

/// What the ledger gives to a run's record.
#[derive(Debug)]
pub struct Parts {
    /// Counts by class and version.
    pub cells: Vec<Cell>,
    /// Failures by how and why.
    pub causes: Vec<CauseCount>,
    /// The worst minute's p99 of ok requests.
    pub worst_minute_ok_p99_ns: Option<u64>,
    /// Streams that did not end by their clients' will.
    pub streams: StreamCounts,
    /// Harm over time.
    pub harm: Series,
    /// Counts by send time.
    pub timeline: Timeline,
    /// Requests of the phases.
    pub phases: Vec<PhaseTally>,
}

/// Counts a request that ended in the phases it was sent in.
#[cold]
fn tally(
    phases: &mut [(SimTime, SimTime, PhaseTally)],
    request: &Request,
    latency: u64,
    outcome: Outcome,
    cause: Option<Cause>,
) {
    let ok = outcome == Outcome::Ok;
    let bears = |what| u64::from(request.has_content() && request.bears(what));
    for (from, to, tally) in phases {
        if request.sent < *from || request.sent >= *to {
            continue;
        }
        if ok {
            tally.reads += bears(Request::READ);
            tally.stale_reads += bears(Request::STALE);
        }
        tally.forced_logins += bears(Request::FORCED);
        tally.requests += 1;
        tally.outcomes[outcome as usize] += 1;
        match cause {
            None => tally.ok.record(latency),
            Some(cause) => {
                tally.failed.record(latency);
                tally.causes[outcome as usize][cause as usize] += 1;
            }
        }
    }
}
