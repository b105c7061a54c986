# ruff: noqa: E501 (tables: one row a line)
"""Twenty-six robot programmes of labs in the lead cities, with what they ask for line by line."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """A line: a profile, quantity and monthly rate, and what differs from the profile.

    `extra` requirements replace the profile's of the same key and hardness. `price` is target and ceiling.
    """

    profile: str
    quantity: int
    rate: int
    extra: str = ""
    certificates: str = ""
    points: str = ""
    price: tuple[float | None, float | None] | None = None
    need_by: str = ""


@dataclass(frozen=True)
class Demand:
    number: int
    lab: str
    alliance: str
    title: str
    start: str
    need_by: str
    lines: tuple[Line, ...]
    scenario: str = ""
    fleet: int | None = None
    trial: int | None = None
    site: str = ""
    scope: str = "alliance"
    confidentiality: str = "members"
    iterations: int | None = None
    deployment: str = ""
    points: str = ""
    published: bool = field(default=True)


# fmt: off
L = Line
CD, JJJ = "chengdu", "jjj"

DEMANDS = [
    Demand(1, "cd-013", CD, "教育科研人形机器人平台（40 台）", "2026-12-15", "2027-12-31", (
        L("ROT.leg", 480, 60), L("ROT.arm", 560, 70), L("SMS.head", 80, 10), L("IMU.nav", 40, 8), L("DCM.near", 80, 12),
        L("ECM.edge", 40, 8), L("BAT.small", 60, 10, certificates="UL"), L("CNC.joint", 3200, 400),
        L("INJ.shell", 1200, 200), L("CBL.flex", 400, 80), L("PCB.main", 200, 60),
    ), "EDU-01", 10, 30, "floor_area >= 400 m**2; hours_per_day >= 8; people_present is true; ~clear_height >= 3.5 m w2",
        confidentiality="open", points="配套 12 学时课程与二次开发文档；摔倒自恢复演示。"),
    Demand(2, "cd-007", CD, "7 轴协作机械臂柔性装配单元（80 套）", "2026-12-01", "2027-10-31", (
        L("SWG.arm", 480, 60, certificates="ISO9001"), L("SWG.wrist", 240, 40), L("FTM.arm", 560, 80),
        L("XRB.joint", 400, 60), L("ENC.joint", 1120, 160), L("BRK.joint", 560, 80), L("TQS.joint", 560, 70),
        L("RCT.arm", 80, 12, certificates="CE"), L("SPL.stop", 80, 12), L("GRP.pick", 80, 12),
        L("CST.frame", 560, 80), L("SRF.cover", 560, 100), L("QCH.tool", 80, 12),
    ), "MFG-05", 4, 30, "floor_area >= 1000 m**2; floor_load >= 1000; network >= Wi-Fi; people_present is true",
        points="末端法兰须符合 ISO 9409-1-50-4-M6；整机噪声不高于 65 dB(A)。"),
    Demand(3, "cd-008", CD, "仓储搬运 AMR（600 kg，200 台）", "2026-12-10", "2027-12-31", (
        L("AGW.drive", 400, 50), L("L2D.nav", 400, 60), L("DCM.near", 400, 60), L("BAT.big", 200, 40),
        L("CHG.dock", 60, 10), L("SHM.case", 400, 60), L("CBL.flex", 1200, 200), L("ASM.final", 200, 24),
        L("SPL.stop", 200, 30),
    ), "LOG-01", 20, 45, "floor_area >= 5000 m**2; passage_width >= 1.5 m; floor_load >= 1500; network >= Wi-Fi; "
        "~hours_per_day >= 20 w3", confidentiality="open", points="对接现有 WMS 接口；窄通道双向会车策略。"),
    Demand(4, "cd-006", CD, "城市综合管廊挂轨巡检机器人（60 台）", "2026-12-01", "2027-12-31", (
        L("BLD.wheel", 240, 30), L("PLG.wheel", 240, 30), L("L2D.nav", 60, 10), L("ICM.check", 120, 20),
        L("ECM.edge", 60, 10), L("BAT.small", 60, 12), L("CNC.joint", 1800, 300),
    ), "SAF-04", 4, 30, "floor_area >= 2000; ~ambient_temp covers 0,35 w2",
        points="轨道由业主提供，须现场复测轨距与转弯半径。"),
    Demand(5, "cd-005", CD, "商用清洁机器人（室内外通用底盘，300 台）", "2027-01-04", "2027-12-15", (
        L("BLD.wheel", 600, 80), L("PLG.wheel", 600, 80), L("L2D.nav", 300, 50), L("DCM.near", 600, 90),
        L("ECM.edge", 300, 45), L("BAT.big", 300, 45), L("CHG.dock", 300, 45), L("INJ.shell", 2400, 400),
        L("CBL.flex", 1500, 250), L("ASM.final", 300, 30), L("PLT.hall", 3000, 1000, need_by="2027-08-31", points="含两台 10 t 行车；可分两期交付。"),
    ), "COM", 12, 30, "floor_area >= 10000 m**2; people_present is true; ~passage_width >= 1.2 w2",
        confidentiality="open", points="水箱与滚刷模组由实验室自研，需装配线预留工位。"),
    Demand(6, "cd-003", CD, "下肢康复外骨骼（150 台）", "2027-01-15", "2027-12-31", (
        L("ROT.light", 600, 80, certificates="CE"), L("TQS.joint", 600, 80), L("IMU.nav", 600, 90),
        L("BAT.small", 150, 25), L("3DP.proto", 300, 50), L("CNC.joint", 2400, 360), L("CBL.flex", 900, 150),
        L("PCB.main", 450, 80),
    ), "ELD-03", 6, 60, "people_present is true; emergency_team is true; ~passage_width >= 1.2 w3",
        confidentiality="introduction", points="需医疗器械注册检验配合；与人体接触材料提供生物相容性报告。"),
    Demand(7, "cd-004", CD, "供水管道水下检测机器人（24 台）", "2027-01-10", "2028-03-31", (
        L("UWR.body", 24, 2), L("ICM.check", 48, 8), L("IMU.nav", 24, 6), L("CBL.flex", 240, 60),
        L("ECM.edge", 24, 6), L("PIL.line", 1, 1, price=(None, 180000)),
    ), "SAF-08", 2, 20, "ground one_of wet; emergency_team is true",
        scope="open", points="脐带缆 500 m，绞车由业主提供。"),
    Demand(8, "cd-009", CD, "猕猴桃采摘机器人（双臂，30 台）", "2027-01-05", "2028-01-31", (
        L("ROT.arm", 360, 45), L("SWG.wrist", 120, 20), L("DCM.near", 120, 20), L("ECM.big", 30, 6),
        L("GRP.pick", 60, 10, extra="~repeatability <= 0.1 w1"), L("BAT.big", 60, 10), L("AGW.drive", 60, 10),
        L("SHM.case", 120, 20), L("SRF.cover", 240, 40),
    ), "AGR-03", 4, 30, "floor_area >= 20000 m**2; ~max_slope <= 15 w2; ~network >= 4G w2",
        confidentiality="open", points="果梗剪切机构专利归实验室；损伤率由第三方现场评定。"),
    Demand(9, "cd-010", CD, "消防侦察机器人（20 台）", "2026-12-20", "2028-05-31", (
        L("INS.base", 20, 4, certificates="EX"), L("L3D.map", 20, 5), L("IMU.nav", 20, 5), L("BAT.big", 40, 8),
        L("CBL.flex", 200, 40), L("SRF.cover", 160, 40, extra="salt_spray >= 480 h"),
    ), "SAF-07", 2, 20, "emergency_team is true; ~max_slope >= 20 w3",
        confidentiality="introduction", points="整机须通过淋水与 0.3 m 涉水试验，见证试验由训练基地组织。"),
    Demand(10, "cd-011", CD, "低空物流无人机自动机巢（100 套）", "2027-01-15", "2027-10-31", (
        L("LIN.lift", 200, 30), L("BSC.lift", 200, 40), L("SRV.axis", 200, 40), L("LMG.axis", 400, 80),
        L("CHG.dock", 100, 16), L("RCT.arm", 100, 16), L("SHM.case", 600, 90), L("CBL.flex", 600, 120), L("PRT.design", 2, 1, price=(None, None), need_by="2027-04-30"),
    ), "LOG-04", 6, 30, "network >= 4G; power_supply >= 60 kW; ~hours_per_day >= 12 w2",
        points="机巢须适配两种机型，换电机构接口见附图。"),
    Demand(11, "cd-002", CD, "罐区巡检四足机器人（40 台）", "2026-12-01", "2027-12-31", (
        L("ROT.leg", 480, 60, extra="rated_torque >= 15 N*m; peak_torque >= 45 N*m"),
        L("L3D.map", 40, 8), L("IMU.nav", 40, 8), L("ECM.edge", 40, 8), L("BAT.small", 80, 14),
        L("CNC.joint", 2400, 300), L("SPL.stop", 40, 8, extra="sil one_of PLe|SIL3"),
    ), "SAF-04", 4, 30, "emergency_team is true; ~network >= 4G w3; ~hours_per_day >= 20 w2; ~max_slope between 5,15 w2",
        points="防爆 2 区内仅做外围巡检；充电点位由园区划定。"),
    Demand(12, "cd-012", CD, "钢结构现场焊接机器人（50 套）", "2027-01-10", "2027-12-31", (
        L("RV.base", 200, 30), L("SWG.arm", 100, 20), L("SRV.axis", 300, 50), L("LMG.axis", 200, 40),
        L("RCT.arm", 50, 10), L("L2D.nav", 50, 10), L("CST.frame", 300, 60), L("CBL.flex", 400, 80),
        L("GRD.gear", 300, 60), L("HTR.gear", 300, 60),
    ), "CON-04", 4, 30, "floor_area >= 5000; power_supply >= 100 kW; ~floor_load >= 1500 w2",
        points="焊机由用户指定品牌，控制器需开放焊接工艺包接口。"),
    Demand(13, "cd-012", CD, "汽车零部件喷涂机器人（36 台，首批）", "2026-12-01", "2027-07-31", (
        L("RV.base", 108, 18), L("SWG.wrist", 108, 18), L("SRV.axis", 216, 40), L("ENC.joint", 216, 40),
        L("RCT.arm", 36, 8), L("CST.frame", 216, 50), L("SRF.cover", 216, 60),
    ), "MFG-04", 2, 30, "clean_class >= ISO 9; hours_per_day >= 16; ~power_supply >= 120 w2",
        points="涂料为水性漆；换色时间由现场试喷确认。", iterations=2),
    Demand(14, "cd-008", CD, "四轴码垛机器人（150 台）", "2027-02-01", "2028-02-29", (
        L("RV.base", 450, 60), L("SRV.axis", 600, 80), L("RCT.arm", 150, 20), L("CST.frame", 600, 100),
        L("VAC.pad", 150, 24), L("CBL.flex", 900, 150), L("SHM.case", 300, 50), L("ASM.final", 150, 20),
        L("BRG.spindle", 1200, 200), L("FRG.shaft", 600, 100),
    ), "MFG-06", 3, 30, "clear_height >= 6 m; floor_load >= 1000; ~hours_per_day >= 16 w2",
        confidentiality="open", points="节拍 1,200 次/小时，以现场满垛试验为准。"),
    Demand(15, "bda-005", JJJ, "末端无人配送车（低速，260 台）", "2026-12-15", "2027-12-31", (
        L("AGW.drive", 520, 60), L("L3D.map", 260, 36), L("DCM.near", 520, 70), L("ECM.big", 260, 40),
        L("BAT.big", 260, 40, extra="operating_temp <= -20 degC; ~operating_temp >= 122 degF w3"), L("CBL.flex", 2600, 400), L("INJ.shell", 2600, 400), L("ASM.final", 260, 30),
        L("IMU.nav", 260, 40),
    ), "LOG-02", 30, 60, "network >= 5G public; people_present is true; ~hours_per_day >= 14 w2",
        confidentiality="open", points="上路测试牌照由实验室申领；保险与应急接管方案另议。"),
    Demand(16, "bda-004", JJJ, "居家陪护机器人（500 台）", "2027-01-20", "2028-01-31", (
        L("SMS.head", 1500, 200), L("BLD.wheel", 1000, 150), L("DCM.near", 500, 80), L("ECM.edge", 500, 70),
        L("BAT.small", 500, 70), L("INJ.shell", 4000, 600), L("PCB.main", 1000, 180), L("CBL.flex", 2000, 300),
        L("AIM.model", 500, 60), L("CRT.mark", 2, 1, certificates="CNAS"),
    ), "ELD-04", 20, 60, "people_present is true; ~passage_width >= 1.1 m w2; ~network >= Wi-Fi w2",
        confidentiality="members", points="语音须支持方言；隐私数据不出机构。"),
    Demand(17, "cd-001", CD, "室内搬运人形机器人（第二代样机与 120 台小批）", "2026-12-01", "2027-09-30", (
        L("SWG.arm", 2880, 360, price=(620, 760), certificates="ISO9001",
          extra="ratio = 100; rated_torque >= 24 N*m; lost_motion <= 1; operating_temp covers -10,40; "
                "~transmission_error <= 1 arcmin w4; ~mass <= 0.6 kg w3; ~outer_diameter <= 70 mm w2; "
                "~service_life >= 15000 h w2",
          points="法兰接口与现有关节壳体兼容（图纸在签保密协议后可见）。"),
        L("FTM.arm", 2880, 360), L("PRS.leg", 960, 120, extra="lead_error_300 <= 10 um"),
        L("FT6.wrist", 480, 60, extra="accuracy_fs <= 0.4"), L("DEX.hand", 240, 30),
        L("TAC.palm", 2400, 300), L("BAT.small", 120, 20), L("CNC.joint", 14400, 1800),
    ), "MFG-05", 6, 45, "floor_load >= 1000; passage_width >= 1.2 m; people_present is true; ~network >= 5G public w3; "
        "~clear_height >= 3 w2", points="手部触觉与六维力标定流程需双方共同确认。"),
    Demand(18, "bda-002", JJJ, "腔镜手术辅助机械臂（12 台）", "2027-02-01", "2028-03-31", (
        L("MED.arm", 12, 2, certificates="ISO13485"), L("FT6.wrist", 48, 8), L("CLM.finger", 240, 40),
        L("ENC.joint", 240, 40, extra="resolution_bits >= 20"), L("SPL.stop", 24, 6, certificates="ISO13849"),
        L("CNC.joint", 600, 100, extra="tolerance <= 0.02", certificates="ISO9001"),
    ), "MED-01", 1, 30, "clean_class >= ISO 8; emergency_team is true; ~power_supply >= 10 kW w1",
        scope="open", confidentiality="introduction", iterations=3, points="动物试验与型式检验排期须院方伦理批准。"),
    Demand(19, "bj-002", JJJ, "矿山井下救援侦察机器人（16 台）", "2027-01-10", "2027-09-30", (
        L("INS.base", 16, 3), L("L3D.map", 16, 4), L("IMU.nav", 32, 6), L("BAT.big", 32, 6),
        L("CBL.flex", 160, 40), L("TST.env", 4, 1, certificates="CNAS"),
    ), "SAF-02", 2, 20, "explosion_zone >= zone 1; emergency_team is true",
        confidentiality="members", points="煤安标志由整机方办理，零部件提供关联检验资料。"),
    Demand(20, "bj-001", JJJ, "墙面喷涂与打磨机器人（80 台）", "2026-12-10", "2027-10-15", (
        L("COB.arm", 80, 12, certificates="CE"), L("AGW.drive", 160, 24), L("LIN.lift", 80, 14),
        L("L2D.nav", 80, 16), L("FT6.wrist", 80, 12), L("BAT.big", 80, 14), L("SHM.case", 160, 30),
        L("CBL.flex", 480, 90), L("3DP.proto", 160, 30),
    ), "CON-03", 4, 30, "ground one_of rough indoor|stairs; ~passage_width >= 0.8 w2; ~hours_per_day >= 8 w2",
        points="腻子与乳胶漆品牌由总包指定；层间转运由施工电梯完成。"),
    Demand(21, "tz-001", JJJ, "免示教焊接机器人工作站（45 套）", "2026-12-20", "2027-12-31", (
        L("IND.arm", 45, 8, certificates="CE"), L("SRV.axis", 90, 20), L("L2D.nav", 45, 10), L("ICM.check", 90, 16),
        L("ECM.edge", 45, 10), L("SPL.stop", 45, 10), L("SHM.case", 180, 40), L("INT.line", 4, 1),
    ), "MFG-03", 3, 30, "power_supply >= 300 kW; clear_height >= 6; floor_load >= 2000",
        confidentiality="open", points="焊缝识别样本由车间提供不少于 3,000 条。"),
    Demand(22, "bj-002", JJJ, "园区安保巡逻四足机器人（60 台）", "2026-12-05", "2027-10-31", (
        L("QUA.body", 60, 8), L("L3D.map", 60, 10), L("ICM.check", 120, 20), L("ECM.edge", 60, 10),
        L("CHG.dock", 30, 6), L("BAT.small", 60, 12),
    ), "SAF-06", 6, 30, "network >= 4G; people_present is true; ~max_slope <= 15 w2; ~hours_per_day >= 14 w2",
        confidentiality="members", points="夜间噪声与公众告知方案需园区书面同意。"),
    Demand(23, "tz-002", JJJ, "电商包裹智能分拣机械手（90 套）", "2026-12-01", "2027-12-31", (
        L("SRV.axis", 360, 60), L("PLG.wheel", 360, 60), L("VAC.pad", 180, 30), L("DCM.near", 90, 18),
        L("ICM.check", 90, 18), L("RCT.arm", 90, 16), L("CNC.joint", 1800, 300), L("AMR.base", 30, 6),
    ), "LOG-03", 10, 45, "floor_area >= 5000; clear_height >= 6 m; network >= Wi-Fi",
        points="大促期间（6 月、11 月）不得占用产线。"),
    Demand(24, "bj-003", JJJ, "数据中心机房运维机器人（70 台）", "2026-12-15", "2027-12-31", (
        L("COB.arm", 70, 10), L("BLD.wheel", 280, 40), L("LIN.lift", 70, 12), L("ICM.check", 140, 24),
        L("ECM.edge", 70, 12), L("BAT.small", 70, 12), L("GRP.pick", 70, 12), L("INJ.shell", 700, 150),
    ), deployment="110111", points="硬盘更换夹具须兼容三家服务器厂商。"),
    Demand(25, "tz-002", JJJ, "光伏组件清洗机器人（180 台）", "2027-01-10", "2027-09-30", (
        L("BLD.wheel", 720, 100), L("PLG.wheel", 720, 100), L("BAT.small", 180, 30), L("IMU.nav", 180, 30),
        L("PCB.main", 360, 80), L("SRF.cover", 1440, 240, extra="salt_spray >= 240 h"), L("SHM.case", 360, 60),
    ), "ENE-01", 6, 30, "floor_area >= 100000 m**2; ~max_slope <= 12 w2", confidentiality="open",
        points="跨排转运由电站摆渡车完成，接口见附图。"),
    Demand(26, "bda-001", JJJ, "通用人形机器人关节与灵巧手验证平台（200 台）", "2026-12-01", "2028-03-31", (
        L("SWG.arm", 2400, 300), L("FTM.arm", 2800, 350), L("PRS.leg", 800, 100), L("FT6.wrist", 800, 60),
        L("DEX.hand", 400, 40), L("TAC.palm", 2000, 160), L("ENC.joint", 5600, 700), L("SVD.joint", 5600, 700),
        L("IMU.nav", 200, 30), L("ECM.big", 200, 30), L("BAT.big", 200, 30), L("CNC.joint", 20000, 2400),
        L("XRB.joint", 2400, 300), L("ASM.final", 200, 24),
    ), "MFG", 10, 60, "floor_load >= 2000; passage_width >= 1.5 m; network >= 5G public; people_present is true; "
        "~hours_per_day >= 16 w2", scope="open", confidentiality="open",
        points="允许联盟外企业供货，但需在京津冀设服务点。"),
]
