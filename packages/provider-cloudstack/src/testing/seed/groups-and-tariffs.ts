// Affinity groups, key pairs, and the tariffs of the quota plugin.

import type { SeedRow } from "./seed-row.ts";

export const AFFINITY_TYPES: readonly string[] = [
  "host affinity",
  "host anti-affinity",
  "non-strict host affinity",
  "non-strict host anti-affinity",
  "ExplicitDedication",
];

export const SEED_AFFINITY_GROUPS: readonly SeedRow[] = [
  {
    id: "663d85cc-8125-50cb-9dd6-87b3f0790fea",
    name: "k8s-anti",
    description: "spread workers",
    type: "host anti-affinity",
    account: "k8s",
    virtualmachineIds: [],
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
  {
    id: "0e467152-7bbf-5504-a14a-8a643cde27cd",
    name: "k8s-soft-anti",
    description: "prefer spread",
    type: "non-strict host anti-affinity",
    account: "k8s",
    virtualmachineIds: [],
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
];

export const SEED_SECURITY_GROUPS: readonly SeedRow[] = [
  { id: "0c0f2a3e-6a43-5d0c-9d53-0b8f1f6f8a01", name: "default", description: "Default Security Group" },
  { id: "4a5b7c2d-8e19-5f3a-b6c4-2d7e9f0a1b02", name: "k8s-nodes", description: "what nodes may reach" },
].map((row) => ({
  ...row,
  account: "k8s",
  domain: "tenant-a",
  domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
  domainpath: "ROOT/tenant-a",
  ingressrule: [],
  egressrule: [],
}));

export const SEED_KEY_PAIRS: readonly SeedRow[] = [
  {
    id: "62d242f9-9951-557b-8e5c-a11fb6ec5d15",
    name: "my-keypair",
    fingerprint: "2c:de:ad:be:ef:00:11:22:33:44:55:66:77:88:99:aa",
    account: "k8s",
    hasannotations: false,
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
];

export const SEED_TARIFFS: readonly SeedRow[] = [
  {
    id: "0aa53918-0431-5271-aa7f-55845a48a1f4",
    name: "RUNNING_VM",
    usageType: 1,
    usageName: "RUNNING_VM",
    usageUnit: "Compute-Month",
    usageTypeDescription: "Running Vm Usage",
    tariffValue: 0.0,
    effectiveDate: "2026-01-01T00:00:00+0000",
    currency: "€",
    position: 1,
  },
  {
    id: "c2a3c281-34e3-5b2e-9cf1-1f68c3e1a42b",
    name: "k8s.c4.m16",
    usageType: 1,
    usageName: "RUNNING_VM",
    usageUnit: "Compute-Month",
    usageTypeDescription: "Running Vm Usage",
    tariffValue: 52.56,
    activationRule: "if (value.computeOffering.name == 'k8s.c4.m16') { true } else { false }",
    effectiveDate: "2026-01-01T00:00:00+0000",
    currency: "€",
    position: 2,
  },
  {
    id: "75bf9a94-fe79-5d26-8020-a10df45e6101",
    name: "vCPU",
    usageType: 16,
    usageName: "CPU_NUMBER",
    usageUnit: "Compute-Month",
    usageTypeDescription: "Quota tariff for running VMs per vCPU (older releases)",
    tariffValue: 7.2,
    effectiveDate: "2026-01-01T00:00:00+0000",
    currency: "€",
  },
  {
    id: "3a8b2684-5d8c-57e9-bc97-cdafb01ad9dd",
    name: "MEMORY",
    usageType: 17,
    usageName: "MEMORY",
    usageUnit: "Compute-Month",
    usageTypeDescription: "Quota tariff per MB of memory (older releases)",
    tariffValue: 0.0012,
    effectiveDate: "2026-01-01T00:00:00+0000",
    currency: "€",
  },
];
