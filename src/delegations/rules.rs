//! Who may hold whose authority, and for how long.

use super::model::Delegation;
use crate::{
    access::Role,
    accounts::Account,
    error::{Code, Faults, Result, text},
    kernel::time::Timestamp,
    text_enum,
};

const MAX_REASON: usize = 2000;

text_enum! {
    /// Whether a delegation is in force.
    pub enum DelegationState {
        /// It begins later.
        Pending = "pending",
        /// It is in force.
        Active = "active",
        /// Its time is over.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

/// Where a delegation stands at this moment; both ends are inclusive.
#[must_use]
pub fn state_at(delegation: &Delegation, now: Timestamp) -> DelegationState {
    if delegation.revoked_at.is_some() {
        DelegationState::Revoked
    } else if now > delegation.ends_at {
        DelegationState::Expired
    } else if now < delegation.starts_at {
        DelegationState::Pending
    } else {
        DelegationState::Active
    }
}

/// Whether this authority may be given to this account: a leader's to anybody of the ward who has a say in content, a
/// head's to the staff of the same unit.
///
/// # Errors
/// `invalid` with every field at fault.
pub fn check_delegation(
    new: &Delegation,
    grantor: &Account,
    grantor_roles: &[Role],
    delegate: &Account,
    delegate_roles: &[Role],
) -> Result<()> {
    let mut faults = Faults::new();
    faults.check_text("/reason", &new.reason, 1, MAX_REASON);
    if new.ends_at <= new.starts_at || new.ends_at <= new.created_at {
        let sentence = text(
            "Thời điểm kết thúc phải sau thời điểm bắt đầu và ở tương lai",
            "It must end after it begins, and in the future",
        );
        faults.add_because("/ends_at", Code::OutOfRange, sentence);
    }
    let same_unit = grantor.unit_id == delegate.unit_id;
    let leader = grantor_roles.contains(&Role::Leader);
    let has_a_say =
        delegate_roles.iter().any(|role| !matches!(role, Role::Admin | Role::Auditor | Role::Supervisor));
    if delegate.id == grantor.id || !delegate.active || !has_a_say || !(leader || same_unit) {
        let sentence = text(
            "Chỉ ủy quyền cho tài khoản đang hoạt động có tham gia báo cáo: lãnh đạo ủy quyền trong phường, \
             thủ trưởng ủy quyền trong đơn vị mình",
            "Authority goes to an active account that takes part in reporting: a leader's within the ward, \
             a head's within the unit",
        );
        faults.add_because("/delegate_id", Code::UnknownReference, sentence);
    }
    faults.into_result(Code::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delegations::DelegationId,
        kernel::id::{PrincipalId, WardId},
    };

    #[test]
    fn both_ends_are_inclusive_to_the_second() {
        let time = |text: &str| Timestamp::parse(text).expect("a time");
        let (starts_at, ends_at) = (time("2026-06-15T08:00:00+07:00"), time("2026-06-20T17:00:00+07:00"));
        let mut delegation = Delegation {
            id: DelegationId::generate(),
            ward_id: WardId::generate(),
            grantor_id: PrincipalId::generate(),
            delegate_id: PrincipalId::generate(),
            starts_at,
            ends_at,
            reason: "Đi công tác".to_owned(),
            created_at: starts_at,
            revoked_at: None,
            version: 1,
        };
        for (now, state) in [
            (starts_at.plus_seconds(-1), DelegationState::Pending),
            (starts_at, DelegationState::Active),
            (ends_at, DelegationState::Active),
            (ends_at.plus_seconds(1), DelegationState::Expired),
        ] {
            assert_eq!(state_at(&delegation, now), state, "{now}");
        }
        delegation.revoked_at = Some(starts_at);
        assert_eq!(state_at(&delegation, starts_at), DelegationState::Revoked);
    }
}
