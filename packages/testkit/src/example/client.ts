// The tiny cloud's API: JSON over HTTP, its errors in core's words, repeated where that is safe.

import {
  InsufficientCapacity,
  InvalidConfiguration,
  MachineNotFound,
  QuotaExceeded,
  RateLimited,
  Transient,
  Unauthorized,
  withRetry,
  findProviderError,
  type RetryVerdict,
} from "@karpenter-multicloud/core/provider";
import type { Ports } from "@karpenter-multicloud/core/controllers";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";

export interface TinyType {
  readonly name: string;
  readonly cpu: number;
  readonly memoryGiB: number;
  /** Zone → EUR for an hour. */
  readonly prices: Readonly<Record<string, number>>;
}

export interface TinyMachine {
  readonly id: string;
  readonly type: string;
  readonly zone: string;
  readonly image: string;
  readonly status: "booting" | "running" | "failed" | "stopping";
  /** Why it failed. */
  readonly failure?: string;
  readonly createdAt: string;
  readonly cluster: string;
  readonly claim: string;
  /** UID of the NodeClaim: the same token never makes two machines. */
  readonly token: string;
}

export type TinyOrder = Pick<TinyMachine, "type" | "zone" | "image" | "cluster" | "claim" | "token">;

type ClientPorts = Pick<Ports, "clock" | "gate" | "random">;

export class TinyClient {
  readonly #url: string;
  readonly #ports: ClientPorts;

  constructor(url: string, ports: ClientPorts) {
    this.#url = url;
    this.#ports = ports;
  }

  types(signal: AbortSignal): Promise<readonly TinyType[]> {
    return this.#call("GET", "/types", signal);
  }

  /** Every page, or an error. */
  async machines(cluster: string, signal: AbortSignal): Promise<readonly TinyMachine[]> {
    const found: TinyMachine[] = [];
    for (let page: number | null = 1; page !== null;) {
      const path = `/machines?cluster=${encodeURIComponent(cluster)}&page=${page}`;
      const answer: { items: readonly TinyMachine[]; next: number | null } = await this.#call("GET", path, signal);
      found.push(...answer.items);
      page = answer.next;
    }
    return found;
  }

  machine(id: string, signal: AbortSignal): Promise<TinyMachine> {
    return this.#call("GET", `/machines/${id}`, signal);
  }

  /** The machine of an earlier order with this token, if there was one. */
  order(order: TinyOrder, signal: AbortSignal): Promise<TinyMachine> {
    const action = { target: "cloud", verb: "create", subject: `machine of NodeClaim ${order.claim}` } as const;
    return this.#ports.gate.run(action, () => this.#call("POST", "/machines", signal, order));
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    const action = { target: "cloud", verb: "delete", subject: `machine ${id}` } as const;
    await this.#ports.gate.run(action, () => this.#call("DELETE", `/machines/${id}`, signal));
  }

  #call<T>(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    const { clock, random } = this.#ports;
    return withRetry(() => clock.during(() => this.#once<T>(method, path, signal, body)), {
      policy: { attempts: 3, base: milliseconds(500), max: seconds(15), maxAfter: seconds(60) },
      classify,
      time: clock,
      random,
      signal,
    });
  }

  async #once<T>(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<T> {
    const doing = `${method} ${path}`;
    const init = { method, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url}${path}`, init);
      text = await response.text();
    } catch (cause) {
      signal.throwIfAborted();
      throw new Transient(`${doing}: the tiny cloud did not answer`, { cause });
    }
    if (!response.ok) throw failure(response, doing, text);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new Transient(`${doing}: the answer is not JSON`, { cause });
    }
  }
}

/** Only what passes by itself is worth another call; core's guards do the waiting. */
function classify(error: unknown): RetryVerdict {
  const known = findProviderError(error);
  if (known?.code !== "PROVIDER_TRANSIENT" && known?.code !== "PROVIDER_RATE_LIMITED") return { retry: false };
  return { retry: true, reason: known.code, ...(known.retryAfter === undefined ? {} : { after: known.retryAfter }) };
}

function failure({ status, headers }: Response, doing: string, text: string): Error {
  const message = `${doing}: ${status} ${text}`;
  if (status === 401) return new Unauthorized(message, { conditionReason: "InvalidCredential" });
  if (status === 404) return new MachineNotFound(message);
  if (status === 409) return new InsufficientCapacity(message, { conditionReason: "OutOfStock" });
  if (status === 412) return new QuotaExceeded(message, { scope: { level: "account" } });
  if (status === 429) {
    const after = Number(headers.get("retry-after") ?? Number.NaN);
    return new RateLimited(message, Number.isFinite(after) ? { retryAfter: seconds(after) } : {});
  }
  return status >= 500 ? new Transient(message) : new InvalidConfiguration(message);
}
