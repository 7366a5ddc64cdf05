//! Streams in the served world: opened by requests, ended by their clients, closed by instances
//! that drain, cut by those that go; their clients come back.

use crate::engine::rng::index;
use crate::engine::{Residual, SimDuration, SimTime};
use crate::model::balancer::Choice;
use crate::model::instance::Condition;
use crate::model::request::{NONE, Request};
use crate::plan::{Arrivals, CloseStreams, Plan};
use crate::record::Outcome;

use super::world::{Kind, World, payload};

impl World {
    /// Streams that have been open since long before the run.
    pub fn begin_streams(&mut self, plan: &Plan, class: u8) {
        let declared = &plan.classes[usize::from(class)];
        let stream = declared.stream.as_ref().expect("a class with streams");
        let lifetime = &stream.lifetime;
        if let Arrivals::Users { count, think } = &declared.arrivals {
            let open = lifetime.mean() / (lifetime.mean() + think.mean()).max(1.0);
            let thinking = Residual::new(think);
            for _ in 0..*count {
                let client = self.add_closed_user(class, u32::MAX);
                self.begin_stream(client);
                let key = self.closed[client as usize].key;
                if key.unit(1 << 41) < open {
                    self.already_open(client);
                } else {
                    let rest = thinking.draw_span(&mut key.entity(1 << 41).counter());
                    self.calendar.push(SimTime::ZERO + rest, payload(Kind::User, client));
                }
            }
        } else if let Some(rate) = declared.arrivals.rate_at_start() {
            for _ in 0..stream.in_equilibrium(rate) {
                let client = self.add_closed_user(class, 0);
                self.begin_stream(client);
                self.already_open(client);
            }
        }
    }

    /// A client comes that has no stream yet.
    pub(super) fn begin_stream(&mut self, client: u32) {
        let class = self.closed[client as usize].class;
        if let Some(streams) = &mut self.streams
            && streams.has(class)
        {
            streams.begin(client);
        }
    }

    /// The client has had its stream for long: it is open somewhere.
    fn already_open(&mut self, client: u32) {
        let user = self.closed[client as usize];
        let keys = &self.classes[usize::from(user.class)].keys;
        let node = index(user.key.draw(1 << 42) as u32, self.nodes.len() as u32) as u16;
        let choice = Choice {
            routing: keys.routing,
            draw: u64::MAX - u64::from(client),
            split: keys.split,
            request: u64::MAX - u64::from(client),
            user: user.user,
            avoid: NONE,
            class: user.class,
            now: self.now,
        };
        let streams = self.streams.as_mut().expect("a world with streams");
        let rest = streams.rest(client, user.class, user.key);
        streams.of_client(client).ends = self.now + rest;
        match self.nodes[usize::from(node)].choose(&self.rules, &choice) {
            Some(instance) => self.open_stream(client, instance, node),
            None => self.come_back(client),
        }
    }

    /// A request that was to open a stream has ended.
    #[cold]
    pub(super) fn stream_answered(&mut self, request: &Request, outcome: Outcome) {
        let client = request.user;
        let user = self.closed[client as usize];
        let now = self.now;
        let streams = self.streams.as_mut().expect("a world with streams");
        let stream = *streams.of_client(client);
        if outcome != Outcome::Ok {
            if stream.is_wanted() {
                self.come_back(client);
            } else {
                self.user_continues(client);
            }
            return;
        }
        if !stream.is_wanted() {
            let lifetime = streams.lifetime(client, user.class, user.key);
            streams.of_client(client).ends = now + lifetime;
        } else if stream.ends <= now {
            // The client has waited for longer than it wanted the stream.
            streams.of_client(client).ends = SimTime::NEVER;
            self.user_continues(client);
            return;
        }
        self.open_stream(client, request.instance, request.node);
    }

    fn open_stream(&mut self, client: u32, instance: u32, node: u16) {
        let user = self.closed[client as usize];
        let streams = self.streams.as_mut().expect("a world with streams");
        streams.open(client, instance, node);
        let ends = streams.of_client(client).ends;
        let age = streams.greatest_age(client, user.class, user.key);
        let due = age.map_or(ends, |age| ends.min(self.now + age));
        self.stream_due_at(client, due);
        let node = &mut self.nodes[usize::from(node)];
        if self.connections.is_some() {
            node.connected(instance);
        } else {
            node.begin(instance);
        }
        if self.instances[instance as usize].condition == Condition::Draining {
            self.close_streams(&[client], instance);
        }
    }

    fn stream_due_at(&mut self, client: u32, at: SimTime) {
        let streams = self.streams.as_mut().expect("a world with streams");
        streams.of_client(client).due = at;
        if at < self.ledger.end() {
            self.calendar.push(at, payload(Kind::Stream, client));
        }
    }

    /// Something is due for a client's stream, unless it has been settled otherwise.
    #[cold]
    pub fn stream_due(&mut self, client: u32) {
        let now = self.now;
        let streams = self.streams.as_mut().expect("a world with streams");
        let stream = *streams.of_client(client);
        if stream.due != now {
            return;
        }
        let wanted = now < stream.ends;
        if stream.is_open() {
            self.close_stream(client);
            if wanted {
                self.ledger.stream_closed(now);
                self.come_back(client);
                return;
            }
        } else if wanted {
            streams.of_client(client).due = SimTime::NEVER;
            self.user_sends_again(client);
            return;
        }
        let streams = self.streams.as_mut().expect("a world with streams");
        let stream = streams.of_client(client);
        (stream.due, stream.ends) = (SimTime::NEVER, SimTime::NEVER);
        self.user_continues(client);
    }

    fn close_stream(&mut self, client: u32) {
        let streams = self.streams.as_mut().expect("a world with streams");
        let (instance, node) = streams.close(client);
        let state = &mut self.nodes[usize::from(node)];
        if self.connections.is_some() {
            state.disconnected(instance);
        } else {
            state.end(instance);
        }
        if self.rules.most != u32::MAX {
            self.room_at(usize::from(node), instance);
        }
        if self.instances[instance as usize].condition == Condition::Draining {
            self.exit_if_empty(instance);
        }
    }

    /// A client that has lost its stream, or could not open it, waits and tries again.
    fn come_back(&mut self, client: u32) {
        let user = self.closed[client as usize];
        let streams = self.streams.as_mut().expect("a world with streams");
        let pause = streams.pause(client, user.class, user.key);
        // A pause of no time would try again within one instant for ever where nobody serves.
        let at = self.now + pause.max(SimDuration(1));
        self.stream_due_at(client, at);
    }

    /// A process has been told to stop: what becomes of its streams.
    pub(super) fn close_streams_of(&mut self, instance: u32) {
        let Some(streams) = &self.streams else { return };
        let clients = streams.clients_of(instance, None);
        self.close_streams(&clients, instance);
    }

    fn close_streams(&mut self, clients: &[u32], instance: u32) {
        let own = self.traits[instance as usize].own.as_deref();
        let streams = self.streams.as_ref().expect("a world with streams");
        let policy = own.and_then(|own| own.close_streams).unwrap_or(streams.at_stop);
        let span = match policy {
            CloseStreams::Wait => return,
            CloseStreams::AtOnce => SimDuration::ZERO,
            CloseStreams::Over(span) => span,
        };
        let count = clients.len().max(1) as f64;
        for (place, &client) in clients.iter().enumerate() {
            // Evenly, with jitter: the rate is never above streams ÷ span for long.
            let jitter = self.closed[client as usize].key.unit(1 << 43);
            let after = SimDuration((span.0 as f64 * (place as f64 + jitter) / count) as u64);
            let streams = self.streams.as_mut().expect("a world with streams");
            let due = streams.of_client(client).due;
            if self.now + after < due {
                self.stream_due_at(client, self.now + after);
            }
        }
    }

    /// A process is gone, or the way to it: its streams break.
    pub(super) fn cut_streams_of(&mut self, instance: u32, node: Option<u16>) {
        let Some(streams) = &self.streams else { return };
        let clients = streams.clients_of(instance, node);
        self.cut_streams(&clients);
    }

    /// The balancer is stopped: all streams break.
    pub(super) fn cut_all_streams(&mut self) {
        let Some(streams) = &self.streams else { return };
        let clients = streams.open_clients();
        self.cut_streams(&clients);
    }

    fn cut_streams(&mut self, clients: &[u32]) {
        for &client in clients {
            self.close_stream(client);
            self.ledger.stream_cut(self.closed[client as usize].user, self.now);
            self.come_back(client);
        }
    }

    /// Open streams: all, and those on versions other than the stable one.
    pub(super) fn open_streams(&self) -> (u64, u64) {
        let Some(streams) = &self.streams else { return (0, 0) };
        let (mut all, mut deployed) = (0, 0);
        for (number, instance) in (0u32..).zip(&self.instances) {
            let open = u64::from(streams.open_in(number));
            all += open;
            if instance.version != self.stable.0 {
                deployed += open;
            }
        }
        (all, deployed)
    }
}
