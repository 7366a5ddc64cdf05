//! On-call people: a page, somebody who looks at it, a decision, a request to roll back.
//!
//! A pure state machine. The first alert pages; acknowledgement, diagnosis and decision each take
//! a random time, longer outside office hours by the scenario's clock. What was decided once is
//! not decided again until the next rollout: more alerts while somebody works on the first, or
//! while the rollback runs, page nobody. Left out: escalation, pages that nobody answers,
//! wrong decisions and changes of the clock in the middle of a run (daylight saving).

use crate::engine::rng::Key;
use crate::engine::time::SECOND;
use crate::engine::{Distribution, Sampler, SimDuration, SimTime};
use crate::plan::streams::{ON_CALL_ACKNOWLEDGE, ON_CALL_DECIDE, ON_CALL_DIAGNOSE};
use crate::plan::{Clock, OnCall};
use crate::record::EventKind;

const DAY_S: i64 = 24 * 3600;

/// Whoever is on call.
#[derive(Clone)]
pub struct People {
    acknowledge: Sampler,
    /// `None`: whoever looks knows at once.
    diagnose: Option<Sampler>,
    decide: Sampler,
    night_factor: f64,
    weekend_factor: f64,
    clock: WallClock,
    key: Key,
    /// Pages so far in the run.
    pages: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody was called.
    Quiet,
    /// Somebody was, by that page, and has not looked yet.
    Paged(u64),
    /// Somebody looks at it.
    Looking(u64),
    /// Somebody knows what it is.
    Knowing(u64),
    /// It was decided to roll back.
    Decided,
}

/// What happens next on the people's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCallEvent {
    /// Somebody begins to look at that page.
    Acknowledge(u64),
    /// They know what it is.
    Diagnose(u64),
    /// They know what to do about it.
    Decide(u64),
}

/// What comes of a page or an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    /// For the run's log. [`EventKind::RollbackDecided`] asks for the rollback.
    pub log: EventKind,
    /// What to hand back to [`People::handle`], and when.
    pub next: Option<(SimTime, OnCallEvent)>,
}

impl Reaction {
    /// Whether a rollback is to begin now.
    #[must_use]
    pub fn asks_for_rollback(&self) -> bool {
        matches!(self.log, EventKind::RollbackDecided { .. })
    }
}

impl People {
    /// The people of a run.
    #[must_use]
    pub fn new(on_call: &OnCall, clock: &Clock, seed: Key) -> Self {
        Self {
            acknowledge: Sampler::new(&on_call.acknowledge),
            diagnose: (on_call.diagnose != Distribution::Constant(0.0))
                .then(|| Sampler::new(&on_call.diagnose)),
            decide: Sampler::new(&on_call.decide),
            night_factor: on_call.off_hours_factor,
            weekend_factor: on_call.weekend_factor.unwrap_or(on_call.off_hours_factor),
            clock: WallClock::new(clock),
            key: seed,
            pages: 0,
            state: State::Quiet,
        }
    }

    /// A new rollout begins: the next alert is news again. Whoever was called about the last
    /// one is no longer waited for.
    pub fn rollout_begins(&mut self) {
        self.state = State::Quiet;
    }

    /// Calls somebody, unless somebody was called already.
    pub fn page(&mut self, now: SimTime, alert: &str) -> Option<Reaction> {
        if self.state != State::Quiet {
            return None;
        }
        let page = self.pages;
        self.pages += 1;
        self.state = State::Paged(page);
        let takes = self.takes(now, &self.acknowledge, ON_CALL_ACKNOWLEDGE, page);
        Some(Reaction {
            log: EventKind::Paged { alert: alert.to_owned() },
            next: Some((now + takes, OnCallEvent::Acknowledge(page))),
        })
    }

    /// Goes on with what was said to happen now; `None` if a new rollout has overtaken it.
    pub fn handle(&mut self, now: SimTime, event: OnCallEvent) -> Option<Reaction> {
        match (self.state, event) {
            (State::Paged(page), OnCallEvent::Acknowledge(of)) if of == page => {
                self.state = State::Looking(page);
                let next = match &self.diagnose {
                    None => self.deciding(now, page),
                    Some(law) => {
                        let takes = self.takes(now, law, ON_CALL_DIAGNOSE, page);
                        (now + takes, OnCallEvent::Diagnose(page))
                    }
                };
                Some(Reaction { log: EventKind::Acknowledged, next: Some(next) })
            }
            (State::Looking(page), OnCallEvent::Diagnose(of)) if of == page => {
                self.state = State::Knowing(page);
                let next = Some(self.deciding(now, page));
                Some(Reaction { log: EventKind::Diagnosed, next })
            }
            (State::Looking(page) | State::Knowing(page), OnCallEvent::Decide(of))
                if of == page =>
            {
                self.state = State::Decided;
                let by = "on-call".to_owned();
                Some(Reaction { log: EventKind::RollbackDecided { by }, next: None })
            }
            _ => None,
        }
    }

    fn deciding(&self, now: SimTime, page: u64) -> (SimTime, OnCallEvent) {
        let takes = self.takes(now, &self.decide, ON_CALL_DECIDE, page);
        (now + takes, OnCallEvent::Decide(page))
    }

    /// How long something takes about a page, begun at this hour.
    fn takes(&self, now: SimTime, law: &Sampler, purpose: u32, page: u64) -> SimDuration {
        let nanoseconds = law.draw(&mut self.key.purpose(purpose).entity(page).counter(), page);
        let factor = match self.clock.shift(now) {
            Shift::Office => 1.0,
            Shift::Night => self.night_factor,
            Shift::Weekend => self.weekend_factor,
        };
        SimDuration((nanoseconds * factor + 0.5) as u64)
    }
}

/// Parts of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    /// Monday to Friday, 09:00 to 18:00.
    Office,
    /// Before and after that.
    Night,
    /// Saturday and Sunday.
    Weekend,
}

/// The local time of day and week, at the offset from UTC of the window's start.
#[derive(Clone, Copy, Debug)]
struct WallClock {
    /// Local nanoseconds since 1970 at the start of the run.
    start_ns: i64,
}

impl WallClock {
    fn new(clock: &Clock) -> Self {
        let offset = i64::from(clock.utc_offset_s) * SECOND as i64;
        Self { start_ns: clock.start_unix_ns - clock.warmup.0 as i64 + offset }
    }

    /// Which part of the week an instant is in.
    fn shift(self, now: SimTime) -> Shift {
        let local_s = (self.start_ns + now.0 as i64).div_euclid(SECOND as i64);
        // The first of January 1970 was a Thursday.
        let weekday = (local_s.div_euclid(DAY_S) + 3).rem_euclid(7);
        let hour = local_s.rem_euclid(DAY_S) / 3600;
        match weekday {
            5.. => Shift::Weekend,
            _ if (9..18).contains(&hour) => Shift::Office,
            _ => Shift::Night,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing;

    /// 2025-06-27, a Friday, 17:00 in New York.
    const FRIDAY_17: i64 = 1_751_058_000;
    const NEW_YORK_S: i32 = -4 * 3600;

    fn clock(start_s: i64) -> Clock {
        Clock {
            start_unix_ns: start_s * SECOND as i64,
            utc_offset_s: NEW_YORK_S,
            warmup: SimDuration::from_secs(60),
            ..testing::plan().clock
        }
    }

    fn people(start_s: i64) -> People {
        let minutes = |minutes: u64| Distribution::constant(SimDuration::from_secs(60 * minutes));
        let on_call = OnCall {
            acknowledge: minutes(4),
            diagnose: minutes(0),
            decide: minutes(10),
            off_hours_factor: 2.0,
            weekend_factor: Some(5.0),
        };
        People::new(&on_call, &clock(start_s), Key::of_seed(1))
    }

    /// An instant so many minutes into the window.
    fn minute(minutes: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(60 * (minutes + 1))
    }

    /// Pages at a minute, lets everything happen, and says when each thing did.
    fn sit_through(people: &mut People, paged: u64) -> Vec<(u64, EventKind)> {
        let mut log = Vec::new();
        let mut now = minute(paged);
        let mut reaction = people.page(now, "errors");
        while let Some(Reaction { log: event, next }) = reaction {
            log.push((now.0 / (60 * SECOND) - 1, event));
            let Some((when, event)) = next else { break };
            now = when;
            reaction = people.handle(when, event);
        }
        log
    }

    fn decided() -> EventKind {
        EventKind::RollbackDecided { by: "on-call".into() }
    }

    #[test]
    fn a_page_is_acknowledged_and_then_decided() {
        let log = sit_through(&mut people(FRIDAY_17), 5);
        let paged = EventKind::Paged { alert: "errors".into() };
        assert_eq!(log, [(5, paged), (9, EventKind::Acknowledged), (19, decided())]);
    }

    #[test]
    fn after_six_everything_takes_longer() {
        let log = sit_through(&mut people(FRIDAY_17), 61);
        assert_eq!(log[1..], [(69, EventKind::Acknowledged), (89, decided())]);
    }

    #[test]
    fn each_part_goes_by_the_hour_at_which_it_begins() {
        let log = sit_through(&mut people(FRIDAY_17), 57);
        assert_eq!(log[1..], [(61, EventKind::Acknowledged), (81, decided())]);
    }

    #[test]
    fn saturdays_and_sundays_have_a_factor_of_their_own() {
        let saturday_noon = 19 * 60;
        let log = sit_through(&mut people(FRIDAY_17), saturday_noon);
        let minutes: Vec<u64> = log.iter().map(|&(minute, _)| minute - saturday_noon).collect();
        assert_eq!(minutes, [0, 20, 70]);
    }

    #[test]
    fn a_diagnosis_comes_between_the_first_look_and_the_decision() {
        let mut people = people(FRIDAY_17);
        people.diagnose =
            Some(Sampler::new(&Distribution::constant(SimDuration::from_secs(6 * 60))));
        let log = sit_through(&mut people, 5);
        assert_eq!(
            log[1..],
            [(9, EventKind::Acknowledged), (15, EventKind::Diagnosed), (25, decided())]
        );
    }

    #[test]
    fn office_hours_are_monday_to_friday_nine_to_six_local_time() {
        let clock = WallClock::new(&clock(FRIDAY_17));
        let open: Vec<u64> =
            (0..7 * 24).filter(|hour| clock.shift(minute(60 * hour)) == Shift::Office).collect();
        // From Friday 17:00: the rest of that day; Monday 09:00 is 64 hours later.
        let expected: Vec<u64> = [0]
            .into_iter()
            .chain((0..5).flat_map(|day| (0..9).map(move |h| 64 + 24 * day + h)))
            .collect();
        assert_eq!(open, expected.into_iter().filter(|&hour| hour < 168).collect::<Vec<_>>());
    }

    #[test]
    fn only_the_first_alert_pages_until_the_next_rollout() {
        let mut people = people(FRIDAY_17);
        sit_through(&mut people, 0);
        assert_eq!(people.page(minute(20), "errors"), None);
        people.rollout_begins();
        assert!(people.page(minute(30), "errors").is_some());
    }

    #[test]
    fn what_was_about_an_earlier_rollout_is_dropped() {
        let mut people = people(FRIDAY_17);
        let first = people.page(minute(0), "errors").and_then(|reaction| reaction.next);
        let (when, stale) = first.expect("somebody will look");
        people.rollout_begins();
        people.page(minute(1), "errors");
        assert_eq!(people.handle(when, stale), None);
    }

    #[test]
    fn times_are_drawn_by_page_and_seed_and_from_streams_of_their_own() {
        let law = || Distribution::Exponential { mean: 240e9 };
        let on_call = OnCall {
            acknowledge: law(),
            diagnose: Distribution::Constant(0.0),
            decide: law(),
            off_hours_factor: 1.0,
            weekend_factor: None,
        };
        let spans = |seed: u64| {
            let mut people = People::new(&on_call, &clock(FRIDAY_17), Key::of_seed(seed));
            let (acknowledged, event) = people.page(minute(0), "a").unwrap().next.unwrap();
            let (decided, _) = people.handle(acknowledged, event).unwrap().next.unwrap();
            (acknowledged - minute(0), decided - acknowledged)
        };
        assert_eq!(spans(1), spans(1));
        assert_ne!(spans(1), spans(2));
        assert_ne!(spans(1).0, spans(1).1);
        let mean = (0..2_000).map(|seed| spans(seed).0.as_secs_f64()).sum::<f64>() / 2_000.0;
        assert!((mean - 240.0).abs() < 20.0, "mean {mean}");
    }
}
