# ruff: noqa: E501 (tables: one row a line)
"""Capabilities written by hand, so that the region shows what the product is for.

D-2026-017 (a humanoid) gets rich choice for its strain-wave reducers with five makers that miss by one rule, one
maker of force sensors, roller screws that all miss by 2 um, and tactile sensors whose only maker has stopped.
D-2026-011 (a quadruped for tank farms) has a best edge computer that the site's IP65 rules out.
A firm makes nothing else of a type that it has here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Pin:
    firm: str
    type: str
    title: str
    specs: dict[str, Any]
    price: int | None
    capacity: int
    committed: int
    moq: int
    prototype: int
    volume: int
    certificates: str = ""
    valid_until: str = ""


# fmt: off
def _swg(torque: float, lost: float, error: float, mass: float, outer: float, **more: Any) -> dict[str, Any]:
    return {
        "ratio": 100, "rated_torque": torque, "repeated_peak_torque": 52, "momentary_peak_torque": 104,
        "max_input_speed": 6000, "lost_motion": lost, "transmission_error": error, "mass": mass,
        "service_life": 15000, "outer_diameter": outer, "operating_temp": [-20, 60], **more,
    }


def _bat(wh: float, temp: list[int], ip: str, density: float, cycles: int) -> dict[str, Any]:
    return {
        "capacity_wh": wh, "rated_voltage": 48, "energy_density": density, "discharge_current": 60,
        "charge_rate": 1, "charge_time": 1.5, "cycles": cycles, "mass": round(wh / density, 1),
        "operating_temp": temp, "ip_rating": [ip],
    }


def _rot(torque: float, peak: float, mass: float, backlash: float, ip: str, temp: list[int]) -> dict[str, Any]:
    return {
        "rated_torque": torque, "peak_torque": peak, "ratio": 9, "rated_speed": 120, "no_load_speed": 200,
        "rated_voltage": 48, "mass": mass, "backlash": backlash, "rated_current": 14, "peak_current": 45,
        "encoder_count": 2, "operating_temp": temp, "ip_rating": [ip],
    }


def _ecm(tops: int, memory: int, power: int, mass: float, ip: str, temp: list[int]) -> dict[str, Any]:
    return {
        "ai_performance": tops, "memory": memory, "power": power, "cores": 8, "mass": mass,
        "operating_temp": temp, "ip_rating": [ip],
    }


def _l3d(reach: int, channels: int, step: float, accuracy: float, mass: float, ip: str) -> dict[str, Any]:
    return {
        "range_10pct": reach, "fov_h": 270, "fov_v": 60, "channels": channels, "angular_resolution": step,
        "point_rate": 640000, "range_accuracy": accuracy, "power": 11, "mass": mass,
        "operating_temp": [-40, 65], "ip_rating": [ip],
    }


def _prs(load: float, lead_error: float, temp: list[int]) -> dict[str, Any]:
    return {
        "screw_diameter": 16, "lead": 5, "dynamic_load": load, "static_load": round(load * 1.6, 1),
        "max_speed": 4500, "lead_error_300": lead_error, "efficiency": 86, "accuracy_grade": ["G3"],
        "service_life": 10000, "operating_temp": temp,
    }


_TACTILE = {"pitch": 2, "min_force": 0.02, "sample_rate": 200, "operating_temp": [0, 45], "ip_rating": ["IP54"]}

PINS = [
    # D-2026-017, line 1: six that fit, each for another reason
    Pin("dy-001", "DRV-SWG", "LS-20-100 系列 谐波减速器", _swg(27, 1.0, 0.9, 0.62, 70), 598, 900, 260, 100, 20, 45,
        "ISO9001@2028-03-14"),
    Pin("dy-002", "DRV-SWG", "HF-C20 谐波减速器", _swg(25, 0.9, 1.2, 0.68, 74), 575, 700, 220, 200, 28, 75, "ISO9001"),
    Pin("ms-001", "DRV-SWG", "MS-20-100 谐波减速器", _swg(26, 1.0, 1.2, 0.66, 72), 640, 1200, 300, 100, 20, 60, "ISO9001"),
    Pin("zy-001", "DRV-SWG", "ZY-S20 谐波减速器", _swg(24, 1.0, 1.0, 0.64, 73), 545, 600, 200, 50, 18, 52, "ISO9001"),
    Pin("cd-021", "DRV-SWG", "XD-20 中空型 谐波减速器", _swg(28, 0.8, 1.0, 0.63, 72), 690, 900, 180, 20, 15, 30, "ISO9001"),
    Pin("zy-002", "DRV-SWG", "JG-20 谐波减速器", _swg(25, 1.0, 1.6, 0.75, 80), None, 500, 120, 100, 25, 90, "ISO9001"),
    # … and five that miss by one requirement
    Pin("dy-003", "DRV-SWG", "WCD-20 谐波减速器", _swg(30, 0.7, 0.8, 0.58, 68), 798, 800, 200, 50, 18, 40, "ISO9001"),
    Pin("zy-003", "DRV-SWG", "ZZ-20 谐波减速器", _swg(22, 1.0, 1.1, 0.62, 72), 560, 900, 300, 100, 20, 50, "ISO9001"),
    Pin("ms-002", "DRV-SWG", "JX-20-100 谐波减速器", _swg(25, 1.2, 1.1, 0.64, 70), 610, 800, 240, 100, 20, 48, "ISO9001"),
    Pin("dy-004", "DRV-SWG", "CL-20 谐波减速器", _swg(26, 1.3, 1.3, 0.67, 75), 530, 1500, 500, 200, 22, 45, "ISO9001"),
    Pin("dy-031", "DRV-SWG", "CY-20 谐波减速器", _swg(25, 1.0, 1.1, 0.65, 72), 600, 600, 260, 50, 20, 42, "ISO9001"),
    # other sizes of the same makers
    Pin("dy-001", "DRV-SWG", "LS-14-50 系列 谐波减速器", _swg(5.4, 1.5, 1.2, 0.16, 50, ratio=50), 460, 1600, 400, 50, 18, 35, "ISO9001"),
    Pin("dy-001", "DRV-SWG", "LS-32-100 系列 谐波减速器", _swg(67, 1.1, 1.0, 1.45, 112), 1120, 400, 120, 20, 25, 55, "ISO9001"),
    Pin("dy-003", "DRV-SWG", "WCD-14 谐波减速器", _swg(6, 1.1, 1.0, 0.13, 50, ratio=[50, 100]), 540, 1400, 500, 20, 16, 32, "ISO9001"),
    Pin("ms-001", "DRV-SWG", "MS-17-50 谐波减速器", _swg(16, 1.6, 1.4, 0.38, 60, ratio=50), 520, 1500, 350, 100, 18, 45, "ISO9001"),
    Pin("zy-001", "DRV-SWG", "ZY-S25 谐波减速器", _swg(38, 1.2, 1.3, 0.98, 85, ratio=80), 690, 700, 180, 50, 20, 50, "ISO9001"),
    Pin("dy-004", "DRV-SWG", "CL-17 谐波减速器", _swg(18, 1.7, 1.5, 0.42, 62, ratio=[50, 100]), 450, 1800, 700, 200, 20, 40, "ISO9001"),
    # line 3: nobody is good enough, three nearly are
    Pin("dy-008", "DRV-PRS", "GZ-16A 行星滚柱丝杠", _prs(18, 12, [-20, 60]), 1850, 240, 60, 10, 35, 75, "ISO9001"),
    Pin("dy-008", "DRV-PRS", "GZ-16B 行星滚柱丝杠（磨削级）", _prs(17, 11, [-20, 60]), 2450, 180, 40, 10, 40, 90, "ISO9001"),
    Pin("dy-008", "DRV-PRS", "GZ-20 行星滚柱丝杠", _prs(24, 12, [-20, 60]), 2300, 200, 50, 10, 38, 80, "ISO9001"),
    # line 4: one source
    Pin("cd-032", "SEN-FT6", "LJ-60 六维力传感器（高精度）",
        {"force_range_xy": 200, "force_range_z": 400, "torque_range_xy": 8, "overload": 400, "accuracy_fs": 0.3,
         "crosstalk": 1.5, "sample_rate": 1000, "diameter": 60, "mass": 0.19, "operating_temp": [-10, 60],
         "ip_rating": ["IP65"]}, 5600, 160, 60, 5, 25, 50, "CE"),
    Pin("cd-032", "SEN-FT6", "LJ-36 六维力传感器",
        {"force_range_xy": 100, "force_range_z": 220, "torque_range_xy": 4.5, "overload": 300, "accuracy_fs": 0.8,
         "crosstalk": 2, "sample_rate": 1000, "diameter": 37, "mass": "78 g", "operating_temp": [-10, 60],
         "ip_rating": ["IP54"]}, 4300, 220, 40, 2, 20, 45, "CE"),
    # line 6: the only maker has stopped
    Pin("cd-028", "SEN-TAC", "RG-256 触觉传感器", {"taxels": 256, "mass": 0.05, "overload": 300, **_TACTILE},
        880, 400, 0, 20, 30, 60, "", "2026-09-30"),
    Pin("cd-028", "SEN-TAC", "RG-64 触觉传感器", {"taxels": 64, "mass": 0.02, "overload": 200, **_TACTILE},
        420, 800, 0, 50, 25, 50, "", "2026-09-30"),
    # line 5 and 7
    Pin("cd-027", "EFF-DEX", "FS-H11 灵巧手",
        {"active_dof": 11, "fingertip_force": 15, "payload": 8, "joint_speed": 240, "taxels": 120, "mass": 0.68,
         "rated_voltage": 24, "cycles": 2000, "operating_temp": [0, 45], "ip_rating": ["IP54"]}, 15800, 60, 18, 1, 25, 52, "CE"),
    Pin("cd-027", "EFF-DEX", "FS-H6 灵巧手",
        {"active_dof": 6, "fingertip_force": 12, "payload": 6, "joint_speed": 180, "mass": 0.55, "rated_voltage": 24,
         "cycles": 3000, "operating_temp": [0, 45], "ip_rating": ["IP40"]}, 8900, 90, 30, 1, 22, 45, "CE"),
    Pin("ms-003", "PWR-BAT", "MS-48-1.0 电池包", _bat(980, [-20, 55], "IP67", 205, 1500), 1980, 420, 120, 20, 18, 38, "UL@2028-06-30"),
    Pin("ms-003", "PWR-BAT", "MS-48-1.8 电池包", _bat(1800, [-20, 55], "IP65", 198, 1500), 2950, 260, 60, 10, 18, 45, "UL@2028-06-30"),
    Pin("dy-026", "PWR-BAT", "DL-48-1.4 电池包", _bat(1400, [-30, 60], "IP67", 190, 2000), 2800, 160, 40, 5, 20, 48, "CE;UL"),
    Pin("cd-031", "SEN-ICM", "SJ-5M 工业相机（IP67）",
        {"resolution_mp": 5, "frame_rate": 30, "power": 3.5, "mass": "120 g", "bus": ["Ethernet"],
         "operating_temp": [-20, 55], "ip_rating": ["IP67"]}, 1450, 320, 80, 2, 12, 25, "CE"),
    Pin("cd-031", "SEN-ICM", "SJ-2M 工业相机",
        {"resolution_mp": 2.3, "frame_rate": 60, "power": 2.5, "mass": "78 g", "bus": ["USB"],
         "operating_temp": [0, 50], "ip_rating": ["IP40"]}, 890, 500, 120, 5, 10, 20, "CE"),
    Pin("bj-025", "SEN-ICM", "JQ-5M 户外工业相机",
        {"resolution_mp": 5, "frame_rate": 25, "power": 4, "mass": 0.14, "bus": ["Ethernet"],
         "operating_temp": [-30, 60], "ip_rating": ["IP67"]}, 1580, 260, 60, 2, 12, 26, "CE"),
    Pin("bj-025", "SEN-ICM", "JQ-12M 工业相机",
        {"resolution_mp": 12, "frame_rate": 15, "power": 4.5, "mass": 0.16, "bus": ["Ethernet", "USB"],
         "operating_temp": [0, 50], "ip_rating": ["IP40"]}, 2900, 180, 40, 2, 12, 26, "CE"),
    # D-2026-022: a quadruped that may stand in the rain, and one that may not
    Pin("xh-004", "ROB-QUA", "SZ-Q20 四足机器人（全天候）",
        {"payload": 20, "mass": 42, "max_speed_mps": 3.2, "slope": 35, "step_height": 220, "endurance": [3, 4.5],
         "operating_temp": [-25, 55], "ip_rating": ["IP67"]}, 128000, 24, 8, 1, 26, 55, "CR"),
    Pin("xh-004", "ROB-QUA", "SZ-Q12 四足机器人",
        {"payload": 12, "mass": 24, "max_speed_mps": 3.6, "slope": 40, "step_height": 240, "endurance": [2.5, 4],
         "operating_temp": [-10, 45], "ip_rating": ["IP54"]}, 86000, 40, 12, 1, 20, 40, "CR"),
    # D-2026-011: joints, lidar and safety that stand the tank farm, and edge computers
    Pin("dy-005", "ACT-ROT", "ZN-R20 一体化关节模组（IP65）", _rot(20, 60, 0.9, 10.8, "IP65", [-20, 60]), 960, 180, 60, 20, 25, 60, "CE;CR"),
    Pin("dy-005", "ACT-ROT", "ZN-R40 一体化关节模组（IP65）", _rot(40, 120, 1.4, 12, "IP65", [-20, 60]), 1380, 160, 40, 10, 28, 65, "CE"),
    Pin("dy-033", "ACT-ROT", "JD-R22 一体化关节模组", _rot(22, 66, 0.95, 9, "IP54", [-20, 50]), 890, 320, 60, 20, 22, 45, "CE"),
    Pin("cd-022", "ACT-ROT", "GJ-R18 一体化关节模组", _rot(18, 54, 0.85, 11, "IP54", [0, 40]), 870, 240, 60, 10, 18, 38, "CE"),
    Pin("cd-023", "SEN-L3D", "GC-L32 三维激光雷达", _l3d(80, 32, 0.3, 2, 0.9, "IP67"), 5900, 120, 36, 2, 18, 35, "CE"),
    Pin("cd-023", "SEN-L3D", "GC-L64 三维激光雷达", _l3d(150, 64, 0.2, 2, 1.2, "IP67"), 8800, 90, 24, 2, 20, 40, "CE"),
    Pin("dy-007", "SEN-L3D", "DG-L16 三维激光雷达", _l3d(60, 16, 0.4, 3, 0.85, "IP65"), 4300, 200, 40, 5, 20, 45, "CE"),
    Pin("cd-026", "CTL-ECM", "BY-100 边缘智算盒", _ecm(200, 32, 25, 0.32, "IP40", [-20, 60]), 4100, 360, 60, 5, 8, 20, "CCC;CE"),
    Pin("cd-026", "CTL-ECM", "BY-40 边缘智算盒", _ecm(40, 16, 15, 0.24, "IP40", [-20, 60]), 2600, 400, 80, 5, 8, 20, "CCC;CE"),
    Pin("cd-025", "CTL-ECM", "SL-70 加固型边缘计算模组", _ecm(70, 16, 30, 0.42, "IP67", [-40, 70]), 4700, 160, 50, 5, 12, 28, "CCC"),
    Pin("dy-006", "CTL-SPL", "AQ-SF4 安全控制器",
        {"sil": ["PLd", "PLe", "SIL2", "SIL3"], "cycle_time": 1, "axes": 6, "operating_temp": [-20, 60], "ip_rating": ["IP67"]},
        1750, 220, 40, 2, 20, 40, "CE;ISO13849@2028-12-31"),
    Pin("cd-024", "SEN-IMU", "GD-M2 惯性测量单元",
        {"gyro_range": 500, "accel_range": 8, "gyro_bias": 4, "attitude_error": 0.2, "sample_rate": 400, "mass": "36 g",
         "power": 1.5, "operating_temp": [-40, 70], "ip_rating": ["IP67"]}, 1320, 900, 240, 5, 12, 24, "GJB9001C"),
    Pin("cd-024", "SEN-IMU", "GD-M1 惯性测量单元",
        {"gyro_range": 450, "accel_range": 8, "gyro_bias": 8, "attitude_error": 0.4, "sample_rate": 200, "mass": "18 g",
         "power": 1, "ip_rating": ["IP54"]}, 690, 1400, 300, 10, 12, 24),
]
