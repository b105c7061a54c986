# ruff: noqa: E501, ISC004 (tables: one row a line)
"""What a line of a given kind usually asks for: component type, target and ceiling price (CNY), requirements.

One requirement: `key operator value`, `~` before it when soft, then `w<weight>` and `t<tolerance>`. Values may
carry any unit of the same dimension, as people write them.
"""

from __future__ import annotations

# fmt: off
PROFILES: dict[str, tuple[str, float | None, float | None, str]] = {
    # --- reducers and transmission
    "SWG.arm": ("DRV-SWG", 700, 1100,
                "ratio between 80,100; rated_torque >= 20 N*m; lost_motion <= 1.8; ~transmission_error <= 1 w4; "
                "~mass <= 800 g w3; ~service_life >= 12000 w2"),
    "SWG.wrist": ("DRV-SWG", 560, 980,
                  "rated_torque >= 45 kgf*cm; lost_motion <= 2; ~mass <= 0.4 kg w3; ~outer_diameter <= 7 cm w2"),
    "RV.base": ("DRV-RV", 2900, 4800,
                "rated_torque >= 21 kgf*m; backlash <= 1.5; ~torsional_stiffness >= 100 w3; ~service_life >= 8000 w2"),
    "PLG.wheel": ("DRV-PLG", 620, 1050, "rated_torque >= 18 N*m; backlash <= 5; ~efficiency >= 95 w2; ~mass <= 1.2 kg w2"),
    "PRS.leg": ("DRV-PRS", 1900, 2900, "dynamic_load >= 15 kN; lead_error_300 <= 23 um; ~efficiency >= 85 w3; ~max_speed >= 3500 w2"),
    "BSC.lift": ("DRV-BSC", 420, 680, "dynamic_load >= 5 kN; lead_error_300 <= 23; ~static_load >= 15 w2; ~lead_error_300 <= 12 w3"),
    "XRB.joint": ("DRV-XRB", 380, 820, "outer_diameter between 60,160; runout <= 9; moment_rating >= 130 N*m; ~mass <= 0.9 kg w2"),
    "BRG.spindle": ("DRV-BRG", 78, 150, "inner_diameter between 20,55; ~max_speed >= 8000 rpm w3; ~dynamic_load >= 14 w2"),
    "LMG.axis": ("DRV-LMG", 300, 480, "dynamic_load >= 11 kN; stroke >= 200 mm; ~accuracy_grade one_of C3|G3 w2"),
    "BRK.joint": ("DRV-BRK", 150, 280, "holding_torque >= 0.9 N*m; ~response_time <= 40 w2; ~mass <= 450 g w3"),
    # --- motors and drives
    "FTM.arm": ("ACT-FTM", 520, 900, "continuous_torque >= 0.4 N*m; peak_torque >= 1.5 N*m; ~mass <= 0.6 kg w3; ~bore >= 16 w2"),
    "SRV.axis": ("ACT-SRV", 780, 1550, "rated_power >= 0.2 kW; encoder_bits >= 17; ~mass <= 4 kg w2; ~brake is true w2"),
    "CLM.finger": ("ACT-CLM", 280, 540, "rated_torque >= 0.5 N*cm; no_load_speed >= 6000 rpm; ~mass <= 90 g w4"),
    "BLD.wheel": ("ACT-BLD", 240, 430, "rated_torque >= 0.24 N*m; ~rated_voltage = 48 w2; ~mass <= 0.8 kg w2"),
    "ROT.leg": ("ACT-ROT", 980, 1980, "rated_torque >= 10 N*m; peak_torque >= 30 N*m; ~backlash <= 12 w3; ~mass <= 1.3 kg w3; ~encoder_count >= 2 w2"),
    "ROT.arm": ("ACT-ROT", 820, 1900, "rated_torque >= 5 N*m; rated_speed >= 60 rpm; ~backlash <= 12 w4; ~mass <= 1 kg w3"),
    "ROT.light": ("ACT-ROT", 700, 1800, "rated_torque >= 16 kgf*cm; ~mass <= 450 g w4; ~rated_speed >= 100 w2"),
    "LIN.lift": ("ACT-LIN", 2100, 4000, "max_thrust >= 1 kN; stroke >= 150 mm; ~max_speed_lin >= 180 w2; ~mass <= 9 kg w2"),
    "SVD.joint": ("ACT-SVD", 380, 680, "continuous_current >= 5 A; bus one_of EtherCAT|CAN-FD; ~cycle_time <= 0.5 w3; ~peak_power >= 0.8 kW w2"),
    "AGW.drive": ("ACT-AGW", 2300, 3900, "rated_torque >= 25 N*m; travel_speed >= 1.8 m/s; ~rated_power >= 0.7 kW w2"),
    "SMS.head": ("ACT-SMS", 260, 520, "stall_torque >= 10 kgf*cm; ~mass <= 110 g w3; ~no_load_speed >= 55 w2"),
    # --- sensing
    "FT6.wrist": ("SEN-FT6", 5200, 8600, "torque_range_xy >= 4 N*m; accuracy_fs <= 1.4; ~crosstalk <= 2 w3; ~mass <= 220 g w2"),
    "TQS.joint": ("SEN-TQS", 1100, 2100, "torque_range >= 30 N*m; accuracy_fs <= 0.9; ~sample_rate >= 2 kHz w2; ~mass <= 0.35 kg w2"),
    "TAC.palm": ("SEN-TAC", 620, 1200, "taxels >= 50; min_force <= 0.05 N; ~pitch <= 2.5 w3; ~sample_rate >= 200 Hz w2"),
    "ENC.joint": ("SEN-ENC", 330, 680, "resolution_bits >= 17; ~accuracy_ang <= 40 arcsec w3; ~bore >= 16 w2"),
    "IMU.nav": ("SEN-IMU", 1500, 4000, "gyro_bias <= 10 deg/h; sample_rate >= 200 Hz; ~attitude_error <= 0.3 w3; ~mass <= 40 g w2"),
    "L2D.nav": ("SEN-L2D", 1250, 2900, "range covers 0.3,8; fov_h >= 270 deg; ~scan_frequency >= 12 w3; ~angular_resolution <= 0.4 w2"),
    "L3D.map": ("SEN-L3D", 6200, 12500, "range_10pct >= 35 m; channels >= 16; ~angular_resolution <= 0.35 w3; ~range_accuracy <= 2 cm w2; ~mass <= 1 kg w2"),
    "DCM.near": ("SEN-DCM", 1500, 2900, "depth_range covers 0.4,2.5; frame_rate >= 30 Hz; ~depth_error <= 1.2 w3; ~fov_h >= 100 w2"),
    "ICM.check": ("SEN-ICM", 1600, 3500, "resolution_mp >= 1.6; frame_rate >= 15 Hz; ~power <= 4 W w2; ~mass <= 150 g w2"),
    # --- control and computing
    "RCT.arm": ("CTL-RCT", 4600, 8600, "axes >= 4; cycle_time <= 2 ms; ~sil one_of PLd|SIL2 w3; ~power <= 40 W w2"),
    "ECM.edge": ("CTL-ECM", 4300, 10800, "ai_performance >= 40; memory >= 8 GB; ~power <= 35 W w3; ~mass <= 0.4 kg w2"),
    "ECM.big": ("CTL-ECM", 6200, 10800, "ai_performance >= 70; memory >= 16 GB; ~power <= 45 W w3; ~ai_performance >= 200 w3"),
    "SPL.stop": ("CTL-SPL", 1900, 3600, "sil one_of PLd|SIL2; ~cycle_time <= 1 ms w3; ~axes >= 4 w2"),
    "AIM.model": ("CTL-AIM", 5200, 9900, "projects >= 5; ~robots_on_site >= 50 w3; ~team_size >= 40 w2"),
    # --- power and wiring
    "BAT.small": ("PWR-BAT", 1700, 4600, "capacity_wh >= 0.45 kW*h; discharge_current >= 20 A; ~energy_density >= 190 w4; ~cycles >= 1000 w2"),
    "BAT.big": ("PWR-BAT", 3000, 4800, "capacity_wh >= 1 kW*h; discharge_current >= 40 A; ~energy_density >= 190 w3; ~charge_time <= 2 h w2"),
    "CHG.dock": ("PWR-CHG", 1700, 3200, "peak_power >= 0.5 kW; positioning_accuracy <= 2 cm; ~efficiency >= 93 w3"),
    "CBL.flex": ("PWR-CBL", 160, 350, "cores >= 8; bend_cycles >= 3000000; ~bend_radius <= 4 cm w3; ~bend_cycles >= 5000000 w2"),
    # --- end effectors
    "DEX.hand": ("EFF-DEX", 14500, 28500, "active_dof >= 6; fingertip_force >= 6 N; ~payload >= 5 kg w3; ~mass <= 750 g w3; ~taxels >= 60 w2"),
    "GRP.pick": ("EFF-GRP", 3100, 5600, "stroke >= 40 mm; payload >= 1.4 kg; ~repeatability <= 0.05 w3; ~grip_force >= 140 N w2"),
    "VAC.pad": ("EFF-VAC", 1400, 3700, "payload >= 5 kg; vacuum >= 60 kPa; ~mass <= 2 kg w2; ~cycles >= 2000 w2"),
    "QCH.tool": ("EFF-QCH", 2900, 6300, "payload >= 5 kg; ~repeatability <= 0.02 w3; ~mass <= 1.5 kg w2"),
    # --- structural parts and processes
    "CST.frame": ("MFG-CST", 260, 690, "max_part_size >= 38 cm; material one_of aluminium alloy; tolerance <= 0.2; ~wall_min <= 2 mm w3; ~tolerance <= 0.1 w2"),
    "CNC.joint": ("MFG-CNC", 160, 380, "tolerance <= 0.05 mm; material one_of aluminium alloy; ~surface_ra <= 0.8 um w3; ~five_axis is true w3; ~tolerance <= 0.02 w2"),
    "GRD.gear": ("MFG-GRD", 150, 350, "gear_grade one_of 5|6; ~surface_ra <= 0.4 um w3; ~lead_error_300 <= 12 w2"),
    "FRG.shaft": ("MFG-FRG", 190, 520, "max_part_size >= 180 mm; ~hardness >= 38 w3; ~tolerance <= 0.1 mm w2"),
    "SHM.case": ("MFG-SHM", 420, 1050, "max_part_size >= 1 m; tolerance <= 0.2 mm; ~wall_min <= 1 mm w2; ~material one_of stainless steel w2"),
    "INJ.shell": ("MFG-INJ", 72, 180, "max_part_size >= 24 cm; tolerance <= 0.15; ~wall_min <= 1.4 w3; ~clamp_force >= 4000 w2"),
    "3DP.proto": ("MFG-3DP", 680, 1700, "max_part_size >= 240 mm; ~layer_thickness <= 0.05 w3; ~tolerance <= 0.1 w2"),
    "HTR.gear": ("MFG-HTR", 34, 95, "hardness >= 53; ~case_depth between 0.4,0.9 w3; ~max_part_size >= 400 w2"),
    "SRF.cover": ("MFG-SRF", 40, 105, "max_part_size >= 45 cm; salt_spray >= 96 h; ~salt_spray >= 480 w4; ~coating_thickness between 15,30 w2"),
    "PCB.main": ("MFG-PCB", 190, 450, "layers >= 4; ~line_width <= 0.1 mm w3; ~smt_capacity >= 800 w2"),
    "ASM.final": ("MFG-ASM", 3400, 7200, "floor_area >= 1500 m**2; floor_load >= 800; ~clear_height >= 7 m w2; ~floor_area >= 6000 w2"),
    # --- services and space
    "TST.env": ("SVC-TST", 15000, 31000, "temp_range covers -30,60; ~accredited is true w4; ~max_dut_mass >= 150 w2"),
    "CRT.mark": ("SVC-CRT", 60000, 105000, "projects >= 20; ~accredited is true w4"),
    "INT.line": ("SVC-INT", 190000, 420000, "team_size >= 12; ~projects >= 40 w3"),
    "PRT.design": ("SVC-PRT", 42000, 98000, "team_size >= 6; ~projects >= 50 w2"),
    "PLT.hall": ("SPC-PLT", 24, 36, "floor_area >= 2000 m**2; clear_height >= 5 m; ~crane >= 5000 w2; ~power_supply >= 800 kW w2"),
    "PIL.line": ("SPC-PIL", 92000, 175000, "floor_area >= 700 m**2; services one_of process verification|performance verification; ~clear_height >= 6 w2"),
    # --- whole machines as a base
    "IND.arm": ("ROB-IND", 98000, 185000, "payload >= 10 kg; reach >= 1.35 m; ~repeatability <= 0.05 w3; ~tcp_speed >= 2 w2"),
    "COB.arm": ("ROB-COB", 62000, 92000, "payload >= 3 kg; reach >= 62 cm; ~repeatability <= 0.03 w4; ~mass <= 20 kg w2"),
    "AMR.base": ("ROB-AMR", 68000, 105000, "payload >= 600 kg; positioning_accuracy <= 1 cm; ~aisle_width <= 1.3 m w3; ~endurance >= 8 h w2"),
    "QUA.body": ("ROB-QUA", 115000, 200000, "payload >= 8 kg; slope >= 25 deg; ~step_height >= 20 cm w3; ~endurance >= 3 w3"),
    "INS.base": ("ROB-INS", 140000, 260000, "inspection_range >= 4 km; ~endurance >= 6 h w3; ~max_speed_mps >= 4.5 km/h w2"),
    "UWR.body": ("ROB-UWR", 180000, 340000, "depth_rating >= 90 m; ~endurance >= 4 h w3; ~payload >= 10 kg w2"),
    "MED.arm": ("ROB-MED", 280000, 520000, "dof >= 6; repeatability <= 0.1 mm; ~payload >= 5 kg w2; ~sil one_of PLd|SIL2 w3"),
}
