// The physical hosts that the planner fills; users of the API never see them.

import type { SeedRow } from "./seed-row.ts";

const USUAL: SeedRow = {
  zone: "zone-01",
  cluster: "cl-zone-01",
  cores: 64,
  speedMHz: 2600,
  memoryMiB: 262144,
  hosttags: "",
  state: "Up",
  resourcestate: "Enabled",
  arch: "x86_64",
};

const OWN: readonly SeedRow[] = [
  { id: "dacb814b-7e90-5205-a5b5-f0510e783322", name: "kvm-01" },
  { id: "3d0f9ce9-713c-56a9-be8d-ddcb77cbf756", name: "kvm-02" },
  { id: "139e017f-1ad1-58fc-87fc-495edc9ea119", name: "kvm-03" },
  {
    id: "41e6f4e5-0839-5589-99e3-e8b6d5e2e63e",
    name: "kvm-cpu-01",
    cores: 96,
    speedMHz: 3100,
    memoryMiB: 524288,
    hosttags: "cpu-opt",
  },
  {
    id: "dc3055e0-7f38-57a9-95e2-5316f327a511",
    name: "kvm-gpu-01",
    memoryMiB: 524288,
    hosttags: "gpu",
    gpus: [{ card: "NVIDIA A100 40GB", count: 4 }],
  },
  { id: "ea7584ac-0a60-5190-a18f-61620ccebcdb", name: "kvm-local-01", hosttags: "local-nvme" },
  { id: "f4d64107-c8a5-52ed-91ed-89a18ec6276f", name: "kvm-maint", resourcestate: "Maintenance" },
  { id: "df811f8f-f185-5244-bfd0-ef58693e0c7d", name: "kvm-z2-01", zone: "zone-02", cluster: "cl-zone-02" },
  { id: "5f2492ac-36a1-537d-99d9-1fb423a61558", name: "kvm-z2-02", zone: "zone-02", cluster: "cl-zone-02" },
  {
    id: "a1fec2d7-dc6b-5996-9a0a-21daa6f959c0",
    name: "kvm-z2-arm",
    zone: "zone-02",
    cluster: "cl-zone-02",
    cores: 80,
    speedMHz: 2800,
    hosttags: "arm64",
    arch: "aarch64",
  },
];

export const SEED_HOSTS: readonly SeedRow[] = OWN.map((row) => ({ ...USUAL, ...row }));

export const CPU_OVERCOMMIT = 2;
export const MEMORY_OVERCOMMIT = 1;
