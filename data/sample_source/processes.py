"""Structural parts and processes, services, whole machines, space."""

from __future__ import annotations

from sample_source.kinds import METALS, SIL, BySize, Choices, Offer, OneOf, Scaled, Span, Uniform

# fmt: off
S, U, P, Z, C, R = Scaled, Uniform, OneOf, BySize, Choices, Span

PROCESSES: dict[str, Offer] = {
    "MFG-CST": Offer(
        ("压铸", "低压铸造", "重力铸造"),
        {
            "max_mass": S(6, 60), "max_part_size": S(400, 1300), "tolerance": U(0.05, 0.2, 0.01),
            "wall_min": U(1.2, 3, 0.2), "material": METALS, "clamp_force": S(2800, 16000),
        },
        (85, 620), (1200, 9000), (50, 100, 200, 300), (25, 45), (35, 75), ("ISO9001", "IATF16949"),
    ),
    "MFG-CNC": Offer(
        ("三轴", "四轴", "五轴"),
        {
            "tolerance": U(0.005, 0.05, 0.005), "surface_ra": P((0.4, 0.8, 1.6)),
            "max_part_size": S(450, 1600), "five_axis": P((True, True, False)), "material": METALS,
        },
        (65, 340), (2400, 14000), (1, 10, 20, 50), (7, 18), (15, 45), ("ISO9001", "AS9100"),
    ),
    "MFG-GRD": Offer(
        ("磨齿", "螺纹磨"),
        {
            "gear_grade": C((("4", "5"), ("5", "6"), ("6",), ("3", "4", "5"))),
            "surface_ra": P((0.2, 0.4, 0.8)), "max_part_size": S(200, 600), "lead_error_300": U(6, 20, 1),
        },
        (60, 320), (800, 6000), (10, 20, 50), (10, 22), (20, 50), ("ISO9001",),
    ),
    "MFG-FRG": Offer(
        ("模锻", "粉末冶金"),
        {
            "max_mass": S(4, 80), "max_part_size": S(180, 900), "tolerance": U(0.05, 0.2, 0.01),
            "material": METALS, "hardness": U(28, 48, 1),
        },
        (45, 480), (1500, 12000), (100, 200, 500), (25, 45), (35, 70), ("ISO9001", "AS9100"),
    ),
    "MFG-SHM": Offer(
        ("激光", "折弯焊接"),
        {
            "max_part_size": S(1200, 2900), "tolerance": U(0.05, 0.2, 0.01), "wall_min": U(0.5, 1.5, 0.1),
            "material": METALS,
        },
        (120, 950), (400, 4200), (5, 10, 20), (7, 15), (15, 35), ("ISO9001",),
    ),
    "MFG-INJ": Offer(
        ("160T", "450T", "1000T"),
        {
            "clamp_force": S(1600, 10000), "max_part_size": S(250, 1100), "tolerance": U(0.03, 0.15, 0.01),
            "wall_min": U(0.8, 2, 0.1),
            "material": C((("engineering plastic",), ("engineering plastic", "PEEK"))),
        },
        (18, 160), (4000, 30000), (100, 200, 300), (25, 45), (30, 60), ("ISO9001", "IATF16949"),
    ),
    "MFG-3DP": Offer(
        ("SLM", "SLS"),
        {
            "max_part_size": S(250, 500), "layer_thickness": P((0.03, 0.05, 0.1)),
            "tolerance": U(0.05, 0.2, 0.01),
            "material": C((("aluminium alloy", "titanium"), ("engineering plastic",), ("titanium", "steel"))),
        },
        (220, 1600), (100, 900), (1, 2, 5), (4, 10), (8, 25), ("ISO9001", "AS9100"),
    ),
    "MFG-HTR": Offer(
        ("渗碳", "氮化", "真空淬火"),
        {
            "hardness": U(52, 64, 1), "case_depth": U(0.2, 1.2, 0.1), "max_part_size": S(300, 1200),
            "max_mass": S(20, 400),
        },
        (9, 80), (6000, 40000), (50, 100, 200), (5, 12), (10, 25), ("ISO9001", "IATF16949"),
    ),
    "MFG-SRF": Offer(
        ("阳极氧化", "化学镀镍", "喷粉"),
        {
            "coating_thickness": U(8, 40, 1), "salt_spray": P((96, 240, 480, 720, 1000)),
            "max_part_size": S(500, 2600), "surface_ra": P((0.4, 0.8, 1.6, 3.2)),
        },
        (8, 95), (6000, 40000), (50, 100, 200), (5, 10), (8, 22), ("ISO9001", "ISO14001"),
    ),
    "MFG-PCB": Offer(
        ("4L", "8L", "12L"),
        {
            "layers": Z((4, 8, 12)), "line_width": P((0.075, 0.1, 0.127)),
            "smt_capacity": U(300, 2600, 100), "max_part_size": U(330, 610, 10),
        },
        (60, 420), (2000, 20000), (20, 50, 100), (7, 15), (15, 35), ("ISO9001", "IATF16949", "UL"),
    ),
    "MFG-ASM": Offer(
        ("总装线", "柔性单元"),
        {
            "floor_area": S(1800, 26000), "floor_load": P((800, 1000, 2000, 3000)), "clear_height": U(5, 12, 0.5),
            "clean_class": C((("none",), ("none",), ("ISO 8",), ("ISO 7",))),
        },
        (1500, 6500), (30, 420), (1, 5, 10), (10, 25), (15, 40), ("ISO9001", "CR"),
    ),
    "SVC-TST": Offer(
        ("环境可靠性", "整机性能"),
        {"accredited": P((True, True, False)), "temp_range": R(-40, -70, 85, 150), "max_dut_mass": S(60, 1200)},
        (6000, 28000), (4, 30), (1,), (7, 15), (10, 25), ("CNAS", "CMA"),
    ),
    "SVC-CRT": Offer(
        ("CR/CE",),
        {"accredited": P((True, True, False)), "projects": U(20, 300, 10)},
        (28000, 96000), (2, 12), (1,), (10, 20), (30, 60), ("CNAS", "CMA"),
    ),
    "SVC-INT": Offer(
        ("产线", "场站"),
        {"team_size": U(12, 160, 2), "projects": U(8, 180, 2)},
        (60000, 380000), (2, 16), (1,), (10, 25), (20, 60), ("ISO9001", "ISO45001"),
    ),
    "SVC-DAT": Offer(
        ("训练场",),
        {"floor_area": S(1200, 8000), "robots_on_site": U(10, 120, 5), "team_size": U(20, 200, 5)},
        (18000, 70000), (4, 24), (1,), (7, 15), (10, 25), (),
    ),
    "SVC-PRT": Offer(
        ("结构", "机电"),
        {"team_size": U(6, 80, 2), "projects": U(10, 220, 5)},
        (12000, 90000), (3, 24), (1,), (7, 20), (15, 40), ("ISO9001",),
    ),
    "SVC-RNT": Offer(
        ("短租", "长租"),
        {"monthly_rent": U(2800, 19800, 100), "robots_on_site": U(10, 260, 10)},
        (2800, 19800), (10, 120), (1,), (3, 7), (5, 15), (),
    ),
    "ROB-IND": Offer(
        ("12", "50", "210"),
        {
            "payload": S(10, 210), "reach": S(1400, 2700), "repeatability": U(0.03, 0.08, 0.01), "dof": P((6,)),
            "tcp_speed": U(1.5, 3.0, 0.1), "mass": S(140, 198),
        },
        (48000, 168000), (10, 90), (1,), (20, 40), (35, 75), ("ISO9001", "ISO10218", "CR", "CE"),
    ),
    "ROB-SCA": Offer(
        ("3", "6"),
        {
            "payload": S(3, 6), "reach": S(400, 700), "repeatability": U(0.01, 0.03, 0.01), "dof": P((4,)),
            "cycle_rate": U(90, 160, 5), "mass": S(15, 38),
        },
        (16000, 34000), (20, 160), (1, 2), (15, 30), (25, 50), ("ISO9001", "ISO10218", "CE"),
    ),
    "ROB-COB": Offer(
        ("3", "5"),
        {
            "payload": S(3, 5, 0.0), "reach": S(640, 980), "repeatability": U(0.02, 0.05, 0.01), "dof": P((6,)),
            "tcp_speed": U(2.3, 2.8, 0.1), "joint_torque_base": S(56, 330), "joint_speed_base": P((120, 150, 180)),
            "mass": S(12, 23.5),
        },
        (42000, 86000), (20, 160), (1, 2), (18, 35), (30, 60), ("ISO9001", "ISO10218", "CR", "CE"),
    ),
    "ROB-AMR": Offer(
        ("600", "1000"),
        {
            "payload": S(610, 990, 0.01), "positioning_accuracy": P((10,)), "max_speed_mps": U(1.2, 2.0, 0.1),
            "lift_height": U(40, 100, 10), "aisle_width": U(900, 1600, 50), "endurance": R(4, 5, 7, 10),
            "charge_time": U(1, 2.5, 0.5), "mass": S(120, 195),
        },
        (42000, 98000), (15, 140), (1, 2), (15, 30), (30, 60), ("ISO9001", "CR", "CE"),
    ),
    "ROB-QUA": Offer(
        ("Q15", "Q40"),
        {
            "payload": S(8, 42), "mass": S(16, 62), "max_speed_mps": U(1.6, 4.0, 0.2), "slope": U(25, 45, 5),
            "step_height": U(120, 300, 20), "endurance": R(1.5, 2, 2.5, 5),
        },
        (52000, 185000), (5, 60), (1,), (20, 40), (35, 80), ("ISO9001", "CR"), indoor=False,
    ),
    "ROB-HUM": Offer(
        ("T1", "T2"),
        {
            "height": S(1300, 1760, 0.02), "mass": S(36, 74), "dof": U(25, 46, 1), "payload": S(5.5, 14),
            "walk_speed": U(2.0, 3.2, 0.1), "joint_peak_torque": S(95, 340), "endurance": R(1.5, 2, 2.5, 4),
        },
        (158000, 420000), (3, 40), (1,), (30, 50), (45, 90), ("ISO9001", "CR"),
    ),
    "ROB-CLN": Offer(
        ("C50", "C75", "P20"),
        {
            "clean_rate": S(900, 2800), "payload": S(20, 60), "endurance": R(2.5, 3, 4, 8),
            "max_speed_mps": U(0.8, 1.4, 0.1), "noise": U(58, 70, 1), "mass": S(55, 180),
        },
        (26000, 88000), (20, 260), (1, 2), (15, 30), (25, 55), ("ISO9001", "CR", "CCC"),
    ),
    "ROB-INS": Offer(
        ("W1", "R2"),
        {
            "inspection_range": U(4, 18, 1), "max_speed_mps": U(0.8, 1.8, 0.1), "endurance": R(3, 4, 5, 9),
            "explosion_proof": P((True, False, False)), "mass": S(48, 150),
        },
        (68000, 240000), (4, 50), (1,), (20, 40), (35, 75), ("ISO9001", "EX", "CR"), indoor=False,
    ),
    "ROB-UWR": Offer(
        ("U100", "U300"),
        {
            "depth_rating": S(100, 320), "max_speed_mps": U(1.0, 2.0, 0.1), "endurance": R(2, 2.5, 3, 6),
            "payload": S(4, 25), "mass": S(18, 95),
        },
        (76000, 320000), (3, 30), (1,), (25, 45), (40, 80), ("ISO9001",), indoor=False,
    ),
    "ROB-MED": Offer(
        ("M6", "M7"),
        {
            "dof": Z((6, 7)), "repeatability": U(0.02, 0.1, 0.01), "payload": S(3, 12), "endurance": R(2, 3, 5, 8),
            "mass": S(28, 120), "sil": SIL,
        },
        (120000, 480000), (2, 24), (1,), (30, 50), (45, 90), ("ISO9001", "ISO13485"),
    ),
    "SPC-PLT": Offer(
        ("单层", "多层"),
        {
            "floor_area": S(2400, 18000), "clear_height": U(5, 12, 0.5), "floor_load": P((1000, 2000, 3000)),
            "power_supply": U(400, 2000, 100), "crane": P((5000, 10000, 20000)),
            "clean_class": C((("none",), ("none",), ("ISO 8",))),
        },
        (14, 32), (2000, 16000), (100, 500, 1000), (10, 20), (15, 45), (),
    ),
    "SPC-PIL": Offer(
        ("中试线",),
        {
            "floor_area": S(800, 6000), "clear_height": U(4.5, 9, 0.5), "floor_load": P((800, 1000, 2000)),
            "services": C((
                ("process verification", "fit verification"),
                ("design verification", "performance verification", "process verification"),
                ("performance verification", "fit verification", "production verification"),
            )),
        },
        (38000, 160000), (2, 12), (1,), (10, 20), (15, 40), ("ISO9001", "CNAS"),
    ),
}
