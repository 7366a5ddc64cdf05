//! A 4-ary heap of keys: cheap whatever the keys are like.
//!
//! Why four children: among the heaps measured (binary, 4-ary, 8-ary) it keeps its speed best from
//! a hundred to tens of thousands of keys.

/// Keys, the least first.
#[derive(Clone, Debug, Default)]
pub(super) struct Heap {
    keys: Vec<u128>,
}

impl Heap {
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The least key.
    #[inline]
    pub fn first(&self) -> Option<u128> {
        self.keys.first().copied()
    }

    #[inline]
    pub fn push(&mut self, key: u128) {
        self.keys.push(key);
        let heap = self.keys.as_mut_slice();
        let mut hole = heap.len() - 1;
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if heap[parent] <= key {
                break;
            }
            heap[hole] = heap[parent];
            hole = parent;
        }
        heap[hole] = key;
    }

    /// Removes the least key.
    #[inline]
    pub fn pop(&mut self) -> Option<u128> {
        let first = self.first()?;
        let last = self.keys.pop().expect("the heap has a first element");
        if !self.keys.is_empty() {
            self.sift_down(last);
        }
        Some(first)
    }

    /// Removes the least key and adds another; returns the least then.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn replace_first(&mut self, key: u128) -> u128 {
        let (first, rest) = self.keys.split_first_mut().expect("no event to replace");
        // A server that goes on with its next request: mostly that is over before aught else is.
        if rest.iter().take(4).all(|&child| key < child) {
            *first = key;
        } else {
            self.sift_down(key);
        }
        self.keys[0]
    }

    /// Takes all keys out, in no particular order.
    pub fn take(&mut self) -> Vec<u128> {
        std::mem::take(&mut self.keys)
    }

    fn sift_down(&mut self, key: u128) {
        let heap = self.keys.as_mut_slice();
        let mut hole = 0;
        loop {
            let first = 4 * hole + 1;
            let (smallest, smallest_key) = if let Some(four) = heap.get(first..first + 4) {
                let (a, a_key) = if four[1] < four[0] { (1, four[1]) } else { (0, four[0]) };
                let (b, b_key) = if four[3] < four[2] { (3, four[3]) } else { (2, four[2]) };
                if b_key < a_key { (first + b, b_key) } else { (first + a, a_key) }
            } else {
                let Some(rest) = heap.get(first..).filter(|rest| !rest.is_empty()) else { break };
                let mut smallest = 0;
                for child in 1..rest.len() {
                    if rest[child] < rest[smallest] {
                        smallest = child;
                    }
                }
                (first + smallest, rest[smallest])
            };
            if smallest_key >= key {
                break;
            }
            heap[hole] = smallest_key;
            hole = smallest;
        }
        heap[hole] = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_come_out_sorted(keys in prop::collection::vec(0u128..99, 0..200)) {
            let mut heap = Heap::default();
            keys.iter().for_each(|&key| heap.push(key));
            prop_assert_eq!(heap.len(), keys.len());
            let popped: Vec<u128> = std::iter::from_fn(|| heap.pop()).collect();
            let mut sorted = keys;
            sorted.sort_unstable();
            prop_assert_eq!(popped, sorted);
        }
    }
}
