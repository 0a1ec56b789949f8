// How a server starts, runs and goes (§1.5, W-73): each change at its time, unless stock or a fault decide otherwise.

import type { MachineFaultKind, RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";
import { errorOfType } from "../api-error.ts";
import type { ApiError } from "../api-error.ts";
import type { FakeFault } from "../faults.ts";
import type { ClusterSide } from "./cluster-side.ts";
import { noteForeign, releaseBlock } from "./disks.ts";
import type { Ground } from "./ground.ts";
import { isOwned } from "./records.ts";
import type { Server, ServerState } from "./records.ts";
import { allowedActions, ipsOf, nicsOf } from "./views.ts";

export class ServerLife {
  readonly #ground: Ground;
  readonly #side: ClusterSide;

  constructor(ground: Ground, side: ClusterSide) {
    this.#ground = ground;
    this.#side = side;
  }

  act(server: Server, action: string, order: RequestFacts): void {
    if (!allowedActions(server).includes(action)) throw this.#refusedAction(server, action);
    if (action === "terminate" && server.protected) throw protectedError(server);
    if (action === "poweron") this.#powerOn(server, order);
    else if (action === "terminate") this.#terminate(server);
    else if (action === "poweroff") this.#powerOff(server);
    else if (action === "stop_in_place") this.#stopInPlace(server);
    else if (action === "reboot") this.#reboot(server);
  }

  /** DELETE /servers: only what is stopped; no volume goes with it (§1.6). */
  remove(server: Server): void {
    if (server.state !== "stopped") throw this.#refusedAction(server, "delete");
    if (server.protected) throw protectedError(server);
    this.#gone(server, server.everPoweredOn ? this.#ground.durations.detaching : 0, false);
  }

  /** Gone without a trace, as when its hypervisor burns; SBS volumes stay. */
  vanish(server: Server): void {
    this.#side.leaves(server);
    this.#gone(server, this.#ground.durations.detaching, true);
  }

  setState(server: Server, state: ServerState, detail: string): void {
    const now = this.#ground.clock.now();
    server.state = state;
    server.stateDetail = detail;
    server.stateSince = now;
    server.updatedAt = now;
  }

  /** An action refused because of the state, in the words the switches ask for. */
  #refusedAction(server: Server, action: string): ApiError {
    const { refusedAction } = this.#ground.switches;
    const transient = server.state === "starting" || server.state === "stopping";
    if (refusedAction === "transient_state" && transient) {
      const about = { resource: "instance_server", resource_id: server.id, current_state: server.state };
      return errorOfType("transient_state", 409, about);
    }
    const needed = action === "poweron" || action === "delete" ? "stopped" : "running";
    return errorOfType("invalid_request_error", 400, { message: `server should be ${needed}` });
  }

  #powerOn(server: Server, order: RequestFacts): void {
    const { ledger, clock, types, durations } = this.#ground;
    server.order = order;
    const fault = this.#fault("outOfStock", server);
    if (fault !== undefined && fault.at !== "afterwards") throw this.#outOfStock(fault.status);
    if (!server.holdsStock) this.takeStock(server);
    if (isOwned(server) && !server.userData.has("cloud-init") && !server.everPoweredOn) {
      const message = `server ${server.name} was powered on before it had user data`;
      this.#ground.invariants.record("PoweredOnWithoutUserData", message, { server: server.id });
    }
    server.everPoweredOn = true;
    const type = types.get(server.commercialType);
    const price = type?.zones.find(({ zone }) => zone === server.zone)?.hourlyPrice ?? 0;
    ledger.start(server.id, { flavor: server.commercialType, price, monthly: false }, clock.now());
    this.setState(server, "starting", "allocating node");
    this.#after(server, durations.allocating, () => this.#allocated(server, fault !== undefined));
  }

  /** @throws out_of_stock */
  takeStock(server: Server): void {
    const { stock } = this.#ground;
    const key = `${server.commercialType}/${server.zone}`;
    const left = stock.get(key);
    if (left !== undefined && left <= 0) throw this.#outOfStock();
    if (left !== undefined) stock.set(key, left - 1);
    server.holdsStock = true;
  }

  #outOfStock(status = this.#ground.switches.outOfStockStatus): ApiError {
    return errorOfType("out_of_stock", status, { resource: "instance_server" });
  }

  #allocated(server: Server, fallsBack: boolean): void {
    const { durations, types } = this.#ground;
    if (fallsBack) {
      this.#freed(server);
      this.setState(server, "stopped", "");
      return;
    }
    const boot = this.#fault("boot", server);
    if (boot?.stuck === true) return;
    server.placed = true;
    const local = [...server.disks.values()].some(({ type }) => type === "l_ssd");
    if (local) this.setState(server, "starting", "provisioning node");
    const gpu = types.get(server.commercialType)?.gpu !== undefined;
    const { runningLocal, runningGpu, runningSbs, allocating } = durations;
    const total = local ? runningLocal : gpu ? runningGpu : runningSbs;
    this.#after(server, Math.max(0, total - allocating), () => this.#running(server, boot));
  }

  #running(server: Server, boot: FakeFault | undefined): void {
    this.setState(server, "running", "booting kernel");
    this.#giveDynamicIp(server);
    if (boot === undefined) this.#side.boots(server);
    else server.bootNote = "the operating system does not start";
    const vanish = this.#fault("vanish", server);
    if (vanish !== undefined) this.#after(server, vanish.delayMs ?? 0, () => this.vanish(server));
  }

  #giveDynamicIp(server: Server): void {
    const { ips, random, clock, durations } = this.#ground;
    if (!server.dynamicIpRequired || ipsOf(this.#ground, server).length > 0) return;
    const id = random.uuid();
    const now = clock.now();
    ips.set(id, {
      id,
      zone: server.zone,
      projectId: server.projectId,
      createdAt: now,
      updatedAt: now,
      tags: [],
      foreign: false,
      address: newAddress(ips.size),
      type: "routed_ipv4",
      dynamic: true,
      serverId: server.id,
      state: "pending",
      freeSince: now,
    });
    this.#after(server, durations.dynamicIpAttached, () => {
      const ip = ips.get(id);
      if (ip !== undefined) ip.state = "attached";
    });
  }

  #terminate(server: Server): void {
    const { localVolumes, durations } = this.#ground;
    noteForeign(this.#ground, server.foreign, `server ${server.name}`, server.id);
    clearTimers(server);
    this.setState(server, "stopping", "terminating");
    for (const { volumeId } of server.disks.values()) {
      const local = localVolumes.get(volumeId);
      if (local !== undefined) local.state = "deleting";
    }
    this.#side.leaves(server);
    this.#after(server, durations.terminating, () => this.#gone(server, durations.detaching, true));
  }

  #powerOff(server: Server): void {
    if (isOwned(server)) {
      this.#ground.invariants.record("PoweredOff", `server ${server.name} was powered off`, { server: server.id });
    }
    clearTimers(server);
    this.setState(server, "stopping", "stopping");
    this.#side.leaves(server);
    this.#after(server, this.#ground.durations.powerOff, () => {
      this.#freed(server);
      server.placed = false;
      this.#dropDynamicIps(server);
      this.setState(server, "stopped", "");
    });
  }

  #stopInPlace(server: Server): void {
    clearTimers(server);
    this.setState(server, "stopping", "stopping in place");
    this.#side.notReady(server);
    this.#after(server, this.#ground.durations.stopInPlace, () =>
      this.setState(server, "stopped in place", "stopped in place"),
    );
  }

  #reboot(server: Server): void {
    this.setState(server, "starting", "rebooting");
    this.#after(server, this.#ground.durations.reboot, () => this.setState(server, "running", "booting kernel"));
  }

  #gone(server: Server, detachMs: number, withLocalVolumes: boolean): void {
    const ground = this.#ground;
    const now = ground.clock.now();
    if (!withLocalVolumes) noteForeign(ground, server.foreign, `server ${server.name}`, server.id);
    clearTimers(server);
    this.#freed(server);
    ground.servers.delete(server.id);
    ground.deleted.push({ kind: "server", id: server.id, at: now });
    for (const { volumeId } of server.disks.values()) {
      const block = ground.blockVolumes.get(volumeId);
      if (block !== undefined) releaseBlock(ground, block, server.id, detachMs);
      const local = ground.localVolumes.get(volumeId);
      if (local === undefined) continue;
      local.serverId = undefined;
      if (withLocalVolumes) ground.localVolumes.delete(volumeId);
    }
    this.#dropDynamicIps(server);
    for (const ip of ipsOf(ground, server))
      Object.assign(ip, { serverId: undefined, state: "detached", freeSince: now });
    for (const nic of nicsOf(ground, server)) {
      ground.nics.delete(nic.id);
      for (const id of nic.ipIds) ground.ipamIps.delete(id);
    }
  }

  #dropDynamicIps(server: Server): void {
    for (const ip of ipsOf(this.#ground, server)) if (ip.dynamic) this.#ground.ips.delete(ip.id);
  }

  /** The hypervisor's slot is free again, and its meter stops. */
  #freed(server: Server): void {
    const { stock, ledger, clock } = this.#ground;
    ledger.stop(server.id, clock.now());
    if (!server.holdsStock) return;
    server.holdsStock = false;
    const key = `${server.commercialType}/${server.zone}`;
    const left = stock.get(key);
    if (left !== undefined) stock.set(key, left + 1);
  }

  #fault(kind: MachineFaultKind, { order }: Server): FakeFault | undefined {
    return this.#ground.faults.forMachine(kind, order);
  }

  #after(server: Server, ms: number, work: () => void): void {
    const cancel = this.#ground.timers.after(ms, () => {
      server.timers.delete(cancel);
      work();
    });
    server.timers.add(cancel);
  }
}

export function newAddress(index: number): string {
  return `203.0.${113 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

function clearTimers(server: Server): void {
  for (const cancel of server.timers) cancel();
  server.timers.clear();
}

function protectedError(server: Server): ApiError {
  const help = "the server is protected";
  return errorOfType("precondition_failed", 412, {
    precondition: "attribute_must_be_set",
    help_message: help,
    resource_id: server.id,
  });
}
