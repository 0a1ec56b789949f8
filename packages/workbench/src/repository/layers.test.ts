// Arrows point downward: between packages, and between the rooms of core.

import { describe, expect, it } from "vitest";
import { readImports, type SourceImport } from "./import-graph.ts";

/** What each package may import of ours; tests may also use the testing doors named below. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  testkit: ["core"],
  simulator: ["core"],
  "provider-ovh": ["core"],
  "provider-scaleway": ["core"],
  "provider-cloudstack": ["core"],
  controller: ["core", "provider-ovh", "provider-scaleway", "provider-cloudstack"],
  cli: ["core", "provider-ovh", "provider-scaleway", "provider-cloudstack"],
  workbench: [
    "core",
    "testkit",
    "simulator",
    "provider-ovh",
    "provider-scaleway",
    "provider-cloudstack",
    "controller",
    "cli",
  ],
};

/** Their tests run testkit's checks; what they ship depends on core only. */
const TESTED_WITH_THE_KIT: readonly string[] = [
  "simulator",
  "provider-ovh",
  "provider-scaleway",
  "provider-cloudstack",
];

/** Rooms of core by storey; a room may import rooms of lower storeys and of its own. */
const STOREY: Readonly<Record<string, number>> = {
  units: 0,
  api: 1,
  reasons: 1,
  requirements: 2,
  provider: 2,
  scheduling: 3,
  pricing: 3,
  disruption: 4,
  planning: 4,
  kube: 5,
  runtime: 5,
  telemetry: 5,
  options: 5,
  state: 5,
  decisions: 5,
  bootstrap: 6,
  controllers: 7,
  testing: 8,
};

/** Rooms of every provider by storey: from what the cloud says to what its machines and classes are told. */
const PROVIDER_STOREY: Readonly<Record<string, number>> = {
  api: 0,
  client: 1,
  // Which cluster a class reaches (OVHcloud); what one service offering is (CloudStack).
  access: 2,
  offerings: 2,
  // What the terms of a class come to.
  selection: 3,
  catalog: 4,
  metrics: 5,
  // Machines of a kind are had by the pool (OVHcloud).
  pools: 5,
  machines: 6,
  "node-class": 7,
};

const PURE_STOREYS = 4;
const imports = readImports();

/** Tests, the doors they use, and files named test-… that only they import. */
const isTest = (file: string): boolean => /\.test\.ts$|\/testing\/|\/test-[a-z-]+\.ts$/.test(file);
const packageOf = (file: string): string => file.split("/")[1] ?? "";
const roomOf = (file: string): string | undefined => /^packages\/core\/src\/([^/]+)\//.exec(file)?.[1];
const providerRoomOf = (file: string): string | undefined =>
  /^packages\/provider-[a-z]+\/src\/([^/]+)\//.exec(file)?.[1];
const arrow = ({ file, specifier }: SourceImport): string => `${file} → ${specifier}`;

/** Imports of a room of a higher storey than the importing file's own. */
function pointingUp(
  room: (file: string) => string | undefined,
  storeys: Readonly<Record<string, number>>,
): readonly string[] {
  return imports
    .filter(({ file, target }) => {
      const from = room(file);
      const to = target === undefined ? undefined : room(target);
      if (from === undefined || to === undefined || from === to || isTest(file)) return false;
      return (storeys[to] ?? 99) > (storeys[from] ?? -1);
    })
    .map(arrow);
}

describe("layers", () => {
  it("reads the imports at all", () => {
    expect(imports.length).toBeGreaterThan(500);
  });

  it("packages depend downward only", () => {
    const upward = imports.filter(({ file, specifier }) => {
      const ours = /^@karpenter-multicloud\/([^/]+)/.exec(specifier)?.[1];
      const from = packageOf(file);
      if (ours === "testkit" && TESTED_WITH_THE_KIT.includes(from) && isTest(file)) return false;
      return ours !== undefined && ours !== from && !(MAY_IMPORT[from] ?? []).includes(ours);
    });
    expect(upward.map(arrow)).toEqual([]);
  });

  it("nothing leaves its package by a relative path", () => {
    const leaving = imports.filter(({ file, target }) => target !== undefined && packageOf(target) !== packageOf(file));
    expect(leaving.map(arrow)).toEqual([]);
  });

  it("the rooms of core depend downward only", () => {
    expect(pointingUp(roomOf, STOREY)).toEqual([]);
  });

  it("the rooms of providers depend downward only", () => {
    expect(pointingUp(providerRoomOf, PROVIDER_STOREY)).toEqual([]);
  });

  it.each([
    ["core", roomOf, STOREY],
    ["a provider", providerRoomOf, { ...PROVIDER_STOREY, testing: 8 }],
  ] as const)("every room of %s has its storey", (_, room, storeys: Readonly<Record<string, number>>) => {
    const rooms = new Set(imports.map(({ file }) => room(file)).filter((name) => name !== undefined));
    expect([...rooms].filter((name) => storeys[name] === undefined)).toEqual([]);
  });

  it("the pure storeys import neither Node nor any library", () => {
    const impure = imports.filter(({ file, specifier }) => {
      const room = roomOf(file);
      return room !== undefined && (STOREY[room] ?? 99) <= PURE_STOREYS && !isTest(file) && !specifier.startsWith(".");
    });
    expect(impure.map(arrow)).toEqual([]);
  });

  it("what ships imports no test doors: core/testing, a provider's fake cloud, the simulator", () => {
    const shipped = ["core", "provider-ovh", "provider-scaleway", "provider-cloudstack", "controller", "cli"];
    const leaks = imports.filter(({ file, specifier, target }) => {
      if (!shipped.includes(packageOf(file)) || isTest(file)) return false;
      return /\/testing(\/|$)|\/simulator|\/testkit|^vitest$/.test(specifier) || (target ?? "").includes("/testing/");
    });
    expect(leaks.map(arrow)).toEqual([]);
  });

  it("inversify stays at the edge, reflect-metadata in main.ts", () => {
    const allowed =
      /^packages\/controller\/src\/(container|tokens|load-provider|main)\.ts$|\/src\/module\.ts$|^packages\/workbench\//;
    const inside = imports.filter(
      ({ file, specifier }) =>
        (specifier === "inversify" && !allowed.test(file) && !isTest(file)) ||
        (specifier === "reflect-metadata" && !file.endsWith("/main.ts") && !isTest(file)),
    );
    expect(inside.map(arrow)).toEqual([]);
  });
});
