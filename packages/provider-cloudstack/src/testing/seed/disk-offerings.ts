// What data disks can be.

import type { SeedRow } from "./seed-row.ts";

const USUAL: SeedRow = {
  created: "2026-03-02T09:14:07+0000",
  iscustomized: false,
  iscustomizediops: false,
  storagetype: "shared",
  provisioningtype: "thin",
  cacheMode: "none",
  displayoffering: true,
  disksizestrictness: false,
  encrypt: false,
  hasannotations: false,
  details: {},
  state: "Active",
};

const OWN: readonly SeedRow[] = [
  { id: "b0e6056b-28c1-52ea-aeac-3683df468809", name: "Small", displaytext: "Small", disksize: 5 },
  { id: "e7abbe5f-0f8b-5b6c-a8ec-360b2bee5aec", name: "Medium", displaytext: "Medium", disksize: 20 },
  { id: "b6cf2a6a-95cd-5628-9035-e44607d2e25d", name: "Large", displaytext: "Large", disksize: 100 },
  {
    id: "16acb8e6-0f46-55a6-9cdd-31e3023b5b61",
    name: "Custom",
    displaytext: "Custom",
    disksize: 0,
    iscustomized: true,
  },
  {
    id: "33c1c11c-fae7-5ffa-b262-9b9a06bbc104",
    name: "k8s-data-100",
    displaytext: "k8s-data-100",
    disksize: 100,
    tags: "ssd",
  },
  {
    id: "6ac450f8-50e6-5870-9a0b-92fe24a9a28e",
    name: "k8s-root-80",
    displaytext: "k8s-root-80",
    disksize: 80,
    disksizestrictness: true,
  },
  {
    id: "f2515177-d3de-5e3a-bd1f-470e270ba865",
    name: "local-nvme-500",
    displaytext: "local-nvme-500",
    disksize: 500,
    storagetype: "local",
  },
  {
    id: "33015a51-3c96-53dd-beda-316a0149e7a4",
    name: "retired-disk",
    displaytext: "retired-disk",
    disksize: 10,
    state: "Inactive",
  },
];

export const SEED_DISK_OFFERINGS: readonly SeedRow[] = OWN.map((row) => ({ ...USUAL, ...row }));
