// The demo on the simulated cloud: no API in between, the shortest way to see the controllers at work.

import { readFile } from "node:fs/promises";
import { ProviderFactory } from "@karpenter-multicloud/core/controllers";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import {
  parseCatalog,
  SIMULATED_CUSTOM_RESOURCES,
  SimulatedCloud,
  simulatedProviderFactory,
  type SimulatedProviderOptions,
} from "@karpenter-multicloud/simulator";
import { ContainerModule } from "inversify";
import type { CloudContext, CloudOpener, DemoCloud } from "../demo-cloud.ts";
import { ManifestError, readExamples } from "../manifests.ts";

/** `onStart` gets the cloud before anything talks to it. */
export function simulatedCloud(
  onStart: (cloud: SimulatedCloud) => void = () => {},
  options: SimulatedProviderOptions = {},
): CloudOpener {
  return {
    customResources: SIMULATED_CUSTOM_RESOURCES,
    async open({ clock, hooks, seed }: CloudContext): Promise<DemoCloud> {
      const cloud = new SimulatedCloud({ clock, machines: hooks, seed });
      onStart(cloud);
      return await demoCloud(cloud, options);
    },
  };
}

/** With the types of a file of the user's own, if there is one (SIM-7). */
export async function simulatedDemo(catalogPath?: string): Promise<CloudOpener> {
  return simulatedCloud(() => {}, catalogPath === undefined ? {} : { catalog: await readCatalog(catalogPath) });
}

async function readCatalog(path: string): Promise<readonly InstanceType[]> {
  try {
    return parseCatalog(await readFile(path, "utf8"));
  } catch (error) {
    throw new ManifestError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function demoCloud(cloud: SimulatedCloud, options: SimulatedProviderOptions): Promise<DemoCloud> {
  const created = () => cloud.records.filter((record) => record.action === "create");
  return {
    title: "simulated cloud",
    module: new ContainerModule(({ bind }) => {
      bind(ProviderFactory).toConstantValue(simulatedProviderFactory(cloud, options));
    }),
    env: {},
    preparation: [],
    quickStart: await readExamples("simulated"),
    fill: (text) => text,
    liveMachines: () => cloud.machines().length,
    machinesEver: () => created().length,
    pools: () => 0,
    complaints: async () => twins(created().map((record) => record.claimUid)),
    evidence: () => `The cloud saw ${cloud.records.length} changes.`,
    close: async () => {},
  };
}

/** Two machines for one NodeClaim are the one thing that must never happen. */
function twins(claimUids: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const double = claimUids.filter((uid) => seen.size === seen.add(uid).size);
  return double.map((uid) => `two machines for the NodeClaim with uid ${uid}`);
}
