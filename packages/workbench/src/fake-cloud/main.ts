// Serves the fake of a cloud on loopback for any client, and prints one JSON line when it is ready.

import { parseTimeScale, ScaledClock, SystemClock, type Clock } from "@karpenter-multicloud/core/runtime";
import { startFakeCloudStack } from "@karpenter-multicloud/provider-cloudstack/testing";
import { startFakeOvh } from "@karpenter-multicloud/provider-ovh/testing";
import { startFakeScaleway } from "@karpenter-multicloud/provider-scaleway/testing";
import { readFile } from "node:fs/promises";
import { clusterBehind, clusterToJoin } from "./cluster-behind.ts";
import { endWithUsage, UsageError } from "../command-line/read-flags.ts";
import { parseFakeCloudOptions, type FakeCloudOptions } from "./options.ts";

try {
  await serve(parseFakeCloudOptions(process.argv.slice(2)));
} catch (error) {
  endWithUsage(error);
}

interface RunningFake {
  readonly url: string;
  readonly caFile: string | undefined;
  readonly credentials: object;
  close(): Promise<void>;
}

async function serve(options: FakeCloudOptions): Promise<void> {
  const over = new AbortController();
  const fake = await start(options, over.signal);
  const { url, caFile, credentials } = fake;
  console.log(JSON.stringify({ cloud: options.cloud, url, ...(caFile ? { caFile } : {}), credentials }));
  const stop = (): void => {
    over.abort(new Error("the fake cloud is stopping"));
    void fake.close();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

async function start(options: FakeCloudOptions, signal: AbortSignal): Promise<RunningFake> {
  const { cloud, port, seed, speed, insecure, kubeconfig } = options;
  const faults = await readFaults(options.faults);
  const shared = { clock: machineClock(), port, seed, speed, faults };
  if (cloud === "scaleway") {
    const cluster = kubeconfig === undefined ? {} : await clusterToJoin(kubeconfig, signal);
    return startFakeScaleway({ ...shared, secure: !insecure, ...cluster });
  }
  if (cloud === "cloudstack") {
    const cluster = kubeconfig === undefined ? {} : await clusterToJoin(kubeconfig, signal);
    return startFakeCloudStack({ ...shared, secure: !insecure, ...cluster });
  }
  const hooks = kubeconfig === undefined ? {} : { hooks: clusterBehind(kubeconfig, signal) };
  return startFakeOvh({ ...shared, insecure, ...hooks });
}

/** KMC_TIME_SCALE: machines live as many times faster as the controller on the same stage. */
function machineClock(): Clock {
  const real = new SystemClock();
  const scale = process.env["KMC_TIME_SCALE"] ?? "";
  return scale === "" ? real : new ScaledClock(real, parseTimeScale(scale, real.now()));
}

async function readFaults(file: string | undefined): Promise<readonly never[]> {
  if (file === undefined) return [];
  try {
    return JSON.parse(await readFile(file, "utf8")) as readonly never[];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--faults ${file}: ${why}; the file holds a JSON list of faults`, { cause: error });
  }
}
