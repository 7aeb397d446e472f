//! `cchc`: the reform plan of a ward as a REST API.
//!
//! # The map of this house
//!
//! Floors; imports point down only (`tests/contract/architecture.rs` reads the sources and says where not):
//!
//! | Floor | What lives there |
//! |---|---|
//! | [`kernel`], [`error`] | ids, time, pages, text, numbers; every way to say no |
//! | [`telemetry`] | how operators see it: metrics, lines of log, traces |
//! | [`schema`], [`db`] | tables; one set of queries for SQLite and PostgreSQL |
//! | [`settings`] | what the operator chose |
//! | [`storage`] | files, in a directory or a bucket |
//! | [`access`], [`audit`] | who may do what; what happened |
//! | [`outbox`] | what other systems are to be told of it |
//! | [`moving`] | copy, backup, restore, and their proof |
//! | [`sheets`] | spreadsheets and CSV files, read with limits and written safely |
//! | [`context`] | one `Ctx` per request, one `Tx` per write |
//! | [`http`] | how requests are read and answers written; below the concepts, for their handlers use it |
//! | concepts | one folder each: `model`, `rules`, `store`, `actions`, `http` |
//! | [`server`] | routes, gate, OpenAPI, start and stop |

pub mod access;
pub mod accounts;
pub mod amendments;
pub mod approvals;
pub mod audit;
pub mod audit_trail;
pub mod batches;
pub mod carrying;
pub mod changes;
pub mod clients;
pub mod comments;
pub mod config;
pub mod context;
pub mod db;
pub mod delegations;
pub mod demo;
pub mod documents;
pub mod error;
pub mod explanations;
pub mod exports;
pub mod extensions;
pub mod http;
pub mod imports;
pub mod issuing;
pub mod items;
pub mod kernel;
pub mod moving;
pub mod needs;
pub mod obstacles;
pub mod outbox;
pub mod periods;
pub mod plan_checks;
pub mod plans;
pub mod public;
pub mod publications;
pub mod reorganisations;
pub mod results;
pub mod schema;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod sheets;
pub mod sign_ons;
pub mod storage;
pub mod submissions;
pub mod telemetry;
pub mod tracking;
pub mod unit_plans;
pub mod units;
pub mod verdicts;
pub mod wards;
pub mod webhooks;
