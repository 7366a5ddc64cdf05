//! Argo tables.
