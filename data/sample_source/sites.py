# ruff: noqa: E501 (tables: one row a line)
"""Fifty-four application sites over the ten fields of the national Robot+ plan.

`conditions` are what every part that works there must meet; `windows` are "first day/last day".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    id: str
    operator: str
    name: str
    scenario: str
    params: str
    conditions: str
    fleet: int
    windows: str
    published: bool = True


# fmt: off
_INDOOR = "ground=smooth indoor; people_present=true; emergency_team=true; explosion_zone=none"
_OUTDOOR = "ground=paved outdoor; people_present=true; emergency_team=true; explosion_zone=none"
# Typical calendars: between harvests, before the winter peak, outside the school year, …
_A = "2027-01-10/2027-03-31 2027-05-10/2027-08-31 2027-10-08/2027-12-20 2028-02-20/2028-06-15"
_B = "2027-03-15/2027-06-15 2027-08-01/2027-10-31 2028-01-10/2028-04-30"
_C = "2027-02-25/2027-04-30 2027-07-01/2027-09-30 2027-12-01/2028-03-15"
_D = "2027-04-01/2027-07-15 2027-09-20/2027-12-31 2028-03-01/2028-06-30"
_E = "2027-01-18/2027-03-10 2027-04-12/2027-06-30 2027-10-10/2028-01-31"

SITES = [
    # --- Chengdu, Deyang, Meishan, Ziyang -----------------------------------------------------------------
    Site("s-ms-01", "ms-051", "眉山示例化工园区罐区", "SAF-04",
         "floor_area=24000; max_slope=12; ambient_temp=-4..42; network=5G private; power_supply=60; "
         "ground=paved outdoor|unpaved outdoor; explosion_zone=zone 2; hours_per_day=24; emergency_team=true",
         "operating_temp covers -10,45; ip_rating >= IP65", 6,
         "2027-01-20/2027-03-31 2027-06-01/2027-08-31 2027-11-01/2028-01-15"),
    Site("s-dy-01", "dy-051", "德阳示例重跨厂房", "SAF",
         "floor_area=14400; clear_height=33; floor_load=5000; ambient_temp=0..38; network=5G private; "
         "power_supply=400; ground=rough indoor; hours_per_day=20; explosion_zone=none; emergency_team=true",
         "operating_temp covers 0,40; ip_rating >= IP54", 10, _B),
    Site("s-zy-01", "zy-052", "资阳示例变电站", "ENE-01",
         "floor_area=8000; max_slope=8; ambient_temp=-3..41; network=4G; power_supply=100; "
         "ground=paved outdoor|unpaved outdoor; hours_per_day=24; explosion_zone=none; emergency_team=true",
         "operating_temp covers -10,45; ip_rating >= IP54", 6, _C),
    Site("s-cd-01", "cd-052", "成都示例综合管廊", "SAF-04",
         "floor_area=12000; clear_height=2.4; passage_width=1.0; ambient_temp=5..35; humidity=40..98; network=Wi-Fi; "
         "ground=wet|rough indoor; hours_per_day=24; explosion_zone=none; emergency_team=true",
         "ip_rating >= IP54", 8, "2026-12-05/2027-01-12"),
    Site("s-zy-02", "zy-053", "资阳示例矿区巡检场", "SAF-04",
         "floor_area=40000; max_slope=18; ambient_temp=-6..44; network=4G; ground=unpaved outdoor; hours_per_day=20; "
         "explosion_zone=zone 1; emergency_team=true",
         "operating_temp covers -20,55; ip_rating >= IP67", 4, _A),
    Site("s-ms-02", "ms-052", "眉山示例物流园分拣中心", "MFG-05",
         f"floor_area=6200; clear_height=9; floor_load=3000; passage_width=1.8; ambient_temp=2..36; network=5G private; "
         f"power_supply=160; hours_per_day=20; {_INDOOR}",
         "operating_temp covers 0,40", 12, _D),
    Site("s-zy-03", "zy-051", "资阳示例装配车间", "MFG-05",
         f"floor_area=4800; clear_height=8; floor_load=2000; passage_width=1.6; ambient_temp=5..35; network=5G public; "
         f"power_supply=120; hours_per_day=16; {_INDOOR}",
         "", 8, "2027-02-20/2027-05-31 2027-07-15/2027-11-30 2028-01-10/2028-06-20"),
    Site("s-cd-02", "cd-053", "成都示例冷链仓", "MFG-05",
         f"floor_area=5200; clear_height=10; floor_load=3000; passage_width=1.8; ambient_temp=-18..4; network=Wi-Fi; "
         f"power_supply=200; hours_per_day=24; {_INDOOR}",
         "operating_temp covers -20,10; ip_rating >= IP54", 6, "2026-11-20/2027-01-20"),
    Site("s-cd-03", "cd-053", "成都示例冷链分拨中心", "LOG-01",
         f"floor_area=9000; clear_height=9; floor_load=2500; passage_width=2.2; ambient_temp=-2..25; network=5G public; "
         f"power_supply=180; hours_per_day=24; {_INDOOR}",
         "operating_temp covers -5,40; ip_rating >= IP54", 30, _E),
    Site("s-ms-03", "ms-052", "眉山示例电商仓", "LOG-01",
         f"floor_area=16000; clear_height=10; floor_load=2000; passage_width=2.0; ambient_temp=2..38; network=Wi-Fi; "
         f"power_supply=250; hours_per_day=20; {_INDOOR}", "", 40, _B),
    Site("s-dy-02", "dy-052", "德阳示例叶片加工车间", "MFG-02",
         f"floor_area=3600; clear_height=12; floor_load=5000; ambient_temp=8..34; network=5G private; power_supply=300; "
         f"hours_per_day=20; {_INDOOR}", "ip_rating >= IP54", 4, _A),
    Site("s-cd-04", "cd-051", "成都示例车辆段焊装车间", "MFG-03",
         f"floor_area=5600; clear_height=12; floor_load=5000; ambient_temp=5..38; network=5G private; power_supply=500; "
         f"hours_per_day=16; {_INDOOR}", "operating_temp covers 0,45; ip_rating >= IP54", 6, _C),
    Site("s-ms-04", "ms-053", "眉山示例光伏组件喷涂线", "MFG-04",
         f"floor_area=2600; clear_height=7; floor_load=2000; ambient_temp=15..35; network=5G private; power_supply=180; "
         f"hours_per_day=22; clean_class=ISO 8; {_INDOOR}", "operating_temp covers 0,40; ip_rating >= IP54", 4,
         "2027-04-01/2027-06-30 2027-09-01/2027-11-15"),
    Site("s-zy-04", "zy-051", "资阳示例食品码垛车间", "MFG-06",
         f"floor_area=3000; clear_height=8; floor_load=2000; ambient_temp=5..35; network=Wi-Fi; power_supply=150; "
         f"hours_per_day=16; {_INDOOR}", "ip_rating >= IP54", 10, _E),
    Site("s-dy-03", "dy-051", "德阳示例铸件码垛区", "MFG-06",
         f"floor_area=4200; clear_height=14; floor_load=5000; ambient_temp=0..45; network=5G private; power_supply=260; "
         f"hours_per_day=20; {_INDOOR}", "operating_temp covers 0,50", 6, _D),
    Site("s-cd-05", "cd-054", "成都示例康养中心", "ELD-03",
         f"floor_area=1800; clear_height=3; passage_width=1.2; ambient_temp=16..30; network=Wi-Fi; hours_per_day=10; "
         f"{_INDOOR}", "", 12, _B),
    Site("s-ms-05", "ms-055", "眉山示例康复医院", "ELD-03",
         f"floor_area=2600; clear_height=3.2; passage_width=1.4; ambient_temp=18..28; network=5G public; hours_per_day=10; "
         f"{_INDOOR}", "operating_temp covers 5,35", 10, _C),
    Site("s-cd-06", "cd-057", "成都示例猕猴桃果园", "AGR-03",
         "floor_area=60000; max_slope=15; ambient_temp=-2..38; humidity=40..95; network=4G; ground=unpaved outdoor; "
         "people_present=true; hours_per_day=10; emergency_team=true", "operating_temp covers -5,40; ip_rating >= IP54", 8,
         "2027-08-20/2027-11-10 2028-05-01/2028-06-20"),
    Site("s-ms-06", "ms-054", "眉山示例柑橘果园", "AGR-03",
         "floor_area=90000; max_slope=12; ambient_temp=-3..40; humidity=40..95; network=4G; ground=unpaved outdoor; "
         "people_present=true; hours_per_day=10; emergency_team=true", "operating_temp covers -5,45; ip_rating >= IP64", 10,
         "2026-12-01/2027-04-10 2027-11-01/2028-04-10"),
    Site("s-dy-04", "dy-053", "德阳示例消防训练基地", "SAF-07",
         "floor_area=15000; max_slope=25; ambient_temp=-4..60; network=4G; ground=rough indoor|unpaved outdoor|stairs; "
         "hours_per_day=12; emergency_team=true; explosion_zone=zone 2",
         "operating_temp covers -20,55; ip_rating >= IP65", 6, _A),
    Site("s-cd-07", "cd-052", "成都示例低空物流起降场", "LOG-04",
         f"floor_area=3000; ambient_temp=-4..40; network=5G public; power_supply=120; hours_per_day=14; {_OUTDOOR}",
         "operating_temp covers -10,45; ip_rating >= IP54", 12, _D),
    Site("s-cd-08", "cd-055", "成都示例商业综合体", "COM",
         f"floor_area=42000; clear_height=5; passage_width=1.4; ambient_temp=12..32; network=5G public; hours_per_day=12; "
         f"{_INDOOR}", "ip_rating >= IP40", 20, _E),
    Site("s-cd-09", "cd-056", "成都示例职业学院实训楼", "EDU-01",
         f"floor_area=3200; clear_height=4; passage_width=1.2; ambient_temp=10..32; network=Wi-Fi; hours_per_day=12; "
         f"{_INDOOR}", "", 60, _B),
    Site("s-cd-10", "cd-058", "成都示例装配式建筑工地", "CON-04",
         "floor_area=20000; clear_height=20; floor_load=2000; ambient_temp=-2..42; network=4G; power_supply=200; "
         "ground=rough indoor|unpaved outdoor; people_present=true; hours_per_day=10; emergency_team=true",
         "operating_temp covers -10,45; ip_rating >= IP54", 6, _A),
    Site("s-zy-05", "zy-054", "资阳示例供水管网试验段", "SAF-08",
         "floor_area=1200; ambient_temp=4..28; network=4G; ground=wet; hours_per_day=10; emergency_team=true",
         "ip_rating >= IP54; operating_temp covers 0,35", 4, _C),
    Site("s-dy-05", "dy-054", "德阳示例职业技术学院机器人楼", "EDU-01",
         f"floor_area=2600; clear_height=4.5; passage_width=1.4; ambient_temp=8..34; network=5G public; hours_per_day=10; "
         f"{_INDOOR}", "operating_temp covers 0,40", 24, _E),
    Site("s-ms-07", "ms-056", "眉山示例商业广场", "COM",
         f"floor_area=36000; clear_height=6; passage_width=1.8; ambient_temp=0..40; network=5G public; hours_per_day=13; "
         f"{_OUTDOOR}", "operating_temp covers -5,45; ip_rating >= IP54", 16, _D),
    Site("s-zy-06", "zy-055", "资阳示例低空货运起降点", "LOG-04",
         f"floor_area=1600; ambient_temp=-3..42; network=4G; power_supply=80; hours_per_day=12; {_OUTDOOR}",
         "operating_temp covers -10,45; ip_rating >= IP65", 8, "2027-03-01/2027-06-15 2027-09-10/2028-01-31"),
    Site("s-dy-06", "dy-055", "德阳示例钢结构桥梁工地", "CON-04",
         "floor_area=26000; clear_height=18; floor_load=3000; ambient_temp=-3..40; network=4G; power_supply=260; "
         "ground=unpaved outdoor; people_present=true; hours_per_day=12; emergency_team=true",
         "operating_temp covers -5,45", 8, "2027-02-20/2027-09-30"),
    Site("s-cd-11", "cd-059", "成都示例消防实训塔", "SAF-07",
         "floor_area=6000; max_slope=32; ambient_temp=0..55; network=5G public; ground=rough indoor|stairs|wet; "
         "hours_per_day=10; emergency_team=true; explosion_zone=none",
         "operating_temp covers -10,50; ip_rating >= IP54", 4, "2027-02-25/2027-05-31 2027-09-15/2027-12-15"),
    # --- Beijing, Tianjin, Hebei --------------------------------------------------------------------------
    Site("s-bda-01", "bda-051", "亦庄示例汽车总装线", "MFG",
         f"floor_area=9000; clear_height=10; floor_load=3000; passage_width=2.0; ambient_temp=10..32; network=5G private; "
         f"power_supply=600; hours_per_day=20; {_INDOOR}", "operating_temp covers 0,40", 20, _B),
    Site("s-bda-02", "bda-054", "亦庄示例开放道路配送区", "LOG-02",
         f"floor_area=225000; max_slope=6; ambient_temp=-18..40; network=5G public; hours_per_day=18; {_OUTDOOR}",
         "operating_temp covers -20,50; ip_rating >= IP54", 60, _C),
    Site("s-bda-03", "bda-053", "亦庄示例国际医院手术中心", "MED-01",
         f"floor_area=2400; clear_height=3; passage_width=1.6; ambient_temp=18..26; network=5G private; hours_per_day=10; "
         f"clean_class=ISO 7; {_INDOOR}", "clean_class >= ISO 7; operating_temp covers 10,35", 4, _A),
    Site("s-bda-04", "bda-052", "亦庄示例园区", "SAF-06",
         f"floor_area=180000; max_slope=8; ambient_temp=-18..40; network=5G public; hours_per_day=24; {_OUTDOOR}",
         "operating_temp covers -20,50; ip_rating >= IP65", 20, _D),
    Site("s-tz-01", "tz-052", "通州示例养老院", "ELD-04",
         f"floor_area=3600; clear_height=3; passage_width=1.2; ambient_temp=16..30; network=Wi-Fi; hours_per_day=14; "
         f"{_INDOOR}", "", 30, _E),
    Site("s-tz-02", "tz-051", "通州示例政务服务中心", "COM",
         f"floor_area=8000; clear_height=5; passage_width=1.8; ambient_temp=14..30; network=5G public; hours_per_day=10; "
         f"{_INDOOR}", "noise <= 64", 10, _B),
    Site("s-tz-03", "tz-051", "通州示例公园巡护区", "SAF-06",
         "floor_area=320000; max_slope=14; ambient_temp=-19..41; network=4G; hours_per_day=16; "
         "ground=paved outdoor|unpaved outdoor; people_present=true; emergency_team=true",
         "operating_temp covers -20,45; ip_rating >= IP54", 12,
         "2027-03-10/2027-06-30 2027-09-01/2027-11-30 2028-03-10/2028-06-10"),
    Site("s-lf-01", "lf-051", "廊坊示例电商分拣中心", "LOG-03",
         f"floor_area=26000; clear_height=11; floor_load=2500; passage_width=2.4; ambient_temp=-5..36; network=5G public; "
         f"power_supply=420; hours_per_day=22; {_INDOOR}", "operating_temp covers -5,40", 30,
         "2026-12-10/2027-01-08 2027-03-01/2027-03-20 2027-06-25/2027-07-10"),
    Site("s-lf-02", "lf-052", "廊坊示例钢结构焊接车间", "MFG-03",
         f"floor_area=7800; clear_height=14; floor_load=5000; ambient_temp=-5..40; network=4G; power_supply=700; "
         f"hours_per_day=16; {_INDOOR}", "operating_temp covers -5,45; ip_rating >= IP54", 8, _A),
    Site("s-lf-03", "lf-053", "廊坊示例设施农业园", "AGR-02",
         "floor_area=30000; ambient_temp=2..42; humidity=50..98; network=4G; ground=rough indoor|wet; hours_per_day=12; "
         "emergency_team=true", "ip_rating >= IP65", 8, _C),
    Site("s-lf-04", "lf-052", "廊坊示例住宅工地样板楼", "CON-03",
         "floor_area=9000; clear_height=2.8; passage_width=0.9; ambient_temp=0..38; network=4G; power_supply=60; "
         "ground=rough indoor|stairs; people_present=true; hours_per_day=10; emergency_team=true",
         "operating_temp covers 0,40; ip_rating >= IP54", 8, _E),
    Site("s-xh-01", "xh-051", "香河示例家具喷涂车间", "MFG-04",
         "floor_area=3800; clear_height=7; floor_load=1500; ambient_temp=10..36; network=Wi-Fi; power_supply=220; "
         "hours_per_day=16; explosion_zone=zone 2; ground=smooth indoor; emergency_team=true", "ip_rating >= IP65", 6, _D),
    Site("s-xh-02", "xh-052", "香河示例矿山救援演练场", "SAF-02",
         "floor_area=12000; clear_height=2.6; passage_width=1.1; max_slope=20; ambient_temp=-10..45; network=none; "
         "ground=wet|rough indoor|unpaved outdoor; explosion_zone=zone 1; hours_per_day=16; emergency_team=true",
         "operating_temp covers -20,50; ip_rating >= IP65; explosion_proof is true", 4, _B),
    Site("s-xh-03", "xh-051", "香河示例家具码垛线", "MFG-06",
         f"floor_area=4400; clear_height=8; floor_load=2000; ambient_temp=5..36; network=Wi-Fi; power_supply=160; "
         f"hours_per_day=16; {_INDOOR}", "", 8, _C),
    Site("s-lf-05", "lf-051", "廊坊示例职教中心", "EDU-01",
         f"floor_area=2800; clear_height=4; ambient_temp=12..30; network=Wi-Fi; hours_per_day=10; {_INDOOR}", "", 40, _A),
    Site("s-lf-06", "lf-056", "廊坊示例同城配送示范区", "LOG-02",
         f"floor_area=160000; max_slope=5; ambient_temp=-16..40; network=5G public; hours_per_day=16; {_OUTDOOR}",
         "operating_temp covers -20,45", 40, _D),
    Site("s-lf-07", "lf-054", "廊坊示例康养社区", "ELD-04",
         f"floor_area=5200; clear_height=3; passage_width=1.4; ambient_temp=14..32; network=5G public; hours_per_day=16; "
         f"{_INDOOR}", "ip_rating >= IP40", 24, "2027-04-01/2027-07-31 2027-09-01/2028-03-31"),
    Site("s-lf-08", "lf-055", "廊坊示例光伏电站", "ENE-01",
         "floor_area=260000; max_slope=6; ambient_temp=-17..41; network=4G; ground=unpaved outdoor; hours_per_day=10; "
         "emergency_team=true; explosion_zone=none", "operating_temp covers -20,50; ip_rating >= IP54", 8, _E),
    Site("s-tz-04", "tz-053", "通州示例安置房工地", "CON-03",
         "floor_area=12000; clear_height=2.9; passage_width=0.9; ambient_temp=-5..38; network=4G; power_supply=80; "
         "ground=rough indoor|stairs; people_present=true; hours_per_day=9; emergency_team=true",
         "operating_temp covers -5,40", 6, "2027-03-10/2027-06-30 2027-08-01/2027-11-10"),
    Site("s-tj-03", "tj-054", "天津示例肿瘤医院机器人手术室", "MED-01",
         f"floor_area=1800; clear_height=3.1; passage_width=1.6; ambient_temp=18..26; network=5G private; hours_per_day=8; "
         f"power_supply=60; clean_class=ISO 6; {_INDOOR}", "operating_temp covers 10,35; ip_rating >= IP54", 3, _B),
    Site("s-tj-04", "tj-055", "天津示例矿山安全实训巷道", "SAF-02",
         "floor_area=5000; clear_height=2.4; passage_width=1.0; max_slope=16; ambient_temp=-5..40; network=Wi-Fi; "
         "ground=wet|rough indoor; explosion_zone=zone 1; hours_per_day=12; emergency_team=true",
         "operating_temp covers -10,45; ip_rating >= IP54", 3, _A),
    Site("s-tj-05", "tj-051", "天津示例港区拆箱分拣库", "LOG-03",
         f"floor_area=18000; clear_height=12; floor_load=3000; ambient_temp=-8..36; network=5G private; power_supply=380; "
         f"hours_per_day=20; {_INDOOR}", "ip_rating >= IP54", 4, _C),
    Site("s-tj-01", "tj-052", "天津示例光伏电站", "ENE-01",
         "floor_area=400000; max_slope=10; ambient_temp=-18..42; network=4G; ground=unpaved outdoor; hours_per_day=12; "
         "emergency_team=true; explosion_zone=none", "operating_temp covers -20,55; ip_rating >= IP65", 12, _E),
    Site("s-tj-02", "tj-053", "天津示例海工码头水下试验区", "SAF-08",
         "floor_area=5000; ambient_temp=-8..34; network=5G public; ground=wet; hours_per_day=10; emergency_team=true",
         "ip_rating >= IP67", 4, _D, published=False),
]
