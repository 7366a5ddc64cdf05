//! The event list: a 4-ary heap of packed keys (time, sequence, payload) of a fixed length.
//! An empty list holds an event that never comes.

use super::{FLEET, WORKERS, table};

const LENGTH: usize = 2 * FLEET * WORKERS;
const MASK: usize = LENGTH - 1;

/// Pending events.
pub struct Heap {
    keys: Box<[u128; LENGTH]>,
    length: usize,
    sequence: u32,
}

impl Heap {
    pub fn new() -> Self {
        Self { keys: table(u128::MAX), length: 0, sequence: 0 }
    }

    /// Time and payload of the earliest event.
    #[inline(always)]
    pub fn first(&self) -> (u64, u32) {
        let key = self.keys[0];
        ((key >> 64) as u64, key as u32)
    }

    #[inline(always)]
    fn key(&mut self, at: u64, payload: u32) -> u128 {
        self.sequence = self.sequence.wrapping_add(1);
        (u128::from(at) << 64) | (u128::from(self.sequence) << 32) | u128::from(payload)
    }

    #[inline(always)]
    pub fn push(&mut self, at: u64, payload: u32) {
        let key = self.key(at, payload);
        let mut hole = self.length;
        self.length += 1;
        while hole > 0 {
            let parent = (hole - 1) / 4;
            let above = self.keys[parent & MASK];
            if above <= key {
                break;
            }
            self.keys[hole & MASK] = above;
            hole = parent;
        }
        self.keys[hole & MASK] = key;
    }

    #[inline(always)]
    pub fn pop(&mut self) {
        self.length -= 1;
        let last = self.keys[self.length & MASK];
        self.sink(last);
        if self.length == 0 {
            self.keys[0] = u128::MAX;
        }
    }

    #[inline(always)]
    pub fn replace(&mut self, at: u64, payload: u32) {
        let key = self.key(at, payload);
        self.sink(key);
    }

    #[inline(always)]
    fn sink(&mut self, key: u128) {
        let mut hole = 0;
        loop {
            let first = 4 * hole + 1;
            let (mut child, mut least) = (first, self.keys[first & MASK]);
            if first + 4 <= self.length {
                for other in first + 1..first + 4 {
                    let rival = self.keys[other & MASK];
                    let less = rival < least;
                    child = if less { other } else { child };
                    least = if less { rival } else { least };
                }
            } else if first < self.length {
                for other in first + 1..self.length {
                    let rival = self.keys[other & MASK];
                    if rival < least {
                        (child, least) = (other, rival);
                    }
                }
            } else {
                break;
            }
            if least >= key {
                break;
            }
            self.keys[hole & MASK] = least;
            hole = child;
        }
        self.keys[hole & MASK] = key;
    }
}
