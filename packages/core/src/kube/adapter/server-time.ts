// What time it is for the API server, from the Date header of its answers: ages of objects are compared with that time (RT-40).

import type { IncomingHttpHeaders } from "node:http";
import type { EpochMs, SystemClock } from "../../runtime/index.ts";
import type { Logger, Metrics } from "../../telemetry/index.ts";

/** Answers remembered; the one that came back fastest tells the time best. */
const REMEMBERED = 20;
/** One odd answer moves nothing: so many of the latest have to agree. */
const WITNESSES = 3;
const AGREEMENT_MS = 2000;
/** A header has whole seconds: what it shows began up to this long ago. */
const HEADER_STEP_MS = 1000;
/** Less than what headers can tell is no difference. */
const INDIFFERENT_MS = 1000;
const WARN_MS = 5000;

export interface ServerTimeParts {
  readonly clock: Pick<SystemClock, "now" | "monotonic" | "steer" | "wallIsAheadBy">;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Sample {
  /** The server's time when our monotonic clock stood at 0. */
  readonly zero: EpochMs;
  readonly roundTrip: number;
}

export class ServerTime {
  readonly #parts: ServerTimeParts;
  #samples: readonly Sample[] = [];
  #zero: number | undefined;
  #warned = false;

  constructor(parts: ServerTimeParts) {
    this.#parts = parts;
  }

  /** A request leaves now; the function is to be called with the headers of its answer, when they arrive. */
  asked(): (headers: IncomingHttpHeaders) => void {
    const { clock } = this.#parts;
    const sent = clock.monotonic();
    return ({ date, age }) => {
      const shown = Date.parse(date ?? "");
      // What a cache has kept for a while shows the time at which it was made.
      if (Number.isNaN(shown) || age !== undefined) return;
      const roundTrip = clock.monotonic() - sent;
      const zero = shown + HEADER_STEP_MS / 2 - (sent + roundTrip / 2);
      this.#samples = [...this.#samples, { zero, roundTrip }].slice(-REMEMBERED);
      this.#steer();
      this.#tell();
    };
  }

  #steer(): void {
    const { clock } = this.#parts;
    const measured = bestOf(this.#samples);
    if (measured === undefined) return;
    const current = this.#zero ?? clock.now() - clock.monotonic();
    const wanted = Math.abs(measured - current) > INDIFFERENT_MS ? measured : current;
    if (wanted === this.#zero) return;
    this.#zero = wanted;
    clock.steer(wanted);
  }

  #tell(): void {
    const { clock, logger, metrics } = this.#parts;
    const ahead = clock.wallIsAheadBy();
    if (ahead === undefined) return;
    metrics.set("kmc_clock_offset_seconds", {}, Math.round(ahead) / 1000);
    const isWrong = Math.abs(ahead) > WARN_MS;
    if (isWrong && !this.#warned) {
      const aheadBySeconds = Math.round(ahead / 1000);
      logger.warn("this machine's clock differs from the api server's, whose time is used", { aheadBySeconds });
    }
    this.#warned = isWrong;
  }
}

/** Undefined while the latest answers contradict each other. */
function bestOf(samples: readonly Sample[]): number | undefined {
  const latest = samples.slice(-WITNESSES).map(({ zero }) => zero);
  const [low, high] = [Math.min(...latest), Math.max(...latest)];
  if (latest.length < WITNESSES || high - low > AGREEMENT_MS) return undefined;
  const agreeing = samples.filter(({ zero }) => zero >= high - AGREEMENT_MS && zero <= low + AGREEMENT_MS);
  return agreeing.toSorted((a, b) => a.roundTrip - b.roundTrip)[0]?.zero;
}
