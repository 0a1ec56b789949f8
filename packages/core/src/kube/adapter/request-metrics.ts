// Requests to the API server as metrics (M-44): each one on its way, those asked again too.

import type { Clock } from "../../runtime/index.ts";
import type { Metrics } from "../../telemetry/index.ts";
import type { ApiCall } from "./api-call.ts";

/** The code of a request that nobody answered, as client-go spells it. */
const NO_ANSWER = "<error>";

export class RequestMetrics {
  readonly #metrics: Metrics;
  readonly #clock: Clock;

  constructor({ metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock }) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** The result is told when the answer begins, or without a code when there is none. A watch may well be answered for minutes. */
  asked(call: ApiCall, host: string): (code: number | undefined) => void {
    const started = this.#clock.now();
    return (answered) => {
      const { method, resource, subresource = "" } = call;
      const { group, version, kind } = resource;
      const code = answered === undefined ? NO_ANSWER : String(answered);
      this.#metrics.count("client_go_request_total", { code, method });
      this.#metrics.count("rest_client_requests_total", { code, method, host });
      const labels = { verb: method, group, version, kind, subresource };
      const took = (this.#clock.now() - started) / 1000;
      this.#metrics.observe("client_go_request_duration_seconds", labels, took);
    };
  }
}
