//! Why a GPU does not run at full clock, as the driver's bits say.

use berth_domain::Throttle;
use nvml_wrapper::bitmasks::device::ThrottleReasons;

/// Being idle is no reason.
pub(crate) fn throttle(reasons: ThrottleReasons) -> Vec<Throttle> {
    let known = [
        (
            ThrottleReasons::APPLICATIONS_CLOCKS_SETTING,
            Throttle::ApplicationClocks,
        ),
        (ThrottleReasons::SW_POWER_CAP, Throttle::PowerCap),
        (ThrottleReasons::HW_SLOWDOWN, Throttle::HardSlowdown),
        (ThrottleReasons::SYNC_BOOST, Throttle::SyncBoost),
        (ThrottleReasons::SW_THERMAL_SLOWDOWN, Throttle::SoftThermal),
        (ThrottleReasons::HW_THERMAL_SLOWDOWN, Throttle::HardThermal),
        (
            ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN,
            Throttle::PowerBrake,
        ),
        (
            ThrottleReasons::DISPLAY_CLOCK_SETTING,
            Throttle::DisplayClocks,
        ),
    ];
    let holds = known
        .into_iter()
        .filter(|(reason, _)| reasons.contains(*reason));
    holds.map(|(_, throttle)| throttle).collect()
}
