// Whether the cloud still has the machine of a Node that is not Ready (D-163): asked now and then, not at each pass of its drain.

import { hasCode } from "../../provider/index.ts";
import { seconds } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** A zone that fails leaves hundreds of such Nodes, each with a pass a second: the cloud's limits are for better things. */
const HOLDS_FOR = seconds(10);

type Deps = Pick<ControllerDeps, "clock" | "provider">;

interface Answer {
  readonly providerID: string;
  readonly at: number;
}

export class MachineLook {
  readonly #deps: Deps;
  /** By name of the Node. Only that a machine is there is remembered. */
  readonly #there = new Map<string, Answer>();
  /** Since when the cloud gives no answer, epoch ms. */
  readonly #unanswered = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A Node that names no machine cannot be asked for. @throws what the provider throws when it cannot tell */
  async isGone(name: string, providerID: string, signal: AbortSignal): Promise<boolean> {
    const { clock, provider } = this.#deps;
    if (providerID === "") return false;
    const known = this.#there.get(name);
    if (known?.providerID === providerID && clock.now() - known.at < HOLDS_FOR) return false;
    try {
      await provider.get(providerID, { signal });
    } catch (error) {
      if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return true;
      if (!this.#unanswered.has(name)) this.#unanswered.set(name, clock.now());
      throw error;
    }
    this.#unanswered.delete(name);
    this.#there.set(name, { providerID, at: clock.now() });
    return false;
  }

  unansweredSince(name: string): number | undefined {
    return this.#unanswered.get(name);
  }

  /** It is Ready, or gone. */
  forget(name: string): void {
    this.#there.delete(name);
    this.#unanswered.delete(name);
  }
}
