"""The fictitious firms: where they are, what they are called and what they are good at.

One line per firm: number; core of the Chinese name; core of the English name; trade (a key of `TRADES`, or
`lab` or `operator`); district code where it is not the city itself; flags. A name ending in a legal form is
taken as it is. Flags: `new` = not verified, `off` = suspended, `c:<ISO code>` = holds one more certificate.
"""

from __future__ import annotations

TRADES: dict[str, tuple[str, ...]] = {
    "gears": ("DRV-SWG", "DRV-RV", "DRV-PLG", "MFG-GRD"),
    "harmonic": ("DRV-SWG", "DRV-PLG", "DRV-XRB"),
    "screws": ("DRV-PRS", "DRV-BSC", "DRV-LMG", "ACT-LIN"),
    "guides": ("DRV-BSC", "DRV-LMG", "ACT-LIN", "MFG-GRD"),
    "bearings": ("DRV-XRB", "DRV-BRG", "DRV-LMG"),
    "motors": ("ACT-FTM", "ACT-SRV", "ACT-BLD", "DRV-BRK"),
    "micromotors": ("ACT-CLM", "ACT-BLD", "ACT-SMS", "DRV-BRK"),
    "joints": ("ACT-ROT", "ACT-FTM", "ACT-SVD", "SEN-TQS"),
    "drives": ("ACT-SVD", "ACT-SRV", "CTL-RCT", "SEN-ENC"),
    "wheels": ("ACT-AGW", "ACT-BLD", "DRV-PLG", "PWR-CHG"),
    "safety": ("CTL-SPL", "CTL-RCT", "MFG-PCB"),
    "force": ("SEN-FT6", "SEN-TQS", "SEN-ENC"),
    "inertial": ("SEN-IMU", "SEN-ENC", "CTL-RCT"),
    "lidar": ("SEN-L2D", "SEN-L3D", "SEN-DCM"),
    "vision": ("SEN-ICM", "SEN-DCM", "SEN-L2D", "CTL-ECM"),
    "skin": ("SEN-TAC", "SEN-TQS"),
    "compute": ("CTL-ECM", "CTL-RCT", "MFG-PCB"),
    "models": ("CTL-AIM", "CTL-ECM", "SVC-DAT"),
    "battery": ("PWR-BAT", "PWR-CHG", "PWR-CBL"),
    "harness": ("PWR-CBL", "PWR-CHG", "MFG-PCB"),
    "hands": ("EFF-DEX", "EFF-GRP", "ACT-CLM"),
    "grippers": ("EFF-GRP", "EFF-VAC", "EFF-QCH"),
    "foundry": ("MFG-CST", "MFG-FRG", "MFG-HTR"),
    "machining": ("MFG-CNC", "MFG-GRD", "MFG-SHM"),
    "structures": ("MFG-CNC", "MFG-CST", "MFG-SHM", "MFG-SRF"),
    "plastics": ("MFG-INJ", "MFG-3DP", "MFG-SRF"),
    "coating": ("MFG-SRF", "MFG-HTR"),
    "additive": ("MFG-3DP", "MFG-CNC"),
    "electronics": ("MFG-PCB", "PWR-CBL", "ACT-SVD"),
    "assembly": ("MFG-ASM", "MFG-SHM", "SVC-INT"),
    "arms": ("ROB-IND", "ROB-COB", "CTL-RCT"),
    "cobots": ("ROB-COB", "ROB-SCA", "EFF-GRP"),
    "mobile": ("ROB-AMR", "ROB-CLN", "ACT-AGW"),
    "legged": ("ROB-QUA", "ROB-HUM", "ACT-ROT"),
    "special": ("ROB-INS", "ROB-UWR", "SVC-RNT"),
    "medical": ("ROB-MED", "SEN-FT6", "MFG-ASM"),
    "testing": ("SVC-TST", "SVC-CRT"),
    "prototypes": ("SVC-PRT", "MFG-3DP", "SPC-PIL"),
    "integration": ("SVC-INT", "SVC-RNT", "MFG-ASM"),
    "park": ("SPC-PLT", "SPC-PIL"),
}

# prefix: (city code, Chinese name, English name)
CITIES: dict[str, tuple[str, str, str]] = {
    "cd": ("510100", "成都", "Chengdu"),
    "dy": ("510600", "德阳", "Deyang"),
    "ms": ("511400", "眉山", "Meishan"),
    "zy": ("512000", "资阳", "Ziyang"),
    "bda": ("BDA", "北京亦庄", "Beijing E-Town"),
    "bj": ("110000", "北京", "Beijing"),
    "tz": ("110112", "北京通州", "Beijing Tongzhou"),
    "tj": ("120000", "天津", "Tianjin"),
    "wq": ("120114", "天津武清", "Tianjin Wuqing"),
    "lf": ("131000", "廊坊", "Langfang"),
    "xh": ("131024", "香河", "Xianghe"),
    "my": ("510700", "绵阳", "Mianyang"),
    "cq": ("500000", "重庆", "Chongqing"),
    "su": ("320500", "苏州", "Suzhou"),
    "sz": ("440300", "深圳", "Shenzhen"),
    "nb": ("330200", "宁波", "Ningbo"),
}

_TEXT: dict[str, str] = {
    "cd": """
001;具身智能实验室;Embodied Intelligence Laboratory;lab;510117
002;足式机器人研究院;Legged Robot Research Institute;lab;510116
003;康复机器人实验室;Rehabilitation Robot Laboratory;lab;510107
004;水下机器人中心;Underwater Robot Centre;lab
005;清洁机器人公司;Cleaning Robot Company;lab;510114
006;巡检机器人公司;Inspection Robot Company;lab;510108
007;协作装配实验室;Collaborative Assembly Laboratory;lab;510108
008;移动机器人研究所;Mobile Robot Institute;lab;510112
009;农业机器人研究中心;Agricultural Robot Research Centre;lab;510115
010;应急救援机器人研究院;Emergency Rescue Robot Institute;lab;510108
011;低空机器人实验室;Low-altitude Robot Laboratory;lab;510185
012;焊接与喷涂机器人研究所;Welding and Painting Robot Institute;lab;510112
013;人形机器人教学平台中心;Humanoid Teaching Platform Centre;lab;510116
021;谐动科技;Xiedong Harmonic Technology;harmonic;510117;new
022;关节科技;Joint Technology;joints;510114
023;光程传感;Guangcheng Sensing;lidar;510116
024;惯导技术;Inertial Navigation;inertial;510105;c:GJB9001C
025;算力科技;Compute Technology;compute;510107
026;边缘智算;Edge Intelligence Computing;compute;510117
027;仿生手科技;Bionic Hand Technology;hands;510116
028;柔感电子;Flexible Sensing Electronics;skin;510117
029;具身模型科技;Embodied Model Technology;models;510104
030;智驱控制;Smart Drive Control;drives;510112
031;视界光电;Vision Optoelectronics;vision;510116
032;力觉传感;Force Sensing;force;510114
033;协作机器人;Collaborative Robot;cobots;510108
034;足行机器人;Walking Robot;legged;510117
035;移动机器人;Mobile Robot;mobile;510112
036;特种机器人;Special Robot;special;510108
037;医疗机器人;Medical Robot;medical;510115
038;检测认证技术;Testing and Certification;testing;510108;c:CNAS;c:CMA
039;快速成型技术;Rapid Prototyping;prototypes;510114
040;系统集成;System Integration;integration;510108
041;电源技术;Power Technology;battery;510113
042;线缆科技;Cable Technology;harness;510121;new
043;精密电路股份有限公司;Precision Circuit;electronics;510117
044;微特电机研究所有限公司;Micro and Special Motor Research;micromotors;510117;new
045;夹持技术;Gripping Technology;grippers;510112
046;智造园区运营;Smart Manufacturing Park;park;510108
047;增材制造;Additive Manufacturing;additive;510115
051;轨道交通装备运维;Rail Equipment Operations;operator;510108
052;综合管廊运营;Utility Tunnel Operations;operator;510185
053;冷链物流;Cold-chain Logistics;operator;510113
054;康养服务;Elderly Care Services;operator;510105
055;都市商业管理;Urban Commerce Management;operator;510104
056;职业教育集团;Vocational Education Group;operator;510115
057;生态果园;Ecological Orchard;operator;510131
058;建筑工程;Construction Engineering;operator;510112
059;消防训练服务;Fire Training Services;operator;510114
""",
    "dy": """
001;精密传动有限公司;Precision Drive;gears;510603;c:IATF16949
002;航发传动附件制造有限责任公司第二分厂;Aero-engine Transmission Accessories Plant 2;gears;510681;c:AS9100
003;微传动股份有限公司;Microdrive;harmonic;510681
004;齿轮股份有限公司;Gear;gears;510682
005;智能关节有限公司;Smart Joint;joints;510603
006;安全控制有限公司;Safety Control;safety;510681;c:ISO13849
007;光电有限公司;Optoelectronics;lidar;510681
008;滚柱丝杠;Roller Screw;screws;510603;c:AS9100
009;丝杠导轨;Screw and Guide;guides;510682
010;轴承制造有限责任公司;Bearing Manufacturing;bearings;510683
011;转盘轴承;Slewing Bearing;bearings;510604
012;力矩电机;Torque Motor;motors;510603
013;伺服电机;Servo Motor;motors;510681
014;驱动电子;Drive Electronics;drives;510681
015;轮驱技术;Wheel Drive Technology;wheels;510682
016;传感技术;Sensing Technology;force;510603
017;编码器;Encoder;inertial;510681
018;重装铸锻;Heavy Casting and Forging;foundry;510603
019;精密铸造;Precision Casting;foundry;510683
020;数控加工;CNC Machining;machining;510604
021;结构件制造;Structural Parts Manufacturing;structures;510682
022;热处理技术;Heat Treatment;coating;510603
023;表面工程;Surface Engineering;coating;510681
024;注塑制品;Injection Moulding;plastics;510682
025;线束电气;Harness Electric;harness;510623;new
026;动力电池;Power Battery;battery;510683
027;工业机械臂;Industrial Arm;arms;510603
028;总装技术;Final Assembly Technology;assembly;510681
029;电路板;Circuit Board;electronics;510623
030;智能夹具;Smart Fixture;grippers;510604
031;齿研科技;Gear Grinding Technology;gears;510682;new
032;重型装备产业园;Heavy Equipment Park;park;510603
033;精密机电股份有限公司;Precision Electromechanics;joints;510681
034;测控仪器;Measurement and Control Instruments;force;510603;off
051;重跨厂房运营;Heavy Span Plant Operations;operator;510603
052;叶片加工;Blade Machining;operator;510603
053;特种消防;Special Fire Services;operator;510681
054;职业技术学院;Vocational and Technical College;operator;510604
055;建设工程;Building Works;operator;510603
""",
    "ms": """
001;传动科技有限公司;Drive Technology;gears;511402
002;精密机械有限公司;Precision Machinery;harmonic;511403
003;电池有限公司;Battery;battery;511402
004;储能电源;Energy Storage Power;battery;511421
005;结构件;Structural Parts;structures;511403
006;铝合金压铸;Aluminium Die Casting;foundry;511402;c:IATF16949
007;注塑科技;Injection Technology;plastics;511421
008;机加工;Machining;machining;511402
009;电机制造;Motor Manufacturing;motors;511421
010;整机装配;Machine Assembly;assembly;511402
011;移动装备;Mobile Equipment;mobile;511403
012;线束科技;Harness Technology;harness;511421
013;涂装技术;Coating Technology;coating;511424
014;电子制造服务;Electronics Manufacturing Services;electronics;511402
015;机器人本体;Robot Body;arms;511403
016;轮毂驱动;Hub Drive;wheels;511402;new
017;甘眉产业园;Ganmei Industrial Park;park;511402
051;化工园区管理;Chemical Park Management;operator;511402
052;物流园;Logistics Park;operator;511403
053;光伏制造;Photovoltaic Manufacturing;operator;511402
054;柑橘合作社联合社有限公司;Citrus Co-operative;operator;511421
055;康复医院;Rehabilitation Hospital;operator;511402
056;商业广场;Commercial Plaza;operator;511402
""",
    "zy": """
001;减速机制造有限责任公司;Reducer Manufacturing;gears;512002
002;精工机械有限公司;Precision Engineering Machinery;harmonic;512002
003;智造有限公司;Intelligent Manufacturing;harmonic;512022
004;结构件制造有限责任公司;Structural Components Manufacturing;machining;512002
005;清洁装备;Cleaning Equipment;mobile;512002
006;钣金制造;Sheet Metal Manufacturing;structures;512022
007;铸造材料;Casting Materials;foundry;512021
008;总装制造;Final Assembly Manufacturing;assembly;512002
009;充电设备;Charging Equipment;battery;512002
010;塑料模具;Plastics and Moulds;plastics;512022
011;机车电气;Locomotive Electrics;drives;512002
012;医械装备;Medical Equipment;medical;512002;c:ISO13485
013;无刷电机;Brushless Motor;micromotors;512022;new
014;表面处理;Surface Treatment;coating;512022
015;人形整机制造;Humanoid Manufacturing;legged;512002
016;临空智造产业园;Airport Smart Manufacturing Park;park;512002
051;装配车间服务;Assembly Workshop Services;operator;512002
052;供电服务;Power Supply Services;operator;512002
053;矿业;Mining;operator;512022
054;水务;Water Services;operator;512002
055;低空物流;Low-altitude Logistics;operator;512002
""",
    "bda": """
001;人形机器人创新实验室;Humanoid Innovation Laboratory;lab
002;手术机器人研究中心;Surgical Robot Research Centre;lab;;c:ISO13485
003;移动操作机器人实验室;Mobile Manipulation Laboratory;lab
004;陪护机器人实验室;Companion Robot Laboratory;lab
005;配送机器人研究院;Delivery Robot Institute;lab
021;关节模组;Joint Module;joints
022;激光雷达;Lidar;lidar
023;具身大脑;Embodied Brain;models
024;人形整机;Humanoid Body;legged
025;医疗机器人;Medical Robot;medical;;c:ISO13485
026;灵巧手;Dexterous Hand;hands
027;检验检测;Inspection and Testing;testing;;c:CNAS;c:CMA
028;气动夹持;Pneumatic Gripping;grippers
051;汽车总装工厂;Car Assembly Plant;operator
052;智慧园区;Smart Park;operator
053;国际医院;International Hospital;operator
054;无人配送运营;Driverless Delivery Operations;operator
""",
    "bj": """
001;建筑机器人研究所;Construction Robot Institute;lab;110108
002;安保机器人研究院;Security Robot Institute;lab;110114
003;数据中心运维机器人实验室;Data-centre Robot Laboratory;lab;110108
021;力控传感;Force Control Sensing;force;110108
022;惯性技术;Inertial Technology;inertial;110105;c:GJB9001C
023;电子皮肤;Electronic Skin;skin;110108
024;边缘计算;Edge Computing;compute;110108
025;机器视觉;Machine Vision;vision;110114
026;安全控制技术;Safety Control Technology;safety;110106
027;设计打样;Design and Prototyping;prototypes;110105
028;特种装备;Special Equipment;special;110113
051;职业学院;Vocational College;operator;110114
052;数据中心运营;Data-centre Operations;operator;110111
""",
    "tz": """
001;焊接机器人实验室;Welding Robot Laboratory;lab
002;城市服务机器人研究院;City Service Robot Institute;lab
051;城市副中心公共服务;Sub-centre Public Services;operator
052;养老服务;Elderly Services;operator
053;城市建设;Urban Construction;operator
""",
    "tj": """
001;精密减速器;Precision Reducer;gears;120111
002;谐波传动;Harmonic Drive Technology;harmonic;120110
003;行星传动;Planetary Drive;gears;120113
004;滚动功能部件;Rolling Components;screws;120112
005;直线传动;Linear Motion;guides;120110
006;轴承;Bearing;bearings;120113
007;精密轴承;Precision Bearing;bearings;120115
008;电机;Motor;motors;120110
009;特种电机;Special Motor;motors;120116
010;空心杯电机;Coreless Motor;micromotors;120111
011;关节驱动;Joint Drive;joints;120111
012;伺服技术;Servo Technology;drives;120110
013;轮组技术;Wheel Set Technology;wheels;120112
014;六维力;Six-axis Force;force;120104
015;光电传感;Photoelectric Sensing;lidar;120104
016;锂电;Lithium Battery;battery;120116
017;动力电源;Motive Power Supply;battery;120111
018;线束;Wire Harness;harness;120112
019;压铸;Die Casting;foundry;120115;c:IATF16949
020;精密机加工;Precision Machining;machining;120110;c:AS9100
021;结构制造;Structure Manufacturing;structures;120112
022;模具塑胶;Moulds and Plastics;plastics;120113
023;表面涂装;Surface Coating;coating;120116
024;电子制造;Electronics Manufacturing;electronics;120116
025;海洋装备;Marine Equipment;special;120116
026;工业机器人;Industrial Robot;arms;120116
027;总装基地;Assembly Base;assembly;120116
028;控制技术;Control Technology;safety;120104;new
029;检测技术研究院有限公司;Testing Technology Institute;testing;120110;c:CNAS
051;港口作业;Port Operations;operator;120116
052;光伏电站运维;Photovoltaic Plant Operations;operator;120118
053;海洋工程;Ocean Engineering;operator;120116
054;肿瘤医院;Cancer Hospital;operator;120104
055;煤矿安全培训;Mine Safety Training;operator;120119
""",
    "wq": """
001;精工传动;Precision Engineering Drive;harmonic
002;磨削技术;Grinding Technology;machining
003;电驱;Electric Drive;joints
004;传感器制造;Sensor Manufacturing;inertial
005;协作臂制造;Cobot Manufacturing;cobots
006;新材料;New Materials;additive;;new
""",
    "lf": """
001;铸造;Casting;foundry;131028
002;机械加工;Mechanical Processing;machining;131002
003;钣金结构;Sheet Metal Structures;structures;131003
004;注塑;Plastics;plastics;131023
005;移动机器人制造;Mobile Robot Manufacturing;mobile;131071
006;电池系统;Battery Systems;battery;131022
007;整机组装;Machine Assembly;assembly;131071
008;夹具自动化;Fixture Automation;grippers;131071
009;系统集成;System Integration;integration;131003
010;热表处理;Heat and Surface Treatment;coating;131081
011;家具制造;Furniture Manufacturing;plastics;131026;new
051;仓储物流;Warehousing Logistics;operator;131071
052;钢结构;Steel Structure;operator;131028
053;设施农业;Greenhouse Agriculture;operator;131023
054;康养社区;Senior Living Community;operator;131022
055;光伏发电;Photovoltaic Power;operator;131025
056;同城配送;City Delivery;operator;131071
""",
    "xh": """
001;机器人小镇产业园;Robot Town Park;park
002;焊接装备;Welding Equipment;arms
003;机器人制造;Robot Manufacturing;assembly
004;四足机器人;Quadruped Robot;legged
005;电机电控;Motor and Control;motors
051;家居产业园;Furniture Park;operator
052;应急救援基地;Emergency Rescue Base;operator
""",
    "my": """
001;雷达光电;Radar Optoelectronics;lidar
002;空管与伺服;Servo Systems;drives
003;触觉传感;Tactile Sensing;skin
""",
    "cq": "001;齿轮传动;Gear Drive;gears\n002;滚柱丝杠技术;Roller Screw Technology;screws",
    "su": "001;谐波科技;Harmonic Technology;harmonic\n002;六维力传感;Six-axis Sensing;force",
    "sz": "001;灵巧手机器人;Dexterous Robot;hands\n002;舵机科技;Servo Technology;micromotors",
    "nb": "001;丝杠精工;Screw Precision;screws;;new",
}


# Names that need no legal form.
_COMPLETE = ("公司", "厂", "实验室", "研究院", "研究所", "中心", "医院", "学院")


class Firm:
    """One line of the table above."""

    def __init__(self, prefix: str, line: str) -> None:
        number, zh, en, trade, *rest = (part.strip() for part in line.split(";"))
        city, city_zh, city_en = CITIES[prefix]
        self.prefix = prefix
        self.id = f"{prefix}-{number}"
        self.trade = trade
        self.city = (rest[0] if rest else "") or city
        self.flags = rest[1:]
        legal_form = (
            ""
            if zh.endswith(("公司", "厂", "实验室", "研究院", "研究所", "中心", "医院", "学院"))
            else "有限公司"
        )
        self.name_zh = f"{city_zh}示例{zh}{legal_form}"
        english_form = "" if trade == "lab" or en.endswith(("Hospital", "College")) else " Co., Ltd"
        self.name_en = f"{city_en} Shili (Demo) {en}{english_form}"

    def __repr__(self) -> str:
        return f"Firm({self.id})"


FIRMS = [Firm(prefix, line) for prefix, text in _TEXT.items() for line in text.strip().splitlines()]
