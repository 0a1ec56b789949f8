// A fake of the tiny cloud's API over HTTP: machines on a virtual clock, pages of ten, and faults on demand.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Label, toRfc3339, UNREGISTERED_TAINT, type Node } from "@karpenter-multicloud/core/api";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { toResourceList } from "@karpenter-multicloud/core/units";
import type { CloudAction, CloudFault, CloudFaultKind, CloudRequest } from "../stage/index.ts";
import type { TinyMachine, TinyOrder, TinyType } from "./client.ts";

export const TINY_ZONES: readonly string[] = ["north", "south"];
const TYPES: readonly TinyType[] = [
  { name: "small", cpu: 2, memoryGiB: 4, prices: { north: 0.02, south: 0.021 } },
  { name: "medium", cpu: 4, memoryGiB: 8, prices: { north: 0.04, south: 0.042 } },
  { name: "large", cpu: 8, memoryGiB: 16, prices: { north: 0.08, south: 0.084 } },
  { name: "huge", cpu: 64, memoryGiB: 256, prices: { north: 1.5 } },
];
const PAGE = 10;
const BOOT_MS = 40_000;
const SLOW_BOOT_MS = 30 * 60_000;
const STOP_MS = 30_000;
const GIB = 1024 ** 3;
const BOOT_FAILURE = "image is broken";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface ArmedFault {
  readonly fault: CloudFault;
  left: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const ok = (body: unknown): Answer => ({ status: 200, body });
const refused = (status: number, message: string): Answer => ({ status, body: { message } });

export interface TinyCloudOptions {
  readonly clock: Clock;
  readonly hooks: MachineHooks;
  readonly random: () => number;
}

export class TinyCloud {
  readonly #options: TinyCloudOptions;
  readonly #server: Server;
  readonly #machines = new Map<string, Mutable<TinyMachine>>();
  readonly #requests: CloudRequest[] = [];
  #faults: ArmedFault[] = [];
  #made = 0;

  private constructor(options: TinyCloudOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: TinyCloudOptions): Promise<TinyCloud> {
    const cloud = new TinyCloud(options);
    await new Promise<void>((resolve) => void cloud.#server.listen(0, "127.0.0.1", resolve));
    return cloud;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  machines(): readonly TinyMachine[] {
    return [...this.#machines.values()];
  }

  requests(): readonly CloudRequest[] {
    return this.#requests;
  }

  inject(faults: readonly CloudFault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Infinity }));
    const victim = this.machines().find(({ status }) => status === "running");
    if (victim !== undefined && this.#take("vanish") !== undefined) this.#gone(victim.id);
  }

  order(order: TinyOrder): TinyMachine {
    const { clock } = this.#options;
    const createdAt = toRfc3339(clock.now());
    const machine: Mutable<TinyMachine> = { id: `m-${++this.#made}`, status: "booting", createdAt, ...order };
    this.#machines.set(machine.id, machine);
    const fails = this.#take("boot") !== undefined;
    const bootMs = this.#take("slowBoot") === undefined ? BOOT_MS : SLOW_BOOT_MS;
    clock.schedule(clock.now() + bootMs, () => this.#booted(machine, fails));
    return machine;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #booted(machine: Mutable<TinyMachine>, fails: boolean): void {
    if (machine.status !== "booting") return;
    machine.status = fails ? "failed" : "running";
    if (fails) machine.failure = BOOT_FAILURE;
    else void this.#join(machine);
  }

  async #join(machine: TinyMachine): Promise<void> {
    const { hooks } = this.#options;
    await hooks.nodeJoins(nodeOf(machine));
    await hooks.nodeReady(machine.id);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    const [, , id = ""] = pathname.split("/");
    const action = actionOf(request.method ?? "", pathname);
    this.#requests.push({ at: this.#options.clock.now(), action, ...(id === "" ? {} : { machine: id }) });
    const fault = this.#takeRequestFault(action);
    if (fault?.fault === "hang") return;
    if (fault?.fault === "timeoutBefore") return void response.destroy();
    const answer =
      fault?.fault === "status" || fault?.fault === "busy"
        ? statusAnswer(fault)
        : this.#answer(action, id, searchParams, chunks);
    if (fault?.fault === "timeoutAfter") return void response.destroy();
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(fault?.fault === "malformed" ? "{" : JSON.stringify(answer.body));
  }

  #answer(action: CloudAction, id: string, query: URLSearchParams, chunks: readonly Buffer[]): Answer {
    if (action === "create") return this.#create(JSON.parse(Buffer.concat(chunks).toString()) as TinyOrder);
    if (action === "list") return ok(this.#page(query.get("cluster") ?? "", Number(query.get("page") ?? 1)));
    if (id === "") return ok(TYPES);
    const machine = this.#machines.get(id);
    if (machine === undefined) return refused(404, `there is no machine ${id}`);
    return ok(action === "delete" ? this.#stop(machine) : machine);
  }

  #create(order: TinyOrder): Answer {
    const known = this.machines().find(({ token, status }) => token === order.token && status !== "stopping");
    if (known !== undefined) return ok(known);
    if (this.#take("quota") !== undefined) return refused(412, "the account may not have more machines");
    if (this.#take("outOfStock", order) !== undefined)
      return refused(409, `${order.type} is sold out in ${order.zone}`);
    return ok(this.order(order));
  }

  #page(cluster: string, page: number): { readonly items: readonly TinyMachine[]; readonly next: number | null } {
    const all = this.machines().filter((machine) => cluster === "" || machine.cluster === cluster);
    return { items: all.slice((page - 1) * PAGE, page * PAGE), next: page * PAGE < all.length ? page + 1 : null };
  }

  #stop(machine: Mutable<TinyMachine>): TinyMachine {
    const { clock } = this.#options;
    machine.status = "stopping";
    clock.schedule(clock.now() + STOP_MS, () => this.#gone(machine.id));
    return machine;
  }

  #gone(id: string): void {
    this.#machines.delete(id);
    void this.#options.hooks.nodeLeaves(id);
  }

  #takeRequestFault(action: CloudAction): CloudFault | undefined {
    const kinds: readonly CloudFaultKind[] = ["status", "timeoutBefore", "timeoutAfter", "hang", "malformed", "busy"];
    return this.#first(({ fault, on = "any" }) => kinds.includes(fault) && (on === "any" || on === action));
  }

  #take(kind: CloudFaultKind, order?: TinyOrder): CloudFault | undefined {
    return this.#first(
      ({ fault, instanceType = order?.type, zone = order?.zone }) =>
        fault === kind && instanceType === order?.type && zone === order?.zone,
    );
  }

  #first(matches: (fault: CloudFault) => boolean): CloudFault | undefined {
    const armed = this.#faults.find(({ fault, left }) => left > 0 && matches(fault));
    if (armed === undefined || this.#options.random() >= (armed.fault.probability ?? 1)) return undefined;
    armed.left--;
    return armed.fault;
  }
}

function actionOf(method: string, path: string): CloudAction {
  if (method === "POST") return "create";
  if (method === "DELETE") return "delete";
  return path === "/machines" ? "list" : "other";
}

function statusAnswer({ fault, status = 500, headers = {} }: CloudFault): Answer {
  if (fault === "busy") return refused(503, "another operation is under way");
  return { status, headers, body: { message: "made so by a fault" } };
}

/** As the machine's kubelet registers it. */
function nodeOf(machine: TinyMachine): Node {
  const { cpu = 0, memoryGiB = 0 } = TYPES.find(({ name }) => name === machine.type) ?? {};
  const capacity = {
    cpu: cpu * 1000,
    memory: Math.floor(memoryGiB * GIB * 0.98),
    "ephemeral-storage": 40 * GIB,
    pods: 110,
  };
  const allocatable = { ...capacity, cpu: capacity.cpu - 100, memory: capacity.memory - 292 * 1024 ** 2 };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: machine.id,
      labels: { [Label.Zone]: machine.zone, [Label.InstanceType]: machine.type },
    },
    spec: { providerID: `tiny://${machine.id}`, taints: [UNREGISTERED_TAINT] },
    status: { capacity: toResourceList(capacity), allocatable: toResourceList(allocatable) },
  };
}
