// The in-memory server shows every fact that the real one shows.

import { CUSTOM_RESOURCES } from "../../api/index.ts";
import { describeKubeClientContract } from "../kube-contract.ts";
import { InMemoryKube } from "./in-memory-kube.ts";

/** Timeouts of watches pass a hundred times faster than they say. */
function schedule(ms: number, callback: () => void): () => void {
  // oxlint-disable-next-line no-restricted-globals -- the suite runs in real time
  const timer = setTimeout(callback, ms / 100);
  return () => clearTimeout(timer);
}

describeKubeClientContract("InMemoryKube", async () => {
  // oxlint-disable-next-line no-restricted-properties -- the suite runs in real time
  const client = new InMemoryKube({ now: () => Date.now(), customResources: CUSTOM_RESOURCES, schedule });
  return { client, compact: async () => client.expireHistory() };
});
