// A small cluster whose nodes may be disrupted: what tests of commands with replacements start from.

import {
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  type Disruption,
  type NodeClaim,
  type NodeClaimSpec,
  type NodePool,
} from "../api/index.ts";
import { disruptionController } from "../controllers/disruption/controller.ts";
import type { Controller } from "../runtime/index.ts";
import { minutes } from "../units/index.ts";
import { aNodePool, anInstanceType, anOffering, aPod, type PodOptions } from "./builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "./controller-harness.ts";
import { joinReplacement } from "./joining-replacement.ts";

export const LARGE = anInstanceType({ name: "m.8", cpu: "8", offerings: [anOffering({ price: 0.4 })] });
export const SMALL = anInstanceType({ name: "m.2", cpu: "2", offerings: [anOffering({ price: 0.1 })] });

export interface MachineOptions {
  readonly type?: "m.8" | "m.2";
  readonly pool?: string;
  /** Since when; it is drifted if this is given. */
  readonly drifted?: string;
  readonly spec?: Partial<NodeClaimSpec>;
  /** Null: none. */
  readonly pod?: PodOptions | null;
}

export class DisruptableCluster {
  readonly harness: ControllerHarness;

  constructor(options: HarnessOptions = {}) {
    this.harness = new ControllerHarness({ types: [LARGE, SMALL], ...options });
    this.harness.provider.limits = { registration: minutes(5) };
  }

  async pool(disruption: Disruption = {}, name = "default", spec: Partial<NodePool["spec"]> = {}): Promise<void> {
    const pool = aNodePool({ name, disruption: { budgets: [{ nodes: "100%" }], ...disruption } });
    await this.harness.put(NodePools, { ...pool, spec: { ...pool.spec, ...spec } });
  }

  /** With one running pod that asks for one CPU. */
  async machine(
    name: string,
    { type = "m.8", pool = "default", drifted, spec, pod = {} }: MachineOptions = {},
  ): Promise<void> {
    const labels = {
      [Label.InstanceType]: type,
      [Label.Zone]: "test-zone-1",
      [Label.CapacityType]: "on-demand",
      [Label.Arch]: "amd64",
      [Label.Os]: "linux",
    };
    const cpu = type === "m.8" ? "8" : "2";
    const works = ["Launched", "Registered", "Initialized"];
    const condition = {
      type: "Drifted",
      status: "True",
      reason: "NodePoolDrifted",
      message: "",
      lastTransitionTime: drifted ?? "",
    } as const;
    await this.harness.putMachine(name, {
      claim: {
        conditions: [...works, ...(drifted === undefined ? ["Consolidatable"] : [condition])],
        labels,
        nodePool: pool,
        ...(spec && { spec }),
      },
      node: { labels, capacity: { cpu }, allocatable: { cpu }, nodePool: pool },
    });
    if (pod === null) return;
    const status = { phase: "Running" } as const;
    await this.harness.putPod(aPod({ name: `web-${name}`, nodeName: name, requests: { cpu: "1" }, ...pod, status }));
  }

  async start(...others: readonly Controller[]): Promise<void> {
    await this.harness.start(disruptionController(this.harness.deps), ...others);
  }

  async claims(): Promise<readonly NodeClaim[]> {
    return (await this.harness.kube.list(NodeClaims)).items;
  }

  /** Claims that were not there at the start. */
  async replacements(): Promise<readonly NodeClaim[]> {
    return (await this.claims()).filter(({ metadata }) => !/^[a-z]\d+$/.test(metadata.name ?? ""));
  }

  async has(name: string): Promise<boolean> {
    return (await this.harness.stored(NodeClaims, { name })) !== undefined;
  }

  async isTainted(name: string): Promise<boolean> {
    return hasTaint((await this.harness.stored(Nodes, { name }))?.spec?.taints, DISRUPTED_TAINT);
  }

  async reason(name: string): Promise<string | undefined> {
    const claim = await this.harness.stored(NodeClaims, { name });
    return claim && getCondition(claim, "DisruptionReason")?.reason;
  }

  /** All replacements that are there work from now on. */
  async replacementsWork(): Promise<void> {
    for (const { metadata } of await this.replacements()) await this.works(metadata.name ?? "");
  }

  async works(name: string): Promise<void> {
    const lastTransitionTime = new Date(this.harness.clock.now()).toISOString();
    const conditions = ["Launched", "Registered", "Initialized"].map((type) => ({
      type,
      status: "True",
      reason: type,
      message: "",
      lastTransitionTime,
    }));
    const body = { status: { providerID: `test:///${name}`, conditions } };
    const claim = await this.harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body });
    if ((await this.harness.stored(Nodes, { name })) === undefined) await joinReplacement(this.harness, claim);
  }
}
