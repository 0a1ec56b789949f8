// Which host takes a machine, or why none does: the server tells only that there is none (§13).

import { ApiError } from "../api-error.ts";
import { CPU_OVERCOMMIT, MEMORY_OVERCOMMIT } from "../seed/hosts.ts";
import type { Ground } from "./ground.ts";
import { amount, field, rowOf, zoneNameOf } from "./ground.ts";
import { PLACED } from "./records.ts";
import type { Machine, Row } from "./records.ts";

type Affinity = "together" | "apart";

/** The id of the host. @throws ApiError 533 */
export function place(ground: Ground, machine: Machine): string {
  const fault = ground.faults.forMachine("outOfStock", { ...machine.order, about: machine.order.about ?? {} });
  if (fault !== undefined) throw refused(machine, fault.message);
  const offering = rowOf(ground.offerings, machine.offeringId);
  checkCapacity(ground, machine, offering);
  const fitting = ground.hosts.filter((host) => fits(ground, host, machine, offering));
  if (fitting.length === 0) throw refused(machine);
  const allowed = fitting.filter((host) => obeysGroups(ground, host, machine));
  if (allowed.length === 0) {
    const hint = "Please check the affinity groups provided, there may not be sufficient capacity to follow them";
    const { uuid: _, ...short } = description(machine);
    throw new ApiError(533, `Unable to create a deployment for VM instance ${JSON.stringify(short)}, ${hint}`);
  }
  const used = (host: Row): number => machinesOn(ground, host).length;
  const [first] = ground.switches.planner === "dispersing" ? allowed.toSorted((a, b) => used(a) - used(b)) : allowed;
  return first?.id ?? "";
}

function checkCapacity(ground: Ground, machine: Machine, offering: Row | undefined): void {
  const zone = zoneNameOf(ground, machine.zoneId);
  const placed = [...ground.machines.values()].filter(
    (each) => each !== machine && each.zoneId === machine.zoneId && PLACED.includes(each.state),
  );
  const ofOffering = placed.filter(({ offeringId }) => offeringId === machine.offeringId);
  const inZone = ground.capacity.get(zone) ?? Number.POSITIVE_INFINITY;
  const forOffering = ground.capacity.get(`${offering?.name ?? ""}/${zone}`) ?? Number.POSITIVE_INFINITY;
  if (placed.length >= inZone || ofOffering.length >= forOffering) throw refused(machine);
  for (const tag of tokens(offering, "hosttags")) {
    const tagged = placed.filter(({ offeringId }) =>
      tokens(rowOf(ground.offerings, offeringId), "hosttags").includes(tag),
    );
    if (tagged.length >= (ground.capacity.get(`tag:${tag}/${zone}`) ?? Number.POSITIVE_INFINITY))
      throw refused(machine);
  }
}

function refused(machine: Machine, text?: string): ApiError {
  return new ApiError(
    533,
    text ?? `Unable to create a deployment for VM instance ${JSON.stringify(description(machine))}`,
  );
}

function description({ id, number }: Machine) {
  return { id: number, instanceName: `i-4-${number}-VM`, type: "User", uuid: id };
}

function fits(ground: Ground, host: Row, machine: Machine, offering: Row | undefined): boolean {
  if (field(host, "zone") !== zoneNameOf(ground, machine.zoneId)) return false;
  if (field(host, "state") !== "Up" || field(host, "resourcestate") !== "Enabled") return false;
  const template = ground.templates.find(({ id }) => id === machine.templateId);
  if ((field(template, "arch") || "x86_64") !== field(host, "arch")) return false;
  if (!tokens(offering, "hosttags").every((tag) => tokens(host, "hosttags").includes(tag))) return false;
  const others = machinesOn(ground, host);
  const mhz = others.reduce((sum, { cpu, speed }) => sum + cpu * speed, machine.cpu * machine.speed);
  const mib = others.reduce((sum, { memoryMiB }) => sum + memoryMiB, machine.memoryMiB);
  const total = amount(host, "cores") * amount(host, "speedMHz") * CPU_OVERCOMMIT;
  if (mhz > total || mib > amount(host, "memoryMiB") * MEMORY_OVERCOMMIT) return false;
  return hasCards(ground, host, others, offering);
}

function hasCards(ground: Ground, host: Row, others: readonly Machine[], offering: Row | undefined): boolean {
  const { card, count } = cardsOf(offering);
  if (card === "") return true;
  const cards = (host["gpus"] ?? []) as readonly { readonly card: string; readonly count: number }[];
  const there = cards.find((each) => each.card === card)?.count ?? 0;
  const taken = others
    .map(({ offeringId }) => cardsOf(rowOf(ground.offerings, offeringId)))
    .filter((each) => each.card === card)
    .reduce((sum, each) => sum + each.count, 0);
  return taken + count <= there;
}

export function cardsOf(offering: Row | undefined): { readonly card: string; readonly count: number } {
  const name = field(offering, "gpucardname");
  if (name !== "") return { card: name, count: amount(offering, "gpucount") || 1 };
  const details = (offering?.["serviceofferingdetails"] ?? {}) as Readonly<Record<string, string>>;
  return { card: details["pciDevice"] ?? "", count: details["pciDevice"] === undefined ? 0 : 1 };
}

/** Non-strict groups only prefer. */
function obeysGroups(ground: Ground, host: Row, machine: Machine): boolean {
  return machine.affinityGroupIds.every((id) => {
    const kind = strictKind(field(rowOf(ground.affinityGroups, id), "type"));
    const members = [...ground.machines.values()].filter(
      (each) => each !== machine && each.affinityGroupIds.includes(id) && PLACED.includes(each.state),
    );
    if (kind === "apart") return members.every(({ hostId }) => hostId !== host.id);
    return kind === undefined || members.every(({ hostId }) => hostId === host.id);
  });
}

function strictKind(type: string): Affinity | undefined {
  if (type === "host anti-affinity") return "apart";
  return type === "host affinity" ? "together" : undefined;
}

function machinesOn({ machines }: Ground, host: Row): readonly Machine[] {
  return [...machines.values()].filter(({ hostId, state }) => hostId === host.id && PLACED.includes(state));
}

function tokens(row: Row | undefined, name: string): readonly string[] {
  return field(row, name)
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
