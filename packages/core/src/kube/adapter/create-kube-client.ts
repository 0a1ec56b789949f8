// The door to a real API server.

import { TokenBucket, type Clock } from "../../runtime/index.ts";
import type { Logger, Metrics } from "../../telemetry/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { KubeClient } from "../client.ts";
import { Credentials, type ConfigSource } from "./credentials.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { RequestSender } from "./request-sender.ts";
import { RestKubeClient } from "./rest-client.ts";
import type { ServerTime } from "./server-time.ts";

export interface KubeClientOptions extends ConfigSource {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Counts and times the requests (M-44). */
  readonly metrics?: Metrics;
  /** Requests per second, watches apart. @defaultValue 200 */
  readonly qps?: number;
  /** @defaultValue 300 */
  readonly burst?: number;
  /** @defaultValue "karpenter-multicloud" */
  readonly userAgent?: string;
  /** Of one request, watches apart; real time. @defaultValue 30 s */
  readonly requestTimeout?: Duration;
  /** Learns what time it is from every answer (RT-40). */
  readonly serverTime?: ServerTime;
}

/**
 * Each client has its own connections and its own rate limit: leases take one of their own (RT-22).
 *
 * @throws Error when there is no cluster to talk to
 */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const { clock, logger, qps = 200, burst = 300, userAgent = "karpenter-multicloud" } = options;
  const credentials = new Credentials(options, clock);
  const bucket = new TokenBucket({ perSecond: qps, burst }, clock);
  const requestTimeout = options.requestTimeout ?? seconds(30);
  const { serverTime, metrics } = options;
  const measuring = metrics && new RequestMetrics({ metrics, clock });
  const parts = { credentials, clock, logger, bucket, userAgent, requestTimeout };
  return new RestKubeClient(
    new RequestSender({ ...parts, ...(serverTime && { serverTime }), ...(measuring && { measuring }) }),
  );
}
