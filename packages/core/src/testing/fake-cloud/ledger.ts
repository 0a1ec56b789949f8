// What the machines have cost so far, by the fake's clock (F-11): hourly machines by the second, monthly ones by the started month.

export interface Cost {
  readonly total: number;
  readonly currency: "EUR";
  readonly byFlavor: Readonly<Record<string, number>>;
  readonly machineSeconds: number;
  /** All there ever were. */
  readonly machines: number;
}

export interface PriceTag {
  readonly flavor: string;
  /** For an hour, or for a month when `monthly`. */
  readonly price: number;
  readonly monthly: boolean;
}

interface Entry extends PriceTag {
  readonly startedAt: number;
  stoppedAt: number | undefined;
}

const HOUR_MS = 3_600_000;
const MONTH_MS = 730 * HOUR_MS;

export class Ledger {
  readonly #entries = new Map<string, Entry>();

  start(machineId: string, tag: PriceTag, now: number): void {
    this.#entries.set(machineId, { ...tag, startedAt: now, stoppedAt: undefined });
  }

  stop(machineId: string, now: number): void {
    const entry = this.#entries.get(machineId);
    if (entry !== undefined) entry.stoppedAt ??= now;
  }

  cost(now: number): Cost {
    const byFlavor: Record<string, number> = {};
    let total = 0;
    let machineSeconds = 0;
    for (const entry of this.#entries.values()) {
      const ms = (entry.stoppedAt ?? now) - entry.startedAt;
      const amount = entry.monthly ? entry.price * startedMonths(ms) : (entry.price * ms) / HOUR_MS;
      byFlavor[entry.flavor] = (byFlavor[entry.flavor] ?? 0) + amount;
      total += amount;
      machineSeconds += ms / 1000;
    }
    return { total, currency: "EUR", byFlavor, machineSeconds, machines: this.#entries.size };
  }
}

function startedMonths(ms: number): number {
  return Math.max(1, Math.ceil(ms / MONTH_MS));
}
