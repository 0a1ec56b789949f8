// A machine boots: it reads its own user data, as cloud-init does, and registers the Node that comes of it, or none.

import type { Node, ResourceList } from "@karpenter-multicloud/core/api";
import { bootMachine } from "@karpenter-multicloud/core/testing/cloud-init";
import { cardsOf } from "./planner.ts";
import type { Ground } from "./ground.ts";
import { field, rowOf } from "./ground.ts";
import type { Machine } from "./records.ts";

export type Booted = { readonly node: Node } | { readonly refused: string };

export async function bootVm(ground: Ground, machine: Machine): Promise<Booted> {
  const registered = rowOf(ground.userData, machine.userDataId ?? "");
  const data = machine.userData || withMetadata(field(registered, "userdata"), machine);
  if (data === "") return { refused: "it has no user data" };
  if (ground.cluster === undefined) return { refused: "there is no cluster to join" };
  const template = ground.templates.find(({ id }) => id === machine.templateId);
  const booted = await bootMachine(Buffer.from(data, "base64"), {
    machine: {
      name: machine.name,
      id: machine.id,
      providerIDs: [`external-cloudstack://${machine.id}`, `cloudstack:///${machine.id}`, zoned(ground, machine)],
      capacity: capacityOf(ground, machine),
      arch: field(template, "arch") === "aarch64" ? "arm64" : "amd64",
      addresses: Object.fromEntries(machine.nics.map(({ mac, address }) => [mac, address])),
    },
    cluster: ground.cluster,
    now: ground.clock.now(),
  });
  return booted.joins ? { node: booted.node } : { refused: booted.reason };
}

/** cloud-init fills in templates from the metadata service; what is no template it leaves alone. */
function withMetadata(base64: string, { userDataDetails }: Machine): string {
  const [first = "", ...lines] = Buffer.from(base64, "base64").toString("utf8").split("\n");
  if (!/^## *template: *jinja/i.test(first)) return base64;
  const use = /\{\{-?\s*ds\.meta_data\.(\w+)\s*-?\}\}/g;
  const text = lines.join("\n").replaceAll(use, (_, name: string) => userDataDetails[name] ?? "");
  return Buffer.from(text).toString("base64");
}

function zoned({ zones }: Ground, { zoneId, id }: Machine): string {
  const name = rowOf(zones, zoneId)?.name ?? "";
  return `cloudstack://${name.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}/${id}`;
}

function capacityOf({ switches, volumes, offerings }: Ground, machine: Machine): ResourceList {
  const root = [...volumes.values()].find(({ machineId, type }) => machineId === machine.id && type === "ROOT");
  const { card, count } = cardsOf(rowOf(offerings, machine.offeringId));
  return {
    cpu: String(machine.cpu),
    memory: `${Math.floor(machine.memoryMiB * 1024 * switches.memoryFactor)}Ki`,
    "ephemeral-storage": String(root?.bytes ?? 0),
    ...(card === "" ? {} : { "nvidia.com/gpu": String(count) }),
  };
}
