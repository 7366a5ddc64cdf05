//! Long-lived connections: WebSockets, streams of server-sent events, gRPC streams.
//!
//! A request of a class with streams opens one: that is the handshake, which takes a worker.
//! The stream then stays open at its instance for a lifetime of its own and takes no worker. If
//! the instance closes it, or goes, its client comes back after a pause, to whatever instance the
//! balancer chooses then, for the rest of the lifetime. What passes over a stream is not
//! modelled: its load would be the instance's background load.

use crate::engine::rng::Key;
use crate::engine::{Residual, Sampler, SimDuration, SimTime};
use crate::plan::{CloseStreams, Plan, RequestClass, streams};

use super::request::NONE;

/// A client's stream.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// Where it is open; [`NONE`]: nowhere.
    pub instance: u32,
    /// The balancer node it goes through.
    pub node: u16,
    /// When something is to happen to it next: it ends, is closed, or its client comes back.
    pub due: SimTime,
    /// When its client wants it no more; never before it has been opened for the first time.
    pub ends: SimTime,
    /// Draws made for it so far.
    draws: u32,
}

impl Stream {
    const NONE: Self =
        Self { instance: NONE, node: 0, due: SimTime::NEVER, ends: SimTime::NEVER, draws: 0 };

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.instance != NONE
    }

    /// Whether it has been opened before, and is wanted still or was so a moment ago.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.ends != SimTime::NEVER
    }
}

/// What streams of a class are like.
struct Laws {
    lifetime: Sampler,
    rest: Residual,
    reconnect: Sampler,
    max_age: Option<SimDuration>,
}

/// All streams of a run, by the place of their client among closed-loop users.
pub struct Streams {
    by_class: Vec<Option<Laws>>,
    clients: Vec<Stream>,
    open_in: Vec<u32>,
    /// What becomes of those of an instance that drains.
    pub at_stop: CloseStreams,
}

impl Streams {
    /// No streams yet; `None` where no class has any.
    #[must_use]
    pub fn of(plan: &Plan) -> Option<Box<Self>> {
        let laws = |class: &RequestClass| {
            class.stream.as_ref().map(|stream| Laws {
                lifetime: Sampler::new(&stream.lifetime),
                rest: Residual::new(&stream.lifetime),
                reconnect: Sampler::new(&stream.reconnect),
                max_age: stream.max_age,
            })
        };
        let by_class: Vec<Option<Laws>> = plan.classes.iter().map(laws).collect();
        by_class.iter().any(Option::is_some).then(|| {
            Box::new(Self {
                by_class,
                clients: Vec::new(),
                open_in: Vec::new(),
                at_stop: plan.service.shutdown.close_streams,
            })
        })
    }

    /// Whether requests of a class open streams.
    #[must_use]
    pub fn has(&self, class: u8) -> bool {
        self.by_class[usize::from(class)].is_some()
    }

    fn laws(&self, class: u8) -> &Laws {
        self.by_class[usize::from(class)].as_ref().expect("a class with streams")
    }

    /// The client's stream.
    pub fn of_client(&mut self, client: u32) -> &mut Stream {
        let place = client as usize;
        if self.clients.len() <= place {
            self.clients.resize((place + 1).next_power_of_two(), Stream::NONE);
        }
        &mut self.clients[place]
    }

    /// The stream of a client that comes for the first time.
    pub fn begin(&mut self, client: u32) {
        *self.of_client(client) = Stream::NONE;
    }

    fn draw(&mut self, client: u32, key: Key) -> Key {
        let stream = self.of_client(client);
        stream.draws += 1;
        key.purpose(streams::STREAM).entity(u64::from(stream.draws))
    }

    /// How long a new stream is wanted.
    pub fn lifetime(&mut self, client: u32, class: u8, key: Key) -> SimDuration {
        let key = self.draw(client, key);
        self.laws(class).lifetime.draw_span(&mut key.counter(), u64::from(client))
    }

    /// How long a stream that is open at the start is wanted still.
    pub fn rest(&mut self, client: u32, class: u8, key: Key) -> SimDuration {
        let key = self.draw(client, key);
        self.laws(class).rest.draw_span(&mut key.counter())
    }

    /// How long a client waits before it comes back.
    pub fn pause(&mut self, client: u32, class: u8, key: Key) -> SimDuration {
        let key = self.draw(client, key);
        self.laws(class).reconnect.draw_span(&mut key.counter(), u64::from(client))
    }

    /// At which age the server closes a stream: the greatest, a tenth more or less (gRPC).
    pub fn greatest_age(&mut self, client: u32, class: u8, key: Key) -> Option<SimDuration> {
        let age = self.laws(class).max_age?;
        let jitter = 0.9 + 0.2 * self.draw(client, key).unit(0);
        Some(SimDuration((age.0 as f64 * jitter) as u64))
    }

    /// The client's stream is open at an instance.
    pub fn open(&mut self, client: u32, instance: u32, node: u16) {
        let stream = self.of_client(client);
        assert!(!stream.is_open(), "a stream is opened once");
        (stream.instance, stream.node) = (instance, node);
        let place = instance as usize;
        if self.open_in.len() <= place {
            self.open_in.resize(place + 1, 0);
        }
        self.open_in[place] += 1;
    }

    /// The client's stream is closed: where it was open.
    pub fn close(&mut self, client: u32) -> (u32, u16) {
        let stream = self.of_client(client);
        assert!(stream.is_open(), "an open stream is closed once");
        let was = (stream.instance, stream.node);
        stream.instance = NONE;
        stream.due = SimTime::NEVER;
        self.open_in[was.0 as usize] -= 1;
        was
    }

    /// Streams that are open in an instance.
    #[must_use]
    pub fn open_in(&self, instance: u32) -> u32 {
        self.open_in.get(instance as usize).copied().unwrap_or(0)
    }

    /// The clients whose streams are open in an instance, or go through a node as well.
    #[must_use]
    pub fn clients_of(&self, instance: u32, node: Option<u16>) -> Vec<u32> {
        let here = |stream: &Stream| {
            stream.instance == instance && node.is_none_or(|node| node == stream.node)
        };
        (0u32..).zip(&self.clients).filter(|(_, stream)| here(stream)).map(|(n, _)| n).collect()
    }

    /// The clients whose streams are open.
    #[must_use]
    pub fn open_clients(&self) -> Vec<u32> {
        (0u32..).zip(&self.clients).filter(|(_, stream)| stream.is_open()).map(|(n, _)| n).collect()
    }
}
