// The zones: two normal ones, a disabled one, one whose name has spaces, one with security groups.

import type { SeedRow } from "./seed-row.ts";

const USUAL: SeedRow = {
  description: "",
  dns1: "9.9.9.9",
  dns2: "149.112.112.112",
  internaldns1: "10.0.0.2",
  guestcidraddress: "10.1.1.0/24",
  networktype: "Advanced",
  securitygroupsenabled: false,
  allocationstate: "Enabled",
  dhcpprovider: "VirtualRouter",
  localstorageenabled: false,
  tags: [],
  allowuserspecifyvrmtu: true,
  routerprivateinterfacemaxmtu: 1500,
  routerpublicinterfacemaxmtu: 1500,
  type: "Core",
  isnsxenabled: false,
  ismultiarch: false,
  hasannotations: false,
};

const OWN: readonly SeedRow[] = [
  { id: "b8396597-5bdb-51cb-b775-16903c688374", name: "zone-01", zonetoken: "a511547f-447c-5971-b870-a8e561f81d6e" },
  {
    id: "0eee0dc1-20ef-59d0-9ce8-6bf03855a35d",
    name: "zone-02",
    zonetoken: "5dd9fb45-f8ab-5ef2-a691-3130d671160c",
    ismultiarch: true,
  },
  {
    id: "51c71030-4499-5e17-b1db-134d1cb61d29",
    name: "zone-03-maintenance",
    allocationstate: "Disabled",
    zonetoken: "a451dc2b-d5c6-5679-a58b-346d19c62371",
  },
  {
    id: "5fce41c3-6561-55a0-8081-ec3c39b49f11",
    name: "Zone 4 Edge",
    zonetoken: "5287ce0e-a542-5c81-9b79-33b04bf71520",
    localstorageenabled: true,
    type: "Edge",
  },
  {
    id: "4854babb-2726-5304-8bfe-049955a8f643",
    name: "sg-zone",
    securitygroupsenabled: true,
    zonetoken: "4e3f74d7-46e0-51f5-803d-9545e3fe1871",
  },
];

export const SEED_ZONES: readonly SeedRow[] = OWN.map((row) => ({ ...USUAL, ...row }));
