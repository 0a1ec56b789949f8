// What people and the weather do to a cloud behind the provider's back.

import type { Backend } from "../backend.ts";
import type { Ground } from "./ground.ts";
import { amount, rowOf } from "./ground.ts";
import { blankMachine } from "./records.ts";
import type { Machine, MachineState, Owner, Volume } from "./records.ts";

export class Outside {
  readonly #backend: () => Backend;

  constructor(backend: () => Backend) {
    this.#backend = backend;
  }

  get #ground(): Ground {
    return this.#backend().world.ground;
  }

  /** Machines that may run at the same time: "zone-01", "medium/zone-01", or "tag:nvme/zone-01" for offerings with that host tag. */
  setCapacity(place: string, machines: number): void {
    this.#ground.capacity.set(place, machines);
  }

  /** Addresses of a network, those in use among them. */
  setAddresses(network: string, addresses: number): void {
    this.edit("networks", network, { _freeips: addresses });
  }

  /** By the resource type's number: "8" is CPUs. */
  setLimit(account: string, type: string, limit: number): void {
    const limits = this.#ground.limits.get(account) ?? {};
    limits[type] = limit;
    this.#ground.limits.set(account, limits);
  }

  /** Changes the fields of rows of that name. */
  edit(
    kind: "zones" | "offerings" | "networks" | "templates" | "hosts",
    name: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    for (const row of this.#ground[kind]) if (row.name === name) Object.assign(row, fields);
  }

  /** Adds a row that is like another one. */
  addLike(kind: "offerings" | "networks" | "templates", name: string, fields: Readonly<Record<string, unknown>>): void {
    const rows = this.#ground[kind];
    const like = rows.find((row) => row.name === name);
    if (like === undefined) throw new Error(`there is no ${name}`);
    rows.push({ ...structuredClone(like), id: this.#ground.random.uuid(), ...fields });
  }

  remove(kind: "offerings" | "networks" | "templates", name: string): void {
    const rows = this.#ground[kind];
    for (const row of rows.filter((each) => each.name === name)) {
      rows.splice(rows.indexOf(row), 1);
      this.#ground.removed.add(row.id);
    }
  }

  /** The host dies. */
  stop(machine: string): void {
    this.#backend().world.life.drop(this.#machine(machine));
  }

  /** It ran, and now the server says Error. */
  fail(machine: string): void {
    const { life } = this.#backend().world;
    life.drop(this.#machine(machine));
    life.setState(this.#machine(machine), "Error");
  }

  /** Does not stand in the next lists, although it is there. */
  hide(machine: string, lists: number): void {
    this.#ground.lists.hidden.set(this.#machine(machine).id, lists);
  }

  /** From now on lists show machines as they are at this moment; new ones stay away. */
  freezeLists(): void {
    const { machines, lists } = this.#ground;
    lists.frozen = [...machines.values()].map((machine) => ({ ...machine, tags: new Map(machine.tags) }));
  }

  thawLists(): void {
    this.#ground.lists.frozen = undefined;
  }

  setState(machine: string, state: MachineState): void {
    this.#backend().world.life.setState(this.#machine(machine), state);
  }

  vanish(machine: string): void {
    this.#backend().world.life.vanish(this.#machine(machine));
  }

  protect(machine: string): void {
    this.#machine(machine).deleteProtection = true;
  }

  /** Somebody chose another size by hand. */
  rescale(machine: string, offering: string): void {
    const row = this.#ground.offerings.find(({ name }) => name === offering);
    if (row !== undefined) this.#machine(machine).offeringId = row.id;
  }

  tag(machine: string, tags: Readonly<Record<string, string>>): void {
    for (const [key, value] of Object.entries(tags)) this.#machine(machine).tags.set(key, value);
  }

  untag(machine: string): void {
    this.#machine(machine).tags.clear();
  }

  forgetJobs(): void {
    this.#backend().world.jobs.forget();
  }

  /** A disk that a CSI driver has attached. */
  attachVolume(machine: string, name: string): string {
    const { random, clock, volumes } = this.#ground;
    const { id, owner, zoneId } = this.#machine(machine);
    const volume: Volume = {
      id: random.uuid(),
      name,
      type: "DATADISK",
      bytes: 10 * 1024 ** 3,
      owner,
      zoneId,
      diskOfferingId: undefined,
      createdAt: clock.now(),
      tags: new Map(),
      foreign: true,
      isOurs: false,
      machineId: id,
      state: "Ready",
      freeSince: clock.now(),
    };
    volumes.set(volume.id, volume);
    return volume.id;
  }

  /** A running machine of somebody else, in the same account. */
  addMachine(
    name: string,
    fields: Partial<Pick<Machine, "displayName">> & { readonly tags?: Readonly<Record<string, string>> } = {},
  ): string {
    const { random, clock, machines, nics, zones, templates, offerings, networks, numbers } = this.#ground;
    const [zone, template, network] = [zones[0], templates[0], networks[0]];
    const offering = rowOf(offerings, offerings.find((row) => row.name === "medium")?.id ?? "");
    const machine: Machine = {
      ...blankMachine(clock.now()),
      id: random.uuid(),
      number: ++numbers.machine,
      name,
      displayName: fields.displayName ?? name,
      owner: TENANT,
      zoneId: zone?.id ?? "",
      templateId: template?.id ?? "",
      offeringId: offering?.id ?? "",
      cpu: amount(offering, "cpunumber"),
      speed: amount(offering, "cpuspeed"),
      memoryMiB: amount(offering, "memory"),
      nics: [
        {
          id: random.uuid(),
          networkId: network?.id ?? "",
          address: "10.20.1.9",
          mac: "02:00:00:00:00:09",
          isDefault: true,
        },
      ],
      state: "Running",
      tags: new Map(Object.entries(fields.tags ?? {})),
      foreign: true,
      order: { method: "", path: "", operation: "" },
    };
    machines.set(machine.id, machine);
    for (const nic of machine.nics) nics.set(nic.id, { ...nic, machineId: machine.id });
    return machine.id;
  }

  /** By id or name. */
  #machine(which: string): Machine {
    const found = [...this.#ground.machines.values()].find(({ id, name }) => id === which || name === which);
    if (found === undefined) throw new Error(`there is no machine ${which}`);
    return found;
  }
}

const TENANT: Owner = {
  account: "k8s",
  domain: "tenant-a",
  domainId: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
  domainPath: "ROOT/tenant-a",
  projectId: undefined,
};
