// Who there is: domains, accounts with their keys, projects, and what each may have. The keys open nothing but this fake.

import type { SeedRow } from "./seed-row.ts";

export const SEED_DOMAINS: readonly SeedRow[] = [
  { id: "fc511e89-8be1-5998-a89a-88306c61d107", name: "ROOT", level: 0, path: "ROOT", state: "Active", haschild: true },
  {
    id: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    name: "tenant-a",
    level: 1,
    path: "ROOT/tenant-a",
    parentdomainid: "fc511e89-8be1-5998-a89a-88306c61d107",
    parentdomainname: "ROOT",
    state: "Active",
    haschild: false,
  },
];

export const SEED_ACCOUNTS: readonly SeedRow[] = [
  {
    id: "21db8a22-afae-5d53-896c-eeb733e8faaf",
    name: "admin",
    accounttype: 1,
    rolename: "Root Admin",
    roletype: "Admin",
    state: "enabled",
    user: {
      id: "ea67f6a4-6614-53a6-9c87-36406790a784",
      username: "admin",
      apikey: "fake-admin-api-key",
      secretkey: "fake-admin-secret-key",
    },
    domain: "ROOT",
    domainid: "fc511e89-8be1-5998-a89a-88306c61d107",
    domainpath: "ROOT",
  },
  {
    id: "8c138abf-9666-5d7d-a20b-9308b60954d3",
    name: "k8s",
    accounttype: 0,
    rolename: "User",
    roletype: "User",
    state: "enabled",
    user: {
      id: "0de9f981-fb95-54ab-a8bf-0ef14523edcf",
      username: "k8s",
      apikey: "fake-user-api-key",
      secretkey: "fake-user-secret-key",
    },
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
  {
    id: "73ccfa24-f721-5650-b9df-0f45c7c3584d",
    name: "viewer",
    accounttype: 0,
    rolename: "Read-Only User - Default",
    roletype: "User",
    state: "enabled",
    user: {
      id: "bbc177ac-b388-52f8-93e9-f87a1bbcf72e",
      username: "viewer",
      apikey: "fake-readonly-api-key",
      secretkey: "fake-readonly-secret-key",
    },
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
  {
    id: "960ed49d-9599-519a-a206-cf18a78e363b",
    name: "gone",
    accounttype: 0,
    rolename: "User",
    roletype: "User",
    state: "disabled",
    user: {
      id: "c09f1121-c7ce-5c75-87bf-cd8cafa98b6b",
      username: "gone",
      apikey: "fake-disabled-api-key",
      secretkey: "fake-disabled-secret-key",
    },
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
];

export const SEED_PROJECTS: readonly SeedRow[] = [
  {
    id: "e258214d-ca35-539f-b8c5-569843a2660e",
    name: "k8s-prod",
    displaytext: "Production clusters",
    state: "Active",
    owner: [{ account: "k8s", userid: "0de9f981-fb95-54ab-a8bf-0ef14523edcf" }],
    projectaccountname: "PrjAcct-k8s-prod-3",
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
  {
    id: "e74df95b-27c2-5871-8026-3bfc728264e2",
    name: "old-project",
    displaytext: "Suspended project",
    state: "Suspended",
    owner: [{ account: "k8s" }],
    projectaccountname: "PrjAcct-old-4",
    domain: "tenant-a",
    domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
    domainpath: "ROOT/tenant-a",
  },
];

/** By account, then by the number of the resource type; what is not here is unlimited. */
export const SEED_LIMITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  k8s: {
    "0": 20,
    "1": 20,
    "2": 40,
    "3": 20,
    "4": 20,
    "5": -1,
    "6": 20,
    "7": 20,
    "8": 200,
    "9": 409600,
    "10": 4000,
    "11": 400,
  },
  "PrjAcct-k8s-prod-3": { "0": 10, "1": 10, "2": 20, "8": 64, "9": 131072, "10": 1000, "11": 200 },
};
