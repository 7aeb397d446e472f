//! Which wards a caller reads: the city all, people and clients of a ward their own, everybody the open ones.

use crate::{
    access::{Actor, ActorKind},
    error::{Code, Error},
    kernel::id::WardId,
};

/// What a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Every ward: a client of the city.
    All,
    /// This ward; by name also those that publish to everyone.
    Own(WardId),
    /// Those that publish to everyone; `known` where the caller showed credentials.
    Open { known: bool },
}

impl Sight {
    pub(super) fn of(actor: &Actor) -> Self {
        match (actor.kind, actor.ward_id) {
            (ActorKind::Client, None) => Self::All,
            (_, Some(ward_id)) => Self::Own(ward_id),
            (kind, None) => Self::Open { known: kind != ActorKind::Anonymous },
        }
    }

    /// How a ward is refused that is not there, or not for this caller.
    pub(super) fn refusal(&self) -> Error {
        match self {
            Self::Open { known: false } => Error::new(Code::Unauthenticated),
            _ => Error::not_found(),
        }
    }

    pub(super) fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// The caller's own ward; empty where there is none, which is the id of no ward.
    pub(super) fn own(&self) -> String {
        match self {
            Self::Own(ward_id) => ward_id.to_string(),
            _ => String::new(),
        }
    }
}
