// Pools and answers as the fake's tests write and read them.

import type { TinyAnswer, TinyClient } from "./tiny-client.ts";

export interface PoolAnswer {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly sizeStatus: string;
  readonly desiredNodes: number;
  readonly currentNodes: number;
  readonly availableNodes: number;
  readonly upToDateNodes: number;
  readonly autoscale: boolean;
  readonly availabilityZones: readonly string[] | null;
  readonly template: unknown;
  readonly updatedAt: string;
}

export interface MachineAnswer {
  readonly id: string;
  readonly name: string;
  readonly instanceId: string | null;
  readonly status: string;
  readonly flavor: string;
  readonly createdAt: string;
  readonly deployedAt: string | null;
  readonly deletedAt: string | null;
  readonly isUpToDate: boolean;
}

const OWNED_LABELS = { "karpenter.ovhcloud.sh/managed-by": "karpenter" };

export function template(labels: Readonly<Record<string, string>> = OWNED_LABELS): Record<string, unknown> {
  return { metadata: { labels, annotations: {}, finalizers: [] }, spec: { taints: [], unschedulable: false } };
}

/** The body of a pool of ours in Paris, zone a. */
export function poolBody(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: "karpenter-b3-8-eu-west-par-a",
    flavorName: "b3-8",
    desiredNodes: 1,
    minNodes: 0,
    maxNodes: 100,
    autoscale: false,
    monthlyBilled: false,
    antiAffinity: false,
    availabilityZones: ["eu-west-par-a"],
    template: template(),
    ...changes,
  };
}

export async function createPool(
  client: TinyClient,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<PoolAnswer> {
  const answer = await client.call("POST", `${client.kube}/nodepool`, poolBody(changes));
  if (answer.status !== 200) throw new Error(`creating a pool answered ${answer.status}: ${answer.text}`);
  return answer.json as PoolAnswer;
}

export async function pool(client: TinyClient, id: string): Promise<PoolAnswer> {
  return (await client.get(`${client.kube}/nodepool/${id}`)).json as PoolAnswer;
}

export async function machines(client: TinyClient, poolId: string, query = ""): Promise<readonly MachineAnswer[]> {
  return (await client.get(`${client.kube}/nodepool/${poolId}/nodes${query}`)).json as readonly MachineAnswer[];
}

export async function resize(
  client: TinyClient,
  id: string,
  body: Readonly<Record<string, unknown>>,
): Promise<TinyAnswer> {
  return client.call("PUT", `${client.kube}/nodepool/${id}`, body);
}

export function messageOf(answer: TinyAnswer): string {
  return (answer.json as { readonly message: string }).message;
}
