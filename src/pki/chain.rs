//! Chains: order, completeness, depth.
