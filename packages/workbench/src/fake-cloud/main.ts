// Serves the fake of a cloud on loopback for any client, and prints one JSON line when it is ready.

import { parseTimeScale, ScaledClock, SystemClock, type Clock } from "@karpenter-multicloud/core/runtime";
import { startFakeOvh, type FakeFault } from "@karpenter-multicloud/provider-ovh/testing";
import { readFile } from "node:fs/promises";
import { clusterBehind } from "./cluster-behind.ts";
import { parseFakeCloudOptions, UsageError, type FakeCloudOptions } from "./options.ts";

try {
  await serve(parseFakeCloudOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function serve(options: FakeCloudOptions): Promise<void> {
  const { port, seed, speed, insecure, kubeconfig } = options;
  const faults = await readFaults(options.faults);
  const over = new AbortController();
  const cluster = kubeconfig === undefined ? {} : { hooks: clusterBehind(kubeconfig, over.signal) };
  const fake = await startFakeOvh({ clock: machineClock(), port, seed, speed, insecure, faults, ...cluster });
  const { url, caFile, credentials } = fake;
  console.log(JSON.stringify({ cloud: options.cloud, url, ...(caFile ? { caFile } : {}), credentials }));
  const stop = (): void => {
    over.abort(new Error("the fake cloud is stopping"));
    void fake.close();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** KMC_TIME_SCALE: machines live as many times faster as the controller on the same stage. */
function machineClock(): Clock {
  const real = new SystemClock();
  const scale = process.env["KMC_TIME_SCALE"] ?? "";
  return scale === "" ? real : new ScaledClock(real, parseTimeScale(scale, real.now()));
}

async function readFaults(file: string | undefined): Promise<readonly FakeFault[]> {
  if (file === undefined) return [];
  try {
    return JSON.parse(await readFile(file, "utf8")) as readonly FakeFault[];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--faults ${file}: ${why}; the file holds a JSON list of faults`, { cause: error });
  }
}
