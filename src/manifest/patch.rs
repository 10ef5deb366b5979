//! Strategic merge and RFC 6902 patches.
