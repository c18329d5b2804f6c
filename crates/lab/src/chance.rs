//! Chance that repeats: numbers that follow from a seed and a place.

/// A well-mixed number from a seed and a few others (SplitMix64's finaliser, chained).
pub(crate) fn mix(seed: u64, parts: &[u64]) -> u64 {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    for part in parts {
        state = finish(state.wrapping_add(*part).wrapping_add(0x9e37_79b9_7f4a_7c15));
    }
    finish(state)
}

const fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `bound` (0 where that is 0).
pub(crate) const fn below(number: u64, bound: u64) -> u64 {
    if bound == 0 { 0 } else { number % bound }
}
