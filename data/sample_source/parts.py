"""Components: reducers, motors, sensors, controllers, power, end effectors."""

from __future__ import annotations

from sample_source.kinds import (
    BUS,
    GRADE,
    LARGE_PARTS,
    SIL,
    SMALL_PARTS,
    BySize,
    Choices,
    Offer,
    OneOf,
    Scaled,
    Span,
    Uniform,
)

# fmt: off
S, U, P, Z, C, R = Scaled, Uniform, OneOf, BySize, Choices, Span

PARTS: dict[str, Offer] = {
    "DRV-SWG": Offer(
        ("14", "17", "20", "25", "32"),
        {
            "ratio": P((50, 80, 100)), "rated_torque": S(5.4, 67), "repeated_peak_torque": S(18, 96),
            "momentary_peak_torque": S(35, 180), "average_torque": S(7, 90),
            "max_input_speed": P((6000, 6500)), "lost_motion": U(0.6, 2.2, 0.1),
            "transmission_error": U(0.6, 1.8, 0.1), "mass": S(0.11, 1.5),
            "service_life": P((10000, 12000, 15000)), "outer_diameter": S(50, 112),
        },
        (420, 1150), (300, 1800), SMALL_PARTS, (15, 30), (30, 75), ("ISO9001", "IATF16949"),
    ),
    "DRV-RV": Offer(
        ("20E", "40E", "80E"),
        {
            "ratio": P((81, 105, 121, 141, 161)), "rated_torque": S(160, 410),
            "acceleration_torque": S(400, 1020), "momentary_peak_torque": S(820, 2050),
            "lost_motion": U(0.7, 1.6, 0.1), "backlash": U(0.7, 1.6, 0.1),
            "torsional_stiffness": S(45, 190), "transmission_error": U(0.7, 1.6, 0.1),
            "efficiency": U(80, 85, 1), "mass": S(4.7, 16), "service_life": P((6000, 8000, 12000)),
        },
        (1900, 4600), (80, 420), LARGE_PARTS, (25, 45), (45, 90), ("ISO9001", "IATF16949"),
    ),
    "DRV-PLG": Offer(
        ("42", "60", "90"),
        {
            "ratio": P((5, 10, 20, 50)), "rated_torque": S(15, 58), "peak_torque": S(30, 105),
            "backlash": U(3, 5, 0.5), "torsional_stiffness": S(3.1, 6.9), "efficiency": U(94, 97, 1),
            "max_input_speed": P((6000,)), "mass": S(0.62, 1.45),
        },
        (360, 980), (300, 1600), SMALL_PARTS, (12, 25), (25, 55),
    ),
    "DRV-PRS": Offer(
        ("12x4", "16x5", "20x5"),
        {
            "screw_diameter": Z((12, 16, 20)), "lead": Z((4, 5, 5)), "dynamic_load": S(14, 42),
            "static_load": S(20, 66), "max_speed": U(2500, 6000, 100), "lead_error_300": U(12, 23, 1),
            "efficiency": U(78, 90, 1), "accuracy_grade": GRADE, "service_life": P((8000, 10000, 15000)),
        },
        (1250, 2900), (60, 320), LARGE_PARTS, (30, 50), (60, 110), ("ISO9001", "AS9100"),
    ),
    "DRV-BSC": Offer(
        ("1605", "2005", "2505"),
        {
            "screw_diameter": Z((16, 20, 25)), "lead": Z((5, 5, 5)), "dynamic_load": S(4.8, 13),
            "static_load": S(9.5, 26), "lead_error_300": U(8, 23, 1), "accuracy_grade": GRADE,
        },
        (260, 620), (200, 1200), SMALL_PARTS, (12, 25), (25, 60),
    ),
    "DRV-XRB": Offer(
        ("RB4010", "RB6013", "RB8016", "RB10020"),
        {
            "inner_diameter": S(40, 100, 0.01), "outer_diameter": S(65, 150, 0.01),
            "width": S(10, 20, 0.01), "dynamic_load": S(8.3, 33), "static_load": S(9.8, 51),
            "runout": U(3, 10, 1), "moment_rating": S(120, 980), "mass": S(0.16, 1.45),
        },
        (160, 780), (400, 2600), SMALL_PARTS, (12, 25), (25, 60), ("ISO9001", "IATF16949"),
    ),
    "DRV-BRG": Offer(
        ("7005C", "7008C", "6810"),
        {
            "inner_diameter": S(25, 50, 0.01), "outer_diameter": S(47, 80, 0.01),
            "width": S(12, 16, 0.01), "dynamic_load": S(11, 26), "static_load": S(7, 22),
            "max_speed": U(6000, 12000, 500),
        },
        (32, 140), (2000, 12000), (50, 100, 200), (7, 15), (15, 35), ("ISO9001", "IATF16949"),
    ),
    "DRV-LMG": Offer(
        ("15", "20", "25"),
        {
            "rail_width": Z((15, 20, 25)), "dynamic_load": S(11, 29), "static_load": S(17, 42),
            "accuracy_grade": GRADE, "stroke": U(150, 500, 50),
        },
        (180, 460), (300, 1500), SMALL_PARTS, (10, 20), (20, 45),
    ),
    "DRV-BRK": Offer(
        ("0.6", "2", "8"),
        {
            "holding_torque": Z((0.6, 2, 8)), "rated_voltage": P((24,)), "response_time": U(20, 60, 5),
            "mass": S(0.06, 0.9), "outer_diameter": S(38, 96),
        },
        (70, 260), (800, 5000), (20, 50, 100), (10, 18), (20, 40),
    ),
    "ACT-FTM": Offer(
        ("50", "70", "85"),
        {
            "continuous_torque": S(0.41, 3.4), "peak_torque": S(1.4, 4.5), "bus_voltage": P((48,)),
            "rated_speed": S(5200, 2050), "continuous_current": U(5.7, 7.0, 0.1),
            "peak_current": S(19, 30), "rotor_inertia": S(0.000015, 0.00019), "mass": S(0.21, 0.84),
            "outer_diameter": S(50, 96), "bore": S(14, 34),
        },
        (310, 880), (400, 2400), SMALL_PARTS, (14, 28), (30, 65), ("ISO9001", "IATF16949"),
    ),
    "ACT-SRV": Offer(
        ("100W", "400W", "750W", "1.5kW"),
        {
            "rated_power": Z((100, 400, 750, 1500)), "rated_torque": S(0.32, 7.2),
            "peak_torque": S(0.96, 21), "rated_speed": P((2000, 3000)), "rated_voltage": P((220,)),
            "frame_size": P((60, 80)), "encoder_bits": P((17, 20, 23, 24)), "brake": P((True, False)),
            "mass": S(0.45, 6.8),
        },
        (420, 1500), (300, 1600), LARGE_PARTS, (12, 22), (25, 50), ("ISO9001", "CE", "CCC"),
    ),
    "ACT-CLM": Offer(
        ("22", "26", "32"),
        {
            "rated_voltage": P((12, 24, 48)), "rated_torque": S(0.004, 0.048),
            "no_load_speed": U(6000, 13500, 500), "rated_current": S(0.2, 2.3),
            "torque_constant": S(0.01, 0.075), "rotor_inertia": S(0.0000002, 0.0000019),
            "mass": S(0.025, 0.15), "outer_diameter": S(22, 32, 0.01), "length": S(32, 70),
        },
        (150, 520), (800, 6000), (20, 50, 100, 200), (10, 20), (25, 50),
    ),
    "ACT-BLD": Offer(
        ("57", "80"),
        {
            "rated_voltage": P((24, 48)), "rated_torque": S(0.23, 0.83), "no_load_speed": U(3200, 5000, 100),
            "rated_current": S(5.2, 11.8), "torque_constant": U(0.054, 0.09, 0.002),
            "rotor_inertia": S(0.000006, 0.0003), "mass": S(0.36, 1.08), "outer_diameter": S(57, 80, 0.01),
        },
        (140, 420), (600, 4000), SMALL_PARTS, (10, 18), (20, 45),
    ),
    "ACT-ROT": Offer(
        ("S", "M", "L"),
        {
            "rated_torque": S(2, 48), "peak_torque": S(6, 130), "ratio": P((9, 10, 36)),
            "rated_speed": S(360, 60), "no_load_speed": S(560, 80), "rated_voltage": P((48,)),
            "mass": S(0.24, 1.9), "backlash": U(8, 18, 0.5), "rated_current": S(3, 24),
            "peak_current": S(12, 80), "torque_constant": U(1.0, 2.3, 0.05), "encoder_count": P((1, 2)),
        },
        (520, 1900), (120, 900), LARGE_PARTS, (18, 35), (35, 75), ("ISO9001", "CE", "CR"),
    ),
    "ACT-LIN": Offer(
        ("50", "80", "130"),
        {
            "max_thrust": S(600, 12500), "max_speed_lin": U(110, 290, 10), "stroke": P((100, 150, 200, 300, 400)),
            "lead": P((2, 4, 5)), "repeatability": U(0.01, 0.02, 0.005), "mass": S(1.6, 18),
            "rated_voltage": P((24, 48)),
        },
        (900, 3800), (60, 420), LARGE_PARTS, (18, 35), (35, 75), ("ISO9001", "CE"),
    ),
    "ACT-SVD": Offer(
        ("5A", "12A", "25A"),
        {
            "supply_voltage": R(10, 12, 44, 54), "continuous_current": S(5, 25),
            "peak_current": S(20, 120), "peak_power": S(250, 1950), "axes": P((6,)), "bus": BUS,
            "mass": S(0.009, 0.0238), "cycle_time": P((0.125, 0.25, 0.5, 1)),
        },
        (190, 620), (500, 3000), SMALL_PARTS, (10, 20), (25, 50), ("ISO9001", "CE", "UL"),
    ),
    "ACT-AGW": Offer(
        ("400W", "750W", "1.5kW"),
        {
            "rated_torque": S(18.5, 68), "peak_torque": S(55, 175), "rated_power": S(410, 1480),
            "rated_voltage": P((48,)), "wheel_diameter": P((150, 160, 180)), "wheel_load": P((400,)),
            "travel_speed": U(1.8, 2.0, 0.1), "mass": P((16,)),
        },
        (1600, 3600), (60, 400), LARGE_PARTS, (15, 30), (30, 60), ("ISO9001", "CE"),
    ),
    "ACT-SMS": Offer(
        ("12", "24", "45"),
        {
            "stall_torque": S(1.2, 4.6), "no_load_speed": U(42, 75, 1), "ratio": P((212.6, 288, 353.5)),
            "voltage_range": R(6.0, 10, 12.6, 14.8), "mass": S(0.055, 0.13),
        },
        (130, 480), (500, 4000), (10, 20, 50, 100), (7, 15), (15, 35),
    ),
    "SEN-FT6": Offer(
        ("M36", "M60", "M80"),
        {
            "force_range_xy": S(82, 480), "force_range_z": S(205, 880), "torque_range_xy": S(3.1, 19.5),
            "overload": P((300, 400, 500)), "accuracy_fs": U(0.5, 1.5, 0.1), "crosstalk": U(1, 3.5, 0.5),
            "sample_rate": P((1000,)), "diameter": S(37, 79), "mass": S(0.05, 0.34),
        },
        (3200, 7800), (40, 260), (1, 2, 5, 10), (18, 35), (35, 70), ("ISO9001", "CE"),
    ),
    "SEN-TQS": Offer(
        ("30", "100", "250"),
        {
            "torque_range": S(28, 260), "overload": P((200, 300, 400)), "accuracy_fs": U(0.2, 1.0, 0.1),
            "crosstalk": U(0.5, 3, 0.5), "mass": S(0.08, 0.6), "diameter": S(50, 110),
            "sample_rate": P((1000, 2000, 5000)),
        },
        (620, 1900), (100, 900), LARGE_PARTS, (14, 28), (28, 55),
    ),
    "SEN-TAC": Offer(
        ("64", "256"),
        {
            "taxels": S(60, 270), "pitch": U(1.5, 4, 0.5), "min_force": P((0.01, 0.02, 0.05)),
            "sample_rate": P((100, 200, 500)), "overload": P((200, 300)), "mass": S(0.012, 0.06),
        },
        (260, 1100), (200, 1500), LARGE_PARTS, (20, 40), (40, 80),
    ),
    "SEN-ENC": Offer(
        ("19", "23", "24"),
        {
            "resolution_bits": Z((19, 23, 24)), "accuracy_ang": U(15, 80, 5),
            "max_speed": P((3000, 6000, 10000)), "bore": U(8, 40, 2), "bus": BUS,
        },
        (160, 620), (600, 5000), SMALL_PARTS, (10, 20), (20, 45),
    ),
    "SEN-IMU": Offer(
        ("M1", "M2", "H1"),
        {
            "gyro_range": P((450, 500, 1000, 2000)), "accel_range": P((4, 8, 16)),
            "gyro_bias": U(1, 10, 0.5), "attitude_error": U(0.1, 0.6, 0.1),
            "sample_rate": P((200, 400, 1000)), "mass": S(0.012, 0.08), "power": U(1, 2, 0.5),
        },
        (480, 3600), (150, 1600), LARGE_PARTS, (12, 25), (20, 45), ("ISO9001", "GJB9001C"),
    ),
    "SEN-L2D": Offer(
        ("12", "25", "40"),
        {
            "range": R(0.1, 0.05, 10, 45), "scan_frequency": R(5, 5, 12, 30),
            "angular_resolution": U(0.25, 0.7, 0.05), "sample_rate": S(4500, 19500),
            "fov_h": P((270, 360)), "power": U(2, 5, 0.5), "mass": S(0.12, 0.5),
        },
        (380, 2600), (200, 1800), LARGE_PARTS, (12, 22), (20, 45), ("ISO9001", "CE"),
    ),
    "SEN-L3D": Offer(
        ("16", "32", "64", "128"),
        {
            "range_10pct": S(32, 220), "fov_h": P((120, 180, 270)), "fov_v": U(26, 88, 2),
            "channels": Z((16, 32, 64, 128)), "angular_resolution": U(0.1, 0.6, 0.05),
            "point_rate": S(200000, 2500000), "range_accuracy": U(1, 4, 0.5),
            "power": U(10, 12, 0.5), "mass": S(0.34, 1.9),
        },
        (2600, 11500), (40, 400), (1, 2, 5, 10), (15, 30), (25, 60), ("ISO9001", "CE"), indoor=False,
    ),
    "SEN-DCM": Offer(
        ("D90", "D120"),
        {
            "depth_range": R(0.25, 0.3, 3.0, 5.4), "frame_rate": P((30,)), "fov_h": U(90, 120, 2),
            "depth_error": U(0.5, 2, 0.1), "power": U(2, 8, 0.5), "mass": S(0.1, 0.34),
        },
        (780, 2600), (150, 1500), LARGE_PARTS, (10, 20), (20, 45), ("ISO9001", "CE"),
    ),
    "SEN-ICM": Offer(
        ("2M", "5M", "12M"),
        {
            "resolution_mp": Z((2.3, 5, 12)), "frame_rate": U(15, 120, 5), "power": U(2, 6, 0.5),
            "mass": S(0.06, 0.2), "bus": C((("Ethernet",), ("USB",), ("Ethernet", "USB"))),
        },
        (620, 3200), (120, 1200), LARGE_PARTS, (8, 18), (15, 35), ("ISO9001", "CE"),
    ),
    "CTL-RCT": Offer(
        ("R6", "R8"),
        {
            "axes": Z((6, 8)), "cycle_time": P((0.25, 0.5, 1, 2)), "bus": BUS, "sil": SIL,
            "power": U(15, 60, 5),
        },
        (2400, 7800), (40, 320), (1, 2, 5, 10), (18, 35), (30, 60), ("ISO9001", "CE", "CR"),
    ),
    "CTL-ECM": Offer(
        ("21T", "70T", "100T", "275T"),
        {
            "ai_performance": Z((21, 70, 100, 275)), "memory": P((8, 16, 32, 64)),
            "power": U(10, 60, 5), "cores": P((6, 8, 12)), "mass": S(0.12, 0.65),
        },
        (1500, 9800), (60, 600), (1, 2, 5, 10), (10, 20), (20, 45), ("ISO9001", "CCC", "CE"),
    ),
    "CTL-SPL": Offer(
        ("SF2", "SF4"),
        {"sil": SIL, "cycle_time": P((0.5, 1, 2, 4)), "axes": Z((2, 4))},
        (900, 3200), (60, 500), LARGE_PARTS, (15, 30), (25, 55), ("ISO9001", "ISO13849", "CE"),
    ),
    "CTL-AIM": Offer(
        ("基础版", "行业版"),
        {"projects": U(3, 40, 1), "team_size": U(12, 120, 2), "robots_on_site": U(5, 200, 5)},
        (2600, 9000), (50, 400), (1,), (20, 45), (30, 60), (),
    ),
    "PWR-BAT": Offer(
        ("0.5", "1.0", "1.5", "2.5"),
        {
            "capacity_wh": S(480, 2600), "rated_voltage": P((48, 51.2)), "energy_density": U(150, 240, 5),
            "discharge_current": S(25, 120), "charge_rate": P((0.5, 1, 2)), "charge_time": U(1, 3, 0.5),
            "cycles": P((800, 1000, 1500, 2000)), "mass": S(2.9, 14),
        },
        (1100, 4200), (60, 700), LARGE_PARTS, (14, 28), (25, 60), ("ISO9001", "UL", "CE"), indoor=False,
    ),
    "PWR-CHG": Offer(
        ("500W", "1kW", "2kW"),
        {
            "peak_power": Z((500, 1000, 2000)), "efficiency": U(90, 96, 1), "positioning_accuracy": U(5, 20, 1),
            "rated_voltage": P((48, 220)),
        },
        (700, 2900), (60, 500), LARGE_PARTS, (12, 22), (20, 45), ("ISO9001", "CCC", "CE"),
    ),
    "PWR-CBL": Offer(
        ("8C", "16C", "32C"),
        {
            "cores": Z((8, 16, 32)), "rated_voltage": P((60, 300)),
            "bend_cycles": P((3000000, 5000000, 10000000)), "bend_radius": U(20, 60, 5),
            "outer_diameter": U(20, 32, 1),
        },
        (55, 320), (1500, 12000), (20, 50, 100, 200), (7, 14), (12, 30), ("ISO9001", "UL"),
    ),
    "EFF-DEX": Offer(
        ("H6", "H10", "H12"),
        {
            "active_dof": Z((6, 10, 12)), "fingertip_force": U(6, 20, 1), "payload": S(2, 12),
            "joint_speed": U(120, 360, 20), "taxels": P((20, 60, 120)), "mass": S(0.48, 0.95),
            "rated_voltage": P((24, 48)), "cycles": P((1000, 2000, 3000)),
        },
        (6800, 26000), (20, 160), (1, 2, 5), (20, 40), (40, 80), ("ISO9001", "CE"),
    ),
    "EFF-GRP": Offer(
        ("40", "85", "140"),
        {
            "grip_force": R(20, 30, 100, 230), "stroke": S(40, 145), "payload": S(1.5, 7),
            "repeatability": U(0.02, 0.08, 0.01), "closing_speed": R(15, 20, 100, 200),
            "mass": U(0.9, 1.0, 0.02), "rated_voltage": P((24,)),
        },
        (1600, 5200), (60, 500), LARGE_PARTS, (12, 25), (20, 45), ("ISO9001", "CE"),
    ),
    "EFF-VAC": Offer(
        ("S2", "S10", "S30"),
        {
            "payload": S(2, 45), "vacuum": U(60, 88, 2), "mass": S(0.25, 3.2),
            "cycles": P((1000, 2000, 3000)), "repeatability": U(0.05, 0.4, 0.05),
        },
        (420, 3400), (80, 700), LARGE_PARTS, (8, 18), (15, 35),
    ),
    "EFF-QCH": Offer(
        ("Q5", "Q20", "Q80"),
        {
            "payload": S(5, 90), "lock_force": S(600, 9000), "repeatability": U(0.01, 0.03, 0.005),
            "moment_rating": S(35, 900), "mass": S(0.2, 3.8),
        },
        (1200, 5800), (40, 320), (1, 2, 5), (12, 25), (20, 45), ("ISO9001",),
    ),
}
