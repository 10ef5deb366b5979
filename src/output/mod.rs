//! Manifests to a tree or a stream; what changed against what is there.
