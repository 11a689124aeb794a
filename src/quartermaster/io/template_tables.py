"""The small snapshot that `init` writes: five orders of a Friday afternoon before a Monday holiday, three nodes.

Everything in it is invented, prices included. It shows what a first file needs and no column beyond; the README written
beside it explains every column there is.
"""

from __future__ import annotations

SNAPSHOT_TOML = """\
# The instant of the stock picture: the planner's only "now".
as_of = 2026-09-04T15:30:00-04:00
# ISO 4217 code of every amount in this folder and in the policy.
currency = "USD"
# Free text; it is not used.
version = "template"
"""

TABLES: dict[str, str] = {
    # 1001 is plain; 1002 wants the fast service; 1003 goes all at once or not at all; 1004 is worth more than the
    # others and asks for more than two nodes have together; 1005 has no promise.
    "orders": """\
order_id,postal_code,ordered_at,promise_date,service_level,ship_complete,max_shipments,priority
1001,02139,2026-09-04T09:12:00-04:00,2026-09-11,,false,,0
1002,60614,2026-09-04T10:40:00-04:00,2026-09-09,express,false,,0
1003,94110,2026-09-03T18:05:00-04:00,2026-09-14,,true,2,0
1004,30309,2026-09-04T08:00:00-04:00,2026-09-11,,false,2,5
1005,73301,2026-09-04T15:01:00-04:00,,,false,,0
""",
    "order_lines": """\
order_id,line_id,sku,quantity,line_complete,pinned_node
1001,1,MUG-BLUE,2,false,
1001,2,00123,1,false,
1002,1,LAMP,1,false,
1003,1,LAMP,2,true,
1003,2,MUG-BLUE,4,false,
1004,1,TABLET,52,false,
1005,1,00123,3,false,STORE-CHICAGO
1005,2,RUG,1,false,
""",
    "products": """\
sku,weight_g,length_mm,width_mm,height_mm
00123,250,,,
LAMP,1800,400,250,250
MUG-BLUE,420,120,120,110
RUG,7500,1600,180,180
TABLET,650,260,180,30
""",
    "nodes": """\
node_id,kind,postal_code,timezone,cutoff,ships_on,max_shipments,max_units,cost_per_shipment,cost_per_unit,priority
DC-EAST,dc,08817,America/New_York,16:00,mon-fri,,,1.10,0.25,10
DC-WEST,dc,89434,America/Los_Angeles,14:00,mon-sat,500,,1.05,0.25,20
STORE-CHICAGO,store,60622,America/Chicago,12:00,mon-sat,20,60,2.40,0.60,100
""",
    "inventory": """\
node_id,sku,on_hand,safety_stock,reserved
DC-EAST,00123,40,5,0
DC-EAST,LAMP,6,0,1
DC-EAST,MUG-BLUE,80,10,0
DC-EAST,TABLET,32,0,2
DC-WEST,00123,25,0,0
DC-WEST,LAMP,3,0,0
DC-WEST,MUG-BLUE,30,0,0
DC-WEST,RUG,4,0,0
STORE-CHICAGO,00123,12,2,0
STORE-CHICAGO,LAMP,2,1,0
STORE-CHICAGO,TABLET,20,0,0
""",
    "services": """\
carrier,service,service_level,dim_divisor_cm3_per_kg,dim_above_cm3,max_parcels,fuel_surcharge,residential_surcharge,delivers_on
POST,GROUND,,6000,10000,4,0,0,mon-sat
POST,EXPRESS,express,6000,0,2,0.12,1.50,mon-fri
""",
    "zones": """\
carrier,zone,max_distance_km,origin_prefix,destination_prefix
POST,2,240,,
POST,4,960,,
POST,6,2250,,
POST,8,9000,,
POST,LOCAL,,606,606
""",
    "rates": """\
carrier,service,zone,max_weight_g,price
POST,GROUND,LOCAL,2000,4.20
POST,GROUND,LOCAL,10000,7.10
POST,GROUND,LOCAL,30000,13.40
POST,GROUND,2,2000,5.35
POST,GROUND,2,10000,8.60
POST,GROUND,2,30000,16.20
POST,GROUND,4,2000,6.45
POST,GROUND,4,10000,11.75
POST,GROUND,4,30000,24.90
POST,GROUND,6,2000,7.90
POST,GROUND,6,10000,16.30
POST,GROUND,6,30000,38.50
POST,GROUND,8,2000,9.60
POST,GROUND,8,10000,22.40
POST,GROUND,8,30000,55.00
POST,EXPRESS,LOCAL,5000,14.80
POST,EXPRESS,2,5000,17.50
POST,EXPRESS,4,5000,24.60
POST,EXPRESS,6,5000,33.20
POST,EXPRESS,8,5000,41.70
""",
    "transit": """\
carrier,service,zone,days
POST,GROUND,LOCAL,1
POST,GROUND,2,2
POST,GROUND,4,3
POST,GROUND,6,4
POST,GROUND,8,5
POST,EXPRESS,LOCAL,1
POST,EXPRESS,2,1
POST,EXPRESS,4,1
POST,EXPRESS,6,2
POST,EXPRESS,8,2
""",
    "holidays": """\
date,node_id,carrier
2026-09-07,,
""",
}
"""The CSV of each table, by its name."""
