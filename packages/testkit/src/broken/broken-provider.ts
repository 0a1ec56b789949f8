// A provider that keeps all promises but one: the example provider with one mistake that real authors make.

import type { Node } from "@karpenter-multicloud/core/api";
import type { Ports } from "@karpenter-multicloud/core/controllers";
import type { CloudProvider } from "@karpenter-multicloud/core/provider";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { startTinyCloud, TinyClient, tinyProviderFactory, tinySubject, tinySubjectCloud } from "../example/index.ts";
import type { Subject } from "../stage/index.ts";

export interface BrokenProvider {
  /** Id of the one check that must fail. */
  readonly breaks: string;
  /** What its author got wrong. */
  readonly mistake: string;
  /** Called once per process: what it keeps in a closure does not survive a restart. */
  readonly provider?: (correct: CloudProvider, outside: Outside) => Partial<CloudProvider>;
  /** The machine's image or the cloud's agent is what is wrong. */
  readonly node?: (node: Node) => Node;
}

export interface Outside {
  readonly ports: Ports;
  /** Straight to the cloud. */
  readonly client: TinyClient;
  readonly url: string;
}

export function brokenSubject(broken: BrokenProvider): Subject {
  return {
    ...tinySubject,
    factory: {
      ...tinyProviderFactory,
      name: `tiny without ${broken.breaks}`,
      build(ports, env) {
        const built = tinyProviderFactory.build(ports, env);
        const url = env["TINY_URL"] ?? "";
        const outside = { ports, client: new TinyClient(url, ports), url };
        return { ...built, provider: { ...delegating(built.provider), ...broken.provider?.(built.provider, outside) } };
      },
    },
    start: async (context) =>
      tinySubjectCloud(await startTinyCloud({ ...context, hooks: hooksWith(context.hooks, broken) })),
  };
}

function hooksWith(hooks: MachineHooks, { node: change = (node) => node }: BrokenProvider): MachineHooks {
  return {
    nodeJoins: (node) => hooks.nodeJoins(change(node)),
    nodeReady: (name) => hooks.nodeReady(name),
    nodeNotReady: (name) => hooks.nodeNotReady(name),
    nodeLeaves: (name) => hooks.nodeLeaves(name),
    nodeExists: (name) => hooks.nodeExists(name),
  };
}

/** A plain object, so that single methods can be replaced. */
function delegating(provider: CloudProvider): CloudProvider {
  return {
    name: provider.name,
    create: (claim, context) => provider.create(claim, context),
    delete: (claim, context) => provider.delete(claim, context),
    get: (providerID, context) => provider.get(providerID, context),
    list: (context) => provider.list(context),
    getInstanceTypes: (pool, context) => provider.getInstanceTypes(pool, context),
    isDrifted: (claim, context) => provider.isDrifted(claim, context),
    repairPolicies: () => provider.repairPolicies(),
    supportedNodeClasses: () => provider.supportedNodeClasses(),
    settings: () => provider.settings(),
  };
}
