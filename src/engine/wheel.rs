//! The near future: buckets of equal width on a ring, each a short sorted list.
//!
//! Two levels of bits say which buckets hold anything, so that the next one is found in a few
//! instructions however many are empty; buckets can then be so narrow that most hold one key, and
//! pushing and popping touch a handful of words instead of a path through a heap. What the wheel
//! does not take (too far away, or a crowded bucket) has its place elsewhere; nothing here decides
//! the order of keys, which is always that of the numbers.
//!
//! After R. Brown, "Calendar queues", CACM 31(10), 1988, with bits for the search.

const NONE: u32 = u32::MAX;
/// Keys of a bucket that are passed at most to find a new one's place.
const MOST_PASSED: u32 = 24;
/// Buckets at first and at most: powers of two, at least 64 x 64.
const FIRST_BUCKETS: usize = 1 << 12;
const MOST_BUCKETS: usize = 1 << 17;
/// Width at first: 131 µs.
const FIRST_SHIFT: u32 = 17;
/// Pushes after which the width and the number of buckets are looked at again.
const REVIEW: u32 = 1024;

/// Keys whose upper 64 bits are a time.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    /// Per bucket its first node.
    heads: Vec<u32>,
    /// Bits of the buckets that hold something, and of the words that hold a bit.
    words: Vec<u64>,
    groups: Vec<u64>,
    nodes: Vec<Node>,
    /// The first of the unused nodes.
    free: u32,
    len: usize,
    /// The least key; the largest number if there is none.
    first: u128,
    /// A bucket is 2^shift nanoseconds wide.
    shift: u32,
    /// The bucket, counted from time zero, that everything to come lies behind.
    base: u64,
    load: Load,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    key: u128,
    next: u32,
}

/// What pushes since the last review cost.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    pushes: u32,
    too_far: u32,
    passed: u32,
}

impl Default for Wheel {
    fn default() -> Self {
        Self {
            heads: vec![NONE; FIRST_BUCKETS],
            words: vec![0; FIRST_BUCKETS / 64],
            groups: vec![0; FIRST_BUCKETS / 4096],
            nodes: Vec::new(),
            free: NONE,
            len: 0,
            first: u128::MAX,
            shift: FIRST_SHIFT,
            base: 0,
            load: Load::default(),
        }
    }
}

impl Wheel {
    pub fn len(&self) -> usize {
        self.len
    }

    /// The least key; the largest number if there is none.
    #[inline]
    pub fn first(&self) -> u128 {
        self.first
    }

    /// Takes the key, or says that it has no good place here.
    #[inline]
    pub fn push(&mut self, key: u128) -> bool {
        self.load.pushes += 1;
        let bucket = self.bucket_of(key);
        if bucket.wrapping_sub(self.base) >= self.heads.len() as u64 {
            self.load.too_far += 1;
            return false;
        }
        let place = bucket as usize & (self.heads.len() - 1);
        let head = self.heads[place];
        if head == NONE {
            self.heads[place] = self.node(key, NONE);
            self.words[place >> 6] |= 1 << (place & 63);
            self.groups[place >> 12] |= 1 << (place >> 6 & 63);
        } else if key < self.nodes[head as usize].key {
            self.heads[place] = self.node(key, head);
        } else if !self.insert_after(head, key) {
            return false;
        }
        self.len += 1;
        self.first = self.first.min(key);
        true
    }

    /// Removes the least key.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn pop(&mut self) -> u128 {
        let key = self.first;
        self.base = self.bucket_of(key);
        let place = self.base as usize & (self.heads.len() - 1);
        let head = self.heads[place];
        let next = self.nodes[head as usize].next;
        self.nodes[head as usize].next = self.free;
        self.free = head;
        self.heads[place] = next;
        self.len -= 1;
        self.first = if next == NONE {
            let word = place >> 6;
            self.words[word] &= !(1 << (place & 63));
            if self.words[word] == 0 {
                self.groups[word >> 6] &= !(1 << (word & 63));
            }
            self.first_from(place)
        } else {
            self.nodes[next as usize].key
        };
        key
    }

    /// Nothing before this time comes any more.
    #[inline]
    pub fn passed(&mut self, time: u64) {
        self.base = self.base.max(time >> self.shift);
    }

    /// Takes all keys out, in no particular order.
    pub fn take(&mut self) -> Vec<u128> {
        let mut keys = Vec::with_capacity(self.len);
        for &head in &self.heads {
            let mut at = head;
            while at != NONE {
                keys.push(self.nodes[at as usize].key);
                at = self.nodes[at as usize].next;
            }
        }
        self.heads.fill(NONE);
        self.words.fill(0);
        self.groups.fill(0);
        self.nodes.clear();
        (self.free, self.len, self.first) = (NONE, 0, u128::MAX);
        keys
    }

    #[inline]
    fn bucket_of(&self, key: u128) -> u64 {
        ((key >> 64) as u64) >> self.shift
    }

    #[inline]
    fn node(&mut self, key: u128, next: u32) -> u32 {
        let node = self.free;
        if node == NONE {
            self.nodes.push(Node { key, next });
            return self.nodes.len() as u32 - 1;
        }
        self.free = self.nodes[node as usize].next;
        self.nodes[node as usize] = Node { key, next };
        node
    }

    /// Puts a key behind a smaller one of its bucket, unless there are too many of those.
    #[inline]
    fn insert_after(&mut self, head: u32, key: u128) -> bool {
        let mut at = head;
        for _ in 0..MOST_PASSED {
            self.load.passed += 1;
            let next = self.nodes[at as usize].next;
            if next == NONE || key < self.nodes[next as usize].key {
                let node = self.node(key, next);
                self.nodes[at as usize].next = node;
                return true;
            }
            at = next;
        }
        false
    }

    /// The least key in the buckets from a place on, around the ring.
    #[inline]
    fn first_from(&self, place: usize) -> u128 {
        if self.len == 0 {
            return u128::MAX;
        }
        let word = place >> 6;
        let here = self.words[word] & (u64::MAX << (place & 63));
        let found = if here == 0 {
            self.word_after(word)
        } else {
            word << 6 | here.trailing_zeros() as usize
        };
        self.nodes[self.heads[found] as usize].key
    }

    /// The first bucket with something in the words after one, around the ring.
    #[inline]
    fn word_after(&self, word: usize) -> usize {
        let first_of = |word: usize| word << 6 | self.words[word].trailing_zeros() as usize;
        let group = word >> 6;
        let later = self.groups[group] & (u64::MAX << 1 << (word & 63));
        if later != 0 {
            return first_of(group << 6 | later.trailing_zeros() as usize);
        }
        // The last one looked at is this group again: what wrapped around.
        let groups = (1..=self.groups.len()).map(|step| (group + step) & (self.groups.len() - 1));
        let found = groups.into_iter().find(|&group| self.groups[group] != 0);
        let group = found.expect("a wheel that is not empty has a bit");
        first_of(group << 6 | self.groups[group].trailing_zeros() as usize)
    }

    /// Whether it is time for a [`Self::review`].
    #[inline]
    pub fn is_due(&self) -> bool {
        self.load.pushes >= REVIEW
    }

    /// Widens or narrows buckets and gets more of them, if the last pushes ask for it: then all
    /// keys come out, to be put in again. The order of keys does not depend on it.
    #[cold]
    pub fn review(&mut self) -> Vec<u128> {
        let Load { pushes, too_far, passed } = std::mem::take(&mut self.load);
        let (far, crowded) = (too_far > pushes / 8, passed > pushes / 4);
        let full = self.heads.len() == MOST_BUCKETS;
        let (buckets, shift) = match (far, crowded) {
            (true, false) => (self.heads.len(), self.shift + 1),
            (true, true) if !full => (2 * self.heads.len(), self.shift),
            (false, true) if !full => (2 * self.heads.len(), self.shift - 1),
            // Rather many in the heap than long lists.
            (_, true) if passed > 2 * pushes => (self.heads.len(), self.shift - 1),
            _ => return Vec::new(),
        };
        if !(1..64).contains(&shift) {
            return Vec::new();
        }
        let keys = self.take();
        self.base =
            if shift > self.shift { self.base >> 1 } else { self.base << (self.shift - shift) };
        self.shift = shift;
        self.heads.resize(buckets, NONE);
        self.words.resize(buckets / 64, 0);
        self.groups.resize(buckets / 4096, 0);
        keys
    }
}
