// The Node that a machine becomes: the same machine in the cluster's words, and as big as it was said to be.

import { hasTaint, Label, Nodes, UNREGISTERED_TAINT, type Node, type NodeClaim } from "@karpenter-multicloud/core/api";
import { requestsFrom } from "@karpenter-multicloud/core/units";
import type { Stage } from "../../stage/index.ts";
import { breach, type Check } from "../check.ts";
import { idOf, typeNames } from "./purchase.ts";

/** The smallest part of the real size that may be predicted. */
const LEAST = 0.92;

/** By instance type, for the provider ID may be what is wrong. */
async function theNode(stage: Stage, claim: NodeClaim): Promise<Node> {
  await stage.booted();
  const nodes = (await stage.kube.list(Nodes)).items;
  const type = claim.metadata.labels?.[Label.InstanceType];
  const node = nodes.find(({ metadata }) => metadata.labels?.[Label.InstanceType] === type) ?? nodes[0];
  return node ?? breach(`no Node has joined for ${idOf(claim)} within an hour`);
}

const providerId: Check = {
  id: "node-provider-id",
  title: "the provider ID on the NodeClaim is the one on the Node, letter by letter",
  level: "must",
  wants:
    "Core finds the Node of a NodeClaim by spec.providerID, as kubelet or the cloud controller manager writes it: `openstack:///…`, `scaleway://…`, `cloudstack:///…`. One slash more, and no machine ever registers.",
  async run(stage) {
    const claim = await stage.launch();
    const node = await theNode(stage, claim);
    const real = node.spec?.providerID;
    if (real !== idOf(claim))
      breach(`the Node ${node.metadata.name} has ${real ?? "none"}, the NodeClaim ${idOf(claim)}`);
  },
};

const zone: Check = {
  id: "node-zone",
  title: "Node, NodeClaim and offering call the zone the same",
  level: "must",
  wants:
    "Pods are planned by the offering's zone and bound by the Node's. When the cloud controller manager writes another spelling, zone selectors never match, and the machine's price is not found.",
  async run(stage) {
    const claim = await stage.launch();
    const node = await theNode(stage, claim);
    const told = claim.metadata.labels?.[Label.Zone] ?? "none";
    const real = node.metadata.labels?.[Label.Zone] ?? told;
    if (real !== told) breach(`the Node says ${Label.Zone}=${real}, the NodeClaim ${told}`);
    if (!stage.cloud.zones.includes(told)) breach(`the NodeClaim's zone ${told} is in no offering`);
  },
};

async function compareSizes(stage: Stage, claim: NodeClaim): Promise<void> {
  const node = await theNode(stage, claim);
  const [said, real] = [requestsFrom(claim.status?.allocatable), requestsFrom(node.status?.allocatable)];
  for (const resource of ["cpu", "memory"]) {
    const [predicted, actual] = [said[resource] ?? 0, real[resource] ?? 0];
    const name = claim.metadata.labels?.[Label.InstanceType] ?? idOf(claim);
    if (predicted > actual)
      breach(`${name}: allocatable ${resource} was predicted as ${predicted}, the Node has only ${actual}`);
    if (predicted < LEAST * actual) {
      breach(
        `${name}: allocatable ${resource} was predicted as ${predicted}, the Node has ${actual}: more than 8 % are given away`,
      );
    }
  }
}

const size: Check = {
  id: "node-allocatable",
  title: "predicted allocatable is at most what the Node has, and at most 8 % below it",
  level: "must",
  wants:
    "Too much, and pods stay pending in front of a machine bought for them; too little, and users pay for room they never get. The hypervisor's share of memory counts too.",
  async run(stage) {
    const names = (await typeNames(stage)).slice(0, 3);
    const claims: NodeClaim[] = [];
    for (const name of names) claims.push(await stage.launch({ instanceTypes: [name] }));
    for (const claim of claims) await compareSizes(stage, claim);
  },
};

const taint: Check = {
  id: "node-taint",
  title: `Nodes join with ${UNREGISTERED_TAINT.key}:${UNREGISTERED_TAINT.effect}, or the provider says that they cannot`,
  level: "must",
  wants:
    "Until core has put the claim's labels and taints on the Node, no pod may bind to it. The taint is handed to kubelet at boot; a provider whose cloud cannot do that says so in settings().supportsUnregisteredTaint.",
  async run(stage) {
    if (stage.provider.settings().supportsUnregisteredTaint === false) return;
    const claim = await stage.launch();
    const { metadata } = await theNode(stage, claim);
    const joined = stage.hooks.joined.get(metadata.name ?? "");
    if (joined === undefined)
      breach(`the Node ${metadata.name} did not join through the hooks that the subject was given`);
    if (!hasTaint(joined.spec?.taints, UNREGISTERED_TAINT))
      breach(`the Node ${metadata.name} joined without the taint`);
  },
};

export const NODES: readonly Check[] = [providerId, zone, size, taint];
