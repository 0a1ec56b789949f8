// The thread that renews the lease, with its own event loop and its own connections: nothing the process computes delays it (RT-35).

import { parentPort, workerData } from "node:worker_threads";
import { SystemClock } from "../../runtime/index.ts";
import { errorText, silentLogger } from "../../telemetry/index.ts";
import { milliseconds } from "../../units/index.ts";
import { createKubeClient } from "../adapter/index.ts";
import { LeaseElector } from "./lease-elector.ts";
import { LeaseFence } from "./lease-fence.ts";
import type { LeaseReport, LeaseWorkerData } from "./lease-messages.ts";
import { monotonicClock, wallMs } from "./machine-time.ts";

/** Renewals are rare; this only bounds a loop gone wrong. */
const REQUESTS = { qps: 20, burst: 30 };

if (parentPort === null) throw new Error("the lease worker runs as a thread only");
const port = parentPort;
const { key, identity, timings, fence: memory, kubeconfig, userAgent } = workerData as LeaseWorkerData;
const fence = new LeaseFence(timings.renewDeadline, memory);
const stop = new AbortController();

function report(message: LeaseReport): void {
  port.postMessage(message);
}

const elector = new LeaseElector({
  client: createKubeClient({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...REQUESTS,
    clock: new SystemClock(),
    logger: silentLogger,
    userAgent,
    requestTimeout: milliseconds(timings.renewDeadline / 2),
  }),
  clock: monotonicClock(),
  wall: wallMs,
  // oxlint-disable-next-line no-restricted-properties -- only spreads attempts of several processes
  random: () => Math.random(),
  key,
  identity,
  timings,
  listener: {
    acquired: (at) => {
      fence.renewed(at);
      report({ type: "acquired" });
    },
    renewed: (at) => fence.renewed(at),
    slowPath: () => report({ type: "slow-path" }),
    failed: (what, error) => report({ type: "failed", what, error: errorText(error) }),
  },
});

// The only command there is: "release".
port.once("message", () => stop.abort(new Error("the lease is given up")));

const why = await elector.run(stop.signal);
fence.close();
if (why === undefined) {
  try {
    await elector.release(AbortSignal.timeout(timings.renewDeadline / 2));
  } catch (error) {
    report({ type: "failed", what: "giving the lease up failed", error: errorText(error) });
  }
} else {
  report({ type: "lost", why });
}
report({ type: "ended" });
port.close();
